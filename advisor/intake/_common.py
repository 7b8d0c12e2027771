"""What the kinds of input share: drawing the sample, checking the target, checking the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures.base import Kind
from advisor.cells import as_array
from advisor.errors import InputError, TargetError, did_you_mean, unusable
from advisor.pictures import is_opened
from advisor.roles import ROLES, Role
from advisor.table import FEWEST_ROWS, MOST_ROWS, NUMBERS
from advisor.target import infer_kind, quantities, told_kind

CELLS = 500  # cells of a column of objects whose types are looked at
SCAN = 20_000_000  # numbers beyond which infinities are looked for in the sample only


def sample_rows(n: int, width: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw row numbers without replacement, in order: fewer of wide tables."""
    size = min(MOST_ROWS, max(FEWEST_ROWS, NUMBERS // max(width, 1)))
    if n <= size:
        return np.arange(n)
    return np.sort(rng.choice(n, size, replace=False)).astype(np.intp)


def check_rows(n: int, what: str = "data") -> None:
    """Refuse what holds nothing.

    Raises
    ------
    InputError
        If there are no rows.
    """
    if n == 0:
        raise InputError(f"the {what} must have rows", got="0 rows", do="check the filter or file before it")


def check_finite(values: NDArray[Any], name: str) -> None:
    """Refuse infinities, which no scaler or tree survives.

    Raises
    ------
    InputError
        If there is one.
    """
    if values.dtype.kind == "f" and values.size:
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(values.sum()):
                return  # as one pass over almost all shows
            endless = (
                np.isinf(values.min()) or np.isinf(values.max()) if not np.isnan(values).all() else False
            )
            if not endless and np.isnan(values).any():
                endless = bool(np.isinf(values).any())
        if endless:
            count = int(np.isinf(values).sum())
            raise InputError(
                f"the numbers in {name} must be finite",
                got=f"{count} infinite value{'s' if count > 1 else ''}",
                do="replace them by NaN (missing) or by a large number that means something",
            )


def column_target(frame: pd.DataFrame, target: Any) -> Any:
    """Find the label of the target column, or explain which were meant.

    Raises
    ------
    TargetError
        If there is no such column.
    """
    try:
        if target in frame.columns:
            return target
    except (TypeError, ValueError):  # unhashable, or an interval of another kind
        pass
    names = {str(label): label for label in frame.columns}
    if str(target) in names:
        return names[str(target)]
    shown = ", ".join(repr(name) for name in list(names)[-5:])
    raise TargetError(
        "the target must be a column of the data or one value per row",
        got=repr(target)[:60],
        do=did_you_mean(str(target), names) or f"choose a column, such as {shown}",
    )


def check_roles(labels: pd.Index, roles: Mapping[Any, Role]) -> dict[Any, Role]:
    """Find the columns whose roles the caller gave, or explain what is wrong with them.

    Raises
    ------
    InputError
        If there is no such column, or no such role.
    """
    given: dict[Any, Role] = {}
    names = {str(label): label for label in labels}
    for name, role in roles.items():
        label = name if name in labels else names.get(str(name))
        if label is None:
            raise InputError(
                "roles must be given for columns of the data, the target left out",
                got=repr(name),
                do=did_you_mean(str(name), names) or "check the names",
            )
        if role not in ROLES:
            raise InputError(
                f"the role of {str(name)!r} must be known", got=repr(role), do=f"choose {', '.join(ROLES)}"
            )
        given[label] = role
    return given


def check_names(
    labels: Iterable[Any], what: str = "column names", error: type[InputError] = InputError
) -> None:
    """Refuse labels that are one as text, as estimators and people take them: 1 and "1".

    Raises
    ------
    InputError
        Of the type ``error``, if two are.
    """
    known: dict[str, Any] = {}
    for label in labels:
        name = str(label)
        if name in known:
            raise error(f"{what} must differ as text", got=f"{known[name]!r} and {label!r}", do="rename one")
        known[name] = label


def check_no_roles(roles: Mapping[Any, Role], what: str) -> None:
    """Refuse roles of data that have no columns that could be read in one way or another.

    Raises
    ------
    InputError
        If roles were given.
    """
    if roles:
        raise InputError(
            "roles can be given for the columns of a frame or of an array with two axes",
            got=f"roles for {what}",
            do="leave them out",
        )


KNOWN = (  # classes of cells that are data
    *(str, int, float, complex, bytes, bytearray, dict, list, tuple, Path, np.generic, np.ndarray, Decimal),
    *(date, time, timedelta, pd.Period, pd.Interval, type(pd.NA), type(pd.NaT)),
)


SINGLE = (  # classes of values of a target, of which a list is one a row
    *(str, bytes, int, float, complex, np.generic, Decimal, date, time, timedelta),
    *(pd.Period, type(pd.NA), type(pd.NaT)),
)


def check_cells(column: pd.Series) -> None:
    """Refuse objects of classes that are no data, which fail in ways of their own wherever they are used.

    Raises
    ------
    InputError
        If there is one among the cells looked at.
    """
    for cell in column.iloc[:: max(1, len(column) // CELLS)].tolist():
        if cell is None or isinstance(cell, KNOWN) or hasattr(cell, "__array__") or is_opened(cell):
            continue
        raise InputError(
            f"the column {str(column.name)[:80]!r} must hold values",
            got=f"a cell of type {type(cell).__name__}",
            do="turn each into numbers, text or an array, or leave the column out",
        )


class Target(NamedTuple):
    """A target that was read: one value per row, what kind they are, and what to say about them."""

    values: pd.Series | None = None
    kind: Kind | None = None
    notes: tuple[str, ...] = ()


def check_target(values: Any, n: int, kind: Kind | None = None) -> Target:
    """Make a series of one learnable value per row, of the kind that the caller says or that shows.

    Raises
    ------
    TargetError
        If the values are not one for each row, cannot be learned, or are all the same.
    """
    if values is None:
        return Target()
    series = as_labels(values)
    if len(series) != n:
        raise TargetError(
            "the target must have one value per row", got=f"{len(series)} for {n} rows", do="align it"
        )
    if series.dtype == object:
        check_cells(series)
    notes: tuple[str, ...] = ()
    with unusable(series, TargetError):
        kind = infer_kind(series) if kind is None else told_kind(series, kind)
        if kind == "regression":
            held, series = series, quantities(series)
            notes = _read_as(held, series)
        single = series.iloc[:CELLS].nunique() < 2 and series.nunique() < 2
    if kind == "classification" and series.dtype == object:
        check_names(series.dropna().unique(), "classes", TargetError)
    if single:
        only = series.dropna().iloc[0]
        raise TargetError(
            "the target must take at least two values",
            got=f"only {str(only)[:60]!r}",
            do="choose another column or more rows",
        )
    if (
        pd.api.types.is_float_dtype(series.dtype)
        and np.isinf(series.to_numpy(dtype=float, na_value=np.nan)).any()
    ):
        raise TargetError("the target must be finite", got="infinite values", do="drop or replace those rows")
    return Target(series, kind, notes)


def _read_as(held: pd.Series, numbers: pd.Series) -> tuple[str, ...]:
    """Say so where text was read as numbers, which estimators do not do for a target."""
    first = next(iter(held[numbers.notna().to_numpy()]), None)
    if not isinstance(first, str):
        return ()
    return (
        f"the target is text that was read as numbers ({first[:40]!r} as {numbers.dropna().iloc[0]:g}): "
        "convert it before fitting",
    )


def is_values(target: Any) -> bool:
    """Whether the target was given as values rather than as a name."""
    if isinstance(target, pd.Series | pd.Index | np.ndarray | list | range):
        return True
    if isinstance(target, str | bytes | tuple) or not hasattr(target, "__len__"):
        return False
    return hasattr(target, "__array__") or from_package(
        target, "polars", "pyarrow", "modin", "cudf", "datasets", "torch"
    )


def as_labels(target: Any) -> pd.Series:
    """Make a series of the values of a target, whatever holds them.

    Raises
    ------
    TargetError
        If there is more than one value per row.
    """
    if isinstance(target, pd.DataFrame) and target.shape[1] == 1:
        target = target.iloc[:, 0]
    if isinstance(target, pd.Series):
        return target
    if isinstance(target, pd.Index):
        return target.to_series(name=target.name or "target")
    if hasattr(target, "to_pandas"):
        return as_labels(target.to_pandas())
    held = list(target) if from_package(target, "datasets") or isinstance(target, list) else target
    if isinstance(held, pd.api.extensions.ExtensionArray) or _are_cells(held):
        return pd.Series(held, name="target")
    try:
        array = as_array(held)
    except InputError:
        return pd.Series(list(held), name="target", dtype=object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise TargetError(
            "the target must be one value per row",
            got=f"an array of shape {array.shape}",
            do="choose one column of it, or the number of the class in place of one column per class",
        )
    moments = array.dtype.kind in "mM"  # of which numpy makes whole numbers
    return pd.Series(array if moments else array.tolist(), name="target")


def _are_cells(held: Any) -> bool:
    """Whether it is a list of single values, which numpy would turn all into text if one of them is."""
    return isinstance(held, list) and all(isinstance(c, SINGLE) or c is None for c in held)


def from_package(data: Any, *names: str) -> bool:
    """Whether the type, or one that it builds on, is of one of these packages; nothing is imported."""
    return any(parent.__module__.split(".")[0] in names for parent in type(data).__mro__)
