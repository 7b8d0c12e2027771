"""One file per structural fact; each has ``measure(table, rng)``, which gives :class:`Evidence` or None.

None means that the question does not arise, for example the order of rows in a stack of pictures.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from dataclasses import replace

import numpy as np

from advisor.probes.base import Evidence
from advisor.table import Table

__all__ = ["Evidence", "measure", "names"]


def names() -> list[str]:
    """List the probes.

    Examples
    --------
    >>> "column_order" in names()
    True
    """
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base")


def measure(table: Table, seed: int = 0) -> dict[str, Evidence]:
    """Run every probe.

    Parameters
    ----------
    table : Table
        What intake made.
    seed : int
        Each probe gets its own generator from it, so that adding one changes no other.

    Returns
    -------
    dict of str to Evidence
        By name, for those whose question arises.

    Examples
    --------
    >>> from advisor.intake import read
    >>> table = read(np.random.default_rng(0).normal(size=(50, 20)), None, np.random.default_rng(0))
    >>> measure(table)["column_order"].found
    False
    """
    evidence = {}
    for name in names():
        probe = importlib.import_module(f"{__name__}.{name}")
        rng = np.random.default_rng([seed, *name.encode()])
        start = time.perf_counter()
        with np.errstate(over="ignore", invalid="ignore"):  # numbers near the limit of what can be held
            fact = probe.measure(table, rng)
        if fact is not None:
            evidence[name] = replace(fact, seconds=time.perf_counter() - start)
    return evidence
