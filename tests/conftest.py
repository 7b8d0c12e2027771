"""Shared by all tests: no test reaches the network beyond this machine, or leaves it to others to tidy up."""

import os
import socket

import pytest

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
TOLD = "MLFLOW_TRACKING_URI"


def pytest_addoption(parser):
    parser.addoption(
        "--everything",
        action="store_true",
        help="also checks that are made with another architecture already",
    )


@pytest.fixture(autouse=True)
def mlflow_is_told_nothing():
    """``mlflow.set_tracking_uri`` sets a variable that would send what later tests log somewhere else.

    It must not use ``monkeypatch``, so that it looks once that has restored what a test has set.
    """
    before = os.environ.get(TOLD)
    yield
    after = os.environ.pop(TOLD, None)
    if before is not None:
        os.environ[TOLD] = before
    assert after == before, f"the test left {TOLD}={after}"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Any connection that leaves the machine fails the test that made it."""
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def no_openml(monkeypatch, tmp_path_factory):
    """The client of OpenML runs in a process of its own, which that guard does not see; no cache is used."""
    monkeypatch.setenv("ARCH_ADVISOR_OPENML_SERVER", "http://127.0.0.1:9/api/v1/xml")  # nobody listens there
    monkeypatch.setenv("ARCH_ADVISOR_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def nothing_learned(monkeypatch, tmp_path):
    """What the user of this machine has taught the advisor is none of the tests' business."""
    monkeypatch.setenv("ARCH_ADVISOR_LEARNED", str(tmp_path / "learned.json"))
