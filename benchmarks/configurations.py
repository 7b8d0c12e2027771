"""The configurations of a search, kept on disk: to draw them loads architectures, and torch takes seconds."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from advisor import architectures
from benchmarks.protocol import Protocol
from datasets.openml.cache import root

_HERE = Path(__file__).parent
_SOURCES = (Path(architectures.__file__).parent, _HERE / "spaces")  # what a space is made of, besides
_PACKAGES = ("numpy", "scipy", "scikit-learn")


def configurations(
    name: str, protocol: Protocol, n_trials: int, tasks: Iterable[str]
) -> dict[str, list[str]]:
    """List the configurations of a candidate's searches, see :func:`benchmarks.spaces.configurations`.

    They are read from the user's cache if code and packages are those that drew them.

    Parameters
    ----------
    name : str
        The candidate.
    protocol : Protocol
        Says which spaces.
    n_trials : int
        How many; fewer if the space has no more.
    tasks : iterable of str
        Ids of the tasks.

    Returns
    -------
    dict of str to list of str
        For each task the default, then distinct random ones, as canonical JSON.
    """
    tasks = list(tasks)
    if name not in architectures.names():
        return _draw(name, protocol, n_trials, tasks)  # a file of the user's own, which may import anything
    asked = [_code(), name, protocol.spaces, protocol.early_stopping, protocol.refit, n_trials]
    place = "-".join(map(str, asked[1:])).replace("/", "_")
    path = root().parent / "configurations" / f"{place}.json"
    kept = _kept(path, asked)
    if missing := [task for task in tasks if task not in kept]:
        kept |= _draw(name, protocol, n_trials, missing)
        with suppress(OSError):  # a home that cannot be written costs seconds, no more
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False) as file:
                json.dump({"asked": asked, "configurations": kept}, file)
            os.replace(file.name, path)
    return {task: kept[task] for task in tasks}


def _kept(path: Path, asked: list[object]) -> dict[str, list[str]]:
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):  # none yet, or not as written
        kept = json.loads(path.read_text())
        if kept["asked"] == asked:
            return {task: [str(c) for c in configs] for task, configs in kept["configurations"].items()}
    return {}


def _draw(name: str, protocol: Protocol, n_trials: int, tasks: list[str]) -> dict[str, list[str]]:
    from benchmarks import spaces

    return {task: spaces.configurations(name, protocol, n_trials, task) for task in tasks}


@cache
def _code() -> str:
    """Hash of all that configurations depend on: the code of the spaces, and packages that draw."""
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted(folder.glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for package in _PACKAGES:
        digest.update(f"{package} {importlib.metadata.version(package)}\0".encode())
    return digest.hexdigest()[:16]
