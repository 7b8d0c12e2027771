"""Results as tables of text, for the end of a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks import scores
from benchmarks.budget import BEYOND


def show(console: Console, title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table.

    Parameters
    ----------
    console : Console
        Where to.
    title : str
        A line above it.
    columns : iterable of str
        Heads.
    rows : iterable of iterable
        Cells; their text is printed as it is, whatever brackets are in it.
    """
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    console.print(Text(title, style="bold"))
    console.print(table)


def show_verdict(console: Console, frame: pd.DataFrame, *, title: str) -> None:
    """Print what each candidate reached; see :func:`benchmarks.scores.verdict`."""
    verdict = scores.verdict(frame)
    if not len(verdict):
        console.print(Text(f"{title}: no task can be judged yet"))
        return
    overall = verdict[verdict["structure"] == "overall"]
    structures = list(verdict["structure"].unique())
    by = verdict.pivot(index="candidate", columns="structure", values="mean_normalised_score")
    n = overall["tasks"].max()
    over = f"{n} task{'' if n == 1 else 's'}"
    rows = [
        [
            *(row["candidate"], *(f"{by.loc[row['candidate'], s]:.3f}" for s in structures)),
            *(f"{row['mean_rank']:.2f}", row["wins"], row["failed"], f"{row['fit_seconds']:.1f}"),
        ]
        for row in overall.to_dict("records")
    ]
    show(
        console,
        f"{title}: mean normalised score over {over} (0 the dummy, 1 the best)",
        ["candidate", *structures, "mean rank", "wins", "failed", "fit s"],
        rows,
    )
    if (n_machines := scores.machines(frame)) > 1:
        console.print(
            f"fit s adds up times of {n_machines} kinds of hardware or threads: do not compare them"
        )


def show_advice(console: Console, frame: pd.DataFrame) -> None:
    """Print what the advisor advised, task by task, and how other ways to choose would have done."""
    regret = scores.regret(frame)
    advised = regret[regret["policy"] == scores.ADVISOR]
    if not len(advised):
        return
    cells = frame[frame["candidate"] == scores.ADVISOR]
    told = dict(zip(cells["task"], cells["extra"]))
    rows = []
    for row in advised.to_dict("records"):
        facts = told[row["task"]]
        confidence = "" if facts.get("confidence") is None else f"{facts['confidence']:.2f}"
        is_, taken_for = row["structure"] or "unknown", facts.get("structure", "")
        rows.append([row["task"], is_, taken_for, row["chosen"], confidence, f"{row['regret']:.3f}"])
    columns = ["task", "is", "taken for", "advised", "confidence", "regret"]
    show(console, "The advisor, task by task (regret: score lost against the best family)", columns, rows)
    means = regret.groupby("policy", sort=False)[["regret", "normalised_regret"]].mean()
    show(
        console,
        "Who chooses best",
        ["policy", "mean regret", "normalised"],
        [[row["policy"], f"{row['regret']:.4f}", f"{row['normalised_regret']:.3f}"]
         for row in means.reset_index().to_dict("records")],
    )  # fmt: skip


def show_failures(console: Console, frame: pd.DataFrame) -> None:
    """Print every kind of cell that did not go well, with the reason, and what a budget left out, if any."""
    if text := scores.cut_short(frame):
        console.print(Text(text))
    wrong = frame[~frame["status"].isin(["ok", "pending", BEYOND])]
    if not len(wrong):
        return
    columns = ["task", "candidate", "status", "reason"]
    counts = wrong[columns].value_counts(sort=False).reset_index(name="cells")
    rows = [
        [*(row[c] for c in columns[:3]), row["cells"], row["reason"][:200]]
        for row in counts.to_dict("records")
    ]
    show(console, "What did not go well", ["task", "candidate", "status", "cells", "reason"], rows)


def show_missing(console: Console, missing: Mapping[str, object]) -> None:
    """Print the tasks that could not be had, with the reason; nothing if all could."""
    if missing:
        rows = [[task, str(error)] for task, error in missing.items()]
        show(console, f"Not to be had, so not run: {len(rows)}", ["task", "reason"], rows)


def show_progress(console: Console, frame: pd.DataFrame, *, title: str) -> None:
    """Print how many cells of each candidate are in which state."""
    counts = pd.crosstab(frame["candidate"], frame["status"]).reindex(frame["candidate"].unique())
    rows = [[name, *row] for name, row in zip(counts.index, counts.to_numpy())]
    show(console, title, ["candidate", *counts.columns], rows)
