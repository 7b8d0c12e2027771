"""pandas frames: flat columns, lists in cells, text, rows in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from advisor import cells
from advisor.errors import InputError
from advisor.intake._common import (
    SCAN,
    check_finite,
    check_roles,
    check_rows,
    check_target,
    column_target,
    is_values,
    sample_rows,
)
from advisor.lags import Floats
from advisor.roles import as_numbers, roles_of
from advisor.table import RUN, Column, Form, Role, Table


def accepts(data: Any) -> bool:
    """Whether it is a frame."""
    return isinstance(data, pd.DataFrame)


def read(data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role]) -> Table:
    """Make a table of a frame."""
    frame: pd.DataFrame = data
    if frame.shape[1] == 0:
        raise InputError("the frame must have columns", got="none", do="check how it was built")
    check_rows(len(frame), "frame")
    if not frame.columns.is_unique:
        twice = list(dict.fromkeys(str(c) for c in frame.columns[frame.columns.duplicated()]))
        raise InputError(
            "column names must be unique",
            got=f"{', '.join(twice[:3])} more than once",
            do="rename or drop the copies",
        )
    labels: pd.Series | None = None
    inputs = frame
    if is_values(target):
        labels = (
            target if isinstance(target, pd.Series) else pd.Series(np.asarray(target).tolist(), name="target")
        )
    elif target is not None:
        label = column_target(frame, target)
        labels, inputs = frame[label], frame.drop(columns=[label])
    series, kind = check_target(labels, len(frame)) if labels is not None else (None, None)
    if inputs.shape[1] == 0:
        raise InputError("there must be inputs beside the target", got="none", do="add columns")
    given = check_roles(inputs, roles)
    found = roles_of(inputs, given)
    columns = tuple(Column(label, role) for label, role in found.items())
    if all(role in ("constant", "ignore") and inputs[label].isna().all() for label, role in found.items()):
        shown = ", ".join(repr(str(label)) for label in list(inputs)[:3])
        raise InputError(
            "some column must hold values", got=f"nothing in {shown}", do="check how it was read"
        )

    rows = sample_rows(len(inputs), inputs.shape[1], rng)
    run = _read(inputs.iloc[:RUN], found)
    if series is not None:
        run = run.assign(**{_TARGET: series.iloc[:RUN].to_numpy()})
    arrays = [c.label for c in columns if c.role == "array"]
    if arrays:
        return _read_cells(inputs, columns, arrays, rows, run, series, kind)
    body = [label for label, role in found.items() if _has_numbers(inputs[label], role)]
    if len(inputs) * len(body) <= SCAN:
        for label in (label for label in body if _is_number(inputs[label])):
            check_finite(
                inputs[label].to_numpy(dtype=np.float64, na_value=np.nan), f"the column {str(label)!r}"
            )
    values = _numbers(inputs, body, rows)
    check_finite(values, "the data")
    texts = [c for c in columns if c.role == "text"]
    form: Form = "text" if texts and 2 * len(texts) >= len(columns) else "table"
    return Table(
        form, len(inputs), columns, values, (len(body),), False, run, series, kind, inputs, tuple(body)
    )


_TARGET = "\0target"  # the target's name in Table.run, which no column can have by accident


def _read_cells(
    inputs: pd.DataFrame,
    columns: tuple[Column, ...],
    arrays: list[Any],
    rows: Any,
    run: pd.DataFrame,
    series: pd.Series | None,
    kind: Any,
) -> Table:
    held = [inputs[label] for label in arrays]
    steps = cells.longest(held)
    array, unequal = cells.stack([column.iloc[rows] for column in held], steps)
    lengths = {len(cell) for column in held for cell in column if hasattr(cell, "__len__")}
    check_finite(array, f"the cells of {str(arrays[0])!r}")
    flat = array.reshape(len(array), -1)
    item = array.shape[1:]
    return Table(
        "list_cells", len(inputs), columns, flat, item, unequal or len(lengths) > 1, run, series, kind, inputs
    )


def _has_numbers(column: pd.Series, role: Role) -> bool:
    """Whether a column takes part in facts about numbers, written as such or as text."""
    return role in ("numeric", "ordinal") or (role == "constant" and _is_number(column))


def _read(frame: pd.DataFrame, roles: Mapping[Any, Role]) -> pd.DataFrame:
    """Read the strings that are numbers; the frame given stays as it is."""
    written = [
        label
        for label, role in zip(frame, roles.values(), strict=True)
        if role in ("numeric", "ordinal") and not _is_number(frame[label])
    ]
    if written:
        frame = frame.copy(deep=False)
        for label in written:
            frame[label] = as_numbers(frame[label]).clip(-3e38, 3e38)  # values are held as float32
    return frame


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)


def _numbers(inputs: pd.DataFrame, labels: list[Any], rows: Any) -> Floats:
    if not labels:
        return np.empty((len(rows), 0), np.float32)
    sample = inputs.iloc[rows]
    if len(labels) < sample.shape[1]:
        sample = sample[labels]
    sample = _read(sample, dict.fromkeys(labels, "numeric"))
    values: Floats = sample.to_numpy(dtype=np.float32, na_value=np.nan)
    return values
