"""Where cells run: one protocol, one conformance suite, one file per engine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from benchmarks.cell import Cell, Outcome

__all__ = ["Engine", "Limits"]


@dataclass(frozen=True)
class Limits:
    """What one cell may use; enforced from outside the process that runs it."""

    seconds: float | None = None  # from the start of the cell
    memory_mb: int | None = None  # resident memory of the worker and of what it has started, MiB


class Engine(Protocol):
    """What any engine promises, and ``tests/benchmarks/engine_conformance.py`` checks.

    - Every cell gives exactly one outcome, in the order in which they finish, whatever happens to it: an
      exception, a value that cannot be sent, a hang, a crash, a kill or too much memory costs that cell and
      no other. What a cell leaves in its worker is at most a quarter of the memory of those after it.
    - ``timeout`` is the status of a cell stopped for its time, ``out_of_memory`` of one stopped for its
      memory, ``error`` with the reason of every other failure. A cell that was stopped, or whose worker
      died, has ``fit_seconds`` all the same: what it has spent. What it has started is stopped with it.
    - Cells are taken from the iterable only as workers come free, so that a million may be planned.
    - Closing the iterator stops the running cells at once; no process is left behind. Nor does one outlive
      a driver that was killed.
    - A worker uses as many threads as it was given, and writes nothing to the driver's terminal. Its server
      of OpenML, and its cache if one is named, are those of the driver.
    - The engine itself writes to no store.
    """

    workers: int

    def run(
        self, function: Callable[[Cell], Outcome], cells: Iterable[Cell], *, limits: Limits
    ) -> Generator[Outcome]:
        """Run the cells; ``function`` is importable by name in a fresh process."""
        ...
