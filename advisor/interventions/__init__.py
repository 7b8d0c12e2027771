"""One file per structure that is destroyed; each has ``measure(trial, rng)``: what did that cost?

Cheap models with a known bias are trained on the user's own rows before and after. None means that the data
have no such structure. Structure that costs nothing to destroy does not matter for this target.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from advisor.holdout import sample
from advisor.interventions._trial import Trial
from advisor.probes.base import Evidence
from advisor.roles import INPUTS
from advisor.table import Table

__all__ = ["MOST_ROWS", "Trial", "names", "run"]
MOST_ROWS = 1000  # rows that the cheap models are trained and judged on


def names() -> list[str]:
    """List the interventions.

    Returns
    -------
    list of str
        Sorted file names.

    Examples
    --------
    >>> "permuted_columns" in names()
    True
    """
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[0] != "_")


def run(
    table: Table, folder: Any, folding: Mapping[str, Any], layout: tuple[int, ...], seed: int = 0
) -> tuple[Evidence, ...]:
    """Try every intervention that the structure allows.

    Parameters
    ----------
    table : Table
        With a target.
    folder : transformer or None
        What brings rows into tensors.
    folding : Mapping
        Its options.
    layout : tuple of int
        What a row folds into; ``(d,)`` for a table.
    seed : int
        Of the rows, the splits and the models.

    Returns
    -------
    tuple of Evidence
        In the order of their names; ``details["verdict"]`` is what the interval says.

    Raises
    ------
    TargetError
        If there is no target or too few rows have one.
    """
    data = sample(table, folder, folding, np.random.default_rng([seed, *b"rows"]), MOST_ROWS)
    if len(layout) == 1 and table.columns:
        usable = set(table.labels(*INPUTS))
        if isinstance(data.X, pd.DataFrame):  # from which identifiers and text are gone already
            called = {str(label) for label in usable}
            kept = [place for place, name in enumerate(data.X.columns) if str(name) in called]
            data = replace(data, X=data.X.iloc[:, kept])
        else:
            kept = [place for place, c in enumerate(table.columns) if c.label in usable]
            data = replace(data, X=data.X[:, kept])
        if not kept:
            return ()
    trial = Trial.of(data, layout, seed)
    found = []
    for name in names():
        intervention = importlib.import_module(f"{__name__}.{name}")
        start = time.perf_counter()
        fact = intervention.measure(trial, np.random.default_rng([seed, *name.encode()]))
        if fact is not None:
            found.append(replace(fact, seconds=time.perf_counter() - start))
    return tuple(found)
