"""Strings and numbers that are moments in time."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_HOUR = r"(?:[ T]+\d{1,2}:\d{2}.*)?"
DATE = re.compile(
    rf"^(?:\d{{4}}[-/]\d{{1,2}}(?:[-/]\d{{1,2}})?|\d{{4}}\.\d{{1,2}}\.\d{{1,2}}|(?:19|20)\d{{6}}(?:T?\d{{4,6}}Z?)?"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}}|\d{{1,2}}/\d{{1,2}}/\d{{2}}"
    rf"|(?:[a-z]{{3}},? )?\d{{1,2}}[-/. ]+{_MONTH}[-/, ]+\d{{2,4}}"
    rf"|{_MONTH}[- ]\d{{1,2}}(?:,? |-)\d{{4}}|{_MONTH}[- ]\d{{4}}"
    rf"|\d{{4}}[- ]?Q[1-4]|Q[1-4][-/ ]?\d{{4}}|[1-4]Q[-/ ]?\d{{4}}|\d{{4}}-?M\d{{2}}"
    rf"|\d{{4}}-?W\d{{2}}(?:-?[1-7])?)"
    rf"{_HOUR}$",
    re.IGNORECASE,
)
ORDERED = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})(?!\d)")
EPOCH = {
    "s": (9.4e8, 2.2e9),
    "ms": (9.4e11, 2.2e12),
    "us": (9.4e14, 2.2e15),
    "ns": (9.4e17, 2.2e18),
}  # 2000..2039
PACKED = {0: "%Y%m%d", 4: "%Y%m%d%H%M", 6: "%Y%m%d%H%M%S"}  # by the digits of the time of the day
FIRST_MONTH, LAST_MONTH = 180_001, 210_012  # between which a number of six digits may be a year and a month
ROUND = {"s": 60, "ms": 1000, "us": 1000, "ns": 1000}  # units that make one of the next coarser kind


def are_dates(cells: Sequence[str]) -> bool:
    """Tell whether strings are dates, with or without an hour.

    Bands of age (``10-20``), versions (``3.1.2``), fractions (``3/4``), genes (``MAR-2``), months alone and
    times of the day are none.

    Examples
    --------
    >>> are_dates(["2019-07-01", "2019-08-01"]), are_dates(["20170204", "20170331"]), are_dates(["2019Q3"])
    (True, True, True)
    >>> are_dates(["Q42010"]), are_dates(["4Q 2010"]), are_dates(["2019M07"]), are_dates(["2019M13"])
    (True, True, True, False)
    >>> [are_dates([cell] * 3) for cell in ("10-20", "3.1.2", "3/4", "MAR-2", "May", "12:30")]
    [False, False, False, False, False, False]
    """
    cells = [cell.strip() for cell in cells]
    if not cells or not all(DATE.match(cell) for cell in cells):
        return False
    if all(cell.isdigit() for cell in cells):
        return packed(np.array([int(c) for c in cells], dtype=np.float64)) is not None
    return bool(parse_times(pd.Series(cells)).notna().all())


def day_first(cells: Iterable[str]) -> bool | None:
    """Whether dates such as 03/04/2019 put the day first; None if nothing shows it.

    Examples
    --------
    >>> day_first(["13/04/2019", "01/02/2019"]), day_first(["04/13/2019"]), day_first(["03/04/2019"])
    (True, False, None)
    """
    pairs = [(int(m[1]), int(m[2])) for cell in cells if (m := ORDERED.match(cell.strip()))]
    if any(first > 12 for first, _ in pairs):
        return True
    if any(second > 12 for _, second in pairs) or not pairs:
        return False
    return None


def packed(values: NDArray[np.float64]) -> str | None:
    """Tell the format of whole numbers that are moments: such as "%Y%m%d", a unit of epoch time, or None.

    A random number of eight digits that begins as a year does is a valid date once in 25 times, so three
    different ones that all are decide; epoch times, which codes of ten and more digits resemble, must in
    addition be in order, or round.

    Examples
    --------
    >>> packed(np.array([20170204, 20170331, 20180101, 20180615, 20191231.0]))
    '%Y%m%d'
    >>> packed(np.array([201702042359, 201703310000.0])), packed(np.array([20170204, 20179931.0]))
    ('%Y%m%d%H%M', None)
    """
    held = values[~np.isnan(values)]
    if len(held) < 2 or not (held == np.floor(held)).all():
        return None
    low, high = held.min(), held.max()
    if low == high:
        return None
    for digits, form in PACKED.items():
        if low >= 18_000_101 * 10**digits and high < 21_001_232 * 10**digits:
            valid = _are_days(held // 10**digits) & _are_clocks(held % 10**digits, digits)
            return form if valid.all() and len(np.unique(held)) >= min(3, len(held)) else None
    if low >= FIRST_MONTH and high <= LAST_MONTH:
        month = held % 100
        return "%Y%m" if ((month >= 1) & (month <= 12)).all() and len(np.unique(held)) >= 10 else None
    unit = epoch_unit(held)
    if unit is None or len(held) < 5:
        return None
    steps = np.diff(held)
    forward = max((steps >= 0).mean(), (steps <= 0).mean())
    # nanoseconds are beyond what a float holds exactly, so multiples are compared as floats
    rounded = (held == np.round(held / ROUND[unit]) * ROUND[unit]).mean()
    return unit if forward > 0.95 or rounded > 0.9 else None


def _are_days(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    month, day = values // 100 % 100, values % 100
    return (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)


def _are_clocks(values: NDArray[np.float64], digits: int) -> NDArray[np.bool_]:
    """Whether hours, minutes and seconds, two digits each, are such; without digits they are."""
    parts = [values // 10**place % 100 for place in range(digits - 2, -1, -2)]
    valid = np.ones(len(values), dtype=np.bool_)
    for part, limit in zip(parts, (24, 60, 60), strict=False):
        valid &= part < limit
    return valid


def epoch_unit(values: NDArray[np.float64]) -> str | None:
    """Tell the unit in which numbers would be times since 1970 by their size alone; None if they would not.

    Examples
    --------
    >>> epoch_unit(np.array([1.7e12])), epoch_unit(np.array([1.7e12, 5.0])), epoch_unit(np.array([]))
    ('ms', None, None)
    """
    for unit, (first, last) in EPOCH.items():
        if len(values) and first <= values.min() and values.max() <= last:
            return unit
    return None


class Notation(NamedTuple):
    """How a column writes moments, which a few of its rows may leave open.

    Parameters
    ----------
    form : str or None
        Of numbers: a format such as "%Y%m%d", or a unit of epoch time; None of other text.
    day_first : bool
        Whether 03/04/2019 is the third of April.
    """

    form: str | None = None
    day_first: bool = False

    @classmethod
    def of(cls, column: pd.Series) -> Notation:
        """Learn it from a column.

        Examples
        --------
        >>> Notation.of(pd.Series([20170204, 20170331, 20181224])), Notation.of(pd.Series(["13/04/2019"]))
        (Notation(form='%Y%m%d', day_first=False), Notation(form=None, day_first=True))
        """
        types = pd.api.types
        if types.is_datetime64_any_dtype(column.dtype) or types.is_timedelta64_dtype(column.dtype):
            return cls()
        if isinstance(column.dtype, pd.PeriodDtype):
            return cls()
        if not types.is_numeric_dtype(column.dtype):
            names = column.dropna().astype(str).str.strip().unique()
            if not len(names) or not all(name.isdigit() for name in names):
                return cls(day_first=bool(day_first(names[:2000].tolist())))
            column = pd.to_numeric(column, errors="coerce")
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        # rows in another order than those that were judged have the same unit
        return cls(packed(values) or epoch_unit(values[~np.isnan(values)]) or "s")


def parse_times(column: pd.Series, notation: Notation | None = None) -> pd.Series:
    """Read moments in whatever format; NaT where there is none.

    Parameters
    ----------
    column : Series
        Dates, numbers or text.
    notation : Notation, optional
        How other rows of the column are written; judged by these by default.

    Returns
    -------
    Series of datetime64

    Examples
    --------
    >>> parse_times(pd.Series(["2024-01-31", "nonsense"])).dt.year.tolist()
    [2024.0, nan]
    >>> parse_times(pd.Series(["13/04/2019", "01/02/2019"])).dt.month.tolist()
    [4, 2]
    >>> parse_times(pd.Series([20170204]), Notation("%Y%m%d")).dt.month.tolist()
    [2]
    """
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype):
        return as_datetime(column)
    if isinstance(column.dtype, pd.PeriodDtype):
        starts: pd.Series = column.dt.to_timestamp()
        return starts
    with warnings.catch_warnings():
        # pandas says that it falls back to dateutil; that is what is wanted here
        warnings.simplefilter("ignore", UserWarning)
        notation = notation or Notation.of(column)
        if types.is_numeric_dtype(column.dtype) or notation.form is not None:
            return _from_numbers(pd.to_numeric(column, errors="coerce"), notation.form or "s")
        texts = column.astype(object).where(column.notna(), None)
        head = next((str(cell).strip() for cell in texts if cell is not None), "")
        if WEEK.match(head):
            texts = texts.map(lambda cell: cell if cell is None else _monday(str(cell).strip()))
        elif QUARTER.match(head):
            texts = texts.map(lambda cell: cell if cell is None else _quarter(str(cell).strip()))
        elif MONTH_OF.match(head):
            texts = texts.map(
                lambda cell: cell if cell is None else MONTH_OF.sub(r"\1-\2", str(cell).strip())
            )
        first = notation.day_first
        times: pd.Series = pd.to_datetime(texts, errors="coerce", format="mixed", dayfirst=first, utc=True)
        return times


def as_datetime(column: pd.Series) -> pd.Series:
    """Hold the days of an Arrow table as pandas holds moments; other moments stay as they are.

    Examples
    --------
    >>> as_datetime(pd.Series(pd.to_datetime(["2024-01-31"]))).dt.day.tolist()
    [31]
    """
    days = isinstance(column.dtype, pd.ArrowDtype) and str(column.dtype).startswith("date")
    return column.astype("datetime64[s]") if days else column


WEEK = re.compile(r"^(\d{4})-?W(\d{2})(?:-?([1-7]))?$", re.IGNORECASE)
QUARTER = re.compile(r"^(?:(\d{4})[- ]?Q([1-4])|(?:Q([1-4])|([1-4])Q)[-/ ]?(\d{4}))$", re.IGNORECASE)
MONTH_OF = re.compile(r"^(\d{4})-?M(\d{2})$", re.IGNORECASE)  # as Eurostat writes them


def _monday(cell: str) -> pd.Timestamp | None:
    match = WEEK.match(cell)
    if match is None:
        return None
    day = pd.to_datetime(f"{match[1]} {match[2]} {match[3] or 1}", format="%G %V %u", errors="coerce")
    return None if pd.isna(day) else day


def _quarter(cell: str) -> pd.Timestamp | None:
    match = QUARTER.match(cell)
    if match is None:
        return None
    year, quarter = int(match[1] or match[5]), int(match[2] or match[3] or match[4])
    return pd.Timestamp(year, 3 * quarter - 2, 1)


def _from_numbers(column: pd.Series, form: str) -> pd.Series:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    whole = pd.Series(values, index=column.index)
    if form in EPOCH:
        seconds = whole / 1000 ** list(EPOCH).index(form)
        return pd.Series(pd.to_datetime(seconds, unit="s", errors="coerce", utc=True))
    texts = whole.round().astype("Int64").astype("string")
    return pd.Series(pd.to_datetime(texts.astype(object), format=form, errors="coerce", utc=True))
