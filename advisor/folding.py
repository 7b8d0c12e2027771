"""Bring rows, as the user holds them, into the tensors that an architecture takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from advisor import cells, pictures
from advisor.clocks import clock_numbers
from advisor.dates import Notation
from advisor.errors import InputError
from advisor.numbers import as_numbers
from advisor.past import Steps, check_known, fingerprints
from advisor.reader import Reader
from advisor.reading import as_frame, check_columns, column_of, named, unpacked
from advisor.roles import INPUTS, Role, numbers_of, roles_of
from advisor.spread import ROWS, coarse, some_rows

Tensor = NDArray[np.float32]
CELLS = 2**20  # numbers that tell how exact all must be


class Fold(TransformerMixin, BaseEstimator):
    """Transformers here learn nothing from ``y`` and keep every row."""

    def fit(self, X: Any, y: Any = None) -> Fold:
        """Remember that it was fitted; subclasses learn what they must."""
        self.fitted_ = True
        return self


class ReadHeld(Fold):
    """Make a frame or an array of whatever was given to ``advise``, such as a polars frame.

    Parameters
    ----------
    target : label or None
        A column that is left out if it is still there.

    Examples
    --------
    >>> ReadHeld(target="y").fit_transform({"x": [1, 2], "y": [0, 1]}).columns.tolist()
    ['x']
    """

    def __init__(self, target: Any = None) -> None:
        self.target = target

    def transform(self, X: Any) -> Any:
        """Convert."""
        from advisor.intake import plain

        data = plain(X)
        if isinstance(data, pd.DataFrame) and self.target is not None and self.target in data.columns:
            return data.drop(columns=[self.target])
        return data


class FoldNumbers(Fold):
    """Folds of columns or arrays of numbers: float32, unless that would not tell the numbers apart.

    Estimators take a channel's or a column's mean away before they round.
    """

    def fit(self, X: Any, y: Any = None) -> FoldNumbers:
        """Learn how exact the numbers must be."""
        if isinstance(X, pd.DataFrame) and len(X):
            X = X.iloc[some_rows(len(X), max(1, CELLS // max(1, X.shape[1])))]
        folded = self._folded(X)
        some = folded[some_rows(len(folded), max(1, CELLS // max(1, int(np.prod(folded.shape[1:])))))]
        channels = np.asarray(some.reshape(-1, some.shape[-1]), dtype=np.float64)
        self.exact_ = bool(coarse(channels).any())
        return self

    def transform(self, X: Any) -> NDArray[np.floating[Any]]:
        """Fold."""
        folded = self._folded(X)
        return np.ascontiguousarray(folded, dtype=np.float64 if self.exact_ else np.float32)

    def _folded(self, X: Any) -> NDArray[Any]:
        """Numbers of whatever type, shape (n, *layout)."""
        raise NotImplementedError


class FoldAxes(FoldNumbers):
    """Reorder the axes of an array into ``(n, *layout)``, channels last.

    Parameters
    ----------
    layout : tuple of int
        Canonical.
    order : tuple of int
        Axes of an item in canonical order.

    Examples
    --------
    >>> FoldAxes(layout=(8, 8, 3), order=(1, 2, 0)).fit_transform(np.zeros((5, 3, 8, 8))).shape
    (5, 8, 8, 3)
    """

    def __init__(self, layout: tuple[int, ...], order: tuple[int, ...]) -> None:
        self.layout, self.order = layout, order

    def _folded(self, X: Any) -> NDArray[Any]:
        array = cells.as_array(X)
        held = _held(self.order, self.layout)
        flattened = array.ndim == 2 and array.shape[1] == np.prod(held)
        if array.dtype == object or (array.shape[1:] != tuple(held) and not flattened):
            raise InputError(
                f"each row must have the shape {tuple(held)} that was advised on",
                got=f"an array of shape {array.shape}",
                do="pass the same data, the target left out",
            )
        return _in_order(array.reshape(len(array), *held), self.order, self.layout)


class FoldCells(Fold):
    """Stack arrays held in cells, padded with NaN at the end, into ``(n, *layout)``.

    Parameters
    ----------
    columns : list of label
        The columns that hold them; several are channels.
    layout : tuple of int
        Canonical; the first axis is the longest seen.
    order : tuple of int
        Axes of an item in canonical order.
    held : tuple of int, optional
        Shape of a cell, where the layout does not tell it.
    """

    def __init__(
        self,
        columns: Sequence[Any],
        layout: tuple[int, ...],
        order: tuple[int, ...],
        held: tuple[int, ...] | None = None,
    ) -> None:
        self.columns, self.layout, self.order, self.held = columns, layout, order, held

    def transform(self, X: Any) -> Tensor:
        """Stack, reorder."""
        steps, *inner = self.held or _held(self.order, self.layout)
        frame = as_frame(X)
        columns = [column_of(frame, label) for label in self.columns]
        array, _ = cells.stack(columns, steps, tuple(inner))
        return np.ascontiguousarray(_in_order(array, self.order, self.layout), dtype=np.float32)


class FoldFlat(FoldNumbers):
    """Fold flat columns into ``(n, *layout)``.

    Parameters
    ----------
    columns : list of label, or None
        The columns in the order held; None for arrays, which are taken whole.
    layout : tuple of int
        ``(H, W, C)`` or ``(T, C)``.
    channel_axis : {"none", "last", "first", "line"}
        Whether channels stand together, follow one another, or do so within each line.

    Examples
    --------
    >>> rows = np.arange(8).reshape(1, 8)
    >>> FoldFlat(columns=None, layout=(4, 2), channel_axis="first").fit_transform(rows)[0].tolist()
    [[0.0, 4.0], [1.0, 5.0], [2.0, 6.0], [3.0, 7.0]]
    """

    def __init__(self, columns: Sequence[Any] | None, layout: tuple[int, ...], channel_axis: str) -> None:
        self.columns, self.layout, self.channel_axis = columns, layout, channel_axis

    def fit(self, X: Any, y: Any = None) -> FoldFlat:
        """Learn how exact the numbers must be, and how those that are text are written."""
        X = unpacked(X)
        labels = list(self.columns or ()) if isinstance(X, pd.DataFrame) else []
        self.readers_ = {label: Reader.of(column_of(X, label), "numeric") for label in labels}
        super().fit(X, y)
        return self

    def _folded(self, X: Any) -> NDArray[Any]:
        X = unpacked(X)
        if self.columns is not None and isinstance(X, pd.DataFrame):
            check_columns(X, self.columns)
            X = X[list(self.columns)]
            if not all(pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes):
                X = pd.concat([self.readers_[label](X[label]) for label in self.columns], axis=1)
            narrow = all(isinstance(t, np.dtype) and np.can_cast(t, np.float32) for t in X.dtypes)
            flat = X.to_numpy(dtype=np.float32 if narrow else np.float64, na_value=np.nan)
        else:
            flat = np.asarray(cells.filled(X))
            flat = np.asarray(flat, dtype=np.float32 if np.can_cast(flat.dtype, np.float32) else np.float64)
            places = [label for label in self.columns or () if isinstance(label, (int, np.integer))]
            if places and len(places) == len(self.columns or ()) and max(places) < flat.shape[1]:
                flat = flat[:, np.array(places)]  # of an array columns are named by their place
        if flat.shape[1] != int(np.prod(self.layout)):
            raise InputError(
                f"the layout {self.layout} needs {int(np.prod(self.layout))} columns",
                got=str(flat.shape[1]),
                do="pass the same columns, the target left out",
            )
        if self.channel_axis == "first":
            planes = flat.reshape(len(flat), self.layout[-1], *self.layout[:-1])  # (n, C, H, W) or (n, C, T)
            return np.moveaxis(planes, 1, -1)  # (n, *layout)
        if self.channel_axis == "line":
            height, width, channels = self.layout
            return np.moveaxis(flat.reshape(len(flat), height, channels, width), 2, -1)
        folded: NDArray[Any] = flat.reshape(len(flat), *self.layout)
        return folded


class FoldWindows(Fold):
    """Give each row the last ``window`` rows of its entity, itself included: ``(n, window, inputs)``.

    Rows are taken in the order held. The first rows of an entity have a shorter past and are padded with NaN
    at the end. Words and categories become codes learned in ``fit``; dates become seconds. The last rows of
    each entity that were learned from are remembered: rows that come later by the clock look back on them.
    Where no column tells the time, and rows begin with one that was not learned from, a warning says so.

    Parameters
    ----------
    window : int
        Rows looked back, at least 1.
    entity : list of label
        Columns that name the series a row belongs to, together; none if all rows are one series.
    time : list of label
        Columns that rows of one series are sorted by, coarse to fine; none if they are held in order. Rows
        that are held from the last to the first are thereby turned around.
    roles : mapping of label to role, optional
        What the columns are for; found from the values at fit by default.

    Examples
    --------
    >>> rows = pd.DataFrame({"who": ["a", "b", "a"], "day": [2, 1, 1], "x": [3.0, 2.0, 1.0]})
    >>> FoldWindows(window=2, entity=["who"], time=["day"]).fit_transform(rows)[0].tolist()
    [[1.0, 1.0], [2.0, 3.0]]
    """

    def __init__(
        self,
        window: int,
        entity: Sequence[Any] = (),
        time: Sequence[Any] = (),
        roles: Mapping[Any, Role] | None = None,
    ) -> None:
        self.window, self.entity, self.time, self.roles = window, entity, time, roles

    def fit(self, X: Any, y: Any = None) -> FoldWindows:
        """Learn which columns are used and the codes of their categories."""
        frame = self._frame(X)
        roles = roles_of(frame) if self.roles is None else dict(self.roles)
        series = set(self.entity)
        self.roles_ = {label: role for label, role in roles.items() if role in INPUTS and label not in series}
        check_columns(frame, list(self.roles_))
        self.codes_: dict[Any, dict[Any, int]] = {}
        for label, role in self.roles_.items():
            numbers = role != "categorical" and (role == "time" or numbers_of(frame[label], role) is not None)
            if not numbers:
                self.codes_[label] = {v: code for code, v in enumerate(pd.unique(frame[label].dropna()))}
        times = [label for label, role in self.roles_.items() if role == "time"]
        self.readers_ = {label: Reader.of(frame[label], role) for label, role in self.roles_.items()}
        self.notations_ = [Notation.of(column_of(frame, label)) for label in self.time]
        self.starts_ = {}
        for label in times:
            seconds = self.readers_[label](frame[label]).to_numpy()
            self.starts_[label] = 0.0 if np.isnan(seconds).all() else float(np.nanmin(seconds))
        self.exact_ = bool(coarse(self._inputs(frame.iloc[some_rows(len(frame), ROWS)])).any())
        self._remember(frame)
        return self

    def _remember(self, frame: pd.DataFrame) -> None:
        """Keep what tells the past of rows to come: the last rows by the clock, else which rows these are."""
        if not self.time:
            self.seen_ = fingerprints(self._inputs(frame))
            return
        steps = self._steps(frame)
        rows = steps.last(self.window - 1)
        self.past_, self.past_inputs_ = steps.take(rows), self._inputs(frame.iloc[rows])
        self.longest_ = steps.longest

    def _steps(self, frame: pd.DataFrame) -> Steps:
        entity = [column_of(frame, label) for label in self.entity]
        times = [column_of(frame, label) for label in self.time]
        return Steps(len(frame), entity, clock_numbers(times, self.notations_))

    def transform(self, X: Any) -> NDArray[np.floating[Any]]:
        """Look back, on rows that were learned from where the clock says that these follow them."""
        frame = self._frame(X)
        values, steps, known = self._inputs(frame), self._steps(frame), 0
        if not self.time:
            check_known(fingerprints(values[:1]), self.seen_, self.window)
        elif len(self.past_) and len(frame):
            steps, kept = steps.earlier(self.past_, self.longest_)
            values, known = np.concatenate([self.past_inputs_[kept], values]), len(kept)
        return self._windows(values.astype(np.float64 if self.exact_ else np.float32), steps, known)

    def _windows(
        self, values: NDArray[np.floating[Any]], steps: Steps, known: int
    ) -> NDArray[np.floating[Any]]:
        """Windows of all rows but the first ``known``: (n, window, inputs)."""
        n = len(steps)
        order, codes = steps.order, steps.codes[steps.order]
        starts = np.flatnonzero(np.diff(codes, prepend=-2))
        age = np.arange(n) - np.repeat(starts, np.diff(np.append(starts, n)))
        wanted = np.flatnonzero(order >= known)
        past = np.minimum(age[wanted] + 1, self.window)  # rows that each window holds
        back = np.arange(self.window)
        index = wanted[:, None] - past[:, None] + 1 + back  # (n, window), oldest first
        held = back < past[:, None]
        windows = np.where(held[..., None], values[order][np.where(held, index, 0)], np.nan)
        out = np.empty_like(windows)
        out[order[wanted] - known] = windows
        return out

    def _frame(self, X: Any) -> pd.DataFrame:
        return as_frame(X) if self.roles is None else named(X, list(self.roles))

    def _inputs(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        columns = [self._numbers(frame, label) for label in self.roles_]
        # columns may do no more than name the series: then how many rows it has had is what is left to see
        return np.column_stack(columns or [np.zeros(len(frame))])

    def _numbers(self, frame: pd.DataFrame, label: Any) -> NDArray[np.float64]:
        column = column_of(frame, label)
        if label in self.codes_:
            column = column.astype(object).map(self.codes_[label])
        elif label in self.starts_:
            return self.readers_[label](column).to_numpy() - float(self.starts_[label])
        elif self.roles_[label] != "constant":
            column = self.readers_[label](column)
        return np.asarray(as_numbers(column).to_numpy(dtype=np.float64, na_value=np.nan))


class FoldPictures(Fold):
    """Decode and resize pictures into ``(n, H, W, C)``; those that cannot be read are missing values.

    Parameters
    ----------
    column : label or None
        The column that holds them as bytes, paths, base64, arrays or images opened by Pillow; None if rows
        are the pictures themselves, such as a list of paths.
    layout : (int, int, int)
        Height, width, channels.
    root : str or None
        Folder that relative paths start from; paths that leave it are not followed. None is the current
        folder, and no limit.

    Examples
    --------
    >>> cells = pd.DataFrame({"p": [np.zeros((4, 4)), np.ones((8, 8))]})
    >>> FoldPictures(column="p", layout=(4, 4, 1)).fit_transform(cells).shape
    (2, 4, 4, 1)
    """

    def __init__(self, column: Any, layout: tuple[int, int, int], root: str | None = None) -> None:
        self.column, self.layout, self.root = column, layout, root

    def transform(self, X: Any) -> Tensor:
        """Decode, resize."""
        X = unpacked(X)
        if isinstance(X, pd.DataFrame):
            X = column_of(X, X.columns[0] if self.column is None else self.column)
        root = None if self.root is None else Path(self.root)
        height, width, channels = self.layout
        return pictures.stack(X, (height, width, channels), root, fenced=root is not None)


def _held(order: tuple[int, ...], layout: tuple[int, ...]) -> list[int]:
    """Sizes of the axes of an item in the order held."""
    held = [0] * len(order)
    for size, axis in zip(layout, order):  # a layout may have one more, a single channel
        held[axis] = size
    return held


def _in_order(array: NDArray[Any], order: tuple[int, ...], layout: tuple[int, ...]) -> NDArray[Any]:
    moved = np.transpose(array, (0, *(axis + 1 for axis in order)))
    return moved.reshape(len(array), *layout)
