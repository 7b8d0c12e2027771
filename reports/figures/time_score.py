"""What a score costs: fit time against mean normalised score, with the Pareto front."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from benchmarks import scores
from reports import drawing, sentences
from reports.drawing import MUTED
from reports.figures import Figure
from reports.style import look, structure_title
from reports.summary import OVERALL, Summary, machines

NOTE = "Typical seconds of fitting per cell (log scale) against mean normalised score; dashed: Pareto front"
COLUMNS = {
    "structure": "structure of the tasks",
    "candidate": "architecture",
    "seconds": "seconds that a cell, one configuration on one split, spends on fitting; mean over cells, "
    "those stopped for their time with their limit; median over tasks",
    "mean": "mean normalised score over tasks, 0 (dummy) to 1 (best)",
    "front": "whether no candidate is both faster and better",
    "tasks": "tasks in the mean",
}


def data(summary: Summary) -> pd.DataFrame:
    """Give the points that are drawn.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`; candidates without a timed fit are no part of it.
    """
    verdict = summary.verdict.rename(columns={"mean_normalised_score": "mean"})
    table = verdict[
        (verdict["structure"] != OVERALL)
        & ~verdict["candidate"].isin([scores.BASELINE, scores.ADVISOR])
        & (verdict["seconds"] > 0)
    ].copy()
    table["front"] = False
    for _, rows in table.groupby("structure", sort=False):
        table.loc[rows.index, "front"] = pareto(rows["seconds"].to_numpy(), rows["mean"].to_numpy())
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
    several = machines(summary)
    mixed = (
        f" The fits ran on {several} kinds of hardware (see Environment), so times of different candidates "
        "may not compare."
        if several > 1
        else ""
    )
    return (
        f"Median over tasks of the mean {sentences.fitting(summary)} No interval. "
        f"{sentences.basis(summary)}{mixed}"
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
    points, structure = data(summary), summary.tasks["structure"]
    names = [c for c in summary.candidates if c in set(points["candidate"])]
    among = summary.candidates
    groups = list(dict.fromkeys(points["structure"]))
    groups = [g for g in summary.structures if g in groups]
    low, high = points["seconds"].min() / 1.8, points["seconds"].max() * 1.8
    tall = 180 if len(names) <= 8 else 260
    with drawing.quiet():
        figure, axes = drawing.panels(groups, structure, narrow, tall, NOTE, left=48, below=28)
        told = []
        for ax, group in zip(axes, groups):
            table = points[points["structure"] == group]
            front = table["front"].to_numpy()
            path = _steps(table[front], high)
            ax.plot(*path.T, color=MUTED, lw=1.2, ls=(0, (4, 3)), zorder=0)
            ax.set(xscale="log", xlim=(low, high))
            drawing.score_axis(ax, "y", float(points["mean"].min()) - 0.05)
            for _, point in table.iterrows():
                drawing.mark(ax, point["seconds"], point["mean"], look(point["candidate"], among), 9)
            looks = [look(c, among) for c in table["candidate"]]
            titles, colours = [style.title for style in looks], [style.light for style in looks]
            drawing.label_points(ax, table["seconds"], table["mean"], titles, colours=colours, path=path)
            ax.xaxis.set_major_locator(LogLocator(base=10, numticks=6))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _seconds(x)))
            best = ", ".join(look(c, among).title for c in table[front].sort_values("seconds")["candidate"])
            told.append(f"{structure_title(group)}: nothing is both faster and better than {best}")
        return drawing.svg(figure, "time_score", FIGURE.title, "; ".join(told), names)


def pareto(cost: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Which points no other point beats in both cost and value.

    Parameters
    ----------
    cost : array of float, shape (n,)
        Lower is better.
    value : array of float, shape (n,)
        Higher is better.

    Returns
    -------
    array of bool, shape (n,)
        True on the front.

    Examples
    --------
    >>> pareto(np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.4, 0.9])).tolist()
    [True, False, True]
    """
    cheaper, better = cost[None, :] <= cost[:, None], value[None, :] >= value[:, None]
    strictly = (cost[None, :] < cost[:, None]) | (value[None, :] > value[:, None])
    return np.logical_not((cheaper & better & strictly).any(axis=1))


def _steps(front: pd.DataFrame, high: float) -> np.ndarray:
    """Corners of the best score that can be had in a time: flat until the next point, then up."""
    front = front.sort_values("seconds")
    corners = np.repeat(front[["seconds", "mean"]].to_numpy(), 2, axis=0)[1:]
    corners[1::2, 1] = corners[:-1:2, 1]  # arrive at the next time with the score so far
    return np.vstack([corners, [high, corners[-1, 1]]])


def _seconds(x: float) -> str:
    return f"{x:g} s" if x < 1000 else f"{x / 3600:.1f} h"


FIGURE = Figure(
    title="Fit time against score",
    section="time",
    place=1,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
    needs="a timed fit",
)
