"""Rows that belong together: of one group, or of equal inputs; their order when they are dealt out."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from datasets.task import Task, group_codes

_CHUNK = 8192  # rows hashed at a time, so that a wide set is not copied whole as float64


def row_keys(task: Task) -> np.ndarray:
    """Tell the rows of a task apart: by the keys that it carries, or else by a hash of their inputs.

    Parameters
    ----------
    task : Task
        Whose rows.

    Returns
    -------
    ndarray of uint64, shape (n,)
        Rows with equal keys stay on one side of a split.

    Examples
    --------
    >>> import datasets
    >>> one, other = (datasets.load(f"{how}embedded:digits") for how in ("", "destroyed:"))
    >>> bool((row_keys(one) == row_keys(other)).all())
    True
    """
    return row_hashes(task.X) if task.row_keys is None else task.row_keys


def row_hashes(X: pd.DataFrame) -> np.ndarray:
    """Hash each row by its values, whatever their dtype.

    Parameters
    ----------
    X : DataFrame, shape (n, d)
        Numbers count by value (``1``, ``1.0`` and ``True`` are equal), everything else as text; missing
        values are equal to each other.

    Returns
    -------
    ndarray of uint64, shape (n,)
        Equal rows have equal hashes; columns count by position.

    Examples
    --------
    >>> hashes = row_hashes(pd.DataFrame({"a": [1.0, 1.0, 2.0], "b": ["x", "x", "x"]}))
    >>> bool(hashes[0] == hashes[1]), bool(hashes[0] == hashes[2])
    (True, False)
    """
    is_number = [pd.api.types.is_numeric_dtype(t) or pd.api.types.is_bool_dtype(t) for t in X.dtypes]
    coded = (
        X
        if all(is_number)
        else pd.concat(
            [X.iloc[:, i] if number else _codes(X.iloc[:, i]) for i, number in enumerate(is_number)], axis=1
        )
    )
    hashes = np.empty(len(X), dtype=np.uint64)
    for start in range(0, len(X), _CHUNK):
        values = coded.iloc[start : start + _CHUNK].to_numpy(dtype=np.float64, na_value=np.nan)
        values = np.ascontiguousarray(np.where(np.isnan(values), np.nan, values + 0.0))  # no negative zero
        digests = b"".join(hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in values)
        hashes[start : start + _CHUNK] = np.frombuffer(digests, dtype="<u8")
    return hashes


def _codes(column: pd.Series) -> pd.Series:
    """Number the distinct texts of a column in sorted order; missing is -1."""
    codes, _ = pd.factorize(column.astype(object).map(str, na_action="ignore"), sort=True)
    return pd.Series(codes, index=column.index)


def labels_of(task: Task) -> np.ndarray:
    """Number the target values in sorted order."""
    return task.y.to_numpy() if task.kind == "regression" else _codes(task.y).to_numpy()


def units_of(hashes: np.ndarray, groups: pd.Series | None) -> np.ndarray:
    """Number the units 0..u-1: components of the rows under "same group" and "same inputs".

    Units are numbered by their smallest hash, not by position.
    """
    from scipy.sparse import coo_array  # here: planning and reading results need none of it
    from scipy.sparse.csgraph import connected_components

    n = len(hashes)
    same = [np.unique(hashes, return_inverse=True)[1]]
    if groups is not None:
        same.append(group_codes(groups))
    row, link, nodes = np.tile(np.arange(n), len(same)), [], n
    for codes in same:  # rows and what they share are the two kinds of nodes of a graph
        link.append(nodes + codes)
        nodes += int(codes.max()) + 1
    graph = coo_array((np.ones(len(row)), (row, np.concatenate(link))), shape=(nodes, nodes))
    component = connected_components(graph, directed=False)[1][:n]
    smallest = pd.Series(hashes).groupby(component).min()
    renumber = smallest.rank(method="first").astype(int) - 1
    units: np.ndarray = renumber.loc[component].to_numpy()
    return units


def order_of(
    task: Task, unit: np.ndarray, sizes: np.ndarray, *, big: int, rng: np.random.Generator
) -> np.ndarray:
    """Rank the units for dealing out: big ones first, then classes interleaved evenly."""
    label = classes_of(task, unit, sizes)
    noise = rng.random((2, len(sizes)))
    place = pd.Series(noise[0]).groupby(label).rank(method="first").to_numpy() - 1  # k-th of its class
    size = np.bincount(label)[label]
    # stratum k of m is [k/m, (k+1)/m); the first is moved to the front
    position = np.where(place == 0, noise[1] / len(sizes), (place + noise[1]) / size)
    rank = np.empty(len(sizes), dtype=int)
    rank[np.lexsort((noise[1], position, sizes <= big))] = np.arange(len(sizes))
    return rank


def classes_of(task: Task, unit: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Number the class that most rows of a unit have; one for all where the target is a number."""
    if task.kind == "regression":
        return np.zeros(len(sizes), dtype=int)
    label = np.unique(labels_of(task), return_inverse=True)[1]
    width = int(label.max()) + 1
    pairs, counts = np.unique(unit.astype(np.int64) * width + label, return_counts=True)
    units, classes = np.divmod(pairs, width)
    order = np.lexsort((classes, -counts, units))  # the most frequent class of each unit first
    most: np.ndarray = classes[order][np.unique(units[order], return_index=True)[1]]
    return most
