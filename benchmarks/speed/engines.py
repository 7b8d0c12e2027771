"""``python -m benchmarks.speed.engines``: what the engines add to their cells, and two workers over one.

Every cell does the same sum in pure Python, which keeps one thread busy and shares nothing with another one.
Overhead is (workers x wall - time of the cells) / time of the cells; the wall begins before the workers are
started, for Ray before its cluster is, and ends when the last outcome is there.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.cell import Cell, Outcome, canonical_json
from benchmarks.engine import Engine, Limits
from benchmarks.engine.local import LocalEngine
from benchmarks.speed._timing import Report, Sheet, Times, parse, told

OVERHEAD = 0.05  # at most
SPEED_UP = 1.85  # at least, of two workers
WORKERS = (1, 2)
MISSING = "Ray is not installed: pip install 'arch-advisor[ray]' to measure its engine."
_SAMPLE = 300_000  # rounds of the sum that tell how fast this processor is
Maker = Callable[[int], Engine]


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one run of all cells: on the wall, until the first outcome, and within the cells."""

    wall: float
    first: float
    busy: float

    def overhead(self, workers: int) -> float:
        """Share of the workers' time that no cell used, over the time of the cells.

        Examples
        --------
        >>> Spent(wall=55.0, first=1.0, busy=100.0).overhead(2)
        0.1
        """
        return (workers * self.wall - self.busy) / self.busy


def compute(cell: Cell) -> Outcome:
    """Do the sum that the cell asks for."""
    start, total = time.perf_counter(), 0
    for i in range(json.loads(cell.config)["rounds"]):
        total = (total * 31 + i) % 1_000_003
    return Outcome(cell.key, "ok", fit_seconds=time.perf_counter() - start, extra={"total": total})


def cells(n: int, rounds: int) -> list[Cell]:
    """Make cells of equal work."""
    config = canonical_json({"rounds": rounds})
    return [Cell("none", "", "sum", config, fold=fold, seed=0, protocol="{}") for fold in range(n)]


def rounds_for(seconds: float) -> int:
    """How many rounds take so long on this processor."""
    times = [compute(cells(1, _SAMPLE)[0]).fit_seconds or 0.0 for _ in range(3)]
    return max(int(_SAMPLE * seconds / min(times)), 1)


def spend(engine: Engine, work: Sequence[Cell]) -> Spent:
    """Run all cells."""
    # by the name that a fresh process finds: this module may be __main__ here
    from benchmarks.speed.engines import compute as function

    start, first, busy = time.perf_counter(), 0.0, 0.0
    for outcome in engine.run(function, work, limits=Limits(seconds=600.0)):
        if outcome.status != "ok" or outcome.fit_seconds is None:
            raise RuntimeError(f"a cell ended with {outcome.status}: {outcome.reason}")
        first = first or time.perf_counter() - start
        busy += outcome.fit_seconds
    return Spent(time.perf_counter() - start, first, busy)


def makers(threads: int) -> dict[str, Maker]:
    """How to make each engine that is installed."""
    made: dict[str, Maker] = {"local": lambda workers: LocalEngine(workers, threads=threads)}
    if importlib.util.find_spec("ray") is not None:
        from benchmarks.engine.ray import RayEngine

        made["ray"] = lambda workers: RayEngine(workers, threads=threads)
    return made


def measure(engines: Mapping[str, Maker], work: Sequence[Cell], turns: int) -> list[tuple[str, ...]]:
    """Rows of the table: each engine with one worker and with two, in turns."""
    spent: dict[tuple[str, int], list[Spent]] = {(name, n): [] for name in engines for n in WORKERS}
    for turn in range(turns):
        for name, n in list(spent) if turn % 2 == 0 else reversed(list(spent)):
            spent[name, n].append(spend(engines[name](n), work))
    walls = {key: Times(tuple(one.wall for one in runs)) for key, runs in spent.items()}
    rows: list[tuple[str, ...]] = []
    for (name, n), runs in spent.items():
        overhead = Times(tuple(one.overhead(n) for one in runs))
        speed_up = "" if n == 1 else told(walls[name, 1].over(walls[name, n]), at_least=SPEED_UP)
        first = Times(tuple(one.first for one in runs))
        busy = Times(tuple(one.busy for one in runs))
        rows.append(
            (
                f"{name}, {n} worker{'s' * (n > 1)}",
                str(walls[name, n]),
                str(busy),
                str(first),
                told(overhead, at_most=OVERHEAD),
                speed_up,
            )
        )
    return rows


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cells", type=int, default=300, help="cells of each run, by default 300")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a cell, by default about 1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parse("engines", __doc__, arguments, turns=1, add=_arguments)
    report = Report("engines", options, clock="the wall's clock")
    engines = makers(options.threads)
    if "ray" not in engines:
        report.say(MISSING)
    report.say(f"{options.cells} cells of about {options.seconds:g} s, the same work in each.")
    columns = ("engine", "wall, s", "in the cells, s", "first outcome, s", "overhead", "speed-up")
    work = cells(options.cells, rounds_for(options.seconds))
    report.add(Sheet(columns, measure(engines, work, options.turns)))
    report.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
