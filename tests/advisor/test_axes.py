"""The embedded sets as arrays in every order of axes, cropped and few: are the axes told apart?"""

from __future__ import annotations

import numpy as np
import pytest

import datasets
from advisor.axes import resolve

SERIES = (
    "beijing_air",
    "japanese_vowels",
    "metro_traffic",
    "splice_junctions",
    "spoken_digits",
    "word_language",
)
PICTURES = ("digits", "mnist", "scripts", "textures")


def items(name: str, n: int) -> np.ndarray:
    task = datasets.load(f"embedded:{name}")
    assert task.layout is not None
    rows = np.random.default_rng(0).choice(len(task.X), n, replace=False)
    return task.X.to_numpy(np.float32)[rows].reshape(n, *task.layout)


def told(array: np.ndarray) -> tuple[str, tuple[int, ...]]:
    axes = resolve(array.reshape(len(array), -1), array.shape[1:])
    moved = np.transpose(array, (0, *(axis + 1 for axis in axes.order)))
    assert moved.reshape(len(array), *axes.layout).shape[1:] == axes.layout
    return axes.structure, axes.layout


@pytest.mark.parametrize("steps", [None, 10, 5])
@pytest.mark.parametrize("name", SERIES)
def test_time_is_told_from_channels_however_short(name, steps):
    series = items(name, 200)[:, :steps]
    expected = ("sequence", series.shape[1:])
    assert told(series) == expected
    assert told(np.ascontiguousarray(series.swapaxes(1, 2))) == expected


@pytest.mark.parametrize("name", PICTURES)
def test_stacks_of_grey_pictures(name):
    pictures = items(name, 200)[..., 0]
    assert told(pictures) == ("image", (*pictures.shape[1:], 1))


@pytest.mark.parametrize("cut", [slice(None), slice(12, 20)])
def test_colours_first_and_last(cut):
    pictures = items("emoji", 60)[:, cut, cut]
    expected = ("image", pictures.shape[1:])
    assert told(pictures) == expected
    assert told(np.ascontiguousarray(np.moveaxis(pictures, -1, 1))) == expected


def test_noise_is_no_picture():
    rng = np.random.default_rng(0)
    assert not any(told(rng.normal(size=(100, 12, 12)))[0] == "image" for _ in range(50))


def test_channels_that_share_a_signal_are_no_second_axis():
    rng = np.random.default_rng(0)
    for _ in range(20):
        shared = rng.normal(size=(100, 40, 1)).cumsum(axis=1)
        assert told(shared + rng.normal(size=(100, 40, 12)).cumsum(axis=1))[0] == "sequence"
