"""Whether values remember the value of the row before, within groups of rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]

MEMORY = 0.2  # autocorrelation beyond chance that counts
LAGS = (1, 2, 4, 8, 16, 32, 64)  # rows apart at which memory is told
ORDERS = 19
SHORTEST, LONGEST = 8, 64  # rows that are looked back over, at least and at most
SMALLEST_BLOCK = 5  # mean rows of the blocks that a file is sorted into


def memory(
    columns: Floats, codes: Codes, times: Codes | None, order: Codes, alpha: float, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], Floats]:
    """Test each column for memory within groups.

    The null is every order of the rows within each group, which keeps whatever the groups have in common.
    If times are given that groups share, their means are taken away as well: then crossed factors without
    interaction have no memory.

    Parameters
    ----------
    columns : ndarray, shape (n, d)
        Ranks.
    codes : ndarray of int, shape (n,)
        The group of each row.
    times : ndarray of int, shape (n,), or None
        The moment of each row.
    order : ndarray of int, shape (n,)
        Rows of a group together, in the order to be tested.
    alpha : float
        Level, corrected for what was tried.
    rng : Generator
        Draws the orders.

    Returns
    -------
    remembers : ndarray of bool, shape (d,)
        Columns that do, at the level and by more than 0.2.
    gain : ndarray, shape (d,)
        Autocorrelation beyond that in random order; NaN where a column holds one value per group or time.

    References
    ----------
    von Neumann, J. (1941). Distribution of the ratio of the mean square successive difference to the
    variance. Ann. Math. Stat. 12, 367-395.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> walk, noise = rng.normal(size=200).cumsum(), rng.normal(size=200)
    >>> groups = np.repeat([0, 1], 100)
    >>> memory(np.column_stack([walk, noise]), groups, None, np.arange(200), 0.01, rng)[0].tolist()
    [True, False]
    """
    n, d = columns.shape
    gain = np.full(d, np.nan)
    inside = np.diff(codes[order]) == 0
    if inside.sum() < 10:
        return np.zeros(d, bool), gain
    shared = times is not None and n / (times.max() + 1) >= 3
    rests = np.empty((n, d))
    usable = np.zeros(d, bool)
    for j in range(d):
        rest = columns[:, j] - _means(columns[:, j], codes)
        total = float(rest @ rest)
        if total < 1e-3 * float(columns[:, j].var()) * n:
            continue  # one value per group
        if shared:
            assert times is not None
            for _ in range(3):
                rest = rest - _means(rest, times)
                rest = rest - _means(rest, codes)
        left = float(rest @ rest)
        if left > 0.002 * total:  # else one value per time, as a clock has
            rests[:, j], usable[j] = rest / np.sqrt(left / n), True
    if not usable.any():
        return usable, gain
    held = rests[:, usable][order]
    of = codes[order]
    observed = _autocorrelation(held, inside)
    deals = (np.argsort(of + rng.random(n)) for _ in range(ORDERS))  # within groups, since these are in order
    dealt = np.array([_autocorrelation(held[deal], inside) for deal in deals])
    spread = np.maximum(dealt.std(axis=0, ddof=1), 0.7 / np.sqrt(inside.sum()))
    gain[usable] = observed - dealt.mean(axis=0)
    hits = np.zeros(d, bool)
    hits[usable] = (gain[usable] > -ndtri(alpha) * spread) & (gain[usable] > MEMORY)
    return hits, gain


def blocks(run: pd.DataFrame) -> Codes:
    """Find the blocks that a file is sorted into: the rows of a value together, within them those of another.

    Columns are added one by one as long as each of their values stands together within the blocks so far,
    and blocks hold 5 rows on average. One block if the file is not sorted that way.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": list("vuuv") * 8}).sort_values("a", kind="stable").assign(x=range(32))
    >>> int(blocks(frame).max()) + 1
    2
    """
    n = len(run)
    block = np.zeros(n, np.intp)
    candidates = []
    for place in range(min(run.shape[1], 64)):
        column = run.iloc[:, place]
        if pd.api.types.is_float_dtype(column.dtype) and len(pd.unique(column.iloc[:500])) > 100:
            continue
        try:
            codes = pd.factorize(column)[0]
        except TypeError:
            continue  # lists in cells
        if codes.max() >= 1 and n >= 2 * (codes.max() + 1):
            candidates.append(codes.astype(np.intp))
    while candidates:
        best: Codes | None = None
        for codes in candidates:
            joint = pd.factorize(block.astype(np.int64) * (int(codes.max()) + 2) + codes)[0]
            count = int(joint.max()) + 1
            runs = int((np.diff(joint) != 0).sum()) + 1
            finer = count > block.max() + 1 and n >= SMALLEST_BLOCK * count
            if finer and runs <= 1.2 * count and (best is None or count < best.max() + 1):
                best = joint.astype(np.intp)
        if best is None:
            break
        block = best
    return block


def _means(values: Floats, codes: Codes) -> Floats:
    means: Floats = (np.bincount(codes, values) / np.maximum(np.bincount(codes), 1))[codes]
    return means


def _autocorrelation(rests: Floats, inside: NDArray[np.bool_]) -> Floats:
    out: Floats = np.einsum("i,ij,ij->j", inside, rests[1:], rests[:-1]) / inside.sum()
    return out


def window(profile: Mapping[int, float], most: int) -> int:
    """Give the lag by which memory has faded to 1/e of its start, at least 8 and at most 64 rows.

    Parameters
    ----------
    profile : mapping of int to float
        Autocorrelation by lag.
    most : int
        Rows to look back where it does not fade.

    Returns
    -------
    int
        8 to 64.

    Examples
    --------
    >>> window({1: 0.9, 2: 0.8, 4: 0.7, 8: 0.5, 16: 0.2}, 40), window({1: 0.9, 64: 0.9}, 12)
    (16, 12)
    """
    start = profile.get(1, 0.0)
    for lag, value in profile.items():
        if value < start / np.e:
            return int(np.clip(lag, SHORTEST, LONGEST))
    most = min(LONGEST, max(SHORTEST, most))
    return int(np.clip(max(profile, default=SHORTEST), SHORTEST, most))
