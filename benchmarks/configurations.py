"""The configurations of a search, kept on disk: to draw them loads architectures, and torch takes seconds."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from advisor import architectures
from benchmarks.protocol import Protocol
from datasets.openml.cache import root

_HERE = Path(__file__).parent
_SOURCES = (Path(architectures.__file__).parent, _HERE / "spaces")  # what a space is made of, besides
_PACKAGES = ("numpy", "scipy", "scikit-learn")


def configurations(name: str, protocol: Protocol, n_trials: int) -> list[str]:
    """List the configurations of a search as canonical JSON, see :func:`benchmarks.spaces.configurations`.

    They are read from the user's cache if code and packages are those that drew them.

    Parameters
    ----------
    name : str
        The candidate.
    protocol : Protocol
        Says which spaces.
    n_trials : int
        How many; fewer if the space has no more.

    Returns
    -------
    list of str
        The default, then distinct random ones.
    """
    if name not in architectures.names():
        return _draw(name, protocol, n_trials)  # a file of the user's own, which may import anything
    asked = [_code(), name, protocol.spaces, protocol.early_stopping, n_trials]
    place = "-".join(map(str, asked[1:])).replace("/", "_")
    path = root().parent / "configurations" / f"{place}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):  # none yet, or not what was written
        kept = json.loads(path.read_text())
        if kept["asked"] == asked:
            return [str(config) for config in kept["configurations"]]
    drawn = _draw(name, protocol, n_trials)
    with suppress(OSError):  # a home that cannot be written costs seconds, no more
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False) as file:
            json.dump({"asked": asked, "configurations": drawn}, file)
        os.replace(file.name, path)
    return drawn


def _draw(name: str, protocol: Protocol, n_trials: int) -> list[str]:
    from benchmarks import spaces

    return spaces.configurations(name, protocol, n_trials)


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
