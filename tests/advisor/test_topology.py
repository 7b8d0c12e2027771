from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from advisor import advise
from advisor.seriation import recover_order
from advisor.topology import measure_topology


def pictures(rng, n=400, side=14, channels=1):
    shared = gaussian_filter(rng.normal(size=(n, side, side, channels)), (0, 1.5, 1.5, 0), mode="nearest")
    return shared.reshape(n, -1)


def series(rng, n=300, steps=80):
    return rng.normal(size=(n, steps)).cumsum(axis=1)


def factors(rng, n=400, d=100, k=3):
    return rng.normal(size=(n, k)) @ rng.normal(size=(k, d)) + 0.5 * rng.normal(size=(n, d))


def test_the_graph_does_not_depend_on_the_order_of_columns():
    rng = np.random.default_rng(0)
    values = series(rng).astype(np.float32)
    one = measure_topology(values, np.random.default_rng(1))
    other = measure_topology(values[:, rng.permutation(80)], np.random.default_rng(1))
    assert one.odds() == pytest.approx(other.odds(), abs=0.05)
    assert one.hubs == pytest.approx(other.hubs)
    assert one.clustering == pytest.approx(other.clustering)


@pytest.mark.parametrize("seed", range(4))
def test_scrambled_pictures_fold_back_into_neighbours(seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(196)
    advice = advise(pictures(rng)[:, order], rng.integers(0, 2, 400))
    assert (advice.rule, advice.layout) == ("scrambled_image", (14, 14, 1))
    grid = order[np.array(advice.column_order)].reshape(14, 14)
    y, x = np.divmod(grid, 14)
    apart = np.hypot(np.diff(y, axis=1), np.diff(x, axis=1))
    assert np.median(apart) <= 1.5  # of columns in random order: about 7
    assert sorted(advice.column_order) == list(range(196))


@pytest.mark.parametrize("seed", range(4))
def test_scrambled_series_get_their_order_back(seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(80)
    advice = advise(series(rng)[:, order], rng.integers(0, 2, 300))
    assert (advice.rule, advice.layout) == ("scrambled_series", (80, 1))
    assert np.abs(np.diff(order[np.array(advice.column_order)])).mean() < 2


def test_a_ring_is_cut_once():
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * np.arange(60) / 60
    rows = gaussian_filter(rng.normal(size=(300, 60)), (0, 2), mode="wrap") + 0 * angle
    order = rng.permutation(60)
    held = rows[:, order].astype(np.float32)
    found = recover_order(held, rng, measure_topology(held, rng))
    steps = np.abs(np.diff(order[found.columns]))
    assert np.median(np.minimum(steps, 60 - steps)) <= 2


@pytest.mark.parametrize("k", [2, 3, 5])
def test_hidden_factors_are_no_order(k):
    called = [
        advise(factors(np.random.default_rng(seed), k=k), np.arange(400) % 2).structure for seed in range(12)
    ]
    assert called.count("tabular") >= 11


def test_the_estimator_takes_the_columns_in_the_order_found():
    rng = np.random.default_rng(0)
    order = rng.permutation(196)
    values = pictures(rng)[:, order]
    advice = advise(values, rng.integers(0, 2, 400))
    folded = advice.folder().fit_transform(values)
    assert folded.shape == (400, 14, 14, 1)
    np.testing.assert_allclose(folded.reshape(400, -1), values[:, list(advice.column_order)], rtol=1e-6)
