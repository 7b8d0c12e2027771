"""MiniRocket computes the published features, and its probabilities are worth what they say."""

import itertools
import pickle

import numpy as np
import pytest
import torch

from advisor import architectures
from advisor.architectures import minirocket
from advisor.architectures.minirocket import KERNEL, MiniRocketFeatures


def by_hand(series, features):
    """Features of one series, shape (T, C), by loops over kernels, positions and weights."""
    n_steps = len(series)
    found = []
    for place, dilation in enumerate(features.dilations):
        for_bias = np.empty((features.biases[place].shape[1], 84))
        for kernel, triple in enumerate(itertools.combinations(range(KERNEL), 3)):
            weights = np.full(KERNEL, -1.0)
            weights[list(triple)] = 2
            mixed = series[:, features.channels[place][kernel]].sum(axis=1)
            reach = 4 * dilation
            padded = np.concatenate([np.zeros(reach), mixed, np.zeros(reach)])
            result = [
                sum(w * padded[t + tap * dilation] for tap, w in enumerate(weights)) for t in range(n_steps)
            ]
            if (kernel + place) % 2 == 1 and n_steps > 2 * reach:
                result = result[reach : n_steps - reach]
            for bias, value in enumerate(features.biases[place][kernel].tolist()):
                for_bias[bias, kernel] = np.mean(np.array(result) > value)
        found.append(for_bias.ravel())
    return np.concatenate(found)


@pytest.mark.parametrize(("n_steps", "channels"), [(40, 1), (30, 3), (6, 2)])
def test_features_are_shares_of_positive_sliding_dot_products(n_steps, channels):
    x = torch.randn(5, n_steps, channels, generator=torch.Generator().manual_seed(0))
    features = MiniRocketFeatures(n_features=84 * 7, seed=0).fit(x, None)
    got = features.transform(x, None).numpy()
    assert got.shape == (5, 84 * 7)
    for row in range(2):
        np.testing.assert_allclose(got[row], by_hand(x[row].double().numpy(), features), atol=1e-6)


def test_the_longest_kernel_is_no_longer_than_the_sequence():
    features = MiniRocketFeatures(n_features=9996, seed=0).fit(torch.randn(3, 100, 1), None)
    assert features.dilations[0] == 1
    assert 8 < features.dilations[-1] * (KERNEL - 1) + 1 <= 100
    assert sum(b.size for b in features.biases) == 9996


def test_biases_split_the_training_sequences_evenly():
    """The n-th multiple of the golden ratio, modulo one, spreads the quantiles over 0 to 1."""
    x = torch.randn(50, 200, 1, generator=torch.Generator().manual_seed(0))
    shares = MiniRocketFeatures(n_features=9996, seed=0).fit(x, None).transform(x, None)
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(shares.mean(dim=0).std()) == pytest.approx(np.sqrt(1 / 12), abs=0.03)


def test_padded_steps_change_nothing():
    x, lengths = torch.randn(4, 60, 2), torch.tensor([60, 25, 10, 33])
    features = MiniRocketFeatures(n_features=840, seed=0).fit(x, lengths)
    for row, length in enumerate(lengths.tolist()):
        x[row, length:] = 0  # as the encoder leaves it
        alone = features.transform(x[row : row + 1, :length], torch.tensor([length]))
        torch.testing.assert_close(features.transform(x, lengths)[row], alone[0])


def shifted_pattern(n, rng):
    """Noise with a bump or a dip somewhere: no step has a meaning of its own."""
    X = rng.normal(size=(n, 60)) * 0.3
    y = rng.integers(0, 2, n)
    for row, at in enumerate(rng.integers(5, 45, n)):
        X[row, at : at + 10] += (2 * y[row] - 1) * np.hanning(10) * np.sign(np.arange(10) - 4.5)
    return X, y


def test_it_finds_a_pattern_wherever_it_stands():
    rng = np.random.default_rng(0)
    X, y = shifted_pattern(200, rng)
    new, truth = shifted_pattern(200, rng)
    scores = {
        name: architectures.get(name)
        .make("classification", random_state=0, **config)
        .fit(X, y)
        .score(new, truth)
        for name, config in {"minirocket": {"layout": (60, 1), "n_features": 840}, "linear": {}}.items()
    }
    assert scores["minirocket"] > 0.9
    assert scores["linear"] < 0.65


def test_probabilities_are_calibrated():
    """A class that is right in 80% of the rows is given about 0.8, though a ridge fits its rows better."""
    rng = np.random.default_rng(0)
    X, y = shifted_pattern(500, rng)
    flipped = np.where(rng.uniform(size=500) < 0.2, 1 - y, y)
    estimator = architectures.get("minirocket").make(
        "classification", layout=(60, 1), n_features=840, random_state=0
    )
    proba = estimator.fit(X[:300], flipped[:300]).predict_proba(X[300:])
    assert proba.max(axis=1).mean() == pytest.approx((proba.argmax(axis=1) == flipped[300:]).mean(), abs=0.1)


def test_biases_are_quantiles_at_all_positions():
    """Of the first kernel, over the ends, and of the second, whose features leave them out."""
    x = torch.randn(1, 50, 1, generator=torch.Generator().manual_seed(0))
    features = MiniRocketFeatures(n_features=84 * 3, seed=0).fit(x, None)
    golden = (np.sqrt(5) + 1) / 2
    used = 0
    for place, dilation in enumerate(features.dilations):
        padded = np.pad(x[0, :, 0].double().numpy(), 4 * dilation)
        n_biases = features.biases[place].shape[1]
        for kernel, triple in enumerate(itertools.combinations(range(KERNEL), 3)):
            weights = np.full(KERNEL, -1.0)
            weights[list(triple)] = 2
            values = sum(w * padded[tap * dilation : tap * dilation + 50] for tap, w in enumerate(weights))
            asked = np.arange(used + 1, used + n_biases + 1) * golden % 1
            used += n_biases
            np.testing.assert_allclose(features.biases[place][kernel], np.quantile(values, asked), atol=1e-4)


def test_biases_of_a_padded_sequence_are_those_of_the_sequence_alone():
    x = torch.randn(1, 60, 2, generator=torch.Generator().manual_seed(0))
    x[:, 35:] = 0
    padded = MiniRocketFeatures(n_features=84, seed=0).fit(x, torch.tensor([35]))
    alone = MiniRocketFeatures(n_features=84, seed=0).fit(x[:, :35], torch.tensor([35]))
    np.testing.assert_allclose(padded.biases[0], alone.biases[0], atol=1e-5)


def test_a_pickle_of_the_features_needs_no_device():
    features = MiniRocketFeatures(n_features=84, seed=0).fit(torch.randn(3, 20, 1), None)
    assert b"torch" not in pickle.dumps(features)


@pytest.mark.parametrize("lengths", [False, True])
def test_predictions_hold_the_features_of_a_part_of_the_rows(monkeypatch, lengths):
    X, y = shifted_pattern(60, np.random.default_rng(0))
    if lengths:
        X[::2, 50:] = np.nan
    model = architectures.get("minirocket").make("regression", layout=(60, 1), n_features=84, random_state=0)
    whole = model.fit(X, y).predict(X)
    seen, original = [], MiniRocketFeatures.transform

    def transform(self, x, lengths):
        seen.append(len(x))
        return original(self, x, lengths)

    monkeypatch.setattr(MiniRocketFeatures, "transform", transform)
    monkeypatch.setattr(minirocket, "READ", 84 * 25)
    np.testing.assert_allclose(model.predict(X), whole, rtol=1e-9)
    assert seen == [25, 25, 10]
