"""How sure the first place is, by the cluster bootstrap: origins are drawn whole, with replacement."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reports.statistics.table import dense, labels

RESAMPLES = 4000  # Monte Carlo error of a share is then below one percentage point


def lead(
    table: pd.DataFrame, *, clusters: pd.Series, rng: np.random.Generator, resamples: int = RESAMPLES
) -> pd.Series:
    r"""Share of cluster bootstrap resamples in which each candidate has the highest mean.

    With clusters :math:`c = 1 \dots K`, their column sums :math:`S_c` and sizes :math:`n_c`, one resample
    draws how often each cluster counts, :math:`w \sim \text{Multinomial}(K, 1/K)`, and takes
    :math:`\sum_c w_c S_c / \sum_c w_c n_c`. It is not the chance to be best on a new task.

    Parameters
    ----------
    table : DataFrame, shape (tasks, candidates)
        Values to average.
    clusters : Series, shape (tasks,)
        The origin of each task, same index.
    rng : numpy.random.Generator
        Source of randomness.
    resamples : int, default=4000
        Number of resamples.

    Returns
    -------
    Series, shape (candidates,)
        Shares that sum to 1, highest first; ties are shared. NaN where there is one cluster.

    Raises
    ------
    ValueError
        If the table has no rows or columns, or a missing cell.

    References
    ----------
    Efron, B. & Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman & Hall, chapter 16.
    Field, C. A. & Welsh, A. H. (2007). Bootstrapping clustered data. JRSS B 69, 369-390.

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


def draws(k: int, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """How often each of k clusters is drawn in each resample, shape (resamples, k)."""
    return rng.multinomial(k, np.full(k, 1 / k), size=resamples)


def _resampled_means(
    table: pd.DataFrame, clusters: pd.Series, rng: np.random.Generator, resamples: int
) -> np.ndarray | None:
    """Means of every resample, shape (resamples, columns); None if there is one cluster."""
    groups = dense(table).groupby(labels(table, clusters), sort=True)
    sums, sizes = groups.sum().to_numpy(), groups.size().to_numpy()  # (K, columns), (K,)
    if len(sums) < 2:
        return None
    weights = draws(len(sums), rng, resamples)
    means: np.ndarray = (weights @ sums) / (weights @ sizes)[:, None]
    return means
