"""What has been measured about the advice: how often each rule was right, and which family won where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from typing import Any

import pandas as pd
from scipy.special import betaincinv

FAMILIES = ("cnn", "lstm", "gbt")
TIE = 0.01  # scores closer than this count as equal


@dataclass(frozen=True, slots=True)
class Belief:
    """Probability that something holds, from counts.

    Parameters
    ----------
    value : float
        Posterior mean under Jeffreys' prior, 0..1.
    low, high : float
        Ends of the 95% interval.
    right, sets : int
        The counts: how often it held, of how many.
    """

    value: float
    low: float
    high: float
    right: int
    sets: int

    @classmethod
    def of(cls, right: int, sets: int) -> Belief:
        """Update the prior Beta(1/2, 1/2).

        References
        ----------
        Brown, Cai, DasGupta (2001). Interval estimation for a binomial proportion. Statistical Science 16,
        101-133.

        Examples
        --------
        >>> belief = Belief.of(19, 20)
        >>> round(belief.value, 3), round(belief.low, 2), round(belief.high, 2)
        (0.929, 0.79, 0.99)
        """
        a, b = right + 0.5, sets - right + 0.5
        low, high = betaincinv(a, b, [0.025, 0.975])
        return cls(a / (a + b), float(low), float(high), right, sets)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One family for one structure.

    Parameters
    ----------
    family : {"cnn", "lstm", "gbt"}
        Name of the architecture.
    expected_loss : float or None
        Mean score below the best of the three families, over origins; None if nothing was measured.
    standard_error : float or None
        Of that mean; None for fewer than two origins.
    wins : int
        Tasks on which it was best or within 0.01 of the best.
    tasks : int
        Tasks measured.
    """

    family: str
    expected_loss: float | None
    standard_error: float | None
    wins: int
    tasks: int


@dataclass(frozen=True)
class Calibration:
    """Measured outcomes, one row per labelled set or task.

    Parameters
    ----------
    provenance : Mapping
        Study, commit, date and commands, as text.
    rules : tuple of Mapping
        ``{"set", "origin", "rule", "predicted", "true"}``.
    families : tuple of Mapping
        ``{"task", "origin", "structure", "scores": {family: test score}}``.
    models : Mapping
        Coefficients of the logistic models, see :class:`~advisor.logistic.Logistic`.
    """

    provenance: Mapping[str, Any]
    rules: tuple[Mapping[str, Any], ...] = ()
    families: tuple[Mapping[str, Any], ...] = ()
    models: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Calibration:
        """Read the calibration that is shipped with the package.

        Examples
        --------
        >>> Calibration.load().belief("flat_image").sets >= 0
        True
        """
        return _load()

    def without(self, origin: str) -> Calibration:
        """Leave out all that came from one origin, so that advice on it can be scored honestly.

        Examples
        --------
        >>> row = {"set": "a", "origin": "x", "rule": "r", "predicted": "image", "true": "image"}
        >>> some = Calibration({}, rules=(row,))
        >>> len(some.without("x").rules), len(some.without("y").rules)
        (0, 1)
        """
        return replace(
            self,
            rules=tuple(r for r in self.rules if r["origin"] != origin),
            families=tuple(f for f in self.families if f["origin"] != origin),
        )

    def belief(self, rule: str, *, clear: bool = True) -> Belief:
        """How far to trust a rule: it was right on so many of the sets on which it decided.

        Parameters
        ----------
        rule : str
            Its name.
        clear : bool
            Whether nothing came near to another verdict. Clear and doubtful verdicts are counted apart where
            there are both.
        """
        fired = [r for r in self.rules if r["rule"] == rule]
        alike = [r for r in fired if r.get("clear", True) == clear]
        fired = alike or fired
        return Belief.of(sum(r["predicted"] == r["true"] for r in fired), len(fired))

    def results(self, structure: str) -> tuple[Ranked, ...] | None:
        """Families by mean loss on tasks of a structure, best first; None if nothing was measured.

        Tasks of one origin are averaged first: they are not independent.
        """
        losses = self.losses(structure)
        if losses.empty:
            return None
        means = losses.groupby("origin").mean()
        errors = means.sem()
        ranked = [
            Ranked(
                family,
                float(means[family].mean()),
                float(errors[family]) if len(means) > 1 else None,
                int((losses[family] <= TIE).sum()),
                len(losses),
            )
            for family in FAMILIES
        ]
        return tuple(sorted(ranked, key=lambda r: (r.expected_loss, FAMILIES.index(r.family))))

    def losses(self, structure: str) -> pd.DataFrame:
        """Score below the best of the three, on the tasks of a structure.

        Returns
        -------
        DataFrame
            One row per task, indexed by its origin, one column per family.
        """
        rows = [f for f in self.families if f["structure"] == structure and set(FAMILIES) <= set(f["scores"])]
        index = pd.Index([row["origin"] for row in rows], name="origin", dtype=object)
        scores = pd.DataFrame([row["scores"] for row in rows], index, list(FAMILIES), dtype=float)
        return scores.rsub(scores.max(axis=1), axis=0)

    def to_json(self) -> str:
        """One row a line, so that changes can be read."""
        lines = [
            "{",
            '"version": 1,',
            f'"models": {json.dumps(dict(self.models), indent=1)},',
            f'"provenance": {json.dumps(dict(self.provenance), indent=1, sort_keys=True)},',
        ]
        for name, rows in (("rules", self.rules), ("families", self.families)):
            body = ",\n".join(json.dumps(dict(row), sort_keys=True) for row in rows)
            lines.append(f'"{name}": [\n{body}\n]{"," if name == "rules" else ""}')
        return "\n".join([*lines, "}"]) + "\n"


@lru_cache(maxsize=1)
def _load() -> Calibration:
    content = json.loads(resources.files("advisor").joinpath("data/calibration.json").read_text("utf-8"))
    rules, families = tuple(content["rules"]), tuple(content["families"])
    return Calibration(content["provenance"], rules, families, content["models"])
