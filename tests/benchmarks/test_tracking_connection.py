"""Databases and servers of MLflow that must not be touched, or cannot be used, are told as what they are."""

import os
import socket
import sqlite3
import time

import pytest

from advisor.errors import StoreError
from benchmarks import tracking
from benchmarks.tracking import connection

# MLflow 3.17 maps a relation in a way that SQLAlchemy 2.1 is about to drop (2026-11; until MLflow stops)
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A database of the installed MLflow; making it takes seconds."""
    place = tmp_path_factory.mktemp("runs") / "mlflow.db"
    tracking.connect(f"sqlite:///{place}").create_experiment("s")
    return place


@pytest.fixture
def damaged(untouched, tmp_path):
    """A copy of the database that a test may spoil."""
    copy = tmp_path / "mlflow.db"
    copy.write_bytes(untouched.read_bytes())
    return copy


def refused(database, match):
    before = database.read_bytes()
    with pytest.raises(StoreError, match=match) as caught:
        tracking.connect(f"sqlite:///{database}")
    assert "the results are safe in the store" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert database.read_bytes() == before


def set_revision(database, revision):
    with sqlite3.connect(database) as db:
        db.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    db.close()


def test_a_database_of_a_newer_mlflow(damaged):
    set_revision(damaged, "ffffffffffff")
    refused(damaged, r"of the installed version .*, got one of a newer version \(revision ffffffffffff\)")


def test_a_database_of_an_older_mlflow(damaged):
    set_revision(damaged, "451aebb31d03")  # of MLflow 1.0
    refused(damaged, r"got one of an older version.*mlflow db upgrade")


def test_a_database_of_something_else(tmp_path):
    with sqlite3.connect(tmp_path / "mlflow.db") as db:
        db.execute("CREATE TABLE x (y)")
    db.close()
    refused(tmp_path / "mlflow.db", "another program's database")


def test_a_corrupt_database(tmp_path):
    (tmp_path / "mlflow.db").write_text("no database" * 1_000)
    refused(tmp_path / "mlflow.db", "file is not a database")


def test_a_place_that_cannot_be_used(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="MLflow must be able to use"):
        tracking.connect(f"sqlite:///{tmp_path}/file/mlflow.db")


def test_a_server_that_is_away():
    with pytest.raises(StoreError, match=r"MLflow must be able to use http://127\.0\.0\.1:9"):
        tracking.connect("http://127.0.0.1:9")


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch):
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    assert int(connection.FIRST["MLFLOW_HTTP_REQUEST_TIMEOUT"]) <= 10
    monkeypatch.setitem(connection.FIRST, "MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        start = time.monotonic()
        with pytest.raises(StoreError, match="start it or correct MLFLOW_TRACKING_URI"):
            tracking.connect(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert time.monotonic() - start < 30  # one second, and what a busy machine takes to import MLflow
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ


def test_a_database_that_is_locked_is_not_to_be_moved():
    told = str(connection.unusable("sqlite:///x.db", sqlite3.OperationalError("database is locked")))
    assert "wait for what writes to it, or stop it, then log again" in told
    assert "move" not in told


def test_a_password_in_an_address_is_not_told():
    told = str(connection.unusable("https://ann:secret@host/x", OSError("at https://ann:secret@host/x")))
    assert "secret" not in told
    assert "https://…@host/x" in told
