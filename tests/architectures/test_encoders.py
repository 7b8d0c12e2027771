"""What networks and linear models learn from: no extreme or constant value takes the others away."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from advisor import architectures
from advisor.architectures._encoders import FAR, TableEncoder, TensorEncoder
from advisor.architectures._target import target_scaler

TAILS = {
    "one": lambda rng: np.append(rng.uniform(size=1000), 1e9),
    "two ends": lambda rng: np.concatenate([rng.uniform(size=998), [1e90, -1e9]]),
    "heavy": lambda rng: np.exp(6 * rng.normal(size=1000)),
    "rare": lambda rng: np.concatenate([np.zeros(900), rng.uniform(size=100), [1e12]]),
}
tails = pytest.mark.parametrize("tail", TAILS)


@tails
@pytest.mark.parametrize("scaling", ["quantile", "monotone"])
def test_extreme_values_leave_the_others_of_a_column_apart(scaling, tail):
    rng = np.random.default_rng(0)
    column = TAILS[tail](rng)
    values = np.stack([rng.normal(size=len(column)), column], axis=1)
    encoded = TableEncoder(scaling=scaling).fit(values).transform(values)
    assert scipy.stats.spearmanr(encoded[:, 1], column).statistic > 0.9999
    assert len(np.unique(encoded[:, 1])) > 0.98 * len(np.unique(column))
    alone = TableEncoder(scaling=scaling).fit(values[:, :1]).transform(values[:, :1])
    np.testing.assert_array_equal(encoded[:, :1], alone)


@tails
def test_extreme_values_leave_the_others_of_a_target_apart(tail):
    target = TAILS[tail](np.random.default_rng(0))[:, None]
    scaler = target_scaler("quantile", len(target), 0).fit(target)
    scaled = scaler.transform(target)
    assert len(np.unique(scaled)) > 0.98 * len(np.unique(target))
    middle = (scaled > -2) & (scaled < 2)
    np.testing.assert_allclose(scaler.inverse_transform(scaled)[middle], target[middle], rtol=1e-6)


def test_skewed_columns_without_extreme_values_are_scaled_as_ever():
    rng = np.random.default_rng(0)
    pixels = np.where(rng.random(2000) < 0.97, 0, rng.uniform(size=2000))
    values = np.stack([np.exp(2 * rng.normal(size=2000)), pixels, rng.normal(size=2000)], axis=1)
    for encoder in (
        TableEncoder(scaling="monotone").fit(values).transform(values),
        TableEncoder(scaling="standard").fit(values).transform(values),
    ):
        np.testing.assert_array_equal(encoder, StandardScaler().fit_transform(values).astype(np.float32))
    plain = make_pipeline(StandardScaler(), QuantileTransformer(output_distribution="normal", random_state=0))
    scaler = target_scaler("quantile", 2000, 0)
    np.testing.assert_array_equal(scaler.fit_transform(values[:, :1]), plain.fit_transform(values[:, :1]))


@pytest.mark.parametrize("name", ["random_forest", "gradient_boosting", "gbt"])
def test_trees_on_one_hot_categories_split_a_column_with_an_extreme_value(name):
    x = np.append(np.random.default_rng(0).uniform(size=(300, 1)), [[1e12]], axis=0)
    config = {"categories": "one-hot"} if name == "gbt" else {}
    model = architectures.get(name).make("classification", random_state=0, n_estimators=20, **config)
    y = x[:, 0] > 0.5
    assert model.fit(x[:200], y[:200]).score(x[200:], y[200:]) > 0.9
    assert model.fit(x[100:], y[100:]).score(x[:100], y[:100]) > 0.9


# --- images and sequences


def sequences(n=500, n_steps=30, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_steps, 1))


def test_one_extreme_value_does_not_take_a_channel_away():
    x = sequences()
    spoiled = x.copy()
    spoiled[0, 0] = 1e9
    plain, found = (
        TensorEncoder((30, 1), forms=True).fit(v.reshape(500, -1)).fold(v.reshape(500, -1))[0]
        for v in (x, spoiled)
    )
    np.testing.assert_allclose(found[1:], plain[1:], atol=0.1)  # values, forms and sizes
    assert FAR < found[0, 0, 0] < 30


def test_channels_without_extreme_values_are_standardised():
    x = np.concatenate([sequences(), np.exp(sequences(seed=1))], axis=-1)  # skewed, and some beyond FAR
    encoder = TensorEncoder((30, 2)).fit(x.reshape(500, -1))
    np.testing.assert_allclose(encoder.mean, x.mean(axis=(0, 1)), rtol=1e-12)
    np.testing.assert_allclose(encoder.scale, x.std(axis=(0, 1)), rtol=1e-12)


def test_the_form_of_small_sequences_at_very_different_levels_is_seen():
    x = sequences()
    levels = 1e8 * sequences(n_steps=1, seed=1)
    values, form, size = np.moveaxis(
        TensorEncoder((30, 1), forms=True)
        .fit((levels + x).reshape(500, -1))
        .fold((levels + x).reshape(500, -1))[0],
        -1,
        0,
    )
    own = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    np.testing.assert_allclose(form, own[..., 0], atol=1e-3)
    np.testing.assert_allclose(
        np.exp(3 * size[:, 0]), x.std(axis=(1, 2)) / np.median(x.std(axis=1)), rtol=1e-3
    )
    assert values.std() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("forms", [False, True])
@pytest.mark.parametrize("held", [5.0, np.nan, 0.0])
def test_a_channel_that_was_constant_in_training_tells_nothing(held, forms):
    x = np.concatenate([sequences(), np.full((500, 30, 1), held)], axis=-1)
    encoder = TensorEncoder((30, 2), forms=forms).fit(x.reshape(500, -1))
    changed = x.copy()
    changed[..., 1] = np.random.default_rng(1).normal(500, 9, size=(500, 30))
    before, after = (encoder.fold(v.reshape(500, -1))[0] for v in (x, changed))
    np.testing.assert_array_equal(before, after)
    assert not after[..., 1::2].any()
    assert after[..., 0].std() == pytest.approx(0.99, abs=0.02)


@pytest.mark.parametrize("scaling", ["quantile", "standard"])
def test_a_table_that_was_constant_in_training_tells_nothing(scaling):
    for rows, new in (
        (np.full((20, 2), 5.0), np.full((20, 2), 500.0)),
        (pd.DataFrame({"a": ["u"] * 20}), pd.DataFrame({"a": ["v"] * 20})),
    ):
        encoder = TableEncoder(scaling=scaling).fit(rows)
        np.testing.assert_array_equal(encoder.transform(new), np.zeros((20, 1)))


def test_a_value_far_beyond_those_of_training_stays_finite():
    rows = np.random.default_rng(0).normal(size=(50, 1))
    assert np.isfinite(
        TableEncoder(scaling="standard").fit(rows).transform(np.array([[1e60], [-1e60]]))
    ).all()
    model = architectures.get("linear").make("regression").fit(rows, rows[:, 0])
    assert np.isfinite(model.predict(np.array([[1e60]]))).all()
