"""Labels of a frame: levels of the index that are read as columns, and names that columns share."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from advisor.clocks import seconds_of
from advisor.dates import are_dates
from advisor.errors import InputError
from advisor.roles import LOOK, is_time, role_of


def levels_of(frame: pd.DataFrame, labels: Collection[Any] | None = None) -> dict[Any, int]:
    """Tell which levels of the index are data, and the label of the column that each becomes.

    These are levels of moments, of dates as text too, and those of several levels that have a name. A counter
    of rows is none, and a single index of keys names the rows.

    Parameters
    ----------
    frame : DataFrame
        As the user holds it.
    labels : collection of label, optional
        Those that were data in other rows: these levels are, whatever few rows show.

    Returns
    -------
    dict of label to int
        Places of the levels by label: their name, or what ``reset_index`` would call them where that is free.

    Raises
    ------
    InputError
        If a level has the name of a column that holds something else.

    Examples
    --------
    >>> days = pd.date_range("2024", periods=2)
    >>> levels_of(pd.DataFrame({"x": [1, 2]}, index=days)), levels_of(pd.DataFrame({"x": [1, 2]}))
    ({'index': 0}, {})
    """
    found: dict[Any, int] = {}
    several = frame.index.nlevels > 1
    for place, name in enumerate(frame.index.names):
        level = frame.index.get_level_values(place)
        if labels is None and not (several and name is not None) and not _are_moments(level):
            continue
        if name is None:
            name = f"level_{place}" if several else "index"
            while name in frame.columns or name in found:
                name += "_"
        if labels is not None and name not in labels:
            continue
        if name in found or name in frame.columns:
            if name not in found and _same(frame[name], level):
                continue  # as set_index(..., drop=False) leaves it
            raise InputError(
                "levels of the index and columns must have different names",
                got=f"{name!r} twice",
                do="rename one, or drop it with reset_index(drop=True)",
            )
        found[name] = place
    return found


def with_levels(frame: pd.DataFrame, labels: Collection[Any] | None = None) -> pd.DataFrame:
    """Put levels of the index before the columns, which are not copied; the index stays.

    Parameters
    ----------
    frame : DataFrame
        As the user holds it.
    labels : collection of label, optional
        Those wanted, where they are no columns already; by default all of :func:`levels_of`.

    Returns
    -------
    DataFrame
        The frame itself where nothing is added.

    Examples
    --------
    >>> frame = pd.DataFrame({"day": [1, 2], "x": [0.5, 0.25]})
    >>> with_levels(frame.set_index(pd.MultiIndex.from_frame(frame[["day"]].assign(who="a")))[["x"]]).shape
    (2, 3)
    """
    if labels is not None and all(label in frame.columns for label in labels):
        return frame
    levels = levels_of(frame, labels)
    if not levels:
        return frame
    held = [pd.Series(frame.index.get_level_values(place), index=frame.index) for place in levels.values()]
    # labels are set afterwards: joining those that are no valid text fails
    plain = frame.set_axis(range(frame.shape[1]), axis=1)
    joined = pd.concat([pd.DataFrame(dict(enumerate(held)), index=frame.index), plain], axis=1)
    names = pd.Index([*levels, *frame.columns.to_flat_index()], tupleize_cols=False)
    return joined.set_axis(names, axis=1)


def check_unique(labels: pd.Index, wanted: Collection[Any] | None = None) -> None:
    """Refuse names, all or these, that several columns have.

    Raises
    ------
    InputError
        If there is one.

    Examples
    --------
    >>> check_unique(pd.Index(["a", "b", "b"]), ["a"])
    """
    twice = list(dict.fromkeys(labels[labels.duplicated()]))
    twice = [str(label) for label in twice if wanted is None or label in wanted]
    if twice:
        raise InputError(
            "column names must be unique",
            got=f"{', '.join(twice[:3])} more than once",
            do="rename or drop the copies",
        )


def unread(frame: pd.DataFrame) -> tuple[str, ...]:
    """Say so where the index has a name but is not read."""
    name = frame.index.name
    if name is None or frame.index.nlevels > 1 or name in levels_of(frame) or name in frame.columns:
        return ()
    return (f"the index {str(name)!r} is not read: if it tells something, pass data.reset_index()",)


def _same(column: pd.Series, level: pd.Index) -> bool:
    """Whether a column holds what a level holds, perhaps as text where that holds moments."""
    other = pd.Series(level, column.index)
    if column.equals(other):
        return True
    if not is_time(level.dtype) or role_of(column) != "time":
        return False
    return np.array_equal(seconds_of(column), seconds_of(other), equal_nan=True)


def _are_moments(level: pd.Index) -> bool:
    if is_time(level.dtype):
        return True
    if level.dtype != object and not pd.api.types.is_string_dtype(level.dtype):
        return False
    cells = level[:: max(1, len(level) // LOOK)][:LOOK].dropna()
    return are_dates([str(cell) for cell in cells])
