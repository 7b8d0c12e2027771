"""Rows to learn from and rows to be judged by: folded, split without leaks, scored row by row."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures.base import Kind
from advisor.clocks import read_clock
from advisor.errors import TargetError
from advisor.table import Table
from advisor.target import hides_a_class

Rows = NDArray[np.intp]
FEWEST = 40  # rows with a target, below which no split says anything
UNITS = 6  # entities of a panel needed to hold whole ones out; fewer are split by time
CLASS = 20  # rows of each class that are drawn, of which a quarter is held out
COPIES = 10  # mean rows of equal inputs above which these are the few combinations there are, and no copies
RUN_ROWS = 20_000  # rows of a series or panel that are folded into windows before some are drawn


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows with their target, ready to be split.

    Parameters
    ----------
    X : ndarray or DataFrame, n rows
        Folded as the advice says: ``(n, *layout)``, or the frame of a table.
    y : ndarray, shape (n,)
        Labels or numbers as held, none missing.
    kind : {"classification", "regression"}
        What is predicted.
    units : ndarray of int, shape (n,)
        Rows that belong together share a number: one entity, or equal inputs. Of rows in time, their place in
        the file.
    timed : bool
        Rows are in time: what is held out must come later.
    gap : int
        Rows of the file left out between the two sides of a split in time, so that no window lies on both.
    """

    X: Any
    y: NDArray[Any]
    kind: Kind
    units: NDArray[np.intp]
    timed: bool = False
    gap: int = 0

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def metric(self) -> str:
        """The score: "accuracy", "balanced accuracy" where a class is rare, or "r2"."""
        if self.kind == "regression":
            return "r2"
        shares = np.unique(self.codes, return_counts=True)[1] / len(self)
        return "balanced accuracy" if hides_a_class(shares) else "accuracy"

    @cached_property
    def codes(self) -> NDArray[Any]:
        """Numbers of a regression, or class codes in sorted order of the labels."""
        if self.kind == "regression":
            return np.asarray(self.y, dtype=np.float64)
        return pd.factorize(self.y.astype(str), sort=True)[0]

    def coded(self, predicted: Any) -> NDArray[Any]:
        """What a model predicts, as :func:`row_scores` takes it: numbers, or the codes of labels."""
        if self.kind == "regression":
            return np.asarray(predicted)
        labels = pd.Index(np.unique(self.y.astype(str)))
        return np.asarray(labels.get_indexer(np.asarray(predicted).astype(str)))

    def take(self, rows: Rows) -> Any:
        """Inputs of some rows."""
        return self.X.iloc[rows] if isinstance(self.X, pd.DataFrame) else self.X[rows]


def sample(
    table: Table, folder: Any, folding: Mapping[str, Any], rng: np.random.Generator, most: int
) -> Sample:
    """Draw rows, fold them, and say which belong together.

    Parameters
    ----------
    table : Table
        With a target.
    folder : transformer or None
        What brings rows into tensors.
    folding : Mapping
        Its options, as :attr:`~advisor.advice.Advice.folding` has them.
    rng : numpy.random.Generator
        Draws the rows.
    most : int
        Rows at most.

    Returns
    -------
    Sample
        Rows in the order held, or in time where they are split by it.

    Raises
    ------
    TargetError
        If there is no target or too few rows have one.
    """
    if table.target is None or table.kind is None:
        raise TargetError(
            "effort beyond 'look' trains models, which needs to know what they predict",
            got="no target",
            do="pass target=..., or effort='look'",
        )
    if table.sampled is not None:  # what was not read cannot be trained on
        if folding.get("how") == "windows" and (np.diff(table.sampled) != 1).any():
            raise TargetError(
                "effort beyond 'look' needs the rows of a series one after the other",
                got="a data set of which some rows were drawn",
                do="pass an array or a frame of its first rows",
            )
        few = table.target.iloc[table.sampled] if len(table.target) == table.n else table.target
        table = replace(table, target=few, n=len(few), sampled=None)
    assert table.target is not None
    assert table.kind is not None
    known = np.flatnonzero(table.target.notna().to_numpy())
    if len(known) < FEWEST:
        raise TargetError(
            f"effort beyond 'look' needs {FEWEST} rows with a target",
            got=str(len(known)),
            do="use effort='look' or bring more rows",
        )
    windows = folding.get("how") == "windows"
    entity = list(folding["entity"]) if windows else table.labels("entity")[:1]
    place = _place(table, folding) if windows else np.arange(table.n)
    if windows:
        run = _run(table, entity, place, rng)
        inside = np.isin(run, known)
        chosen = _drawn(table, run, np.flatnonzero(inside), most, rng)
        X = folder.fit(_take(table.data, run)).transform(_take(table.data, run))[chosen]
        rows = run[chosen]
    else:
        rows = _drawn(table, np.arange(table.n), known, most, rng)
        X = _take(table.data, rows)
        X = folder.fit(X).transform(X) if folder is not None else X
    # without the missing ones, whole numbers that were held as objects are numbers again
    kept = table.target.iloc[rows].infer_objects()
    y = kept.to_numpy(np.float64) if table.kind == "regression" else np.asarray(kept)
    if table.kind == "classification" and len(pd.unique(y)) < 2:
        raise TargetError("training needs two classes", got="one in the rows drawn", do="shuffle the rows")
    units, enough = _units(table, entity, rows, X)
    timed = windows and not enough
    if timed:
        later = np.argsort(place[rows], kind="stable")
        X, y, rows = X[later], y[later], rows[later]
    gap = 0
    if timed:  # in a panel a window reaches back over rows of the others, too
        gap = int(folding["window"]) * (len(np.unique(_entities(table, entity, rows))) if entity else 1)
    return Sample(X, y, table.kind, place[rows] if timed else units, timed, gap)


def _place(table: Table, folding: Mapping[str, Any]) -> Rows:
    """Place of each row in time; in the order held where no column tells."""
    if not folding["time"]:
        return np.arange(table.n)
    clock = read_clock([table.data[label] for label in folding["time"]])
    return np.argsort(np.argsort(clock, kind="stable"), kind="stable")


def _entities(table: Table, entity: Sequence[Any], rows: Rows | slice = slice(None)) -> NDArray[np.intp]:
    """Number the entities, which several columns may name together."""
    named = table.data[list(entity)].iloc[rows].set_axis(range(len(entity)), axis=1)
    codes: NDArray[np.intp] = named.groupby(list(named), sort=False, dropna=False).ngroup().to_numpy(np.intp)
    return codes


def _run(table: Table, entity: Sequence[Any], place: Rows, rng: np.random.Generator) -> Rows:
    """Rows whose past is whole: the first of a series, or all those of some entities of a panel."""
    if not entity or table.n <= RUN_ROWS:
        return np.flatnonzero(place < RUN_ROWS)
    codes = _entities(table, entity)
    sizes = np.bincount(codes[codes >= 0])
    order = rng.permutation(len(sizes))
    kept = order[: max(UNITS, int(np.searchsorted(np.cumsum(sizes[order]), RUN_ROWS)))]
    return np.flatnonzero(np.isin(codes, kept))[: 4 * RUN_ROWS]


def _drawn(table: Table, rows: Rows, places: Rows, most: int, rng: np.random.Generator) -> Rows:
    """Draw some places among rows; of a class that would all but vanish as many as can be judged on."""
    if len(places) <= most:
        return places
    order = rng.permutation(places)
    if table.kind == "classification" and table.target is not None:
        codes = pd.factorize(table.target.iloc[rows[order]])[0]
        floor = min(CLASS, most // (2 * (int(codes.max()) + 1)))
        first = pd.Series(codes).groupby(codes).cumcount().to_numpy() < floor
        order = np.concatenate([order[first], order[~first]])
    return np.sort(order[:most])


def _take(data: Any, rows: Rows) -> Any:
    return data.iloc[rows] if isinstance(data, pd.DataFrame) else np.asarray(data)[rows]


def _units(table: Table, entity: Sequence[Any], rows: Rows, X: Any) -> tuple[NDArray[np.intp], bool]:
    """Number the units, and whether there are enough entities to hold some out."""
    if entity:
        codes = _entities(table, entity, rows)
        if len(np.unique(codes)) >= UNITS:
            return codes, True
    if isinstance(X, pd.DataFrame):
        try:
            hashes = pd.util.hash_pandas_object(X.set_axis(range(X.shape[1]), axis=1), index=False)
        except TypeError:  # cells that cannot be hashed are taken as all different
            return np.arange(len(rows)), False
    else:
        flat = np.ascontiguousarray(X).reshape(len(X), -1)
        hashes = pd.Series([row.tobytes() for row in flat])
    codes, inputs = pd.factorize(hashes)
    return (np.arange(len(rows)) if len(rows) > COPIES * len(inputs) else codes), False


def folds(data: Sample, k: int, rng: np.random.Generator) -> list[tuple[Rows, Rows]]:
    """Split into train and held-out rows ``k`` times.

    Units are shuffled, sorted by target and dealt out in turn, so that every fold has the class shares of
    the whole and no unit stands on two sides. Rows in time are split forward: the held-out part is always
    the one that follows, after a gap.

    Parameters
    ----------
    data : Sample
        What to split.
    k : int
        Folds, at least 2.
    rng : numpy.random.Generator
        Shuffles the units.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Positions into the sample.

    Examples
    --------
    >>> y = np.array([0, 1] * 10)
    >>> parts = folds(Sample(y[:, None], y, "classification", np.arange(20)), 5, np.random.default_rng(0))
    >>> [(len(train), int(y[held].sum())) for train, held in parts]
    [(16, 2), (16, 2), (16, 2), (16, 2), (16, 2)]
    """
    n = len(data)
    if data.timed:
        ends = np.linspace(n / 3, n, k + 1).astype(int)  # the first third is always learned from
        place = data.units
        return [
            (np.flatnonzero(place < max(place[0] + 1, place[a] - data.gap)), np.arange(a, b))
            for a, b in itertools.pairwise(ends)
        ]
    codes = data.codes
    units, first = np.unique(data.units, return_index=True)
    order = rng.permutation(len(units))
    order = order[np.argsort(codes[first][order], kind="stable")]
    fold_of_unit = np.empty(len(units), np.intp)
    fold_of_unit[order] = np.arange(len(units)) % k
    fold = fold_of_unit[np.searchsorted(units, data.units)]
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]


def mixed(data: Sample, train: Rows, rng: np.random.Generator) -> Rows:
    """Order training rows so that every beginning has all classes in their shares.

    Parameters
    ----------
    data : Sample
        Where they are from.
    train : ndarray of int
        Positions.
    rng : numpy.random.Generator
        Shuffles them first.

    Returns
    -------
    ndarray of int
        The same positions in another order.

    Examples
    --------
    >>> y = np.array([0] * 8 + [1] * 2)
    >>> data = Sample(y[:, None], y, "classification", np.arange(10))
    >>> y[mixed(data, np.arange(10), np.random.default_rng(0))[:5]].tolist()
    [0, 0, 1, 0, 0]
    """
    order = rng.permutation(len(train))
    if data.kind == "classification":
        codes = pd.Series(data.codes[train][order])
        rank, size = codes.groupby(codes).cumcount(), codes.map(codes.value_counts())
        order = order[np.argsort(((rank + 0.5) / size).to_numpy(), kind="stable")]
    return train[order]


def row_scores(data: Sample, held: Rows, predicted: NDArray[Any]) -> NDArray[np.float64]:
    """Score each held-out row so that the mean is the score.

    Accuracy counts hits; balanced accuracy weighs them by the rarity of their class; R2 is one minus the
    squared error over the variance.

    Parameters
    ----------
    data : Sample
        Where the truth is.
    held : ndarray of int
        Positions predicted.
    predicted : ndarray
        Numbers, or class codes.

    Returns
    -------
    ndarray, shape (len(held),)
        Contributions.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 3.0] * 20)
    >>> data = Sample(y[:, None], y, "regression", np.arange(60))
    >>> round(row_scores(data, np.arange(3), np.array([1.0, 2.0, 2.0])).mean(), 2).item()
    0.5
    """
    truth = data.codes[held]
    if data.kind == "regression":
        spread = float(np.var(truth)) or 1.0
        return np.asarray(1 - (truth - predicted) ** 2 / spread, dtype=np.float64)
    hits: NDArray[np.float64] = (truth == predicted).astype(np.float64)
    if data.metric == "balanced accuracy":
        present, code, counts = np.unique(truth, return_inverse=True, return_counts=True)
        hits *= len(truth) / (len(present) * counts[code])
    return hits
