"""The store: every study, cell and outcome in one SQLite file, the only source of truth."""

from __future__ import annotations

import json
import operator
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
from benchmarks.opening import VERSION as VERSION
from benchmarks.opening import check, hold, identity, open_reader, open_writer
from benchmarks.same_task import GIVEN, keep_splits, refuse_another

COLUMNS = (
    *("key", "task", "origin", "structure", "kind", "metric", "candidate", "config", "trial", "fold", "seed"),
    *("status", "reason", "validation", "test", "fit_seconds", "predict_seconds", "peak_mb"),
    *("extra", "environment", "finished"),
)
_CELL = ("task", "data_hash", "candidate", "config", "fold", "seed", "protocol")
_OUTCOME = tuple(f.name for f in fields(Outcome))
_NUMBERS = ("validation", "test", "fit_seconds", "predict_seconds", "peak_mb")
_TASK = ("id", "data_hash", "origin", "structure", "kind", "metric", "layout", "n", "d")


class Store:
    """Studies, cells and outcomes in one file.

    What any store promises, and ``tests/benchmarks/store_conformance.py`` checks:

    - One writer: a second one is told who holds the store; a lock left by a killed process counts for
      nothing.
    - Any number of readers, also while a writer works, each seeing a consistent state and changing nothing.
    - An outcome is written entirely or not at all, and once ``record`` has returned it survives the process.
    - A recorded outcome is replaced only if asked; outcomes are never deleted, also when a study changes.
    - A cell belongs to its content: studies that declare the same cell share its outcome.
    - What is known of a task does not change under its outcomes.
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
            exists = check(self.path)
            if not exists and not writable:
                raise StoreError(
                    "a results store must exist",
                    got=f"no file {self.path}",
                    do="run a study first: python -m benchmarks run benchmarks/studies/starter.toml",
                )
            if writable:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = hold(self.path)
                try:
                    self._db = open_writer(self.path)
                except BaseException:
                    self._lock.release()
                    raise
            else:
                self._db = open_reader(self.path)

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
        missing: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, str]] | None = None,
        labels: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """Say which cells a study consists of; declaring it again replaces the list and keeps every outcome.

        Parameters
        ----------
        name, title : str
            The study's name and its title for people.
        declared : str
            The text of its TOML file.
        tasks : iterable of mapping
            Facts of each task: ``id, data_hash, origin, structure, kind, metric, layout, n, d``; and
            ``splits_hash`` where it comes with splits.
        cells : sequence of Cell
            In the order of the report.
        missing : mapping of str to str
            Why the other tasks that were asked for cannot be had.
        files : mapping of str to (str, str)
            Name and text of the candidates of the user's own, by path.
        labels : mapping of str to (str, str)
            Title and kind of model ("trees", "network", "other") of candidates.

        Raises
        ------
        StoreError
            If a task with outcomes is of another kind, metric or layout now, or comes with other splits
            than outcomes on them were had with; then nothing has changed.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        given = {(cell.task, cell.data_hash) for cell in cells if GIVEN in cell.protocol}
        with self._translated(), self._db:
            self._db.execute(
                "INSERT INTO studies VALUES (?, ?, ?, ?) ON CONFLICT (name) "
                "DO UPDATE SET title = excluded.title, declared = excluded.declared",
                (name, title, declared, now),
            )
            for task in tasks:
                row = {c: json.dumps(task[c]) if c == "layout" else task[c] for c in _TASK}
                refuse_another(self._db, row)
                if (task["id"], task["data_hash"]) in given and task.get("splits_hash"):
                    keep_splits(self._db, task["id"], task["data_hash"], task["splits_hash"])
                self._db.execute(f"INSERT OR REPLACE INTO tasks VALUES ({_marks(_TASK)})", list(row.values()))
            self._db.executemany(
                f"INSERT OR IGNORE INTO cells VALUES (?, {_marks(_CELL)})",
                ((c.key, *(getattr(c, column) for column in _CELL)) for c in sorted(cells, key=_key)),
            )
            self._db.execute("DELETE FROM study_cells WHERE study = ?", (name,))
            self._db.executemany(
                "INSERT INTO study_cells VALUES (?, ?, ?, ?)",
                sorted(((name, position, c.key, c.trial) for position, c in enumerate(cells)), key=_third),
            )
            self._db.execute("DELETE FROM missing WHERE study = ?", (name,))
            self._db.executemany(
                "INSERT INTO missing VALUES (?, ?, ?)", ((name, *row) for row in (missing or {}).items())
            )
            self._db.executemany(  # what was declared before stays: outcomes of it are there
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                ((name, path, *of) for path, of in (files or {}).items()),
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?)",
                ((name, candidate, *label) for candidate, label in (labels or {}).items()),
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

    @property
    def identity(self) -> str:
        """What tells this store from others, wherever it lies; empty until a writer has given it one."""
        with self._translated():
            return identity(self._db)

    def studies(self) -> list[str]:
        """List the names of the studies, oldest first."""
        with self._translated():
            return [name for (name,) in self._db.execute("SELECT name FROM studies ORDER BY created, rowid")]

    def study(self, name: str) -> dict[str, Any]:
        """Read the declared settings of a study.

        Returns
        -------
        dict
            ``name``, ``title``, ``declared`` (the text of its file), ``created`` (UTC), ``settings``
            (the text parsed), ``missing`` (why tasks could not be had when it was declared, by task) and
            ``labels`` (title and kind of model, by candidate; none if an older version wrote it).

        Raises
        ------
        StoreError
            If there is no such study, or its text is damaged.
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
        told = dict(zip(("name", "title", "declared", "created"), row))
        with self._readable(f"the text of the study {name!r}"):
            settings = tomllib.loads(told["declared"])
        missing = self._added("SELECT task, reason FROM missing WHERE study = ? ORDER BY rowid", name)
        labels = self._added("SELECT candidate, title, model_kind FROM labels WHERE study = ?", name)
        return {
            **told,
            "settings": settings,
            "missing": dict(missing),
            "labels": {candidate: tuple(label) for candidate, *label in labels},
        }

    def files(self, study: str) -> dict[str, str]:
        """Read the text of each candidate of the user's own, by path, as it was declared last."""
        return dict(self._added("SELECT path, text FROM files WHERE study = ? ORDER BY rowid", study))

    def _added(self, query: str, study: str) -> list[Any]:
        """Rows of a table that a store which was written by an older version does not have."""
        with self._translated():
            names = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master")}
            table = query.split(" FROM ")[1].split()[0]
            return self._db.execute(query, (study,)).fetchall() if table in names else []

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
        for row in rows:
            with self._readable(f"the layout of the task {row['id']}"):
                row["layout"] = json.loads(row["layout"])
        return rows

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

        Raises
        ------
        StoreError
            If there is no such study, or an outcome is damaged, which is named.
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
            with self._readable(f"the outcome of the cell {record['key']}"):
                for name in ("extra", "environment"):
                    record[name] = dict(json.loads(record[name]))
                for name in _NUMBERS:
                    record[name] = None if record[name] is None else float(record[name])
        mark_beyond(records, settings)
        resolve_advice(records)
        frame = pd.DataFrame(records, columns=COLUMNS)
        return frame.astype(dict.fromkeys(_NUMBERS, float))

    # ---- errors ----

    @contextmanager
    def _readable(self, what: str) -> Iterator[None]:
        """Name what is damaged, where SQLite itself sees nothing wrong."""
        try:
            yield
        except (ValueError, TypeError) as error:
            raise StoreError(
                f"the store {self.path} must be as it was written",
                got=f"{what} with {type(error).__name__}: {error}",
                do="take a copy from before; an outcome that is deleted from it runs again",
            ) from error

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
