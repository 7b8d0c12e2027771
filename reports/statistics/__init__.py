"""Statistics over a task x candidate table: what a benchmark may say about tasks it has not seen.

Every function takes a *dense* table (a row per task, a column per candidate, higher is better unless it holds
ranks) and refuses one with a hole: what a missing cell counts is decided before, in :mod:`benchmarks.scores`.

Tasks of one origin are not independent, so whatever generalises counts origins and not tasks. Each statistic,
with its formula, its reference and what its check was: ``docs/statistics.md``.
"""

from reports.statistics.bayes import SignedRank, bayesian_signed_rank
from reports.statistics.cliques import CriticalDifference, critical_difference
from reports.statistics.intervals import interval
from reports.statistics.means import Comparison, mean_rank, mean_score, win_tie_loss
from reports.statistics.omnibus import Friedman, friedman
from reports.statistics.pairwise import holm, wilcoxon
from reports.statistics.planning import needed, power
from reports.statistics.resampling import RESAMPLES, lead
from reports.statistics.strengths import bradley_terry
from reports.statistics.table import MIN_SOURCES, by_origin

__all__ = [
    "MIN_SOURCES",
    "RESAMPLES",
    "Comparison",
    "CriticalDifference",
    "Friedman",
    "SignedRank",
    "bayesian_signed_rank",
    "bradley_terry",
    "by_origin",
    "critical_difference",
    "friedman",
    "holm",
    "interval",
    "lead",
    "mean_rank",
    "mean_score",
    "needed",
    "power",
    "wilcoxon",
    "win_tie_loss",
]
