"""The Ray engine keeps the promises of an engine."""

import pytest

from benchmarks.engine.ray import RayEngine
from tests.benchmarks.engine_conformance import EngineConformance


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """One cluster of this machine for all tests of the module; an engine uses the connection there is."""
    with RayEngine(2)._cluster():
        yield


class TestRayEngine(EngineConformance):
    source = "from benchmarks.engine.ray import RayEngine; engine = RayEngine(2)"

    def engine(self, workers):
        return RayEngine(workers)
