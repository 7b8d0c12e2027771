"""What search buys: score of the best configuration so far over trials, as Figure 1 of the paper draws it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from benchmarks.curves import SHUFFLES
from benchmarks.scores import BASELINE
from reports import drawing, sentences
from reports.figures import Figure
from reports.style import look, shorten, structure_title
from reports.summary import Summary

NOTE = "Trials of random search against the mean normalised test score of the best by validation"
COLUMNS = {
    "structure": "structure of the tasks",
    "candidate": "architecture",
    "trials": "configurations tried, the default first",
    "mean": "normalised test score of the best so far by validation, mean over tasks and orders",
    "low": "lowest order of the search",
    "high": "highest order of the search",
}


def data(summary: Summary) -> pd.DataFrame:
    """Give the curves.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, without the dummy; empty if nothing was searched.
    """
    table = summary.curves
    return table.loc[table["candidate"] != BASELINE, list(COLUMNS)].reset_index(drop=True)


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
        "The configuration with the best validation score so far counts with its test score. Mean over tasks "
        f"and {SHUFFLES} orders of the search, the default first in all; band: from the lowest to the "
        "highest order (the luck of the search, no confidence interval over tasks). "
        f"Scale: {sentences.scale(summary)}. {sentences.basis(summary)}"
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
    means, structure = data(summary), summary.tasks["structure"]
    names = [c for c in summary.candidates if c in set(means["candidate"])]
    among = summary.candidates
    last = int(means["trials"].max())
    means = means[means["trials"].isin(thinned(last))]
    lowest = float(means["mean"].min())
    tall = max(200, 26 * len(names))
    longest = max(len(shorten(look(n, among).title, to=20)) for n in names)
    right = int(np.clip(7 * longest + 33, 109, 167))
    with drawing.quiet():
        figure, axes = drawing.panels(
            summary.structures, structure, narrow, tall, NOTE, left=44, right=right, below=28
        )
        told = []
        for ax, group in zip(axes, summary.structures):
            table = means[means["structure"] == group]
            ends = {}
            for name, line in table.groupby("candidate", sort=False):
                style, line = look(str(name), among), line.sort_values("trials")
                ax.plot(line["trials"], line["mean"], drawstyle="steps-post", color=style.light, lw=2)
                band = line["trials"], line["low"], line["high"]
                ax.fill_between(*band, step="post", color=style.light, alpha=0.15, lw=0)
                ends[str(name)] = float(line["mean"].iloc[-1])
                drawing.mark(ax, line["trials"].iloc[-1], ends[str(name)], style, 7)
            ax.set(xscale="log" if last > 20 else "linear")
            drawing.score_axis(ax, "y", lowest)
            ax.set_xlim(1, last)
            drawing.label_ends(
                ax,
                last,
                ends,
                tall,
                lambda name: shorten(look(name, among).title, to=20),
                colours={name: look(name, among).light for name in ends},
            )
            ax.xaxis.set_minor_locator(NullLocator())
            ticks = (1, 2, 5, 10, 20, 50, 100, 200, 400) if last > 20 else (1, 2, 4, 6, 8, 10, 15, 20)
            few = ticks[:: 2 if last > 50 else 1]
            ax.set_xticks([t for t in few if t < last * 0.8] + [last])
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.0f}"))
            ax.xaxis.set_minor_formatter(NullFormatter())
            leader = max(ends, key=lambda n: ends[n])
            told.append(f"{structure_title(group)}: {look(leader, among).title} ends at {ends[leader]:.2f}")
        return drawing.svg(figure, "curves", FIGURE.title, "; ".join(told), names)


def thinned(last: int, *, most: int = 90) -> list[int]:
    """Numbers of trials that can be told apart on a log axis.

    Parameters
    ----------
    last : int
        Trials of the longest search, at least 1.
    most : int, default=90
        About so many.

    Returns
    -------
    list of int
        All of a short search; of a long one evenly spaced on the log scale, with 1 and the last.

    Examples
    --------
    >>> thinned(5), len(thinned(400)), thinned(400)[-1]
    ([1, 2, 3, 4, 5], 64, 400)
    """
    if last <= most:
        return list(range(1, last + 1))
    return sorted({round(t) for t in np.geomspace(1, last, most)})


FIGURE = Figure(
    title="Score over trials",
    section="search",
    place=1,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
    needs="more than one trial of a candidate",
)
