"""A small report of sections, tables and figures, written once and shown as HTML, Markdown and text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from markupsafe import Markup

from reports import export, html, tables
from reports.markdown import escape, plain

_COLUMNS = 100  # of a terminal


@dataclass(frozen=True)
class Table:
    """A table with what its numbers mean.

    Parameters
    ----------
    name : str
        Of its file.
    caption : str
        How the numbers were made.
    frame : DataFrame
        The numbers.
    columns : Mapping of str to str
        Columns and their meaning, with unit and range.
    heads : Mapping of str to str
        What a column is called on the page, where its name would not do.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    columns: Mapping[str, str]
    heads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it.

    Parameters
    ----------
    title : str
        The heading.
    text : list of str
        Paragraphs.
    tables : list of Table
        Below them.
    drawing : callable of bool, optional
        A figure between text and tables; takes whether the screen is narrow and gives the SVG.
    caption : str
        How the figure's numbers were made.
    more : list of (callable of bool, str)
        Further figures below the tables, each with its caption.
    """

    title: str
    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    drawing: Callable[[bool], str] | None = None
    caption: str = ""
    more: list[tuple[Callable[[bool], str], str]] = field(default_factory=list)


@dataclass(frozen=True)
class Document:
    """A title, one sentence that says it all, and sections.

    Parameters
    ----------
    title : str
        What it is about.
    headline : str
        What was found.
    sections : list of Section
        The rest.
    """

    title: str
    headline: str
    sections: list[Section]


def files(document: Document) -> dict[str, pd.DataFrame]:
    """Collect the tables by name.

    Parameters
    ----------
    document : Document
        What was found.

    Returns
    -------
    dict of str to DataFrame
        As they are, numbers as numbers.
    """
    return {table.name: table.frame for section in document.sections for table in section.tables}


def to_html(document: Document) -> str:
    """Write it as a self-contained page.

    Parameters
    ----------
    document : Document
        What was found.

    Returns
    -------
    str
        HTML in which every text is escaped.
    """
    sections = [
        {
            "id": f"s{i}",
            "title": section.title,
            "text": section.text,
            # Markup marks what is safe: drawings made here, escaped by the XML writer
            "wide": Markup(section.drawing(False)) if section.drawing else "",
            "narrow": Markup(section.drawing(True)) if section.drawing else "",
            "caption": section.caption,
            "tables": [_shown(table) for table in section.tables],
            "more": [
                {"wide": Markup(draw(False)), "narrow": Markup(draw(True)), "caption": caption}
                for draw, caption in section.more
            ],
        }
        for i, section in enumerate(document.sections)
    ]
    return html.render("document.html.j2", document=document, sections=sections)


def _shown(table: Table) -> dict[str, Any]:
    numbers = tables.numbers(table.frame, table.columns, most=200)
    return {
        "name": table.name,
        "caption": table.caption,
        "shown": table.heads,
        "columns": numbers["heads"],
        "rows": numbers["rows"],
        "left": numbers["left"],
        "csv": export.csv_uri(table.frame),
    }


def to_markdown(document: Document) -> str:
    """Write it for a pull request.

    Parameters
    ----------
    document : Document
        What was found.

    Returns
    -------
    str
        Markdown in which every text is escaped; figures are left out.
    """
    lines = [f"# {escape(document.title)}", "", f"**{escape(document.headline)}**", ""]
    for section in document.sections:
        lines += [f"## {escape(section.title)}", ""]
        for text in section.text:
            lines += [escape(text), ""]
        for table in section.tables:
            shown = tables.numbers(table.frame, table.columns)
            heads = [escape(table.heads.get(name, name)) for name in table.columns]
            marks = ["---" if text else "---:" for _, _, text in shown["heads"]]
            rows = [heads, marks, *([escape(cell) for cell in row] for row in shown["rows"])]
            lines += [escape(table.caption), "", *(f"| {' | '.join(row)} |" for row in rows), ""]
            if shown["left"]:
                lines += [f"{shown['left']} more rows in the CSV file.", ""]
    return "\n".join(lines)


def to_text(document: Document) -> str:
    """Write headline and small tables for a terminal.

    Parameters
    ----------
    document : Document
        What was found.

    Returns
    -------
    str
        No control characters; paragraphs at most 100 columns wide.
    """
    told = [textwrap.fill(plain(document.headline), _COLUMNS)]
    for section in document.sections:
        told.append(f"\n{plain(section.title)}")
        told += [textwrap.fill(plain(text), _COLUMNS) for text in section.text]
        for table in section.tables:
            shown = tables.numbers(table.frame, table.columns, most=12)
            rows = [[table.heads.get(n, n) for n in table.columns], *shown["rows"]]
            widths = [min(max(len(row[i]) for row in rows), 48) for i in range(len(rows[0]))]
            for row in rows:
                cells = (f"{plain(c)[:w]:<{w}}" if shown["heads"][i][2] else f"{plain(c)[:w]:>{w}}"
                         for i, (c, w) in enumerate(zip(row, widths)))  # fmt: skip
                told.append("  ".join(cells).rstrip())
            if shown["left"]:
                told.append(f"... {shown['left']} more rows in the files")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(told))
