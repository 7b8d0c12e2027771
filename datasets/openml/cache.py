"""A cache of OpenML in Parquet and JSON: one process at a time fills it, any number read it, offline."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from advisor.errors import CorruptDataError, InputError, MissingDependency

VERSION = 1  # of an entry; another one is fetched anew
SPLIT, TRAIN, TEST = "\0split ", 1, 2  # columns beside the values: no other name begins so
WAIT = 1_800.0  # seconds to wait for another process that fills the cache


def root() -> Path:
    """Folder of the caches of all servers.

    Returns
    -------
    Path
        ``$ARCH_ADVISOR_CACHE/openml``, by default ``$XDG_CACHE_HOME/arch-advisor/openml`` or
        ``~/.cache/arch-advisor/openml``.
    """
    if told := os.environ.get("ARCH_ADVISOR_CACHE"):
        return Path(told).expanduser().absolute() / "openml"
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "arch-advisor" / "openml"


@dataclass(frozen=True)
class Cache:
    """The entries of one server: ``KEY.json`` with facts and, for a data set, ``KEY.parquet``.

    An entry counts if its JSON can be read and names the size and the SHA-256 of its Parquet file; the JSON
    is put in place last, so that an interrupted write leaves the old entry or none.

    Parameters
    ----------
    folder : Path
        Where they lie; made by the first entry.
    """

    folder: Path

    @classmethod
    def of(cls, server: str) -> Cache:
        """Return the cache of a server, by its address.

        Examples
        --------
        >>> Cache.of("https://www.openml.org/api/v1/xml").folder.name
        'www.openml.org'
        """
        return cls(root() / urlsplit(server).netloc.replace(":", "_"))  # Windows allows no colon

    def keys(self) -> list[str]:
        """List what is there and whole, sorted."""
        return sorted(p.stem for p in self.folder.glob("*.json") if self.facts(p.stem) is not None)

    def facts(self, key: str) -> dict[str, Any] | None:
        """Read the facts of an entry; None if there is no whole one."""
        try:
            facts: dict[str, Any] = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
            if facts["version"] != VERSION:
                return None
            if "bytes" in facts and self.path(key).stat().st_size != facts["bytes"]:
                return None
        except (OSError, ValueError, KeyError, TypeError):  # missing, or not what we write
            return None
        return facts

    def frame(self, key: str, facts: dict[str, Any]) -> pd.DataFrame:
        """Read the values of an entry, checked against its facts.

        Raises
        ------
        CorruptDataError
            If they are not those that were stored.
        """
        path = self.path(key)
        try:
            content = path.read_bytes()
            found = hashlib.sha256(content).hexdigest()
            if found != facts["sha256"]:
                raise ValueError(f"sha256 {found[:12]}… where {facts['sha256'][:12]}… is recorded")
            return _parse(content)
        except (OSError, ValueError) as error:  # errors of Arrow are ValueErrors or OSErrors
            raise CorruptDataError(
                f"the cached file {path.name} must be the one that was stored",
                got=str(error),
                do=f"fetch it again: python -m datasets fetch --refresh (the cache is {self.folder})",
            ) from error

    def path(self, key: str) -> Path:
        """Where the values of an entry lie."""
        return self.folder / f"{key}.parquet"

    def put(self, key: str, facts: dict[str, Any], data: Path | None = None) -> None:
        """Store an entry, atomically; to be called by the holder of the lock.

        Parameters
        ----------
        key : str
            Its name.
        facts : dict
            What becomes JSON; version, size and checksum are added.
        data : Path, optional
            A Parquet file below the folder, which is moved to its place.
        """
        facts = {"version": VERSION, **facts}
        if data is not None:
            with data.open("rb") as file:
                facts["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
            facts["bytes"] = data.stat().st_size
            data.replace(self.path(key))
        whole = json.dumps(facts, indent=1, ensure_ascii=False).encode()
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="tmp-", delete=False) as new:
            new.write(whole)
        os.replace(new.name, self.folder / f"{key}.json")

    @contextmanager
    def filling(self) -> Iterator[Path]:
        """Be the one process that fills the cache.

        Yields
        ------
        Path
            A folder for work in progress that nobody else may enter; removed at the end.

        Raises
        ------
        InputError
            If the folder cannot be written, or another process holds the lock for too long.
        """
        try:
            from filelock import FileLock
        except ModuleNotFoundError as error:
            raise MissingDependency(
                "filling the cache of OpenML needs the package 'filelock'",
                got="no such package",
                do="pip install 'arch-advisor[bench]'",
            ) from error
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock(self.folder / ".lock", timeout=WAIT)
            with lock:
                for left in self.folder.glob("tmp-*"):  # by a process that was killed: we hold the lock
                    shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
                with tempfile.TemporaryDirectory(prefix="tmp-", dir=self.folder) as work:  # of mode 0700
                    yield Path(work)
        except OSError as error:  # among them that of the lock
            raise InputError(
                f"the cache {self.folder} must be writable, and free to be filled",
                got=f"{type(error).__name__}: {error}",
                do="wait for a process that fills it, or set ARCH_ADVISOR_CACHE to another folder",
            ) from error


def _parse(content: bytes) -> pd.DataFrame:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingDependency(
            "the cache of OpenML needs the package 'pyarrow'",
            got="no such package",
            do="pip install 'arch-advisor[bench]'",
        ) from error
    frame: pd.DataFrame = pq.read_table(pa.BufferReader(content), use_threads=False).to_pandas()
    return frame
