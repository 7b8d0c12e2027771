"""Strings that are numbers: prices, shares, sizes with a unit, clock times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

MISSING_WORDS = frozenset(
    ["", "?", "-", "--", ".", "..", "na", "n/a", "#n/a", "nan", "nil", "null", "none", "missing", "<na>"]
)
NUMBER = re.compile(
    r"^(?P<open>\()?(?P<sign>[-+\u2212])?\s*(?P<before>[$£€¥₹]|[A-Z]{3}\s)?\s*(?P<sign2>[-+\u2212])?"
    r"(?P<digits>\d[\d.,'\u00a0\u202f ]*|[.,]\d+)(?P<power>[eE][-+]?\d{1,3})?"
    r"\s*(?P<after>%|[$£€¥₹]|°?[A-Za-zµ²³/]{1,8}|°)?(?P<close>\))?$"
)
CLOCK = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?$")
GROUPS = re.compile(r"^\d{1,3}(?:[.,'\u00a0\u202f ]\d{3})+$")
TIMES = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "bn": 1e9}  # 1.2M; one such letter alone is a unit


def are_numbers(cells: Sequence[str]) -> bool:
    """Tell whether strings are quantities of one kind, words for missing values aside.

    Whole numbers of one length with leading zeros (post codes), ranges (``10-20``), fractions (``3/4``),
    versions (``3.1.2``) and codes of letters and digits (``B12``) are names, not numbers.

    Examples
    --------
    >>> are_numbers(["$1,234.50", "$7", "?"]), are_numbers(["1.234,50 EUR", "7 EUR"]), are_numbers(["12%"])
    (True, True, True)
    >>> are_numbers(["02134", "90210"]), are_numbers(["10-20"]), are_numbers(["3.1.2"]), are_numbers(["B12"])
    (False, False, False, False)
    """
    cells = [cell for cell in (c.strip() for c in cells) if cell.lower() not in MISSING_WORDS]
    if not cells:
        return False
    if all(CLOCK.match(cell) for cell in cells):
        return True
    found = [NUMBER.match(cell) for cell in cells]
    if any(match is None for match in found):
        return False
    zeros = [len(c) > 1 and c[0] == "0" and c.isdigit() for c in cells]
    if any(zeros) and len({len(c) for c, zero in zip(cells, zeros, strict=True) if zero}) == 1:
        return False
    units = {match["after"] for match in found if match and match["after"]} - {"%"}
    units -= set("$£€¥₹")
    if len(units) > 1 and not units <= set(TIMES):
        return False
    comma = decimal_comma(cells)
    return all(_plain(match["digits"], comma) is not None for match in found if match)


def as_numbers(column: pd.Series, comma: bool | None = None) -> pd.Series:
    """Read a column as float64; NaN where a cell is missing or is no number.

    Parameters
    ----------
    column : Series
        Numbers or text.
    comma : bool, optional
        Whether a comma stands before the decimals; judged by these cells by default.

    Returns
    -------
    Series of float64

    Examples
    --------
    >>> as_numbers(pd.Series(["1.234,50 EUR", "n/a", "7 EUR"])).tolist()
    [1234.5, nan, 7.0]
    >>> as_numbers(pd.Series(["1.234"])).tolist(), as_numbers(pd.Series(["1.234"]), comma=True).tolist()
    ([1.234], [1234.0])
    >>> as_numbers(pd.Series(["$1,234", "(5)", "12:30"])).tolist()
    [1234.0, -5.0, 45000.0]
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64")
    words = column.dtype == object or pd.api.types.is_string_dtype(column.dtype)
    if not words and not isinstance(column.dtype, pd.CategoricalDtype):
        moments: pd.Series = pd.to_numeric(column, errors="coerce")
        return moments.astype("float64")
    try:
        codes, names = pd.factorize(column)  # each cell is read once, however often it is there
    except TypeError:  # lists and the like, which are no numbers
        codes, names = pd.factorize(column.where(column.isna(), column.astype(str)))
    read: pd.Series = pd.to_numeric(pd.Series(np.asarray(names, dtype=object)), errors="coerce")
    plain = np.array(read, dtype=np.float64)
    left = np.isnan(plain)
    if left.any() or comma:
        cells = [str(name).strip() for name in names]
        comma = decimal_comma(cells) if comma is None else comma
        again = np.arange(len(cells)) if comma else np.flatnonzero(left)  # 1.234 may have been read as 1.234
        for place in again:
            plain[place] = _number(cells[place], comma)
    return pd.Series(np.append(plain, np.nan)[codes], index=column.index, name=column.name)


def decimal_comma(cells: Iterable[str]) -> bool:
    """Whether a comma stands before the decimals, judged over all cells.

    Examples
    --------
    >>> decimal_comma(["1.234,50", "3"]), decimal_comma(["1,234.50", "3"]), decimal_comma(["1,234"])
    (True, False, False)
    """
    seen = False
    for cell in cells:
        if "." in cell:
            if "," not in cell:
                if not re.search(r"\d\.\d{3}(?!\d)", cell):
                    return False
            elif cell.rfind(".") > cell.rfind(","):
                return False
        if "," in cell and not re.search(r"(?<!\d)\d{1,3}(,\d{3})+(?!\d)", cell):
            seen = True
        if "." in cell and "," in cell:
            seen = True
    return seen


@lru_cache(maxsize=2**14)  # prices and shares repeat, and a look reads some of them more than once
def _number(cell: str, comma: bool) -> float:
    clock = CLOCK.match(cell)
    if clock:
        return 3600.0 * int(clock[1]) + 60.0 * int(clock[2]) + float(clock[3] or 0)
    match = NUMBER.match(cell)
    plain = _plain(match["digits"], comma) if match else None
    if match is None or plain is None:
        return float("nan")
    value = float(plain + (match["power"] or "")) * TIMES.get(match["after"] or "", 1.0)
    negative = bool(match["open"] and match["close"]) or "-" in _signs(match) or "\u2212" in _signs(match)
    return -value if negative else value


def _signs(match: re.Match[str]) -> str:
    return (match["sign"] or "") + (match["sign2"] or "")


def _plain(digits: str, comma: bool) -> str | None:
    """Digits as Python writes them; None if the marks between them make no sense."""
    digits = digits.strip()
    point, group = (",", ".") if comma else (".", ",")
    whole, _, decimals = digits.partition(point)
    if point in decimals or not (decimals == "" or decimals.isdigit()):
        return None
    marks = {c for c in whole if not c.isdigit()}
    if marks:
        if len(marks) > 1 or not GROUPS.match(whole) or not marks <= {group, "'", " ", "\u00a0", "\u202f"}:
            return None
        whole = "".join(c for c in whole if c.isdigit())
    return f"{whole or '0'}.{decimals or '0'}"


def whole(values: np.ndarray) -> bool:
    """Whether all numbers are whole; missing ones do not count."""
    held = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return bool(held.dtype.kind in "iu" or (held == np.floor(held)).all())
