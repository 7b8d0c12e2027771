"""What may be said over all tasks together: tests, odds and ratings on one row per independent source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks import curves, scores
from reports import statistics
from reports.summary import Summary

ALPHA = 0.05  # level of all tests
ROPE = 0.01  # normalised scores this near to each other count as equal
EFFECT = 0.02  # the difference whose power is told
_SEED = 20220718
_SAMPLES = 4_000  # of each pair; the odds are then within two points


class Power(NamedTuple):
    """How well a difference of :data:`EFFECT` between the first two is found at one level."""

    level: float
    found: float  # probability that a study of as many sources finds it
    needed: int | None  # sources that find it four times out of five; None if 1,000 do not


@dataclass(frozen=True)
class Comparisons:
    """What the tests found.

    Parameters
    ----------
    n : int
        Independent sources.
    omnibus : Friedman or None
        Whether the candidates differ at all; None of two, whose pair says it.
    pairs : DataFrame
        Every pair as :func:`reports.statistics.wilcoxon` gives it, with ``left``, ``rope`` and ``right``: the
        posterior probabilities that over the sources these stand for the first is mostly better by more than
        :data:`ROPE`, that they are mostly as good as equal, and that the second is mostly better
        (:func:`reports.statistics.bayesian_signed_rank`). Where the two tried different numbers of
        configurations, ``difference_k``, ``p_k`` and ``p_k_holm`` are the same test of what each had after
        as many as the other, on every task the smaller number; elsewhere they repeat ``difference`` and
        ``p``. ``k_low`` and ``k_high``: the fewest and the most of these configurations on a task.
    unequal : bool
        Whether some pair tried different numbers of configurations.
    ratings : DataFrame
        As :func:`reports.statistics.bradley_terry` gives it.
    leaders : (str, str)
        The first two by mean score.
    power : Power
        Of the first step of Holm's correction for all pairs, by which the table of pairs decides.
    alone : Power
        The same if the leaders were the only pair tested.
    """

    n: int
    omnibus: statistics.Friedman | None
    pairs: pd.DataFrame
    unequal: bool
    ratings: pd.DataFrame
    leaders: tuple[str, str]
    power: Power
    alone: Power


def significance(summary: Summary) -> Comparisons | None:
    """Compare all candidates but the dummy over all tasks, one row per origin.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    Comparisons or None
        None below :data:`reports.statistics.MIN_SOURCES` origins or 2 candidates beside the dummy.
    """
    table = _by_origin(summary, least=2)
    if table is None:
        return None
    rng = np.random.default_rng(_SEED)
    pairs = statistics.wilcoxon(table)
    odds = [
        statistics.bayesian_signed_rank(table[a], table[b], rope=ROPE, rng=rng, samples=_SAMPLES)
        for a, b in pairs.index
    ]
    pairs[["left", "rope", "right"]] = [(o.left, o.rope, o.right) for o in odds]
    pairs, unequal = _at_equal_trials(summary, pairs)
    first, second = statistics.mean_score(table).index[:2]
    return Comparisons(
        n=len(table),
        omnibus=statistics.friedman(table) if len(table.columns) > 2 else None,
        pairs=pairs,
        unequal=unequal,
        ratings=statistics.bradley_terry(table, clusters=pd.Series(table.index, index=table.index), rng=rng),
        leaders=(str(first), str(second)),
        power=_power(table[first] - table[second], ALPHA / len(pairs), rng),
        alone=_power(table[first] - table[second], ALPHA, rng),
    )


def critical_difference(summary: Summary) -> statistics.CriticalDifference | None:
    """Rank the candidates over independent sources and join those that no test separates.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    CriticalDifference or None
        None below :data:`reports.statistics.MIN_SOURCES` origins or 3 candidates beside the dummy.
    """
    table = _by_origin(summary, least=3)
    return None if table is None else statistics.critical_difference(table, ALPHA)


def _power(apart: pd.Series, level: float, rng: np.random.Generator) -> Power:
    found = statistics.power(apart, effect=EFFECT, n=len(apart), alpha=level, rng=rng)
    return Power(level, found, statistics.needed(apart, effect=EFFECT, alpha=level, rng=rng))


def _at_equal_trials(summary: Summary, pairs: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Test every pair again with as many configurations of both, the first ones of the search."""
    best = curves.best_so_far(summary.frame)
    tasks, origin = summary.tasks.index, summary.tasks["origin"]
    after = {c: best.xs(c, level="candidate").reindex(tasks).to_numpy(float) for c in summary.candidates}
    tried = {c: (~np.isnan(values)).sum(axis=1) for c, values in after.items()}
    rows, unequal = [], False
    for a, b, difference, p in pairs.reset_index()[["a", "b", "difference", "p"]].itertuples(index=False):
        k = np.minimum(tried[a], tried[b])
        if (tried[a] != tried[b]).any():
            unequal = True
            scored = {c: after[c][np.arange(len(tasks)), k - 1] for c in (a, b)}
            again = statistics.wilcoxon(statistics.by_origin(pd.DataFrame(scored, index=tasks), origin))
            difference, p = again.iloc[0][["difference", "p"]]
        rows.append((k.min(), k.max(), difference, p))
    found = pd.DataFrame(rows, columns=["k_low", "k_high", "difference_k", "p_k"], index=pairs.index)
    return pairs.join(found.assign(p_k_holm=statistics.holm(found["p_k"].to_numpy()))), unequal


def _by_origin(summary: Summary, *, least: int) -> pd.DataFrame | None:
    """Scores of the candidates by source; None of too few sources, or of fewer candidates than the least."""
    names = [c for c in summary.candidates if c != scores.BASELINE]
    if len(names) < least:
        return None
    table = statistics.by_origin(summary.normalised[names], summary.tasks["origin"])
    return None if len(table) < statistics.MIN_SOURCES else table
