""" "Sequence, therefore LSTM", beside a one-dimensional CNN, a Transformer and boosted trees."""

from __future__ import annotations

import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims._data import fit_and_score, load
from benchmarks.claims._sequences import DUMMY, above_dummy, epochs, series
from benchmarks.claims.base import (
    Chart,
    Claim,
    Judgement,
    Size,
    Verdict,
    effect,
    grid,
    records,
)
from benchmarks.run import Facts

CLAIM = Claim(
    number=15,
    name="sequence_therefore_lstm",
    sentence="If the data are sequences, an LSTM is the architecture to take.",
    source="the lesson on choosing an architecture; against it Bai, Kolter & Koltun (2018), arXiv:1803.01271",
    design="LSTM, one-dimensional CNN, Transformer and boosted trees over the flat columns, each with its "
    "defaults and the same rows, of which all hold out a fifth to stop by; boosted trees are then grown anew "
    "on all of them, networks are not. Scores count from the dummy (0) to the best of a task (1).",
    data="the embedded sequence tasks: speech, gestures, weather, traffic, words, DNA",
    refuted_by="a rival with a clear lead over the LSTM, where the LSTM is neither the best nor within 0.02 "
    "of it on at least half of the sources; it is a limit if a rival is ahead of it in the mean all the same",
)
_LEVEL = 0.02  # of the skill that nobody would call a difference
_RIVALS = {"cnn": "the 1-D CNN", "transformer": "the Transformer", "gbt": "boosted trees"}


def cells(size: Size) -> list[Cell]:
    """Each series once."""
    folds, most, limit = {"tiny": (1, 100, 2), "quick": (1, 240, None), "full": (5, 5_000, None)}[size]
    return grid(
        CLAIM,
        tasks=series(size),
        candidates=("lstm", *_RIVALS, DUMMY),
        levels={},
        folds=folds,
        max_train=most,
        max_test=100 if size == "tiny" else 1_000,
        max_epochs=limit,
    )


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one candidate."""
    fit_and_score(cell, facts, load(cell), **epochs(cell))


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare the LSTM with each rival, and count who is the best."""
    skill = above_dummy(frame, [])
    table = skill.pivot_table(index="origin", columns="candidate", values="skill")
    gaps = [
        effect(f"LSTM minus {title}", table["lstm"] - table[name], unit="share of the best skill")
        for name, title in _RIVALS.items()
    ]
    best = table.idxmax(axis=1)
    wins = best.value_counts().reindex(table.columns, fill_value=0)
    right = int((table.max(axis=1) - table["lstm"] <= _LEVEL).sum())
    behind = any(gap.high < 0 for gap in gaps)
    verdict: Verdict = "does not hold here" if behind else "not decided here"
    if 2 * right >= len(table):
        verdict = "holds" if all(gap.mean > 0 for gap in gaps) else "holds with a limit"
    names = {"lstm": "the LSTM", **_RIVALS}
    count = ", ".join(f"{names[name]} on {wins[name]}" for name in names)
    lost = best[best != "lstm"]
    where = "; ".join(f"{source}: {names[str(name)]}" for source, name in lost.items()) or "nowhere"
    words = (
        f"The rule is right, or within {_LEVEL} of it, on {right} of {len(table)} sources. Best: {count}. "
        "Mean skill: "
        + ", ".join(f"{names[name]} {table[name].mean():.2f}" for name in names)
        + f". Where the rule loses, and to whom: {where}. Default configurations and few rows; a lead on so "
        "few sources is a direction, not a law."
    )
    raw = frame.groupby(["task", "candidate"], sort=False)["test"].mean().reset_index()
    charts = (
        Chart(
            "bars",
            "Skill on each sequence task",
            records(skill.drop(columns="test")),
            x="task",
            y="skill",
            by="candidate",
            y_label="0 dummy, 1 best of the task",
        ),
        Chart(
            "bars",
            "Score on each sequence task",
            records(raw),
            x="task",
            y="test",
            by="candidate",
            y_label="accuracy or R²",
        ),
    )
    return Judgement(verdict, words, tuple(gaps), charts)
