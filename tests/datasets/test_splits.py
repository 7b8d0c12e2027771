"""Splits: sizes by the rule, nothing straddles, the same everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import InputError
from datasets.splits import Split, given_split, inner_folds, random_split, split
from datasets.task import Task
from datasets.units import row_hashes


def make(X, y=None, *, groups=None, kind="classification"):
    X = pd.DataFrame(X).add_prefix("x")
    y = pd.Series(np.arange(len(X)) % 2 if y is None else y, index=X.index)
    groups = None if groups is None else pd.Series(groups, index=X.index)
    return Task("test:made", X, y, kind, "accuracy", None, None, "made", groups)


def distinct(n, **rest):
    return make(np.arange(n, dtype=float)[:, None], **rest)


def sides(parts: Split):
    return [parts.train, parts.validation, parts.test]


@pytest.mark.parametrize(
    ("n", "max_train", "max_eval", "sizes"),
    [
        (1000, 10_000, 50_000, (700, 90, 210)),
        (20_000, 10_000, 50_000, (10_000, 3_000, 7_000)),
        (20_000, 1_000, 2_500, (1_000, 2_500, 2_500)),  # 5,700 and 13,300 before the cut
        (14_286, 10_000, 50_000, (10_000, 1_286, 3_000)),  # where the cap begins to bind
    ],
)
def test_sizes_follow_the_rule(n, max_train, max_eval, sizes):
    parts = split(distinct(n), fold=0, max_train=max_train, max_eval=max_eval)
    assert tuple(map(len, sides(parts))) == sizes


@st.composite
def linked_tasks(draw):
    n = draw(st.integers(12, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(0, draw(st.integers(6, 200)), size=(n, 1)).astype(float)
    values[0], values[1], values[2] = -1, -2, -3  # at least three units before groups
    groups = None
    if draw(st.booleans()):
        groups = rng.integers(0, draw(st.integers(4, 60)), size=n).astype(object)
        groups[rng.random(n) < 0.2] = None
        groups[:3] = None
    kind = draw(st.sampled_from(["classification", "regression"]))
    y = rng.integers(0, 4, size=n) if kind == "classification" else rng.normal(size=n)
    return make(values, y, groups=groups, kind=kind)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(task=linked_tasks(), fold=st.integers(0, 5), max_train=st.integers(3, 200))
def test_nothing_straddles_and_order_does_not_matter(task, fold, max_train):
    parts = split(task, fold=fold, max_train=max_train)
    everything = np.concatenate(sides(parts))
    assert len(np.unique(everything)) == len(everything)
    assert all(len(side) for side in sides(parts))
    assert len(parts.train) <= max_train
    keys = [task.X["x0"]] + ([] if task.groups is None else [task.groups])
    for key in keys:
        found = [set(key.iloc[side].dropna()) for side in sides(parts)]
        assert sum(map(len, found)) == len(set.union(*found))
    order = np.random.default_rng(fold).permutation(len(task.X))
    shuffled = make(
        task.X.to_numpy()[order],
        task.y.to_numpy()[order],
        groups=None if task.groups is None else task.groups.to_numpy()[order],
        kind=task.kind,
    )
    again = split(shuffled, fold=fold, max_train=max_train)
    for one, other in zip(sides(parts), sides(again)):
        assert sorted(task.X["x0"].iloc[one]) == sorted(shuffled.X["x0"].iloc[other])


def test_the_same_fold_is_the_same_split_and_another_fold_another():
    task = distinct(200)
    first, again, other = (split(task, fold=fold, max_train=10_000) for fold in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(sides(first), sides(again)))
    assert set(first.test) != set(other.test)


def test_a_split_is_the_one_recorded():
    # the values of another machine: if this fails, splits changed and old results mean something else
    parts = split(distinct(12), fold=3, max_train=10_000)
    assert [side.tolist() for side in sides(parts)] == [[0, 1, 8, 5, 11, 10, 3, 4], [6], [7, 2, 9]]


def test_folds_cover_the_rows_evenly():
    counts = np.zeros(100)
    for fold in range(200):
        counts[split(distinct(100), fold=fold, max_train=10_000).test] += 1
    assert counts.sum() == 200 * 21
    assert counts.min() > 20  # 42 expected, standard deviation 5.8
    assert counts.max() < 66


def test_classes_keep_their_shares():
    y = np.array(["rare"] * 10 + ["some"] * 90 + ["most"] * 900)
    for fold in range(10):
        parts = split(distinct(1000, y=y), fold=fold, max_train=10_000)
        for side in sides(parts):
            share = np.mean(y[side] == "some")
            assert share == pytest.approx(0.09, abs=0.03)
        assert np.sum(y[parts.train] == "rare") in (6, 7, 8)


def test_a_class_of_one_row_is_trained():
    y = ["only"] + ["a", "b"] * 50
    assert all(0 in split(distinct(101, y=y), fold=fold, max_train=10_000).train for fold in range(20))


def test_whole_groups_meet_the_sizes_nearly():
    task = distinct(3000, groups=np.repeat(np.arange(6), 500))
    parts = split(task, fold=0, max_train=10_000)
    assert sorted(map(len, sides(parts))) == [500, 500, 2000]
    assert len(parts.train) == 2000


def test_a_group_too_big_for_the_test_side_is_trained():
    groups = np.r_[np.zeros(900), np.arange(1, 101)]
    for fold in range(5):
        parts = split(distinct(1000, groups=groups), fold=fold, max_train=10_000)
        assert set(range(900)) <= set(parts.train)
        assert len(parts.validation) + len(parts.test) >= 90


def test_groups_are_cut_at_the_cap_and_the_rest_is_not_used():
    task = distinct(1000, groups=np.repeat(np.arange(10), 100))
    parts = split(task, fold=0, max_train=150)
    assert len(parts.train) == 150
    used = set(task.groups[parts.train])
    assert not used & set(task.groups[np.r_[parts.validation, parts.test]])


def test_few_rows_are_drawn_from_all_groups_of_their_side():
    task = distinct(20_000, groups=np.repeat(np.arange(20), 1_000))
    whole = split(task, fold=0, max_train=20_000)
    for max_train in (100, 1_000):
        few = split(task, fold=0, max_train=max_train, max_eval=500)
        for one, all_rows in zip(sides(few), sides(whole), strict=True):
            assert set(one) <= set(all_rows)
            assert set(task.groups[one]) == set(task.groups[all_rows])
        assert set(split(task, fold=0, max_train=max_train // 2).train) <= set(few.train)


def test_a_row_that_is_there_very_often_fills_no_side():
    rng = np.random.default_rng(0)
    values = np.r_[np.zeros(2_400), rng.normal(size=3_600)][:, None]
    task = make(values, rng.integers(0, 2, 6_000))
    for fold in range(12):
        parts = sides(split(task, fold=fold, max_train=200, max_eval=600))
        assert list(map(len, parts)) == [200, 540, 600]
        shares = [float((values[part] == 0).mean()) for part in parts]
        assert sum(share > 0 for share in shares) == 1  # it stands on one side
        assert max(shares) < 0.75
        shuffled = task.X.sample(frac=1, random_state=fold).index
        moved = replace(
            task, X=task.X.loc[shuffled].reset_index(drop=True), y=task.y.loc[shuffled].reset_index(drop=True)
        )
        again = sides(split(moved, fold=fold, max_train=200, max_eval=600))
        for one, other in zip(parts, again, strict=True):
            assert sorted(task.X["x0"][one]) == sorted(moved.X["x0"][other])


@pytest.mark.parametrize("groups", [None, np.repeat([0, 1], 25)])
def test_too_few_units_are_refused(groups):
    task = distinct(50, groups=groups) if groups is not None else make(np.repeat([[1.0], [2.0]], 25, axis=0))
    with pytest.raises(InputError, match=r"at least three groups of rows .* got 2 in 50 rows"):
        split(task, fold=0, max_train=100)


def test_hashes_see_values_not_dtypes():
    base = pd.DataFrame({"a": [0, 1, 2], "b": ["x", None, "y"]})
    same = pd.DataFrame({"a": np.array([-0.0, 1, 2], "float32"), "b": pd.Categorical(["x", None, "y"])})
    assert np.array_equal(row_hashes(base), row_hashes(same))
    assert len(set(row_hashes(base))) == 3
    moved = pd.DataFrame({"a": [1.0], "b": [2.0]}), pd.DataFrame({"a": [2.0], "b": [1.0]})
    assert row_hashes(moved[0]) != row_hashes(moved[1])
    missing = pd.DataFrame({"a": [np.nan, np.nan], "b": [None, None]})
    assert len(set(row_hashes(missing))) == 1


def test_hashes_do_not_depend_on_how_many_rows_are_taken_at_once():
    X = pd.DataFrame({"a": np.arange(20_000) % 7_000})
    hashes = row_hashes(X)
    assert len(set(hashes)) == 7_000
    assert np.array_equal(hashes[:7_000], hashes[7_000:14_000])


def test_a_random_split_has_the_sizes_and_lets_equal_rows_straddle():
    """It is there to repeat what others measured, leaks and all."""
    X = np.repeat(np.arange(400.0), 5)[:, None]
    task = make(X, np.arange(2000.0), kind="regression")
    parts = random_split(task, fold=0, max_train=1_000, max_eval=500)
    assert tuple(map(len, sides(parts))) == (1_000, 300, 500)
    assert len(np.unique(np.concatenate(sides(parts)))) == 1_800
    values = [set(X[rows, 0]) for rows in sides(parts)]
    assert len(values[0] & values[2]) > 200
    again = random_split(task, fold=0, max_train=1_000, max_eval=500)
    other = random_split(task, fold=1, max_train=1_000, max_eval=500)
    assert np.array_equal(parts.test, again.test)
    assert not np.array_equal(parts.test, other.test)


def test_a_random_split_does_not_depend_on_the_order_of_the_rows():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 40, size=(300, 1)).astype(float), rng.normal(size=300)
    order = rng.permutation(300)
    there = random_split(make(X, y, kind="regression"), fold=0, max_train=100)
    back = random_split(make(X[order], y[order], kind="regression"), fold=0, max_train=100)
    for one, other in zip(sides(there), sides(back)):
        assert np.array_equal(y[one], y[order][other])


def test_inner_folds_deal_out_whole_units_and_classes_alike():
    values = np.repeat(np.arange(60.0), 4)[:, None]  # each row four times
    groups = np.repeat(np.arange(30), 8)
    task = make(values, np.repeat([0, 1, 1], 80), groups=groups)
    rows = np.random.default_rng(0).permutation(240)
    parts = inner_folds(task, rows, k=5, seed=0)
    assert sorted(np.concatenate(parts)) == list(range(240))
    of_group = {group: {i for i, part in enumerate(parts) if group in groups[part]} for group in range(30)}
    assert all(len(places) == 1 for places in of_group.values())
    assert [len(part) for part in parts] == [48] * 5
    assert [int(task.y.iloc[part].sum()) for part in parts] == [32] * 5
    assert not np.array_equal(parts[0], inner_folds(task, rows, k=5, seed=1)[0])
    with pytest.raises(InputError, match=r"31 inner folds need as many groups.*got 30 in 240"):
        inner_folds(task, rows, k=31, seed=0)


def test_given_splits_keep_their_test_rows_and_hold_validation_rows_out_of_train():
    rows = np.arange(100)
    task = replace(distinct(100), splits=((rows[:80], rows[80:]), (rows[20:], rows[:20])))
    parts = given_split(task, fold=1, max_train=10_000, validation_share=0.25)
    assert sorted(parts.test) == list(range(20))
    assert (len(parts.train), len(parts.validation)) == (60, 20)
    assert sorted([*parts.train, *parts.validation]) == list(range(20, 100))
    small = given_split(task, fold=1, max_train=30, validation_share=0.25, max_eval=7)
    assert list(map(len, sides(small))) == [30, 7, 7]
    assert set(small.train) <= set(parts.train)
    assert set(small.test) <= set(range(20))
    with pytest.raises(InputError, match="got fold 2 of test:made, which has 2"):
        given_split(task, fold=2, max_train=10)


def test_equal_rows_of_given_training_rows_do_not_meet_across_validation():
    values = np.repeat(np.arange(40.0), 2)[:, None]
    task = replace(make(values), splits=((np.arange(60), np.arange(60, 80)),))
    parts = given_split(task, fold=0, max_train=1_000)
    assert not set(task.X["x0"].iloc[parts.train]) & set(task.X["x0"].iloc[parts.validation])
