"""Which candidates cannot be told apart? What a critical difference diagram shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from reports.statistics.means import mean_rank
from reports.statistics.omnibus import friedman
from reports.statistics.pairwise import wilcoxon

METHODS = ("wilcoxon", "nemenyi")


@dataclass(frozen=True)
class CriticalDifference:
    """Result of :func:`critical_difference`, enough to draw the diagram of.

    Parameters
    ----------
    ranks : dict of str to float
        Mean rank of each candidate, 1 is best, best first.
    cliques : list of tuple of str
        Runs of two or more neighbours in that order of which no two differ significantly: one bar each.
    distance : float or None
        Nemenyi's critical distance in mean ranks; None for Wilcoxon's test, which has no common one.
    n : int
        Independent sources.
    p : float
        Of the Friedman test: whether the candidates differ at all.
    alpha : float
        Level, over all pairs together.
    method : str
        ``"wilcoxon"`` or ``"nemenyi"``.
    """

    ranks: dict[str, float]
    cliques: list[tuple[str, ...]]
    distance: float | None
    n: int
    p: float
    alpha: float
    method: str


def critical_difference(
    scores: pd.DataFrame, alpha: float = 0.05, *, method: str = "wilcoxon"
) -> CriticalDifference:
    r"""Order the candidates by mean rank and join those that cannot be told apart.

    ``"wilcoxon"``: two candidates differ if the signed-rank test of their scores says so after Holm's
    correction over all pairs (:func:`wilcoxon`). ``"nemenyi"``: if their mean ranks are at least

    .. math:: \text{CD} = q_{\alpha,k} \sqrt{\frac{k (k+1)}{6 n}}

    apart, with :math:`q_{\alpha,k}` the upper quantile of the studentised range of :math:`k` normals over
    :math:`\sqrt 2`. Whether Nemenyi's test tells two apart depends on who else takes part, which is why the
    first is the default. A clique is a maximal run of neighbours in which no pair differs. Two candidates
    without a common clique may be further apart in rank than a pair between them and still not differ: the
    pairs themselves are in :func:`wilcoxon`.

    Parameters
    ----------
    scores : DataFrame, shape (n, k)
        One row per independent source (:func:`by_origin`), at least :data:`MIN_SOURCES` of them; k >= 3.
    alpha : float, default=0.05
        Level, in (0, 1).
    method : {"wilcoxon", "nemenyi"}
        The test of a pair.

    Returns
    -------
    CriticalDifference
        Mean ranks, cliques, critical distance, n and the p-value of the Friedman test. The cliques do not
        wait for that test: either method keeps its level without it if no candidate differs.

    Raises
    ------
    ValueError
        If there are too few rows or columns, a hole, or the method or level is not one.

    References
    ----------
    Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7, 1-30.
    Nemenyi, P. (1963). Distribution-free multiple comparisons. PhD thesis, Princeton University.
    Benavoli, A., Corani, G. & Mangili, F. (2016). Should we really use post-hoc tests based on mean-ranks?
    JMLR 17, 1-10.

    Examples
    --------
    >>> level = np.linspace(0.5, 0.8, 16)
    >>> swing = np.resize([0.02, -0.02], 16)  # now up, now down
    >>> scores = pd.DataFrame({"cnn": level + 0.1, "gbt": level + swing, "lstm": level})
    >>> result = critical_difference(scores)
    >>> result.ranks, result.cliques
    ({'cnn': 1.0, 'gbt': 2.5, 'lstm': 2.5}, [('gbt', 'lstm')])
    >>> round(critical_difference(scores, method="nemenyi").distance, 2)
    0.83
    """
    if method not in METHODS:
        raise ValueError(
            f"the method must be one of {', '.join(METHODS)}, got {method!r}: choose one of them"
        )
    if not 0 < alpha < 1:
        raise ValueError(f"the level must lie between 0 and 1, got {alpha}: 0.05 is usual")
    omnibus = friedman(scores)  # refuses holes, and too few rows or columns
    ranks = mean_rank(scores.rank(axis=1, ascending=False))
    order = [str(name) for name in ranks.index]
    distance = None
    if method == "nemenyi":
        k = len(order)
        quantile = stats.studentized_range.ppf(1 - alpha, k, np.inf) / np.sqrt(2)
        distance = float(quantile * np.sqrt(k * (k + 1) / (6 * omnibus.n)))
        near = ranks.to_numpy()[:, None] - ranks.to_numpy() > -distance
    else:
        pairs = wilcoxon(scores.set_axis([str(c) for c in scores], axis=1))["p_holm"]
        apart = {frozenset(pair) for pair in pairs.index[pairs <= alpha]}
        near = np.array([[frozenset((a, b)) not in apart for b in order] for a in order])
    runs = _runs(len(order), lambda i, j: bool(near[i, j]))
    cliques = [tuple(order[first : last + 1]) for first, last in runs]
    means = dict(zip(order, ranks.to_numpy().tolist()))
    return CriticalDifference(means, cliques, distance, omnibus.n, omnibus.p, alpha, method)


def _runs(k: int, alike: Callable[[int, int], bool]) -> list[tuple[int, int]]:
    """First and last place of each maximal run of two or more places of which all pairs are alike."""
    runs: list[tuple[int, int]] = []
    for first in range(k):
        last = first
        while last + 1 < k and all(alike(i, last + 1) for i in range(first, last + 1)):
            last += 1
        if last > first and (not runs or last > runs[-1][1]):  # else it lies within the run before
            runs.append((first, last))
    return runs
