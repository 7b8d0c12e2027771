"""What may be said over all tasks together: tests on one row per independent source."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from benchmarks import scores
from reports import statistics
from reports.summary import Summary

ALPHA = 0.05  # level of all tests


class CriticalDifference(NamedTuple):
    """Mean ranks and the groups that no test separates."""

    mean_ranks: pd.Series  # best first
    cliques: list[tuple[str, ...]]
    n: int  # independent sources
    p: float  # of the Friedman test


def significance(summary: Summary) -> tuple[statistics.Friedman, pd.DataFrame] | None:
    """Run the Friedman test and all pairwise Wilcoxon tests over all tasks, one row per origin.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    tuple or None
        None below :data:`reports.statistics.MIN_SOURCES` origins or 3 candidates beside the dummy.
    """
    names = [c for c in summary.candidates if c != scores.BASELINE]
    table = statistics.by_origin(summary.normalised[names], summary.tasks["origin"])
    if len(table) < statistics.MIN_SOURCES or len(names) < 3:
        return None
    return statistics.friedman(table), statistics.wilcoxon(table)


def critical_difference(summary: Summary) -> CriticalDifference | None:
    """Rank the candidates over independent sources and join those that no test separates.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    CriticalDifference or None
        None where :func:`significance` is.
    """
    tested = significance(summary)
    if tested is None:
        return None
    omnibus, pairs = tested
    names = [c for c in summary.candidates if c != scores.BASELINE]
    table = statistics.by_origin(summary.normalised[names], summary.tasks["origin"])
    ranks = statistics.mean_rank(table.rank(axis=1, ascending=False))
    return CriticalDifference(ranks, cliques(list(ranks.index), pairs["p_holm"]), omnibus.n, omnibus.p)


def cliques(names: list[str], p: pd.Series) -> list[tuple[str, ...]]:
    """Find the longest runs of ranked candidates in which no pair is separated.

    Parameters
    ----------
    names : list of str
        Candidates, best first.
    p : Series
        Corrected p-values, indexed by pairs in any order.

    Returns
    -------
    list of tuple of str
        Runs of two and more, none within another.

    Examples
    --------
    >>> p = pd.Series({("a", "b"): 0.4, ("c", "b"): 0.2, ("a", "c"): 0.01})
    >>> cliques(["a", "b", "c"], p)
    [('a', 'b'), ('b', 'c')]
    """
    apart = {frozenset(pair) for pair in p.index[p < ALPHA]}
    runs: list[tuple[str, ...]] = []
    end = 0
    for i in range(len(names)):
        j = i + 1
        while j < len(names) and not any(frozenset((names[j], n)) in apart for n in names[i:j]):
            j += 1
        if j - i > 1 and j > end:
            runs.append(tuple(names[i:j]))
            end = j
    return runs
