"""Rows of one group, which early stopping holds out together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.errors import InputError

Groups = NDArray[np.intp]


def check_groups(groups: Any, n_rows: int) -> Groups | None:
    """Check the groups of fit and number them in the order in which they come.

    Parameters
    ----------
    groups : array-like, shape (n,), or None
        Labels of any type; rows without one are a group.
    n_rows : int
        Rows of the inputs.

    Returns
    -------
    ndarray of int, shape (n,), or None
        Numbers from 0.

    Raises
    ------
    InputError
        If there is not one label per row.
    """
    if groups is None:
        return None
    labels = np.asarray(groups)
    if labels.shape != (n_rows,):
        raise InputError(
            "groups must have one label per row",
            got=f"shape {labels.shape} and {n_rows} rows",
            do="align X and groups",
        )
    codes: Groups = pd.factorize(labels, use_na_sentinel=False)[0]
    return codes


def share_of(n_rows: Any, fraction: float) -> Any:
    """How many of so many rows are held out: the nearest whole number, the lower of two.

    Examples
    --------
    >>> [int(share_of(n, 0.2)) for n in (2, 3, 7, 8, 100)]
    [0, 1, 1, 2, 20]
    """
    return np.ceil(np.round(n_rows * fraction - 0.5, 9)).astype(np.intp)


def hold_out_groups(
    target: NDArray[Any], groups: Groups, fraction: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Hold out whole groups, stratified by their most frequent class or their mean.

    Parameters
    ----------
    target : ndarray, shape (n,)
        Class codes or numbers.
    groups : ndarray of int, shape (n,)
        Number of the group of each row.
    fraction : float
        Share of the rows to hold out, met as well as whole groups allow.
    rng : numpy.random.Generator
        Shuffles the groups.

    Returns
    -------
    ndarray of int
        Positions of the rows held out; none if no group can be spared, or each is one row alone.
    """
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) in (1, len(target)):
        return np.empty(0, np.intp)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(sizes)[:-1])
    order = rng.permutation(len(sizes))
    order = order[np.argsort(_levels(target, codes, sizes)[order], kind="stable")]
    held = _spared(target, members, _dealt(order, sizes, fraction))
    if not held:  # few groups: the one that comes nearest to the share
        nearest = order[np.argsort(np.abs(sizes[order] - fraction * len(target)), kind="stable")]
        held = next(filter(None, (_spared(target, members, [group]) for group in nearest)), [])
    return np.concatenate([np.empty(0, np.intp), *(members[group] for group in held)])


def _levels(target: NDArray[Any], codes: Groups, sizes: NDArray[np.intp]) -> NDArray[Any]:
    """The most frequent class of each group, or the mean of its numbers."""
    if target.dtype.kind not in "iu":
        return np.bincount(codes, target) / sizes
    n_classes = int(target.max()) + 1
    pairs, counts = np.unique(codes * n_classes + target, return_counts=True)
    group, label = np.divmod(pairs, n_classes)
    best = np.lexsort([-counts, group])  # by group, the most frequent class first
    return label[best][np.unique(group[best], return_index=True)[1]]


def _dealt(order: NDArray[np.intp], sizes: NDArray[np.intp], fraction: float) -> list[int]:
    """Groups that, taken in this order, keep the rows held out nearest to their share of those passed."""
    held: list[int] = []
    passed = taken = 0
    for group, size in zip(order.tolist(), sizes[order].tolist()):
        passed += size
        if fraction * passed - taken > size / 2:
            held.append(group)
            taken += size
    return held


def _spared(target: NDArray[Any], members: list[NDArray[np.intp]], held: list[int]) -> list[int]:
    """Those of the groups without which every class is still there to be learned."""
    if target.dtype.kind not in "iu":
        return held
    left, spared = np.bincount(target), []
    for group in held:
        classes, counts = np.unique(target[members[group]], return_counts=True)
        if (left[classes] > counts).all():
            left[classes] -= counts
            spared.append(group)
    return spared
