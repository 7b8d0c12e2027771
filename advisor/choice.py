"""Which family to train first: what was measured on data like these, or else the inductive bias."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from advisor.calibration import Belief, Calibration, Measured
from advisor.outlook import Expected

# What the inductive bias of each family suggests, where nothing was measured; on series, published
# comparisons put convolution before recurrence (Fawaz et al. 2019, Bai et al. 2018).
BIAS: Mapping[str, tuple[str, ...]] = {
    "image": ("cnn", "gbt", "lstm"),
    "sequence": ("cnn", "lstm", "gbt"),
    "tabular": ("gbt", "cnn", "lstm"),
}
FASTEST = "gbt"
INDIFFERENT = 0.005  # expected points of the score for which nobody waits for a network
SIZES = tuple(125 * 2**k for k in range(8))  # rows at which it is asked whether the advice changes: to 16,000


@dataclass(frozen=True)
class Choice:
    """Which family to train, and how sure that is.

    Parameters
    ----------
    ranking : tuple of Expected
        All families, the one to train first at the front; of unmeasured structures losses are NaN.
    structure_belief : Belief
        How far to trust the rule that named the structure.
    nearest : tuple of Measured
        The sets most like these data, with what each family scored there.
    changes : tuple of (int, str)
        Training rows at which another family would be advised, and which; in rising order.
    indifferent : bool
        Whether the fastest family was put first although another is expected to score a little more.
    clear : bool
        Whether nothing came near to another structure.
    features : mapping of str to float
        What the ranking rests on, see :mod:`advisor.outlook`.
    tried : bool
        Whether the families were tried on the data themselves, which counts for more.
    """

    ranking: tuple[Expected, ...]
    structure_belief: Belief
    nearest: tuple[Measured, ...] = ()
    changes: tuple[tuple[int, str], ...] = ()
    indifferent: bool = False
    clear: bool = True
    features: Mapping[str, float] = field(default_factory=dict)
    tried: bool = False

    @property
    def measured(self) -> bool:
        """Whether the ranking rests on measurements."""
        return math.isfinite(self.ranking[0].loss)


def choose(
    structure: str, rule: str, calibration: Calibration, features: Mapping[str, float], *, clear: bool = True
) -> Choice:
    """Rank the families by the loss to expect; the fastest goes first where it costs next to nothing."""
    belief, outlook = calibration.belief(rule, clear=clear), calibration.outlook(structure)
    if outlook is None:
        nan = float("nan")
        return Choice(
            tuple(Expected(f, nan, nan, nan, nan, nan) for f in BIAS[structure]),
            belief,
            clear=clear,
            features=features,
        )

    def ranked(some: Mapping[str, float]) -> tuple[Expected, ...]:
        found = outlook.expect(some)
        fast = next(e for e in found if e.family == FASTEST)
        if fast.loss - found[0].loss < INDIFFERENT:
            found = (fast, *(e for e in found if e is not fast))
        return found

    ranking = ranked(features)
    at = {n: ranked({**features, "size": math.log2(n / 500)})[0].family for n in SIZES}
    changes = tuple((n, at[n]) for before, n in pairwise(SIZES) if at[n] != at[before])
    return Choice(
        ranking,
        belief,
        calibration.nearest(structure, features),
        changes,
        indifferent=ranking[0].loss > min(e.loss for e in ranking),
        clear=clear,
        features=features,
    )
