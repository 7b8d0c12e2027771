"""The embedded sets as arrays in every order of axes, cropped and few: are the axes told apart?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor import advise
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


def vectors(kind: str, n: int = 200, d: int = 64) -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(n, d))
    if kind == "mixed":
        return noise @ rng.normal(size=(d, d))
    if kind == "walks":
        return noise.cumsum(axis=1)
    if kind == "alternating":
        return noise[:, :-1] - noise[:, 1:]
    return rng.integers(0, 50, (n, d)) if kind == "codes" else noise


@pytest.mark.parametrize("kind", ["independent", "mixed"])
def test_vectors_in_no_order_are_a_row_of_a_table(kind):
    axes = resolve(vectors(kind), (64,))
    assert (axes.structure, axes.layout, axes.order) == ("tabular", (64,), (0,))


@pytest.mark.parametrize("kind", ["walks", "alternating", "codes"])
def test_numbers_along_a_single_axis_that_may_be_steps_are_a_series(kind):
    values = vectors(kind)
    assert resolve(values, values.shape[1:]).structure == "sequence"


def test_too_few_numbers_or_items_of_unequal_length_do_not_show_that_there_is_no_order():
    values = vectors("independent")
    assert resolve(values[:, :20], (20,)).structure == "sequence"
    assert resolve(values[:20], (64,)).structure == "sequence"
    assert resolve(values, (64,), unequal=True).structure == "sequence"


def test_embeddings_in_cells_are_learned_from_as_columns_unless_they_are_said_to_be_steps():
    values = vectors("independent")
    frame, target = pd.DataFrame({"v": list(values)}), np.arange(200) % 2
    advice = advise(frame, target)
    assert (advice.rule, advice.structure, advice.recommendation) == ("vector_cells", "tabular", "gbt")
    np.testing.assert_allclose(advice.folder().fit_transform(frame), values, rtol=1e-6)
    told = advise(frame, target, structure="sequence")
    assert told.layout == (64, 1)
    np.testing.assert_allclose(told.folder().fit_transform(frame)[..., 0], values, rtol=1e-6)


def test_nothing_is_said_of_the_sizes_of_a_single_axis():
    advice = advise(pd.DataFrame({"v": list(vectors("walks"))}), np.arange(200) % 2)
    assert advice.structure == "sequence"
    assert "numbers along one axis" in advice.because[0]
    assert not any("sizes" in sentence or "transpose" in sentence for sentence in repr(advice).splitlines())
