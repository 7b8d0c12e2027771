"""Which family for which structure: the mean normalised scores as a heat map with the numbers in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from benchmarks import scores
from reports import drawing, sentences
from reports.drawing import ACCENT, INK, MUTED, NARROW, WIDE
from reports.figures import Figure
from reports.style import look, shorten, structure_title
from reports.summary import OVERALL, Summary

NOTE = (
    "Mean normalised score (0 dummy, 1 best candidate) with its 95% interval; the stronger the colour, the "
    "higher. "
    "Framed: the highest."
)
DEEPEST = 0.5  # opacity of a score of 1; ink stays readable on it, light and dark
COLUMNS = {
    "candidate": "architecture",
    "structure": "structure of the tasks, or overall",
    "mean": "mean normalised score over tasks, 0 (dummy) to 1 (best)",
    "low": "lower 95% limit: Student’s interval of the mean, from how much sources differ",
    "high": "upper 95% limit",
    "tasks": "tasks in the mean",
    "sources": "independent sources among them",
    "wins": "tasks where no candidate is better",
}


def data(summary: Summary) -> pd.DataFrame:
    """Give the numbers in the cells.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, the best candidate over all tasks first.
    """
    table = summary.verdict[~summary.verdict["candidate"].isin([scores.BASELINE, scores.ADVISOR])]
    if len(summary.structures) == 1:
        table = table[table["structure"] != OVERALL]
    sources = summary.places.set_index("structure")["sources"]
    table = table.rename(columns={"mean_normalised_score": "mean", "score_low": "low", "score_high": "high"})
    return table.assign(sources=table["structure"].map(sources))[list(COLUMNS)].reset_index(drop=True)


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
        f"Rows by the mean over all tasks. {sentences.basis(summary)} Small: Student’s 95% interval, from "
        "how much sources differ; none where all tasks are of one source."
    )


def draw(summary: Summary, narrow: bool = False) -> str:
    """Draw a row per candidate and a column per structure.

    Parameters
    ----------
    summary : Summary
        The findings.
    narrow : bool, default=False
        Draw for a small screen.

    Returns
    -------
    str
        SVG.
    """
    table = data(summary)
    names = list(dict.fromkeys(table["candidate"]))
    among = summary.candidates
    groups = [g for g in [*summary.structures, OVERALL] if g in set(table["structure"])]
    width, left, row = (NARROW, 96, 44) if narrow else (WIDE, 190, 36)
    rows = drawing.lines(NOTE, narrow)
    foot, top = 14 + 15 * len(rows), 44
    cell = min((width - left - 8) / len(groups), 190)
    with drawing.quiet():
        figure = Canvas(figsize=(width / 72, (top + row * len(names) + foot) / 72))
        ax = drawing.place(figure, left, foot, cell * len(groups), row * len(names))
        ax.set(xlim=(0, len(groups)), ylim=(len(names), 0), xticks=[], yticks=[])
        for y, name in enumerate(names):
            title = shorten(look(name, among).title, to=13 if narrow else 24)
            ax.text(-10 / cell, y + 0.5, title, ha="right", va="center", color=INK)
        told = []
        # from the quarter below the lowest
        palest = min(np.floor(4 * float(table["mean"].clip(0).min())) / 4, 0.75)
        for x, group in enumerate(groups):
            part = table[table["structure"] == group].set_index("candidate")
            n, heading = int(part["tasks"].iloc[0]), _heading(group)
            big = 10.5 if narrow else 12.5
            ax.text(x + 0.5, -24 / row, heading, ha="center", va="center", weight="bold", color=INK, size=big)
            count = f"{n} task{'s' if n != 1 else ''}"
            ax.text(x + 0.5, -9 / row, count, ha="center", va="center", color=MUTED, size=11)
            best = str(part["mean"].idxmax())
            for y, name in enumerate(names):
                mean, low, high = part.loc[name, ["mean", "low", "high"]].astype(float)
                first = name == best
                depth = DEEPEST * float(np.clip((mean - palest) / (1 - palest), 0, 1))
                ax.add_patch(Rectangle((x, y), 1, 1, fc=ACCENT, ec="none", alpha=depth))
                if first:
                    inset = 2.5 / cell, 2.5 / row
                    size = 1 - 2 * inset[0], 1 - 2 * inset[1]
                    ax.add_patch(Rectangle((x + inset[0], y + inset[1]), *size, fc="none", ec=INK, lw=1.4))
                weight, shift = "bold" if first else "normal", 0.0 if np.isnan(low) else 0.18
                style: dict[str, Any] = {"ha": "center", "va": "center", "color": INK}
                ax.text(x + 0.5, y + 0.5 - shift, f"{mean:.2f}", weight=weight, **style)
                if np.isfinite(low):
                    limits = f"{low:.2f}–{high:.2f}" if narrow else f"{low:.2f} to {high:.2f}"
                    ax.text(x + 0.5, y + 0.5 + 0.24, limits, size=9 if narrow else 10, **style)
            told.append(f"{heading}: {look(best, among).title} {part['mean'].max():.2f}")
        drawing.caption(figure, rows)
        return drawing.svg(figure, "matrix", FIGURE.title, f"Highest: {'; '.join(told)}", names)


def _heading(group: str) -> str:
    return "All tasks" if group == OVERALL else structure_title(group)


FIGURE = Figure(
    title="Mean normalised score of every candidate on every structure",
    section="verdict",
    place=1,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
)
