"""What all figures share: panels, marks, labels that keep apart, and one clean SVG at the end."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import isotonic_regression

from reports import wording
from reports.style import FAULTS, Look, look, structure_title

WIDE, NARROW = 960, 360  # pixels; a page shows the narrow drawing on small screens
INK, MUTED, GRID, PAPER = "#1f2328", "#59616b", "#dfe3e8", "#ffffff"
ACCENT = "#0067a5"
LEADER = 26  # pixels from the end of a line to a name that had to move
DARK = {INK: "#e8eaed", MUTED: "#a5adb8", GRID: "#343b45", PAPER: "#14171c", ACCENT: "#5ab8f5"}
_SVG = "http://www.w3.org/2000/svg"
_LONG = re.compile(r"-?\d+\.\d{3,}")
_XLINK = "{http://www.w3.org/1999/xlink}href"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def quiet() -> AbstractContextManager[None]:
    """Settings for the time of one drawing; a "$" in a name is a dollar, not mathematics."""
    return matplotlib.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "arch-advisor",
            "text.parse_math": False,
            "axes.unicode_minus": False,
            "font.family": ["DejaVu Sans"],  # shipped with matplotlib: the same measures everywhere
            "font.size": 12.5,
        }
    )


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place in pixels, without a frame."""
    w, h = figure.get_size_inches() * 72
    ax = figure.add_axes((left / w, bottom / h, width / w, height / h))
    ax.set_facecolor("none")
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0, labelcolor=MUTED, labelsize=11.5)
    return ax


def panels(
    groups: Sequence[str],
    structure: pd.Series,
    narrow: bool,
    height: int,
    text: str,
    *,
    left: int,
    right: int = 44,
    below: int = 26,
    what: str = "task",
) -> tuple[Figure, list[Axes]]:
    """One panel per structure with its heading, side by side, in pairs or stacked; below them the caption.

    ``structure`` has an entry per task, or per ``what``, and the heading counts them.
    """
    above, foot = 34, 10 + 15 * len(lines(text, narrow))
    columns = 1 if narrow else len(groups) if len(groups) < 4 else 2
    rows = -(-len(groups) // columns)
    width = NARROW if narrow else WIDE
    cell, tall = (width - 8) / columns, above + height + below
    figure = Figure(figsize=(width / 72, (rows * tall + foot) / 72))
    axes: list[Axes] = []
    for i, group in enumerate(groups):
        x, y = 4 + cell * (i % columns), foot + tall * (rows - 1 - i // columns)
        ax = place(figure, x + left, y + below, cell - left - right, height)
        title, n = structure_title(group), int((structure == group).sum())
        note = wording.count(n, what)
        w, h = figure.get_size_inches() * 72
        at = (y + below + height + 14) / h
        figure.text((x + left) / w, at, title, color=INK, weight="bold", size=14, va="center")
        figure.text((x + left + 9 * len(title) + 12) / w, at, note, color=MUTED, size=11.5, va="center")
        axes.append(ax)
    caption(figure, lines(text, narrow))
    return figure, axes


def lines(text: str, narrow: bool) -> list[str]:
    """The lines of a caption."""
    return textwrap.wrap(text, 52 if narrow else 140)


def caption(figure: Figure, rows: Sequence[str]) -> None:
    """Say below the drawing what its axis means."""
    h = figure.get_size_inches()[1] * 72
    for i, row in enumerate(reversed(rows)):
        figure.text(0.5, (11 + 15 * i) / h, row, color=MUTED, size=11.5, ha="center", va="center")


def mark(ax: Axes, x: float, y: float, style: Look, size: float, *, hollow: bool = False) -> None:
    """Draw one candidate's mark of a size in points."""
    line = style.marker in "x+|"
    ax.plot(
        [x],
        [y],
        style.marker,
        ms=size * (1.5 if style.marker == "*" else 0.8 if line else 1),
        mew=2 if line else 1.4 if hollow else 0.9,
        mfc=PAPER if hollow else style.light,
        mec=style.light if line or hollow else PAPER,
        clip_on=False,
        zorder=3,
    )


def name_row(ax: Axes, y: float, name: str, value: str, *, weight: str = "normal") -> None:
    """Write a name left of a row of the panel and its value right of it, some pixels away at any width."""
    for text, x, away, ha in ((name, 0, -8, "right"), (value, 1, 6, "left")):
        ax.annotate(
            text,
            (x, y),
            xycoords=ax.get_yaxis_transform(),
            xytext=(away, 0),
            textcoords="offset points",
            color=INK,
            weight=weight,
            ha=ha,
            va="center",
            annotation_clip=False,
        )


def score_axis(ax: Axes, which: str, lowest: float, highest: float = 1.0) -> None:
    """Scores up to ``highest``, from the round step below the lowest one, with light lines at the steps."""
    lowest = min(max(lowest, 0.0), highest - 0.03)
    least = 2 if which == "x" else 3  # steps; labels side by side need more room
    step = next((s for s in (0.25, 0.1, 0.05, 0.02) if highest - lowest > least * s - 1e-9), 0.01)
    first, last = np.floor(lowest / step + 1e-9), np.ceil(highest / step - 1e-9)
    ticks = np.arange(first, last + 1) * step
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_ticks(ticks, [f"{t:g}" for t in np.round(ticks, 2)])
    axis.grid(True, color=GRID, lw=1)
    margin = 0.035 * (ticks[-1] - ticks[0])
    if which == "x":
        ax.set_xlim(ticks[0] - margin, ticks[-1] + margin)
    else:
        ax.set_ylim(ticks[0] - margin, ticks[-1] + 3 * margin)
    ax.set_axisbelow(True)


class _Spot(NamedTuple):
    """A place for the label of a point, in pixels."""

    at: tuple[float, float]  # where the text begins or ends
    ha: str
    box: tuple[float, ...]
    leader: Sequence[tuple[float, ...]]  # boxes along the line to its point; empty beside it


def label_points(
    ax: Axes,
    xs: pd.Series,
    ys: pd.Series,
    labels: Sequence[str],
    *,
    colours: Sequence[str],
    path: np.ndarray,
) -> None:
    """Put each label by its point, at the nearest place that covers no point, label, leader or ``path``."""
    points, corners = (_pixels(ax, np.asarray(p, dtype=float)) for p in (np.column_stack([xs, ys]), path))
    area = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    left, right = area.x0 * 72 - 4, area.x1 * 72 + 34
    marks = [(x - 6, y - 6, x + 6, y + 6) for x, y in points]
    lines = [
        (min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1) + 1, max(y0, y1) + 1)
        for (x0, y0), (x1, y1) in pairwise(corners)
    ]
    spots = [_spots(x, y, label) for (x, y), label in zip(points, labels)]
    chosen: dict[int, _Spot] = {}
    for i in [*range(len(spots))] * 3:  # a later look at each knows where the others went
        others = [spot for j, spot in chosen.items() if j != i]
        texts, leaders = [s.box for s in others], [part for s in others for part in s.leader]
        foreign = [*texts, *marks[:i], *marks[i + 1 :]]
        cost = [
            sum(_overlap(spot.box, other) for other in (*marks, *lines, *texts, *leaders))
            + 20 * sum(_overlap(part, other) for part in spot.leader for other in foreign)
            + 50 * (max(0, spot.box[2] - right) + max(0, left - spot.box[0]))
            + further
            for further, spot in enumerate(spots[i])
        ]
        chosen[i] = spots[i][int(np.argmin(cost))]
    for i, spot in sorted(chosen.items()):
        line = {"arrowstyle": "-", "color": colours[i], "lw": 0.8, "shrinkB": 5}
        ax.annotate(
            labels[i],
            points[i],
            xycoords="figure points",
            xytext=spot.at,
            textcoords="figure points",
            color=colours[i],
            arrowprops={**line, "relpos": (float(spot.ha == "right"), 0.5)} if spot.leader else None,
            ha=spot.ha,
            va="center",
            size=11.5,
        )


def _spots(px: float, py: float, label: str) -> list[_Spot]:
    """Places for a label, the nearest first; one that is far has a leader."""
    w, h = 6.7 * len(label), 12.0
    found = []
    for dy in (0, 9, -9, 15, -15, 23, -23, 31, -31, 41, -41):
        for away in (9, -9, 30, -30) if abs(dy) > 15 else (9, -9):
            x, y = px + away, py + dy
            box = (x, y - h / 2, x + w, y + h / 2) if away > 0 else (x - w, y - h / 2, x, y + h / 2)
            steps = np.linspace((px, py), (x, y), 20)[3 : -1 if abs(dy) > 15 else 3]  # not at its own mark
            leader = [(u - 1, v - 1, u + 1, v + 1) for u, v in steps]
            found.append(_Spot((x, y), "left" if away > 0 else "right", box, leader))
    return found


def _pixels(ax: Axes, points: np.ndarray) -> np.ndarray:
    if not len(points):
        return np.empty((0, 2))
    return np.asarray(ax.transData.transform(points)) / ax.figure.dpi * 72


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def spread(places: dict[str, float], gap: float, *, top: float = np.inf) -> dict[str, float]:
    """Move labels as little as keeps them apart by ``gap``, from the highest down, none above ``top``.

    Examples
    --------
    >>> {name: float(y) for name, y in spread({"a": 1.0, "b": 5.0, "c": 5.0}, 2.0).items()}
    {'b': 6.0, 'c': 4.0, 'a': 1.0}
    """
    names = sorted(places, key=lambda name: -places[name])
    steps = gap * np.arange(len(names))
    # what keeps its order after each label is lifted by the gaps above it keeps its distance
    lifted = isotonic_regression([places[name] for name in names] + steps, increasing=False).x
    return dict(zip(names, np.minimum(lifted, top) - steps))


def label_ends(
    ax: Axes,
    x: float | Mapping[str, float],
    ends: dict[str, float],
    tall: int,
    text: Callable[[str], str] = str,
    *,
    colours: Mapping[str, str],
) -> None:
    """Name lines right of their ends, at one ``x`` or one each, kept apart in a panel so many pixels tall.

    A name has the colour of its line, and a thin leader to its end where it had to move.
    """
    bottom, top = ax.get_ylim()
    pixels = tall / (top - bottom)
    moved = {
        name: (y - ends[name]) * pixels
        for name, y in spread(ends, 14 / abs(pixels), top=max(bottom, top)).items()
    }
    away = LEADER if max(map(abs, moved.values()), default=0) > 3 else 9
    for name, up in moved.items():
        leader = {"arrowstyle": "-", "color": colours[name], "lw": 0.8, "shrinkA": 1, "shrinkB": 5}
        ax.annotate(
            text(name),
            (x[name] if isinstance(x, Mapping) else x, ends[name]),
            xytext=(away, up),
            textcoords="offset points",
            color=colours[name],
            va="center",
            arrowprops={**leader, "relpos": (0, 0.5)} if abs(up) > 3 else None,
            annotation_clip=False,
        )


def svg(figure: Figure, name: str, title: str, told: str, names: Sequence[str]) -> str:
    """The figure as SVG: titled and described, own ids, coloured for light and dark pages."""
    width, height = (round(v * 72) for v in figure.get_size_inches())
    name = f"{name}-{width}"
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(buffer.getvalue())
    root.remove(root[0])  # metadata
    root.remove(root[0])  # a style for every element of the page
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "style":
                element.set(key, re.sub(r"font-family: [^;]*(; |$)", "", value))
            elif key == "d":  # a hundredth of a pixel is enough
                element.set(key, _LONG.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), value))
            elif key == "id":  # two figures of one page must not share one
                element.set(key, f"{name}-{value}")
            elif value.startswith("url(#"):
                element.set(key, f"url(#{name}-{value[5:]}")
            elif key == _XLINK:
                del element.attrib[key]  # pixels of a picture stay where they are
                element.set("href", f"#{name}-{value[1:]}" if value.startswith("#") else value)
    for marker in root.iterfind(".//s:defs/s:path", {"s": _SVG}):
        marker.attrib.pop("style", None)  # the one of its uses counts, which the dark page can change
    root.attrib.update({"width": f"{width}", "height": f"{height}", "role": "img", "font-family": FONT})
    root.attrib.update({"stroke-linejoin": "round", "aria-label": f"{title}. {told}."})
    for tag, text in [("style", _theme(names)), ("desc", told), ("title", title)]:
        element = ElementTree.Element(f"{{{_SVG}}}{tag}")
        element.text, element.tail = text, "\n"
        root.insert(0, element)
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _theme(names: Sequence[str]) -> str:
    """Rules that swap every colour for its dark counterpart; without them the drawing is the light one."""
    looks = [look(n, list(names)) for n in names]
    pairs = {**DARK, **{s.light: s.dark for s in looks}, **dict(FAULTS.values())}
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark}!important}}'
        for light, dark in pairs.items()
        for part in ("fill", "stroke")
    )
    return f"@media screen and (prefers-color-scheme: dark){{{rules}}}"
