"""Tables of the documentation that a command writes, each between two marks of its page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.errors import InputError
from benchmarks.environment import commit_of


def markdown(
    columns: Sequence[str], rows: Iterable[Iterable[object]], *, numbers: Collection[int] = ()
) -> list[str]:
    """Lines of a table.

    Parameters
    ----------
    columns : sequence of str
        Heads.
    rows : iterable of iterable
        Cells.
    numbers : collection of int
        Places of the columns that stand on the right.

    Examples
    --------
    >>> markdown(["candidate", "score"], [["lstm", 0.5]], numbers=[1])
    ['| candidate | score |', '| --- | ---: |', '| lstm | 0.5 |']
    """
    rule = ["---:" if place in numbers else "---" for place in range(len(columns))]
    return ["| " + " | ".join(str(value) for value in row) + " |" for row in (columns, rule, *rows)]


def measured_with(records: Sequence[Mapping[str, Any]]) -> str:
    """Say where and when results were measured.

    Parameters
    ----------
    records : sequence of mapping
        Each with ``environment``, as :func:`benchmarks.environment.environment` gives it, and ``finished``.
    """
    commits = _list(commit_of(r["environment"]) for r in records)
    threads = _list(r["environment"]["threads"] for r in records)
    days = _list(r["finished"][:10] for r in records)
    cpus = _list(r["environment"]["cpu"] for r in records)
    return f"Measured on {days} at commit {commits} with {threads} thread(s), {cpus}."


def _list(values: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(map(str, values)))


def write(page: Path, part: str, lines: Sequence[str]) -> None:
    """Replace what stands between the marks ``<!-- part -->`` and ``<!-- /part -->``; the rest stays.

    Raises
    ------
    InputError
        If the page does not hold each mark once, in this order; then nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> page = Path(tempfile.mkdtemp()) / "learning.md"
    >>> _ = page.write_text("Text.\\n<!-- sums -->\\nold\\n<!-- /sums -->\\nMore.\\n")
    >>> write(page, "sums", ["new"])
    >>> page.read_text().splitlines()
    ['Text.', '<!-- sums -->', 'new', '<!-- /sums -->', 'More.']
    """
    start, end = f"<!-- {part} -->\n", f"<!-- /{part} -->"
    text = page.read_text(encoding="utf-8")
    found = re.findall(f"{re.escape(start)}|{re.escape(end)}", text)
    if found != [start, end]:
        raise InputError(
            f"{page.name} must hold a part called {part!r}",
            got=" ".join(mark.strip() for mark in found) or "neither of its marks",
            do=f"add the lines {start.strip()} and {end}, or do not --write this",
        )
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    page.write_text("\n".join([before + start.strip(), *lines, end + after]), encoding="utf-8")
