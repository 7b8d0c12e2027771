"""The Ray engine keeps the promises of an engine; what is its own on a cluster of this machine."""

import importlib
import os
import signal
import sys
from contextlib import suppress

import grpc
import psutil
import pytest
import ray

from advisor.errors import EngineError, MissingDependency
from benchmarks.engine import Limits
from benchmarks.engine.ray import RayEngine
from tests.benchmarks.engine_conformance import EngineConformance, behave, cell

pytestmark = pytest.mark.slow
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.fixture(scope="module", autouse=True)
def before():
    """One cluster for all tests of the module: an engine uses the connection there is."""
    before = dict(os.environ), signal.getsignal(signal.SIGTERM)
    with RayEngine(2)._cluster():
        yield before


class TestRayEngine(EngineConformance):
    source = "from benchmarks.engine.ray import RayEngine; engine = RayEngine(2)"

    def engine(self, workers):
        return RayEngine(workers)


def test_a_cell_that_is_lost_with_its_place_runs_again_a_few_times_and_the_rest_is_unharmed():
    cells = [cell("good", 0), cell("kill_parent"), cell("good", 1), cell("good", 2)]
    outcomes = {o.key: o for o in RayEngine(2).run(behave, cells, limits=Limits(seconds=100))}
    assert len(outcomes) == 4
    lost = outcomes.pop(cells[1].key)
    assert lost.status == "error"
    assert "its worker or node was lost 3 times" in lost.reason
    assert {o.status for o in outcomes.values()} == {"ok"}


def test_a_worker_that_cannot_start_is_an_error_and_no_endless_loop(monkeypatch):
    module = type(sys)("vanished_module")
    module.vanish = vanish
    monkeypatch.setitem(sys.modules, "vanished_module", module)
    monkeypatch.setattr(vanish, "__module__", "vanished_module")
    with pytest.raises(EngineError, match=r"able to start.*vanished_module.*same Python and packages"):
        list(RayEngine(1).run(vanish, [cell("good")], limits=Limits()))


def vanish(cell):
    return behave(cell)


def test_a_cell_that_fits_on_no_node_is_an_error_at_once():
    with pytest.raises(EngineError, match=r"CPU 1, memory 1000000000 MiB, got CPU 2, memory \d+ MiB: ask"):
        list(RayEngine(2).run(behave, [cell("good")], limits=Limits(memory_mb=10**9)))
    with pytest.raises(EngineError, match=r"CPU 1, GPU 0\.5, got CPU 2, GPU 0: ask for less"):
        list(RayEngine(2, gpus=0.5).run(behave, [cell("good")], limits=Limits()))


def test_a_cluster_that_does_not_start_is_an_error_in_one_line(monkeypatch):
    def fail(*args, **settings):
        raise RuntimeError("Failed to start GCS.\n\nLast 0 lines")

    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(
        EngineError, match=r"start on this machine, got .*start GCS\. Last 0 lines: see the logs"
    ):
        RayEngine(1)._connect()


def test_nothing_listens_beyond_this_machine():
    listening = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # one that ends meanwhile
            connections = process.net_connections("inet")
            listening += [c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN]
    assert len(listening) > 3
    assert set(listening) <= LOOPBACK


def test_who_has_no_token_is_turned_away():
    with grpc.insecure_channel(ray.get_runtime_context().gcs_address) as channel:
        call = channel.unary_unary("/ray.rpc.NodeInfoGcsService/GetClusterId")
        with pytest.raises(grpc.RpcError) as told:
            call(b"", timeout=20)
    assert told.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_the_driver_stays_as_it_was(before):
    variables, handler = before
    tests = ("PYTEST", "ARCH_ADVISOR")  # what tests themselves set
    changed = {name for name in set(os.environ) ^ set(variables) if not name.startswith(tests)}
    assert not changed
    assert signal.getsignal(signal.SIGTERM) is handler


def test_without_ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "benchmarks.engine.ray")
    with pytest.raises(MissingDependency, match=r"pip install 'arch-advisor\[ray\]'"):
        importlib.import_module("benchmarks.engine.ray")
