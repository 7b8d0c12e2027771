"""How many sources does it take to find a difference? Power of the signed-rank test from measured spread."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from reports.statistics.table import MIN_SOURCES, enough

SIMULATIONS = 2000  # the standard error of a power of 0.8 is then 0.009
MOST = 1000  # sources up to which :func:`needed` looks
EXACT = 50  # up to so many sources the p-value is exact, as in scipy's choice for differences without ties


def power(
    differences: pd.Series,
    *,
    effect: float,
    n: int,
    rng: np.random.Generator,
    alpha: float = 0.05,
    simulations: int = SIMULATIONS,
) -> float:
    r"""Estimate how often the signed-rank test would find an effect with n sources.

    The measured paired differences :math:`d` are moved to where the effect asked for is their centre,

    .. math:: d_i' = d_i - \operatorname{median}_{i \le j} \tfrac{d_i + d_j}2 + \text{effect}

    (the Hodges-Lehmann estimate is the location that this test is about), ``n`` of them are drawn with
    replacement, and the share of draws with a two-sided p-value of at most ``alpha`` is the power. It holds
    for one comparison: the smallest p-value of m pairs has to pass Holm's first step, ``alpha / m``.

    Exact ties between candidates are lost in the move. The spread is as measured, with an error of its own:
    from 12 sources a standard deviation is known to about a fifth.

    Parameters
    ----------
    differences : Series, shape (m,)
        Measured paired differences of two candidates, one per independent source (:func:`by_origin`), at
        least :data:`MIN_SOURCES` of them.
    effect : float
        The difference asked for, in units of the score.
    n : int
        Sources of the study that is planned, at least :data:`MIN_SOURCES`, since fewer are not tested.
    rng : numpy.random.Generator
        Source of randomness.
    alpha : float, default=0.05
        Level, in (0, 1).
    simulations : int, default=2000
        Studies drawn.

    Returns
    -------
    float
        Power, between 0 and 1.

    Raises
    ------
    ValueError
        If a difference is missing, or there are too few of them or of the sources planned.

    References
    ----------
    Hamilton, M. A. & Collings, B. J. (1991). Determining the appropriate sample size for nonparametric tests
    for location shift. Technometrics 33, 327-337.
    Hodges, J. L. & Lehmann, E. L. (1963). Estimates of location based on rank tests. Annals of Mathematical
    Statistics 34, 598-611.

    Examples
    --------
    >>> spread = pd.Series(stats.norm.ppf((np.arange(30) + 0.5) / 30)) * 0.05
    >>> rng = np.random.default_rng(0)
    >>> [round(power(spread, effect=e, n=16, rng=rng), 1) for e in (0.0, 0.02, 0.04, 0.08)]
    [0.0, 0.3, 0.8, 1.0]
    """
    shifted = _shifted(differences, effect)
    enough(n)
    return _power(shifted[rng.integers(len(shifted), size=(simulations, n))], alpha)


def needed(
    differences: pd.Series,
    *,
    effect: float,
    rng: np.random.Generator,
    target: float = 0.8,
    alpha: float = 0.05,
    most: int = MOST,
    simulations: int = SIMULATIONS,
) -> int | None:
    """Search the smallest number of sources with which an effect is found often enough.

    All numbers of sources are judged on the same draws, so that more sources hardly ever find less.

    Parameters
    ----------
    differences, effect, rng, alpha, simulations
        As for :func:`power`.
    target : float, default=0.8
        Power wanted, in (0, 1).
    most : int, default=1000
        Where to stop.

    Returns
    -------
    int or None
        At least :data:`MIN_SOURCES`; None if ``most`` sources are not enough.

    Raises
    ------
    ValueError
        As for :func:`power`.

    References
    ----------
    Hamilton & Collings (1991).

    Examples
    --------
    >>> spread = pd.Series(stats.norm.ppf((np.arange(30) + 0.5) / 30)) * 0.05
    >>> needed(spread, effect=0.04, rng=np.random.default_rng(0)) in (14, 15, 16)
    True
    """
    shifted = _shifted(differences, effect)
    enough(most)
    drawn = shifted[rng.integers(len(shifted), size=(simulations, most))]

    def reached(n: int) -> bool:
        return _power(drawn[:, :n], alpha) >= target

    high = MIN_SOURCES
    while not reached(high):
        if high == most:
            return None
        high = min(2 * high, most)
    low = max(MIN_SOURCES, high // 2)
    while low < high:  # bisection: enough at high, and below low it was not
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return high


def _shifted(differences: pd.Series, effect: float) -> np.ndarray:
    """The differences, moved to where the effect is their centre."""
    if differences.isna().any():
        raise ValueError(
            f"the differences must be dense, got {int(differences.isna().sum())} missing: finish the study"
        )
    enough(len(differences))
    values = differences.to_numpy(float)
    first, second = np.triu_indices(len(values))
    moved: np.ndarray = values - np.median((values[first] + values[second]) / 2) + effect
    return moved


def _power(drawn: np.ndarray, alpha: float) -> float:
    """Share of studies, one a row, of which the signed-rank test is significant."""
    n = drawn.shape[1]
    # a difference drawn twice has one sign, so that its ranks sum as without the tie: the null is exact
    method = "exact" if n <= EXACT else "approx"
    some = drawn[(drawn != 0).any(axis=1)]  # where nothing differs nothing is found
    if not len(some):
        return 0.0
    found = int((stats.wilcoxon(some, axis=1, method=method).pvalue <= alpha).sum())
    return found / len(drawn)
