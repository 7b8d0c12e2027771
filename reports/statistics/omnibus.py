"""Do the candidates differ at all? Friedman's test."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from scipy import stats

from reports.statistics.table import dense, enough


class Friedman(NamedTuple):
    """Result of :func:`friedman`."""

    statistic: float  # chi-squared with (candidates - 1) degrees of freedom
    p: float
    n: int  # independent sources


def friedman(scores: pd.DataFrame) -> Friedman:
    r"""Test whether the candidates differ at all.

    .. math:: \chi^2_F = \frac{12 n}{k (k+1)} \Big[\sum_j \bar r_j^2 - \frac{k (k+1)^2}{4}\Big]

    with scipy's correction for ties, against chi-squared with :math:`k - 1` degrees of freedom.

    Parameters
    ----------
    scores : DataFrame, shape (n, k)
        One row per independent source (:func:`by_origin`), at least :data:`MIN_SOURCES` of them; k >= 3.

    Returns
    -------
    Friedman
        Statistic, p-value and n.

    Raises
    ------
    ValueError
        If there are too few rows or columns.

    References
    ----------
    Friedman, M. (1937). The use of ranks to avoid the assumption of normality implicit in the analysis of
    variance. JASA 32, 675-701. Demšar (2006), section 3.2.2.

    Examples
    --------
    >>> import numpy as np
    >>> scores = pd.DataFrame(np.arange(12.0)[:, None] + [2, 1, 0], columns=["a", "b", "c"])
    >>> result = friedman(scores)
    >>> round(result.statistic, 1), result.p < 0.001, result.n
    (24.0, True, 12)
    """
    n, k = dense(scores).shape
    enough(n)
    if k < 3:
        raise ValueError(f"the Friedman test needs at least 3 candidates, got {k}: use wilcoxon for two")
    if (scores.nunique(axis=1) == 1).all():
        return Friedman(0.0, 1.0, n)  # no candidate differs anywhere; scipy divides by zero
    result = stats.friedmanchisquare(*(scores[name] for name in scores))
    return Friedman(float(result.statistic), float(result.pvalue), n)
