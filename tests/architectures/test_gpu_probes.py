"""What is asked of a GPU and of its driver, with stand-ins for both."""

import contextlib
import ctypes
import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import xgboost
from torch import nn

from advisor import architectures
from advisor.architectures import _memory, _network, _network_memory, gbt
from advisor.errors import NotEnoughMemory
from benchmarks import environment


def problem(n=60):
    X = np.random.default_rng(0).normal(size=(n, 6))
    return X, X[:, 0]


# ---- boosted trees ----


class Driver:
    """The library of CUDA's driver, with the answers it gives."""

    def __init__(self, init=0, answer=0, count=1):
        self.init, self.answer, self.count, self.calls = init, answer, count, []

    def cuInit(self, flags):
        self.calls.append(("cuInit", flags))
        return self.init

    def cuDeviceGetCount(self, where):
        self.calls.append(("cuDeviceGetCount",))
        where._obj.value = self.count
        return self.answer


@pytest.fixture
def driver(monkeypatch):
    """Say what XGBoost was built for and what the driver answers; None where there is none."""

    def given(answers, *, built=True):
        asked = []

        def load(name):
            asked.append(name)
            if answers is None:
                raise OSError(f"{name}: cannot open shared object file")
            return answers

        monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": built})
        monkeypatch.setattr(ctypes, "CDLL", load)
        return asked

    return given


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (Driver(), "cuda"),
        (Driver(count=3), "cuda"),
        (Driver(count=0), "cpu"),  # a driver without a GPU
        (Driver(init=100), "cpu"),  # CUDA_ERROR_NO_DEVICE
        (Driver(answer=3), "cpu"),  # CUDA_ERROR_NOT_INITIALIZED
        (None, "cpu"),
    ],
)
def test_boosted_trees_take_a_gpu_that_the_driver_sees(driver, answers, expected):
    asked = driver(answers)
    assert gbt._pick_device("auto") == expected
    assert asked == ["libcuda.so.1"]
    if answers is not None:
        assert answers.calls[0] == ("cuInit", 0)
        assert (len(answers.calls) == 2) is (answers.init == 0)


def test_boosted_trees_without_cuda_ask_no_driver(driver):
    assert driver(Driver(), built=False) == []
    asked = driver(Driver(), built=False)
    assert gbt._pick_device("auto") == "cpu"
    assert asked == []


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:1"])
def test_boosted_trees_take_a_device_that_is_named(driver, name):
    asked = driver(None)
    assert gbt._pick_device(name) == name
    assert asked == []


# ---- memory ----


@pytest.fixture
def card(monkeypatch):
    """A second GPU with 1,000 bytes free; of 700 that torch holds 200 are in no tensor."""

    def of(answer):
        def asked(device):
            assert device == "cuda:1"
            return answer

        return asked

    monkeypatch.setattr(torch.cuda, "mem_get_info", of((1_000, 9_000)))
    monkeypatch.setattr(torch.cuda, "memory_reserved", of(700))
    monkeypatch.setattr(torch.cuda, "memory_allocated", of(500))


def test_what_torch_holds_but_does_not_use_is_free(card):
    free = _memory.free_memory("cuda:1")
    assert free == 1_200
    assert type(free) is int


def test_what_no_system_tells_is_not_known():
    assert _memory.free_memory("mps") is None


def test_a_fit_that_the_gpu_cannot_hold_is_refused(card, monkeypatch):
    X, y = problem()
    estimator = architectures.get("mlp").make("regression")
    monkeypatch.setattr(_memory, "FEW", 0)  # look at small data too
    needs = {"cpu": 1, "cuda:1": 1_200}
    monkeypatch.setattr(_memory, "peak_memory", lambda *_: needs)
    _memory.check_memory(estimator, X, y)
    needs["cuda:1"] += 1
    with pytest.raises(NotEnoughMemory, match=r"got 0\.0 MB on the device 'cuda:1'.*or lower batch_size"):
        _memory.check_memory(estimator, X, y)


def test_the_memory_of_a_network_is_told_by_device(monkeypatch):
    """The rows are encoded in the memory of the machine, and trained on in that of the device."""
    X, y = problem(2_000)
    estimator = architectures.get("mlp").make("regression", random_state=0)
    here = estimator.set_params(device="cpu").peak_memory(X, y)
    monkeypatch.setattr(_network_memory, "pick_device", lambda name: torch.device("meta"))
    monkeypatch.setattr(_network_memory, "seeded", lambda *_: contextlib.nullcontext())  # it has no seed
    monkeypatch.setattr(_network_memory, "training_memory", lambda *_, **__: 12_345)
    there = estimator.set_params(device="meta").peak_memory(X, y)
    assert there.keys() == {"cpu", "meta"}
    assert there["meta"] == 12_345
    assert 2_000 * 6 * 4 < there["cpu"] < here["cpu"]  # the encoded rows at least, no training
    monkeypatch.setattr(_network_memory, "pick_device", lambda name: torch.device("cpu"))
    assert estimator.peak_memory(X, y) == {"cpu": max(there["cpu"], 12_345)}


# ---- pickles ----


class Resident(nn.Linear):
    """A module that remembers on which device it is."""

    place = "cuda:1"

    def cpu(self):
        self.place = "cpu"
        return super().cpu()


def test_a_network_is_pickled_as_if_trained_on_the_processor():
    X, y = problem()
    estimator = architectures.get("mlp").make("regression", max_epochs=1, device="cpu").fit(X, y)
    living = estimator.module_ = Resident(6, 1)
    state = estimator.__getstate__()
    assert isinstance(estimator, _network.Network)
    assert state["module_"].place == "cpu"
    assert estimator.module_ is living
    assert living.place == "cuda:1"  # it goes on where it is
    assert pickle.loads(pickle.dumps(estimator)).module_.place == "cpu"


# ---- what a study records ----


def test_the_gpu_is_named_where_torch_is_loaded_anyway(monkeypatch):
    named = SimpleNamespace(is_available=lambda: True, get_device_name=lambda place: f"card {place}")
    monkeypatch.setattr(torch, "cuda", named)
    assert environment.gpu() == "card 0"
    monkeypatch.setattr(named, "is_available", lambda: False)
    assert environment.gpu() == ""
    monkeypatch.delitem(sys.modules, "torch")
    assert environment.gpu() == ""
    assert "torch" not in sys.modules
