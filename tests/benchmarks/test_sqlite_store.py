"""The SQLite store keeps the promises of a store, and refuses every file that is not one."""

import errno
import fcntl
import os
import sqlite3
import warnings

import pytest

from advisor.errors import StoreError
from benchmarks.cell import Outcome
from benchmarks.store import COLUMNS, VERSION, Store
from tests.benchmarks.store_conformance import StoreConformance, cell, declare


class TestStore(StoreConformance):
    source = "from benchmarks.store import Store as open_store"

    def open(self, path, *, writable=False):
        return Store(path, writable=writable)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store.sqlite"
    with Store(path, writable=True) as store:
        declare(store, [cell()])
        store.record(Outcome(cell().key, "ok", test=0.5))
    return path


def refused(path, match):
    before = {p: p.read_bytes() for p in path.parent.iterdir()}
    for writable in (False, True):
        with pytest.raises(StoreError, match=match):
            Store(path, writable=writable)
    assert {p: p.read_bytes() for p in path.parent.iterdir()} == before


def test_a_newer_schema_is_refused_unchanged(path):
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    refused(path, f"of schema version {VERSION} or older, got version {VERSION + 1}")


def test_a_file_that_is_no_database_is_refused_unchanged(tmp_path):
    (tmp_path / "store.sqlite").write_text("key,score\n1,2\n" * 1_000)
    refused(tmp_path / "store.sqlite", "another kind of file")


def test_the_database_of_another_program_is_refused_unchanged(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE studies (name TEXT)")
    db.close()
    refused(tmp_path / "other.db", "SQLite database of another program")


def test_a_truncated_store_is_refused(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match="malformed"):
        Store(path).frame("study")


def test_an_empty_file_becomes_a_store(tmp_path):
    (tmp_path / "store.sqlite").touch()
    with Store(tmp_path / "store.sqlite", writable=True) as store:
        assert store.studies() == []


def test_a_disk_that_is_full_is_one_sentence(path):
    with Store(path, writable=True) as store:
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        cells = [cell(fold=fold) for fold in range(1_000)]
        with pytest.raises(StoreError, match="full"):
            declare(store, cells)
        assert store.cells("study") == [cell()]
        assert store.frame("study").loc[0, "test"] == 0.5


def test_a_disk_that_fills_while_outcomes_are_recorded_loses_none(path):
    cells = [cell(fold=fold) for fold in range(1_000)]
    large = {"text": "x" * 1_000}
    with Store(path, writable=True) as store:
        declare(store, cells)
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages + 5}")
        recorded = {cells[0].key: 0.5}  # by the fixture

        def fill():
            for place, one in enumerate(cells[1:]):
                store.record(Outcome(one.key, "ok", test=float(place), extra=large))
                recorded[one.key] = float(place)

        with pytest.raises(StoreError, match="database or disk is full"):
            fill()
        assert 1 < len(recorded) < len(cells)
        with Store(path) as reader:
            assert reader.integrity() == "ok"
            frame = reader.frame("study").set_index("key")
        assert frame["test"].dropna().to_dict() == recorded
        assert (frame.loc[list(recorded), "status"] == "ok").all()

        store._db.execute(f"PRAGMA max_page_count = {pages + 5_000}")  # somebody has made room
        for one in cells[len(recorded) :]:
            assert store.record(Outcome(one.key, "ok", test=1.0, extra=large))
        assert (store.frame("study")["status"] == "ok").all()


def test_an_outcome_of_an_undeclared_cell_is_refused(path):
    with Store(path, writable=True) as store, pytest.raises(StoreError, match="FOREIGN KEY"):
        store.record(Outcome("unknown", "ok"))


def test_columns_are_those_promised(path):
    with Store(path) as store:
        assert tuple(store.frame("study").columns) == COLUMNS


def test_costs_are_means_over_configurations(path):
    with Store(path, writable=True) as store:
        cells = [cell("gbt", fold=1), cell("gbt", fold=2), cell("cnn")]
        declare(store, cells)
        store.record(Outcome(cells[0].key, "ok", fit_seconds=1.0, predict_seconds=1.0))
        store.record(Outcome(cells[1].key, "diverged", "NaN", fit_seconds=4.0))
        store.record(Outcome(cells[2].key, "timeout", "stopped"))
        assert store.costs() == {(cells[0].task, "gbt", "{}"): 3.0}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("extra = '{'", "JSONDecodeError"),
        ("extra = '3'", "TypeError"),
        ("environment = 'null'", "TypeError"),
        ("test = 'half'", "could not convert"),
    ],
)
def test_an_outcome_that_is_damaged_is_named(path, change, told):
    with sqlite3.connect(path) as db:
        db.execute(f"UPDATE outcomes SET {change}")
    db.close()
    with Store(path) as store, pytest.raises(StoreError, match=f"outcome of the cell {cell().key} .*{told}"):
        store.frame("study")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE studies SET declared = 'name ='", "the text of the study 'study'"),
        ("UPDATE tasks SET layout = '['", "the layout of the task file:t.csv"),
    ],
)
def test_what_else_is_damaged_is_named(path, change, told):
    with sqlite3.connect(path) as db:
        db.execute(change)
    db.close()
    with Store(path) as store, pytest.raises(StoreError, match=told):
        store.study("study") and store.tasks("study")


def test_advice_without_a_family_is_an_error_in_the_frame(path):
    with Store(path, writable=True) as store:
        declare(store, [cell("advisor")])
        store.record(Outcome(cell("advisor").key, "ok", fit_seconds=1.0))
        assert store.frame("study").loc[0, "reason"].startswith("it advised nothing")


def test_a_store_of_an_older_version_is_read_and_goes_on(path):
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE missing")
        db.execute("DROP TABLE files")
        db.execute("DROP TABLE labels")
    db.close()
    with Store(path) as store:
        assert store.study("study")["missing"] == store.study("study")["labels"] == store.files("study") == {}
        assert store.frame("study").loc[0, "test"] == 0.5
    with Store(path, writable=True) as store:
        store.declare(
            "study", title="S", declared='name = "study"', tasks=[], cells=[cell()], missing={"t": "gone"}
        )
        assert store.study("study")["missing"] == {"t": "gone"}


def test_a_place_without_locks_is_refused(path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that of a lock which is none
        with pytest.raises(StoreError, match="must be able to lock files, got Function not implemented"):
            Store(path, writable=True)
    assert Store(path).frame("study").loc[0, "test"] == 0.5
