"""Are columns the same series, each one row later?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.probes.base import Evidence
from advisor.table import Table

ROWS = 512  # consecutive rows compared
FEW = 64  # up to so many columns every pair is compared, beyond only neighbours
MOST = 128  # columns looked at, and the last
SAME = 0.9  # share of rows in which the value must come from the row before
TARGET = "the target"
CHAIN = 3  # columns, the target among them, that make a chain


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Follow columns that repeat, one row later, what another column held.

    Rows in which the value did not change do not count, so constants and sorted columns cannot pass; the
    chance that columns of measured values agree by accident is nil, and columns of fewer than ten values are
    not looked at.
    """
    if table.form != "table" or table.run.shape[1] < CHAIN or len(table.run) < 20:
        return None
    run = table.run.iloc[:ROWS]
    kept, names = [], []
    roles = {c.label: c.role for c in table.columns}
    labels = [*run.columns[:MOST], *run.columns[MOST:][-1:]]  # the last may be the target
    for label in labels:
        column = run[label]
        if roles.get(label, "numeric") not in ("numeric", "ordinal"):
            continue
        if not pd.api.types.is_numeric_dtype(column.dtype):
            continue
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if len(np.unique(values[:64])) >= 10:
            kept.append(values)
            names.append(str(label) if label in roles else TARGET)
    if len(kept) < CHAIN:
        return None
    values = np.column_stack(kept)
    following = _following(values)
    chain = _longest(following)
    tried = int(following.size) if len(kept) <= FEW else 2 * (len(kept) - 1)
    found = len(chain) >= CHAIN
    listed = [names[j] for j in chain]
    shown = ", ".join(repr(name) if name != TARGET else name for name in listed[:6])
    return Evidence(
        name="lag_columns",
        value=float(len(chain)) if found else 0.0,
        unit="columns that hold one series, each a row later than the one before",
        interval=None,
        p_value=None,
        null="columns unrelated, or related within a row only",
        rows_used=len(values),
        reference="exact agreement with the row before where the value changed",
        summary=(
            f"{len(chain)} columns hold one series, each a row later: {shown}"
            + (", ..." if len(listed) > 6 else "")
            if found
            else f"no column repeats another one row later ({tried} pairs tried)"
        ),
        found=found,
        details={
            "columns": listed if found else [],
            "lags": sum(name != TARGET for name in listed) if found else 0,
            "of": len(kept),
            "tried": tried,
        },
    )


def _following(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether column k holds at each row what column j held one row before."""
    d = values.shape[1]
    before, after = values[:-1], values[1:]
    changed = before != after
    tolerance = 1e-6 * np.nanstd(values, axis=0)
    follows = np.zeros((d, d), bool)
    for j in range(d):
        others = range(d) if d <= FEW else [k for k in (j - 1, j + 1) if 0 <= k < d]
        for k in others:
            if j == k or (
                not abs(after[0, k] - before[0, j]) <= tolerance[j]
                and not abs(after[-1, k] - before[-1, j]) <= tolerance[j]
            ):
                continue
            counted = changed[:, k] & ~np.isnan(before[:, j]) & ~np.isnan(after[:, k])
            same = np.abs(after[counted, k] - before[counted, j]) <= tolerance[j]
            follows[j, k] = len(same) >= 10 and same.mean() >= SAME
    return follows


def _longest(follows: NDArray[np.bool_]) -> list[int]:
    """The longest chain, from the newest value to the oldest."""
    after = {int(j): int(np.flatnonzero(row)[0]) for j, row in enumerate(follows) if row.any()}
    best: list[int] = []
    for start in after:
        chain = [start]
        while chain[-1] in after and after[chain[-1]] not in chain:
            chain.append(after[chain[-1]])
        best = max(best, chain, key=len)
    return best
