"""From what interventions cost to an order of the families: rules that a person can read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from advisor.probes.base import Evidence


@dataclass(frozen=True)
class Conclusion:
    """What follows from the findings.

    Parameters
    ----------
    order : tuple of str
        Families, the one to train first at the front.
    because, against : tuple of str
        Why; and what was not settled.
    decided : bool
        Whether a finding, and not the order given, says which of trees and convolution comes first.
    """

    order: tuple[str, ...]
    because: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    decided: bool = False


def follow(order: Sequence[str], findings: Iterable[Evidence]) -> Conclusion:
    """Reorder the families where a finding is clear; where none is, say that it is a tie.

    Convolution and trees change places by what they live on: patterns that may lie anywhere against positions
    with a meaning of their own, measured against each other. Recurrence goes last where the order of steps
    costs nothing; that order matters over long lags speaks for it, but convolution can use it as well, so no
    rank follows.

    Parameters
    ----------
    order : sequence of str
        Families by what was known before.
    findings : iterable of Evidence
        As :func:`advisor.interventions.run` gives them.

    Returns
    -------
    Conclusion
        The new order with its reasons.

    Examples
    --------
    >>> fact = Evidence("fixed_positions", -0.1, "", None, None, "", 0, "", "", False, {"verdict": "hurts"})
    >>> follow(["cnn", "lstm", "gbt"], [fact]).order
    ('gbt', 'cnn', 'lstm')
    """
    facts = {fact.name: fact for fact in findings}
    verdict = {name: fact.details["verdict"] for name, fact in facts.items()}
    families, because, against = list(order), [], []
    decided = False
    place, near, steps = (verdict.get(n) for n in ("fixed_positions", "permuted_columns", "shuffled_steps"))
    if place in ("matters", "hurts"):
        _ahead(families, *(("cnn", "gbt") if place == "matters" else ("gbt", "cnn")))
        because.append(facts["fixed_positions"].summary)
        decided = True
    elif near in ("does not matter", "hurts"):
        _ahead(families, "gbt", "cnn")
        because.append(facts["permuted_columns"].summary)
        decided = True
    elif place is not None:
        said = "tie for" if place == "does not matter" else "cannot be told apart by"
        against.append(
            f"cnn and gbt {said} the cheap models ({facts['fixed_positions'].value:+.3f}, "
            f"{_interval(facts['fixed_positions'])}): effort='race' would tell"
        )
    if steps in ("does not matter", "hurts"):
        families = [f for f in families if f != "lstm"] + [f for f in families if f == "lstm"]
        because.append(facts["shuffled_steps"].summary)
    if verdict.get("shuffled_blocks") == "matters" and place != "hurts":
        against.append(f"{facts['shuffled_blocks'].summary}: compare with lstm")
    smooth = verdict.get("smooth_model")
    if smooth == "matters":
        because.append(facts["smooth_model"].summary)
    elif smooth == "hurts":
        against.append(f"{facts['smooth_model'].summary}; effort='race' would tell")
    return Conclusion(tuple(families), tuple(because), tuple(against), decided)


def _ahead(families: list[str], first: str, second: str) -> None:
    """Move the first family to just before the second, unless it is ahead already."""
    if first in families and second in families and families.index(first) > families.index(second):
        families.remove(first)
        families.insert(families.index(second), first)


def _interval(fact: Evidence) -> str:
    low, high = fact.interval or (float("nan"),) * 2
    return f"95% {low:+.3f} to {high:+.3f}"
