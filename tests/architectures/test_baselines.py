"""The baselines: a random walk persists exactly, padding is passed over, neighbours are the nearest rows."""

import numpy as np
import pandas as pd
import pytest

from advisor import architectures

T = 12


def walks(n=300, *, memory=1.0, channels=1, seed=0):
    """Sequences, shape (n, T, C), and the next value of the last channel."""
    rng = np.random.default_rng(seed)
    steps = np.zeros((n, T + 1, channels))
    steps[:, 0] = rng.normal(size=(n, channels))
    for t in range(1, T + 1):
        steps[:, t] = memory * steps[:, t - 1] + rng.normal(size=(n, channels))
    return 10 + steps[:, :T], 10 + steps[:, T, -1]


def last_value(kind="regression", layout=(T, 1), **config):
    return architectures.get("last_value").make(kind, layout=layout, random_state=0, **config)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_random_walk_persists(channels):
    X, y = walks(channels=channels)
    model = last_value(layout=(T, channels)).fit(X[:200], y[:200])
    assert model.channel_ == channels - 1
    far = X[200:] + 1000  # where no map was fitted
    for rows in (X[200:], far):
        np.testing.assert_allclose(model.predict(rows), rows[:, -1, -1], rtol=1e-12)


def test_a_series_that_returns_to_its_mean_does_not_persist():
    X, y = walks(600, memory=0.5)
    model = last_value().fit(X[:400], y[:400])
    assert model.channel_ is None
    persistence = np.mean((y[400:] - X[400:, -1, 0]) ** 2)
    assert np.mean((y[400:] - model.predict(X[400:])) ** 2) < 0.9 * persistence
    slope = np.subtract(*model.predict(np.full((2, T), [[1.0], [0.0]])))
    assert slope == pytest.approx(0.5, abs=0.1)


def test_the_target_may_have_another_unit_than_the_series():
    X, y = walks()
    model = last_value().fit(X[:200], 1000 * y[:200] - 7)
    assert model.channel_ is None
    assert model.score(X[200:], 1000 * y[200:] - 7) > 0.8


def test_padding_is_passed_over():
    X, _ = walks()
    lengths = np.random.default_rng(1).integers(1, T + 1, len(X))
    padded = np.where(np.arange(T) < lengths[:, None], X[:, :, 0], np.nan)
    last = X[np.arange(len(X)), lengths - 1, 0]
    model = last_value().fit(padded, last)
    np.testing.assert_allclose(model.predict(padded), last, rtol=1e-12)
    assert np.isfinite(model.predict(np.full((1, T), np.nan))).all()


def test_only_the_last_step_counts():
    X, _ = walks(channels=2)
    model = last_value("classification", (T, 2)).fit(X, X[:, -1, 0] > 10)
    other = X.copy()
    other[:, :-1] = 0
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(other))
    assert model.score(X, X[:, -1, 0] > 10) > 0.95


def test_of_a_table_the_last_column_counts():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.choice(["x", "y", None], 200)})
    label = frame["b"].fillna("none")
    model = last_value("classification", None).fit(frame, label)
    assert model.score(frame, label) == 1
    number = last_value(layout=None).fit(frame[["b", "a"]], frame["a"])
    np.testing.assert_allclose(number.predict(frame[["b", "a"]]), frame["a"])


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_neighbours_are_the_nearest_standardised_rows(weights, p):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)) * [1, 100, 0.01]
    y, weight = rng.normal(size=60), rng.uniform(0.5, 2, 60)
    new = rng.normal(size=(10, 3)) * [1, 100, 0.01]
    model = architectures.get("nearest_neighbours").make("regression", n_neighbors=4, weights=weights, p=p)
    predicted = model.fit(X, y, sample_weight=weight).predict(new)
    for row, value in zip((new - X.mean(axis=0)) / X.std(axis=0), predicted):
        distance = (np.abs((X - X.mean(axis=0)) / X.std(axis=0) - row) ** p).sum(axis=1) ** (1 / p)
        nearest = np.argsort(distance)[:4]
        share = weight[nearest] / (distance[nearest] if weights == "distance" else 1)
        assert value == pytest.approx(np.average(y[nearest], weights=share), rel=1e-4)


def test_a_row_that_is_there_decides_alone_by_distance():
    X, y = np.arange(10.0)[:, None], np.array(list("abababcbab"))
    model = architectures.get("nearest_neighbours").make("classification", weights="distance").fit(X, y)
    assert list(model.predict(X)) == list(y)
