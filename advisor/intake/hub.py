"""Data sets of Hugging Face's package ``datasets``, which is not imported: a checkout may have its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures.base import Kind
from advisor.errors import InputError, TargetError
from advisor.intake import frame, stream
from advisor.intake._common import as_labels, check_rows, check_target, column_target, is_values
from advisor.pictures import LOOK
from advisor.roles import Role
from advisor.table import RUN, Table

WHOLE = 200_000_000  # bytes up to which all rows are read


def accepts(data: Any) -> bool:
    """Whether it is a data set with features, or a dictionary of them; told by its parts."""
    if isinstance(data, dict):
        return type(data).__name__ == "DatasetDict"
    if stream.accepts(data):
        return False
    return hasattr(data, "features") and hasattr(data, "column_names") and hasattr(data, "to_pandas")


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> Table:
    """Read the rows as a frame: of large data sets the first, of pictures and sounds some at random.

    Raises
    ------
    InputError
        If the data set, the target or the roles cannot be used.
    """
    data = _split(data)
    n = len(data)
    check_rows(n, "data set")
    heavy = any(_kind(feature) in ("Image", "Audio", "Video") for feature in _features(data).values())
    size = getattr(getattr(data, "data", None), "nbytes", 0)
    rows = np.arange(n)
    notes: tuple[str, ...] = ()
    if heavy and n > 2 * LOOK:
        rows = np.sort(rng.choice(n, 2 * LOOK, replace=False))
    elif size > WHOLE and n > RUN:
        rows = np.arange(max(RUN, int(n * WHOLE / size)))
        notes = (f"only the first {len(rows)} of {n} rows were read",)
    held = _frame(data, rows if len(rows) < n else None)
    labels: pd.Series | None = None
    if is_values(target):
        labels = as_labels(target)
    elif target is not None:
        # the whole target is light, whatever the rows weigh
        label = column_target(held, target)
        labels = held[label] if len(rows) == n else _whole(data, label)
        held = held.drop(columns=[label])
        if not held.shape[1]:
            raise InputError("there must be inputs beside the target", got="none", do="add columns")
    if len(rows) == n:
        return frame.read(held, labels, rng, roles, kind)
    series, kind, told = check_target(labels, n, kind)
    table = frame.read(held, None, rng, roles, notes=(*notes, *told), n=n)
    return replace(table, target=series, kind=kind, sampled=rows)


def plain(data: Any) -> pd.DataFrame:
    """All rows as a frame."""
    return _frame(_split(data), None)


def _split(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    names = ", ".join(map(repr, data))
    if len(data) == 1:
        return next(iter(data.values()))
    raise InputError(
        "the data must be one split",
        got=f"a {type(data).__name__} of {names}",
        do=f"pass data[{next(iter(data), '')!r}]",
    )


def _features(data: Any) -> dict[str, Any]:
    return dict(data.features or {})


def _kind(feature: Any) -> str:
    return type(feature).__name__


def _frame(data: Any, rows: NDArray[np.intp] | None) -> pd.DataFrame:
    """Rows without decoding: pictures stay bytes, classes get their names' type."""
    try:
        if hasattr(data, "with_format"):
            data = data.with_format(None)
        if rows is not None:
            data = data.select(rows.tolist())
        held: pd.DataFrame = data.to_pandas()
    except Exception as error:  # the other package's own errors, whatever they are
        raise InputError(
            "the data set must turn into a frame",
            got=" ".join(f"{type(error).__name__}: {error}".split())[:120],
            do="check it with data.to_pandas()",
        ) from error
    for name, feature in _features(data).items():
        if _kind(feature) == "ClassLabel" and name in held:
            held[name] = held[name].astype("category")
        elif _kind(feature) == "Audio" and name in held:
            held[name] = pd.Series([{"path": None, "sampling_rate": 0}] * len(held), held.index, dtype=object)
    return held


def _whole(data: Any, label: Any) -> pd.Series:
    try:
        column = data.select_columns([label])
    except (AttributeError, ValueError) as error:
        raise TargetError(
            "the target must be a column of the data set", got=repr(label), do="pass the labels"
        ) from error
    whole: pd.Series = _frame(column, None)[label]
    return whole
