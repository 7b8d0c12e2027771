"""From how many training rows an inductive bias pays: the lead over boosted trees against the number of rows.

Drawn for tasks that exist at several sizes (``rows:100,300:TASK``), with the same tasks whose structure was
destroyed (``rows:100,300:destroyed:TASK``) as the control: a lead that comes from structure goes with it.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.scores import BASELINE
from reports import drawing, sentences, statistics
from reports.drawing import GRID, INK
from reports.figures import Figure
from reports.style import look, shorten, structure_title
from reports.summary import DESTROYED, Summary

REFERENCE = "gbt"
NOTE = (
    "Rows to train with against the test score in points more (above 0) or less than boosted trees. "
    "Full: as it is, with 95% intervals. Dashed and hollow: structure destroyed."
)
COLUMNS = {
    "structure": "structure of the tasks",
    "destroyed": "whether their pixels or steps stand in a random order",
    "candidate": "architecture",
    "rows": "rows to train with",
    "mean": "test score less that of boosted trees, mean over tasks, in points (0.01 of accuracy or R2)",
    "low": "lower 95% limit, bootstrap over tasks with those of one source drawn together",
    "high": "upper 95% limit",
    "tasks": "tasks in the mean; larger sizes have fewer",
}
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
    rng = np.random.default_rng(0)
    for key, part in tasks[several].groupby(["structure", "destroyed", "rows"], sort=False):
        ahead = 100 * test.loc[part.index, names].sub(test.loc[part.index, REFERENCE], axis=0)
        limits = statistics.bootstrap(ahead, clusters=part["origin"], rng=rng)
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
    table, told = data(summary), []
    for group, part in table.groupby("structure", sort=False):
        most = part.groupby("rows")["tasks"].max()
        told.append(
            f"{structure_title(str(group))}: {', '.join(f'{n} tasks at {r:,} rows' for r, n in most.items())}"
        )
    return (
        "Mean difference over tasks. Destroyed: the same tasks with their pixels or steps in one random "
        f"order, which changes nothing for boosted trees. {'; '.join(told)}. Interval: bootstrap over tasks, "
        f"those of one source drawn together. {sentences.basis(summary)}"
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
    table = data(summary)
    groups = list(dict.fromkeys(table["structure"]))
    names = list(dict.fromkeys(table["candidate"]))
    sizes = sorted(set(table["rows"]))
    tall, told = 250, []
    drawn = pd.concat(
        [table["mean"], *(table.loc[~table["destroyed"].astype(bool), k] for k in ("low", "high"))]
    )
    lowest, highest = min(0.0, drawn.min()), max(0.0, drawn.max())
    room = 0.06 * (highest - lowest)
    with drawing.quiet():
        figure, axes = drawing.panels(
            groups, summary.tasks["structure"], narrow, tall, NOTE, left=44, right=128, below=28
        )
        for ax, group in zip(axes, groups):
            ax.axhline(0, color=INK, lw=1)
            ax.yaxis.grid(True, color=GRID, lw=1)
            ax.set_axisbelow(True)
            ax.set(xscale="log", ylim=(lowest - room, highest + room))
            ends: dict[str, float] = {}
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
                ends[title], far = float(line["mean"].iloc[-1]), max(far, float(x.iloc[-1]))
                if not destroyed:
                    told.append(f"{structure_title(group)}, {style.title}: {_told(line)}")
            drawing.label_ends(ax, far, ends, tall)
            ax.set_xlim(sizes[0] * 0.85, sizes[-1] * 1.1)
            ax.xaxis.set_major_locator(FixedLocator(sizes))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        return drawing.svg(figure, "sizes", FIGURE.title, "; ".join(told), names)


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
