"""What each column of a frame is for."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import InputError
from advisor.table import Role

DATE = re.compile(
    r"^\s*(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|"
    r"\d{1,2}[-/ ][A-Za-z]{3,9}[-/ ]\d{2,4})"
    r"([ T]\d{1,2}:\d{2}.*)?\s*$"
)
WORDS_OF_TEXT = 3  # mean words per cell; AutoGluon draws the line at the same place
LETTERS_OF_TEXT = 30  # mean letters per cell of strings without spaces, such as DNA
LOOK = 200  # cells of a column that are read to tell what it is


def role_of(column: pd.Series) -> Role:
    """Tell the role of one input column from its values alone, never from its name.

    Parameters
    ----------
    column : Series
        All rows.

    Returns
    -------
    {"numeric", "categorical", "text", "time", "identifier", "constant", "array"}
        The role. Entities are found later, together with the time they go with.

    Raises
    ------
    InputError
        If the values cannot be used: complex numbers, dictionaries, nothing at all.

    Examples
    --------
    >>> role_of(pd.Series([0.5, 0.25])), role_of(pd.Series(["2024-01-01", "2024-01-02"]))
    ('numeric', 'time')
    >>> role_of(pd.Series(["a", "b", "a"])), role_of(pd.Series([[1, 2], [3, 4]]))
    ('categorical', 'array')
    """
    dtype = column.dtype
    if pd.api.types.is_complex_dtype(dtype):
        raise _unusable(column, "complex numbers", "split them into real and imaginary parts")
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
        return _numeric_role(column)
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return "time"
    if pd.api.types.is_timedelta64_dtype(dtype):
        return "time"
    if isinstance(dtype, pd.CategoricalDtype):
        return "categorical"
    cells = column.dropna().iloc[:: max(1, len(column) // LOOK)].iloc[:LOOK].tolist()
    if any(_is_array(cell) for cell in cells):
        if not all(_is_array(cell) for cell in cells):
            raise _unusable(column, "lists and other values mixed", "give every row a list")
        return "array"
    for kind, name in ((dict, "dictionaries"), ((bytes, bytearray), "bytes"), (complex, "complex numbers")):
        if any(isinstance(cell, kind) for cell in cells):
            raise _unusable(column, name, "turn each into numbers, text or an array")
    if all(isinstance(cell, int | float | np.number | np.bool_) for cell in cells):
        return _numeric_role(pd.to_numeric(column, errors="coerce"))
    return _string_role(column, [str(cell) for cell in cells])


def _numeric_role(column: pd.Series) -> Role:
    if len(column) > 1:
        start = column.iloc[:LOOK]  # most columns show here that they vary
        if (start.isna() | (start == start.iloc[0])).all() and column.nunique(dropna=False) == 1:
            return "constant"
    if len(column) >= 20 and pd.api.types.is_integer_dtype(column.dtype) and not column.hasnans:
        values = column.to_numpy()
        if values[0] != values[1] and int(values.max()) - int(values.min()) == len(values) - 1:
            steps = np.diff(values.astype(np.int64))
            # a row number: each whole number of a range once
            if (steps == 1).all() or (steps == -1).all() or len(np.unique(values)) == len(values):
                return "identifier"
    return "numeric"


def _string_role(column: pd.Series, cells: list[str]) -> Role:
    if all(DATE.match(cell) for cell in cells) and parse_times(pd.Series(cells)).notna().all():
        return "time"
    distinct = column.nunique(dropna=True)
    if distinct <= 1:
        return "constant"
    words = float(np.mean([len(cell.split()) for cell in cells]))
    letters = float(np.mean([len(cell) for cell in cells]))
    varied = distinct > 0.3 * column.notna().sum()
    if varied and (words >= WORDS_OF_TEXT or letters >= LETTERS_OF_TEXT):
        return "text"
    return "categorical"


def parse_times(column: pd.Series) -> pd.Series:
    """Read dates in whatever format; NaT where there is none.

    Examples
    --------
    >>> parse_times(pd.Series(["2024-01-31", "nonsense"])).dt.year.tolist()
    [2024.0, nan]
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    if isinstance(column.dtype, pd.PeriodDtype):
        starts: pd.Series = column.dt.to_timestamp()
        return starts
    with warnings.catch_warnings():
        # pandas says that it falls back to dateutil; that is what is wanted here
        warnings.simplefilter("ignore", UserWarning)
        times: pd.Series = pd.to_datetime(column, errors="coerce", format="mixed", utc=True)
        return times


def _is_array(cell: Any) -> bool:
    return isinstance(cell, list | tuple) or (hasattr(cell, "__array__") and getattr(cell, "ndim", 0) > 0)


def _unusable(column: pd.Series, got: str, do: str) -> InputError:
    return InputError(f"the column {str(column.name)!r} must hold usable values", got=got, do=do)
