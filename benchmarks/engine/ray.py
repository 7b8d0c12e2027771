"""Runs cells on a Ray cluster: a local engine of one process in each of its places, on every node."""

from __future__ import annotations

import logging
import os
import queue
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from advisor.errors import EngineError, MissingDependency
from benchmarks.cell import Cell, Outcome, Status
from benchmarks.engine import Limits
from benchmarks.engine.local import LocalEngine, failure, processors
from datasets.sources import openml

try:
    import ray
    from ray._private import ray_constants
except ImportError as error:
    raise MissingDependency(
        "the engine 'ray' needs Ray", got="no such package", do="pip install 'arch-advisor[ray]'"
    ) from error

Function = Callable[[Cell], Outcome]
# in the order of .gitignore: nothing but the packages a cell needs, so no data store, key or notebook is sent
_UNSENT = ["/*", "!.", "!/advisor", "!/benchmarks", "!/datasets", "__pycache__/"]
_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"  # set in a submitted job, which has sent its own folder
_ROOT = Path(__file__).parents[2]
_LOOPBACK = "127.0.0.1"
_TOKEN = secrets.token_hex(32)  # of the clusters that this process starts; Ray reads the first one only
_STORE = 100 * 2**20  # bytes of Ray's object store on this machine: cells and outcomes are small
_ATTEMPTS = 3  # runs of a cell whose node or place was lost, and starts of a place
_KNOCK = 20.0  # seconds for a cluster to answer
_POLL = 1.0  # seconds between looks at what is late
_SLACK = 900.0  # seconds beyond its limit in which a place must have said what became of a cell
_PATIENCE = 900.0  # seconds until a cluster must have given one place; it may have to start machines


class RayEngine:
    """Places on the nodes of a cluster; see :class:`benchmarks.engine.Engine` for what it promises.

    A place is an actor that holds its share of a node and runs cells in a process of its own by the local
    engine. So limits, silence and reasons are the same on both engines, and what a cell does to its process
    does not touch Ray. What is lost with a node runs again on another one.

    Parameters
    ----------
    workers : int or None
        Places; None for as many as fit on the cluster now, or on this machine.
    threads : int
        Threads, and processors, of each.
    gpus : float
        GPUs of each; 0.25 lets four share one. With 0 none is reserved and none is hidden.
    address : str or None
        Of a running cluster: ``"auto"``, ``"host:6379"`` or ``"ray://host:10001"``; the packages of this
        checkout are sent there. None starts one on this machine that listens on the loopback interface
        alone and asks for a token, and ends with the run.

    Raises
    ------
    EngineError
        If the cluster cannot be reached or has no room for one place.
    """

    def __init__(
        self, workers: int | None = None, *, threads: int = 1, gpus: float = 0.0, address: str | None = None
    ) -> None:
        self.threads, self.gpus, self.address = threads, gpus, address
        self.asked = workers is not None
        self.workers = workers or self._places()

    def run(self, function: Function, cells: Iterable[Cell], *, limits: Limits) -> Generator[Outcome]:
        """Run the cells; closing the iterator stops them."""
        with self._cluster():
            run = _Run(self, function, limits)
            try:
                for outcome in run.outcomes(iter(cells)):
                    yield outcome if self.address is None else _with_commit(outcome)
            finally:
                run.stop()

    def _places(self) -> int:
        if self.address is None:
            return max(processors() // self.threads, 1)
        self._connect()  # stays until the process ends
        fitting = sum(_fitting(node, self.needs()) for node in _nodes())
        if not fitting:
            raise self.no_room(self.needs())
        return fitting

    def needs(self) -> dict[str, float]:
        """What a place takes of a node, before memory."""
        return {"CPU": self.threads, **({"GPU": self.gpus} if self.gpus else {})}

    def no_room(self, needs: dict[str, float]) -> EngineError:
        """What to say if no node can take a place."""
        nodes = [{name: node.get(name, 0) for name in needs} for node in _nodes()]
        return EngineError(
            f"a node of the cluster must have room for one cell, {_told(needs)}",
            got="; ".join(map(_told, nodes)) or "no node",
            do="ask for less with --threads, --gpus-per-cell or the study's memory_mb, or add nodes",
        )

    @contextmanager
    def _cluster(self) -> Iterator[None]:
        """Use the connection there is, or one for this run alone."""
        if ray.is_initialized():
            yield
            return
        self._connect()
        try:
            yield
        finally:
            ray.shutdown()

    def _connect(self) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            with _as_before():
                if self.address is None:
                    _start(num_cpus=self.workers * self.threads, **quiet)
                else:
                    _knock(self.address)
                    sent = None if _JOB in os.environ else {"working_dir": str(_ROOT), "excludes": _UNSENT}
                    ray.init(self.address, runtime_env=sent, **quiet)
        except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
            if self.address is None:
                required, do = (
                    "Ray must start on this machine",
                    "see the logs in /tmp/ray, or use --engine local",
                )
            else:
                required = f"a Ray cluster must answer at {self.address!r}"
                do = "start one (docs/clusters.md), or correct --address and the token"
            raise EngineError(required, got=_line(error), do=do) from error


class _Run:
    """The places of one run and what they do."""

    def __init__(self, engine: RayEngine, function: Function, limits: Limits) -> None:
        self.engine, self.limits = engine, limits
        self.needs = engine.needs()
        if limits.memory_mb:
            self.needs["memory"] = limits.memory_mb * 2**20
        if engine.address is not None and not engine.asked:  # now that the memory is known
            engine.workers = sum(_fitting(node, self.needs) for node in _nodes())
        if not engine.workers or (
            engine.address is None and not any(_fitting(node, self.needs) for node in _nodes())
        ):
            raise engine.no_room(self.needs)
        self.arguments = (function, limits, engine.threads, openml.environment())
        self.make: Any = ray.remote(_Place).options(
            num_cpus=self.needs["CPU"],
            num_gpus=self.needs.get("GPU", 0),
            memory=self.needs.get("memory"),
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )
        self.starting: dict[Any, tuple[Any, int]] = {}  # its sign of life -> the place, starts before
        self.free: list[Any] = []
        self.running: dict[Any, _Running] = {}
        self.again: list[Cell] = []
        self.lost: dict[str, int] = {}  # key of a cell -> places that were lost with it
        for _ in range(engine.workers):
            self._start()

    def outcomes(self, cells: Iterator[Cell]) -> Iterator[Outcome]:
        patience = time.monotonic() + _PATIENCE
        reason = ""
        while True:
            while self.free and (cell := self.again.pop(0) if self.again else next(cells, None)) is not None:
                place = self.free.pop()
                self.running[place.run.remote(cell)] = _Running(place, cell, self._late())
            if self.free and not self.running:
                return
            if self.free or self.running:
                patience = time.monotonic() + _PATIENCE
            elif not self.starting:
                raise EngineError(
                    "the cluster must be able to start the process of a worker",
                    got=reason,
                    do="install the same Python and packages on every node (docs/clusters.md)",
                )
            elif time.monotonic() > patience:
                raise self.engine.no_room(self.needs)
            done, _ = ray.wait([*self.running, *self.starting], timeout=_POLL)
            for sign in done:
                if sign in self.starting:
                    reason = self._started(sign)
                elif outcome := self._ended(sign):
                    yield outcome
            for run in self.running.values():
                if time.monotonic() > run.late:
                    ray.kill(run.place)  # it is seen to have died in the next round

    def stop(self) -> None:
        places = [*(place for place, _ in self.starting.values()), *self.free]
        for place in [*places, *(run.place for run in self.running.values())]:
            ray.kill(place)

    def _start(self, before: int = 0) -> None:
        place = self.make.remote(*self.arguments)
        self.starting[place.ready.remote()] = place, before

    def _started(self, sign: Any) -> str:
        place, before = self.starting.pop(sign)
        try:
            ray.get(sign)
        except ray.exceptions.RayError as error:
            if before + 1 < _ATTEMPTS:
                self._start(before + 1)
            return _line(error)
        self.free.append(place)
        return ""

    def _late(self) -> float:
        return time.monotonic() + self.limits.seconds + _SLACK if self.limits.seconds else float("inf")

    def _ended(self, sign: Any) -> Outcome | None:
        """What the cell gave; None if it was lost with its place and runs again."""
        run = self.running.pop(sign)
        try:
            outcome: Outcome = ray.get(sign)
        except ray.exceptions.RayError as error:
            ray.kill(run.place)  # it may be out of reach and alive
            self._start()
            key = run.cell.key
            self.lost[key] = self.lost.get(key, 0) + 1
            if self.lost[key] < _ATTEMPTS:
                self.again.append(run.cell)
                return None
            status: Status = (
                "out_of_memory" if isinstance(error, ray.exceptions.OutOfMemoryError) else "error"
            )
            return failure(run.cell, status, f"its worker or node was lost {_ATTEMPTS} times: {_line(error)}")
        self.free.append(run.place)
        return outcome


@dataclass(frozen=True)
class _Running:
    place: Any
    cell: Cell
    late: float  # when the place itself must have failed


# ---- on a node ----


class _Place:
    """One process for cells, and the local engine that looks after it."""

    def __init__(
        self, function: Function, limits: Limits, threads: int, environment: Mapping[str, str]
    ) -> None:
        os.environ.update(environment)
        # a process starts by loading the file that its parent runs: here all of Ray, for nothing
        vars(sys.modules["__main__"]).pop("__file__", None)
        self.cells: queue.SimpleQueue[Cell] = queue.SimpleQueue()
        engine = LocalEngine(1, threads=threads, spare=0)
        self.outcomes = engine.run(function, iter(self.cells.get, None), limits=limits)

    def ready(self) -> bool:
        return True

    def run(self, cell: Cell) -> Outcome:
        self.cells.put(cell)
        return next(self.outcomes)


# ---- in the driver ----


def _start(**settings: Any) -> None:
    """Start a cluster of this machine alone, closed to the network and to other users."""
    os.environ.setdefault("RAY_AUTH_TOKEN", _TOKEN)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = (
        False  # the only way to have Ray listen on the loopback interface alone
    )
    try:
        # "local": a cluster that RAY_ADDRESS names must not be taken by chance
        ray.init("local", include_dashboard=False, object_store_memory=_STORE, **settings)
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
    (node,) = ray.nodes()  # type: ignore[no-untyped-call]
    if (heard := node["NodeManagerAddress"]) != _LOOPBACK:
        ray.shutdown()
        raise EngineError(
            f"Ray must listen on {_LOOPBACK} alone", got=heard, do="install the tested release: ray==2.60.0"
        )


def _knock(address: str) -> None:
    """Fail at once where nothing listens: Ray itself tries for a quarter of an hour."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()


@contextmanager
def _as_before() -> Iterator[None]:
    """Leave the environment and the handler of SIGTERM as they were: Ray changes both."""
    variables, handler = dict(os.environ), signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
        for name in set(os.environ) - set(variables):
            del os.environ[name]
        os.environ.update(variables)


def _nodes() -> list[dict[str, float]]:
    """What each node has in all."""
    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    return [node["Resources"] for node in nodes if node["Alive"]]


def _fitting(node: dict[str, float], needs: dict[str, float]) -> int:
    """How many places fit on a node.

    Examples
    --------
    >>> _fitting({"CPU": 8, "GPU": 1}, {"CPU": 1, "GPU": 0.25}), _fitting({"CPU": 8}, {"CPU": 1, "GPU": 1})
    (4, 0)
    """
    return min(int(node.get(name, 0) / need) for name, need in needs.items())


def _told(amounts: dict[str, float]) -> str:
    """Amounts in words.

    Examples
    --------
    >>> _told({"CPU": 2, "GPU": 0.25, "memory": 2**30})
    'CPU 2, GPU 0.25, memory 1024 MiB'
    """
    memory = {"memory": lambda n: f"{n / 2**20:.0f} MiB"}
    return ", ".join(f"{name} {memory.get(name, lambda n: f'{n:g}')(n)}" for name, n in amounts.items())


def _line(error: BaseException) -> str:
    """An error of Ray in one line; Ray says it in many."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]


def _with_commit(outcome: Outcome) -> Outcome:
    """Name the commit: what was sent to the nodes came without its history."""
    from benchmarks.environment import environment

    if not outcome.environment:
        return outcome
    known = {name: environment()[name] for name in ("commit", "dirty")}
    return replace(outcome, environment=outcome.environment | known)
