"""The same network on the processor and on the accelerator; skipped where there is none."""

import contextlib

import numpy as np
import pytest
import torch

from advisor import architectures
from advisor.architectures._training import pick_device, seeded

ACCELERATOR = pick_device("auto")
GPU = [n for n in architectures.names(installed=True) if architectures.get(n).can.gpu]

needs_accelerator = pytest.mark.skipif(ACCELERATOR.type == "cpu", reason="no CUDA and no MPS device here")


def problem(n=400):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 64))
    X[:, :32] += np.sign(rng.normal(size=n))[:, None]
    return X, X[:, :32].mean(axis=1)


@needs_accelerator
@pytest.mark.parametrize("name", GPU)
def test_the_accelerator_learns_the_same(name):
    X, y = problem()
    scores = []
    for device in ("cpu", ACCELERATOR.type):
        estimator = architectures.get(name).make(
            "regression", layout=(8, 8, 1), random_state=0, device=device
        )
        scores.append(estimator.fit(X[:300], y[:300]).score(X[300:], y[300:]))
    assert scores[1] == pytest.approx(scores[0], abs=0.05)


@needs_accelerator
@pytest.mark.parametrize("name", GPU)
def test_a_network_trained_on_the_accelerator_predicts_the_same_on_the_processor(name):
    X, y = problem()
    estimator = architectures.get(name).make("regression", layout=(8, 8, 1), random_state=0)
    there = estimator.fit(X, y).predict(X)
    here = estimator.set_params(device="cpu").predict(X)
    np.testing.assert_allclose(here, there, atol=1e-3)


@pytest.mark.parametrize("name", [n for n in GPU if architectures.get(n).can.iterative])
def test_a_network_says_where_it_was_trained(name, monkeypatch):
    X, y = problem(60)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    estimator = architectures.get(name).make("regression", layout=(8, 8, 1), max_epochs=1).fit(X, y)
    assert estimator.device_ == torch.device("cpu")
    assert next(estimator.module_.parameters()).device == torch.device("cpu")


def test_auto_takes_cuda_before_mps_before_the_processor(monkeypatch):
    for cuda, mps, expected in [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]:
        monkeypatch.setattr(torch.cuda, "is_available", lambda seen=cuda: seen)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda seen=mps: seen)
        assert pick_device("auto") == torch.device(expected)
    assert pick_device("cuda:1") == torch.device("cuda:1")


def test_the_seed_is_that_of_the_device_asked_for(monkeypatch):
    """Of two accelerators the first is the current one, and the second trains."""

    class Two:
        current, states = 0, ["first", "second"]

        @contextlib.contextmanager
        def device(self, device):
            before, self.current = self.current, device.index
            yield
            self.current = before

        def get_rng_state(self):
            return self.states[self.current]

        def set_rng_state(self, state):
            self.states[self.current] = state

        manual_seed = set_rng_state

    two = Two()
    monkeypatch.setattr(torch, "get_device_module", lambda device: two)
    with seeded(5, torch.device("cuda:1")):
        assert (two.states, two.current) == (["first", 5], 0)
    assert two.states == ["first", "second"]
