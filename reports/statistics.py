"""Statistics over a task x candidate table: what a benchmark may say about tasks it has not seen.

Every function takes a *dense* table (a row per task, a column per candidate, higher is better unless it holds
ranks) and refuses one with a hole: what a missing cell counts is decided before, in :mod:`benchmarks.scores`.

Tasks of one origin are not independent, so whatever generalises counts origins and not tasks.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

MIN_SOURCES = 12  # below this many independent origins only the direction of a difference is stated
RESAMPLES = 4000  # Monte Carlo error of a 95% limit is then about 0.3 percentage points of coverage


class Comparison(NamedTuple):
    """How often one candidate beat another: counts of tasks."""

    win: int
    tie: int
    loss: int


class Friedman(NamedTuple):
    """Result of :func:`friedman`."""

    statistic: float  # chi-squared with (candidates - 1) degrees of freedom
    p: float
    n: int  # independent sources


def mean_rank(ranks: pd.DataFrame) -> pd.Series:
    r"""Average the ranks of each candidate over tasks.

    .. math:: \bar r_j = \frac1n \sum_{i=1}^n r_{ij}

    Parameters
    ----------
    ranks : DataFrame, shape (tasks, candidates)
        1 is best; ties share their mean rank.

    Returns
    -------
    Series, shape (candidates,)
        Mean ranks, best first, between 1 and the number of candidates.

    References
    ----------
    Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7, 1-30.

    Examples
    --------
    >>> ranks = pd.DataFrame({"cnn": [1.0, 2.0, 2.5], "gbt": [2.0, 1.0, 2.5]}, index=["a", "b", "c"])
    >>> mean_rank(ranks).round(2).to_dict()
    {'cnn': 1.83, 'gbt': 1.83}
    """
    return _dense(ranks).mean().sort_values(kind="stable")


def mean_score(normalised: pd.DataFrame) -> pd.Series:
    r"""Average the normalised scores of each candidate over tasks.

    .. math:: \bar z_j = \frac1n \sum_{i=1}^n z_{ij}, \qquad
              z_{ij} = \frac{s_{ij} - s_{i,\text{dummy}}}{\max_k s_{ik} - s_{i,\text{dummy}}} \in [0, 1]

    Parameters
    ----------
    normalised : DataFrame, shape (tasks, candidates)
        :math:`z`, as :func:`benchmarks.scores.normalise` gives it: 0 is the dummy, 1 the best of the task.

    Returns
    -------
    Series, shape (candidates,)
        Mean normalised scores, best first.

    References
    ----------
    Grinsztajn, L., Oyallon, E. & Varoquaux, G. (2022), NeurIPS 35 (there min-max between chosen models).

    Examples
    --------
    >>> mean_score(pd.DataFrame({"gbt": [1.0, 0.5], "cnn": [0.9, 1.0]})).round(2).to_dict()
    {'cnn': 0.95, 'gbt': 0.75}
    """
    return _dense(normalised).mean().sort_values(ascending=False, kind="stable")


def win_tie_loss(scores: pd.DataFrame, a: str, b: str, *, tie: float = 0.0) -> Comparison:
    """Count the tasks on which ``a`` scored higher than, as high as, and lower than ``b``.

    Parameters
    ----------
    scores : DataFrame, shape (tasks, candidates)
        Scores, higher is better.
    a, b : str
        Two of its columns.
    tie : float, default=0.0
        Scores this near to each other are a tie, in units of the score.

    Returns
    -------
    Comparison
        Wins, ties and losses of ``a``; they sum to the number of tasks.

    References
    ----------
    Demšar (2006), section 3.1.4.

    Examples
    --------
    >>> win_tie_loss(pd.DataFrame({"cnn": [0.9, 0.8, 0.5], "gbt": [0.7, 0.8, 0.6]}), "cnn", "gbt")
    Comparison(win=1, tie=1, loss=1)
    """
    difference = _dense(scores)[a] - scores[b]
    win, loss = int((difference > tie).sum()), int((difference < -tie).sum())
    return Comparison(win, len(scores) - win - loss, loss)


def bootstrap(
    table: pd.DataFrame,
    *,
    clusters: pd.Series,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    r"""Percentile bootstrap interval of each column's mean over tasks, clusters drawn whole.

    With clusters :math:`c = 1 \dots K`, their column sums :math:`S_c` and sizes :math:`n_c`, one resample
    draws how often each cluster counts, :math:`w \sim \text{Multinomial}(K, 1/K)`, and takes
    :math:`\sum_c w_c S_c / \sum_c w_c n_c`. The limits are the :math:`(1 \mp \text{level})/2` quantiles.
    Tasks that repeat others of their origin therefore add nothing to the certainty. All columns are
    resampled together, so a difference of two candidates is had by passing the column of differences.

    The limits of few clusters are too narrow (about 85% in place of 95% for five).

    Parameters
    ----------
    table : DataFrame, shape (tasks, columns)
        Values to average.
    clusters : Series, shape (tasks,)
        The origin of each task, same index.
    rng : numpy.random.Generator
        Source of randomness.
    level : float, default=0.95
        Nominal coverage, in (0, 1).
    resamples : int, default=4000
        Number of resamples.

    Returns
    -------
    DataFrame, shape (columns, 3)
        ``mean``, ``low``, ``high`` in the unit of the table; NaN limits where there is one cluster.

    References
    ----------
    Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics 7, 1-26.
    Field, C. A. & Welsh, A. H. (2007). Bootstrapping clustered data. JRSS B 69, 369-390.

    Examples
    --------
    >>> table = pd.DataFrame({"cnn": [0.8, 1.0, 0.9, 1.0]}, index=list("abcd"))
    >>> origin = pd.Series(["mnist", "mnist", "emoji", "textures"], index=list("abcd"))
    >>> bootstrap(table, clusters=origin, rng=np.random.default_rng(0)).round(2)
         mean  low  high
    cnn  0.92  0.9   1.0
    """
    means = _resampled_means(table, clusters, rng, resamples)
    result = pd.DataFrame({"mean": table.mean(), "low": np.nan, "high": np.nan}, index=table.columns)
    if means is not None:
        result["low"], result["high"] = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return result


def lead(
    table: pd.DataFrame, *, clusters: pd.Series, rng: np.random.Generator, resamples: int = RESAMPLES
) -> pd.Series:
    """Share of cluster bootstrap resamples in which each candidate has the highest mean.

    It is not the chance to be best on a new task.

    Parameters
    ----------
    table, clusters, rng, resamples
        As for :func:`bootstrap`.

    Returns
    -------
    Series, shape (candidates,)
        Shares that sum to 1, highest first; ties are shared. NaN where there is one cluster.

    References
    ----------
    Efron, B. & Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman & Hall, chapter 16.

    Examples
    --------
    >>> table = pd.DataFrame({"cnn": [1.0, 1.0, 0.9], "gbt": [0.8, 0.9, 1.0]}, index=list("abc"))
    >>> origin = pd.Series(["x", "y", "z"], index=table.index)
    >>> lead(table, clusters=origin, rng=np.random.default_rng(0)).round(1).to_dict()
    {'cnn': 0.8, 'gbt': 0.2}
    """
    means = _resampled_means(table, clusters, rng, resamples)
    if means is None:
        return pd.Series(np.nan, index=table.columns)
    first = np.isclose(means, means.max(axis=1, keepdims=True), rtol=0, atol=1e-12)
    shares = (first / first.sum(axis=1, keepdims=True)).mean(axis=0)
    return pd.Series(shares, index=table.columns).sort_values(ascending=False, kind="stable")


def by_origin(table: pd.DataFrame, clusters: pd.Series) -> pd.DataFrame:
    """Average the tasks of one origin, which leaves one independent row per origin.

    Parameters
    ----------
    table : DataFrame, shape (tasks, candidates)
        Values to average.
    clusters : Series, shape (tasks,)
        The origin of each task, same index.

    Returns
    -------
    DataFrame, shape (origins, candidates)
        Means, sorted by origin.

    Examples
    --------
    >>> table = pd.DataFrame({"cnn": [0.8, 1.0, 0.5]}, index=list("abc"))
    >>> by_origin(table, pd.Series(["mnist", "mnist", "wine"], index=list("abc")))["cnn"].to_dict()
    {'mnist': 0.9, 'wine': 0.5}
    """
    return _dense(table).groupby(_labels(table, clusters), sort=True).mean()


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
    >>> scores = pd.DataFrame({"a": np.arange(12) + 2.0, "b": np.arange(12) + 1.0, "c": np.arange(12.0)})
    >>> result = friedman(scores)
    >>> round(result.statistic, 1), result.p < 0.001, result.n
    (24.0, True, 12)
    """
    n, k = _dense(scores).shape
    _enough(n)
    if k < 3:
        raise ValueError(f"the Friedman test needs at least 3 candidates, got {k}: use wilcoxon for two")
    if (scores.nunique(axis=1) == 1).all():
        return Friedman(0.0, 1.0, n)  # no candidate differs anywhere; scipy divides by zero
    result = stats.friedmanchisquare(*(scores[name] for name in scores))
    return Friedman(float(result.statistic), float(result.pvalue), n)


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
    n = len(_dense(scores))
    _enough(n)
    rows = []
    for a, b in combinations(scores.columns, 2):
        difference = scores[a] - scores[b]
        same = (difference == 0).all()
        p = 1.0 if same else float(stats.wilcoxon(difference.to_numpy(), zero_method="pratt").pvalue)
        rows.append((a, b, difference.median(), p))
    table = pd.DataFrame(rows, columns=["a", "b", "difference", "p"]).set_index(["a", "b"])
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


def _resampled_means(
    table: pd.DataFrame, clusters: pd.Series, rng: np.random.Generator, resamples: int
) -> np.ndarray | None:
    """Means of every resample, shape (resamples, columns); None if there is one cluster."""
    groups = _dense(table).groupby(_labels(table, clusters), sort=True)
    sums, sizes = groups.sum().to_numpy(), groups.size().to_numpy()  # (K, columns), (K,)
    if len(sums) < 2:
        return None
    weights = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=resamples)  # (resamples, K)
    means: np.ndarray = (weights @ sums) / (weights @ sizes)[:, None]
    return means


def _labels(table: pd.DataFrame, clusters: pd.Series) -> np.ndarray:
    """The cluster of each row; a task of unknown origin stands for itself."""
    own = pd.Series(table.index.astype(str), index=table.index)
    return clusters.reindex(table.index).fillna(own).to_numpy()


def _dense(table: pd.DataFrame) -> pd.DataFrame:
    if table.empty:
        raise ValueError("the table must have rows and columns, got none: choose a study with outcomes")
    holes = table.isna()
    if holes.to_numpy().any():
        task, candidate = next(iter(holes.stack()[lambda s: s].index))
        raise ValueError(
            f"the table must be dense, got {int(holes.to_numpy().sum())} missing cells, the first at "
            f"{task!r} x {candidate!r}: finish the study, or impute by the stated rule first"
        )
    return table


def _enough(n: int) -> None:
    if n < MIN_SOURCES:
        raise ValueError(
            f"a test needs at least {MIN_SOURCES} independent sources, got {n}: give the direction"
        )
