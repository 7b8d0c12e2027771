"""Columns that could be time, as numbers; several columns that make one time together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.dates import MONTHS, Notation, parse_times
from advisor.numbers import are_numbers, as_numbers, whole
from advisor.roles import Role

Seconds = NDArray[np.float64]
YEARS = (1500, 2100)
LOOKED_AT = 64  # columns that may be part of a calendar at most
TRIED = 12  # single columns that are plain numbers and are tried as time at most
PARTS = 4  # columns tried for each part of a calendar: years, months, days, hours


def seconds_of(column: pd.Series, notation: Notation | None = None) -> Seconds:
    """Seconds since 1970, or of a duration; NaN where there is none.

    Parameters
    ----------
    column : Series
        Moments, durations, numbers or text.
    notation : Notation, optional
        How other rows of the column are written; judged by these by default.

    Returns
    -------
    ndarray of float64, shape (n,)

    Examples
    --------
    >>> seconds_of(pd.Series(["1970-01-02", None])).tolist()
    [86400.0, nan]
    """
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        seconds = column.dt.total_seconds()
    else:
        times = parse_times(column, notation)
        times = times.dt.as_unit("ms")  # nanoseconds hold no date before 1677 or after 2262
        seconds = (times - pd.Timestamp(0, tz=times.dt.tz).as_unit("ms")).dt.total_seconds()
    return np.asarray(seconds, dtype=np.float64)


def in_order(values: Seconds) -> tuple[float, float, bool]:
    """Share of steps in the better direction, share of steps of one length, and whether that is forward.

    A time that is repeated now and then, as an hour is, does not count against the order.

    Examples
    --------
    >>> in_order(np.array([3.0, 2.0, 2.0, 1.0, 0.0]))
    (1.0, 1.0, False)
    """
    steps = np.diff(values)
    if np.isnan(steps).any() or len(np.unique(values)) < SINGLE * len(values):
        return 0.0, 0.0, True
    steps = steps[steps != 0]
    up, down = regularity(np.append(0, steps.cumsum())), regularity(np.append(0, -steps.cumsum()))
    return (*max(up, down), up >= down)


SINGLE = 0.7  # share of rows whose time is their own if all rows are one series: two make it a half


def regularity(clock: Seconds) -> tuple[float, float]:
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


@dataclass(frozen=True, slots=True)
class Clock:
    """One column, or several from coarse to fine, that may count time."""

    labels: tuple[Any, ...]
    values: Seconds
    dated: bool  # dates, or a calendar in parts, rather than plain numbers

    @property
    def distinct(self) -> float:
        """Share of rows whose time is their own."""
        return len(np.unique(self.values)) / max(1, len(self.values))

    @property
    def name(self) -> str:
        """For people."""
        return " + ".join(repr(str(label)) for label in self.labels)


def clocks(run: pd.DataFrame, roles: Mapping[Any, Role]) -> list[Clock]:
    """List what may count time in the first rows: dates, calendars in parts, years, other numbers.

    A calendar in parts is a year, a month, a day and an hour, or a date and an hour, each a column; which is
    which shows in the values.

    Examples
    --------
    >>> run = pd.DataFrame({"a": np.repeat([2001, 2002], 12), "b": [*range(1, 13)] * 2})
    >>> [clock.labels for clock in clocks(run, {"a": "numeric", "b": "numeric"})][0]
    ('a', 'b')
    """
    dates = [label for label, role in roles.items() if role == "time"]
    singles = []
    for label in dates:
        values = seconds_of(run[label])
        if not np.isnan(values).mean() > 0.02 and len(np.unique(values)) > 1:
            singles.append(Clock((label,), values, True))
    numbers: dict[Any, Seconds] = {}
    for label, role in list(roles.items())[:LOOKED_AT]:
        values_of = _part(run[label], role)
        if values_of is not None:
            numbers[label] = values_of
    parts = {name: [c for c in numbers if test(numbers[c])][:PARTS] for name, test in TESTS.items()}
    singles += [
        Clock((label,), held, True) for label in numbers if (held := _year_month(numbers[label])) is not None
    ]
    calendars = [*_calendars(numbers, parts), *_dated_hours(singles, numbers, parts)]
    years = [Clock((label,), numbers[label], True) for label in parts["year"]]
    plain = [
        Clock((label,), values, False)
        for label, values in numbers.items()
        if label not in parts["year"]
        and roles[label] in ("numeric", "ordinal")
        and len(np.unique(values)) >= 5
    ]
    return [*calendars, *singles, *years, *plain[:TRIED]]


def _part(column: pd.Series, role: Role) -> Seconds | None:
    """Numbers of a column that may be part of a calendar; names of months are 1 to 12."""
    if role in ("numeric", "ordinal", "identifier") and pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return values if len(values) and not np.isnan(values).any() else None
    if role == "categorical":
        names = column.dropna().unique()
        if 2 <= len(names) <= 12 and column.notna().all():
            codes = {name: _month(str(name)) for name in names}
            if all(codes.values()):
                return column.map(codes).to_numpy(dtype=np.float64)
    return None


def _month(name: str) -> int | None:
    name = name.strip().lower()
    return MONTHS.index(name[:3]) + 1 if name[:3] in MONTHS and name.isalpha() and len(name) <= 9 else None


def _year_month(values: Seconds) -> Seconds | None:
    """Months of numbers such as 1947.01 to 1947.12; None if they are none."""
    if not (YEARS[0] <= values.min() and values.max() <= YEARS[1]) or whole(values):
        return None
    months = (values - np.floor(values)) * 100
    rounded = np.round(months)
    if (
        np.abs(months - rounded).max() > 0.05
        or rounded.min() < 1
        or len(np.unique(rounded)) != 12
        or rounded.max() > 12
    ):
        return None
    return np.asarray(np.floor(values) * 12 + rounded - 1)


def _within(low: float, high: float, least: int, reach: float = 0) -> Any:
    """A test for whole numbers in a range, of which at least so many occur, up to ``reach`` at least."""

    def test(values: Seconds) -> bool:
        return bool(
            low <= values.min()
            and reach <= values.max() <= high
            and whole(values)
            and len(np.unique(values)) >= least
        )

    return test


TESTS = {
    "year": _within(*YEARS, least=2),
    "month": _within(1, 12, least=3),
    "quarter": _within(1, 4, least=4),
    "day": _within(1, 31, least=20, reach=28),
    "hour": _within(0, 24, least=4, reach=18),
}


def _calendars(numbers: dict[Any, Seconds], parts: dict[str, list[Any]]) -> list[Clock]:
    """Years with quarters, months, days and hours, the finest first; without a year if there is but one."""
    found: list[Clock] = []
    years: list[Any] = [*parts["year"], None]
    for year in years:
        base = numbers[year] if year is not None else np.full(_rows(numbers), 2000.0)
        head = () if year is None else (year,)
        for month in parts["month"]:
            if month == year:
                continue
            months = (base - 1970) * 12 + numbers[month] - 1
            for day in parts["day"]:
                if day in (month, year):
                    continue
                days = _days(months) + numbers[day] - 1
                for hour in parts["hour"]:
                    if hour not in (day, month, year):
                        seconds = days * 86400 + numbers[hour] * 3600
                        found.append(Clock((*head, month, day, hour), seconds, True))
                found.append(Clock((*head, month, day), days * 86400, True))
            if year is not None and numbers[month].max() - numbers[month].min() >= 10:
                found.append(Clock((year, month), months, True))
        for quarter in parts["quarter"]:
            if year is not None and quarter != year:
                found.append(Clock((year, quarter), base * 4 + numbers[quarter], True))
    return sorted(found, key=lambda clock: -len(clock.labels))[:24]


def _dated_hours(
    singles: list[Clock], numbers: dict[Any, Seconds], parts: dict[str, list[Any]]
) -> list[Clock]:
    found = []
    for clock in singles:
        if np.isnan(clock.values).any() or (clock.values % 86400 != clock.values[0] % 86400).any():
            continue
        for label in parts["hour"]:
            found.append(Clock((*clock.labels, label), clock.values + 3600 * numbers[label], True))
        for label, values in numbers.items():
            if label not in parts["hour"] and values.min() >= 0 and 86400 / 3 < values.max() < 86400:
                found.append(Clock((*clock.labels, label), clock.values + values, True))  # a time of the day
    return found


def _rows(numbers: dict[Any, Seconds]) -> int:
    return len(next(iter(numbers.values()))) if numbers else 0


def _days(months: Seconds) -> Seconds:
    """Days from 1970 to the first of a month that is counted from January 1970."""
    return np.asarray(months.astype("datetime64[M]").astype("datetime64[D]").astype(np.float64))


def read_clock(columns: Sequence[pd.Series], notations: Sequence[Notation] | None = None) -> Seconds:
    """Put one time together from its columns, coarse to fine, so that it sorts rightly.

    Parameters
    ----------
    columns : sequence of Series
        Dates, names of months, numbers.
    notations : sequence of Notation, optional
        How other rows of each column are written; judged by these by default.

    Returns
    -------
    ndarray of float64, shape (n,)
        Ranks.

    Examples
    --------
    >>> read_clock([pd.Series([2001, 2001, 2002]), pd.Series([1, 2, 1])]).argsort().tolist()
    [0, 1, 2]
    """
    return ranked(clock_numbers(columns, notations))


def clock_numbers(columns: Sequence[pd.Series], notations: Sequence[Notation] | None = None) -> list[Seconds]:
    """Read the columns of one time as numbers that sort as they do.

    Parameters
    ----------
    columns, notations
        As in :func:`read_clock`.

    Returns
    -------
    list of ndarray, shape (n,)
        Seconds, numbers as held, or months from 1 to 12; NaN where there is no time.

    Examples
    --------
    >>> [numbers.tolist() for numbers in clock_numbers([pd.Series(["March", "May"])])]
    [[3.0, 5.0]]
    """
    keys = []
    for column, notation in zip(columns, notations or repeat(None), strict=False):
        if pd.api.types.is_numeric_dtype(column.dtype):
            keys.append(column.to_numpy(dtype=np.float64, na_value=np.nan))
            continue
        texts = [str(cell) for cell in column.dropna().iloc[:200]]
        months = [_month(text) for text in texts]
        if texts and all(months):
            keys.append(column.map(lambda cell: _month(str(cell)) or np.nan).to_numpy(dtype=np.float64))
        elif texts and are_numbers(texts):
            keys.append(as_numbers(column).to_numpy(dtype=np.float64))
        else:
            keys.append(seconds_of(column, notation))
    return keys


def ranked(keys: Sequence[Seconds]) -> Seconds:
    """Rank moments of one time by their numbers, coarse to fine.

    Examples
    --------
    >>> ranked([np.array([2002.0, 2001.0]), np.array([1.0, 12.0])]).tolist()
    [2.0, 1.0]
    """
    ranks = np.zeros(len(keys[0]))
    for key in keys:
        level = np.unique(key, return_inverse=True)[1].astype(np.float64)
        ranks = ranks * (level.max(initial=0) + 1) + level
    return ranks
