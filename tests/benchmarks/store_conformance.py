"""What every store must pass: subclass :class:`StoreConformance` in a test file and say how to open one."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.errors import StoreError
from benchmarks.cell import Cell, Outcome

ROOT = Path(__file__).parents[2]
TASK = {
    "id": "file:t.csv?target=y",
    "data_hash": "aa",
    "origin": "t",
    "structure": "tabular",
    "kind": "regression",
    "metric": "r2",
    "layout": [3],
    "n": 10,
    "d": 3,
}


def cell(candidate="gbt", *, fold=0, seed=0, config="{}", trial=0):
    return Cell(TASK["id"], "aa", candidate, config, fold, seed, "{}", trial)


def declare(store, cells, *, name="study"):
    text = f'name = "{name}"'
    store.declare(name, title=name.title(), declared=text, tasks=[TASK], cells=cells)


class StoreConformance:
    """One test per promise of :class:`benchmarks.store.Store`."""

    #: source that defines `open_store(path, *, writable)`
    source = ""

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "runs" / "store"

    def open(self, path, *, writable=False):
        """Open the store to test."""
        raise NotImplementedError

    def test_what_was_recorded_comes_back(self, path):
        cells = [cell("gbt"), cell("gbt", config='{"depth":3}', trial=1), cell("dummy")]
        given = Outcome(
            cells[0].key, "ok", "", 0.25, 0.5, 1.5, 0.125, 10.0, {"a": [1, "ü"]}, {"cpu": "c"}, "2026-01-01"
        )
        with self.open(path, writable=True) as store:
            declare(store, cells)
            assert store.record(given)
            assert store.record(Outcome(cells[2].key, "timeout", "stopped after 5 s"))
        with self.open(path) as store:
            assert store.studies() == ["study"]
            assert store.study("study")["settings"] == {"name": "study"}
            assert store.cells("study") == cells
            assert [c.trial for c in store.cells("study")] == [0, 1, 0]
            assert store.tasks("study") == [TASK]
            assert store.statuses(c.key for c in cells) == {cells[0].key: "ok", cells[2].key: "timeout"}
            frame = store.frame("study")
        row = frame.iloc[0].to_dict()
        for name in (
            "validation",
            "test",
            "fit_seconds",
            "predict_seconds",
            "peak_mb",
            "extra",
            "environment",
        ):
            assert row[name] == getattr(given, name)
        assert list(frame["status"]) == ["ok", "pending", "timeout"]
        assert list(frame["trial"]) == [0, 1, 0]
        assert frame["test"].isna().tolist() == [False, True, True]
        assert frame.loc[2, "reason"] == "stopped after 5 s"
        assert set(frame["origin"]) == {"t"}

    def test_an_outcome_is_replaced_only_if_asked(self, path):
        with self.open(path, writable=True) as store:
            declare(store, [cell()])
            store.record(Outcome(cell().key, "error", "first"))
            assert not store.record(Outcome(cell().key, "ok", test=1.0))
            assert store.frame("study").loc[0, "reason"] == "first"
            assert store.record(Outcome(cell().key, "ok", test=1.0), replace=True)
            assert store.frame("study").loc[0, "status"] == "ok"

    def test_a_study_that_changes_keeps_its_outcomes(self, path):
        with self.open(path, writable=True) as store:
            declare(store, [cell("gbt"), cell("dummy")])
            store.record(Outcome(cell("gbt").key, "ok", test=0.5))
            declare(store, [cell("dummy")])
            assert list(store.frame("study")["candidate"]) == ["dummy"]
            declare(store, [cell("dummy"), cell("gbt")])
            assert list(store.frame("study")["status"]) == ["pending", "ok"]

    def test_a_task_does_not_change_under_its_outcomes(self, path):
        with self.open(path, writable=True) as store:
            declare(store, [cell()])
            other = {"title": "S", "declared": 'name = "s"', "cells": [cell()]}
            store.declare("s", tasks=[TASK | {"layout": [1, 3]}], **other)  # nothing was had from it
            store.record(Outcome(cell().key, "ok", test=0.5))
            store.declare("s", tasks=[TASK | {"layout": [1, 3], "origin": "u", "n": 11}], **other)
            for change in ({"kind": "classification"}, {"metric": "accuracy"}, {"layout": None}):
                (name,) = change
                with pytest.raises(StoreError, match=rf"t\.csv.* must be what it was .* got .*{name} "):
                    store.declare("new", tasks=[TASK | {"layout": [1, 3]} | change], **other)
            assert store.studies() == ["study", "s"]
            assert store.tasks("s") == [TASK | {"layout": [1, 3], "origin": "u", "n": 11}]

    def test_splits_that_come_with_a_task_do_not_change_under_their_outcomes(self, path):
        own, given = cell(), replace(cell(), protocol='{"max_train":9,"name":"openml"}')
        known = {"title": "S", "declared": 'name = "s"'}
        with self.open(path, writable=True) as store:
            store.declare("s", tasks=[TASK | {"splits_hash": "1"}], cells=[given], **known)
            store.declare("s", tasks=[TASK | {"splits_hash": "2"}], cells=[own, given], **known)
            store.record(Outcome(own.key, "ok", test=0.5))
            store.declare(
                "s", tasks=[TASK | {"splits_hash": "3"}], cells=[given], **known
            )  # still no outcome
            store.record(Outcome(given.key, "ok", test=0.5))
            store.declare("s", tasks=[TASK | {"splits_hash": "3"}], cells=[own, given], **known)
            with pytest.raises(StoreError, match=r"splits of file:t.* had with \(3\), got 4: give another"):
                store.declare("s", tasks=[TASK | {"splits_hash": "4"}], cells=[given], **known)
            store.declare("own", tasks=[TASK | {"splits_hash": "4"}], cells=[own], **known)  # uses none

    def test_what_is_missing_and_what_is_the_users_own_is_kept_with_the_study(self, path):
        known = {"title": "S", "declared": 'name = "s"', "tasks": [TASK], "cells": [cell()]}
        with self.open(path, writable=True) as store:
            declare(store, [cell()])
            files = {"a.py": ("a@1", "x = 1"), "b.py": ("b@1", "")}
            store.declare("s", missing={"file:gone.csv": "no such file"}, files=files, **known)
            assert store.study("study")["missing"] == store.files("study") == {}
            assert store.study("s")["missing"] == {"file:gone.csv": "no such file"}
            assert store.files("s") == {"a.py": "x = 1", "b.py": ""}
            store.declare("s", files={"a.py": ("a@2", "x = 2")}, **known)
            assert store.study("s")["missing"] == {}
            assert store.files("s")["a.py"] == "x = 2"
            store.declare("s", files={"a.py": ("a@1", "x = 1")}, **known)
            assert store.files("s")["a.py"] == "x = 1"

    def test_how_candidates_are_shown_is_kept_with_the_study(self, path):
        known = {"title": "S", "declared": 'name = "s"', "tasks": [TASK], "cells": [cell()]}
        with self.open(path, writable=True) as store:
            declare(store, [cell()])
            store.declare("s", labels={"gbt": ("Trees", "other"), "a@1": ("A", "network")}, **known)
            store.declare("s", labels={"gbt": ("Boosted trees", "trees")}, **known)
            assert store.study("s")["labels"] == {"gbt": ("Boosted trees", "trees"), "a@1": ("A", "network")}
            assert store.study("study")["labels"] == {}

    def test_studies_share_the_outcome_of_a_cell(self, path):
        with self.open(path, writable=True) as store:
            declare(store, [cell()], name="one")
            declare(store, [cell("dummy"), cell()], name="two")
            store.record(Outcome(cell().key, "ok", test=0.5))
            assert store.frame("one").loc[0, "test"] == store.frame("two").loc[1, "test"] == 0.5

    def test_readers_see_what_a_writer_has_recorded(self, path):
        with self.open(path, writable=True) as store:
            declare(store, [cell(), cell("dummy")])
            with self.open(path) as reader:
                for one in (cell(), cell("dummy")):
                    store.record(Outcome(one.key, "ok"))
                    assert reader.statuses([one.key]) == {one.key: "ok"}

    def test_a_reader_writes_nothing(self, path):
        with self.open(path, writable=True) as store:
            declare(store, [cell()])
        with self.open(path) as reader, pytest.raises(StoreError):
            reader.record(Outcome(cell().key, "ok"))

    def test_a_second_writer_is_told_who_holds_it(self, path):
        writer = self.start("import time; print('open', flush=True); time.sleep(60)", path)
        try:
            assert writer.stdout.readline() == "open\n"
            with pytest.raises(StoreError, match=f"held by process {writer.pid}"):
                self.open(path, writable=True)
            link = path.with_name("link.sqlite")
            link.symlink_to(path)
            with pytest.raises(StoreError, match=f"held by process {writer.pid}"):
                self.open(link, writable=True)
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            self.open(path, writable=True).close()
        finally:
            writer.kill()
            writer.communicate()

    def test_what_was_recorded_survives_a_kill(self, path):
        writer = self.start(
            """
import itertools
from benchmarks.cell import Outcome
from tests.benchmarks.store_conformance import cell, declare
cells = [cell(fold=fold) for fold in range(5_000)]
declare(store, cells)
for one in cells:
    store.record(Outcome(one.key, "ok", test=0.5, extra={"a": "b" * 100}))
    print(one.key, flush=True)
""",
            path,
        )
        try:
            told = [writer.stdout.readline().strip() for _ in range(200)]
            writer.kill()
            told += writer.stdout.read().split()
            with self.open(path, writable=True) as store:
                done = store.statuses(c.key for c in store.cells("study"))
            # the last line may have been cut
            assert set(told[:-1]) <= set(done)
            assert len(done) <= len(told) + 1
            assert len(done) < 5_000
        finally:
            writer.kill()
            writer.communicate()

    def test_unknown_study(self, path):
        with self.open(path, writable=True) as store:
            declare(store, [cell()], name="starter")
            with pytest.raises(StoreError, match="did you mean 'starter'"):
                store.frame("startr")

    def test_a_store_that_is_not_there(self, path):
        with pytest.raises(StoreError, match="no file"):
            self.open(path)
        assert not path.parent.exists()

    def test_a_folder_is_no_store(self, tmp_path):
        for writable in (False, True):
            with pytest.raises(StoreError, match="folder"):
                self.open(tmp_path, writable=writable)
        assert list(tmp_path.iterdir()) == []

    def test_a_place_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(StoreError):
            self.open(tmp_path / "file" / "store", writable=True)
        with pytest.raises(StoreError):
            self.open("/proc/store", writable=True)

    def test_the_advisor_takes_the_score_of_the_family_it_advised(self, path):
        advised = [cell("advisor", fold=fold) for fold in range(4)]
        families = [cell("cnn", fold=fold) for fold in range(3)]
        with self.open(path, writable=True) as store:
            declare(store, [*advised, *families])
            for one in advised:
                told = {"recommendation": "cnn"} if one.fold < 3 else {"recommendation": "lstm"}
                store.record(Outcome(one.key, "ok", fit_seconds=1.0, extra=told))
            store.record(Outcome(families[0].key, "ok", "", 0.25, 0.5, 2.0, 0.5))
            store.record(Outcome(families[1].key, "timeout", "stopped after 5 s"))
            frame = store.frame("study").iloc[:4]
        assert list(frame["status"]) == ["ok", "timeout", "pending", "error"]
        assert frame.loc[0, ["validation", "test", "fit_seconds"]].tolist() == [0.25, 0.5, 3.0]
        assert frame.loc[0, "extra"] == {"recommendation": "cnn", "advice_seconds": 1.0}
        assert frame.loc[1, "reason"] == "it advised cnn, whose cell is timeout: stopped after 5 s"
        assert frame.loc[[1, 2, 3], "test"].isna().all()
        assert "no candidate of this study" in frame.loc[3, "reason"]

    def start(self, script, path):
        """Run a script in another process, with the open writable `store`."""
        head = f"{self.source}\nstore = open_store({str(path)!r}, writable=True)\n"
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", head + script], cwd=ROOT, stdout=pipe, text=True)
