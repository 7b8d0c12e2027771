"""Shuffling the time steps destroys what an LSTM uses."""

from __future__ import annotations

import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims._data import fit_and_score, load
from benchmarks.claims._sequences import DUMMY, above_dummy, epochs, series, shuffle_steps
from benchmarks.claims.base import (
    Chart,
    Claim,
    Judgement,
    Size,
    Verdict,
    by_source,
    effect,
    grid,
    level,
    records,
)
from benchmarks.run import Facts

CLAIM = Claim(
    number=14,
    name="shuffled_steps",
    sentence="An LSTM uses the order of the time steps: shuffling them destroys what it has learned to use.",
    source="the lesson on choosing an architecture; Le, Jaitly & Hinton (2015) for one order for all rows",
    design="LSTM, one-dimensional CNN and boosted trees over the flat columns, with their defaults, on the "
    "steps in order, with one random order for all rows, and with a random order of its own for each row, in "
    "training and in test. One order for all keeps all information, but no neighbours; an order of its own "
    "keeps only which values there are. Scores count from the dummy (0) to the best of a task (1).",
    data="the embedded sequence tasks",
    refuted_by="an LSTM that surely loses less than half of its skill by an order of its own for each row, "
    "or surely less than 0.05 of it by one order for all; it is a limit if it is not shown that the "
    "former is at least half, or that the latter is above 0",
    matters=0.05,
)
_IN_ORDER, _ONE, _OWN = "in order", "one order for all rows", "an order for each row"
_DESTROYED = 0.5  # share of the skill that has to go
_LEAST = 0.1  # of the best skill; who has less of it in order has nothing to lose


def cells(size: Size) -> list[Cell]:
    """Three orders of each series."""
    folds, most, limit = {"tiny": (1, 100, 2), "quick": (1, 200, None), "full": (5, 3_000, None)}[size]
    return grid(
        CLAIM,
        tasks=series(size),
        candidates=("lstm", "cnn", "gbt", DUMMY),
        levels={"steps": [_IN_ORDER, _ONE, _OWN]},
        folds=folds,
        max_train=most,
        max_test=100 if size == "tiny" else 1_000,
        max_epochs=limit,
    )


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one candidate to one order."""
    data, steps = load(cell), level(cell)["steps"]
    if steps != _IN_ORDER:
        data = shuffle_steps(data, each=steps == _OWN)
    fit_and_score(cell, facts, data, **epochs(cell))


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare what each loses of the skill that it has on the steps in order.

    The claim holds if with 95% confidence the LSTM loses at least half of its skill by an order of its own
    for each row, and something by one order for all; with a limit if it surely loses something by the former.
    It is refuted if it surely loses less than half by the former, or next to nothing by the latter.
    """
    skill = above_dummy(frame, ["steps"])
    wide = skill.pivot_table(index=["origin", "task", "candidate"], columns="steps", values="skill")
    wide = wide[wide[_IN_ORDER] >= _LEAST].reset_index()
    for steps in (_ONE, _OWN):
        wide[f"lost by {steps}"] = 1 - wide[steps] / wide[_IN_ORDER]
    of = dict(list(wide.groupby("candidate")))

    def lost(candidate: str, steps: str) -> pd.Series:
        return by_source(of[candidate], f"lost by {steps}")

    unit = "share of the skill"
    own = effect("lost by the LSTM, an order for each row", lost("lstm", _OWN), unit=unit)
    one = effect("lost by the LSTM, one order for all rows", lost("lstm", _ONE), unit=unit)
    others = [
        effect(f"lost by {title}, {steps}", lost(name, steps), unit=unit)
        for name, title in (("cnn", "the CNN"), ("gbt", "boosted trees"))
        for steps in (_ONE, _OWN)
    ]
    refuted = own.high < _DESTROYED or one.high < CLAIM.matters
    verdict: Verdict = "does not hold here" if refuted else "not decided here"
    if own.low > 0 and not refuted:
        verdict = "holds" if one.low > 0 and own.low >= _DESTROYED else "holds with a limit"
    kept = lost("lstm", _OWN).sort_values()
    words = (
        f"A random order for each row takes {own.mean:.0%} of what the LSTM is better than the dummy, one "
        f"order for all rows {one.mean:.0%}; it is "
        f"{'' if own.low >= _DESTROYED else 'not '}shown that the former is at least half, and "
        f"{'' if one.low > 0 else 'not '}shown that the latter is above 0. "
        f"The CNN loses {others[1].mean:.0%} and {others[0].mean:.0%}, "
        f"boosted trees, which know nothing of neighbours, {others[3].mean:.0%} and {others[2].mean:.0%}. "
        f"Over {own.n} sources; the LSTM loses least on {kept.index[0]} ({kept.iloc[0]:.0%}), most on "
        f"{kept.index[-1]} ({kept.iloc[-1]:.0%}). An order for each row takes information from all; one "
        "order for all takes none, so what is lost by it speaks of the architecture."
    )
    means = skill.groupby(["candidate", "steps"], sort=False)["skill"].mean().reset_index()
    each = wide[wide["candidate"] == "lstm"].melt("task", [_IN_ORDER, _ONE, _OWN], "steps", "skill")
    charts = (
        Chart(
            "bars",
            "Skill with the steps in order and shuffled, mean over tasks",
            records(means),
            x="candidate",
            y="skill",
            by="steps",
            y_label="0 dummy, 1 best of the task",
        ),
        Chart(
            "bars",
            "Skill of the LSTM on each task",
            records(each),
            x="task",
            y="skill",
            by="steps",
            y_label="0 dummy, 1 best of the task",
        ),
    )
    return Judgement(verdict, words, (own, one, *others), charts)
