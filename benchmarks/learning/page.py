"""``docs/learning.md``: each benchmark replaces its own table there, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.errors import InputError

PAGE = Path(__file__).parents[2] / "docs" / "learning.md"


def markdown(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Lines of a table.

    Examples
    --------
    >>> markdown(["candidate", "score"], [["lstm", 0.5]])
    ['| candidate | score |', '| --- | --- |', '| lstm | 0.5 |']
    """
    table = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(str(value) for value in row) + " |" for row in table]


def measured_with(records: Sequence[Mapping[str, Any]]) -> str:
    """Say where and when results were measured.

    Parameters
    ----------
    records : sequence of mapping
        Each with ``environment``, as :func:`benchmarks.run.environment` gives it, and ``finished``.
    """
    commits = _list(r["environment"]["commit"][:7] + "+" * r["environment"]["dirty"] for r in records)
    threads = _list(r["environment"]["threads"] for r in records)
    days = _list(r["finished"][:10] for r in records)
    cpus = _list(r["environment"]["cpu"] for r in records)
    return f"Measured on {days} at commit {commits} with {threads} thread(s), {cpus}."


def _list(values: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(map(str, values)))


def write(part: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Replace what stands between the marks ``<!-- part -->`` and ``<!-- end of part -->``.

    Examples
    --------
    >>> import tempfile
    >>> page = Path(tempfile.mkdtemp()) / "learning.md"
    >>> _ = page.write_text("Text.\\n<!-- sums -->\\nold\\n<!-- end of sums -->\\nMore.\\n")
    >>> write("sums", ["new"], page)
    >>> page.read_text().splitlines()
    ['Text.', '<!-- sums -->', 'new', '<!-- end of sums -->', 'More.']
    """
    start, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->"
    text, n = re.subn(
        f"(?s)(?<={re.escape(start)}).*?(?={re.escape(end)})",
        lambda _: "\n".join(lines) + "\n",
        page.read_text(encoding="utf-8"),
    )
    if n != 1:
        raise InputError(
            f"{page.name} must hold a part called {part!r}",
            got="none" if n == 0 else f"{n}",
            do=f"add the lines {start.strip()} and {end}, or do not --write this",
        )
    page.write_text(text, encoding="utf-8")
