"""Read the columns of a table as understood: numbers from strings, seconds from dates, names left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from advisor.cells import filled
from advisor.errors import InputError
from advisor.index import check_unique, with_levels
from advisor.reader import Reader
from advisor.roles import LEFT_OUT, Role, left_out


class ReadIndex(TransformerMixin, BaseEstimator):
    """Make columns of levels of the index, such as the days of a series.

    Parameters
    ----------
    labels : sequence of label
        Of the levels, see :func:`advisor.index.levels_of`; those that are columns already stay as they are.

    Examples
    --------
    >>> rows = pd.DataFrame({"x": [1, 2]}, index=pd.date_range("2024", periods=2, name="day"))
    >>> ReadIndex(["day"]).fit_transform(rows).columns.tolist()
    ['day', 'x']
    """

    def __init__(self, labels: Sequence[Any]) -> None:
        self.labels = labels

    def fit(self, X: Any, y: Any = None) -> ReadIndex:
        """Remember that it was fitted; nothing is learned."""
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        """Add the columns."""
        return with_levels(X, self.labels) if isinstance(X, pd.DataFrame) else X


class ReadArray(TransformerMixin, BaseEstimator):
    """Take an array with the target among its columns or without it, and leave it out.

    Parameters
    ----------
    place : int
        Of the target.
    inputs : int
        Columns beside it.
    framed : bool
        Whether to give a frame whose columns are named by their places beside the target, or an array.

    Examples
    --------
    >>> reader = ReadArray(place=0, inputs=2)
    >>> rows = np.array([[7, 1, 2]])
    >>> reader.fit_transform(rows).columns.tolist(), reader.fit_transform(rows[:, 1:]).to_numpy().tolist()
    ([1, 2], [[1, 2]])
    """

    def __init__(self, place: int, inputs: int, framed: bool = True) -> None:
        self.place, self.inputs, self.framed = place, inputs, framed

    def fit(self, X: Any, y: Any = None) -> ReadArray:
        """Remember that it was fitted; nothing is learned."""
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        """Leave the target out.

        Raises
        ------
        InputError
            If the array has neither the columns it was advised on nor these and the target.
        """
        X = unpacked(X)
        X = X if isinstance(X, pd.DataFrame) else np.asarray(filled(X))
        if X.ndim != 2 or X.shape[1] not in (self.inputs, self.inputs + 1):
            raise InputError(
                f"an array must have the {self.inputs} columns that were advised on, or these and the target "
                f"in place {self.place}",
                got=f"shape {X.shape}",
                do="pass the same columns, the target with them or left out",
            )
        kept = np.delete(np.arange(self.inputs + 1), self.place)
        if X.shape[1] > self.inputs:
            X = X.iloc[:, kept] if isinstance(X, pd.DataFrame) else X[:, kept]
        if not self.framed:
            return np.asarray(X)
        return X.set_axis(kept, axis=1) if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=kept)


class ReadColumns(TransformerMixin, BaseEstimator):
    """Give a table as numbers and categories.

    Parameters
    ----------
    roles : mapping of label to role
        Other columns, such as the target, are left out; so are identifiers, text, ignored columns and paths
        of files. Numbers written as text become numbers, dates become seconds since 1970; what the caller
        called categorical or an entity becomes a category even if it is a number.

    Examples
    --------
    >>> rows = pd.DataFrame({"id": [7, 8], "price": ["$1,200", "n/a"], "day": ["1970-01-02", None]})
    >>> roles = {"id": "identifier", "price": "numeric", "day": "time"}
    >>> ReadColumns(roles).fit_transform(rows).to_numpy().tolist()
    [[1200.0, 86400.0], [nan, nan]]
    """

    def __init__(self, roles: Mapping[Any, Role]) -> None:
        self.roles = roles

    def fit(self, X: Any, y: Any = None) -> ReadColumns:
        """Remember the names, and how each column is written."""
        frame = self._frame(X)
        self.readers_ = {label: Reader.of(frame[label], self.roles[label]) for label in self._kept()}
        self.feature_names_in_ = np.array([str(label) for label in self.roles], dtype=object)
        self.n_features_in_ = len(self.roles)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Read; labels become text, as scikit-learn wants them."""
        frame, labels = self._frame(X), self._kept()
        columns = {place: self.readers_[label](frame[label]) for place, label in enumerate(labels)}
        names = pd.Index(self.get_feature_names_out(), dtype=object)  # which may be no valid text
        return pd.DataFrame(columns, index=frame.index).set_axis(names, axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Names of the columns that are not left out."""
        return np.array([str(label) for label in self._kept()], dtype=object)

    def _kept(self) -> list[Any]:
        some = left_out(self.roles)
        kept = [label for label, role in self.roles.items() if not (some and role in LEFT_OUT)]
        return [label for label in kept if self.roles[label] != "text"] or kept  # trees cannot split on text

    def _frame(self, X: Any) -> pd.DataFrame:
        frame = named(X, list(self.roles))
        check_columns(frame, self._kept())
        return frame


def named(X: Any, labels: Sequence[Any]) -> pd.DataFrame:
    """Take a frame as it is, and call the columns of an array as they were advised.

    Parameters
    ----------
    X : DataFrame or array-like
        One series, all rows and columns, or named fields.
    labels : sequence of label
        Of all columns that were advised on: those of an array without fields are known by their place alone.

    Returns
    -------
    DataFrame
        With columns of these labels, and others where it was a frame.

    Raises
    ------
    InputError
        If an array without fields has other columns.

    Examples
    --------
    >>> named(np.array([1.0, 2.0]), ["value"]).columns.tolist()
    ['value']
    """
    X = unpacked(X)
    if isinstance(X, pd.DataFrame):
        return X
    frame = as_frame(X)
    if frame.shape[1] != len(labels):
        raise InputError(
            f"an array must have the {len(labels)} columns that were advised on",
            got=f"shape {np.shape(X)}",
            do="pass the same columns, the target left out",
        )
    return frame.set_axis(pd.Index(list(labels), tupleize_cols=False), axis=1)


def as_frame(X: Any) -> pd.DataFrame:
    """Make a frame of an array, fields by their names and else columns by their place.

    Parameters
    ----------
    X : DataFrame or array-like
        At most two axes.

    Returns
    -------
    DataFrame
        A frame that was given as it is.

    Raises
    ------
    InputError
        If the array has more than two axes.

    Examples
    --------
    >>> as_frame(np.array([(1, 0.5)], dtype=[("a", int), ("b", float)])).columns.tolist()
    ['a', 'b']
    >>> as_frame(np.array(["so it goes"])).columns.tolist()
    [0]
    """
    X = unpacked(X)
    if isinstance(X, pd.DataFrame):
        return X
    array = np.asarray(filled(X))
    if array.ndim > 2:
        raise InputError(
            "the data must be columns", got=f"an array of shape {array.shape}", do="pass what was advised on"
        )
    return pd.DataFrame(array)


def unpacked(X: Any) -> Any:
    """Make a frame of an array with named fields, and give anything else back as it is.

    Parameters
    ----------
    X : object
        The data.

    Returns
    -------
    DataFrame or object
        With a column for each field.

    Examples
    --------
    >>> unpacked(np.array([(1, 0.5)], dtype=[("a", int), ("b", float)])).columns.tolist()
    ['a', 'b']
    >>> unpacked([1, 2])
    [1, 2]
    """
    named_fields = getattr(getattr(X, "dtype", None), "names", None) is not None
    return pd.DataFrame.from_records(X) if named_fields else X


def column_of(frame: pd.DataFrame, label: Any) -> pd.Series:
    """Take a column, or say that it is missing or there more than once.

    Parameters
    ----------
    frame : DataFrame
        The data.
    label : label
        Of the column.

    Returns
    -------
    Series
        The column.

    Raises
    ------
    InputError
        If it is missing or there more than once.

    Examples
    --------
    >>> column_of(pd.DataFrame({"a": [1], "b": [2]}), "b").tolist()
    [2]
    """
    check_columns(frame, [label])
    column: pd.Series = frame[label]
    return column


def check_columns(frame: pd.DataFrame, labels: Sequence[Any]) -> None:
    """Refuse a frame in which one of these columns is missing or there more than once.

    Parameters
    ----------
    frame : DataFrame
        The data.
    labels : sequence of label
        Of the columns; there may be others.

    Raises
    ------
    InputError
        If there is one.

    Examples
    --------
    >>> check_columns(pd.DataFrame({"a": [1]}), ["a", "b"])
    Traceback (most recent call last):
    advisor.errors.InputError: the data must have the columns it was advised on, got no 'b': pass the same ...
    """
    missing = [label for label in labels if label not in frame.columns]
    if missing:
        raise InputError(
            "the data must have the columns it was advised on",
            got=f"no {missing[0]!r}" + (f" and {len(missing) - 1} more" if len(missing) > 1 else ""),
            do="pass the same columns, the target left out",
        )
    check_unique(frame.columns, labels)
