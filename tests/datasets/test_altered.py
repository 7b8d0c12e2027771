"""Tasks that are made from others: fewer rows to train with, structure destroyed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import norm

import datasets
from advisor import AdvisorError
from datasets.splits import given_split, inner_folds, random_split, split
from datasets.units import row_keys


@pytest.mark.parametrize("way", [split, random_split])
def test_fewer_rows_to_train_with_and_as_many_to_test_on(way):
    whole, few = datasets.load("embedded:digits"), datasets.load("rows:100:embedded:digits")
    assert few.data_hash == whole.data_hash
    assert datasets.describe(few.id).max_train == 100
    parts = way(few, fold=0, max_train=10_000)
    assert len(parts.train) == 100
    assert len(parts.test) > 1_000
    assert len(way(few, fold=0, max_train=50).train) == 50


def test_given_splits_are_cut_too():
    from dataclasses import replace

    rows = np.arange(1_797)
    task = replace(datasets.load("rows:100:embedded:digits"), splits=((rows[:1_000], rows[1_000:]),))
    assert len(given_split(task, fold=0, max_train=500).train) == 100


def test_a_name_with_many_numbers_is_many_tasks():
    tasks = datasets.expand("rows:100,300:destroyed:embedded:digits")
    assert tasks == ["rows:100:destroyed:embedded:digits", "rows:300:destroyed:embedded:digits"]
    assert datasets.load(tasks[1]).max_train == 300
    assert datasets.load(tasks[1]).origin == datasets.load("embedded:digits").origin


@pytest.mark.parametrize("name", ["rows:embedded:digits", "rows:0:embedded:digits", "rows:x:embedded:digits"])
def test_a_number_of_rows_is_needed(name):
    with pytest.raises(AdvisorError, match="rows:N:TASK"):
        datasets.load(name)


def test_pixels_move_with_their_channels():
    task, gone = datasets.load("embedded:emoji"), datasets.load("destroyed:embedded:emoji")
    channels = task.layout[-1]
    before = task.X.to_numpy().reshape(len(task.X), -1, channels)
    after = gone.X.to_numpy().reshape(len(task.X), -1, channels)
    assert not np.array_equal(before, after, equal_nan=True)
    key = np.lexsort(before[0].T), np.lexsort(after[0].T)
    assert np.array_equal(before[0][key[0]], after[0][key[1]])  # the same pixels
    assert gone.data_hash != task.data_hash


def test_a_rotation_keeps_distances_and_no_column():
    gone = datasets.load("destroyed:embedded:concrete")
    ranks = datasets.load("embedded:concrete").X.rank()
    normal = norm.ppf((ranks - 0.5) / len(ranks)).clip(-3, 3)
    np.testing.assert_allclose(pdist(gone.X), pdist(normal), atol=1e-6)
    between = np.corrcoef(gone.X.T, normal.T)[:8, 8:]
    assert between.shape == (8, 8)
    assert np.abs(between).max() < 0.99
    assert datasets.load("destroyed:embedded:concrete").X.equals(gone.X)  # the same each time


@pytest.mark.parametrize("name", ["embedded:textures", "embedded:metro_traffic", "embedded:ames_houses"])
@pytest.mark.parametrize("way", [split, random_split])
def test_rows_are_split_as_before(name, way):
    task, gone = datasets.load(name), datasets.load(f"rows:300:destroyed:{name}")
    before, after = way(task, fold=1, max_train=300), way(gone, fold=1, max_train=10_000)
    assert not gone.X.equals(task.X)
    for side in ("train", "validation", "test"):
        assert np.array_equal(getattr(before, side), getattr(after, side)), side
    folds = [inner_folds(t, before.train, k=3, seed=0) for t in (task, gone)]
    assert all(map(np.array_equal, *folds))


def test_categories_of_a_rotated_table_stay():
    task, gone = datasets.load("embedded:ames_houses"), datasets.load("destroyed:embedded:ames_houses")
    others = task.X.select_dtypes(exclude="number")
    assert gone.X[list(others.columns)].equals(others)
    assert gone.X.shape == task.X.shape
    assert gone.X.notna()[list(task.X.select_dtypes("number"))].all(axis=None)


def test_what_declares_no_structure_has_none_to_destroy(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,y\n1,2,3\n2,3,4\n4,4,1\n")
    with pytest.raises(AdvisorError, match="must be declared"):
        datasets.load(f"destroyed:file:{path}?target=y")


def test_what_is_destroyed_twice_is_split_as_the_task_itself():
    whole = datasets.load("embedded:digits")
    for name in ("destroyed:destroyed:embedded:digits", "destroyed:rows:500:destroyed:embedded:digits"):
        task = datasets.load(name)
        assert not task.X.equals(whole.X)
        np.testing.assert_array_equal(row_keys(task), row_keys(whole))
        np.testing.assert_array_equal(
            split(task, fold=0, max_train=100).test, split(whole, fold=0, max_train=100).test
        )
