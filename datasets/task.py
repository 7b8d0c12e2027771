"""A task: a data set with a target, a metric and what is known of its structure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from advisor.architectures.base import Kind, Structure


@dataclass(frozen=True)
class Task:
    """A data set to learn, in memory.

    Parameters
    ----------
    id : str
        Source and name: ``"embedded:digits"``.
    X : DataFrame, shape (n, d)
        Inputs. Images and sequences have one flat column per number, in canonical order: ``layout`` in C
        order, channels last (``(H, W, C)``, ``(T, C)``); unequal lengths are padded with NaN at the end.
    y : Series, shape (n,)
        Target, same index as ``X``; float for regression, any labels for classification.
    kind : {"classification", "regression"}
        What is predicted.
    metric : {"accuracy", "r2"}
        The score; higher is better.
    structure : {"image", "sequence", "tabular"} or None
        The declared truth, None if nobody declared it.
    layout : tuple of int or None
        ``(H, W, C)``, ``(T, C)`` or ``(d,)``; None if nobody declared it. Of a task whose structure nobody
        declared it may be what the advisor found.
    origin : str
        The original collection; tasks of one origin are not independent and are clustered in intervals.
    groups : Series or None
        Rows of one group stay on one side of a split.
    splits : tuple of (ndarray, ndarray)
        Positions of the training and the test rows of each split that comes with the task, in the order of
        the folds; empty if none does. They are no part of ``data_hash``: a source gives the same id the same
        splits.
    max_train : int or None
        Most rows to train with, whatever the protocol allows.
    row_keys : ndarray of uint64, shape (n,), or None
        What splits tell rows by in place of a hash of their inputs: that of the task this one was made from,
        so that both are split alike.
    """

    id: str
    X: pd.DataFrame
    y: pd.Series
    kind: Kind
    metric: str
    structure: Structure | None
    layout: tuple[int, ...] | None
    origin: str
    groups: pd.Series | None = None
    splits: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    max_train: int | None = None
    row_keys: np.ndarray | None = None

    @property
    def name(self) -> str:
        """The part of the id after the source."""
        return self.id.partition(":")[2]

    @cached_property
    def data_hash(self) -> str:
        """Hash of the canonical values and keys (16 hex digits): a changed value or name changes it."""
        digest = hashlib.sha256()
        for name in self.X.columns:
            digest.update(f"{name}\0".encode())
            digest.update(_canonical(self.X[name]))
        digest.update(_canonical(self.y))
        if self.groups is not None:
            digest.update(_canonical(self.groups))
        if self.row_keys is not None:
            digest.update(self.row_keys.tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def splits_hash(self) -> str | None:
        """Hash of the splits that come with the task (16 hex digits); None if there are none."""
        digest = hashlib.sha256()
        for side in (side for sides in self.splits for side in sides):
            digest.update(len(side).to_bytes(8, "little") + np.asarray(side, dtype="<i8").tobytes())
        return digest.hexdigest()[:16] if self.splits else None

    @cached_property
    def info(self) -> TaskInfo:
        """What the planner needs of this task."""
        n, d = self.X.shape
        return TaskInfo(
            id=self.id,
            structure=self.structure,
            layout=self.layout,
            kind=self.kind,
            metric=self.metric,
            origin=self.origin,
            data_hash=self.data_hash,
            n=n,
            d=d,
            n_splits=len(self.splits),
            max_train=self.max_train,
            splits_hash=self.splits_hash,
        )


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """What is known of a task without its values.

    Parameters
    ----------
    id, structure, layout, kind, metric, origin
        As in :class:`Task`.
    data_hash : str or None
        As in :class:`Task`; None where it would need the values and they were not loaded.
    n, d : int
        Rows and input columns.
    n_splits : int
        Splits that come with it.
    max_train : int or None
        As in :class:`Task`.
    splits_hash : str or None
        As in :class:`Task`.
    """

    id: str
    structure: Structure | None
    layout: tuple[int, ...] | None
    kind: Kind
    metric: str
    origin: str
    data_hash: str | None
    n: int
    d: int
    n_splits: int = 0
    max_train: int | None = None
    splits_hash: str | None = None


def group_codes(groups: pd.Series) -> np.ndarray:
    """Number the group of each row; a row whose group is missing is one of its own.

    Parameters
    ----------
    groups : Series, shape (n,)
        Labels.

    Returns
    -------
    ndarray of int, shape (n,)
        Equal where rows stay on one side of a split.

    Examples
    --------
    >>> group_codes(pd.Series(["a", None, "a", None])).tolist()
    [0, 2, 0, 4]
    """
    codes = pd.factorize(groups)[0].astype(np.int64)
    return np.where(codes < 0, codes.max() + 1 + np.arange(len(codes)), codes)


def is_nested(column: pd.Series) -> bool:
    """Whether a column has cells of more than one value, which its hash would not tell apart.

    Parameters
    ----------
    column : Series
        Inputs.

    Returns
    -------
    bool
        True for lists, structs and arrays.

    Examples
    --------
    >>> is_nested(pd.Series([[1, 2], [3]])), is_nested(pd.Series(["a", "b"]))
    (True, False)
    """
    nested = (list, tuple, dict, set, np.ndarray)
    return bool(column.dtype == object) and any(isinstance(cell, nested) for cell in column)


def _canonical(column: pd.Series) -> bytes:
    """Bytes of a column that do not depend on its dtype: numbers as float64, everything else as text."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isnan(values), np.nan, values + 0.0).tobytes()  # one NaN, no negative zero
    text = column.astype(object).where(column.notna(), "\1missing")
    return "\0".join(map(str, text)).encode()
