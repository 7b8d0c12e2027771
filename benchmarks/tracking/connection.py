"""A way to MLflow that is quick to say no: a database is looked at first, a server is asked once."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import StoreError
from advisor.mlflow_patience import FIRST, unless_set

if TYPE_CHECKING:
    from mlflow import MlflowClient

EMBEDDED = "sqlite:///"
# of the requests after the first, unless the environment says otherwise
_LATER = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}


def connect(uri: str) -> MlflowClient:
    """Open a tracking server or database, made if it is missing.

    A server takes its name and password, or token, from MLflow's own variables: ``MLFLOW_TRACKING_USERNAME``,
    ``MLFLOW_TRACKING_PASSWORD``, ``MLFLOW_TRACKING_TOKEN``.

    Parameters
    ----------
    uri : str
        MLflow tracking URI: ``"sqlite:///runs/mlflow.db"``, ``"https://mlflow.example.org"``.

    Returns
    -------
    MlflowClient
        That has had one answer.

    Raises
    ------
    StoreError
        If it cannot be reached within seconds, refuses, is corrupt, or was written by another version of
        MLflow.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    if uri.startswith(EMBEDDED):
        _check_database(Path(uri.removeprefix(EMBEDDED)), uri)
    try:
        from mlflow import MlflowClient

        for name in ("alembic", "mlflow"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # errors are told in one sentence
        with unless_set(FIRST):
            client = MlflowClient(tracking_uri=uri)
            client.search_experiments(max_results=1)  # makes the tables of a new database
        if uri.startswith(EMBEDDED):
            _write_ahead(Path(uri.removeprefix(EMBEDDED)))
    except Exception as error:
        raise unusable(uri, error) from error
    return client


@contextmanager
def patient() -> Iterator[None]:
    """Let MLflow try a few times within a minute or so, where the environment does not say how long."""
    with unless_set(_LATER):
        yield


def _write_ahead(path: Path) -> None:
    """Let SQLite append to a log: a run is a handful of transactions, and each waits for the disk."""
    with closing(sqlite3.connect(path, timeout=20)) as db:
        db.execute("PRAGMA journal_mode = WAL")  # the file remembers it


def checkpoint(uri: str) -> None:
    """Put all that was written into the database file itself, so that a copy of it is whole."""
    if uri.startswith(EMBEDDED):
        with closing(sqlite3.connect(uri.removeprefix(EMBEDDED), timeout=20)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _check_database(path: Path, uri: str) -> None:
    """Refuse what MLflow would retry on for minutes, or touch."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            revisions = (
                db.execute("SELECT version_num FROM alembic_version") if "alembic_version" in tables else ()
            )
            found = [revision for (revision,) in revisions]
    except (OSError, sqlite3.Error) as error:
        raise unusable(uri, error) from error
    if not tables:
        return
    import mlflow
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    known = {revision.revision for revision in script.walk_revisions()}
    head = script.get_current_head()
    if found == [head]:
        return
    if found and set(found) <= known:
        got, do = "one of an older version", f"copy it, then run: mlflow db upgrade {uri}"
    elif found:
        got, do = "one of a newer version", "update mlflow, or move the database away and log again"
    else:
        got, do = "another program's database", "move it away and log again"
    raise StoreError(
        f"the MLflow database {path} must be of the installed version {mlflow.__version__}",
        got=f"{got} (revision {', '.join(found) or 'none'})",
        do=f"{do}; the results are safe in the store",
    )


def unusable(uri: str, error: Exception) -> StoreError:
    """Say in one sentence why MLflow cannot be used."""
    if isinstance(error, StoreError):
        return error
    text = " ".join(f"{type(error).__name__}: {error}".split())
    if uri.startswith(EMBEDDED) and re.search(r"\b(locked|busy)\b", text):
        do = "wait for what writes to it, or stop it"
    elif uri.startswith(EMBEDDED):
        do = "repair it or move it away"
    elif re.search(r"\b(401|403)\b|not authenticated|permission", text, re.IGNORECASE):
        do = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
    else:
        do = "start it or correct MLFLOW_TRACKING_URI"
    return StoreError(
        f"MLflow must be able to use {shown(uri)}",
        got=shown(text)[:300],
        do=f"{do}, then log again; the results are safe in the store",
    )


def shown(text: str) -> str:
    """Text without the password that an address in it may hold."""
    return re.sub(r"://[^/@\s]+@", "://…@", text)
