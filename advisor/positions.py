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


def flags(values: NDArray[np.floating]) -> NDArray[np.intp]:
    """Places of the columns that hold 0, 1 or nothing.

    Examples
    --------
    >>> flags(np.array([[0, 2, 1], [1, 0.5, np.nan]])).tolist()
    [0, 2]
    """
    return np.flatnonzero(((values == 0) | (values == 1) | np.isnan(values)).all(axis=0))


def spelled(columns: Sequence[pd.Series]) -> tuple[list[str], Floats, list[int]] | None:
    """Letters that columns of categories share, and the columns as 0/1 groups of those.

    Parameters
    ----------
    columns : sequence of Series
        One column a position; those that share no letter with the others stand beside.

    Returns
    -------
    letters : list
        In order of their text.
    groups : ndarray of float32, shape (n, positions * letters)
        One group a position.
    positions : list of int
        Places of the columns that share the letters. None for all three if there is no alphabet of 3 to 64
        letters: each column uses most of it.

    Examples
    --------
    >>> words = pd.DataFrame([list("acgtacgt"), list("cgtaacgt"), list("gtacccgt"), list("tacgggta")])
    >>> letters, groups, positions = spelled([words[j] for j in words])
    >>> letters, groups.shape, len(positions)
    (['a', 'c', 'g', 't'], (4, 32), 8)
    """
    if len(columns) < FEWEST:
        return None
    held = [set(map(str, pd.unique(column.dropna()))) for column in columns]
    shared, positions = _sharing(held)
    letters = sorted(shared)
    usual = float(np.median([len(held[j]) for j in positions]))
    if len(positions) < FEWEST or not 3 <= len(letters) <= LARGEST or len(letters) > 2 * usual:
        return None
    return letters, one_hot([columns[j] for j in positions], letters), positions


def _sharing(held: Sequence[set[str]]) -> tuple[set[str], list[int]]:
    """The most columns of which each shares a letter with another, and all their letters."""
    parts: list[tuple[set[str], list[int]]] = []
    for place, letters in enumerate(held):
        joined, places, apart = set(letters), [place], []
        for part in parts:
            if part[0] & letters:
                joined |= part[0]
                places += part[1]
            else:
                apart.append(part)
        parts = [*apart, (joined, places)]
    letters, places = max(parts, key=lambda part: len(part[1]))
    return letters, sorted(places)


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
