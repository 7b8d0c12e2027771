"""Rows that models are trained on and judged by: sampled data, rare classes, few units, columns left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from scipy import stats

from advisor import advise
from advisor.errors import TargetError
from advisor.holdout import COPIES, folds, sample
from advisor.intake import read
from advisor.race import _Track

RNG = np.random.default_rng(0)


def drawn(data, target, most=1_000, folding=None):
    rng = np.random.default_rng(0)
    return sample(read(data, target, rng), None, folding or {"how": "none"}, rng, most)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_probe_takes_the_columns_that_are_inputs_wherever_others_stand(place):
    a = RNG.normal(size=200)
    frame = pd.DataFrame({"a": a, "b": RNG.normal(size=200), "c": RNG.normal(size=200)})
    frame.insert(place, "key", [f"K{i:04d}-{i * 7919 % 200}" for i in range(200)])
    frame.insert(2, "words", [f"a sentence of its own, number {i}, to be read" for i in range(200)])
    y = (a > 0).astype(int)
    told = advise(frame, y, effort="probe")
    plain = advise(frame[["a", "b", "c"]], y, effort="probe")
    assert told.recommendation == plain.recommendation == "gbt"
    shown = [{e.name: e.value for e in x.interventions} for x in (told, plain)]
    assert shown[0] == shown[1]


def test_of_sparse_data_the_rows_that_were_read_are_trained_on():
    matrix = scipy.sparse.random(3_000, 30, 0.3, random_state=0, format="csr")
    y = (np.asarray(matrix.sum(axis=1)).ravel() > 4.4).astype(int)
    rng = np.random.default_rng(0)
    table = read(matrix, y, rng)
    data = sample(table, None, {"how": "none"}, rng, 10_000)
    assert len(data) == len(table.sampled) < 3_000
    np.testing.assert_array_equal(data.X, matrix[table.sampled].toarray())
    np.testing.assert_array_equal(data.y, y[table.sampled])
    assert advise(matrix, y, effort="probe").interventions


def test_a_torch_data_set_is_read_in_its_order_and_drawn_from():
    import torch

    steps = np.column_stack([0.5 * np.arange(4_000), RNG.normal(size=(4_000, 3)).cumsum(axis=0)])
    labels = RNG.integers(0, 2, 4_000)
    held = torch.utils.data.TensorDataset(torch.tensor(steps), torch.tensor(labels))
    assert advise(held).rule == advise(steps, labels).rule == "timed_rows"
    with pytest.raises(TargetError, match="one after the other"):
        advise(held, effort="probe")
    noise = torch.utils.data.TensorDataset(torch.randn(4_000, 5), torch.tensor(labels))
    assert advise(noise, effort="probe").interventions


def test_of_a_rare_class_enough_rows_are_drawn():
    y = np.zeros(50_000, int)
    y[RNG.choice(50_000, 12, replace=False)] = 1
    y[RNG.choice(np.flatnonzero(y == 0), 300, replace=False)] = 2
    data = drawn(RNG.normal(size=(50_000, 3)), y)
    counts = np.bincount(data.y)
    assert len(data) == 1_000
    assert counts[1] == 12
    assert counts[2] == 20
    many = drawn(RNG.normal(size=(5_000, 3)), [f"class {i % 100}" for i in range(5_000)])
    assert len(many) == 1_000
    assert np.unique(many.y, return_counts=True)[1].min() >= 5


def test_few_combinations_are_no_copies():
    bits = RNG.integers(0, 2, (1_000, 3))
    y = bits[:, 0] ^ bits[:, 1]
    data = drawn(bits, y)
    assert len(np.unique(data.units)) == 1_000
    for train, held in folds(data, 4, np.random.default_rng(0)):
        assert {tuple(row) for row in data.X[held]} == {tuple(row) for row in data.X[train]}
    copied = np.repeat(RNG.normal(size=(100, 3)), COPIES, axis=0)
    assert len(np.unique(drawn(copied, np.arange(1_000) % 2).units)) == 100


def test_an_interval_over_few_entities_is_that_of_their_means():
    rows = pd.DataFrame(
        {"who": np.repeat(list("abcdef"), 40), "x": RNG.normal(size=240), "y": np.tile([0, 1], 120)}
    )
    rng = np.random.default_rng(0)
    table = read(rows, "y", rng, {"who": "entity"})
    advice = advise(rows, "y", roles={"who": "entity"})
    track = _Track(table, advice, 1.0, print)
    held = track.parts[0][1]
    assert len(np.unique(track.data.units[held])) == 2  # the first part is one of the largest
    values = RNG.normal(size=len(held))
    low, high = track._interval(values)
    means = pd.Series(values).groupby(track.data.units[held]).mean()
    margin = stats.t.ppf(0.975, 1) * means.std() / 2**0.5
    assert (low, high) == pytest.approx((values.mean() - margin, values.mean() + margin))
