"""The local engine keeps the promises of an engine."""

import itertools
import shutil
import sys
import tempfile
import time

import pytest

from benchmarks.engine import Limits, local
from benchmarks.engine.local import LocalEngine
from tests.benchmarks.engine_conformance import EngineConformance, behave, cell


class TestLocalEngine(EngineConformance):
    source = "from benchmarks.engine.local import LocalEngine; engine = LocalEngine(2)"

    def engine(self, workers):
        return LocalEngine(workers)


def test_a_worker_that_cannot_start_is_an_outcome_and_no_endless_loop(monkeypatch):
    # the workers take over the path, so they cannot import the function's module
    module = type(sys)("vanished_module")
    module.vanish = vanish
    monkeypatch.setitem(sys.modules, "vanished_module", module)
    monkeypatch.setattr(vanish, "__module__", "vanished_module")
    outcomes = list(LocalEngine(1).run(vanish, [cell("good"), cell("good", 1)], limits=Limits(seconds=20)))
    assert [o.status for o in outcomes] == ["error", "error"]
    assert "workers died before it could start" in outcomes[0].reason


def vanish(cell):
    return behave(cell)


def test_a_clock_that_is_set_stops_no_cell(monkeypatch):
    steps = itertools.count(start=2e9, step=1_000)
    monkeypatch.setattr(time, "time", lambda: next(steps))
    (outcome,) = LocalEngine(1).run(behave, [cell("nap")], limits=Limits(seconds=60))
    assert outcome.status == "ok"


@pytest.fixture
def swept(monkeypatch, tmp_path):
    """A cell takes away the folder in which workers say what they do."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return cell(f"sweep:{tmp_path}")


def sweep(cell):
    what, _, folder = cell.candidate.partition(":")
    if what != "sweep":
        return behave(cell)
    for path in local.Path(folder).glob("cells-*"):
        shutil.rmtree(path)
    return behave(cell)


def test_a_folder_that_was_swept_away_costs_no_outcome(swept):
    cells = [swept, cell("good"), cell("exit:0"), cell("hang"), cell("good", 1)]
    outcomes = {o.key: o for o in LocalEngine(1).run(sweep, cells, limits=Limits(seconds=3))}
    assert [outcomes[c.key].status for c in cells] == ["ok", "ok", "error", "timeout", "ok"]


def test_a_folder_that_cannot_be_made_again_costs_no_outcome(tmp_path):
    (tmp_path / "file").touch()
    outcome = local._guarded(behave, cell("good"), str(tmp_path / "file" / "folder"), None)
    assert outcome.status == "ok"


def test_two_kills_by_the_kernel_at_once_are_both_told(monkeypatch, tmp_path):
    pool = local._Pool(LocalEngine(1), behave, Limits(), folder=tmp_path)
    monkeypatch.setattr(local, "kernel_kills", lambda: pool_kills)
    pool_kills = pool.kernel_kills + 2
    deaths = [pool._death(cell("good", place), 1, -9, 1.0) for place in range(3)]
    assert [o.status for o in deaths] == ["out_of_memory", "out_of_memory", "error"]


def test_a_kill_that_hits_the_next_cell_costs_it_nothing(tmp_path):
    pool = local._Pool(LocalEngine(1), behave, Limits(seconds=5), folder=tmp_path)
    meant, hit = cell("good"), cell("good", 1)
    pool.killed[1] = meant.key, "timeout", "stopped after 5 s"
    assert pool._death(hit, 1, -9, 1.0) is None
    pool.killed[1] = meant.key, "timeout", "stopped after 5 s"
    assert pool._death(meant, 1, -9, 1.0).status == "timeout"
