"""One-hot positions: series of letters that are held as groups of 0/1 columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.lags import Floats
from advisor.order import Order, order_of

FEWEST = 8  # positions
LARGEST = 64  # letters of an alphabet


def alphabet(values: NDArray[np.floating]) -> int | None:
    """Size of the groups of 0/1 columns of which at most one is set in any row; None if there are none.

    The largest size that divides the columns evenly is taken: parts of a group are exclusive as well.

    Examples
    --------
    >>> letters = np.eye(3)[np.random.default_rng(0).integers(3, size=(50, 10))].reshape(50, 30)
    >>> alphabet(letters)
    3
    """
    filled = np.nan_to_num(values)
    d = filled.shape[1]
    if d < 2 * FEWEST or not np.isin(filled, (0, 1)).all() or not filled.any():
        return None
    for size in range(min(LARGEST, d // FEWEST), 1, -1):
        if d % size == 0 and filled.reshape(len(filled), -1, size).sum(axis=2).max() <= 1:
            return size
    return None


def spelled(columns: Sequence[pd.Series]) -> tuple[list[str], Floats] | None:
    """Letters that columns of categories share, and the columns as 0/1 groups of those.

    Parameters
    ----------
    columns : sequence of Series
        One column a position.

    Returns
    -------
    letters : list
        In order of their text.
    groups : ndarray of float32, shape (n, positions * letters)
        None for both if columns do not share an alphabet of 3 to 64 letters: each uses most of it.

    Examples
    --------
    >>> words = pd.DataFrame([list("acgtacgt"), list("cgtaacgt"), list("gtacccgt"), list("tacgggta")])
    >>> letters, groups = spelled([words[j] for j in words])
    >>> letters, groups.shape
    (['a', 'c', 'g', 't'], (4, 32))
    """
    if len(columns) < FEWEST:
        return None
    held = [set(map(str, pd.unique(column.dropna()))) for column in columns]
    letters = sorted(set().union(*held))
    usual = float(np.median([len(values) for values in held]))
    if not 3 <= len(letters) <= LARGEST or len(letters) > 2 * usual:
        return None
    return letters, one_hot(columns, letters)


def one_hot(columns: Sequence[pd.Series], letters: Sequence[str]) -> Floats:
    """One 0/1 group a column, one place a letter; all 0 where it is missing or unknown."""
    place = {letter: code for code, letter in enumerate(letters)}
    codes = np.empty((len(columns[0]), len(columns)), np.intp)
    for j, column in enumerate(columns):
        held, values = pd.factorize(column)
        codes[:, j] = np.array([*(place.get(str(value), -1) for value in values), -1])[held]
    groups: Floats = (codes[..., None] == np.arange(len(letters))).astype(np.float32)
    return groups.reshape(len(codes), -1)


def positions_order(values: NDArray[np.floating], size: int) -> Order:
    """Order of the positions: how often the outer two of three depend on each other least.

    Two positions depend on each other by the sum of squared correlations between their letters. The
    positions of unrelated categories are exchangeable, so the share of triples is at most 1/2, as for
    columns.
    """
    filled: Floats = np.nan_to_num(values).astype(np.float32)
    centred = filled - filled.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = np.where(spread > 0, centred / np.maximum(spread, 1e-6), np.nan)
    groups = np.nan_to_num(scaled).reshape(len(values), -1, size)  # (m, positions, letters)

    def dependence(k: int) -> Floats:
        pairs = np.einsum("mpa,mpb->pab", groups[:, :-k], groups[:, k:], optimize=True) / len(values)
        out: Floats = (pairs**2).sum(axis=(1, 2))
        return out

    return order_of(dependence(1), dependence(2), step=1)
