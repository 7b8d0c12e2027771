"""One-hot positions: series of letters that are held as groups of 0/1 columns."""

from __future__ import annotations

import numpy as np
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
