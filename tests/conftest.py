"""Shared by all tests: no test reaches the network beyond this machine."""

import socket

import pytest

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def pytest_addoption(parser):
    parser.addoption(
        "--everything",
        action="store_true",
        help="also checks that are made with another architecture already",
    )


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
