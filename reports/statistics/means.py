"""Mean ranks, mean scores and counts of wins over tasks."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from reports.statistics.table import dense


class Comparison(NamedTuple):
    """How often one candidate beat another: counts of tasks."""

    win: int
    tie: int
    loss: int


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

    Raises
    ------
    ValueError
        If the table has no rows or columns, or a missing cell.

    References
    ----------
    Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7, 1-30.

    Examples
    --------
    >>> ranks = pd.DataFrame({"cnn": [1.0, 2.0, 2.5], "gbt": [2.0, 1.0, 2.5]}, index=["a", "b", "c"])
    >>> mean_rank(ranks).round(2).to_dict()
    {'cnn': 1.83, 'gbt': 1.83}
    """
    return dense(ranks).mean().sort_values(kind="stable")


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

    Raises
    ------
    ValueError
        If the table has no rows or columns, or a missing cell.

    References
    ----------
    Grinsztajn, L., Oyallon, E. & Varoquaux, G. (2022), NeurIPS 35 (there min-max between chosen models).

    Examples
    --------
    >>> mean_score(pd.DataFrame({"gbt": [1.0, 0.5], "cnn": [0.9, 1.0]})).round(2).to_dict()
    {'cnn': 0.95, 'gbt': 0.75}
    """
    return dense(normalised).mean().sort_values(ascending=False, kind="stable")


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

    Raises
    ------
    ValueError
        If the table has no rows or columns, or a missing cell.

    References
    ----------
    Demšar (2006), section 3.1.4.

    Examples
    --------
    >>> win_tie_loss(pd.DataFrame({"cnn": [0.9, 0.8, 0.5], "gbt": [0.7, 0.8, 0.6]}), "cnn", "gbt")
    Comparison(win=1, tie=1, loss=1)
    """
    difference = dense(scores)[a] - scores[b]
    win, loss = int((difference > tie).sum()), int((difference < -tie).sum())
    return Comparison(win, len(scores) - win - loss, loss)
