"""What cells will take, learned from what they took: for the order and an honest time left."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from json import loads
from pathlib import Path

from benchmarks.cell import Cell
from datasets.task import TaskInfo

MEASURED = Path(__file__).with_name("costs.json")  # written by benchmarks.speed.costs
_Group = tuple[str, str, str]  # task, candidate, protocol
_UNKNOWN = (2.0, 0.5)  # factor and exponent of a candidate that nothing is known of
_LOAD = 0.1  # seconds to load and split a task
_PSEUDO = 1.0  # seconds of prior that count against the measured ones


class Costs:
    """Expected seconds of cells.

    Parameters
    ----------
    infos : iterable of TaskInfo
        Sizes of the tasks.
    known : mapping of (task, candidate, protocol) to float
        Seconds measured before, as :meth:`benchmarks.store.Store.costs` gives them.

    Examples
    --------
    >>> from datasets import describe
    >>> info = describe("embedded:digits")
    >>> cell = Cell(info.id, info.data_hash, "gbt", "{}", 0, 0, '{"max_train":1000,"train_fraction":0.7}')
    >>> costs = Costs([info])
    >>> costs.learn(cell, 3.0)
    >>> costs.of(cell)
    3.0
    """

    def __init__(
        self, infos: Iterable[TaskInfo], known: Mapping[tuple[str, str, str], float] | None = None
    ) -> None:
        self._size = {info.id: (info.n, info.d, info.max_train or math.inf) for info in infos}
        self._known = {key: (seconds, 1) for key, seconds in (known or {}).items()}
        self._measured: defaultdict[str, float] = defaultdict(float)  # by candidate
        self._expected: defaultdict[str, float] = defaultdict(float)
        for (task, candidate, protocol), seconds in (known or {}).items():
            if task in self._size:
                self._measured[candidate] += seconds
                self._expected[candidate] += self._prior(task, candidate, protocol)

    def of(self, cell: Cell) -> float:
        """Seconds to expect: as measured before, else scaled from the candidate's other tasks."""
        if (known := self._known.get((cell.task, cell.candidate, cell.protocol))) is not None:
            return known[0]
        scale = (self._measured[cell.candidate] + _PSEUDO) / (self._expected[cell.candidate] + _PSEUDO)
        return scale * self._prior(cell.task, cell.candidate, cell.protocol)

    def learn(self, cell: Cell, seconds: float) -> None:
        """Take in what a cell took."""
        key = (cell.task, cell.candidate, cell.protocol)
        mean, count = self._known.get(key, (0.0, 0))
        self._known[key] = ((mean * count + seconds) / (count + 1), count + 1)
        self._measured[cell.candidate] += seconds
        self._expected[cell.candidate] += self._prior(*key)

    @cache  # noqa: B019  # of a few tasks and candidates, for as long as a command runs
    def _prior(self, task: str, candidate: str, protocol: str) -> float:
        n, d, most = self._size[task]
        caps = loads(protocol)
        rows = min(most, caps.get("max_train", math.inf), caps.get("train_fraction", 1.0) * n)
        a, b = _prior_of(candidate)
        fits = 1 + (caps.get("inner_folds") or 0)
        return _LOAD + a * float(fits * rows / 1_000 * d**b)


@cache
def _measured() -> dict[str, tuple[float, float]]:
    return {name: (a, b) for name, (a, b) in loads(MEASURED.read_text())["seconds"].items()}


def _prior_of(candidate: str) -> tuple[float, float]:
    """Factor and exponent: seconds = factor * (training rows / 1,000) * columns ** exponent.

    It sets the order and the first estimate of a fresh store, and every finished cell corrects it.
    """
    return _measured().get(candidate, _UNKNOWN)


class Remaining:
    """Time left of a run: what unfinished cells should take, over the workers, at the pace kept so far.

    Parameters
    ----------
    cells : iterable of Cell
        What is to run.
    costs : Costs
        Learns from each finished cell.
    workers : int
        How many run at once.
    search_seconds : float or None
        Fit time that a candidate may spend on a task, as in :class:`benchmarks.budget.Budget`.
    """

    def __init__(
        self, cells: Iterable[Cell], costs: Costs, *, workers: int, search_seconds: float | None = None
    ) -> None:
        self._costs, self._workers = costs, workers
        self._budget = math.inf if search_seconds is None else search_seconds
        self._spent: defaultdict[_Group, float] = defaultdict(float)
        self._left: Counter[_Group] = Counter()
        self._example: dict[_Group, Cell] = {}
        for cell in cells:
            self._left[self._group(cell)] += 1
            self._example.setdefault(self._group(cell), cell)
        self._estimated = (0.0, self._estimate(0.0))

    def finish(self, cell: Cell, seconds: float | None, *, elapsed: float) -> None:
        """Take in a finished cell and the seconds it took, None if unknown, ``elapsed`` after the start."""
        group = self._group(cell)
        self._left[group] -= 1
        if seconds is not None:
            self._costs.learn(cell, seconds)
            self._spent[group] += seconds
        self._estimated = (elapsed, self._estimate(elapsed))

    def seconds(self, elapsed: float) -> float:
        """Estimate the wall time left, ``elapsed`` seconds after the start."""
        at, left = self._estimated
        return max(left - (elapsed - at), 0.1 * left)  # a late cell does not make the rest free

    def busy(self) -> dict[str, float]:
        """Estimate the time that the cells left of each candidate need on one worker, in seconds."""
        busy: dict[str, float] = {}
        for group, n in self._left.items():
            busy[group[1]] = busy.get(group[1], 0.0) + self._need(group, n)
        return busy

    def _need(self, group: _Group, n: int) -> float:
        cost = self._costs.of(self._example[group])
        # a search ends with the cell that spends its budget
        return min(n * cost, max(self._budget - self._spent[group], 0.0) + cost)

    def _estimate(self, elapsed: float) -> float:
        left = {group: n for group, n in self._left.items() if n > 0}
        if not left:
            return 0.0
        total = sum(self._need(group, n) for group, n in left.items())
        longest = max(self._costs.of(self._example[group]) for group in left)
        # start-up, loading and a busy machine show in the pace, once there is enough to measure it by
        done = sum(self._spent.values())
        pace = min(max((self._workers * elapsed + 20) / (done + 20), 1.0), 3.0)
        return pace * max(total / self._workers, longest)

    @staticmethod
    def _group(cell: Cell) -> _Group:
        return cell.task, cell.candidate, cell.protocol
