"""Runs cells in processes of this machine, one cell at a time in each."""

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
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
from pebble import ProcessExpired, ProcessPool

from benchmarks.cell import Cell, Outcome, Status, canonical_json
from benchmarks.engine import Limits

Function = Callable[[Cell], Outcome]
Future = concurrent.futures.Future[Outcome]
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_WORKER = "pebble_pool_worker"  # the name that pebble gives its processes
_PR_SET_PDEATHSIG = 1
_POLL = 0.2  # seconds between looks at the workers
_GRACE = 2.0  # seconds in which pebble itself should have noticed a dead worker
_STALL = 180.0  # seconds without any cell running: a worker died with the lock of the queue in its hand
# a worker imports the script that was started, which begins a second run in it if nothing guards that
_DIED = "the workers died before it could start: a script that runs a study needs if __name__ == '__main__'"
_ATTEMPTS = 3  # starts of a cell whose pool broke before it was seen to run


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
    """One pebble pool with what pebble does not see: memory, and workers that end without a sign."""

    def __init__(self, engine: LocalEngine, function: Function, limits: Limits, *, folder: Path) -> None:
        self.function, self.limits, self.folder = function, limits, folder
        self.lookahead = engine.workers + engine.spare
        self.waiting: dict[Future, Cell] = {}
        self.broken = False
        self.processes: dict[int, BaseProcess] = {}
        self.ended: dict[int, float] = {}  # pid of a worker -> when it was seen to have ended
        self.hogs: set[int] = set()
        self.alive = time.monotonic()  # when a cell was last seen to run or end
        self.kernel_kills = _kernel_kills()
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
                args = [self.function, cell, str(self.folder)]
                self.waiting[self.pool.schedule(_guarded, args=args, timeout=self.limits.seconds)] = cell
                self.alive = time.monotonic()  # the pool may have been idle for long
            if not self.waiting:
                return
            done, _ = concurrent.futures.wait(self.waiting, _POLL, concurrent.futures.FIRST_COMPLETED)
            if done or any(future.running() for future in self.waiting):
                self.alive = time.monotonic()
            self.broken = time.monotonic() - self.alive > _STALL
            for future in done:
                outcome = self._outcome(future, self.waiting[future])
                if outcome is None:
                    self.broken = True
                    continue
                del self.waiting[future]
                yield outcome
            if self.broken:
                return
            yield from self._look_after_workers()

    def stop(self) -> None:
        """Stop everything at once: a worker holds no state worth a farewell."""
        for process in multiprocessing.active_children():
            if process.name == _WORKER:
                process.kill()
        self.pool.stop()  # type: ignore[no-untyped-call]
        self.pool.join()

    def _outcome(self, future: Future, cell: Cell) -> Outcome | None:
        """What the cell gave; None if the pool broke before it was seen to run."""
        try:
            return future.result()
        except concurrent.futures.TimeoutError:
            spent = self.limits.seconds
            return replace(failure(cell, "timeout", f"stopped after {spent:g} s"), fit_seconds=spent)
        except ProcessExpired as error:
            return self._death(cell, error.pid, error.exitcode)
        except BrokenProcessPool:
            return None
        except concurrent.futures.CancelledError:
            return failure(cell, "error", "cancelled")
        except Exception as error:  # nothing else is expected of pebble; a cell must not be lost all the same
            return failure(cell, "error", f"{type(error).__name__}: {error}")

    def _death(self, cell: Cell, pid: int | None, code: int | None) -> Outcome:
        if pid in self.hogs:
            return failure(
                cell, "out_of_memory", f"stopped above {self.limits.memory_mb} MiB of resident memory"
            )
        kills = _kernel_kills()
        if code == -9 and kills > self.kernel_kills:
            self.kernel_kills = kills
            return failure(cell, "out_of_memory", "killed by the kernel for lack of memory")
        how = f"by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
        return failure(cell, "error", f"worker died {how}")

    def _look_after_workers(self) -> Iterator[Outcome]:
        for process in multiprocessing.active_children():  # reaps the ended ones, too
            if process.name == _WORKER and process.pid is not None:
                self.processes[process.pid] = process
        for pid, process in list(self.processes.items()):
            if process.is_alive():
                if self.limits.memory_mb and _resident_mb(pid) > self.limits.memory_mb:
                    self.hogs.add(pid)
                    process.kill()
            elif time.monotonic() - self.ended.setdefault(pid, time.monotonic()) > _GRACE:
                # pebble overlooks exit code 0, and a worker that dies in the moment it takes a cell
                del self.processes[pid]
                key = _read(self.folder / str(pid))
                for future, cell in list(self.waiting.items()):
                    if cell.key == key and not future.done():
                        del self.waiting[future]
                        future.cancel()
                        yield self._death(cell, pid, process.exitcode)


# ---- in the worker ----


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


def _guarded(function: Function, cell: Cell, folder: str) -> Outcome:
    """Run the function so that nothing but an outcome of plain values comes back."""
    beacon = Path(folder, str(os.getpid()))
    beacon.write_text(cell.key)
    try:
        outcome = function(cell)
        extra, environment = canonical_json(outcome.extra), canonical_json(outcome.environment)
        outcome = replace(outcome, extra=json.loads(extra), environment=json.loads(environment))
    except MemoryError as error:
        outcome = failure(cell, "out_of_memory", f"MemoryError: {error}")
    except BaseException as error:
        reason = "".join(traceback.format_exception_only(error)).strip()
        outcome = failure(cell, "error", reason)
    beacon.write_text("")
    return outcome


# ---- in the driver ----


@contextmanager
def _environment(threads: int) -> Iterator[None]:
    """Set the thread counts where a worker finds them before it loads numpy: in the driver's environment."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
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


def failure(cell: Cell, status: Status, reason: str) -> Outcome:
    """The outcome of a cell that could not give one itself."""
    return Outcome(cell.key, status, reason, finished=datetime.now(UTC).isoformat(timespec="milliseconds"))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _resident_mb(pid: int) -> float:
    try:
        return psutil.Process(pid).memory_info().rss / 2**20
    except psutil.Error:
        return 0.0


def _kernel_kills() -> int:
    """How many processes the kernel has killed for lack of memory since it started (Linux; else 0)."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
