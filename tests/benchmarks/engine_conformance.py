"""What every engine must pass: subclass :class:`EngineConformance` in a test file and give it an engine."""

import ctypes
import itertools
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from benchmarks.cell import Cell, Outcome
from benchmarks.engine import Limits
from datasets.openml import cache
from datasets.sources import openml

ROOT = Path(__file__).parents[2]
IDLE = "import time; time.sleep(600)"
LEFT = []  # what cells leave in the process that runs them


class Unpicklable(Exception):
    def __init__(self, needed):
        super().__init__("raised on purpose")
        self.file = open(os.devnull)  # noqa: SIM115


def cell(what, place=0):
    """A cell whose candidate says what happens when it runs."""
    return Cell(task="none", data_hash="", candidate=what, config="{}", fold=place, seed=0, protocol="")


def behave(cell):
    """Run such a cell."""
    what, _, detail = cell.candidate.partition(":")
    if what == "raise":
        raise ValueError("raised on purpose")
    if what == "raise_unpicklable":
        raise Unpicklable("x")
    if what == "system_exit":
        sys.exit(0)
    if what == "memory_error":
        raise MemoryError
    if what == "unsendable":
        return Outcome(cell.key, "ok", extra={"lambda": lambda: 0})
    if what == "nan":
        return Outcome(cell.key, "ok", extra={"value": float("nan")})
    if what == "exit":
        os._exit(int(detail))
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "nap":
        time.sleep(0.5)
    if what == "nap_and_exit":
        time.sleep(0.5)
        os._exit(3)
    if what == "start":  # another process, and waits for ever
        Path(detail).write_text(str(subprocess.Popen([sys.executable, "-c", IDLE]).pid))
        time.sleep(600)
    if what == "start_hog":
        subprocess.run([sys.executable, "-c", f"hog = b'x' * 600_000_000; {IDLE}"])
    if what == "leave":  # so many MB in its process
        LEFT.append(b"x" * int(float(detail) * 1e6))
    if what == "need":  # so many MB, and long enough to be seen
        needed = b"x" * int(float(detail) * 1e6)
        time.sleep(1)
        del needed
    if what == "kill_parent":  # what looks after the worker on a node, not what the suite speaks of
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    if what == "server":
        return Outcome(cell.key, "ok", extra={"server": openml.server(), "cache": str(cache.root())})
    if what == "devices":
        return Outcome(cell.key, "ok", extra={"devices": os.environ.get("CUDA_VISIBLE_DEVICES")})
    if what == "package":
        import advisor

        return Outcome(cell.key, "ok", extra={"file": advisor.__file__})
    if what == "segfault":
        ctypes.string_at(0)
    if detail and what in ("hang", "loop_in_c"):
        Path(detail).write_text(str(os.getpid()))
    if what == "hang":
        while True:
            time.sleep(60)
    if what == "loop":
        while True:
            pass
    if what == "loop_in_c":  # holds the interpreter's lock, so that no thread of the process can act
        sum(itertools.repeat(0))
    if what == "hog":
        hog = []
        while True:
            hog.append(b"x" * 10_000_000)
            time.sleep(0.001)
    if what == "shout":
        for _ in range(100):
            sys.stdout.write("shout" * 10_000)
            os.write(2, b"shout" * 1_000)
    if what == "flood":
        block = b"x" * 2**20
        for _ in range(2_048):
            os.write(1, block)
    if what == "threads":
        import numpy  # noqa: F401
        import threadpoolctl

        pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
        return Outcome(cell.key, "ok", extra={"pools": pools, "omp": os.environ["OMP_NUM_THREADS"]})
    return Outcome(cell.key, "ok", test=0.5, extra={"pid": os.getpid()})


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition, *, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


class EngineConformance:
    """One test per promise of :class:`benchmarks.engine.Engine`."""

    def engine(self, workers):
        """Make the engine to test."""
        raise NotImplementedError

    #: source of an expression that makes an engine with two workers, after `from benchmarks... import`
    source = ""

    def test_every_misfortune_costs_one_cell(self):
        unfortunate = {
            "raise": ("error", "ValueError: raised on purpose"),
            "raise_unpicklable": ("error", "raised on purpose"),
            "system_exit": ("error", "SystemExit"),
            "memory_error": ("out_of_memory", "MemoryError"),
            "unsendable": ("error", "not JSON serializable"),
            "nan": ("error", "not JSON compliant"),
            "exit:0": ("error", "worker died with exit code 0"),
            "exit:3": ("error", "worker died with exit code 3"),
            "kill": ("error", "worker died by signal 9"),
            "segfault": ("error", "worker died by signal 11"),
            "hang": ("timeout", "stopped after 5 s"),
            "loop": ("timeout", "stopped after 5 s"),
            "loop_in_c": ("timeout", "stopped after 5 s"),
            "hog": ("out_of_memory", "stopped above 500 MiB"),
        }
        cells = [cell("flood")]  # two gigabytes on standard output cost nothing
        for place, what in enumerate(unfortunate):
            cells += [cell("good", place), cell(what)]
        limits = Limits(seconds=5, memory_mb=500)
        outcomes = {o.key: o for o in self.engine(2).run(behave, cells, limits=limits)}
        assert len(outcomes) == len(cells)
        for one in cells:
            outcome = outcomes[one.key]
            status, reason = unfortunate.get(one.candidate, ("ok", ""))
            assert outcome.status == status, f"{one.candidate}: {outcome.reason}"
            assert reason in outcome.reason
            assert outcome.test == (0.5 if status == "ok" else None)
            if status == "timeout":
                assert outcome.fit_seconds == 5  # which it has spent

    def test_a_cell_whose_worker_dies_has_spent_its_time(self):
        cells = [cell("nap_and_exit"), cell("hog")]
        outcomes = list(self.engine(1).run(behave, cells, limits=Limits(memory_mb=500)))
        assert [o.status for o in outcomes] == ["error", "out_of_memory"]
        assert all(0 < o.fit_seconds < 60 for o in outcomes)

    def test_what_a_cell_has_started_ends_with_it(self, tmp_path):
        late, closed = tmp_path / "late", tmp_path / "closed"
        (outcome,) = self.engine(1).run(behave, [cell(f"start:{late}")], limits=Limits(seconds=3))
        assert outcome.status == "timeout"
        assert wait_until(lambda: not alive(int(late.read_text())), seconds=5)
        cells = [cell("good"), cell(f"start:{closed}")]
        outcomes = self.engine(2).run(behave, cells, limits=Limits(seconds=100))
        next(outcomes)
        assert wait_until(lambda: closed.exists() and closed.read_text(), seconds=20)
        outcomes.close()
        assert wait_until(lambda: not alive(int(closed.read_text())), seconds=5)

    def test_the_memory_of_what_a_cell_has_started_counts(self):
        limits = Limits(seconds=60, memory_mb=400)
        (outcome,) = self.engine(1).run(behave, [cell("start_hog")], limits=limits)
        assert (outcome.status, outcome.reason) == (
            "out_of_memory",
            "stopped above 400 MiB of resident memory",
        )

    def test_a_cell_is_not_charged_with_what_others_left(self):
        cells = [cell("leave:120", place) for place in range(3)] + [cell("need:400")]
        limits = Limits(seconds=60, memory_mb=700)
        outcomes = list(self.engine(1).run(behave, cells, limits=limits))
        assert [o.status for o in outcomes] == ["ok"] * 4
        assert len({o.extra["pid"] for o in outcomes}) == 2  # not one for each cell

    def test_a_thousand_cells_give_a_thousand_outcomes(self):
        cells = [cell("good", place) for place in range(1_000)]
        keys = [o.key for o in self.engine(2).run(behave, cells, limits=Limits())]
        assert sorted(keys) == sorted(c.key for c in cells)

    def test_cells_are_taken_as_workers_come_free(self):
        taken = []

        def endless():
            while True:
                taken.append(cell("good", len(taken)))
                yield taken[-1]

        outcomes = self.engine(2).run(behave, endless(), limits=Limits())
        for _ in range(20):
            next(outcomes)
        assert len(taken) < 20 + 10
        outcomes.close()

    def test_closing_stops_what_runs(self, tmp_path):
        note = tmp_path / "pid"
        cells = [cell(f"hang:{note}"), cell("good")]
        outcomes = self.engine(2).run(behave, cells, limits=Limits(seconds=100))
        next(outcomes)
        assert wait_until(lambda: note.exists() and note.read_text(), seconds=20)
        start = time.monotonic()
        outcomes.close()
        assert time.monotonic() - start < 10
        assert wait_until(lambda: not alive(int(note.read_text())), seconds=5)

    def test_no_worker_outlives_a_killed_driver(self, tmp_path):
        notes = [tmp_path / "hang", tmp_path / "busy"]
        busy = "loop_in_c" if sys.platform == "linux" else "hang"  # only Linux ends a process that is busy
        driver = self.start_driver(f"hang:{notes[0]}", f"{busy}:{notes[1]}")
        try:
            assert wait_until(lambda: all(n.exists() and n.read_text() for n in notes), seconds=60)
            driver.kill()
            assert wait_until(lambda: not any(alive(int(n.read_text())) for n in notes), seconds=10)
        finally:
            driver.kill()
            driver.communicate()

    def test_workers_are_silent(self):
        driver = self.start_driver("shout", "good")
        out, err = driver.communicate(timeout=120)
        assert out.split() == ["ok", "ok"]
        assert "shout" not in err

    def test_workers_use_the_server_and_the_cache_of_the_driver(self, monkeypatch, tmp_path):
        server = "http://127.0.0.1:9/api/v1/xml"
        monkeypatch.delenv("ARCH_ADVISOR_OPENML_SERVER", raising=False)
        monkeypatch.setenv("ARCH_ADVISOR_CACHE", str(tmp_path))
        client = SimpleNamespace(config=SimpleNamespace(server=server))  # told in Python, not the environment
        monkeypatch.setitem(sys.modules, "openml", client)
        (outcome,) = self.engine(1).run(behave, [cell("server")], limits=Limits(seconds=100))
        assert outcome.extra == {"server": server, "cache": str(tmp_path / "openml")}
        assert "ARCH_ADVISOR_OPENML_SERVER" not in os.environ

    def test_workers_keep_to_their_threads(self):
        before = dict(os.environ)
        (outcome,) = self.engine(1).run(behave, [cell("threads")], limits=Limits())
        assert outcome.extra["omp"] == "1"
        assert set(outcome.extra["pools"]) == {1}
        assert dict(os.environ) == before

    def start_driver(self, *what):
        script = f"""
from tests.benchmarks.engine_conformance import behave, cell
from benchmarks.engine import Limits
{self.source}
for outcome in engine.run(behave, [cell(what) for what in {list(what)!r}], limits=Limits(seconds=100)):
    print(outcome.status, flush=True)
"""
        if not self.source:
            pytest.skip("no source of the engine was given")
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def behave_by_seed(cell):
    """Run any cell; the seed says what happens."""
    if cell.candidate == "linear" and cell.seed in (1, 2, 3):
        what = {1: "kill", 2: "hang", 3: "raise"}[cell.seed]
        return replace(behave(replace(cell, candidate=what)), key=cell.key)
    return Outcome(cell.key, "ok", validation=0.5, test=0.5, fit_seconds=0.01, predict_seconds=0.01)
