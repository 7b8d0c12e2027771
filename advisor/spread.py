"""How far apart the numbers of a column are, and whether float32 can tell them apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

ROWS = 4096  # that tell how far apart the numbers of a column are
TAILS = (25, 10, 1)  # percent of the numbers beyond each of two quantiles
FINE = 2.0**-10  # of the spread: rounding by less hides nothing that trees of 256 bins could use
WHOLE = 2.0**24  # up to which float32 holds all whole numbers
MOST = 1e37  # size of numbers that float32 holds, with room for what a library adds


def some_rows(n: int, most: int) -> NDArray[np.intp]:
    """Positions of at most so many of n rows, the same each time.

    Examples
    --------
    >>> some_rows(3, 5).tolist(), len(some_rows(5000, 10))
    ([0, 1, 2], 10)
    """
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(0).integers(n, size=most))


def spread(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median of each column and how far apart its numbers usually are, whatever a few of them are.

    Parameters
    ----------
    values : ndarray, shape (n, d)
        Numbers; NaN is missing.

    Returns
    -------
    median, spread : ndarray, shape (d,)
        The spread is the distance between two quantiles, in units that make it the standard deviation of
        normal numbers: the quartiles, or quantiles further out where these are equal; 0 if all are.

    Examples
    --------
    >>> spread(np.array([[1.0], [2.0], [3.0], [4.0], [1e9]]))[0].tolist()
    [3.0]
    """
    some = values[some_rows(len(values), ROWS)]
    missing = np.isnan(some)
    some = np.where(missing.all(axis=0), 0.0, some)
    of = np.nanpercentile if missing.any() else np.percentile
    low, high = (of(some, q, axis=0, method="lower") for q in (TAILS, [100 - tail for tail in TAILS]))
    apart = (high - low) / (-2 * norm.ppf(np.array(TAILS) / 100))[:, None]  # (3, d)
    widest = np.where(apart[0] > 0, apart[0], np.where(apart[1] > 0, apart[1], apart[2]))
    return of(some, 50, axis=0, method="lower"), widest


def coarse(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which columns hold numbers that float32 cannot tell apart, such as times since 1970 or long codes.

    Parameters
    ----------
    values : ndarray, shape (n, d)
        Numbers; NaN is missing.

    Returns
    -------
    ndarray of bool, shape (d,)
        Where rounding to float32 usually moves numbers by a part of their spread that counts, or whole
        numbers by one although the distances from one of them would not be rounded, or where float32 has no
        numbers of that size.

    Examples
    --------
    >>> day = np.arange(86400.0)
    >>> coarse(np.stack([day, 1.7e9 + day, 2000 + day / 86400], axis=1)).tolist()
    [False, True, False]
    """
    with np.errstate(over="ignore"):
        lost = np.fmax.reduce(np.abs(values - values.astype(np.float32)), axis=0, initial=0.0)
    found: NDArray[np.bool_] = lost > 0
    if not found.any():
        return found
    places = np.flatnonzero(found)
    some, lost = values[:, places], lost[places]
    low, high = np.fmin.reduce(some, axis=0), np.fmax.reduce(some, axis=0)
    extent = high - low
    median, apart = spread(some)
    apart = np.where(apart > 0, apart, extent)
    usual = np.abs(median) * 2.0**-25 + 2.0**-150  # half a step of float32, also where its numbers end
    merged = (lost >= 1) & (extent <= WHOLE)
    whole = some[:, merged]
    merged[merged] = ((whole == np.round(whole)) | np.isnan(whole)).all(axis=0)
    large = np.maximum(-low, high) > MOST
    found[places] = (extent > 0) & ((usual > FINE * apart) | merged | large)
    return found
