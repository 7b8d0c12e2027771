"""pandas frames: flat columns, lists or pictures in cells, text, rows in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor import cells, pictures
from advisor.architectures.base import Kind
from advisor.errors import InputError, TargetError
from advisor.files import DO, kind_of_name
from advisor.index import check_unique, unread, with_levels
from advisor.intake._common import (
    SCAN,
    as_labels,
    check_cells,
    check_finite,
    check_names,
    check_roles,
    check_rows,
    check_target,
    column_target,
    is_values,
    sample_rows,
)
from advisor.lags import Floats
from advisor.numbers import are_numbers
from advisor.reader import MOST, read_numbers
from advisor.roles import LEFT_OUT, Role, is_number, roles_of
from advisor.table import RUN, Column, Container, Table


def accepts(data: Any) -> bool:
    """Whether it is a frame."""
    return isinstance(data, pd.DataFrame)


def read(
    data: Any,
    target: Any,
    rng: np.random.Generator,
    roles: Mapping[Any, Role],
    kind: Kind | None = None,
    *,
    root: Path | None = None,
    notes: tuple[str, ...] = (),
    n: int | None = None,
) -> Table:
    """Make a table of a frame.

    Parameters
    ----------
    data, target, rng, roles, kind
        As in :func:`advisor.intake.read`.
    root : Path, optional
        Folder of the file that the frame came from: paths in cells start there and must not leave it.
    notes : tuple of str
        What reading the file showed.
    n : int, optional
        Rows in all, if these are a sample.

    Raises
    ------
    InputError
        If the frame, the target or the roles cannot be used.
    """
    frame, width, said = _with_columns(data)
    inputs, labels, paired = _without_target(frame, target)
    series, kind, told = check_target(labels, len(frame), kind)
    if inputs.shape[1] == 0:
        raise InputError("there must be inputs beside the target", got="none", do="add columns")
    levels = tuple(label for label in frame.columns[: frame.shape[1] - width] if label in inputs.columns)
    given = check_roles(inputs.columns, roles)
    columns, more = _columns(inputs, given, root)
    _check_inputs(inputs, columns, given)

    rows = sample_rows(len(inputs), inputs.shape[1], rng)
    run = read_numbers(inputs.iloc[:RUN], [c.role for c in columns])
    read = run if len(inputs) <= RUN else inputs  # so that strings are read once
    if series is not None:
        run = run.copy().assign(**{_TARGET: series.iloc[:RUN].to_numpy()})  # in one piece again
    images, arrays = ([c.label for c in columns if c.role == role] for role in ("image", "array"))
    if images:
        table = _read_pictures(inputs, columns, images, root, series, kind, rng)
    elif arrays:
        table = _read_cells(inputs, columns, arrays, rows, run, series, kind)
    else:
        table = _read_columns(inputs, columns, rows, run, read, series, kind)
    notes = (*notes, *said, *paired, *told, *more, *table.notes)
    where = None if root is None or arrays else str(root)
    return replace(table, n=n or len(inputs), root=where, notes=notes, levels=levels)


def _with_columns(data: pd.DataFrame) -> tuple[pd.DataFrame, int, tuple[str, ...]]:
    """Plain columns, before them the levels of the index that say something; the number of the others."""
    frame: pd.DataFrame = _settled(data)
    if isinstance(frame.columns, pd.MultiIndex):
        frame = frame.set_axis(frame.columns.to_flat_index(), axis=1)
    if frame.shape[1] == 0:
        raise InputError("the frame must have columns", got="none", do="check how it was built")
    check_rows(len(frame), "frame")
    check_unique(frame.columns)
    notes = unread(frame)
    width = frame.shape[1]
    frame = with_levels(frame)
    check_names(frame.columns)
    return frame, width, notes


def _without_target(
    frame: pd.DataFrame, target: Any
) -> tuple[pd.DataFrame, pd.Series | None, tuple[str, ...]]:
    """The inputs, the target if there is one, and what to say about how they belong together."""
    target = _one_name(frame, target)
    if is_values(target):
        labels = as_labels(target)
        return frame, labels, _paired_by_position(frame, labels)
    if target is None:
        return frame, None, ()
    place = list(frame.columns).index(column_target(frame, target))
    return _without(frame, place), frame.iloc[:, place], ()


def _check_inputs(inputs: pd.DataFrame, columns: tuple[Column, ...], given: dict[Any, Role]) -> None:
    """Refuse a frame of which nothing is left to learn from."""
    if LEFT_OUT & set(given.values()) and all(c.role in LEFT_OUT for c in columns):
        raise InputError(
            "there must be inputs beside the columns that are left out",
            got=", ".join(f"{c.name!r} ({c.role})" for c in columns[:3]),
            do="give a column another role, such as categorical",
        )
    if all(
        c.role in ("constant", "ignore") and inputs.iloc[:, place].isna().all()
        for place, c in enumerate(columns)
    ):
        shown = ", ".join(repr(c.name) for c in columns[:3])
        raise InputError(
            "some column must hold values", got=f"nothing in {shown}", do="check how it was read"
        )


def _one_name(frame: pd.DataFrame, target: Any) -> Any:
    """Take a list of one column's name for the name; several are several targets."""
    if not isinstance(target, list) or len(target) == len(frame) or not target:
        return target
    if not all(isinstance(name, str) and name in frame.columns for name in target):
        return target
    if len(target) > 1:
        raise TargetError(
            "the target must be one column or one value per row",
            got=f"the names of {len(target)} columns",
            do="ask for advice on one at a time, the others left out",
        )
    return target[0]


def _paired_by_position(frame: pd.DataFrame, labels: pd.Series) -> tuple[str, ...]:
    """Say so where the index of the target would pair the rows in another way."""
    ours, theirs = frame.index, labels.index
    if len(ours) != len(theirs) or ours.equals(theirs) or not (ours.is_unique and theirs.is_unique):
        return ()
    if not theirs.isin(ours).all():
        return ()
    return (
        "data and target have the same index in different orders: rows are paired by position, as "
        "scikit-learn does; if the index should pair them, pass target.loc[data.index]",
    )


def _columns(
    inputs: pd.DataFrame, given: dict[Any, Role], root: Path | None
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Roles of all columns, pictures and files among them; and what to say about the files."""
    known: dict[Any, Role] = dict(given)
    files: dict[Any, str] = {}
    dtypes = list(inputs.dtypes)
    for place, label in enumerate(inputs.columns):
        if is_number(dtypes[place]):
            continue
        column = inputs.iloc[:, place]
        if column.dtype == object:
            check_cells(column)
        if label not in known and (kind := pictures.role_of_cells(column)) is not None:
            missing = kind == "image" and _no_such_files(column, root)
            files |= {label: "picture"} if missing else {} if kind == "image" else {label: kind}
            known[label] = "file" if label in files else "image"
    roles = list(roles_of(inputs, known).values())
    for place, role in enumerate(roles):
        if role == "array" and _differ_as_pictures(inputs.iloc[:, place]):
            roles[place] = "image"
    columns = [Column(label, role) for label, role in zip(inputs.columns, roles, strict=True)]
    if not files:
        return tuple(columns), ()
    do = {label: DO.get(kind, _find(root)) for label, kind in files.items()}
    label, kind = next(iter(files.items()))
    if all(c.role in ("file", "ignore", "constant", "identifier") for c in columns):
        what = f"{kind} files"
        what += f" that are not there, such as {str(inputs[label].dropna().iloc[0])[:60]!r}" * (
            kind == "picture"
        )
        raise InputError(f"the column {str(label)!r} must hold values or pictures", got=what, do=do[label])
    return tuple(columns), tuple(
        f"{str(label)!r} holds {kind} files, which are not read{' (not there)' * (kind == 'picture')}: "
        f"{do[label]}"
        for label, kind in files.items()
    )


def _find(root: Path | None) -> str:
    where = "the current folder" if root is None else repr(str(root))
    return f"paths start at {where}, and links are not fetched: check them"


def _no_such_files(column: pd.Series, root: Path | None) -> bool:
    """Whether the cells are paths, and none of those looked at is there, a link on the web for example."""
    for cell in column.dropna().iloc[:64]:
        path = cell.get("path") if isinstance(cell, dict) and cell.get("bytes") is None else cell
        if not isinstance(path, str | Path) or kind_of_name(str(path)) is None:
            return False
        try:
            pictures.below(path, root, fenced=root is not None)
        except pictures.Unreadable as reason:
            if str(reason) != "no such file":
                return False  # it is told apart, and counted, where the pictures are opened
        else:
            return False
    return True


def _differ_as_pictures(column: pd.Series) -> bool:
    """Whether arrays in cells differ in size as pictures do: along both axes, or with colours behind them."""
    shapes = {np.shape(cell) for cell in column.dropna().iloc[:256] if hasattr(cell, "shape")}
    colours = all(len(shape) == 3 and shape[2] in (1, 3, 4) for shape in shapes)
    planes = all(len(shape) == 2 for shape in shapes) and len({shape[1] for shape in shapes}) > 1
    return len(shapes) > 1 and (colours or planes)


def _look(column: pd.Series, root: Path | None, rng: np.random.Generator) -> pictures.Pictures:
    present = column.dropna()
    if present.empty:
        raise InputError(
            f"the column {str(column.name)!r} must hold pictures", got="nothing", do="give it no role"
        )
    rows = np.arange(len(present))
    if len(rows) > pictures.LOOK:
        rows = np.sort(rng.choice(rows, pictures.LOOK, replace=False))
    return pictures.look(
        present.iloc[rows].tolist(), root, fenced=root is not None, what=f"the column {str(column.name)!r}"
    )


def _settled(data: pd.DataFrame) -> pd.DataFrame:
    """Sparse columns become dense ones."""
    sparse = [isinstance(dtype, pd.SparseDtype) for dtype in data.dtypes]
    if not any(sparse):
        return data
    return pd.DataFrame(
        {
            place: pd.Series(np.asarray(data.iloc[:, place]), data.index) if found else data.iloc[:, place]
            for place, found in enumerate(sparse)
        },
        index=data.index,
    ).set_axis(data.columns, axis=1)


BLOCK = 1_000_000  # numbers checked at once
_TARGET = "\0target"  # the target's name in Table.run, which no column can have by accident


def _read_pictures(
    inputs: pd.DataFrame,
    columns: tuple[Column, ...],
    images: list[Any],
    root: Path | None,
    series: pd.Series | None,
    kind: Any,
    rng: np.random.Generator,
) -> Table:
    held = _look(inputs[images[0]], root, rng)
    notes = tuple(held.notes())
    if len(images) > 1:
        notes += (f"of {len(images)} columns of pictures only {str(images[0])!r} is used",)
    return Table(
        "image_cells", len(inputs), columns, held.values, held.layout, False, pd.DataFrame(), series, kind,
        inputs, pictures=held, notes=notes,
    )  # fmt: skip


def _read_columns(
    inputs: pd.DataFrame,
    columns: tuple[Column, ...],
    rows: Any,
    run: pd.DataFrame,
    read: pd.DataFrame,
    series: pd.Series | None,
    kind: Any,
) -> Table:
    # by place, since some labels, such as NaN and True, mean something else in an index
    dtypes = list(inputs.dtypes)
    body = [place for place, c in enumerate(columns) if _has_numbers(inputs, place, dtypes[place], c.role)]
    if len(inputs) * len(body) <= SCAN:
        _check_finite(inputs, [place for place in body if _can_be_endless(dtypes[place])])
    values = _numbers(read, body, rows)
    check_finite(values, "the data")
    texts = [c for c in columns if c.role == "text"]
    form: Container = "text" if texts and 2 * len(texts) >= len(columns) else "table"
    numbers = tuple(columns[place].label for place in body)
    return Table(form, len(inputs), columns, values, (len(body),), False, run, series, kind, inputs, numbers)


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


def _without(frame: pd.DataFrame, place: int) -> pd.DataFrame:
    """The other columns, which are not copied."""
    before, behind = frame.iloc[:, :place], frame.iloc[:, place + 1 :]
    if not before.shape[1] or not behind.shape[1]:
        return behind if behind.shape[1] else before
    labels = frame.columns
    # labels are set afterwards: joining those that are no valid text fails
    parts = [part.set_axis(range(part.shape[1]), axis=1) for part in (before, behind)]
    others = np.arange(len(labels)) != place
    return pd.concat(parts, axis=1).set_axis(labels[others], axis=1)


def _has_numbers(inputs: pd.DataFrame, place: int, dtype: Any, role: Role) -> bool:
    """Whether a column takes part in facts about numbers, written as such or as text."""
    if role != "constant" or is_number(dtype):
        return role in ("numeric", "ordinal", "constant")
    for cell in inputs.iloc[:, place].dropna().iloc[:1]:  # the corner of a picture is a constant, too
        return isinstance(cell, Number) or (isinstance(cell, str) and are_numbers([cell]))
    return False


def _can_be_endless(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return dtype.kind in "fO"
    return is_number(dtype)


def _check_finite(inputs: pd.DataFrame, places: list[int]) -> None:
    """Refuse infinities in any of these columns."""
    types = set(inputs.dtypes)
    only = next(iter(types))
    if len(places) == inputs.shape[1] and len(types) == 1 and isinstance(only, np.dtype) and is_number(only):
        step = max(1, BLOCK // inputs.shape[1])  # what is not held together is copied block by block
        with np.errstate(over="ignore", invalid="ignore"):
            sums = [inputs.iloc[i : i + step].to_numpy().sum() for i in range(0, len(inputs), step)]
        if np.isfinite(sums).all():
            return
    for place in places:
        column = inputs.iloc[:, place]
        if column.dtype == object:
            if pd.api.types.infer_dtype(column, skipna=True) == "string":
                continue  # a word for an infinity makes names of the others
            column = pd.to_numeric(column, errors="coerce")
        check_finite(
            column.to_numpy(dtype=np.float64, na_value=np.nan), f"the column {str(inputs.columns[place])!r}"
        )


def _numbers(inputs: pd.DataFrame, places: list[int], rows: Any) -> Floats:
    if not places:
        return np.empty((len(rows), 0), np.float32)
    sample = inputs.iloc[rows]
    if len(places) < sample.shape[1]:
        sample = sample.iloc[:, places]
    sample = read_numbers(sample, ["numeric"] * len(places))
    with np.errstate(over="ignore"):
        values: Floats = sample.to_numpy(dtype=np.float32, na_value=np.nan)
    if np.isinf(values).any():
        wide = sample.to_numpy(dtype=np.float64, na_value=np.nan)
        check_finite(wide, "the data")
        values = np.clip(wide, -MOST, MOST).astype(np.float32)  # only ranks matter here
    return values
