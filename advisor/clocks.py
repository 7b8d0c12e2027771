"""Columns that could be time, as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.roles import parse_times
from advisor.table import Role


def as_clock(column: pd.Series, role: Role) -> NDArray[np.float64] | None:
    """Turn a column into seconds or plain numbers; None if it cannot be a time.

    Examples
    --------
    >>> as_clock(pd.Series(["2024-01-01", "2024-01-02"]), "time").tolist()
    [0.0, 86400.0]
    >>> as_clock(pd.Series(["a", "b"]), "categorical") is None
    True
    """
    if role == "time":
        if pd.api.types.is_timedelta64_dtype(column.dtype):
            seconds = column.dt.total_seconds()
        else:
            times = parse_times(column)
            seconds = (times - times.min()).dt.total_seconds()
        clock: NDArray[np.float64] = seconds.to_numpy(dtype=np.float64)
        return clock
    if role in ("numeric", "identifier") and pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return None


def regularity(clock: NDArray[np.float64]) -> tuple[float, float]:
    """Share of steps that go forward, and share of those within 10% of the usual step, as months are.

    Examples
    --------
    >>> regularity(np.array([0.0, 1.0, 2.0, 3.0, 10.0]))
    (1.0, 0.75)
    """
    steps = np.diff(clock)
    if not len(steps) or np.isnan(steps).any():
        return 0.0, 0.0
    forward = float((steps > 0).mean())
    positive = steps[steps > 0]
    if not len(positive):
        return forward, 0.0
    usual = float(np.median(positive))
    return forward, float((np.abs(steps - usual) <= 0.105 * usual).mean())
