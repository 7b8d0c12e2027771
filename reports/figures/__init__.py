"""The figures of a report, one file each, found by name: adding ``NAME.py`` with a ``FIGURE`` adds a figure.

Every SVG is the same for the same results (no dates, no random ids), keeps text as text, follows the light or
dark page of the reader by a media query inside it, and asks nothing of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from reports.summary import Summary


@dataclass(frozen=True)
class Figure:
    """One figure: its numbers, its drawing and how both were made.

    Parameters
    ----------
    title : str
        What it shows, in a few words.
    section : {"verdict", "tasks", "advisor", "time", "search", "tests", "failures"}
        Where on the page it stands.
    place : int
        Its place among the figures of the section, from the top.
    columns : Mapping of str to str
        Columns of the numbers and what they mean, with unit and range.
    data : callable of Summary
        The numbers that are drawn, a DataFrame with those columns; empty if the study has none.
    caption : callable of Summary
        How the numbers were made: how many tasks, sources and splits, which interval.
    draw : callable of (Summary, bool)
        The SVG; the flag asks for the drawing of a narrow screen.
    needs : str
        What a study must have so that there is something to draw.
    """

    title: str
    section: str
    place: int
    columns: Mapping[str, str]
    data: Callable[[Summary], pd.DataFrame]
    caption: Callable[[Summary], str]
    draw: Callable[[Summary, bool], str]
    needs: str = "a task that is judged"


@cache
def every() -> dict[str, Figure]:
    """List the figures by name.

    Returns
    -------
    dict of str to Figure
        In the order of the page's sections and their places.

    Examples
    --------
    >>> list(every())[:2]
    ['matrix', 'finding']
    """
    names = [m.name for m in iter_modules(__path__) if not m.name.startswith("_")]
    found: dict[str, Figure] = {name: import_module(f"{__name__}.{name}").FIGURE for name in names}
    sections = ["verdict", "tasks", "advisor", "time", "search", "tests", "failures"]
    return dict(sorted(found.items(), key=lambda item: (sections.index(item[1].section), item[1].place)))


def of(summary: Summary) -> dict[str, tuple[Figure, pd.DataFrame]]:
    """Choose the figures that a study has numbers for.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    dict of str to (Figure, DataFrame)
        Each with its numbers.
    """
    tables = {name: (figure, figure.data(summary)) for name, figure in every().items()}
    return {name: (figure, table) for name, (figure, table) in tables.items() if len(table)}
