"""Who wins where: the mean normalised score of every candidate, one panel per structure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks import scores
from reports import drawing, sentences
from reports.drawing import MUTED
from reports.figures import Figure
from reports.style import look, structure_title
from reports.summary import OVERALL, Summary

NOTE = (
    "Mean normalised score: 0 is the dummy, 1 is the best candidate on every task. "
    "Bands: 95% intervals over tasks; ticks: tasks."
)
COLUMNS = {
    "structure": "structure of the tasks",
    "candidate": "architecture",
    "mean": "mean normalised score over tasks, 0 (dummy) to 1 (best)",
    "low": "lower 95% limit: Student’s interval of the mean, from how much sources differ",
    "high": "upper 95% limit",
    "tasks": "tasks in the mean",
}


def data(summary: Summary) -> pd.DataFrame:
    """Give the means that are drawn.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`; the dummy, which is 0 by definition, and the advisor are no part of it.
    """
    verdict = summary.verdict[
        (summary.verdict["structure"] != OVERALL)
        & ~summary.verdict["candidate"].isin([scores.BASELINE, scores.ADVISOR])
    ]
    means = verdict.rename(
        columns={"mean_normalised_score": "mean", "score_low": "low", "score_high": "high"}
    )
    return means[list(COLUMNS)].reset_index(drop=True)


def caption(summary: Summary) -> str:
    """Say how the numbers were made.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Sentences.
    """
    return (
        f"Bold: highest mean. {sentences.basis(summary)} Intervals: 95%, Student’s, from how much sources "
        "differ. The dummy stands at 0 by definition."
    )


def draw(summary: Summary, narrow: bool = False) -> str:
    """Draw one panel per structure.

    Parameters
    ----------
    summary : Summary
        The findings.
    narrow : bool, default=False
        Stack the panels for a small screen.

    Returns
    -------
    str
        SVG.
    """
    means, normalised, structure = data(summary), summary.normalised, summary.tasks["structure"]
    names = [n for n in normalised.columns if n != scores.BASELINE]
    among = summary.candidates
    lowest = float(min(normalised[names].min().min(), means["low"].min(), 1.0))
    with drawing.quiet():
        figure, axes = drawing.panels(
            summary.structures, structure, narrow, 25 * len(names), NOTE, left=_room(names)
        )
        told = []
        for ax, group in zip(axes, summary.structures):
            table = means[means["structure"] == group].sort_values("mean", kind="stable")
            ticks = normalised[structure == group]
            for y, (name, mean, low, high) in enumerate(
                table[["candidate", "mean", "low", "high"]].itertuples(index=False)
            ):
                style, first = look(name, among), y == len(table) - 1
                ax.plot(ticks[name], np.full(len(ticks), y), "|", color=MUTED, alpha=0.5, ms=7, mew=1)
                if np.isfinite(low):
                    ax.plot([low, high], [y, y], color=style.light, lw=5, alpha=0.38, solid_capstyle="round")
                drawing.mark(ax, mean, y, style, 9)
                weight = "bold" if first else "normal"
                drawing.name_row(ax, y, style.title, f"{mean:.2f}", weight=weight)
            ax.set(ylim=(-0.6, len(names) - 0.4), yticks=[])
            drawing.score_axis(ax, "x", lowest)
            best = table.iloc[-1]
            title = look(best["candidate"], among).title
            told.append(f"{structure_title(group)}: highest mean {title} {best['mean']:.2f}")
        return drawing.svg(figure, "finding", FIGURE.title, "; ".join(told), names)


def _room(names: list[str]) -> int:
    """Pixels for the longest title beside the panel."""
    return int(np.clip(7.2 * max(len(look(n, names).title) for n in names) + 22, 118, 176))


FIGURE = Figure(
    title="Mean normalised score by structure",
    section="verdict",
    place=2,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
)
