"""Results as JSON lines: what a file holds already is not run again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cell import canonical_json
from benchmarks.environment import environment

Settings = Mapping[str, Any]


def results(
    store: Path, wanted: Iterable[Settings], measure: Callable[..., dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the result of each settings, from the file or measured and appended to it.

    Parameters
    ----------
    store : Path
        The file; it is made, with its folder, by the first result.
    wanted : iterable of mapping
        Keyword arguments of ``measure``, of JSON values: they say which result a line is.
    measure : callable
        Gives a dict of JSON values.

    Yields
    ------
    dict
        The settings and what was measured, with ``environment`` and ``finished``.
    """
    held = {canonical_json(line["settings"]): line for line in read(store)}
    for settings in wanted:
        line = held.get(canonical_json(settings))
        if line is None:
            line = {"settings": dict(settings), "measured": measure(**settings)}
            line |= {
                "environment": environment(),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            _append(store, line)
        facts = {key: line[key] for key in ("environment", "finished")}
        yield {**line["settings"], **line["measured"], **facts}


def read(store: Path) -> list[dict[str, Any]]:
    """Read the lines of a file; one that was cut off while it was written counts for nothing."""
    lines = []
    for text in store.read_text(encoding="utf-8").splitlines() if store.exists() else []:
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines


def _append(store: Path, line: Mapping[str, Any]) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    whole = not store.exists() or store.read_bytes()[-1:] in (b"", b"\n")
    with store.open("a", encoding="utf-8") as file:
        file.write(("" if whole else "\n") + canonical_json(line) + "\n")
