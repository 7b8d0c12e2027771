"""Charts that come as data, such as those of claims: lines, bars and tiles of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from reports import drawing
from reports.drawing import GRID, INK, MUTED, NARROW, WIDE
from reports.style import Look, look, shorten

_TILES = {False: 12, True: 5}  # pictures of a row on a wide and on a narrow screen
_BAR = 15  # pixels


def draw(chart: Mapping[str, Any], name: str, narrow: bool) -> str:
    """Draw a chart.

    Parameters
    ----------
    chart : mapping
        The fields of :class:`benchmarks.claims.base.Chart`: ``kind`` ("lines", "bars" or "tiles"), ``title``,
        ``table``, ``x``, ``y``, ``by``, ``low``, ``high``, ``x_label``, ``y_label``, ``log_x``.
    name : str
        Begins the ids of the SVG; no two figures of a page may share it.
    narrow : bool
        Draw for a small screen.

    Returns
    -------
    str
        SVG, light and dark, every text escaped.

    Examples
    --------
    >>> chart = {"kind": "bars", "title": "Scores", "table": [{"who": "gbt", "score": 0.9}], "x": "who",
    ...          "y": "score", "by": "", "low": "", "high": "", "x_label": "", "y_label": "", "log_x": False}
    >>> draw(chart, "scores", False)[:4]
    '<svg'
    """
    with drawing.quiet():
        return _KINDS[chart["kind"]](chart, name, narrow)


def _lines(chart: Mapping[str, Any], name: str, narrow: bool) -> str:
    table = pd.DataFrame(chart["table"])
    series = _series(chart, table)
    width, height, right = NARROW if narrow else WIDE, 230 if narrow else 270, 113 if narrow else 187
    rows = drawing.lines(chart["x_label"] or chart["x"], narrow)
    foot = 40 + 15 * len(rows)
    figure = Figure(figsize=(width / 72, (height + foot + 34) / 72))
    ax = drawing.place(figure, 58, foot, width - 58 - right, height)
    ends: dict[str, float] = {}
    for label, part in series.items():
        style, part = look(label, list(series)), part.sort_values(chart["x"])
        x, y = part[chart["x"]].astype(float), part[chart["y"]].astype(float)
        ax.plot(x, y, color=style.light, lw=2)
        if chart["low"] and chart["high"]:
            band = part[chart["low"]].astype(float), part[chart["high"]].astype(float)
            ax.fill_between(x, *band, color=style.light, alpha=0.15, lw=0)
        for where in zip(x, y):
            drawing.mark(ax, *where, style, 6)
        finite = y[np.isfinite(y)]
        if len(finite):
            ends[label] = float(finite.iloc[-1])
    if chart["log_x"]:
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_minor_formatter(NullFormatter())
    ticks = np.unique(table[chart["x"]].astype(float))
    if len(ticks) <= 12:
        ax.set_xticks(ticks[:: 2 if narrow and len(ticks) > 6 else 1])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.grid(True, color=GRID, lw=1)
    ax.set_axisbelow(True)
    last = {label: float(series[label][chart["x"]].astype(float).max()) for label in ends}
    most = 13 if narrow else 24
    drawing.label_ends(
        ax,
        last,
        ends,
        height,
        lambda label: shorten(look(label, list(series)).title, to=most),
        colours={label: look(label, list(series)).light for label in ends},
    )
    _heading(figure, chart["y_label"] or chart["y"], narrow)
    drawing.caption(figure, rows)
    told = "; ".join(f"{look(k, list(series)).title} ends at {v:.3g}" for k, v in ends.items())
    return drawing.svg(figure, name, chart["title"], told or "no value", list(series))


def _bars(chart: Mapping[str, Any], name: str, narrow: bool) -> str:
    table = pd.DataFrame(chart["table"])
    series = _series(chart, table)
    groups = list(dict.fromkeys(table[chart["x"]].astype(str)))
    width, left = (NARROW, 110) if narrow else (WIDE, 230)
    rows = drawing.lines(chart["y_label"] or chart["y"], narrow)
    step = _BAR * len(series) + 14
    height, foot, above = step * len(groups), 40 + 15 * len(rows), 34 if len(series) > 1 else 10
    figure = Figure(figsize=(width / 72, (height + foot + above) / 72))
    ax = drawing.place(figure, left, foot, width - left - 60, height)
    told = []
    # a bar has the colour of its group where there is one of each, else that of what it is by
    names = list(series) if len(series) > 1 else groups
    for i, (label, part) in enumerate(series.items()):
        values = part.assign(_x=part[chart["x"]].astype(str)).set_index("_x")
        for j, group in enumerate(groups):
            if group not in values.index:
                continue
            row, style = values.loc[group], look(label if len(series) > 1 else group, names)
            y, value = j * step + 7 + _BAR * (i + 0.5), float(row[chart["y"]])
            ax.barh(y, value, height=_BAR - 3, color=style.light, lw=0)
            end = value
            if chart["low"] and chart["high"]:
                limits = float(row[chart["low"]]), float(row[chart["high"]])
                ax.plot(limits, [y, y], color=INK, lw=1.4)
                end = max(value, limits[1]) if value >= 0 else value
            ax.annotate(f"{value:.3g}", (max(end, 0.0), y), xytext=(5, 0), textcoords="offset points",
                        va="center", color=INK, size=11.5)  # fmt: skip
            told.append(f"{group}{f', {label}' if len(series) > 1 else ''}: {value:.3g}")
    ax.set(ylim=(height, 0), yticks=[(j + 0.5) * step for j in range(len(groups))])
    ax.set_yticklabels([shorten(look(g, groups).title, to=14 if narrow else 30) for g in groups], color=INK)
    ax.axvline(0, color=MUTED, lw=1)
    ax.xaxis.grid(True, color=GRID, lw=1)
    ax.set_axisbelow(True)
    if len(series) > 1:
        _key(figure, {label: look(label, names) for label in series}, narrow)
    drawing.caption(figure, rows)
    return drawing.svg(figure, name, chart["title"], "; ".join(told), names)


def _tiles(chart: Mapping[str, Any], name: str, narrow: bool) -> str:
    tiles = chart["table"]
    columns = min(_TILES[narrow], len(tiles))
    width, rows = NARROW if narrow else WIDE, -(-len(tiles) // columns)
    side = min((width - 8) / columns, 110)
    foot = 12
    figure = Figure(figsize=(width / 72, (rows * (side + 18) + foot) / 72))
    for i, tile in enumerate(tiles):
        x, y = side * (i % columns), foot + (side + 18) * (rows - 1 - i // columns)
        ax = drawing.place(figure, x + 4, y + 16, side - 6, side - 6)
        pixels = np.asarray(tile["pixels"], dtype=float)
        ax.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        w, h = figure.get_size_inches() * 72
        text = shorten(str(tile.get("label", "")), to=max(int(side / 7), 4))
        figure.text((x + side / 2) / w, (y + 6) / h, text, color=MUTED, size=10, ha="center", va="center")
    return drawing.svg(figure, name, chart["title"], f"{len(tiles)} pictures", [])


def _series(chart: Mapping[str, Any], table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    if not chart["by"]:
        return {"": table}
    return {str(label): part for label, part in table.groupby(chart["by"], sort=False)}


def _heading(figure: Figure, text: str, narrow: bool) -> None:
    w, h = figure.get_size_inches() * 72
    figure.text(
        4 / w, (h - 14) / h, shorten(text, to=52 if narrow else 130), color=MUTED, size=11.5, va="center"
    )


def _key(figure: Figure, looks: Mapping[str, Look], narrow: bool) -> None:
    """Squares with the names of what bars are by, in a line above them."""
    w, h = figure.get_size_inches() * 72
    ax: Axes = drawing.place(figure, 0, h - 28, w, 24)
    ax.set(xlim=(0, w), ylim=(0, 24), xticks=[], yticks=[])
    x = 6.0
    for label, style in looks.items():
        text = shorten(style.title or label, to=18 if narrow else 34)
        ax.add_patch(_square(x, style.light))
        ax.text(x + 16, 12, text, color=INK, size=11.5, va="center")
        x += 30 + 7.2 * len(text)


def _square(x: float, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, 7), 10, 10, color=colour, lw=0)


_KINDS = {"lines": _lines, "bars": _bars, "tiles": _tiles}
