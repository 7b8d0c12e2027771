"""Warnings that are cheap and save a project."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from advisor.policy import Verdict
from advisor.probes.base import Evidence
from advisor.table import FEWEST_ROWS, RUN, Table

FEW_ROWS = {"cnn": 500, "lstm": 500, "gbt": 100}  # below this, folds differ more than families do
RARE = 0.05  # share of the rarest class that is worth a word
LEAK_COLUMNS = 200  # columns checked for giving the target away


def cautions(table: Table, facts: Mapping[str, Evidence], verdict: Verdict, family: str) -> tuple[str, ...]:
    """Collect the warnings.

    Examples
    --------
    >>> from advisor import advise
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> [w.split(":")[0] for w in advise(X, np.arange(60) % 2).warnings]
    ['60 rows are few for gbt']
    """
    found = [
        *table.notes,
        _dependent_rows(table, facts, verdict),
        _duplicates(table),
        _few_rows(table, family),
        _imbalance(table),
        *_leaks(table),
    ]
    return tuple(sentence for sentence in found if sentence)


def _dependent_rows(table: Table, facts: Mapping[str, Evidence], verdict: Verdict) -> str | None:
    if verdict.form == "panel":
        entity = facts["panel"].details["entity"]
        return f"rows of one {entity!r} belong together: split by it, or by time, never at random"
    if verdict.form == "long_series":
        return (
            "rows depend on the rows before them: split by time (first rows to train, last to test), "
            "never at random"
        )
    rows = facts.get("row_order")
    if rows is not None and rows.found and rows.value > 0.1:
        return (
            f"rows depend on their order (autocorrelation {rows.value:.2f}): sorted, grouped or in time? "
            "split by what they share"
        )
    return None


def _duplicates(table: Table) -> str | None:
    values = table.values
    if values.shape[1] < 2 or len(values) < 20 or (len(values) < table.n and table.n > 100_000):
        return None
    frame = table.data
    if isinstance(frame, pd.DataFrame):
        head = frame.iloc[:RUN]
        if any(c.role in ("array", "text", "image", "file") for c in table.columns):
            return None
        share = float(head.set_axis(range(head.shape[1]), axis=1).duplicated().mean())
    else:
        size = min(len(frame), FEWEST_ROWS)
        head_rows = np.ascontiguousarray(frame[:size]).reshape(size, -1)
        share = 1 - len({row.tobytes() for row in head_rows}) / size
    if share < 0.02:
        return None
    return f"{share:.0%} of rows repeat an earlier one: keep copies on one side of a split"


def _few_rows(table: Table, family: str) -> str | None:
    if table.n >= FEW_ROWS[family]:
        return None
    return f"{table.n} rows are few for {family}: compare with a linear model, over repeated splits"


def _imbalance(table: Table) -> str | None:
    if table.kind != "classification" or table.target is None:
        return None
    shares = table.target.value_counts(normalize=True)
    if shares.iloc[-1] >= RARE or len(shares) > 20:
        return None
    return (
        f"class {str(shares.index[-1])!r} has {shares.iloc[-1]:.1%} of rows: accuracy will hide it, stratify "
        "the splits and look at balanced accuracy"
    )


def _leaks(table: Table) -> list[str]:
    """Columns that give the target away: rank-equal to a quantity, or one value per class."""
    if table.target is None or not isinstance(table.data, pd.DataFrame) or table.form != "table":
        return []
    rows = slice(0, RUN)
    target = table.target.iloc[rows].reset_index(drop=True)
    codes = pd.Series(pd.factorize(target)[0]) if table.kind == "classification" else target.astype(float)
    found = []
    for column in table.columns[:LEAK_COLUMNS]:
        values = table.data[column.label].iloc[rows].reset_index(drop=True)
        if column.role not in ("numeric", "categorical"):
            continue
        if table.kind == "regression":
            if column.role != "numeric" or values.nunique() < 10:
                continue
            both = values.notna() & codes.notna()
            if both.sum() < 20:
                continue
            with np.errstate(all="ignore"):  # Spearman's; NaN if either is constant
                strength = abs(float(values[both].astype(float).rank().corr(codes[both].rank())))
            if strength > 0.999:
                found.append(column.name)
        elif 2 <= values.nunique() <= max(20, 2 * codes.nunique()):
            # by code, since values of several types cannot be sorted
            place = pd.factorize(values, use_na_sentinel=values.dtype != object)[0]
            same = pd.crosstab(place[place >= 0], codes[place >= 0])
            if len(same) >= 2 and (same > 0).sum(axis=1).max() == 1 and (same.sum(axis=0) > 0).sum() >= 2:
                found.append(column.name)
    return [f"{name!r} alone gives the target away: would you know it when predicting?" for name in found[:5]]
