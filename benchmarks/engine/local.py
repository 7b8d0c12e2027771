"""Runs cells in processes of this machine, one cell at a time in each.

A process runs one cell after the other, since starting one takes seconds. It is replaced when a cell ends it,
and before a cell if earlier ones have left much memory in it.
"""

from __future__ import annotations

import concurrent.futures
import ctypes
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from benchmarks.cell import Cell, Outcome, Status, canonical_json
from benchmarks.engine import Limits
from benchmarks.engine.processes import give_back, kernel_kills, kill, resident_mb, started_by, unshared_mb
from datasets.sources import openml

Function = Callable[[Cell], Outcome]
Future = concurrent.futures.Future[Outcome]
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_WORKER = "pebble_pool_worker"  # the name that pebble gives its processes
_PR_SET_PDEATHSIG = 1
_POLL = 0.2  # seconds between looks at the workers
_LOOK = 1.0  # seconds between looks at what workers have started, for which all processes are read
_GRACE = 2.0  # seconds in which pebble itself should have noticed a dead worker, or a cell have ended
_STALL = 180.0  # seconds without any cell running: a worker died with the lock of the queue in its hand
# a worker imports the script that was started, which begins a second run in it if nothing guards that
_DIED = "the workers died before it could start: a script that runs a study needs if __name__ == '__main__'"
_ATTEMPTS = 3  # starts of a cell whose pool broke before it was seen to run
_SHARE = 0.25  # of the memory limit, that earlier cells may have left in a worker
_WORN = "worn "  # before the key of a cell that a worker gave back, since it holds more


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalEngine:
    """A pool of processes; see :class:`benchmarks.engine.Engine` for what it promises.

    Parameters
    ----------
    workers : int
        Processes.
    threads : int
        Threads of each, for BLAS, OpenMP and torch. Two workers of one thread beat one of two.
    spare : int
        Cells that wait at the door, so that no worker does; with none, a cell is asked for only when a
        worker is free.
    """

    def __init__(self, workers: int, *, threads: int = 1, spare: int = 1) -> None:
        self.workers, self.threads, self.spare = workers, threads, spare

    def run(self, function: Function, cells: Iterable[Cell], *, limits: Limits) -> Generator[Outcome]:
        """Run the cells; closing the iterator stops them."""
        queue, attempts = iter(cells), dict[str, int]()
        with tempfile.TemporaryDirectory(prefix="cells-") as folder, _environment(self.threads):
            again: list[Cell] = []
            while True:
                pool = _Pool(self, function, limits, folder=Path(folder))
                try:
                    yield from pool.run(_chain(again, queue))
                finally:
                    pool.stop()
                if not pool.broken:
                    return
                again = []
                for cell in pool.waiting.values():
                    attempts[cell.key] = attempts.get(cell.key, 0) + 1
                    if attempts[cell.key] < _ATTEMPTS:
                        again.append(cell)
                    else:
                        yield failure(cell, "error", _DIED)


class _Pool:
    """One pebble pool with what pebble does not see: time, memory, and workers that end without a sign.

    The clock of the limits is ours: pebble's is that of the wall, which may be set while a cell runs.
    """

    def __init__(self, engine: LocalEngine, function: Function, limits: Limits, *, folder: Path) -> None:
        self.function, self.limits, self.folder = function, limits, folder
        self.lookahead = engine.workers + engine.spare
        self.waiting: dict[Future, Cell] = {}
        self.begun: dict[Future, float] = {}  # when its cell was first seen to run
        self.broken = False
        self.processes: dict[int, BaseProcess] = {}
        self.ended: dict[int, float] = {}  # pid of a worker -> when it was seen to have ended
        self.killed: dict[int, tuple[str | None, Status, str]] = {}  # pid -> for which cell, and why
        self.beside: dict[int, float] = {}  # pid -> MiB of what it has started
        self.looked = 0.0  # when that was looked at
        self.alive = time.monotonic()  # when a cell was last seen to run or end
        self.kernel_kills = kernel_kills()
        self.pool = ProcessPool(
            max_workers=engine.workers,
            initializer=_start_worker,
            # the function is sent here too, so that its module is imported before a worker asks for work
            initargs=(function,),
            context=multiprocessing.get_context("spawn"),
        )

    def run(self, cells: Iterator[Cell]) -> Iterator[Outcome]:
        while True:
            while len(self.waiting) < self.lookahead and (cell := next(cells, None)) is not None:
                self._schedule(cell)
            if not self.waiting:
                return
            done, _ = concurrent.futures.wait(self.waiting, _POLL, concurrent.futures.FIRST_COMPLETED)
            running = [future for future in self.waiting if future.running()]
            now = time.monotonic()
            for future in running:
                self.begun.setdefault(future, now)
            if done or running:
                self.alive = now
            self.broken = now - self.alive > _STALL
            for future in done:
                outcome = self._outcome(future, self.waiting[future])
                if outcome is not None:
                    del self.waiting[future]
                    yield outcome
                elif not self.broken:
                    self._schedule(self.waiting.pop(future))
            if self.broken:
                return
            yield from self._look_after_workers()
            yield from self._stop_what_is_late()

    def stop(self) -> None:
        """Stop everything at once: a worker holds no state worth a farewell."""
        workers = {p.pid: p for p in multiprocessing.active_children() if p.name == _WORKER and p.pid}
        started = started_by(workers)
        for pid, process in workers.items():
            kill(process, started[pid])
        self.pool.stop()  # type: ignore[no-untyped-call]
        self.pool.join()

    def _schedule(self, cell: Cell) -> None:
        most = None if self.limits.memory_mb is None else _SHARE * self.limits.memory_mb
        future = self.pool.schedule(_guarded, args=[self.function, cell, str(self.folder), most])
        self.waiting[future] = cell
        self.alive = time.monotonic()  # the pool may have been idle for long

    def _outcome(self, future: Future, cell: Cell) -> Outcome | None:
        """What the cell gave; None if it runs again, since it was not seen to run or not meant by a kill."""
        took = self._took(future)
        try:
            return future.result()
        except ProcessExpired as error:
            return self._death(cell, error.pid, error.exitcode, took)
        except BrokenProcessPool:
            self.broken = True
            return None
        except concurrent.futures.CancelledError:
            return failure(cell, "error", "cancelled")
        except Exception as error:  # nothing else is expected of pebble; a cell must not be lost all the same
            return failure(cell, "error", f"{type(error).__name__}: {error}")

    def _took(self, future: Future) -> float | None:
        """Seconds since its cell was first seen to run."""
        begun = self.begun.pop(future, None)
        return None if begun is None else time.monotonic() - begun

    def _death(self, cell: Cell, pid: int | None, code: int | None, took: float | None) -> Outcome | None:
        """What became of a cell whose worker has ended; None if that had nothing to do with the cell."""
        if _read(self.folder / str(pid)) == _WORN + cell.key:
            return None
        if pid is not None and pid in self.killed:
            key, status, reason = self.killed.pop(pid)
            if key not in (cell.key, None):
                return None  # it was meant for the cell before
            spent = self.limits.seconds if status == "timeout" else took
            return failure(cell, status, reason, fit_seconds=spent)
        if code == -9 and kernel_kills() > self.kernel_kills:
            self.kernel_kills += 1  # another worker may have been killed in the same moment
            return failure(cell, "out_of_memory", "killed by the kernel for lack of memory", fit_seconds=took)
        how = f"by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
        return failure(cell, "error", f"worker died {how}", fit_seconds=took)

    def _look_after_workers(self) -> Iterator[Outcome]:
        for process in multiprocessing.active_children():  # reaps the ended ones, too
            if process.name == _WORKER and process.pid is not None:
                self.processes[process.pid] = process
        most = self.limits.memory_mb
        if most and time.monotonic() - self.looked > _LOOK:
            self.looked = time.monotonic()
            self.beside = {pid: unshared_mb(them) for pid, them in started_by(self.processes).items()}
        for pid, process in list(self.processes.items()):
            if process.is_alive():
                if most and resident_mb(pid) + self.beside.get(pid, 0.0) > most:
                    key = _read(self.folder / str(pid))
                    self._kill(pid, key, "out_of_memory", f"stopped above {most} MiB of resident memory")
            elif time.monotonic() - self.ended.setdefault(pid, time.monotonic()) > _GRACE:
                # pebble overlooks exit code 0, and a worker that dies in the moment it takes a cell
                del self.processes[pid]
                key = (_read(self.folder / str(pid)) or "").removeprefix(_WORN)
                for future, cell in list(self.waiting.items()):
                    if cell.key == key and not future.done():
                        del self.waiting[future]
                        future.cancel()
                        outcome = self._death(cell, pid, process.exitcode, self._took(future))
                        if outcome is None:
                            self._schedule(cell)
                        else:
                            yield outcome

    def _stop_what_is_late(self) -> Iterator[Outcome]:
        seconds = self.limits.seconds
        if seconds is None:
            return
        why = f"stopped after {seconds:g} s"
        for future, begun in list(self.begun.items()):
            late = time.monotonic() - begun - seconds
            if late <= 0 or future.done():
                continue
            cell = self.waiting[future]
            for pid in self.processes:
                if _read(self.folder / str(pid)) == cell.key:
                    self._kill(pid, cell.key, "timeout", why)
            if late > _GRACE:  # nobody says where it runs; pebble knows, but not what it has started there
                del self.waiting[future], self.begun[future]
                future.cancel()
                yield failure(cell, "timeout", why, fit_seconds=seconds)

    def _kill(self, pid: int, key: str | None, status: Status, reason: str) -> None:
        """Kill a worker with all it has started, unless its cell has ended."""
        if key == "":
            return  # between two cells; the next one asks for another worker
        started = started_by([pid])[pid]
        if _read(self.folder / str(pid)) == key:
            self.killed[pid] = key, status, reason
            kill(self.processes[pid], started)


# ---- in the worker ----

_first_mb: float | None = None  # resident before the first cell


def _start_worker(function: Function) -> None:
    """Set up a fresh worker: silent, and gone when the driver is gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(null, stream)
    driver = multiprocessing.parent_process()
    assert driver is not None
    if sys.platform == "linux":  # a thread cannot act while a cell holds the interpreter; the kernel can
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def follow() -> None:
        wait([driver.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _guarded(function: Function, cell: Cell, folder: str, most_held: float | None) -> Outcome:
    """Run the function so that nothing but an outcome of plain values comes back."""
    beacon = Path(folder, str(os.getpid()))
    if most_held is not None and _holds_more_than(most_held):
        _note(beacon, _WORN + cell.key)
        time.sleep(_POLL)  # in which pebble sees that the cell was taken
        os._exit(1)
    _note(beacon, cell.key)
    start = time.monotonic()
    try:
        outcome = function(cell)
        extra, environment = canonical_json(outcome.extra), canonical_json(outcome.environment)
        outcome = replace(outcome, extra=json.loads(extra), environment=json.loads(environment))
    except MemoryError as error:
        took = time.monotonic() - start
        outcome = failure(cell, "out_of_memory", f"MemoryError: {error}", fit_seconds=took)
    except BaseException as error:
        reason = "".join(traceback.format_exception_only(error)).strip()
        outcome = failure(cell, "error", reason, fit_seconds=time.monotonic() - start)
    _note(beacon, "")
    return outcome


def _holds_more_than(mb: float) -> bool:
    """Whether earlier cells have left more than that in this worker."""
    global _first_mb
    now = resident_mb(os.getpid())
    if _first_mb is None:
        _first_mb = now
    if now - _first_mb <= mb:
        return False
    give_back()
    return resident_mb(os.getpid()) - _first_mb > mb


def _note(beacon: Path, text: str) -> None:
    """Say what this worker does; an outcome is worth more than that the driver knows it."""
    try:
        beacon.parent.mkdir(parents=True, exist_ok=True)  # it may have been swept away in a long study
        beacon.write_text(text)
    except OSError:
        with suppress(OSError):
            beacon.unlink()  # nothing is better than what was true before


# ---- in the driver ----


@contextmanager
def _environment(threads: int) -> Iterator[None]:
    """Tell workers thread counts, before they load numpy, and the server: in the driver's environment."""
    told = {**dict.fromkeys(_THREADS, str(threads)), **openml.environment()}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _chain(first: list[Cell], rest: Iterator[Cell]) -> Iterator[Cell]:
    yield from first
    yield from rest


def failure(cell: Cell, status: Status, reason: str, *, fit_seconds: float | None = None) -> Outcome:
    """The outcome of a cell that could not give one itself."""
    finished = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Outcome(cell.key, status, reason, fit_seconds=fit_seconds, finished=finished)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
