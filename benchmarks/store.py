"""The store: every study, cell and outcome in one SQLite file, the only source of truth."""

from __future__ import annotations

import json
import operator
import os
import sqlite3
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock
import pandas as pd

from advisor.errors import StoreError, did_you_mean
from benchmarks.advised import resolve_advice
from benchmarks.budget import mark_beyond
from benchmarks.cell import Cell, Outcome, canonical_json

VERSION = 1
APPLICATION = 0x41524341  # "ARCA": tells our files from other SQLite databases
COLUMNS = (
    *("key", "task", "origin", "structure", "kind", "metric", "candidate", "config", "trial", "fold", "seed"),
    *("status", "reason", "validation", "test", "fit_seconds", "predict_seconds", "peak_mb"),
    *("extra", "environment", "finished"),
)
_CELL = ("task", "data_hash", "candidate", "config", "fold", "seed", "protocol")
_OUTCOME = tuple(f.name for f in fields(Outcome))
_TASK = ("id", "data_hash", "origin", "structure", "kind", "metric", "layout", "n", "d")

_SCHEMA = """
CREATE TABLE studies (
  name TEXT PRIMARY KEY, title TEXT NOT NULL, declared TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE tasks (
  id TEXT NOT NULL, data_hash TEXT NOT NULL, origin TEXT NOT NULL, structure TEXT, kind TEXT NOT NULL,
  metric TEXT NOT NULL, layout TEXT, n INTEGER NOT NULL, d INTEGER NOT NULL, PRIMARY KEY (id, data_hash));
CREATE TABLE cells (
  key TEXT PRIMARY KEY, task TEXT NOT NULL, data_hash TEXT NOT NULL, candidate TEXT NOT NULL,
  config TEXT NOT NULL, fold INTEGER NOT NULL, seed INTEGER NOT NULL, protocol TEXT NOT NULL,
  FOREIGN KEY (task, data_hash) REFERENCES tasks (id, data_hash)) WITHOUT ROWID;
CREATE TABLE study_cells (
  study TEXT NOT NULL REFERENCES studies, position INTEGER NOT NULL, key TEXT NOT NULL REFERENCES cells,
  trial INTEGER NOT NULL, PRIMARY KEY (study, position), UNIQUE (study, key)) WITHOUT ROWID;
CREATE TABLE outcomes (
  key TEXT PRIMARY KEY REFERENCES cells, status TEXT NOT NULL, reason TEXT NOT NULL,
  validation REAL, test REAL, fit_seconds REAL, predict_seconds REAL, peak_mb REAL,
  extra TEXT NOT NULL, environment TEXT NOT NULL, finished TEXT NOT NULL);
"""


class Store:
    """Studies, cells and outcomes in one file.

    What any store promises, and ``tests/benchmarks/store_conformance.py`` checks:

    - One writer: a second one is told who holds the store; a lock left by a killed process counts for
      nothing.
    - Any number of readers, also while a writer works, each seeing a consistent state and changing nothing.
    - An outcome is written entirely or not at all, and once ``record`` has returned it survives the process.
    - A recorded outcome is replaced only if asked; outcomes are never deleted, also when a study changes.
    - A cell belongs to its content: studies that declare the same cell share its outcome.
    - Whatever is not a store of this version is refused with one sentence and left as it was.

    Parameters
    ----------
    path : str or Path
        The file; a writer makes it (and its folder) where it is missing.
    writable : bool
        True for the one driver; readers leave it False.

    Raises
    ------
    StoreError
        If the file cannot be used: missing, no store, newer, held by another writer, in a read-only place.
    """

    def __init__(self, path: str | Path, *, writable: bool = False) -> None:
        self.path = Path(path)
        self._lock: filelock.BaseFileLock | None = None
        with self._translated():
            exists = self._check()
            if not exists and not writable:
                raise StoreError(
                    "a results store must exist",
                    got=f"no file {self.path}",
                    do="run a study first: python -m benchmarks run benchmarks/studies/starter.toml",
                )
            if writable:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._hold()
                try:
                    self._db = self._open_writer()
                except BaseException:
                    self._lock = None if self._lock is None else self._lock.release()
                    raise
            else:
                self._db = self._open_reader()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let go of the lock; closing twice is harmless."""
        self._db.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # ---- writing ----

    def declare(
        self,
        name: str,
        *,
        title: str,
        declared: str,
        tasks: Iterable[Mapping[str, Any]],
        cells: Sequence[Cell],
    ) -> None:
        """Say which cells a study consists of; declaring it again replaces the list and keeps every outcome.

        Parameters
        ----------
        name, title : str
            The study's name and its title for people.
        declared : str
            The text of its TOML file.
        tasks : iterable of mapping
            Facts of each task: ``id, data_hash, origin, structure, kind, metric, layout, n, d``.
        cells : sequence of Cell
            In the order of the report.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._translated(), self._db:
            self._db.execute(
                "INSERT INTO studies VALUES (?, ?, ?, ?) ON CONFLICT (name) "
                "DO UPDATE SET title = excluded.title, declared = excluded.declared",
                (name, title, declared, now),
            )
            self._db.executemany(
                f"INSERT OR REPLACE INTO tasks VALUES ({_marks(_TASK)})",
                ([json.dumps(t[c]) if c == "layout" else t[c] for c in _TASK] for t in tasks),
            )
            self._db.executemany(
                f"INSERT OR IGNORE INTO cells VALUES (?, {_marks(_CELL)})",
                ((c.key, *(getattr(c, column) for column in _CELL)) for c in sorted(cells, key=_key)),
            )
            self._db.execute("DELETE FROM study_cells WHERE study = ?", (name,))
            self._db.executemany(
                "INSERT INTO study_cells VALUES (?, ?, ?, ?)",
                sorted(((name, position, c.key, c.trial) for position, c in enumerate(cells)), key=_third),
            )

    def record(self, outcome: Outcome, *, replace: bool = False) -> bool:
        """Write one outcome in one transaction.

        Parameters
        ----------
        outcome : Outcome
            Of a cell that some study has declared.
        replace : bool
            Whether an outcome that is there already gives way (a retry).

        Returns
        -------
        bool
            False if there was one and it was kept.
        """
        row = [getattr(outcome, name) for name in _OUTCOME]
        row = [canonical_json(value) if isinstance(value, dict) else value for value in row]
        verb = "INSERT OR REPLACE" if replace else "INSERT OR IGNORE"
        with self._translated(), self._db:
            return self._db.execute(f"{verb} INTO outcomes VALUES ({_marks(_OUTCOME)})", row).rowcount > 0

    # ---- reading ----

    def studies(self) -> list[str]:
        """List the names of the studies, oldest first."""
        with self._translated():
            return [name for (name,) in self._db.execute("SELECT name FROM studies ORDER BY created, rowid")]

    def study(self, name: str) -> dict[str, Any]:
        """Read the declared settings of a study.

        Returns
        -------
        dict
            ``name``, ``title``, ``declared`` (the text of its file), ``created`` (UTC) and ``settings``
            (the text parsed).

        Raises
        ------
        StoreError
            If there is no such study.
        """
        with self._translated():
            row = self._db.execute("SELECT * FROM studies WHERE name = ?", (name,)).fetchone()
        if row is None:
            known = self.studies()
            raise StoreError(
                f"the study must be in the store {self.path}",
                got=repr(name),
                do=did_you_mean(name, known)
                + (f"it holds {', '.join(known)}" if known else "it is empty: run a study first"),
            )
        settings = dict(zip(("name", "title", "declared", "created"), row))
        return {**settings, "settings": tomllib.loads(settings["declared"])}

    def cells(self, study: str) -> list[Cell]:
        """List the cells of a study in their declared order."""
        self.study(study)
        query = f"""SELECT {", ".join(_CELL)}, trial FROM study_cells JOIN cells USING (key)
            WHERE study = ? ORDER BY position"""
        with self._translated():
            return [Cell(*row) for row in self._db.execute(query, (study,))]

    def tasks(self, study: str) -> list[dict[str, Any]]:
        """List the facts of a study's tasks, as they were given to :meth:`declare`."""
        query = f"""SELECT DISTINCT {", ".join(f"t.{name}" for name in _TASK)} FROM study_cells s
            JOIN cells c USING (key) JOIN tasks t ON t.id = c.task AND t.data_hash = c.data_hash
            WHERE s.study = ? ORDER BY t.id"""
        with self._translated():
            rows = [dict(zip(_TASK, row)) for row in self._db.execute(query, (study,))]
        return [{**row, "layout": json.loads(row["layout"])} for row in rows]

    def statuses(self, keys: Iterable[str]) -> dict[str, str]:
        """Look up the status of those of the cells that have an outcome."""
        with self._translated():
            done = dict(self._db.execute("SELECT key, status FROM outcomes"))
        return {key: done[key] for key in keys if key in done}

    def integrity(self) -> str:
        """Ask SQLite whether the file is whole: ``"ok"``, or what is wrong with it."""
        with self._translated():
            told = [row[0] for row in self._db.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
            told += [f"{row[0]} refers to nothing" for row in self._db.execute("PRAGMA foreign_key_check")]
        return "; ".join(told)[:500] or "ok"

    def costs(self) -> dict[tuple[str, str, str], float]:
        """Mean seconds of fitting and predicting, by (task, candidate, protocol), over all studies."""
        query = """SELECT task, candidate, protocol, avg(fit_seconds + coalesce(predict_seconds, 0))
            FROM outcomes JOIN cells USING (key) WHERE fit_seconds IS NOT NULL
            GROUP BY task, candidate, protocol"""
        with self._translated():
            return {tuple(key): seconds for *key, seconds in self._db.execute(query)}

    def frame(self, study: str) -> pd.DataFrame:
        """Read one row per cell of a study.

        A cell without outcome has the status ``"pending"``; one that the study's ``search_seconds`` leave out
        is :data:`benchmarks.budget.BEYOND`, also if another study ran it. A row of the advisor takes its
        scores from the cell of the family it advised (same task, fold and seed, default configuration), and
        its status too if that one failed; its ``fit_seconds`` are those of the advice and of that fit, the
        former kept in ``extra["advice_seconds"]``.

        Returns
        -------
        DataFrame
            With the columns :data:`COLUMNS`, in the declared order.
        """
        settings = self.study(study)["settings"]
        query = """SELECT s.key, c.task, t.origin, t.structure, t.kind, t.metric, c.candidate, c.config,
              s.trial, c.fold, c.seed, coalesce(o.status, 'pending'), coalesce(o.reason, ''), o.validation,
              o.test, o.fit_seconds, o.predict_seconds, o.peak_mb, coalesce(o.extra, '{}'),
              coalesce(o.environment, '{}'), coalesce(o.finished, '')
            FROM study_cells s JOIN cells c USING (key)
            JOIN tasks t ON t.id = c.task AND t.data_hash = c.data_hash
            LEFT JOIN outcomes o USING (key) WHERE s.study = ? ORDER BY s.position"""
        with self._translated():
            rows = self._db.execute(query, (study,)).fetchall()
        records = [dict(zip(COLUMNS, row)) for row in rows]
        for record in records:
            record["extra"], record["environment"] = (
                json.loads(record["extra"]),
                json.loads(record["environment"]),
            )
        mark_beyond(records, settings)
        resolve_advice(records)
        frame = pd.DataFrame(records, columns=COLUMNS)
        numbers = ["validation", "test", "fit_seconds", "predict_seconds", "peak_mb"]
        return frame.astype(dict.fromkeys(numbers, float))

    # ---- opening ----

    def _check(self) -> bool:
        """Whether there is a store; raises, having touched nothing, if there is something else."""
        if not self.path.exists():
            return False
        if self.path.is_dir():
            raise StoreError(
                "the store must be a file", got=f"the folder {self.path}", do="name a file in it"
            )
        with self.path.open("rb") as file:
            header = file.read(100)
        if not header:
            return False
        # SQLite's file format, section 1.3: offsets of the user version and the application id
        version, application = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))
        if not header.startswith(b"SQLite format 3\0") or application != APPLICATION:
            sqlite = header.startswith(b"SQLite format 3\0")
            found = "the SQLite database of another program" if sqlite else "another kind of file"
            raise StoreError(
                "the store must be a results store of this project",
                got=f"{found}: {self.path}",
                do="give another --store",
            )
        if version > VERSION:
            raise StoreError(
                f"the store must be of schema version {VERSION} or older",
                got=f"version {version} in {self.path}",
                do="update this project, or give another --store",
            )
        return True

    def _hold(self) -> None:
        whole = self.path.resolve()  # a link to the store is the same store
        path = whole.with_name(whole.name + ".lock")
        lock = filelock.FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            holder = path.read_text().strip() or "another process"
            raise StoreError(
                f"only one driver may write the store {self.path}",
                got=f"one that is held by {holder}",
                do="wait for it, stop it, or give another --store",
            ) from None
        path.write_text(f"process {os.getpid()}\n")
        self._lock = lock

    def _open_reader(self) -> sqlite3.Connection:
        uri = self.path.absolute().as_uri()
        if os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK):
            # with the right to write, what SQLite keeps beside the store goes when the last reader does
            db = sqlite3.connect(f"{uri}?mode=rw", uri=True, timeout=30)
            db.execute("PRAGMA query_only = ON")
            return db
        unwritten = not self.path.with_name(self.path.name + "-wal").exists()
        return sqlite3.connect(f"{uri}?mode=ro{'&immutable=1' * unwritten}", uri=True, timeout=30)

    def _open_writer(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=30)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            # 256 MiB at most: keys are hashes, so writes go everywhere
            db.execute("PRAGMA cache_size = -262144")
            if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                # before the journal changes, so that the file itself says at once what it is
                db.executescript(
                    f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION};"
                    f"PRAGMA user_version = {VERSION}; COMMIT;"
                )
            db.execute("PRAGMA journal_mode = WAL")  # readers are not in the way of a writer
            db.execute("PRAGMA synchronous = FULL")
        except BaseException:
            db.close()
            raise
        return db

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """One sentence for whatever the file system or SQLite has to say."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the store {self.path} must be a readable and writable SQLite file",
                got=f"{type(error).__name__}: {error}",
                do="check the place, the permissions and the free space, or give another --store; "
                "what was recorded before stays",
            ) from error


# a million rows go into a tree several times as fast in its order
_key, _third = operator.attrgetter("key"), operator.itemgetter(2)


def _marks(columns: Sequence[str]) -> str:
    return ", ".join("?" * len(columns))
