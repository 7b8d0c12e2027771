"""Arrays of two to four dimensions, and whatever turns into one (such as a torch tensor)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import InputError, TargetError
from advisor.intake._common import SCAN, check_finite, check_rows, check_target, is_values, sample_rows
from advisor.table import RUN, Column, Form, Role, Table


def accepts(data: Any) -> bool:
    """Whether it is an array."""
    return hasattr(data, "__array__") and not isinstance(data, pd.DataFrame | pd.Series | pd.Index | str)


def read(data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role]) -> Table:
    """Make a table of an array, rows first."""
    try:
        array = np.asarray(data)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            "the array must turn into numbers",
            got=str(error).splitlines()[0],
            do="pass it on the CPU and detached",
        ) from error
    if array.dtype.kind not in "buif":
        if array.ndim == 2 and array.dtype.kind in "OUST":
            from advisor.intake import frame

            return frame.read(pd.DataFrame(array).infer_objects(), target, rng, roles)
        raise InputError(
            "an array must hold real numbers", got=f"dtype {array.dtype}", do="convert or split them"
        )
    if not 2 <= array.ndim <= 4:
        raise InputError(
            "an array must have 2 to 4 dimensions, rows first",
            got=f"{array.ndim} with shape {array.shape}",
            do="reshape it to (n, d), (n, T, C), (n, H, W) or (n, H, W, C)",
        )
    check_rows(len(array), "array")
    if 0 in array.shape:
        raise InputError(
            "the array must have columns", got=f"shape {array.shape}", do="check how it was built"
        )
    labels: pd.Series | None = None
    if target is not None:
        if is_values(target):
            labels = pd.Series(
                np.asarray(target).reshape(len(np.asarray(target)), -1)[:, 0].tolist(), name="target"
            )
        elif isinstance(target, int | np.integer) and array.ndim == 2:
            if not -array.shape[1] <= target < array.shape[1]:
                raise TargetError(
                    "the target must be a column of the array",
                    got=f"{target} for {array.shape[1]} columns",
                    do="choose a smaller number",
                )
            labels = pd.Series(array[:, target], name=int(target))
            array = np.delete(array, target, axis=1)
        else:
            raise TargetError(
                "the target of an array must be one value per row",
                got=repr(target),
                do="pass an array of labels",
            )
    series, kind = check_target(labels, len(array)) if labels is not None else (None, None)
    rows = sample_rows(len(array), array[0].size, rng)
    check_finite(array if array.size <= SCAN else array[rows], "the array")
    item = array.shape[1:]
    flat = array[rows].reshape(len(rows), -1).astype(np.float32)
    if np.isnan(flat).all():
        raise InputError("the array must hold values", got="only NaN", do="check how it was built")
    columns: tuple[Column, ...] = ()
    run = pd.DataFrame()
    if array.ndim == 2:
        columns = tuple(Column(j, "numeric") for j in range(array.shape[1]))
        run = pd.DataFrame(array[:RUN])
    form: Form = "table" if array.ndim == 2 else "array"
    numbers = tuple(range(array.shape[1])) if array.ndim == 2 else ()
    return Table(form, len(array), columns, flat, item, False, run, series, kind, array, numbers)
