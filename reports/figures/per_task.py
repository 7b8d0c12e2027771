"""Every task as a row and every candidate as a mark, with the range of its splits."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Canvas

from benchmarks import scores
from reports import drawing, sentences
from reports.drawing import GRID, INK, NARROW, WIDE
from reports.figures import Figure
from reports.style import look, shorten, structure_title, task_title
from reports.summary import Summary

NOTE = "Normalised score: 0 is the dummy, 1 is the best candidate on the task"
COLUMNS = {
    "task": "task id",
    "structure": "declared structure",
    "origin": "source of the data",
    "metric": "accuracy or r2, higher is better",
    "candidate": "architecture",
    "trial": "chosen configuration, by validation; 0 is the default",
    "test": "test score, mean over splits and seeds, in units of the metric",
    "normalised": "the same on the task's scale, 0 (dummy) to 1 (best)",
    "low": "lowest split or seed, normalised and not cut",
    "high": "highest split or seed, normalised and not cut",
    "splits": "splits times seeds",
    "imputed": "splits that count with the dummy's score because they failed",
}


def data(summary: Summary) -> pd.DataFrame:
    """Give the scores that are drawn.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, tasks grouped by structure.
    """
    keys = ["task", "candidate"]
    groups = summary.splits.groupby(keys, sort=False)
    table = groups.agg(
        trial=("trial", "first"),
        test=("test", "mean"),
        low=("normalised", "min"),
        high=("normalised", "max"),
        splits=("test", "size"),
        imputed=("imputed", "sum"),
    ).reset_index()
    tall = summary.normalised.rename_axis(index="task", columns="candidate").stack()
    placed = pd.DataFrame({"normalised": tall})
    table = table.join(placed, on=keys).join(summary.tasks, on="task")
    place = {name: i for i, name in enumerate([*summary.tasks.index, *summary.candidates])}
    table = table.sort_values(keys, key=lambda s: s.map(place), kind="stable")
    return table[list(COLUMNS)].reset_index(drop=True)


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
    lines = (
        "Lines: from the lowest to the highest split or seed (a range, no confidence interval)."
        if summary.splits.groupby(["task", "candidate"]).size().max() > 1
        else "One split and one seed, so there is no range to draw."
    )
    return (
        "The dummy of the task is 0, the best candidate 1; the chosen configuration's test score, mean over "
        f"splits. {lines} Hollow marks have failed splits, which count with the dummy’s score. "
        f"{sentences.basis(summary)}"
    )


def draw(summary: Summary, narrow: bool = False) -> str:
    """Draw one row per task.

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
    table = table[table["candidate"] != scores.BASELINE]  # at 0 by definition
    names = [n for n in summary.candidates if n != scores.BASELINE]
    among = summary.candidates
    groups = summary.structures
    width, row = (NARROW, 20) if narrow else (WIDE, 22)
    left, longest = (118, 15) if narrow else (210, 26)
    foot = 26 + 15 * len(drawing.lines(NOTE, narrow))
    per_line = 2 if narrow else 6
    top = 16 + 20 * -(-len(names) // per_line)
    n_tasks = len(summary.tasks)
    height = top + row * (n_tasks + 1.5 * len(groups)) + foot + 6
    with drawing.quiet():
        figure = Canvas(figsize=(width / 72, height / 72))
        ax = drawing.place(figure, left, foot, width - left - 18, height - top - foot)
        y, told = 0.0, []
        for group in groups:
            y += 1.2
            beside: dict[str, Any] = {
                "color": INK,
                "ha": "right",
                "va": "center",
                "transform": ax.get_yaxis_transform(),
            }
            ax.text(-0.015, y, structure_title(group), weight="bold", **beside)
            for task, rows in table[table["structure"] == group].groupby("task", sort=False):
                y += 1
                ax.axhline(y, color=GRID, lw=1, zorder=0)
                ax.text(-0.015, y, shorten(task_title(str(task)), to=longest), **beside)
                # candidates side by side within the row, so that ranges do not hide each other
                offsets = [0.5 * (i / max(len(rows) - 1, 1) - 0.5) for i in range(len(rows))]
                for at, (_, point) in zip(offsets, rows.iterrows()):
                    style = look(point["candidate"], among)
                    if point["splits"] > 1:
                        ends = [min(max(point[end], -0.02), 1.02) for end in ("low", "high")]
                        ax.plot(ends, [y + at] * 2, color=style.light, lw=1.6, alpha=0.55, zorder=2)
                    drawing.mark(ax, point["normalised"], y + at, style, 7, hollow=bool(point["imputed"]))
                best = str(rows["candidate"].to_numpy()[rows["normalised"].to_numpy().argmax()])
                told.append(f"{task_title(str(task))}: {look(best, among).title} is best")
            y += 0.3
        ax.set(ylim=(y + 0.8, 0.5), yticks=[])
        drawing.score_axis(ax, "x", float(table["normalised"].min()))
        legend = drawing.place(figure, 16, height - top, width - 32, top)
        legend.set(xlim=(0, width - 32), ylim=(top, 0), xticks=[], yticks=[])
        step = (width - 32) / per_line
        for i, name in enumerate(names):
            x, at = (i % per_line) * step + 6, 12 + 20 * (i // per_line)
            drawing.mark(legend, x, at, look(name, among), 8)
            title = shorten(look(name, among).title, to=22)
            legend.text(x + 11, at, title, color=INK, ha="left", va="center")
        drawing.caption(figure, drawing.lines(NOTE, narrow))
        return drawing.svg(figure, "per_task", FIGURE.title, "; ".join(told), names)


FIGURE = Figure(
    title="Normalised score of every candidate on every task",
    section="tasks",
    place=1,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
)
