"""Drawings of two things side by side: differences of two studies, our numbers against published ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports import drawing, wording
from reports.drawing import GRID, INK, MUTED, NARROW, WIDE
from reports.style import look, shorten
from reports.summary import OVERALL


def differences(table: pd.DataFrame, structure: pd.Series, *, narrow: bool = False) -> str:
    """Draw the difference of every candidate between two studies, one panel per structure.

    Parameters
    ----------
    table : DataFrame
        Columns ``structure``, ``candidate``, ``difference``, ``low`` and ``high``.
    structure : Series, shape (tasks,)
        The structure of each task, for the headings.
    narrow : bool, default=False
        Stack the panels for a small screen.

    Returns
    -------
    str
        SVG.
    """
    names = list(dict.fromkeys(table["candidate"]))
    groups = [g for g in dict.fromkeys(table["structure"]) if g != OVERALL]
    groups = groups or [structure.iloc[0]]
    own = set(table["structure"])
    note = "B minus A: right of the line B is higher. Bands: 95% intervals over tasks"
    reach = float(np.nanmax(np.abs(table[["difference", "low", "high"]].to_numpy()))) * 1.1
    reach = max(reach, 0.01)
    with drawing.quiet():
        figure, axes = drawing.panels(groups, structure, narrow, 25 * len(names), note, left=140, right=58)
        for ax, group in zip(axes, groups):
            rows = table[table["structure"] == (group if group in own else OVERALL)].set_index("candidate")
            ax.axvline(0, color=MUTED, lw=1.2)
            for y, name in enumerate(reversed(names)):
                mean, low, high = rows.loc[name, ["difference", "low", "high"]].astype(float)
                style = look(name, names)
                if np.isfinite(low):
                    ax.plot([low, high], [y, y], color=style.light, lw=5, alpha=0.38, solid_capstyle="round")
                drawing.mark(ax, mean, y, style, 9)
                drawing.name_row(ax, y, shorten(style.title, to=18), wording.signed(mean))
            ax.set(ylim=(-0.6, len(names) - 0.4), yticks=[], xlim=(-reach, reach))
            step = 10 ** np.floor(np.log10(reach))
            step = step if reach / step >= 2 else step / 2
            ticks = np.array([-1, 0, 1]) * np.floor(reach / step) * step
            ax.set_xticks(ticks, [f"{t:+g}".replace("-", "−") if t else "0" for t in np.round(ticks, 6)])
            ax.xaxis.grid(True, color=GRID, lw=1)
            ax.set_axisbelow(True)
        overall = table.drop_duplicates("candidate")
        told = "; ".join(
            f"{look(c, names).title} {wording.signed(d)}"
            for c, d in overall[["candidate", "difference"]].itertuples(index=False)
        )
        return drawing.svg(figure, "differences", "Difference of two studies", told, names)


def curves(table: pd.DataFrame, *, narrow: bool = False) -> str:
    """Draw our curves over trials beside published ones.

    Parameters
    ----------
    table : DataFrame
        Columns ``candidate``, ``trials``, ``ours`` and ``published`` (normalised scores) and ``carried``:
        whether ours is the last value of a search that had ended.
    narrow : bool, default=False
        Stack the panels for a small screen.

    Returns
    -------
    str
        SVG.
    """
    names = list(dict.fromkeys(table["candidate"]))
    last = int(table["trials"].max())
    sides = {"published": "Published", "ours": "Here"}
    width, right, tall = (NARROW, 153, 190) if narrow else (WIDE, 157, 220)
    columns = 1 if narrow else 2
    note = "Trials of random search against the mean normalised test score; each side on its own scale"
    rows = drawing.lines(note, narrow)
    foot, cell = 14 + 15 * len(rows), width / columns
    height = (tall + 66) * (2 // columns) + foot
    with drawing.quiet():
        figure = Canvas(figsize=(width / 72, height / 72))
        for i, (side, heading) in enumerate(sides.items()):
            x = cell * (i % columns)
            y = foot + (tall + 66) * ((2 // columns) - 1 - i // columns) + 28
            ax = drawing.place(figure, x + 44, y, cell - 44 - right, tall)
            ax.set_title(heading, loc="left", color=INK, weight="bold", size=14)
            ends = {}
            for name, line in table.groupby("candidate", sort=False):
                style, line = look(str(name), names), line.sort_values("trials")
                own = line if side == "published" else line[~line["carried"]]
                rest = line.iloc[max(len(own) - 1, 0) :]  # from the last value of a search on
                ax.plot(own["trials"], own[side], color=style.light, lw=2)
                ax.plot(rest["trials"], rest[side], color=style.light, lw=1.4, ls=(0, (3, 2)))
                ends[str(name)] = float(line[side].iloc[-1])
                drawing.mark(ax, line["trials"].iloc[-1], ends[str(name)], style, 7)
            ax.set(xscale="log")
            drawing.score_axis(ax, "y", float(table[side].min()), float(table[side].max()))
            ax.set_xlim(1, max(last, 2))
            ax.minorticks_off()
            ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200) if t < last * 0.8][:: 2 if last > 50 else 1]
            ax.set_xticks([*ticks, last], [f"{t}" for t in [*ticks, last]])
            drawing.label_ends(
                ax,
                max(last, 2),
                ends,
                tall,
                lambda name: shorten(look(name, names).title, to=18),
                colours={name: look(name, names).light for name in ends},
            )
        drawing.caption(figure, rows)
        order = {side: table[table["trials"] == last].sort_values(side, ascending=False) for side in sides}
        told = "; ".join(
            f"{heading}: {', '.join(look(c, names).title for c in order[side]['candidate'])}"
            for side, heading in sides.items()
        )
        return drawing.svg(figure, "published", "Published curves beside ours", f"Order, {told}", names)


def scatter(table: pd.DataFrame, *, narrow: bool = False) -> str:
    """Draw our test scores against published ones, a mark per task and candidate.

    Parameters
    ----------
    table : DataFrame
        Columns ``candidate``, ``ours`` and ``published``, in units of the metric.
    narrow : bool, default=False
        Draw for a small screen.

    Returns
    -------
    str
        SVG.
    """
    names = list(dict.fromkeys(table["candidate"]))
    width, side = (NARROW, 280) if narrow else (620, 400)
    note = "Test score here (up) against the published one (right); on the line they agree"
    rows = drawing.lines(note, narrow) if narrow else [note]
    per_line = 2 if narrow else 4
    top, foot = 14 + 20 * -(-len(names) // per_line), 30 + 15 * len(rows)
    low = max(float(table[["ours", "published"]].min().min()), -0.5)
    low = np.floor(low * 10) / 10
    with drawing.quiet():
        figure = Canvas(figsize=(width / 72, (top + side + foot) / 72))
        ax = drawing.place(figure, 44, foot, min(side, width - 60), side)
        ax.plot([low, 1], [low, 1], color=MUTED, lw=1.2, ls=(0, (4, 3)))
        for name, group in table.groupby("candidate", sort=False):
            for _, point in group.iterrows():
                x, y = (max(float(point[c]), low) for c in ("published", "ours"))
                drawing.mark(ax, x, y, look(str(name), names), 7)
        ticks = np.round(np.linspace(low, 1, 6), 2)
        ax.set(xlim=(low, 1), ylim=(low, 1))
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
        ax.grid(True, color=GRID, lw=1)
        ax.set_axisbelow(True)
        legend = drawing.place(figure, 16, foot + side, width - 32, top)
        legend.set(xlim=(0, width - 32), ylim=(top, 0), xticks=[], yticks=[])
        for i, name in enumerate(names):
            x, at = (i % per_line) * (width - 32) / per_line + 6, 8 + 20 * (i // per_line)
            drawing.mark(legend, x, at, look(name, names), 8)
            legend.text(x + 11, at, shorten(look(name, names).title, to=18), color=INK, va="center")
        drawing.caption(figure, rows)
        gap = (table["ours"] - table["published"]).abs().mean()
        told = f"{len(table)} scores, mean absolute difference {gap:.3f}"
        return drawing.svg(figure, "scatter", "Scores here against published ones", told, names)
