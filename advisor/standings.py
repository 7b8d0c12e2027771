"""How the families of a race stand, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from advisor.findings import Conclusion
from advisor.probes.base import number

Status = Literal["won", "tied", "close", "beaten", "dropped", "unfinished", "skipped"]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Entrant:
    """One family in a race.

    Parameters
    ----------
    family : str
        Its name.
    status : {"won", "tied", "close", "beaten", "dropped", "unfinished", "skipped"}
        How it ended. "tied": within 0.01 of the leader, and the interval of the gap holds 0. "close": further
        behind, but the interval holds 0, so that more rows may change it. "unfinished": not trained, or
        behind when the time limit cut its training, which says nothing against it.
    reason : str
        Why it was dropped, skipped or not finished.
    score : float or None
        On the validation rows, when it was last compared.
    interval : (float, float) or None
        95%, by resampling validation rows.
    gap : float or None
        Score of the leader minus its own, on the same rows.
    gap_interval : (float, float) or None
        95%, of paired differences.
    rows : int
        Rows it was last trained on.
    fit_seconds, seconds : float
        Of the last training; of all.
    cut : bool
        Whether the time limit ended its last training.
    """

    family: str
    status: Status = "unfinished"
    reason: str = ""
    score: float | None = None
    interval: Interval | None = None
    gap: float | None = None
    gap_interval: Interval | None = None
    rows: int = 0
    fit_seconds: float = 0.0
    seconds: float = 0.0
    cut: bool = False

    @property
    def line(self) -> str:
        """The result in one sentence."""
        if self.score is None:
            return f"{self.family} {self.status}: {self.reason}"
        low, high = self.interval or (self.score, self.score)
        text = f"{self.family} {self.status}: {self.score:.3f} ({low:.3f} to {high:.3f})"
        if self.gap is not None and self.gap_interval is not None and self.status != "won":
            low, high = self.gap_interval
            text += f", {self.gap:+.3f} to the leader ({low:+.3f} to {high:+.3f})"
        text += f", trained on {self.rows} rows in {self.fit_seconds:.1f} s"
        text += ", cut by the time limit" if self.cut else ""
        return f"{text}; {self.reason}" if self.reason else text


@dataclass(frozen=True, eq=False)
class Race:
    """What training the families under a budget gave.

    Parameters
    ----------
    winner : str or None
        The best; of those that tie, the one that trains fastest. None if nothing could be trained.
    entrants : tuple of Entrant
        The winner first.
    metric : str
        The score: "accuracy", "balanced accuracy" or "r2".
    rows, validation_rows : int
        Rows to train on at most, and rows judged on.
    rounds : tuple of int
        Rows trained on, round by round; a repeated number is another part held out, to settle a tie.
    budget, seconds : float
        Allowed and taken.
    interrupted : bool
        Whether Ctrl-C ended it: then this is the best so far.
    fitted : estimator or None
        The winner as trained last, on the training part; for use, fit ``advice.estimator()`` on all rows.
    """

    winner: str | None
    entrants: tuple[Entrant, ...]
    metric: str
    rows: int
    validation_rows: int
    rounds: tuple[int, ...]
    budget: float
    seconds: float
    interrupted: bool = False
    fitted: Any = field(default=None, repr=False)

    @property
    def lines(self) -> tuple[str, ...]:
        """Sentences for people."""
        end = ", interrupted" if self.interrupted else ""
        rounds = ", ".join(map(str, self.rounds)) or "none"
        head = (
            f"{self.metric} on {self.validation_rows} validation rows, rounds of {rounds} training rows, "
            f"{self.seconds:.1f} of {self.budget:.0f} s{end}"
        )
        return (head, *(entrant.line for entrant in self.entrants))

    def conclude(self, order: Sequence[str]) -> Conclusion:
        """Order the families by the race, with reasons.

        A family that was first before and could not finish stays first: the race says nothing against it.

        Parameters
        ----------
        order : sequence of str
            The families as they were ordered before, best first.

        Returns
        -------
        Conclusion
            The order after the race, with what speaks for it and against it.
        """
        against = [f"{e.family} was not compared: {e.reason}" for e in self.entrants if e.status == "skipped"]
        if self.interrupted:
            against.append("the race was interrupted: this is the best so far")
        if self.winner is None:
            return Conclusion(
                tuple(order), (), (*against, "the race has no result: no family could be trained")
            )
        first = self.entrants[0]
        unfinished = [e.family for e in self.entrants if e.status == "unfinished"]
        against += [
            f"{family} did not finish in {self.budget:.0f} s: a larger budget may change the order"
            for family in unfinished
        ]
        places = [e.family for e in self.entrants]
        ranked = tuple(sorted(order, key=places.index))
        because = [f"in a race, {first.line}"]
        if order[0] in unfinished:
            against.append(f"{order[0]} stays first on what was known before the race")
            ranked = (order[0], *(family for family in ranked if family != order[0]))
            return Conclusion(ranked, tuple(because), tuple(against))
        against += [
            f"{e.family} cannot be told from {first.family} on {self.validation_rows} rows: {e.line}"
            for e in self.entrants
            if e.status == "close"
        ]
        ties = [e for e in self.entrants if e.status == "tied"]
        for e in ties:
            low, high = e.gap_interval or (float("nan"),) * 2
            because.append(
                f"{e.family} ties with {first.family} (score {e.score:.3f}; to the leader {low:+.3f} to "
                f"{high:+.3f}): "
                + (
                    f"{e.family} was cut after {e.fit_seconds:.1f} s"
                    if e.cut
                    else f"{first.family} trains faster, {first.fit_seconds:.1f} s against "
                    f"{e.fit_seconds:.1f} s"
                )
            )
        compared = sum(e.score is not None for e in self.entrants)
        return Conclusion(ranked, tuple(because), tuple(against), decided=compared > 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        names = ("family", "status", "reason", "rows", "cut")
        return {
            "winner": self.winner,
            "metric": self.metric,
            "rows": self.rows,
            "validation_rows": self.validation_rows,
            "rounds": list(self.rounds),
            "budget": self.budget,
            "seconds": round(self.seconds, 2),
            "interrupted": self.interrupted,
            "entrants": [
                {name: getattr(e, name) for name in names}
                | {
                    "score": number(e.score),
                    "interval": list(e.interval) if e.interval else None,
                    "gap": number(e.gap),
                    "gap_interval": list(e.gap_interval) if e.gap_interval else None,
                    "seconds": round(e.seconds, 2),
                }
                for e in self.entrants
            ],
        }
