"""The OpenML server of the tests, with one process of the client for all: starting one takes seconds."""

import pytest

from datasets.openml import client
from datasets.openml.cache import Cache
from datasets.sources import openml
from tests.datasets.openml_server import serving


@pytest.fixture(scope="session")
def running():
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        patch.setenv("ARCH_ADVISOR_OPENML_SERVER", server.url)
        patch.setattr(client, "LIMITS", client.Limits(total=60, silence=1, tries=3, pause=0.01))
        with openml.session():
            yield server


@pytest.fixture
def server(running, tmp_path, monkeypatch):
    """The server as it was at first, and an empty cache."""
    monkeypatch.setenv("ARCH_ADVISOR_OPENML_SERVER", running.url)
    monkeypatch.setenv("ARCH_ADVISOR_CACHE", str(tmp_path / "cache"))
    running.reset()
    return running


@pytest.fixture
def cache(server):
    return Cache.of(server.url)
