"""From how many training rows an inductive bias pays: the lead over boosted trees against the number of rows.

Drawn for tasks that exist at several sizes (``rows:100,300:TASK``), with the same tasks whose structure was
destroyed (``rows:100,300:destroyed:TASK``) as the control: a lead that comes from structure goes with it.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.scores import BASELINE, DESTROYED
from reports import drawing, sentences, statistics, wording
from reports.drawing import GRID, INK
from reports.figures import Figure
from reports.style import look, shorten, structure_title
from reports.summary import Summary

REFERENCE = "gbt"
NOTE = (
    "Rows to train with against the test score in points more (above 0) or less than boosted trees. "
    "Full: as it is, with 95% intervals. Dashed and hollow: structure destroyed. Larger sizes may have fewer "
    "sets."
)
COLUMNS = {
    "structure": "structure of the tasks",
    "destroyed": "whether pixels or steps stand in a random order, or numeric columns are rotated",
    "candidate": "architecture",
    "rows": "rows to train with",
    "mean": "test score less that of boosted trees, mean over tasks, in points (0.01 of accuracy or R2)",
    "low": "lower 95% limit: Student’s interval of the mean, from how much sources differ",
    "high": "upper 95% limit",
    "tasks": "sets in the mean; larger sizes have fewer",
}
_REORDERED = (
    "Destroyed: the same sets with their pixels or steps in one random order, which boosted trees do not "
    "notice but for the columns that each of them draws at random and for which of two equally good splits "
    "comes first."
)
_ROTATED = "Tables destroyed: their numeric columns are rotated, which boosted trees do notice."
_SIZED = re.compile(r"rows:(\d+):")


def data(summary: Summary) -> pd.DataFrame:
    """Give the leads over boosted trees.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`; empty unless some structure has tasks at two sizes.
    """
    names = [c for c in summary.candidates if c not in (BASELINE, REFERENCE)]
    sized = {task: found for task in summary.tasks.index if (found := _SIZED.match(str(task)))}
    if REFERENCE not in summary.candidates or not sized:
        return pd.DataFrame(columns=list(COLUMNS))
    tasks = summary.tasks.loc[list(sized)]
    tasks = tasks.assign(
        rows=[int(found[1]) for found in sized.values()],
        destroyed=tasks["structure"].str.endswith(DESTROYED),
        structure=tasks["structure"].str.removesuffix(DESTROYED),
    )
    several = tasks.groupby("structure", sort=False)["rows"].transform("nunique") > 1
    test, records = summary.test.loc[tasks.index], []
    for key, part in tasks[several].groupby(["structure", "destroyed", "rows"], sort=False):
        ahead = 100 * test.loc[part.index, names].sub(test.loc[part.index, REFERENCE], axis=0)
        limits = statistics.interval(ahead, clusters=part["origin"])
        for name in names:
            numbers = limits.loc[name, ["mean", "low", "high"]]
            records.append((key[0], key[1], name, key[2], *numbers, len(part)))
    table = pd.DataFrame(records, columns=list(COLUMNS))
    order = {name: i for i, name in enumerate([*summary.structures, *names])}
    return table.sort_values(
        ["structure", "destroyed", "candidate", "rows"],
        key=lambda s: s.map(order) if s.name in ("structure", "candidate") else s,
        ignore_index=True,
    )


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
    table = data(summary)
    destroyed = set(table.loc[table["destroyed"].astype(bool), "structure"])
    told = ["Mean difference over sets.", *_counted(table)]
    if destroyed - {"tabular"}:
        told.append(_REORDERED)
    if "tabular" in destroyed:
        told.append(_ROTATED)
    interval = "Interval: Student’s, from how much sources differ."
    return " ".join([*told, interval, f"{sentences.splits(summary).capitalize()} each."])


def _counted(table: pd.DataFrame) -> list[str]:
    """How many sets each structure has, at how many sizes, and where there are fewer."""
    told = []
    for group, part in table.groupby("structure", sort=False):
        sets = part.groupby("rows")["tasks"].min()  # as they are and destroyed, whichever are fewer
        fewer = [f"{n} at {rows:,} rows" for rows, n in sets.items() if n < sets.max()]
        sizes = f"{wording.count(int(sets.max()), 'set')} at {len(sets)} sizes"
        told.append(
            f"{structure_title(str(group))}: {sizes}{f' ({wording.listed(fewer)})' if fewer else ''}."
        )
    return told


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
    table = data(summary)
    groups = list(dict.fromkeys(table["structure"]))
    names = list(dict.fromkeys(table["candidate"]))
    sizes = sorted(set(table["rows"]))
    tall, told = 250, []
    intact = table[~table["destroyed"].astype(bool)]
    drawn = pd.concat([table["mean"], intact["low"], intact["high"]])
    lowest, highest = min(0.0, drawn.min()), max(0.0, drawn.max())
    room = 0.06 * (highest - lowest)
    with drawing.quiet():
        figure, axes = drawing.panels(
            groups, _sets(table), narrow, tall, NOTE, left=44, right=145, below=28, what="set"
        )
        for ax, group in zip(axes, groups):
            ax.axhline(0, color=INK, lw=1)
            ax.yaxis.grid(True, color=GRID, lw=1)
            ax.set_axisbelow(True)
            ax.set(xscale="log", ylim=(lowest - room, highest + room))
            ends: dict[str, float] = {}
            colours: dict[str, str] = {}
            far = 0.0
            for (name, destroyed), line in table[table["structure"] == group].groupby(
                ["candidate", "destroyed"], sort=False
            ):
                style, i = look(str(name), summary.candidates), names.index(str(name))
                x = line["rows"] * 1.05 ** (i - (len(names) - 1) / 2)  # apart, so that whiskers can be told
                ax.plot(x, line["mean"], color=style.light, lw=2, ls="--" if destroyed else "-")
                if not destroyed:
                    ax.vlines(x, line["low"], line["high"], color=style.light, lw=1.2, alpha=0.6)
                for place, value in zip(x, line["mean"]):
                    drawing.mark(ax, place, value, style, 5 if destroyed else 8, hollow=bool(destroyed))
                title = f"{shorten(style.title, to=10)}{' destroyed' if destroyed else ''}"
                colours[title] = style.light
                ends[title], far = float(line["mean"].iloc[-1]), max(far, float(x.iloc[-1]))
                if not destroyed:
                    told.append(f"{structure_title(group)}, {style.title}: {_told(line)}")
            drawing.label_ends(ax, far, ends, tall, colours=colours)
            ax.set_xlim(sizes[0] * 0.85, sizes[-1] * 1.1)
            ax.xaxis.set_major_locator(FixedLocator(sizes))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        return drawing.svg(figure, "sizes", FIGURE.title, "; ".join(told), names)


def _sets(table: pd.DataFrame) -> pd.Series:
    """The structure of every set, for the headings."""
    most = table.groupby("structure", sort=False)["tasks"].max()
    return pd.Series(np.repeat(most.index.to_numpy(), most.to_numpy()))


def _told(line: pd.DataFrame) -> str:
    return ", ".join(f"{mean:+.1f} at {rows:,}" for rows, mean in zip(line["rows"], line["mean"]))


FIGURE = Figure(
    title="Lead over boosted trees by rows to train with",
    section="verdict",
    place=3,
    columns=COLUMNS,
    data=data,
    caption=caption,
    draw=draw,
    needs="boosted trees, another candidate and tasks at two sizes, as rows:100,300:TASK gives them",
)
