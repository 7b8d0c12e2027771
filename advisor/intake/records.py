"""Python's own containers: a dictionary of columns, a list of records, of rows, of items; a pandas Series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from advisor import intake
from advisor.architectures.base import Kind
from advisor.cells import as_array, is_array, is_nested
from advisor.errors import InputError
from advisor.index import levels_of
from advisor.roles import Role
from advisor.table import Table


def accepts(data: Any) -> bool:
    """Whether it is a dictionary, a list, a tuple, a range or a Series."""
    if isinstance(data, dict):
        # torch, Hugging Face and scikit-learn build on dictionaries
        return type(data).__module__ in ("builtins", "collections")
    return isinstance(data, list | tuple | range | pd.Series | pd.Index)


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> Table:
    """Read it as a frame or an array."""
    return intake.read(plain(data), target, rng, roles, kind)


def plain(data: Any) -> Any:
    """Make a frame, or an array where all are numbers.

    Raises
    ------
    InputError
        If it is a pair, such as ``(X, y)``, or holds nothing that can be used.
    """
    if isinstance(data, dict):
        return _of_columns(data)
    if isinstance(data, pd.Series | pd.Index):
        if isinstance(data, pd.Series) and levels_of(
            held := data.to_frame("value" if data.name is None else data.name)
        ):
            return held
        numeric = pd.api.types.is_numeric_dtype(data.dtype)
        if numeric and not pd.api.types.is_complex_dtype(data.dtype):
            return data.to_numpy(dtype=np.float64, na_value=np.nan)
        return data.to_frame(index=False) if isinstance(data, pd.Index) else data.to_frame()
    pair = isinstance(data, tuple) and len(data) == 2 and all(hasattr(part, "shape") for part in data)
    if pair and len(data[0]) == len(data[1]):
        raise InputError("the data must be one frame or array", got="a pair", do="call advise(X, y)")
    return _of_items(list(data))


def _of_columns(data: dict[Any, Any]) -> pd.DataFrame:
    if any(isinstance(part, pd.DataFrame | dict) for part in data.values()):
        shown = ", ".join(repr(str(key)) for key in list(data)[:5])
        raise InputError(
            "a dictionary must hold columns of one length",
            got=f"several tables, {shown}",
            do="pass one of them",
        )
    sized = {key: part for key, part in data.items() if _is_column(part)}
    lengths = {len(part) for part in sized.values()}
    if len(sized) < len(data) or len(lengths) != 1:
        got = "nothing" if not data else f"lengths {sorted(lengths)[:5]}"
        got = "single values" if len(sized) < len(data) else got
        raise InputError(
            "a dictionary must hold columns of one length",
            got=got,
            do="pass lists of one length, or a list of records",
        )
    order = _shared_order(data)
    columns = {}
    for key, part in data.items():
        if hasattr(part, "__array__") and getattr(part, "ndim", 1) > 1:
            columns[key] = pd.Series(list(as_array(part)), dtype=object)
        elif isinstance(part, pd.Series):
            moved = order is not None and not part.index.equals(order)
            columns[key] = (part.reindex(order) if moved else part).reset_index(drop=True)
        else:
            columns[key] = _series(list(part))
    frame = pd.concat(list(columns.values()), axis=1, keys=range(len(columns))).set_axis(
        pd.Index(list(columns), tupleize_cols=False), axis=1
    )
    return frame if order is None else frame.set_axis(order)


def _shared_order(data: Mapping[Any, Any]) -> pd.Index | None:
    """The index of columns that all have the same one, or the same labels in other orders, each once."""
    parts = list(data.values())
    if not all(isinstance(part, pd.Series) for part in parts):
        return None
    first: pd.Index = parts[0].index
    if all(part.index.equals(first) for part in parts):
        return first
    labels = set(first)
    same = all(part.index.is_unique and set(part.index) == labels for part in parts)
    return first if same else None


def _of_items(items: list[Any]) -> Any:
    if not items:
        raise InputError("the list must have rows", got="0 rows", do="check the filter or file before it")
    if all(isinstance(item, Mapping) for item in items):
        if all(set(item) <= {"bytes", "path"} for item in items):
            return _series(items).to_frame("item")
        return _of_columns(
            {k: [item.get(k) for item in items] for k in dict.fromkeys(k for i in items for k in i)}
        )
    if all(isinstance(item, int | float | np.number | np.bool_) for item in items):
        return as_array(items)
    rows = all(is_nested(item) for item in items)
    if rows and len({len(item) for item in items}) == 1 and not any(is_array(item) for item in items):
        flat = all(
            not hasattr(cell, "__len__") or isinstance(cell, str | bytes) for item in items for cell in item
        )
        if flat:
            width = len(items[0])
            return pd.DataFrame(
                {j: _series([item[j] for item in items]) for j in range(width)}
            ).infer_objects()
    if rows:
        shapes = {np.shape(item) for item in items} if all(map(is_array, items)) else set()
        if (len(shapes) == 1 and len(next(iter(shapes))) == 1) or (shapes and min(map(len, shapes)) >= 2):
            return as_array(items) if len(shapes) == 1 else _series(items).to_frame("item")
        try:
            array = as_array(items)
        except InputError:
            return _series(items).to_frame("item")
        return array if array.dtype.kind in "buif" else _series(items).to_frame("item")
    return _series(items).to_frame("item")


def _series(items: list[Any]) -> pd.Series:
    """One object per row: pandas would look into lists and arrays of one shape."""
    if all(item is None or isinstance(item, int | float | str | np.number) for item in items):
        try:
            return pd.Series(items)
        except (OverflowError, ValueError, TypeError):
            pass
    held = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        held[place] = item
    return pd.Series(held).infer_objects()


def _is_column(part: Any) -> bool:
    """Whether it holds one value per row, as a text or a number does not."""
    return hasattr(part, "__len__") and not isinstance(part, str | bytes) and getattr(part, "ndim", 1) > 0
