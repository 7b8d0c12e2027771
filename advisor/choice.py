"""Which family to train first: the inductive bias, overruled where measurements are clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.calibration import Belief, Calibration, Ranked

# What the inductive bias of each family suggests; on series, published comparisons put convolution before
# recurrence (Fawaz et al. 2019, Bai et al. 2018) except where the task is to remember.
BIAS: Mapping[str, tuple[str, ...]] = {
    "image": ("cnn", "gbt", "lstm"),
    "sequence": ("cnn", "lstm", "gbt"),
    "tabular": ("gbt", "cnn", "lstm"),
}


@dataclass(frozen=True)
class Choice:
    """Which family to train, and how sure that is.

    Parameters
    ----------
    ranking : tuple of Ranked
        All families, the one to train first at the front.
    structure_belief : Belief
        How far to trust the rule that named the structure.
    rivals : tuple of (family, gap, error)
        Families that the measurements cannot tell from the first, with how much more they scored.
    clear : bool
        Whether nothing came near to another structure.
    """

    ranking: tuple[Ranked, ...]
    structure_belief: Belief
    rivals: tuple[tuple[str, float, float], ...] = ()
    clear: bool = True


def choose(structure: str, rule: str, calibration: Calibration, *, clear: bool = True) -> Choice:
    """Rank the families: by their inductive bias, overruled where the measurements are clear.

    A family passes another only if it scored more on the same tasks by over two standard errors. Ranking by
    the mean alone follows the noise of few tasks: left out one at a time, it was worse than either rule of
    thumb.
    """
    losses = calibration.losses(structure).groupby("origin").mean()

    def lead(family: str, other: str) -> tuple[float, float]:
        """How much more a family scored, over origins, and the standard error; NaN, so no lead, below two."""
        gaps = losses[other] - losses[family]
        return float(gaps.mean()), float(gaps.std()) / max(1, len(gaps)) ** 0.5

    order = list(BIAS[structure])
    for _ in order:
        for i in range(len(order) - 1):
            gap, error = lead(order[i + 1], order[i])
            if gap > 2 * error:
                order[i], order[i + 1] = order[i + 1], order[i]
    measured = {r.family: r for r in calibration.results(structure) or ()}
    ranking = tuple(measured.get(family, Ranked(family, None, None, 0, 0)) for family in order)
    rivals = []
    for family in order[1:]:
        gap, error = lead(family, order[0])
        if gap > -2 * error:
            rivals.append((family, gap, error))
    return Choice(ranking, calibration.belief(rule, clear=clear), tuple(rivals), clear)
