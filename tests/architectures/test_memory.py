"""The memory of a fit is told before it starts, and what cannot fit is refused."""

import numpy as np
import pytest
import torch

from advisor import architectures
from advisor.architectures import _memory
from advisor.errors import NotEnoughMemory

NETWORKS = [n for n in architectures.names(installed=True) if architectures.get(n).can.iterative]


def problem(n, shape=(20,)):
    X = np.random.default_rng(0).normal(size=(n, int(np.prod(shape))))
    return X, X[:, 0] > 0


@pytest.mark.parametrize("name", [n for n in architectures.names(installed=True) if n != "dummy"])
def test_more_rows_take_more_memory(name):
    estimator = architectures.get(name).make("classification", layout=(20,), random_state=0)
    before = estimator.get_params()
    few, many = (estimator.peak_memory(*problem(n))["cpu"] for n in (2_000, 200_000))
    assert 0 < few < many
    assert many > 200_000 * 20 * 4  # the encoded rows at least
    assert estimator.get_params() == before
    assert not hasattr(estimator, "encoder_")


@pytest.mark.parametrize("name", ["mlp", "cnn", "lstm", "transformer"])
def test_larger_batches_take_more_memory(name):
    X, y = problem(4_000, (30, 2))
    config = {"layout": (30, 2)} if name != "mlp" else {}
    small, large = (
        architectures.get(name).make("classification", batch_size=size, **config).peak_memory(X, y)["cpu"]
        for size in (32, 2_048)
    )
    assert large > 1.5 * small


@pytest.mark.parametrize("name", ["mlp", "gbt", "linear"])
def test_a_fit_that_cannot_fit_is_refused_with_the_numbers(name, monkeypatch):
    X, y = problem(5_000)
    estimator = architectures.get(name).make("classification", random_state=0)
    monkeypatch.setattr(_memory, "free_memory", lambda device="cpu": 12_300)
    with pytest.raises(
        NotEnoughMemory, match=r"to fit 5,000 rows, about .* MB .*got 0.0 MB on the device 'cpu'"
    ):
        estimator.fit(X, y)
    with pytest.raises(MemoryError):  # what a study records as out of memory
        estimator.fit(X, y)
    monkeypatch.setattr(_memory, "free_memory", lambda device="cpu": None)
    if name != "mlp":
        estimator.fit(X, y)  # nothing is refused where nothing is known


def test_looking_ahead_changes_no_random_state():
    X, y = problem(3_000)
    estimator = architectures.get("mlp").make("classification", random_state=np.random.RandomState(0))
    states = torch.get_rng_state(), estimator.random_state.get_state()[1].copy()
    estimator.peak_memory(X, y)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(estimator.random_state.get_state()[1], states[1])


def test_free_memory_is_told_on_linux():
    free = _memory.free_memory()
    if free is None:
        pytest.skip("the system does not tell")
    assert 10**6 < free < 10**14
