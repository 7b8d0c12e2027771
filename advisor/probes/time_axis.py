"""Is there a column that counts time, one row a step?"""

from __future__ import annotations

import numpy as np

from advisor.clocks import as_clock, regularity
from advisor.probes.base import Evidence
from advisor.table import Table

SHORTEST = 20  # rows


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Find a column that goes forward from row to row in regular steps.

    Dates may skip weekends; plain numbers must step evenly, and a row number 0, 1, 2, ... is not taken for
    time.
    """
    if table.form in ("array", "list_cells") or table.n < SHORTEST or table.run.empty:
        return None
    best: tuple[float, str, float, bool] | None = None
    for column in table.columns:
        if column.role not in ("time", "numeric"):
            continue
        clock = as_clock(table.run[column.label], column.role)
        if clock is None:
            continue
        forward, regular = regularity(clock)
        is_time = column.role == "time"
        passes = forward >= 0.98 and regular >= (0.6 if is_time else 0.95)
        if passes and (best is None or (is_time, regular) > (best[3], best[2])):
            best = (forward, column.name, regular, is_time)
    dates = table.labels("time")
    if best is None and not dates:
        return None
    if best is None:
        return Evidence(
            name="time_axis",
            value=0.0,
            unit="share of regular steps",
            interval=None,
            p_value=None,
            null="dates describe rows rather than count them",
            rows_used=len(table.run),
            reference="steps of one length, as a sampled signal has",
            summary=f"{str(dates[0])!r} holds dates, but rows do not follow them step by step",
            found=False,
            details={"columns": [str(label) for label in dates]},
        )
    forward, name, regular, _ = best
    return Evidence(
        name="time_axis",
        value=regular,
        unit="share of regular steps",
        interval=None,
        p_value=None,
        null="dates describe rows rather than count them",
        rows_used=len(table.run),
        reference="steps of one length, as a sampled signal has",
        summary=f"{name!r} goes forward in {forward:.0%} of rows, {regular:.0%} of its steps have one length",
        found=True,
        details={"column": name},
    )
