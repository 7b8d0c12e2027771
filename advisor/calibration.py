"""What has been measured: how often each rule was right, and what each family scored on which sets."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import betaincinv

from advisor.errors import StoreError
from advisor.fit_time import FitTime, fit_times, machine_seconds
from advisor.outlook import FAMILIES, FEATURES, TIE, Outlook, fit

__all__ = ["FAMILIES", "TIE", "Belief", "Calibration", "Measured"]


def learned_path() -> Path:
    """Tell where the user's own outcomes are kept.

    Returns
    -------
    Path
        ``$ARCH_ADVISOR_LEARNED``, or a file in the user's data folder.
    """
    told = os.environ.get("ARCH_ADVISOR_LEARNED")
    if told:
        return Path(told)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "arch-advisor" / "learned.json"


def group_of(structure: str, form: str) -> str:
    """Name the group of data within which families were measured: the structure, or text apart.

    Parameters
    ----------
    structure : {"image", "sequence", "tabular"}
        Of the data.
    form : str
        How they are held, as in :class:`~advisor.advice.Advice`.

    Returns
    -------
    {"image", "sequence", "text", "tabular"}
        The group.

    Examples
    --------
    >>> group_of("sequence", "text"), group_of("sequence", "wide_series")
    ('text', 'sequence')
    """
    return "text" if form == "text" else structure


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
    alike : bool
        Whether cases alike were counted, clear ones or doubtful ones; else there were none, and all were.
    """

    value: float
    low: float
    high: float
    right: int
    sets: int
    alike: bool = True

    @classmethod
    def of(cls, right: int, sets: int, *, alike: bool = True) -> Belief:
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
        return cls(a / (a + b), float(low), float(high), right, sets, alike)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the families scored on one set with so many training rows.

    Parameters
    ----------
    set, origin : str
        Its id, and the collection it came from.
    n : int
        Training rows.
    metric : str
        Of the scores: "accuracy", "balanced accuracy" or "r2".
    scores : Mapping of str to float
        By family.
    """

    set: str
    origin: str
    n: int
    metric: str
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Calibration:
    """Measured outcomes, one row per labelled set or task.

    Parameters
    ----------
    provenance : Mapping
        Study, commit, date and commands, as text.
    rules : tuple of Mapping
        ``{"set", "origin", "rule", "predicted", "true"}``.
    outcomes : tuple of Mapping
        ``{"set", "origin", "structure", "n", "metric", "features", "scores": {family: test score}}``, with
        the structure that was advised and the features of :mod:`advisor.outlook`; those of text have
        ``"form": "text"``, those shipped also ``inputs``, ``classes`` and ``seconds`` of each family's fit.
    models : Mapping
        Coefficients of the logistic models, kept to be written again; those in use are those shipped, see
        :class:`~advisor.logistic.Logistic`.
    """

    provenance: Mapping[str, Any]
    rules: tuple[Mapping[str, Any], ...] = ()
    outcomes: tuple[Mapping[str, Any], ...] = ()
    models: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Calibration:
        """Read the calibration that is shipped with the package, and what the user has added to it.

        Raises
        ------
        StoreError
            If the user's own file cannot be read.

        Examples
        --------
        >>> belief = Calibration.load().belief("flat_image")
        >>> belief.sets > 20, belief.low > 0.8  # decided on many sets, and right on most
        (True, True)
        """
        own, shipped = cls.learned(), _load()
        if not own:
            return shipped
        told = {"file": str(learned_path()), "outcomes": len(own)}
        return replace(
            shipped,
            outcomes=(*shipped.outcomes, *own),
            provenance={**shipped.provenance, "learned": told},
        )

    @classmethod
    def shipped(cls) -> Calibration:
        """Read the calibration that is shipped with the package, alone."""
        return _load()

    @classmethod
    def learned(cls) -> tuple[Mapping[str, Any], ...]:
        """Read the outcomes that the user has added, see :mod:`advisor.learning`.

        Raises
        ------
        StoreError
            If their file cannot be read, or is not as it was written.
        """
        path = learned_path()
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StoreError(
                "the file of learned outcomes must be readable",
                got=f"{path}: {error}",
                do="let ARCH_ADVISOR_LEARNED name a file",
            ) from error
        try:
            rows = tuple(json.loads(text))
            for row in rows:
                _check_outcome(row)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                "the file of learned outcomes must be as it was written",
                got=f"{path}: {type(error).__name__} {error}",
                do="advisor learn --forget, then learn again",
            ) from error
        return rows

    def without(self, origin: str) -> Calibration:
        """Leave out what was counted and measured on one origin, so that it does not judge itself.

        Left out are the counts behind the confidence, of how often rules were right, and the outcomes behind
        the ranking of the families. What decides the structure stays as shipped: the rules with their
        thresholds, and the logistic models.

        Parameters
        ----------
        origin : str
            Where sets come from, as rules and outcomes name it.

        Returns
        -------
        Calibration
            A new one; this stays as it is.

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
            outcomes=tuple(o for o in self.outcomes if o["origin"] != origin),
        )

    def belief(self, rule: str, *, clear: bool = True) -> Belief:
        """How far to trust a rule: it was right on so many of the sets on which it decided.

        Parameters
        ----------
        rule : str
            Its name.
        clear : bool
            Whether nothing came near to another verdict. Clear and doubtful verdicts are counted apart where
            such were measured; else all are counted.

        Returns
        -------
        Belief
            Of a rule that decided on no set, the prior.

        Examples
        --------
        >>> truth = ("sequence", "sequence", "tabular")
        >>> rules = tuple({"rule": "panel", "predicted": "sequence", "true": true} for true in truth)
        >>> belief = Calibration({}, rules=rules).belief("panel")
        >>> belief.right, belief.sets
        (2, 3)
        """
        fired = [r for r in self.rules if r["rule"] == rule]
        alike = [r for r in fired if r.get("clear", True) == clear]
        counted = alike or fired
        right = sum(r["predicted"] == r["true"] for r in counted)
        return Belief.of(right, len(counted), alike=bool(alike) or not fired)

    def of(self, group: str) -> list[Mapping[str, Any]]:
        """Outcomes on sets of a group, of those on which all families were measured.

        Parameters
        ----------
        group : {"image", "sequence", "tabular", "text"}
            As :func:`group_of` gives it.

        Returns
        -------
        list of mapping
            Of the field ``outcomes``, in their order.
        """
        return [
            o
            for o in self.outcomes
            if group_of(o["structure"], o.get("form", "")) == group and set(FAMILIES) <= set(o["scores"])
        ]

    def outlook(self, group: str) -> Outlook | None:
        """Give what tells what to expect in a group.

        Parameters
        ----------
        group : {"image", "sequence", "tabular", "text"}
            As :func:`group_of` gives it.

        Returns
        -------
        Outlook or None
            None if fewer than two origins were measured.
        """
        outcomes = self.of(group)
        return fit(outcomes) if len({o["origin"] for o in outcomes}) > 1 else None

    def nearest(self, group: str, features: Mapping[str, float], k: int = 3) -> tuple[Measured, ...]:
        """Give the measured sets that are most like these data, one of each origin, the nearest first.

        Distance is Euclidean over the features, each in units of its spread among the outcomes.

        Parameters
        ----------
        group : {"image", "sequence", "tabular", "text"}
            As :func:`group_of` gives it.
        features : mapping of str to float
            Facts of these data, named as in :data:`advisor.outlook.FEATURES`; one that is missing is 0.
        k : int
            How many sets.

        Returns
        -------
        tuple of Measured
            At most ``k``.
        """
        outcomes = self.of(group)
        if not outcomes:
            return ()
        values = np.array([[o["features"].get(name, 0.0) for name in FEATURES] for o in outcomes])
        spread = values.std(axis=0)
        here = np.array([features.get(name, 0.0) for name in FEATURES])
        distance = np.linalg.norm((values - here) / np.where(spread > 0, spread, 1.0), axis=1)
        found: dict[str, Measured] = {}
        for place in np.argsort(distance, kind="stable"):
            o = outcomes[place]
            measured = Measured(o["set"], o["origin"], o["n"], o.get("metric", ""), o["scores"])
            found.setdefault(o["origin"], measured)
            if len(found) == k:
                break
        return tuple(found.values())

    def fit_times(self, group: str, n: int, inputs: int, classes: int) -> tuple[FitTime, ...]:
        """Tell how long each family takes to fit on this machine, see :func:`advisor.fit_time.fit_times`.

        Parameters
        ----------
        group : {"image", "sequence", "tabular", "text"}
            As :func:`group_of` gives it.
        n, inputs : int
            Rows to train with, and numbers in each.
        classes : int
            Of the target; 0 where it is a number.

        Returns
        -------
        tuple of FitTime
            Seconds, the fastest family first; empty where fewer than two origins were timed.
        """
        then = self.provenance.get("outcomes", {}).get("machine_seconds")
        if then is None:
            return ()
        return fit_times(self.of(group), n, inputs, classes, slower=machine_seconds() / then)

    def to_json(self) -> str:
        """One row a line, so that changes can be read."""
        lines = [
            "{",
            '"version": 1,',
            f'"models": {json.dumps(dict(self.models), indent=1)},',
            f'"provenance": {json.dumps(dict(self.provenance), indent=1, sort_keys=True)},',
        ]
        for name, rows in (("rules", self.rules), ("outcomes", self.outcomes)):
            body = ",\n".join(json.dumps(dict(row), sort_keys=True) for row in rows)
            lines.append(f'"{name}": [\n{body}\n]{"," if name == "rules" else ""}')
        return "\n".join([*lines, "}"]) + "\n"


def _check_outcome(row: Any) -> None:
    """Raise what a row raises that is no outcome: a key is missing, or what must be a number is none."""
    _ = {row["origin"], row["set"], row["structure"]}
    numbers = {"n": row["n"], **row["features"], **row["scores"], **row.get("seconds", {})}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise TypeError(f"{name!r} is {value!r}, no number")
    if row["n"] < 1:
        raise ValueError(f"'n' is {row['n']!r}")


@lru_cache(maxsize=1)
def _load() -> Calibration:
    content = json.loads(resources.files("advisor").joinpath("data/calibration.json").read_text("utf-8"))
    rules, outcomes = tuple(content["rules"]), tuple(content["outcomes"])
    return Calibration(content["provenance"], rules, outcomes, content["models"])
