"""Lists and arrays held in the cells of columns, stacked into one array padded with NaN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.errors import InputError


def stack(
    columns: Sequence[pd.Series], steps: int | None = None, inner: tuple[int, ...] | None = None
) -> tuple[NDArray[np.float32], bool]:
    """Stack array cells.

    Parameters
    ----------
    columns : sequence of Series
        One column of arrays of any one shape, or several columns of lists: one per channel.
    steps : int, optional
        Pad or cut the first axis to this length; by default the longest.
    inner : tuple of int, optional
        Sizes of the other axes; by default those of the cells, which must hold one at least to tell.

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
    held = {item.shape[1:] for item in items if item.size}
    if len(held) > 1 or (inner is not None and not held <= {inner}):
        shapes = sorted({str(item.shape) for item in items if item.size})[:3]
        shape = None if inner is None else f"be of shape ({', '.join(map(str, ('n', *inner)))})"
        raise InputError(
            f"the cells of {str(columns[0].name)!r} must {shape or 'agree in all but their first axis'}",
            got=f"shapes such as {', '.join(shapes)}",
            do="bring them to one size",
        )
    inner = next(iter(held), ()) if inner is None else inner
    lengths = {len(item) for item in items}
    longest = steps or max(lengths, default=0)
    if longest == 0:
        raise InputError(
            f"the cells of {str(columns[0].name)!r} must hold numbers", got="empty lists", do="drop it"
        )
    out = np.full((len(items), longest, *inner), np.nan, np.float32)
    for row, item in enumerate(items):
        if item.size:
            out[row, : len(item)] = item[:longest]
    return out, len(lengths) > 1


def longest(columns: Sequence[pd.Series]) -> int:
    """Length of the longest cell, without reading the numbers."""
    return max((len(cell) for column in columns for cell in column if hasattr(cell, "__len__")), default=0)


def as_array(data: Any) -> NDArray[Any]:
    """Make an array of anything that holds numbers: lists, masked arrays, tensors on any device.

    Parameters
    ----------
    data : object
        Masked values become NaN; arrays of equal arrays are stacked; tensors are detached and brought over.

    Returns
    -------
    ndarray
        Of a dtype of numpy's own.

    Raises
    ------
    InputError
        If it does not turn into an array.

    Examples
    --------
    >>> as_array(np.ma.array([1, 2], mask=[False, True])).tolist()
    [1.0, nan]
    """
    try:
        if hasattr(data, "detach"):  # a tensor of torch
            data = data.detach().cpu()
            if getattr(data, "is_sparse", False):
                data = data.to_dense()
            if str(data.dtype) in ("torch.bfloat16", "torch.float8_e4m3fn", "torch.float8_e5m2"):
                data = data.float()
            data = data.resolve_conj().numpy()
        if isinstance(data, np.ma.MaskedArray):
            if data.dtype.kind not in "buif":
                return np.asarray(data)
            # float32 holds small whole numbers and half precision exactly
            narrow = np.result_type(data.dtype, np.float32)
            filled: NDArray[Any] = np.ma.filled(data.astype(narrow), np.nan)
            return filled
        array = np.asarray(data)
        if array.dtype.kind == "V" and array.dtype.names is None:
            array = array.astype(np.float32)  # bfloat16 as other packages define it
        if array.dtype == object and array.ndim == 1 and array.size and all(map(is_nested, array[:3])):
            # arrays of arrays, and lists of lists as they come back from Parquet
            inner = [as_array(part) for part in array]
            if len({part.shape for part in inner}) == 1:
                array = np.stack(inner)
        return array
    except InputError:
        raise
    except (TypeError, ValueError, RuntimeError, OverflowError, RecursionError) as error:
        raise InputError(
            "the values must turn into an array of numbers",
            got=" ".join(str(error).split())[:100] or type(error).__name__,
            do="pass rectangular arrays of numbers",
        ) from error


def filled(data: Any) -> Any:
    """Put NaN where an array is masked, and give anything else back as it is.

    Examples
    --------
    >>> filled(np.ma.masked_values([1.0, -999.0], -999.0)).tolist(), filled("text")
    ([1.0, nan], 'text')
    """
    return as_array(data) if isinstance(data, np.ma.MaskedArray) else data


def is_array(cell: Any) -> bool:
    """Whether it is an array or tensor of one axis or more."""
    return hasattr(cell, "__array__") and getattr(cell, "ndim", 0) > 0


def is_nested(cell: Any) -> bool:
    """Whether it holds several values: a list, a tuple or an array."""
    return isinstance(cell, list | tuple) or is_array(cell)


def _array(cell: Any, column: pd.Series) -> NDArray[np.float32]:
    if not hasattr(cell, "__len__"):
        return np.empty(0, np.float32)  # a missing cell
    try:
        array = as_array(cell)
        if array.dtype.kind not in "buifO":
            raise InputError("", got=f"dtype {array.dtype}", do="")
        with np.errstate(over="ignore"):
            return np.asarray(array, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:  # InputError is a ValueError
        raise InputError(
            f"the lists in {str(column.name)!r} must hold numbers and be rectangular",
            got=_shown(cell),
            do="clean the cells or leave the column out",
        ) from error


def _shown(cell: Any) -> str:
    """The start of a cell, on one line."""
    try:
        return " ".join(repr(cell)[:200].split())[:60]
    except Exception:  # a repr of somebody else's class
        return f"a cell of type {type(cell).__name__}"


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
