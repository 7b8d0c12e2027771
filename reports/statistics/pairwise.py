"""Which pairs of candidates differ? Wilcoxon's signed-rank test, corrected by Holm's method."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from reports.statistics.table import dense, enough


def wilcoxon(scores: pd.DataFrame) -> pd.DataFrame:
    """Compare every pair of candidates by the signed-rank test, corrected by Holm's method.

    Zeros are ranked, then dropped (Pratt 1959): ties count against a difference.

    Parameters
    ----------
    scores : DataFrame, shape (n, k)
        One row per independent source (:func:`by_origin`), at least :data:`MIN_SOURCES` of them.

    Returns
    -------
    DataFrame, shape (k (k - 1) / 2, 4)
        Indexed by ``(a, b)``: ``difference`` (median of a - b, in units of the score), ``p`` (two-sided),
        ``p_holm`` (corrected for the number of pairs) and ``n``; smallest p first.

    Raises
    ------
    ValueError
        If there are too few rows.

    References
    ----------
    Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin 1, 80-83.
    Benavoli, A., Corani, G. & Mangili, F. (2016). Should we really use post-hoc tests based on mean-ranks?
    JMLR 17, 1-10.

    Examples
    --------
    >>> scores = pd.DataFrame({"a": np.arange(12) + 1.0, "b": np.arange(12.0)})
    >>> wilcoxon(scores).round(4).loc[("a", "b")].to_dict()
    {'difference': 1.0, 'p': 0.0005, 'p_holm': 0.0005, 'n': 12.0}
    """
    n = len(dense(scores))
    enough(n)
    pairs = list(combinations(scores.columns, 2))
    values = scores.to_numpy(float).T
    first, second = np.triu_indices(len(values), 1)  # in the order of combinations
    differences = values[first] - values[second]  # (pairs, n)
    index = pd.MultiIndex.from_tuples(pairs, names=["a", "b"])
    table = pd.DataFrame({"difference": np.median(differences, axis=1), "p": _p(differences)}, index=index)
    table["p_holm"] = holm(table["p"].to_numpy())
    table["n"] = n
    return table.sort_values("p", kind="stable")


def holm(p: np.ndarray) -> np.ndarray:
    r"""Correct p-values for their number, step by step down.

    With :math:`p_{(1)} \le \dots \le p_{(m)}`:
    :math:`\tilde p_{(i)} = \max_{j \le i} \min\{1, (m - j + 1)\, p_{(j)}\}`.

    Parameters
    ----------
    p : array of float, shape (m,)
        P-values in any order.

    Returns
    -------
    array of float, shape (m,)
        Corrected p-values in the same order.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scand. J. Statistics 6, 65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(1.0, p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(stepped)
    return corrected


def _p(differences: np.ndarray) -> np.ndarray:
    """Two-sided p-values of the signed-rank test, (pairs, n) -> (pairs,), by scipy's choice of method."""
    size = np.sort(np.abs(differences), axis=1)
    tied = (size[:, 0] == 0) | (np.diff(size, axis=1) == 0).any(axis=1)
    p = np.ones(len(differences))  # also of pairs that differ nowhere
    if not tied.all():
        p[~tied] = stats.wilcoxon(differences[~tied], axis=1, zero_method="pratt").pvalue
    for i in np.flatnonzero(tied & (size[:, -1] > 0)):
        p[i] = _tied(differences[i])
    return p


def _tied(difference: np.ndarray) -> float:
    """The p-value where zeros or ties make the null distribution one of its own."""
    if len(difference) > 13:
        return float(stats.wilcoxon(difference, zero_method="pratt").pvalue)  # by the normal distribution
    # all 2^n signs, as scipy does itself, which calls Python for each of them: two seconds a pair
    ranks = np.sign(difference) * stats.rankdata(np.abs(difference))
    return float(
        stats.permutation_test(
            (ranks,),
            lambda signed, axis: np.clip(signed, 0, None).sum(axis=axis),
            permutation_type="samples",
            vectorized=True,
        ).pvalue
    )
