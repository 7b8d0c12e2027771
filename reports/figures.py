"""The figures of a report: each function takes tables and gives the text of one SVG.

The SVG is the same for the same tables (no dates, no random ids), keeps text as text, follows the light or
dark page of the reader by a media query inside it, and asks nothing of the network.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from reports import drawing
from reports.drawing import GRID, INK, MUTED, NARROW, WIDE
from reports.style import look, shorten, structure_title, task_title

FINDING = (
    "Mean normalised score: 0 is the dummy, 1 is the best candidate on every task. "
    "Bands: 95% intervals over tasks; ticks: tasks."
)
TASKS = "Normalised score: 0 is the dummy, 1 is the best candidate on the task"
TIME = "Typical seconds per fit (log scale) against mean normalised score; dashed: Pareto front"
SEARCH = "Trials of random search against the mean normalised test score of the best by validation"


def finding(
    normalised: pd.DataFrame, intervals: pd.DataFrame, *, structure: pd.Series, narrow: bool = False
) -> str:
    """Draw who wins where: the mean normalised score of every candidate, one panel per structure.

    Parameters
    ----------
    normalised : DataFrame, shape (tasks, candidates)
        Normalised scores in [0, 1], drawn as faint ticks behind the means.
    intervals : DataFrame
        Columns ``structure``, ``candidate``, ``mean``, ``low``, ``high``; limits may be NaN.
    structure : Series, shape (tasks,)
        The structure of each task.
    narrow : bool, default=False
        Stack the panels for a small screen.

    Returns
    -------
    str
        SVG.
    """
    groups = list(dict.fromkeys(intervals["structure"]))
    names = [n for n in normalised.columns if n != "dummy"]  # at 0 by definition
    intervals = intervals[intervals["candidate"].isin(names)]
    lowest = float(min(normalised[names].min().min(), intervals["low"].min(), 1.0))
    row, label = 25, 118
    with drawing.quiet():
        figure, axes = drawing.panels(groups, structure, narrow, row * len(names), FINDING, left=label)
        for ax, group in zip(axes, groups):
            table = intervals[intervals["structure"] == group].sort_values("mean", kind="stable")
            ticks = normalised[structure.reindex(normalised.index) == group]
            for y, (name, mean, low, high) in enumerate(
                table[["candidate", "mean", "low", "high"]].itertuples(index=False)
            ):
                style, first = look(name, names), y == len(table) - 1
                ax.plot(ticks[name], np.full(len(ticks), y), "|", color=MUTED, alpha=0.5, ms=7, mew=1)
                if np.isfinite(low):
                    ax.plot([low, high], [y, y], color=style.light, lw=5, alpha=0.38, solid_capstyle="round")
                drawing.mark(ax, mean, y, style, 9)
                weight = "bold" if first else "normal"
                beside: dict[str, Any] = {
                    "color": INK,
                    "weight": weight,
                    "va": "center",
                    "transform": ax.get_yaxis_transform(),
                }
                ax.text(-0.05, y, style.title, ha="right", **beside)
                ax.text(1.04, y, f"{mean:.2f}", ha="left", **beside)
            ax.set(ylim=(-0.6, len(names) - 0.4), yticks=[])
            drawing.score_axis(ax, "x", lowest)
        means = intervals.loc[intervals.groupby("structure", sort=False)["mean"].idxmax()]
        told = "; ".join(
            f"{structure_title(s)}: {look(c, names).title} leads with {m:.2f}"
            for s, c, m in means[["structure", "candidate", "mean"]].itertuples(index=False)
        )
        return drawing.svg(figure, "finding", "Mean normalised score by structure", told, names)


def per_task(
    normalised: pd.DataFrame,
    *,
    structure: pd.Series,
    failed: pd.DataFrame | None = None,
    narrow: bool = False,
) -> str:
    """Draw every task as a row and every candidate as a mark.

    Parameters
    ----------
    normalised : DataFrame, shape (tasks, candidates)
        Normalised scores in [0, 1].
    structure : Series, shape (tasks,)
        The structure of each task; tasks are grouped by it.
    failed : DataFrame of bool, shape (tasks, candidates), optional
        True where the score was imputed; drawn as a hollow mark.
    narrow : bool, default=False
        Draw for a small screen.

    Returns
    -------
    str
        SVG.
    """
    names = [n for n in normalised.columns if n != "dummy"]  # at 0 by definition
    groups = drawing.ordered(structure.reindex(normalised.index))
    width, row = (NARROW, 20) if narrow else (WIDE, 22)
    left, longest = (118, 15) if narrow else (210, 26)
    foot = 26 + 15 * len(drawing.lines(TASKS, narrow))
    per_line = 3 if narrow else 8
    top = 16 + 20 * -(-len(names) // per_line)
    height = top + row * (len(normalised) + 1.5 * len(groups)) + foot + 6
    with drawing.quiet():
        figure = Figure(figsize=(width / 72, height / 72))
        ax = drawing.place(figure, left, foot, width - left - 18, height - top - foot)
        y = 0.0
        for group in groups:
            y += 1.2
            beside: dict[str, Any] = {
                "color": INK,
                "ha": "right",
                "va": "center",
                "transform": ax.get_yaxis_transform(),
            }
            ax.text(-0.015, y, structure_title(group), weight="bold", **beside)
            rows = normalised[(structure.reindex(normalised.index) == group).to_numpy()]
            for task, scores in rows.iterrows():
                y += 1
                ax.axhline(y, color=GRID, lw=1, zorder=0)
                ax.text(-0.015, y, shorten(task_title(str(task)), to=longest), **beside)
                for name in names:
                    hollow = failed is not None and bool(failed.at[task, name])
                    drawing.mark(ax, scores[name], y, look(name, names), 8, hollow=hollow)
            y += 0.3
        ax.set(ylim=(y + 0.8, 0.5), yticks=[])
        drawing.score_axis(ax, "x", float(normalised[names].min().min()))
        legend = drawing.place(figure, 16, height - top, width - 32, top)
        legend.set(xlim=(0, width - 32), ylim=(top, 0), xticks=[], yticks=[])
        step = (width - 32) / per_line if narrow else 112.0
        for i, name in enumerate(names):
            x, at = (i % per_line) * step + 6, 12 + 20 * (i // per_line)
            drawing.mark(legend, x, at, look(name, names), 8)
            legend.text(x + 11, at, look(name, names).title, color=INK, ha="left", va="center")
        drawing.caption(figure, drawing.lines(TASKS, narrow))
        best = normalised[names].idxmax(axis=1)
        told = "; ".join(
            f"{task_title(str(t))}: {look(str(b), names).title} is best" for t, b in best.items()
        )
        return drawing.svg(
            figure, "per_task", "Normalised score of every candidate on every task", told, names
        )


def time_score(points: pd.DataFrame, *, structure: pd.Series, narrow: bool = False) -> str:
    """Draw what a score costs: fit time against mean normalised score, with the Pareto front.

    Parameters
    ----------
    points : DataFrame
        Columns ``structure``, ``candidate``, ``seconds`` (typical fit, > 0) and ``mean``.
    structure : Series, shape (tasks,)
        The structure of each task, for the headings.
    narrow : bool, default=False
        Stack the panels for a small screen.

    Returns
    -------
    str
        SVG.
    """
    names = list(dict.fromkeys(points["candidate"]))
    groups = list(dict.fromkeys(points["structure"]))
    low, high = points["seconds"].min() / 1.8, points["seconds"].max() * 1.8
    with drawing.quiet():
        figure, axes = drawing.panels(groups, structure, narrow, 180, TIME, left=48, below=28)
        told = []
        for ax, group in zip(axes, groups):
            table = points[points["structure"] == group]
            front = pareto(table["seconds"].to_numpy(), table["mean"].to_numpy())
            path = _steps(table[front], high)
            ax.plot(*path.T, color=MUTED, lw=1.2, ls=(0, (4, 3)), zorder=0)
            ax.set(xscale="log", xlim=(low, high))
            drawing.score_axis(ax, "y", float(points["mean"].min()) - 0.05)
            for _, point in table.iterrows():
                drawing.mark(ax, point["seconds"], point["mean"], look(point["candidate"], names), 9)
            titles = [look(c, names).title for c in table["candidate"]]
            drawing.label_points(ax, table["seconds"], table["mean"], titles, path=path)
            ax.xaxis.set_major_locator(LogLocator(base=10, numticks=6))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _seconds(x)))
            best = ", ".join(look(c, names).title for c in table[front].sort_values("seconds")["candidate"])
            told.append(f"{structure_title(group)}: nothing is both faster and better than {best}")
        return drawing.svg(figure, "time_score", "Fit time against score", "; ".join(told), names)


def curves(means: pd.DataFrame, *, structure: pd.Series, narrow: bool = False) -> str:
    """Draw what search buys: mean normalised score of the best configuration so far, over trials.

    Parameters
    ----------
    means : DataFrame
        Columns ``structure``, ``candidate``, ``trials`` (1, 2, ...), ``mean``, ``low`` and ``high``.
    structure : Series, shape (tasks,)
        The structure of each task, for the headings.
    narrow : bool, default=False
        Stack the panels for a small screen.

    Returns
    -------
    str
        SVG.
    """
    means = means[means["candidate"] != "dummy"]
    names = list(dict.fromkeys(means["candidate"]))
    groups = list(dict.fromkeys(means["structure"]))
    last, lowest = int(means["trials"].max()), float(means["mean"].min())
    with drawing.quiet():
        figure, axes = drawing.panels(groups, structure, narrow, 200, SEARCH, left=48, right=92, below=28)
        told = []
        for ax, group in zip(axes, groups):
            table = means[means["structure"] == group]
            ends = {}
            for name, line in table.groupby("candidate", sort=False):
                style, line = look(str(name), names), line.sort_values("trials")
                ax.plot(line["trials"], line["mean"], drawstyle="steps-post", color=style.light, lw=2)
                band = line["trials"], line["low"], line["high"]
                ax.fill_between(*band, step="post", color=style.light, alpha=0.15, lw=0)
                ends[str(name)] = float(line["mean"].iloc[-1])
                drawing.mark(ax, line["trials"].iloc[-1], ends[str(name)], style, 7)
            ax.set(xscale="log" if last > 20 else "linear")
            drawing.score_axis(ax, "y", lowest)
            ax.set_xlim(1, last)
            apart = drawing.spread(ends, 14 / 200 * np.ptp(ax.get_ylim()))
            for name, at in apart.items():
                ax.annotate(
                    look(name, names).title,
                    (last, at),
                    xytext=(9, 0),
                    textcoords="offset points",
                    color=INK,
                    va="center",
                    annotation_clip=False,
                )
            ax.xaxis.set_minor_locator(NullLocator())
            ax.set_xticks([t for t in (1, 2, 5, 10, 20, 50, 100, 200, 400) if t < last * 0.8] + [last])
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.0f}"))
            ax.xaxis.set_minor_formatter(NullFormatter())
            leader = max(ends, key=lambda n: ends[n])
            told.append(f"{structure_title(group)}: {look(leader, names).title} ends at {ends[leader]:.2f}")
        return drawing.svg(figure, "curves", "Score over trials", "; ".join(told), names)


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
