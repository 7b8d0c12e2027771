"""Which family to train first: the inductive bias, overruled where measurements are clear."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from advisor.calibration import Belief, Calibration, Measured
from advisor.outlook import Expected, size_of

# What the inductive bias of each family suggests, before anything is measured; on series, published
# comparisons put convolution before recurrence (Fawaz et al. 2019, Bai et al. 2018). Of text each letter is
# read in the light of all before it, wherever it stands: recurrence led on it (docs/calibration.md).
BIAS: Mapping[str, tuple[str, ...]] = {
    "image": ("cnn", "gbt", "lstm"),
    "sequence": ("cnn", "lstm", "gbt"),
    "text": ("lstm", "cnn", "gbt"),
    "tabular": ("gbt", "cnn", "lstm"),
}
CLEAR = 2.0  # standard errors by which a family must be expected to lead to pass one whose bias comes first
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
        More training rows than these, at which another family would be advised, and which; in rising order.
    ahead : tuple of (str, float, float)
        Families that are expected to score more than the first, by how much, and the standard error: too
        little to pass it.
    least_rows, most_rows : int
        The fewest and the most training rows with which families were measured on such data.
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
    ahead: tuple[tuple[str, float, float], ...] = ()
    least_rows: int = 0
    most_rows: int = 0
    clear: bool = True
    features: Mapping[str, float] = field(default_factory=dict)
    tried: bool = False

    @property
    def measured(self) -> bool:
        """Whether the ranking rests on measurements."""
        return math.isfinite(self.ranking[0].loss)


def choose(
    group: str, rule: str, calibration: Calibration, features: Mapping[str, float], *, clear: bool = True
) -> Choice:
    """Rank the families: by their inductive bias, overruled where the measurements are clear.

    A family passes another only if it is expected to score more on data like these by over two standard
    errors. Ranking by the expected loss alone follows the noise of few origins: with each origin left out in
    turn it was worse than the inductive bias.

    Parameters
    ----------
    group : {"image", "sequence", "text", "tabular"}
        What the data are, see :func:`advisor.calibration.group_of`.
    rule : str
        Of the policy, which named the structure.
    calibration : Calibration
        What was measured.
    features : mapping of str to float
        As :func:`advisor.outlook.features_of` gives them.
    clear : bool
        Whether nothing came near to another structure.

    Returns
    -------
    Choice
        Unmeasured structures have the order of the inductive bias alone.

    Examples
    --------
    >>> from advisor.outlook import features_of
    >>> features = features_of((8,), 1_000, "classification", None)
    >>> choose("tabular", "default_table", Calibration({}), features).ranking[0].family  # not measured
    'gbt'
    >>> scores = {"cnn": 0.9, "lstm": 0.6, "gbt": 0.7}
    >>> outcome = {"structure": "tabular", "n": 1_000, "features": features, "scores": scores}
    >>> measured = Calibration({}, outcomes=tuple({**outcome, "set": i, "origin": i} for i in "abcdefghijkl"))
    >>> choose("tabular", "default_table", measured, features).ranking[0].family
    'cnn'
    """
    belief, outlook = calibration.belief(rule, clear=clear), calibration.outlook(group)
    if outlook is None:
        nan = float("nan")
        return Choice(
            tuple(Expected(f, nan, nan, nan, nan, nan) for f in BIAS[group]),
            belief,
            clear=clear,
            features=features,
        )

    def ordered(some: Mapping[str, float]) -> list[str]:
        order = list(BIAS[group])
        for _ in order:
            for i in range(len(order) - 1):
                lead, error = outlook.lead(order[i + 1], order[i], some)
                if lead > CLEAR * error:
                    order[i], order[i + 1] = order[i + 1], order[i]
        return order

    expected = {e.family: e for e in outlook.expect(features)}
    ranking = tuple(expected[family] for family in ordered(features))
    leads = [(e.family, *outlook.lead(e.family, ranking[0].family, features)) for e in ranking[1:]]
    more = [n for n in SIZES if size_of(n) > features["size"]]
    at = [ranking[0].family, *(ordered({**features, "size": size_of(n)})[0] for n in more)]
    changes = tuple((n, now) for n, (before, now) in zip(more, pairwise(at), strict=True) if now != before)
    measured = [outcome["n"] for outcome in calibration.of(group)]
    return Choice(
        ranking,
        belief,
        calibration.nearest(group, features),
        changes,
        tuple(lead for lead in leads if lead[1] > 0),
        min(measured),
        max(measured),
        clear=clear,
        features=features,
    )
