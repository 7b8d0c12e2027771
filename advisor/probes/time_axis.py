"""Is there a column that counts time, one row a step?"""

from __future__ import annotations

import numpy as np

from advisor.clocks import Clock, in_order, regularity
from advisor.probes.base import Evidence
from advisor.table import Table
from advisor.thinning import covered_again

SHORTEST = 15  # rows
DISTINCT = 0.3  # share of rows whose time is their own, of rows in order that may share one
FORWARD = 0.98  # share of rows that must be later than the row before


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Find a time that goes forward, or backward, from row to row in regular steps.

    Dates and calendars in parts may skip weekends; in random order they count if all rows together fill a
    regular grid once. Plain numbers must step evenly in the order held, and a row number is not taken for
    time. Dates in order that step unevenly, or that some rows share, are told, but not found. Where the
    caller named the time, no other is looked at. A time that a longer file covers again, as recordings one
    after another do, does not put its rows in order.
    """
    if table.form in ("array", "list_cells") or table.n < SHORTEST or table.run.empty:
        return None
    times = table.clocks
    found = [(clock, *_regularity(clock)) for clock in times if not np.isnan(clock.values).any()]
    told = {label for label in table.labels("time") if str(label) in table.told}
    named = [one for one in found if told & set(one[0].labels)]
    found = named or [one for one in found if not covered_again(table, one[0].labels)]
    good = [
        one
        for one in found
        if one[1] >= FORWARD and one[2] >= (0.6 if one[0].dated else 0.95) and _counts(one[0])
    ]
    dates = table.labels("time")
    if not good:
        loose = [one for one in found if one[0].dated and one[1] >= FORWARD]
        repeated = [] if loose else [one for clock, *_ in found if (one := _repeats(clock))]
        loose += repeated
        if not loose and not dates:
            return None
        summary = f"{str(dates[0])!r} holds dates, but rows do not follow them step by step" if dates else ""
        if loose:
            clock, forward, regular, way = loose[0]
            summary = f"{clock.name} goes {way} in {forward:.0%} of rows, but in steps of uneven length"
        if repeated:
            summary = f"{clock.name} never goes back, but {1 - clock.distinct:.0%} of rows repeat a time"
        return _evidence(
            table,
            0.0,
            summary,
            found=False,
            details={
                "columns": [str(label) for label in dates],
                "in_order": bool(loose),
                "told": bool(named),
                "repeats": round(1 - loose[0][0].distinct, 4) if repeated else 0.0,
                "time_columns": [str(label) for label in loose[0][0].labels] if loose else [],
                "tried": len(times),
            },
        )
    clock, forward, regular, way = max(good, key=lambda one: (one[0].dated, one[2], -len(one[0].labels)))
    return _evidence(
        table,
        regular,
        f"{clock.name} goes {way} in {forward:.0%} of rows, {regular:.0%} of its steps have one length"
        + (f"; {len(times)} columns or calendars tried" if len(times) > 1 else ""),
        found=True,
        details={
            "column": " + ".join(str(label) for label in clock.labels),
            "time_columns": [str(label) for label in clock.labels],
            "order": way,
            "tried": len(times),
        },
    )


def _regularity(clock: Clock) -> tuple[float, float, str]:
    """Share of rows in order, of steps of one length, and which way they go."""
    forward, regular, up = in_order(clock.values)
    if forward < FORWARD and clock.dated and clock.distinct >= FORWARD:
        ordered = np.sort(clock.values)
        _, even = regularity(ordered)
        steps = np.diff(ordered)
        filled = (len(steps) + 1) * float(np.median(steps)) / max(float(ordered[-1] - ordered[0]), 1e-9)
        if even >= 0.9 and filled >= 0.9:
            return 1.0, even, "forward once sorted"
    return forward, regular, "forward" if up else "backward"


def _repeats(clock: Clock) -> tuple[Clock, float, float, str] | None:
    """A time in the order of rows that several may share, as the seconds of trades; None if too many do."""
    if not clock.dated or np.isnan(clock.values).any() or clock.distinct < DISTINCT:
        return None
    steps = np.diff(clock.values)
    up, down = bool((steps >= 0).all()), bool((steps <= 0).all())
    return (clock, 1.0, 0.0, "forward" if up else "backward") if up or down else None


def _counts(clock: Clock) -> bool:
    """Whether a time is more than a row number: no plain number that steps by one."""
    return clock.dated or float(np.median(np.abs(np.diff(clock.values)))) != 1


def _evidence(
    table: Table, value: float, summary: str, *, found: bool, details: dict[str, object]
) -> Evidence:
    return Evidence(
        name="time_axis",
        value=value,
        unit="share of regular steps",
        interval=None,
        p_value=None,
        null="dates describe rows rather than count them",
        rows_used=len(table.run),
        reference="steps of one length, as a sampled signal has",
        summary=summary,
        found=found,
        details=details,
    )
