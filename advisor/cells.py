"""Lists and arrays held in the cells of columns, stacked into one array padded with NaN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.errors import InputError


def stack(columns: Sequence[pd.Series], steps: int | None = None) -> tuple[NDArray[np.float32], bool]:
    """Stack array cells.

    Parameters
    ----------
    columns : sequence of Series
        One column of arrays of any one shape, or several columns of lists: one per channel.
    steps : int, optional
        Pad or cut the first axis to this length; by default the longest.

    Returns
    -------
    array : ndarray of float32, shape (n, *item)
        ``(n, T, channels)`` if there are several columns. Short items are padded with NaN at the end.
    unequal : bool
        Whether any was short.

    Raises
    ------
    InputError
        If cells hold something else than numbers or differ in more than their first axis.

    Examples
    --------
    >>> array, unequal = stack([pd.Series([[1, 2], [3]])])
    >>> array.tolist(), unequal
    ([[1.0, 2.0], [3.0, nan]], True)
    """
    parts = [[_array(cell, column) for cell in column] for column in columns]
    if len(parts) == 1:
        items = parts[0]
    else:
        items = [_side_by_side(channels, columns) for channels in zip(*parts, strict=True)]
    dims = max((item.ndim for item in items), default=1)
    inner = {item.shape[1:] for item in items if item.size}
    if len(inner) > 1 or any(item.ndim != dims for item in items if item.size):
        shapes = sorted({str(item.shape) for item in items if item.size})[:3]
        raise InputError(
            f"the cells of {str(columns[0].name)!r} must agree in all but their first axis",
            got=f"shapes such as {', '.join(shapes)}",
            do="bring them to one size",
        )
    lengths = {len(item) for item in items}
    longest = steps or max(lengths, default=0)
    if longest == 0:
        raise InputError(
            f"the cells of {str(columns[0].name)!r} must hold numbers", got="empty lists", do="drop it"
        )
    out = np.full((len(items), longest, *next(iter(inner), ())), np.nan, np.float32)
    for row, item in enumerate(items):
        if item.size:
            out[row, : len(item)] = item[:longest]
    return out, len(lengths) > 1


def longest(columns: Sequence[pd.Series]) -> int:
    """Length of the longest cell, without reading the numbers."""
    return max((len(cell) for column in columns for cell in column if hasattr(cell, "__len__")), default=0)


def _array(cell: Any, column: pd.Series) -> NDArray[np.float32]:
    if not hasattr(cell, "__len__"):
        return np.empty(0, np.float32)  # a missing cell
    if isinstance(cell, np.ndarray) and cell.dtype == object and cell.ndim == 1:
        cell = [np.asarray(inner) for inner in cell]  # lists of lists come back from Parquet like this
    try:
        return np.asarray(cell, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the lists in {str(column.name)!r} must hold numbers and be rectangular",
            got=repr(cell)[:60],
            do="clean the cells or leave the column out",
        ) from error


def _side_by_side(
    channels: Sequence[NDArray[np.float32]], columns: Sequence[pd.Series]
) -> NDArray[np.float32]:
    if any(channel.ndim != 1 for channel in channels):
        raise InputError(
            "several columns of arrays must each hold one channel, a flat list",
            got=f"{channels[0].ndim} axes in {str(columns[0].name)!r}",
            do="keep one of the columns, or stack them yourself",
        )
    out = np.full((max(len(channel) for channel in channels), len(channels)), np.nan, np.float32)
    for place, channel in enumerate(channels):
        out[: len(channel), place] = channel
    return out
