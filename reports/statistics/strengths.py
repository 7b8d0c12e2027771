"""One scale of strength from who beat whom: Bradley and Terry's model in Elo's units."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from reports.statistics.resampling import draws
from reports.statistics.table import dense, labels

MEAN = 1000.0  # rating of the average candidate
POINTS = 400 / np.log(10)  # 400 points are odds of 10 to 1
RESAMPLES = 1000  # each is fitted anew


def bradley_terry(
    scores: pd.DataFrame,
    *,
    clusters: pd.Series,
    rng: np.random.Generator,
    prior: float = 0.5,
    tie: float = 0.0,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    r"""Ratings from pairwise wins, as in chess, with cluster bootstrap intervals.

    The chance that i beats j on a task is :math:`\sigma(\theta_i - \theta_j)`, and :math:`\theta` maximises

    .. math:: \sum_{i \ne j} (w_{ij} + s) \log \sigma(\theta_i - \theta_j), \qquad
              R_i = 1000 + \frac{400}{\ln 10} (\theta_i - \bar\theta)

    where :math:`w_{ij}` counts the tasks on which i beat j, a tie half. The prior gives either side of every
    pair :math:`s` wins more, so that one who won or lost everything has a finite rating. The model's own
    standard errors take the pairs of one task for independent games; the intervals here draw origins whole.

    A rating speaks of how often, not of how much. All pairs share one scale: where a beats b, b beats c and c
    beats a, all three are equal.

    Parameters
    ----------
    scores : DataFrame, shape (tasks, k)
        Scores, higher is better; k >= 2.
    clusters : Series, shape (tasks,)
        The origin of each task, same index.
    rng : numpy.random.Generator
        Source of randomness.
    prior : float, default=0.5
        :math:`s > 0`, in wins: half a win is Haldane's correction of the log odds.
    tie : float, default=0.0
        Scores this near to each other are a tie, in units of the score.
    level : float, default=0.95
        Nominal coverage, in (0, 1).
    resamples : int, default=1000
        Number of resamples.

    Returns
    -------
    DataFrame, shape (k, 4)
        ``rating`` (mean 1000; 400 points are odds of 10 to 1), ``low``, ``high`` (NaN where there is one
        origin) and ``n`` (origins); best first.

    Raises
    ------
    ValueError
        If there is a hole, one candidate, or the prior is not above 0.

    References
    ----------
    Bradley, R. A. & Terry, M. E. (1952). Rank analysis of incomplete block designs: I. The method of paired
    comparisons. Biometrika 39, 324-345.
    Elo, A. E. (1978). The rating of chessplayers, past and present. Arco.
    Haldane, J. B. S. (1956). The estimation and significance of the logarithm of a ratio of frequencies.
    Annals of Human Genetics 20, 309-311.

    Examples
    --------
    Nine wins and three losses: odds of 9.5 to 3.5, so that the two are 400 log10(9.5/3.5) = 173 points apart.

    >>> scores = pd.DataFrame({"cnn": [0.9] * 9 + [0.5] * 3, "gbt": 0.7})
    >>> origin = pd.Series(scores.index.astype(str))
    >>> bradley_terry(scores, clusters=origin, rng=np.random.default_rng(0))["rating"].round().to_dict()
    {'cnn': 1087.0, 'gbt': 913.0}
    """
    if prior <= 0:
        raise ValueError(
            f"the prior must be above 0, got {prior}: 0.5 is half a win for either side of a pair"
        )
    values = dense(scores).to_numpy(float)
    if (k := values.shape[1]) < 2:
        raise ValueError(f"a rating needs at least 2 candidates, got {k}: there is nobody to beat")
    gaps = values[:, :, None] - values[:, None, :]
    won = np.where(gaps > tie, 1.0, np.where(gaps < -tie, 0.0, 0.5))  # (tasks, k, k), row against column
    codes, origins = pd.factorize(labels(scores, clusters))
    wins = np.zeros((len(origins), k, k))
    np.add.at(wins, codes, won)
    result = pd.DataFrame({"rating": _ratings(wins.sum(axis=0) + prior)}, index=scores.columns)
    result[["low", "high"]] = np.nan
    if len(origins) > 1:
        counts = draws(len(origins), rng, resamples)
        ratings = _ratings(np.tensordot(counts.astype(float), wins, axes=1) + prior)
        result["low"], result["high"] = np.quantile(ratings, [(1 - level) / 2, (1 + level) / 2], axis=0)
    result["n"] = len(origins)
    return result.sort_values("rating", ascending=False, kind="stable")


def _ratings(wins: np.ndarray) -> np.ndarray:
    """Maximise the likelihood by Newton's method for a stack of tables of wins, (..., k, k) -> (..., k)."""
    k = wins.shape[-1]
    wins = wins * (1 - np.eye(k))  # nobody plays against himself
    games = wins + wins.swapaxes(-1, -2)
    theta = np.zeros(wins.shape[:-1])
    for _ in range(200):
        chance = expit(theta[..., :, None] - theta[..., None, :])
        gradient = (wins - games * chance).sum(axis=-1)
        weight = games * chance * (1 - chance)
        # 1 / k fixes the mean, which the likelihood leaves open
        curvature = np.eye(k) * weight.sum(axis=-1)[..., None] - weight + 1 / k
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        longest = np.abs(step).max(axis=-1, keepdims=True)
        theta += step / np.maximum(1.0, longest)  # far from the optimum a full step may overshoot
        if longest.max() < 1e-8:
            break
    else:
        raise ArithmeticError(
            f"the ratings must settle within 200 steps, got a step of {longest.max():.1g}: raise the prior"
        )
    ratings: np.ndarray = MEAN + POINTS * (theta - theta.mean(axis=-1, keepdims=True))
    return ratings
