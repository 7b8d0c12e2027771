"""Claims of the lesson and the paper as experiments: one file each, found by its name.

A file is a claim if it defines

``CLAIM``
    a :class:`~benchmarks.claims.base.Claim`: the sentence, its source, the design, what would refute it;
``cells(size)``
    the cells of the experiment, most easily by :func:`~benchmarks.claims.base.grid`;
``measure(cell, facts)``
    the work of one cell, as :func:`benchmarks.run.outcome_of` takes it;
``judge(frame)``
    a :class:`~benchmarks.claims.base.Finding` of the results, one row per cell.

Everything else (workers, limits, resuming, the store, the page) is that of any study.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from advisor.errors import StudyError
from benchmarks.cell import Cell
from benchmarks.claims.base import Claim, Finding, Size

if TYPE_CHECKING:
    from benchmarks.run import Facts

__all__ = ["Experiment", "get", "names"]
_NOT = ("base", "running")


class Experiment(Protocol):
    """What the file of a claim owes, see the text of this package."""

    CLAIM: Claim

    def cells(self, size: Size) -> list[Cell]:
        """List what is to be run: "tiny" for tests, "quick" in minutes, "full" for a verdict to publish."""
        ...

    def measure(self, cell: Cell, facts: Facts) -> None:
        """Run one cell: ``facts.test`` is its score, higher is better, ``facts.extra`` what else counts."""
        ...

    def judge(self, frame: pd.DataFrame) -> Finding:
        """Decide; columns are those of the store, and one for each key of the cells' configurations."""
        ...


def names() -> list[str]:
    """List the claims in the order of their numbers, which loads them all."""
    found = [m.name for m in pkgutil.iter_modules(__path__) if m.name[0] != "_" and m.name not in _NOT]
    return sorted(found, key=lambda name: get(name).CLAIM.number)


def get(name: str) -> Experiment:
    """Load one claim.

    Raises
    ------
    StudyError
        If there is none of that name.
    """
    known = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[0] != "_" and m.name not in _NOT)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise StudyError(
            "the claim must be known", got=repr(name), do=f"{hint}choose one of {', '.join(known)}"
        )
    experiment: Experiment = importlib.import_module(f"{__name__}.{name}")
    return experiment
