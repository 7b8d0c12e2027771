"""Suites as files, and what they declare of tasks."""

import numpy as np
import pytest

import datasets
from advisor.errors import StudyError
from datasets import layouts, suites
from datasets.layouts import ColumnLayout


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(suites, "FOLDER", tmp_path)
    suites.suites.cache_clear()
    yield tmp_path
    suites.suites.cache_clear()


def test_the_suites_of_the_project():
    tasks = {name: suite.tasks for name, suite in suites.suites().items()}
    assert tasks == {
        "cc18": ("openml:s/99",),
        "grinsztajn-cat-clf": ("openml:s/334",),
        "grinsztajn-cat-reg": ("openml:s/335",),
        "grinsztajn-num-clf": ("openml:s/337",),
        "grinsztajn-num-reg": ("openml:s/336",),
    }


def test_a_suite_of_ones_own(folder):
    (folder / "mine.toml").write_text("""
title = "Mine"
tasks = ["embedded:digits", "embedded:spok*", "embedded:digits", "openml:7"]
[layouts."openml:7"]
structure = "sequence"
shape = [5, 2]
channels = "first"
""")
    assert datasets.expand("suite:mine") == ["embedded:digits", "embedded:spoken_digits", "openml:7"]
    layout, where = suites.declared("openml:7")
    assert (layout.shape, layout.order, where) == ((5, 2), (0, 5, 1, 6, 2, 7, 3, 8, 4, 9), "mine.toml")
    assert suites.declared("openml:8") == (None, "")
    with pytest.raises(StudyError, match="must be a file of datasets/suites, got 'mne': did you mean 'mine'"):
        datasets.expand("suite:mne")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title =", "Invalid value"),
        ('title = "T"', "'tasks'"),
        ('title = "T"\ntasks = []\ntask = []', "unknown key 'task'"),
        ('title = "T"\ntasks = ["suite:bad"]', "a suite in a suite"),
        ('title = "T"\ntasks = []\n[layouts.a]\nshape = [1]', "structure"),
        (
            'title = "T"\ntasks = []\n[layouts.a]\nstructure = "image"\nshape = [8, 8]',
            "with a shape of 2",
        ),
        ('title = "T"\ntasks = []\n[layouts.a]\nstructure = "video"', "'video'"),
        ('title = "T"\ntasks = []\n[layouts.a]\nstructure = "sequence"\nshape = [8, 0]', r"shape \[8, 0\]"),
        ('title = "T"\ntasks = []\n[layouts.a]\nstructure = "tabular"\nwidth = 3', "width"),
    ],
)
def test_a_mistake_in_a_suite_is_named(folder, text, message):
    (folder / "bad.toml").write_text(text)
    with pytest.raises(StudyError, match=rf"a suite must be TOML .* got bad\.toml: .*{message}"):
        datasets.expand("suite:bad")


def test_suites_must_not_contradict_each_other(folder):
    text = 'title = "T"\ntasks = []\n[layouts.a]\nstructure = "sequence"\nshape = [{}, 1]'
    (folder / "a.toml").write_text(text.format(8))
    (folder / "b.toml").write_text(text.format(9))
    with pytest.raises(StudyError, match=r"got sequence \(8, 1\) in a.toml and sequence \(9, 1\) in b.toml"):
        datasets.expand("suite:a")


@pytest.mark.parametrize("name", ["digits", "emoji", "spoken_digits", "ames_houses"])
def test_what_the_corpus_declares_is_found_whatever_the_names(name):
    task = datasets.load(f"embedded:{name}")
    found = layouts.find(task.X, task.y)
    assert found == ColumnLayout(task.structure, () if task.structure == "tabular" else task.layout)
    folded = found.fold(task.X)
    if task.structure == "tabular":
        assert folded is task.X
    else:
        assert folded.columns[0] == {2: "x_0_0", 3: "x_0_0_0"}[len(task.layout)]
        np.testing.assert_array_equal(folded, task.X)  # held in canonical order


def test_channels_one_after_the_other_are_found_and_folded():
    task = datasets.load("embedded:japanese_vowels")
    steps, channels = task.layout
    first = [c + t * channels for c in range(channels) for t in range(steps)]
    held = task.X.iloc[:, first]  # all of one channel, then all of the next
    found = layouts.find(held, task.y)
    assert found == ColumnLayout.of("sequence", task.layout, "first")
    np.testing.assert_array_equal(found.fold(held), task.X)
    assert ColumnLayout.read(found.facts()) == found


def test_too_little_to_look_at_is_a_table():
    task = datasets.load("embedded:digits")
    assert layouts.find(task.X.iloc[:1], task.y.iloc[:1]) == ColumnLayout("tabular")
