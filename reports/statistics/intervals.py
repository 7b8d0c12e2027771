"""Intervals of means over tasks by Student's t, from how much independent sources differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from reports.statistics.table import dense, labels


def interval(
    table: pd.DataFrame,
    *,
    clusters: pd.Series,
    within: tuple[float, float] = (-np.inf, np.inf),
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Student's interval of each column's mean over tasks, a cluster counted as one unit.

    With clusters :math:`c = 1 \dots K`, their column sums :math:`S_c` and sizes :math:`n_c`,
    :math:`N = \sum_c n_c` and the mean :math:`m = \sum_c S_c / N`:

    .. math:: m \pm t_{K-1} \frac1N \sqrt{\frac{K}{K-1} \sum_c (S_c - n_c m)^2}

    Tasks that repeat others of their origin therefore add nothing to the certainty. With one task a cluster
    it is the usual interval of a mean. A difference of two candidates is had by passing the column of
    differences.

    Of few sources with skewed values it holds the truth less often than it says, see docs/statistics.md.

    Parameters
    ----------
    table : DataFrame, shape (tasks, columns)
        Values to average.
    clusters : Series, shape (tasks,)
        The origin of each task, same index.
    within : (float, float)
        Between what the values lie; limits are cut to it.
    level : float, default=0.95
        Nominal coverage, in (0, 1).

    Returns
    -------
    DataFrame, shape (columns, 3)
        ``mean``, ``low``, ``high`` in the unit of the table; NaN limits where there is one cluster.

    Raises
    ------
    ValueError
        If the table has no rows or columns, or a missing cell.

    References
    ----------
    Student (1908). The probable error of a mean. Biometrika 6, 1-25.
    Cochran, W. G. (1977). Sampling techniques. Wiley, chapter 9A: clusters of unequal sizes.

    Examples
    --------
    >>> table = pd.DataFrame({"cnn": [0.8, 1.0, 0.9, 1.0]}, index=list("abcd"))
    >>> origin = pd.Series(["mnist", "mnist", "emoji", "textures"], index=list("abcd"))
    >>> interval(table, clusters=origin, within=(0, 1)).round(2)
         mean  low  high
    cnn  0.92  0.8   1.0
    """
    groups = dense(table).groupby(labels(table, clusters), sort=True)
    sums, sizes = groups.sum().to_numpy(float), groups.size().to_numpy()[:, None]  # (K, columns), (K, 1)
    result = pd.DataFrame({"mean": table.mean(), "low": np.nan, "high": np.nan}, index=table.columns)
    if (k := len(sums)) < 2:
        return result
    mean = result["mean"].to_numpy(float)
    error = np.sqrt(k / (k - 1) * ((sums - sizes * mean) ** 2).sum(axis=0)) / sizes.sum()
    half = stats.t.ppf((1 + level) / 2, k - 1) * error
    result["low"], result["high"] = np.clip(mean - half, *within), np.clip(mean + half, *within)
    return result
