"""What came near to another verdict: the cases in which rules are wrong more often."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.order import FEW_ROWS
from advisor.policy import Verdict
from advisor.probes.base import Evidence
from advisor.table import Table

# Where evidence begins to speak for another verdict. They only sort verdicts into clear and doubtful ones;
# how often either is right is counted (``Calibration.belief``).
NEAR_ORDER, NEAR_SHARE = 0.1, 0.5  # p-value and share of triples of a line that might be ordered
NEAR_SCRAMBLED, SURE_SCRAMBLED = 0.2, 0.8  # odds
SURE_IMAGE, NEAR_IMAGE = 0.9, 0.1  # odds of a line length
SURE_SHARE = 0.75  # of ordered triples
SHORT = 16  # columns or rows
MISSED = -0.75  # power of the rows by which fewer labelled pictures and series do not show their order
MOVING, SURE_MOVING = 0.3, 0.75  # share of columns that move down the rows


def doubts(verdict: Verdict, table: Table, facts: Mapping[str, Evidence]) -> tuple[str, ...]:
    """Name what came near, and what would settle it; nothing if the verdict is clear.

    Examples
    --------
    >>> import numpy as np
    >>> from advisor.intake import read
    >>> from advisor.policy import decide
    >>> from advisor.probes import measure
    >>> rng = np.random.default_rng(0)
    >>> walks = read(rng.normal(size=(80, 40)).cumsum(axis=1), None, rng)
    >>> facts = measure(walks)
    >>> doubts(decide(walks, facts), walks, facts)
    ()
    """
    if verdict.structure == "tabular":
        found = [*_few_rows(verdict, table), *_hidden_columns(table, facts), *_hidden_rows(facts)]
    elif verdict.rule in ("flat_image", "flat_series"):
        found = _layout(verdict, table, facts)
    elif verdict.rule.startswith("scrambled"):
        odds = facts["scrambled_columns"].details["probability"]
        found = [f"that the columns had an order is likely, not certain ({odds:.2f})"] * (
            odds < SURE_SCRAMBLED
        )
    elif verdict.rule in ("panel", "timed_rows", "moving_rows"):
        found = _rows(verdict, facts)
    else:
        found = []
    return tuple(found)


def ceiling(rule: str, facts: Mapping[str, Evidence]) -> float:
    """Highest confidence that the odds of a picture leave to a series of columns, and few rows to a table.

    Counts of verdicts in doubt know nothing of how near a picture came on these data; the odds do. Nor do
    they know of single rows, in which no order can show: if a table and an order are as likely before, a
    table is so likely after none was found in so many rows.

    Parameters
    ----------
    rule : str
        Which rule decided.
    facts : Mapping of str to Evidence
        By name of the probe.

    Returns
    -------
    float
        0.5..1; 1 where no picture came near, rows are enough, or another rule decides.

    Examples
    --------
    >>> ceiling("flat_series", {})
    1.0
    """
    order = facts.get("column_order")
    if rule == "table" and order is not None and order.rows_used < FEW_ROWS:
        return float(1 / (1 + order.rows_used**MISSED))
    fact = facts.get("line_length")
    if rule != "flat_series" or fact is None:
        return 1.0
    odds = float(fact.details["probability"])
    return 1.0 - odds if odds > NEAR_IMAGE else 1.0


def _few_rows(verdict: Verdict, table: Table) -> list[str]:
    if verdict.rule != "table" or table.n >= FEW_ROWS:
        return []
    rows = "one row shows no order" if table.n == 1 else f"{table.n} rows may be too few to show an order"
    return [
        f"{rows}: nine in ten labelled pictures and series held as columns show theirs from {FEW_ROWS} on; "
        "bring more, or say the structure"
    ]


def _hidden_columns(table: Table, facts: Mapping[str, Evidence]) -> list[str]:
    order, scrambled = facts.get("column_order"), facts.get("scrambled_columns")
    found = []
    p_value = 1.0 if order is None or order.p_value is None else order.p_value
    if order is not None and p_value < NEAR_ORDER and order.value > NEAR_SHARE:
        found.append(
            f"the columns are nearly ordered ({order.value:.0%} of triples, p = {p_value:.2g}): more rows or "
            "columns would settle whether they are a series"
        )
    if scrambled is not None and not scrambled.found:
        odds = scrambled.details["probability"]
        if odds > NEAR_SCRAMBLED:
            found.append(
                f"the columns may be a scrambled series or picture ({odds:.2f}): their origin would tell"
            )
    return found


def _hidden_rows(facts: Mapping[str, Evidence]) -> list[str]:
    rows, time = facts.get("row_order"), facts.get("time_axis")
    found = []
    if rows is not None and rows.found and (rows_move(facts) or rows.value > 0.5):
        dated = time is not None and (time.details.get("columns") or time.details.get("in_order"))
        known = rows_move(facts) or dated
        do = "structure='sequence'" if known else "which column tells it, roles={column: 'time'}"
        found.append(f"{_moving(rows)}: if they are in the order of time, say {do}")
    if time is not None and time.details.get("in_order"):
        names = time.details["time_columns"]
        role = f" or roles={{{names[0]!r}: 'time'}}" * (len(names) == 1)
        found.append(
            f"the rows are in the order of {' + '.join(map(repr, names))}: if they are steps of one series, "
            f"say structure='sequence'{role}"
        )
    return found


def _moving(rows: Evidence) -> str:
    share, value = rows.details["moving"], f"autocorrelation {rows.value:.2f}"
    if share > MOVING:
        return f"the rows move ({share:.0%} of columns step by step, {value})"
    few = f"only {share:.0%} of columns move" if share else "no column moves"
    return f"rows are like the rows before them ({value}), as in sorted files, but {few} step by step"


def rows_move(facts: Mapping[str, Evidence]) -> bool:
    """Whether enough columns move step by step down the rows for these to be steps in time.

    Examples
    --------
    >>> rows_move({})
    False
    """
    rows = facts.get("row_order")
    return rows is not None and rows.found and rows.details["moving"] > MOVING


def _layout(verdict: Verdict, table: Table, facts: Mapping[str, Evidence]) -> list[str]:
    geometry = table.geometry
    found = []
    if verdict.rule == "flat_image" and geometry.image < SURE_IMAGE:
        found.append(f"the line length is likely, not certain ({geometry.image:.2f}): their size would tell")
    if verdict.rule == "flat_series":
        if geometry.image > NEAR_IMAGE:
            found.append(f"the columns might be a picture ({geometry.image:.2f}): their origin would tell")
        order = facts["column_order"]
        if order.value < SURE_SHARE or geometry.stop - geometry.start < SHORT:
            found.append(
                f"the order is weak or short ({order.value:.0%} of {order.details['triples']} triples): if "
                "columns are unrelated measurements, say structure='tabular'"
            )
    return found


def _rows(verdict: Verdict, facts: Mapping[str, Evidence]) -> list[str]:
    rows = facts.get("row_order")
    if verdict.rule == "panel":
        fact = facts["panel"]
        if fact.details["memory"] < 0.5:
            return [
                f"few columns remember the value before within an entity ({fact.details['memory']:.0%}): if "
                "times are only labels, say structure='tabular'"
            ]
    elif verdict.rule == "timed_rows" and (share := facts["time_axis"].details.get("repeats")):
        return [f"{share:.0%} of rows repeat a time: if rows are cases of their own, say structure='tabular'"]
    elif rows is None or not rows.found:
        return ["the rows do not depend on the rows before them: order may be that of the file alone"]
    elif verdict.rule == "moving_rows" and rows.details["moving"] < SURE_MOVING:
        return ["no column tells time: a file sorted by something else can look the same"]
    return []
