"""Are the rows several series, one per entity?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.clocks import as_clock
from advisor.probes.base import Evidence
from advisor.table import Table

ROWS_EACH = 5  # median rows of an entity
CANDIDATES = 40  # columns tried as entity or time at most


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Find an entity column and a time column: within each entity, time goes strictly forward down the file.

    A file sorted by one column cannot pass: time must begin anew with each entity or be shared between
    entities. Of several pairs the one with the fewest repeated times and the most rows per entity is taken.
    """
    if table.form in ("array", "list_cells") or table.run.empty or len(table.run) < 4 * ROWS_EACH:
        return None
    entities = _entities(table)
    clocks = _clocks(table)
    best: tuple[float, Any, Any, int] | None = None
    for entity, codes in entities.items():
        for time, clock in clocks.items():
            if time == entity:
                continue
            forward = _forward(codes, clock)
            if forward < 0.98 or not _shared(codes, clock):
                continue
            count = int(codes.max()) + 1
            if best is None or (forward, -count) > (best[0], -best[3]):
                best = (forward, entity, time, count)
    if best is None:
        return None
    forward, entity, time, count = best
    return Evidence(
        name="panel",
        value=forward,
        unit="share of rows later than the row of the same entity before",
        interval=None,
        p_value=None,
        null="entity and time unrelated: within an entity time goes forward in half of the rows",
        rows_used=len(table.run),
        reference="Cuomo et al. (2021), Detecting temporal dependencies in data, BICOD, CEUR-WS 3163",
        summary=(
            f"{count} entities in {str(entity)!r}; within each, {str(time)!r} goes forward in "
            f"{forward:.0%} of rows, and entities share times"
        ),
        found=True,
        details={"entity": str(entity), "time": str(time), "entities": count},
    )


def _entities(table: Table) -> dict[Any, NDArray[np.intp]]:
    found = {}
    for column in table.columns[:CANDIDATES]:
        if column.role not in ("numeric", "categorical", "text"):
            continue
        values = table.run[column.label]
        if pd.api.types.is_float_dtype(values.dtype) and not (values.dropna() % 1 == 0).all():
            continue
        codes, names = pd.factorize(values)
        if len(names) < 2 or (codes < 0).any():
            continue
        if np.median(np.bincount(codes)) >= ROWS_EACH:
            found[column.label] = codes
    return found


def _clocks(table: Table) -> dict[Any, NDArray[np.float64]]:
    found = {}
    for column in table.columns[:CANDIDATES]:
        if column.role not in ("time", "numeric"):
            continue
        clock = as_clock(table.run[column.label], column.role)
        if clock is not None and not np.isnan(clock).any() and len(np.unique(clock)) >= ROWS_EACH:
            found[column.label] = clock
    return found


def _forward(codes: NDArray[np.intp], clock: NDArray[np.float64]) -> float:
    """Share of steps within entities, in file order, that go strictly forward."""
    order = np.argsort(codes, kind="stable")
    steps = np.diff(clock[order])[np.diff(codes[order]) == 0]
    return float((steps > 0).mean()) if len(steps) >= ROWS_EACH else 0.0


def _shared(codes: NDArray[np.intp], clock: NDArray[np.float64]) -> bool:
    """Whether most entities live at times at which others live too, rather than one after another."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    first = np.minimum.reduceat(clock[order], starts)
    last = np.maximum.reduceat(clock[order], starts)
    overlaps = [bool(((first < last[i]) & (last > first[i])).sum() > 1) for i in range(len(starts))]
    return float(np.mean(overlaps)) > 0.5
