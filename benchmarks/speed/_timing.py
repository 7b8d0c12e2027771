"""Runs taken in turns, medians with their range, and the tables of docs/speed-training.md."""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.environment import commit_of, environment
from benchmarks.pages import markdown, write

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "speed-training.md"
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of the same run in successive turns.

    Examples
    --------
    >>> str(Times((0.2, 0.1, 0.4)))
    '0.200 (0.100-0.400)'
    """

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the turns."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        digits = 3 if self.median < 1 else 2
        low, high = min(self.seconds), max(self.seconds)
        spread = f" ({low:.{digits}f}-{high:.{digits}f})" if len(self.seconds) > 1 else ""
        return f"{self.median:.{digits}f}{spread}"

    def per(self, parts: int) -> Times:
        """Seconds for each of so many equal parts of the run."""
        return Times(tuple(second / parts for second in self.seconds))

    def over(self, other: Times) -> Times:
        """How many times as long as another one, turn by turn: neighbours in time share what disturbs them.

        Examples
        --------
        >>> Times((2.0, 6.0, 4.0)).over(Times((1.0, 3.0, 1.0))).median
        2.0
        """
        return Times(tuple(a / b for a, b in zip(self.seconds, other.seconds, strict=True)))


def take_turns(
    runs: Mapping[str, Callable[[], object]], *, turns: int, clock: Callable[[], float]
) -> dict[str, Times]:
    """Time runs one after the other, again and again, each turn in the opposite order of the one before.

    Examples
    --------
    >>> said = []
    >>> runs = {"a": lambda: said.append("a"), "b": lambda: said.append("b")}
    >>> sorted(take_turns(runs, turns=2, clock=time.perf_counter)), said
    (['a', 'b'], ['a', 'b', 'b', 'a'])
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(turns):
        for name in list(runs) if turn % 2 == 0 else reversed(list(runs)):
            start = clock()
            runs[name]()
            seconds[name].append(clock() - start)
    return {name: Times(tuple(values)) for name, values in seconds.items()}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table for the terminal and for the page; all columns but the first are numbers."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def show(self, console: Console) -> None:
        """Print it."""
        table = Table(*self.columns, box=None, header_style="bold", pad_edge=False)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in self.rows:
            table.add_row(*row)
        console.print(table)

    def lines(self) -> list[str]:
        """Write it as GitHub does.

        Examples
        --------
        >>> Sheet(("what", "s"), [("a", "1")]).lines()
        ['| what | s |', '| --- | ---: |', '| a | 1 |']
        """
        return markdown(self.columns, self.rows, numbers=range(1, len(self.columns)))


def told(ratio: Times, *, at_most: float | None = None, at_least: float | None = None) -> str:
    """Say a ratio and whether it meets its target.

    Examples
    --------
    >>> told(Times((1.2, 1.3, 1.4)), at_least=1.5), told(Times((1.2,)))
    ('1.30 (at least 1.5: missed)', '1.20')
    """
    said = f"{ratio.median:.2f}"
    if at_most is not None:
        return f"{said} (at most {at_most:.3g}: {'met' if ratio.median <= at_most else 'missed'})"
    if at_least is not None:
        return f"{said} (at least {at_least:.3g}: {'met' if ratio.median >= at_least else 'missed'})"
    return said


class Report:
    """What one benchmark says: on the terminal as it goes, in its part of the page if asked to.

    Parameters
    ----------
    name : str
        The module, ``"training"``; names its part of the page.
    options : argparse.Namespace
        Of :func:`parse`.
    clock : str, optional
        Which one was read, if not that of :func:`clock_of`.
    """

    def __init__(self, name: str, options: argparse.Namespace, *, clock: str | None = None) -> None:
        self.name, self.options = name, options
        self.console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
        self.parts: list[str] = []
        self.say(measured(options.threads, options.turns, clock=clock))

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self.console.print(text, markup=False)
        self.parts.append(textwrap.fill(text, 120))

    def add(self, sheet: Sheet) -> None:
        """Add a table."""
        sheet.show(self.console)
        self.parts.append("\n".join(sheet.lines()))

    def close(self) -> None:
        """Write the part, if that was asked for."""
        if self.options.write:
            write(PAGE, self.name, ["\n\n".join(self.parts)])


def parse(
    name: str,
    document: str | None,
    arguments: Sequence[str] | None,
    *,
    turns: int,
    add: Callable[[argparse.ArgumentParser], object] | None = None,
) -> argparse.Namespace:
    """Read the command line; with another number of threads than asked for, start this process anew.

    Numerical libraries read that number when they are loaded, so it must stand in the environment.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.speed.{name}", description=(document or "").partition("\n")[0]
    )
    parser.add_argument("--turns", type=int, default=turns, help=f"runs of each, by default {turns}")
    parser.add_argument("--threads", type=int, default=1, help="threads of every contender, by default 1")
    parser.add_argument("--write", action="store_true", help=f"keep the tables in {PAGE.name}")
    if add is not None:
        add(parser)
    options = parser.parse_args(arguments)
    if any(os.environ.get(pool) != str(options.threads) for pool in _POOLS) and arguments is None:
        os.environ.update(dict.fromkeys(_POOLS, str(options.threads)))
        os.execv(sys.executable, [sys.executable, "-m", f"benchmarks.speed.{name}", *sys.argv[1:]])
    return options


def clock_of(threads: int) -> Callable[[], float]:
    """The processor's clock for one thread, which other processes do not disturb; the wall's for more."""
    return time.process_time if threads == 1 else time.perf_counter


def measured(threads: int, turns: int, *, clock: str | None = None) -> str:
    """What was measured on, how and when."""
    facts = environment()
    clock = clock or ("the processor's clock" if threads == 1 else "the wall's clock")
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "xgboost", "scikit-learn"))
    runs = f"median and range of {turns} turns" if turns > 1 else "one turn"
    return (
        f"Measured on {datetime.date.today():%-d %B %Y} at commit {commit_of(facts)}, {facts['cpu']}, "
        f"{threads} thread{'s' * (threads > 1)}, {clock}, {versions}: {runs}."
    )
