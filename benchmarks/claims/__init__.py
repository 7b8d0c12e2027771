"""Claims of the lesson and the paper as experiments: one file each, found by its name.

A file is a claim if it defines

``CLAIM``
    a :class:`~benchmarks.claims.base.Claim`: the sentence, its source, the design, what would refute it;
``cells(size)``
    the cells of the experiment, most easily by :func:`~benchmarks.claims.base.grid`;
``measure(cell, facts)``
    the work of one cell, as :func:`benchmarks.run.outcome_of` takes it;
``judge(frame)``
    a :class:`~benchmarks.claims.base.Judgement` of the results, one row per cell.

Everything else (workers, limits, resuming, the store, the page) is that of any study.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims.base import Claim, Judgement, Size
from datasets.sources import unknown

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

    def judge(self, frame: pd.DataFrame) -> Judgement:
        """Decide; columns are those of the store, and one for each key of the cells' configurations."""
        ...


def names() -> list[str]:
    """List the claims in the order of their numbers, which loads them all."""
    return sorted(_files(), key=lambda name: get(name).CLAIM.number)


def _files() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[0] != "_" and m.name not in _NOT)


def get(name: str) -> Experiment:
    """Load one claim.

    Raises
    ------
    StudyError
        If there is none of that name.
    """
    if name not in _files():
        raise unknown("the claim must be known", got=name, among=_files())
    experiment: Experiment = importlib.import_module(f"{__name__}.{name}")
    return experiment
