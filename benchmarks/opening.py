"""Opens the file of a store: what it must be, who may write it, and its tables."""

from __future__ import annotations

import errno
import os
import socket
import sqlite3
from pathlib import Path

import filelock

from advisor.errors import StoreError

VERSION = 1
APPLICATION = 0x41524341  # "ARCA": tells our files from other SQLite databases

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
# nobody needs these to read results, so a store without them is of the same version; a writer adds them
_ADDED = """
CREATE TABLE IF NOT EXISTS missing (
  study TEXT NOT NULL REFERENCES studies, task TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (study, task));
CREATE TABLE IF NOT EXISTS files (
  study TEXT NOT NULL REFERENCES studies, path TEXT NOT NULL, candidate TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (study, path, candidate));
CREATE TABLE IF NOT EXISTS labels (
  study TEXT NOT NULL REFERENCES studies, candidate TEXT NOT NULL, title TEXT NOT NULL,
  model_kind TEXT NOT NULL, PRIMARY KEY (study, candidate));
CREATE TABLE IF NOT EXISTS splits (
  task TEXT NOT NULL, data_hash TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (task, data_hash));
CREATE TABLE IF NOT EXISTS identity AS SELECT lower(hex(randomblob(8))) AS id;
"""


def check(path: Path) -> bool:
    """Whether there is a store.

    Raises
    ------
    StoreError
        If there is something else; nothing was touched.
    """
    if not path.exists():
        return False
    if path.is_dir():
        raise StoreError("the store must be a file", got=f"the folder {path}", do="name a file in it")
    with path.open("rb") as file:
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
            got=f"{found}: {path}",
            do="give another --store",
        )
    if version > VERSION:
        raise StoreError(
            f"the store must be of schema version {VERSION} or older",
            got=f"version {version} in {path}",
            do="update this project, or give another --store",
        )
    return True


def hold(path: Path) -> filelock.BaseFileLock:
    """Take the lock of the one writer.

    Raises
    ------
    StoreError
        If another process holds it, which is named, or the place knows no locks.
    """
    whole = path.resolve()  # a link to the store is the same store
    beside = whole.with_name(whole.name + ".lock")
    # a lock that only means that a file exists would outlive its holder
    lock = filelock.FileLock(beside, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        holder = beside.read_text().strip() or "another process"
        raise StoreError(
            f"only one driver may write the store {path}",
            got=f"one that is held by {holder}",
            do="wait for it, stop it, or give another --store",
        ) from None
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP):
            raise
        raise StoreError(
            f"the place of the store {path} must be able to lock files",
            got=error.strerror or str(error),
            do="give a --store on a disk of this machine, and copy it when the run has ended",
        ) from error
    beside.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
    return lock


def identity(db: sqlite3.Connection) -> str:
    """What tells a store from others, wherever it lies; empty if no writer has given it one yet."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'identity'").fetchone() is None:
        return ""
    (found,) = db.execute("SELECT id FROM identity").fetchone()
    return str(found)


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a store that nothing is written to."""
    uri = path.absolute().as_uri()
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        # with the right to write, what SQLite keeps beside the store goes when the last reader does
        db = sqlite3.connect(f"{uri}?mode=rw", uri=True, timeout=30)
        db.execute("PRAGMA query_only = ON")
        return db
    unwritten = not path.with_name(path.name + "-wal").exists()
    return sqlite3.connect(f"{uri}?mode=ro{'&immutable=1' * unwritten}", uri=True, timeout=30)


def open_writer(path: Path) -> sqlite3.Connection:
    """Open a store to write to it; its tables are made where they are missing."""
    db = sqlite3.connect(path, timeout=30)
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
        db.executescript(f"BEGIN; {_ADDED} COMMIT;")
    except BaseException:
        db.close()
        raise
    return db
