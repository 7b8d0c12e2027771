"""Read one column as its role has it, in whatever batch of rows; a look needs this, so it loads no models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from advisor.clocks import seconds_of
from advisor.dates import Notation
from advisor.numbers import as_numbers, decimal_comma
from advisor.roles import Role, is_number

MOST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Reader:
    """Reads a column as its role has it: numbers from strings, seconds from dates.

    How the cells are written is learned from one part of the rows and holds for all: in a single row a date
    such as 03/04/2019 and a number such as 1.234 are open.

    Parameters
    ----------
    role : str
        What the column is for.
    notation : Notation or None
        How it writes moments.
    comma : bool or None
        Whether a comma stands before the decimals of numbers that are text.

    Examples
    --------
    >>> read = Reader.of(pd.Series(["31/12/2023", "01/02/2024"]), "time")
    >>> (read(pd.Series(["02/01/1970"])) / 86400).tolist()
    [1.0]
    """

    role: Role
    notation: Notation | None = None
    comma: bool | None = None

    @classmethod
    def of(cls, column: pd.Series, role: Role) -> Reader:
        """Learn how a column is written."""
        if role == "time":
            return cls(role, notation=Notation.of(column))
        if role in ("numeric", "ordinal") and not pd.api.types.is_numeric_dtype(column.dtype):
            return cls(role, comma=decimal_comma(str(cell).strip() for cell in column.dropna().unique()))
        return cls(role)

    def __call__(self, column: pd.Series) -> pd.Series:
        """Read these rows."""
        number = pd.api.types.is_numeric_dtype(column.dtype)
        if self.role == "time":
            return pd.Series(seconds_of(column, self.notation), index=column.index)
        if self.role in ("numeric", "ordinal") and not number:
            return as_numbers(column, self.comma)
        if self.role in ("categorical", "entity") and number:
            return column.astype(object)
        if self.role == "constant":
            return pd.Series(0.0, index=column.index)
        return column


def read_numbers(frame: pd.DataFrame, roles: Sequence[Role]) -> pd.DataFrame:
    """Read the strings that are numbers; the frame given stays as it is.

    Parameters
    ----------
    frame : DataFrame
        The data.
    roles : sequence of role
        Of its columns, in their order.

    Returns
    -------
    DataFrame
        The same columns, numbers where the role is one of numbers.

    Examples
    --------
    >>> read_numbers(pd.DataFrame({"a": ["$1", "2"], "b": ["3", "x"]}), ["numeric", "text"])["a"].tolist()
    [1.0, 2.0]
    """
    written = [
        place
        for place, (role, dtype) in enumerate(zip(roles, frame.dtypes, strict=True))
        if role in ("numeric", "ordinal") and not is_number(dtype)
    ]
    if written:
        frame = frame.copy(deep=False)
        for place in written:
            # values are held as float32
            numbers = as_numbers(frame.iloc[:, place]).clip(-MOST, MOST)
            frame.isetitem(place, numbers.to_numpy())
    return frame
