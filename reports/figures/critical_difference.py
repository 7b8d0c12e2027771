"""The critical-difference diagram: mean ranks on a line, candidates that no test separates joined by bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports import drawing
from reports.drawing import INK, MUTED, NARROW, WIDE
from reports.figures import Figure
from reports.significance import ALPHA, critical_difference
from reports.statistics import MIN_SOURCES
from reports.style import look, shorten
from reports.summary import Summary

COLUMNS = {
    "candidate": "architecture",
    "mean_rank": "rank on the scores of one source, 1 is best, mean over sources",
    "groups": "numbers of the bars that join it to others; candidates with a common number are not told "
    "apart; for the others see the table of pairs",
    "sources": "independent sources ranked",
}


def data(summary: Summary) -> pd.DataFrame:
    """Give the mean ranks and who is joined to whom.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, best first; empty where there are too few sources to test anything.
    """
    result = critical_difference(summary)
    if result is None:
        return pd.DataFrame(columns=list(COLUMNS))
    groups = {
        name: " ".join(str(i) for i, clique in enumerate(result.cliques, 1) if name in clique)
        for name in result.ranks
    }
    table = pd.DataFrame({"candidate": list(result.ranks), "mean_rank": list(result.ranks.values())})
    return table.assign(groups=table["candidate"].map(groups), sources=result.n)


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
    result = critical_difference(summary)
    n = 0 if result is None else result.n
    return (
        f"Mean rank over {n} independent sources (tasks of one source averaged first), 1 is best, without "
        "the dummy. Bars join candidates that no pair of Wilcoxon signed-rank tests separates at the "
        f"{ALPHA:.0%} level after Holm’s correction; for those without a common bar see the table of pairs. "
        "Not being separated is no proof of being equal; ranks have no interval."
    )


def draw(summary: Summary, narrow: bool = False) -> str:
    """Draw the diagram.

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
    result = critical_difference(summary)
    assert result is not None  # the page asks for figures that have data
    ranks = pd.Series(result.ranks)
    return diagram(ranks[[c for c in summary.candidates if c in ranks]], result.cliques, narrow=narrow)


def diagram(mean_ranks: pd.Series, cliques: Sequence[Sequence[str]], *, narrow: bool = False) -> str:
    """Draw mean ranks and the groups that no test separates.

    Parameters
    ----------
    mean_ranks : Series, shape (candidates,)
        Mean ranks, 1 is best; in any order.
    cliques : sequence of sequences of str
        Groups of candidates that are not separated; those of one are not drawn.
    narrow : bool, default=False
        Draw for a small screen.

    Returns
    -------
    str
        SVG.

    References
    ----------
    Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7, 1-30.
    """
    ranks = mean_ranks.sort_values(kind="stable")
    names, among = [str(n) for n in ranks.index], [str(n) for n in mean_ranks.index]
    bars = [c for c in cliques if len(c) > 1]
    k, half = len(names), -(-len(names) // 2)
    width, side, step = (NARROW, 130, 19) if narrow else (WIDE, 190, 21)
    above, foot = 30, 12 + 15 * len(drawing.lines(_NOTE, narrow))
    below = 12 + 9 * len(bars)
    height = above + below + step * half + foot
    low, high = np.floor(ranks.min()), np.ceil(ranks.max())
    high = max(high, low + 1)
    with drawing.quiet():
        figure = Canvas(figsize=(width / 72, height / 72))
        ax = drawing.place(figure, 0, 0, width, height)
        ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
        span = width - 2 * side

        def x(rank: float) -> float:
            return float(side + span * (rank - low) / (high - low))

        ax.plot([x(low), x(high)], [above, above], color=INK, lw=1.4)
        every = 1 if high - low <= (8 if narrow else 16) else 2
        for tick in np.arange(low, high + 0.1, every):
            ax.plot([x(tick)] * 2, [above - 5, above], color=INK, lw=1.4)
            ax.text(x(tick), above - 14, f"{tick:.0f}", ha="center", va="center", color=MUTED, size=11.5)
        for i, name in enumerate(names):
            left = i < half
            row = i if left else k - 1 - i
            y, style = above + below + step * (row + 0.5), look(name, among)
            at, end = x(ranks[name]), side - 6 if left else width - side + 6
            ax.plot([at, at, end], [above, y, y], color=MUTED, lw=1)
            drawing.mark(ax, at, above, style, 7)
            title, rank = shorten(style.title, to=13 if narrow else 22), f"{ranks[name]:.2f}"
            text = f"{title}  {rank}" if left else f"{rank}  {title}"
            place, side_of = (end - 5, "right") if left else (end + 5, "left")
            ax.text(place, y, text, ha=side_of, va="center", color=INK, size=11.5 if narrow else 12.5)
        for i, group in enumerate(bars):
            ends = [x(ranks[list(group)].min()) - 4, x(ranks[list(group)].max()) + 4]
            ax.plot(ends, [above + 12 + 9 * i] * 2, color=INK, lw=4, solid_capstyle="round", zorder=4)
        drawing.caption(figure, drawing.lines(_NOTE, narrow))
        joined = "; ".join(", ".join(look(n, among).title for n in group) for group in bars)
        told = ", ".join(f"{look(n, among).title} {ranks[n]:.2f}" for n in names)
        return drawing.svg(
            figure,
            "critical_difference",
            FIGURE.title,
            f"Mean ranks: {told}. Not separated: {joined or 'none'}",
            names,
        )


_NOTE = "Mean rank over sources, 1 is best; bars join candidates that no test separates"

FIGURE = Figure(
    title="Critical-difference diagram over all tasks",
    section="tests",
    place=1,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
    needs=f"at least {MIN_SOURCES} independent sources and three candidates beside the dummy",
)
