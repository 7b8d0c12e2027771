"""What it costs to choose a family beforehand: regret of the advisor and of simple rules, task by task."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from benchmarks import scores
from reports import drawing, sentences
from reports.drawing import ACCENT, GRID, MUTED, NARROW, WIDE
from reports.figures import Figure
from reports.summary import Summary

NOTE = "Normalised regret: 0 is the best of the three families, 1 the dummy. Ticks: tasks; bands: 95%."
COLUMNS = {
    "policy": "way to choose one of CNN, LSTM and boosted trees",
    "task": "task id",
    "structure": "declared structure",
    "chosen": "family chosen, or those of the splits",
    "regret": "best test score of the three minus that of the chosen, in units of the metric",
    "normalised_regret": "the same divided by the distance from the dummy to the best, 0 to 1",
}


def data(summary: Summary) -> pd.DataFrame:
    """Give the regret of every way to choose on every task.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`; empty if the study does not have the three families.
    """
    return summary.regret[list(COLUMNS)].reset_index(drop=True)


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
        "Every family in its default configuration; mean over tasks, Student’s 95% interval, from how much "
        f"sources differ. {sentences.basis(summary)}"
    )


def draw(summary: Summary, narrow: bool = False) -> str:
    """Draw a row per way to choose.

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
    table, means = data(summary), summary.policies
    width, left, row = (NARROW, 150, 30) if narrow else (WIDE, 210, 30)
    rows = drawing.lines(NOTE, narrow)
    foot = 34 + 15 * len(rows)
    with drawing.quiet():
        figure = Canvas(figsize=(width / 72, (8 + row * len(means) + foot) / 72))
        ax = drawing.place(figure, left, foot, width - left - (56 if narrow else 80), row * len(means))
        highest = float(np.nanmax([*table["normalised_regret"], *means["high"], 0.05]))
        told = []
        for y, point in enumerate(means.to_dict("records")):
            mine = point["policy"] == scores.ADVISOR
            colour, weight = (ACCENT, "bold") if mine else (MUTED, "normal")
            ticks = table.loc[table["policy"] == point["policy"], "normalised_regret"]
            ax.plot(ticks, np.full(len(ticks), y), "|", color=MUTED, alpha=0.7, ms=9, mew=1.2, clip_on=False)
            if np.isfinite(point["low"]):
                ends = [point["low"], point["high"]]
                ax.plot(ends, [y, y], color=colour, lw=6, alpha=0.35, solid_capstyle="round")
            ax.plot([point["mean"]], [y], "o", ms=9, mfc=colour, mec=drawing.PAPER, clip_on=False, zorder=3)
            title = sentences.POLICIES.get(point["policy"], point["policy"]).partition(" (")[0]
            drawing.name_row(ax, y, title, f"{point['mean']:.3f}", weight=weight)
            told.append(f"{title} {point['mean']:.3f}")
        step = next(s for s in (0.05, 0.1, 0.2, 0.25) if highest / s <= 6)
        ticks_at = np.arange(0, highest + step, step)
        ax.set(ylim=(len(means) - 0.4, -0.6), yticks=[], xlim=(-0.01 * ticks_at[-1], ticks_at[-1]))
        ax.set_xticks(ticks_at, [f"{t:g}" for t in np.round(ticks_at, 2)])
        ax.xaxis.grid(True, color=GRID, lw=1)
        ax.set_axisbelow(True)
        drawing.caption(figure, rows)
        return drawing.svg(figure, "regret", FIGURE.title, f"Means: {', '.join(told)}", [])


FIGURE = Figure(
    title="Regret of ways to choose a family",
    section="advisor",
    place=1,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
    needs="the three families CNN, LSTM and boosted trees",
)
