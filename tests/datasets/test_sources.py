"""Naming a task: schemes, names and what importing costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import datasets
from advisor.errors import StudyError
from datasets.sources import _sources


def test_each_file_of_the_folder_is_a_source():
    assert {"embedded", "file", "folder", "openml"} <= set(_sources())
    for source in _sources().values():
        assert all(callable(getattr(source, duty)) for duty in ("names", "describe", "load"))


def test_names_are_ids_that_can_be_described():
    names = datasets.names()
    assert names == sorted(names)
    assert all(datasets.describe(name).id == name for name in names)


@pytest.mark.parametrize(
    ("task_id", "message"),
    [
        ("embeded:digits", "the source of a task must be known, got 'embeded': did you mean 'embedded'"),
        (
            "digits",
            "a task must be named SOURCE:NAME, got 'digits': put one of destroyed:, embedded:, file:",
        ),
        ("embedded:", "a task must be named SOURCE:NAME"),
        ("", "a task must be named SOURCE:NAME"),
        ("openml:abc", "an OpenML task must be named by its number, got 'openml:abc'"),
        ("openml:x/61", "an OpenML task must be named by its number, got 'openml:x/61': write openml:361110"),
        ("openml:t/0", "an OpenML task must be named by its number"),
        ("openml:s/337", "a suite must be taken task by task"),
    ],
)
@pytest.mark.parametrize("do", [datasets.load, datasets.describe])
def test_wrong_names_are_study_errors(task_id, message, do):
    with pytest.raises(StudyError) as caught:
        do(task_id)
    assert message in str(caught.value)


def test_describing_reads_no_data_and_importing_is_light():
    code = """
import sys, datasets
assert datasets.describe("embedded:digits").n == 1797
heavy = {"openml", "torch", "xgboost", "mlflow", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
