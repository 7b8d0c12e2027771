"""Parts of the documentation that a command writes, between two marks of a page."""

from __future__ import annotations

from pathlib import Path


def put(page: Path, name: str, text: str) -> None:
    """Write ``text`` between ``<!-- name -->`` and ``<!-- /name -->``; what stands around it stays."""
    before, mark, rest = page.read_text("utf-8").partition(f"<!-- {name} -->\n")
    end = f"<!-- /{name} -->"
    page.write_text(f"{before}{mark}{text}\n{end}{rest.partition(end)[2]}", "utf-8")
