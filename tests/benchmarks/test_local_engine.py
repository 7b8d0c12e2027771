"""The local engine keeps the promises of an engine."""

import sys

from benchmarks.engine import Limits
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
