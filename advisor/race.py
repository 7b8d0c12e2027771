"""Train the families themselves under a time budget, drop the hopeless early, and say who won."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from advisor import architectures
from advisor.calibration import TIE
from advisor.errors import AdvisorError
from advisor.holdout import Rows, Sample, folds, mixed, row_scores, sample
from advisor.standings import Entrant, Interval, Race, Status
from advisor.table import Table

if TYPE_CHECKING:
    from advisor.advice import Advice

NUMBERS, FEWEST_ROWS, MOST_ROWS = 50_000_000, 500, 50_000  # inputs times rows that are raced on
HELD = 2000  # rows judged on at most
RESERVE = 0.12  # share of a fit's time that is kept for reading its rows and for predicting
# a quarter is held out, of rows in time a sixth; other parts take their turn only to tell who is first
FOLDS = 4
GROWTH, SMALLEST = 3, 300  # rows grow threefold from round to round, from about 300
RESAMPLES, FEW_UNITS = 500, 8
# A family is dropped only if it is clearly behind: networks catch up as rows grow, so by much in the first
# round, and later only if it does not catch up.
HOPELESS_AT_ONCE, HOPELESS = 0.10, 0.02


def run(
    table: Table, advice: Advice, *, budget: float, progress: Callable[[str], None] | None = None
) -> Race:
    """Race the families of an advice: more and more rows for fewer and fewer of them.

    All are judged on the same held-out rows, which are later rows where rows are in time and other entities
    in a panel. Where the last round cannot tell who is first and there is time, further quarters of the rows
    are held out in turn.

    Parameters
    ----------
    table : Table
        With a target.
    advice : Advice
        Says how rows fold and which families there are.
    budget : float
        Seconds. A training that has begun ends after at most one more epoch-long step.
    progress : callable, optional
        Called with a line of text after each training.

    Returns
    -------
    Race
        The result; after Ctrl-C the best so far.

    Raises
    ------
    TargetError
        If there is no target or too few rows have one.

    References
    ----------
    Jamieson, Talwalkar (2016). Non-stochastic best arm identification and hyperparameter optimization.
    AISTATS (successive halving).
    """
    return _Track(table, advice, budget, progress or (lambda line: None)).run()


class _Track:
    """One race as it goes on."""

    def __init__(self, table: Table, advice: Advice, budget: float, tell: Callable[[str], None]) -> None:
        self.start, self.budget, self.tell, self.advice = time.monotonic(), budget, tell, advice
        self.rng = np.random.default_rng([advice.seed, *b"race"])
        self.folder = advice.folder()
        width = max(1, int(np.prod(advice.layout)))
        most = int(np.clip(NUMBERS // width, FEWEST_ROWS, MOST_ROWS))
        self.data: Sample = sample(table, self.folder, advice.folding, self.rng, most)
        parts = folds(self.data, FOLDS, self.rng)
        latest_or_largest = list(reversed(parts))
        if not self.data.timed:  # of the most units, since the first part decides who goes on
            units = self.data.units
            latest_or_largest.sort(key=lambda part: -len(np.unique(units[part[1]])))
        self.parts = [self._part(*part) for part in latest_or_largest if len(part[1])]
        self.entrants = {r.family: Entrant(r.family) for r in advice.ranking}
        self.alive = list(self.entrants)
        self.models: dict[str, Any] = {}
        self.scores: dict[str, NDArray[np.float64]] = {}  # of the round that counts, per validation row
        self.held: Rows = self.parts[0][1]
        self.rounds: list[int] = []

    def _part(self, train: Rows, held: Rows) -> tuple[Rows, Rows]:
        """Training rows of which every beginning will do, and not too many to judge on."""
        train = mixed(self.data, train, self.rng)
        if len(held) > HELD:
            held = np.sort(self.rng.choice(held, HELD, replace=False))
        return train, held

    @property
    def left(self) -> float:
        return self.budget - (time.monotonic() - self.start)

    def run(self) -> Race:
        interrupted = False
        try:
            self._load()
            self._grow()
            self._retry()
            self._settle()
        except KeyboardInterrupt:
            interrupted = True
        return self._result(interrupted)

    def _load(self) -> None:
        """Load the packages first, at no family's cost in time; those that learn in epochs come last."""
        for family in list(self.alive):
            try:
                architectures.get(family)
            except AdvisorError as error:
                self._skip(family, error)
        self.alive = [f for f in self.alive if self.entrants[f].status != "skipped"]
        self.alive.sort(key=lambda f: architectures.get(f).can.iterative)

    def _grow(self) -> None:
        """Rounds on more and more rows, as far as the time goes."""
        n = len(self.parts[0][0])
        sizes = [n]
        while sizes[0] // GROWTH >= SMALLEST:
            sizes.insert(0, sizes[0] // GROWTH)
        size = sizes[0]
        gaps: dict[str, float] = {}
        while True:
            last = size >= n
            if not self._round(size, 0) or last or len(self.scores) < 2:
                return
            if any(self.entrants[f].cut for f in self.alive):
                return  # more rows would be cut even shorter
            gaps = self._drop(gaps)
            taken = sum(self.entrants[f].fit_seconds for f in self.alive)
            growth = min(GROWTH, 0.8 * self.left / max(taken, 1e-9))
            if len(self.alive) < 2 or growth < 1.5:
                if growth < 1.5:
                    self.tell(f"no time for more than {size} rows: {self.left:.1f} s left")
                return
            following = min((s for s in sizes if s > size), default=n)
            size = min(n, following, int(size * growth))

    def _retry(self) -> None:
        """Give the time that others left over to those that were cut, on the same rows; the better counts."""
        cut = [f for f in self.scores if self.entrants[f].cut]
        train, held = self.parts[0]
        for place, family in enumerate(cut):
            limit = self.left / (len(cut) - place)
            if limit < 1.5 * self.entrants[family].fit_seconds:
                continue
            entrant, model = self.entrants[family], self.models[family]
            outcome = self._train(family, train[: self.rounds[-1]], held, limit)
            if outcome is not None and outcome.mean() >= self.scores[family].mean():
                self.scores[family] = outcome
            else:
                self.models[family] = model
                self.entrants[family] = replace(entrant, seconds=self.entrants[family].seconds)

    def _settle(self) -> None:
        """Hold out other parts in turn while the first cannot be told from others and time allows."""
        for part in range(1, len(self.parts)):
            near = [f for f, (_, (low, _)) in self._gaps().items() if low <= 0]
            need = sum(self.entrants[f].fit_seconds for f in near)
            if len(near) < 2 or 1.2 * need > self.left:
                return
            self._judge()  # who is not near keeps what this says
            self.alive, self.scores = near, {f: self.scores[f] for f in near}
            size = min(self.rounds[-1], len(self.parts[part][0]))
            if not self._round(size, part):
                return

    def _round(self, size: int, part: int) -> bool:
        """Train each family still in on so many rows; whether all of them could be compared."""
        train, held = self.parts[part]
        scores: dict[str, NDArray[np.float64]] = {}
        before, models, complete = dict(self.entrants), dict(self.models), False
        try:
            waiting = len(self.alive)
            for place, family in enumerate(self.alive):
                limit = self.left / (waiting - place)
                if self.left <= 0:
                    self._note(family, reason=f"no time left for {size} rows")
                    break
                outcome = self._train(family, train[:size], held, limit)
                if outcome is not None:
                    scores[family] = outcome
            else:
                complete = True
        finally:  # also after Ctrl-C
            self.alive = [f for f in self.alive if self.entrants[f].status != "skipped"]
            if complete and scores:
                self._count(scores, part, size)
            elif not self.scores:
                self.scores = scores
                self.rounds += [size] if scores else []
            else:  # a broken round does not count
                self.models = models
                self.entrants = {
                    f: replace(before[f], seconds=e.seconds) if e.status != "skipped" else e
                    for f, e in self.entrants.items()
                }
        return complete and bool(scores)

    def _count(self, scores: dict[str, NDArray[np.float64]], part: int, size: int) -> None:
        if part == 0:
            self.scores = scores
        else:
            self.held = np.concatenate([self.held, self.parts[part][1]])
            self.scores = {f: np.concatenate([self.scores[f], s]) for f, s in scores.items()}
        self.rounds.append(size)

    def _train(self, family: str, train: Rows, held: Rows, limit: float) -> NDArray[np.float64] | None:
        start = time.monotonic()
        try:
            model = self.advice.estimator(family=family)
            model = model.steps[-1][1] if hasattr(model, "steps") else model
            if "time_limit" in model.get_params():
                model.set_params(time_limit=max(0.1, (1 - RESERVE) * limit))
            model.fit(self.data.take(train), self.data.y[train])
            predicted = model.predict(self.data.take(held))
        except Exception as error:  # whatever a family cannot do must not end the race of the others
            self._skip(family, error)
            return None
        scores = row_scores(self.data, held, self.data.coded(predicted))
        seconds = time.monotonic() - start
        cut = getattr(model, "stopped_", "") == "time_limit"
        self.models[family] = model
        spent = self.entrants[family].seconds + seconds
        self._note(family, rows=len(train), fit_seconds=seconds, seconds=spent, cut=cut, reason="")
        self.tell(
            f"{family}: {scores.mean():.3f} {self.data.metric} from {len(train)} rows in {seconds:.1f} s"
            f"{' (cut)' if cut else ''}, {max(0, self.left):.0f} s left"
        )
        return scores

    def _skip(self, family: str, error: Exception) -> None:
        reason = " ".join(str(error).split())[:150] or type(error).__name__
        self._note(family, status="skipped", reason=reason, score=None)
        self.tell(f"{family} skipped: {reason}")

    def _note(self, family: str, **changes: Any) -> None:
        self.entrants[family] = replace(self.entrants[family], **changes)

    def _drop(self, before: dict[str, float]) -> dict[str, float]:
        """Drop who is clearly behind; give the gaps, to see in the next round whether they narrow."""
        gaps = self._gaps()
        for family, (gap, interval) in gaps.items():
            hopeless = (
                interval[0] > HOPELESS and gap >= before[family]
                if family in before
                else interval[0] > HOPELESS_AT_ONCE
            )
            if not hopeless:
                continue
            score = float(self.scores[family].mean())
            reason = f"clearly behind after {self.rounds[-1]} rows"
            self._note(
                family,
                status="dropped",
                reason=reason,
                score=score,
                interval=self._interval(self.scores[family]),
                gap=gap,
                gap_interval=interval,
            )
            self.alive.remove(family)
            self.tell(f"{family} dropped: {gap:.3f} behind ({interval[0]:.3f} to {interval[1]:.3f})")
        return {family: gap for family, (gap, _) in gaps.items()}

    def _gaps(self) -> dict[str, tuple[float, Interval]]:
        """How far each family is behind the leader, paired by row; the leader is 0 behind."""
        if not self.scores:
            return {}
        leader = max(self.scores, key=lambda f: float(self.scores[f].mean()))
        gaps = {f: self.scores[leader] - s for f, s in self.scores.items()}
        return {f: (float(g.mean()), self._interval(g)) for f, g in gaps.items()}

    def _interval(self, values: NDArray[np.float64]) -> Interval:
        """95% interval of the mean by resampling units of rows: entities, or stretches of time."""
        n = len(values)
        units = (
            np.arange(n) // max(1, round(n**0.5))
            if self.data.timed
            else pd.factorize(self.data.units[self.held[:n]])[0]
        )
        sums, counts = np.bincount(units, values), np.bincount(units)
        if 1 < len(sums) < FEW_UNITS:  # too few to be resampled
            margin = stats.t.ppf(0.975, len(sums) - 1) * stats.sem(sums / counts)
            return float(values.mean() - margin), float(values.mean() + margin)
        rng = np.random.default_rng([self.advice.seed, *b"resample"])
        means = []
        for _ in range(RESAMPLES):
            drawn = rng.integers(len(sums), size=len(sums))
            means.append(sums[drawn].sum() / counts[drawn].sum())
        low, high = np.quantile(means, [0.025, 0.975])
        return float(low), float(high)

    def _result(self, interrupted: bool) -> Race:
        winner = self._judge()
        rank = {"won": 0, "tied": 1, "close": 2, "beaten": 3, "dropped": 4, "unfinished": 5, "skipped": 6}
        entrants = sorted(
            self.entrants.values(),
            key=lambda e: (rank[e.status], e.fit_seconds if e.status == "tied" else -(e.score or 0)),
        )
        fitted = self.models.get(winner) if winner else None
        if fitted is not None and self.folder is not None:
            from sklearn.pipeline import Pipeline

            fitted = Pipeline([("fold", self.folder), ("model", fitted)])
        return Race(
            winner=winner,
            entrants=tuple(entrants),
            metric=self.data.metric,
            rows=len(self.parts[0][0]),
            validation_rows=len(self.held),
            rounds=tuple(self.rounds),
            budget=self.budget,
            seconds=time.monotonic() - self.start,
            interrupted=interrupted,
            fitted=fitted,
        )

    def _judge(self) -> str | None:
        """Name the winner and how the others stand to it."""
        gaps = self._gaps()
        if not gaps:
            return None
        tied = [f for f, (gap, (low, _)) in gaps.items() if low <= 0 and gap <= TIE]
        # a score that was cut is the least a family can do: enough to lead, not enough to lose
        winner = min(tied, key=lambda f: (self.entrants[f].cut, self.entrants[f].fit_seconds))
        for family, (gap, interval) in gaps.items():
            behind: Status = "close" if interval[0] <= 0 else "beaten"
            behind = "unfinished" if self.entrants[family].cut else behind
            self._note(
                family,
                status="won" if family == winner else "tied" if family in tied else behind,
                score=float(self.scores[family].mean()),
                interval=self._interval(self.scores[family]),
                gap=gap,
                gap_interval=interval,
            )
        return winner
