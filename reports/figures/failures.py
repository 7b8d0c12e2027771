"""What went wrong: cells without a score of each candidate, by status."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from reports import drawing
from reports.drawing import INK, MUTED, NARROW, WIDE
from reports.figures import Figure
from reports.style import FAULTS, STATUS, look, shorten
from reports.summary import Summary

NOTE = "Cells without a score, by status; they count with the dummy’s score"
COLUMNS = {
    "candidate": "architecture",
    "status": "skipped, timeout, out_of_memory, diverged or error",
    "cells": "number of cells",
    "of": "cells of the candidate, those beyond the budget of a search left out",
    "share": "cells / of, 0 to 1",
}


def data(summary: Summary) -> pd.DataFrame:
    """Count the failures.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`; empty if nothing failed.
    """
    failures = summary.failures
    table = failures.groupby(["candidate", "status"], sort=False)["cells"].sum().reset_index()
    declared = summary.counts.groupby("candidate")["cells"].sum()
    table["of"] = table["candidate"].map(declared).astype(int)
    return table.assign(share=table["cells"] / table["of"])[list(COLUMNS)]


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
        "All cells of the study (tasks, configurations, splits and seeds) are counted, so there is "
        "no interval. Pending cells and those beyond the budget of a search are no failures."
    )


def draw(summary: Summary, narrow: bool = False) -> str:
    """Draw one bar per candidate that failed somewhere.

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
    kinds = [s for s in FAULTS if s in set(table["status"])]
    width, left, row = (NARROW, 112, 26) if narrow else (WIDE, 190, 26)
    rows = drawing.lines(NOTE, narrow)
    per_line = 2 if narrow else 5
    top, foot = 12 + 20 * -(-len(kinds) // per_line), 14 + 15 * len(rows)
    room = width - left - (96 if narrow else 120)
    with drawing.quiet():
        figure = Canvas(figsize=(width / 72, (top + row * len(names) + foot) / 72))
        ax = drawing.place(figure, left, foot, room, row * len(names))
        totals = table.groupby("candidate")["cells"].sum()
        longest = int(totals.max())
        ax.set(xlim=(0, longest), ylim=(len(names), 0), xticks=[], yticks=[])
        for y, name in enumerate(names):
            at = 0.0
            title = shorten(look(name, among).title, to=15 if narrow else 24)
            ax.text(-10 / room * longest, y + 0.5, title, ha="right", va="center", color=INK)
            counts = table[table["candidate"] == name].set_index("status")["cells"]
            for kind in (k for k in kinds if k in counts):
                style: dict[str, Any] = {"fc": FAULTS[kind][0], "ec": drawing.PAPER, "lw": 1}
                ax.add_patch(Rectangle((at, y + 0.16), counts[kind], 0.68, **style))
                at += counts[kind]
            of = int(table.loc[table["candidate"] == name, "of"].iloc[0])
            ax.text(at + 8 / room * longest, y + 0.5, f"{int(at):,} of {of:,}", va="center", color=INK)
        ax.set_xlim(0, longest)
        legend = drawing.place(figure, 16, foot + row * len(names), width - 32, top)
        legend.set(xlim=(0, width - 32), ylim=(top, 0), xticks=[], yticks=[])
        for i, kind in enumerate(kinds):
            x, y_at = (i % per_line) * (width - 32) / per_line, 4 + 20 * (i // per_line)
            legend.add_patch(Rectangle((x, y_at), 12, 12, fc=FAULTS[kind][0], ec="none"))
            legend.text(x + 18, y_at + 6, STATUS[kind], va="center", color=MUTED)
        drawing.caption(figure, rows)
        told = "; ".join(f"{look(n, among).title} {int(totals[n])}" for n in names)
        return drawing.svg(figure, "failures", FIGURE.title, told, names)


FIGURE = Figure(
    title="Cells without a score",
    section="failures",
    place=1,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
    needs="a cell that failed",
)
