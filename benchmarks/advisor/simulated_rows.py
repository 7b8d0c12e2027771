"""Data whose rows are in an order that is known because it was made: in time, in panels, sorted, grouped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.advisor.simulated import Array, Rng, autoregressive

LENGTHS = (60, 200, 600)  # rows


def _columns(rng: Rng) -> tuple[int, int]:
    return int(rng.choice(LENGTHS)), int(rng.integers(3, 9))


def _framed(values: Array, **beside: Any) -> pd.DataFrame:
    return pd.DataFrame({**{f"x{j}": values[:, j] for j in range(values.shape[1])}, **beside})


def exchangeable_rows(rng: Rng) -> pd.DataFrame:
    """Independent rows of correlated columns, some of them whole numbers."""
    n, d = _columns(rng)
    values = rng.normal(size=(n, 1)) + rng.normal(size=(n, d))
    values[:, ::2] = np.round(3 * values[:, ::2])
    return _framed(values)


def sorted_rows(rng: Rng) -> pd.DataFrame:
    """Rows sorted by one column, on which the others depend or not."""
    frame = exchangeable_rows(rng)
    return frame.sort_values(str(rng.choice(frame.columns)), kind="stable", ignore_index=True)


def grouped_rows(rng: Rng) -> pd.DataFrame:
    """Rows grouped by class; the columns differ between classes."""
    n, d = _columns(rng)
    group = np.sort(rng.integers(int(rng.integers(2, 8)), size=n))
    return _framed(rng.normal(size=(n, d)) + rng.normal(0, 1.5, (8, d))[group], k=group)


def sorted_groups(rng: Rng) -> pd.DataFrame:
    """Rows grouped by class and sorted by one column within the group."""
    frame = grouped_rows(rng)
    return frame.sort_values(["k", "x0"], kind="stable", ignore_index=True)


def stacked_halves(rng: Rng) -> pd.DataFrame:
    """Two samples of different level, one below the other."""
    n, d = _columns(rng)
    return _framed(rng.normal(size=(n, d)) + (np.arange(n) >= n // 2)[:, None] * rng.normal(0, 2, d))


def entities_and_numbers(rng: Rng) -> pd.DataFrame:
    """Columns that look like an entity and a time: codes and whole numbers or dates at random, unsorted."""
    n, d = _columns(rng)
    when: Any = rng.integers(2000, 2024, n)
    if rng.random() < 0.5:
        when = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    return _framed(rng.normal(size=(n, d)), who=rng.integers(0, max(2, n // 12), n), when=when)


def sorted_entities(rng: Rng) -> pd.DataFrame:
    """Rows sorted by a category and then by a measurement: in a group it goes forward, but is no time."""
    n, d = _columns(rng)
    frame = _framed(rng.normal(size=(n, d)), who=rng.integers(0, max(2, n // 12), n))
    frame["x0"] = np.round(frame["x0"], 3)
    return frame.sort_values(["who", "x0"], kind="stable", ignore_index=True)


def row_numbers(rng: Rng) -> pd.DataFrame:
    """A row number beside independent rows."""
    frame = exchangeable_rows(rng)
    frame["id"] = np.arange(len(frame)) + int(rng.integers(0, 1000))
    return frame


def random_dates(rng: Rng) -> pd.DataFrame:
    """Dates that describe rows: birthdays, sorted or not."""
    frame = exchangeable_rows(rng)
    days = rng.integers(0, 20_000, len(frame))
    frame["born"] = pd.Timestamp("1950-01-01") + pd.to_timedelta(
        np.sort(days) if rng.random() < 0.5 else days, unit="D"
    )
    return frame


def ar_rows(rng: Rng) -> pd.DataFrame:
    """One long series: each column an AR(1) process down the rows."""
    n, d = _columns(rng)
    return _framed(autoregressive(rng, d, n, rng.uniform(0.7, 0.97)).T)


def walk_rows(rng: Rng) -> pd.DataFrame:
    """Random walks down the rows."""
    return _framed(rng.normal(size=_columns(rng)).cumsum(axis=0))


def timed_rows(rng: Rng) -> pd.DataFrame:
    """AR(1) columns with a clock: hours, days, months or decimal years."""
    frame = ar_rows(rng)
    n = len(frame)
    kind = rng.integers(4)
    clock: Any = 1960 + np.arange(n) / 12
    if kind < 3:
        clock = pd.date_range("2001-01-01", periods=n, freq=("h", "D", "MS")[kind])
    frame.insert(int(rng.integers(frame.shape[1])), "when", clock)
    return frame


def panels(rng: Rng) -> pd.DataFrame:
    """Entities with AR values over shared times, entity by entity or time by time."""
    entities, times, d = int(rng.integers(5, 30)), int(rng.integers(8, 40)), int(rng.integers(2, 6))
    values = autoregressive(rng, entities * d, times, rng.uniform(0.5, 0.95)).reshape(entities, d, times)
    values += rng.normal(size=(entities, d, 1))
    who, when = np.repeat(np.arange(entities), times), np.tile(np.arange(times), entities)
    frame = _framed(
        values.transpose(0, 2, 1).reshape(-1, d), who=rng.permutation(entities)[who], when=1990 + when
    )
    if rng.random() < 0.5:
        frame = frame.sort_values(["when", "who"], ignore_index=True)
    return frame


def lag_rows(rng: Rng) -> pd.DataFrame:
    """A series as 3 to 8 columns of lags, each a row later than the one before, and up to two others."""
    n, lags, others = int(rng.choice(LENGTHS)), int(rng.integers(3, 9)), int(rng.integers(0, 3))
    series = autoregressive(rng, 1, n + lags, rng.uniform(0.3, 0.97))[0]
    held = [series[lag : n + lag] for lag in reversed(range(lags))]
    return _framed(np.column_stack([*held, *rng.normal(size=(others, n))]))
