"""Arrays of two to four dimensions, one long series, and whatever turns into such an array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures.base import Kind
from advisor.cells import as_array
from advisor.errors import InputError, TargetError
from advisor.intake import frame
from advisor.intake._common import (
    SCAN,
    as_labels,
    check_finite,
    check_no_roles,
    check_roles,
    check_rows,
    check_target,
    from_package,
    is_values,
    sample_rows,
)
from advisor.pictures import is_opened
from advisor.ranks import midranks
from advisor.roles import Role
from advisor.table import RUN, Column, Container, Table

LARGE = 8_000_000  # numbers looked at in items of several axes
FEWEST_ITEMS = 32
OTHERS = ("pandas", "polars", "pyarrow", "modin", "cudf", "dask", "duckdb", "torch", "datasets", "scipy")


def accepts(data: Any) -> bool:
    """Whether it is an array and no frame."""
    if isinstance(data, np.ndarray):
        return True
    return hasattr(data, "__array__") and not from_package(data, *OTHERS) and not is_opened(data)


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> Table:
    """Make a table of an array, rows first.

    Raises
    ------
    InputError
        If the array, the target or the roles cannot be used.
    """
    array = as_array(data)
    if array.dtype.names is not None:
        return frame.read(pd.DataFrame.from_records(array), target, rng, roles, kind)
    if array.dtype.kind in "OUST" and array.ndim in (1, 2):
        if array.ndim == 1 and array.dtype.kind == "O":
            array = np.array([[cell] for cell in array] + [[None]], dtype=object)[:-1, :1]
        table = frame.read(pd.DataFrame(array).infer_objects(), target, rng, roles, kind)
        named = isinstance(target, int | np.integer) and not is_values(target)
        return replace(table, place=int(target)) if named else table
    check_kind(array)
    check_rows(len(array), "array")
    if array.ndim == 1:
        return frame.read(one_series(array, target), target, rng, roles, kind)
    labels: pd.Series | None = None
    place: int | None = None
    kept = list(range(array.shape[1]))  # columns that are inputs
    if target is not None:
        if is_values(target):
            labels = as_labels(target)
        elif isinstance(target, int | np.integer) and not isinstance(target, bool) and array.ndim == 2:
            if not -array.shape[1] <= target < array.shape[1]:
                raise TargetError(
                    "the target must be a column of the array",
                    got=f"{target} for {array.shape[1]} columns",
                    do="choose a smaller number",
                )
            place = kept.pop(int(target))
            labels = pd.Series(array[:, place], name=place)
            array = _without(array, place)
            if not array.shape[1]:
                raise InputError("there must be inputs beside the target", got="none", do="add columns")
        else:
            raise TargetError(
                "the target of an array must be one value per row",
                got=repr(target)[:60],
                do="pass an array of labels",
            )
    if not roles:
        table = table_of(array, labels, rng, kind, kept=kept)
        return replace(table, place=place)
    if array.ndim > 2:
        check_no_roles(roles, f"an array of {array.ndim} axes")
    given = check_roles(pd.Index(kept), roles)
    said: dict[Any, Role] = {column: given.get(column, "numeric") for column in kept}
    table = frame.read(pd.DataFrame(array, columns=kept), labels, rng, said, kind)
    return replace(table, told=frozenset(map(str, given)), place=place)


def _without(array: NDArray[Any], place: int) -> NDArray[Any]:
    """The other columns, copied only if the one left out stands between them."""
    if place in (0, array.shape[1] - 1):
        return array[:, 1:] if place == 0 else array[:, :-1]
    return np.delete(array, place, axis=1)


def check_kind(array: NDArray[Any]) -> None:
    """Refuse what are no numbers, and what has too few or too many axes.

    Raises
    ------
    InputError
        If that is so.
    """
    if array.dtype.kind not in "buif":
        raise InputError(
            "an array must hold real numbers", got=f"dtype {array.dtype}", do="convert or split them"
        )
    if not 1 <= array.ndim <= 4:
        film = "a stack of videos or volumes, which are not supported: take frames or slices, " * (
            array.ndim == 5
        )
        raise InputError(
            "an array must have 2 to 4 dimensions, rows first",
            got=f"{array.ndim} with shape {array.shape}",
            do=f"{film}reshape it to (n, d), (n, T, C), (n, H, W) or (n, H, W, C)",
        )
    if 0 in array.shape[1:]:
        raise InputError(
            "the array must have columns", got=f"shape {array.shape}", do="check how it was built"
        )


def table_of(
    array: NDArray[Any],
    labels: pd.Series | None,
    rng: np.random.Generator,
    kind: Kind | None = None,
    *,
    kept: list[int] | None = None,
    n: int | None = None,
    notes: tuple[str, ...] = (),
) -> Table:
    """Make a table of a checked array; ``n`` is the number of rows if these are a sample.

    ``kept`` are the places that its columns have beside the target.

    Raises
    ------
    InputError
        If a number is infinite, or the target cannot be used.
    """
    if labels is not None and len(labels) != len(array) and len(labels) in array.shape:
        axis = array.shape.index(len(labels))
        raise TargetError(
            "the rows must be the first axis of the array",
            got=f"shape {array.shape} for {len(labels)} targets",
            do=f"bring them there: numpy.moveaxis(array, {axis}, 0)",
        )
    series, kind, told = check_target(labels, len(array), kind)
    rows = sample_rows(len(array), array[0].size, rng)
    if array.ndim > 2 and len(rows) * array[0].size > LARGE:  # the axes of large items show in fewer
        few = max(FEWEST_ITEMS, LARGE // array[0].size)
        rows = np.sort(rng.choice(rows, min(few, len(rows)), replace=False))
    check_finite(array if array.size <= SCAN else array[rows], "the array")
    with np.errstate(over="ignore"):
        flat = array[rows].reshape(len(rows), -1).astype(np.float32)
    if array.dtype.itemsize > 4 and array.dtype.kind == "f":
        check_finite(flat, "the array, as float32,")
    if np.isnan(flat).all():
        raise InputError("the array must hold values", got="only NaN", do="check how it was built")
    columns: tuple[Column, ...] = ()
    run = pd.DataFrame()
    if array.ndim == 2:
        kept = kept or list(range(array.shape[1]))
        columns = tuple(Column(j, "numeric") for j in kept)
        run = pd.DataFrame(array[:RUN], columns=kept, copy=False)
    form: Container = "table" if array.ndim == 2 else "array"
    return Table(
        form,
        n or len(array),
        columns,
        flat,
        array.shape[1:],
        False,
        run,
        series,
        kind,
        array,
        notes=notes + told,
        numbers=tuple(c.label for c in columns),
    )


def one_series(array: NDArray[Any], target: Any) -> pd.DataFrame:
    """Make a frame of a single series, if its steps depend on each other or a target says what it is for.

    Raises
    ------
    InputError
        If neither is so.
    """
    held = pd.DataFrame({"value": array})
    values = array[:RUN].astype(np.float64)
    values = values[np.isfinite(values)]
    if target is None and not _remembers(values):
        raise InputError(
            "an array must have 2 to 4 dimensions, rows first, or be one series whose steps depend on those "
            "before them",
            got=f"1 with {len(array)} numbers, in no order that shows",
            do="reshape it to (n, d), (n, T, C), (n, H, W) or (n, H, W, C)",
        )
    return held


def _remembers(values: NDArray[np.float64]) -> bool:
    """Whether neighbours in one series agree more than chance: rank autocorrelation beyond four errors."""
    if len(values) < 30 or np.ptp(values) == 0:
        return False
    ranks = midranks(values)
    ranks -= ranks.mean()
    agreement = float((ranks[:-1] * ranks[1:]).mean() / ranks.var())
    return bool(abs(agreement) > 4 / len(values) ** 0.5)
