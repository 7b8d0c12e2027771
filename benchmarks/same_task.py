"""Outcomes are of what a task was: a store refuses one that has changed under them.

Neither the key of a cell nor the hash of the data says of which kind a task is, what it is judged by, or
which splits come with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from advisor.errors import StoreError

GIVEN = '"name":"openml"'  # in a cell's protocol: its rows are those of the splits that come with the task


def refuse_another(db: sqlite3.Connection, task: Mapping[str, Any]) -> None:
    """Refuse a task with outcomes that is of another kind, metric or layout now.

    Raises
    ------
    StoreError
        If it is; it says what has changed.
    """
    facts = ("kind", "metric", "layout")
    where = (task["id"], task["data_hash"])
    query = f"SELECT {', '.join(facts)} FROM tasks WHERE id = ? AND data_hash = ?"
    before = db.execute(query, where).fetchone()
    if before is None or before == tuple(task[name] for name in facts):
        return
    query = "SELECT 1 FROM cells JOIN outcomes USING (key) WHERE task = ? AND data_hash = ? LIMIT 1"
    if db.execute(query, where).fetchone() is not None:
        changed = {n: old for n, old in zip(facts, before) if old != task[n]}
        told = ", ".join(f"{n} {task[n]} where it was {old}" for n, old in changed.items())
        raise StoreError(
            f"the task {task['id']} must be what it was when its outcomes were had",
            got=told,
            do="give another --store, or the task another name",
        )


def keep_splits(db: sqlite3.Connection, task: str, data_hash: str, splits: str) -> None:
    """Keep the hash of the splits that come with a task; refuse others than those of its outcomes.

    Raises
    ------
    StoreError
        If outcomes were had with other splits.
    """
    query = "SELECT hash FROM splits WHERE task = ? AND data_hash = ?"
    before = db.execute(query, (task, data_hash)).fetchone()
    query = """SELECT 1 FROM cells JOIN outcomes USING (key)
        WHERE task = ? AND data_hash = ? AND instr(protocol, ?) LIMIT 1"""
    changed = before not in (None, (splits,))
    if changed and db.execute(query, (task, data_hash, GIVEN)).fetchone() is not None:
        raise StoreError(
            f"the splits of {task} must be those that its outcomes were had with ({before[0]})",
            got=splits,
            do="give another --store",
        )
    db.execute("INSERT OR REPLACE INTO splits VALUES (?, ?, ?)", (task, data_hash, splits))
