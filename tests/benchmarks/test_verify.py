"""``verify`` passes an honest study and finds whatever is done to one."""

import json
import shutil
import sqlite3

import numpy as np
import pandas as pd
import pytest

from benchmarks import __main__ as command
from benchmarks import verify as verification
from benchmarks.driver import run_study
from benchmarks.engine.local import LocalEngine
from benchmarks.plan import Study
from benchmarks.store import Store
from benchmarks.verify import verify
from datasets.splits import Split

FEWER = (
    "DELETE FROM study_cells WHERE trial = 1 AND key IN (SELECT key FROM cells WHERE fold = 1 AND seed = 1)"
)
RESEEDED = "UPDATE cells SET seed = 7 WHERE candidate = 'linear' AND seed = 1"
CHECKS = [
    *("file", "tasks", "keys", "plan", "data", "splits", "seeds", "density", "statuses", "scores"),
    "environment",
]


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A folder with a table and the store of a study of it."""
    folder = tmp_path_factory.mktemp("honest")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(90, 3)), columns=list("abc"))
    frame.assign(y=frame["a"] + 0.1 * frame["b"]).to_csv(folder / "t.csv", index=False)
    study = Study.parse(f"""name = "honest"
tasks = ["file:{folder}/t.csv?target=y&kind=regression"]
candidates = ["linear", "nearest_neighbours", "dummy"]
n_trials = 2
[protocol]
folds = 2
seeds = [0, 1]
""")
    with Store(folder / "store.sqlite", writable=True) as store:
        run_study(store, study, engine=LocalEngine(1))
    return folder


@pytest.fixture
def tampered(honest, tmp_path):
    """Change a copy of the store by SQL; the findings by name of the check."""

    def tamper(*statements, again=0):
        path = tmp_path / "store.sqlite"
        shutil.copy(honest / "store.sqlite", path)
        with sqlite3.connect(path) as db:
            for statement in statements:
                assert db.execute(statement).rowcount > 0
        db.close()
        with Store(path) as store:
            return {finding.check: finding for finding in verify(store, "honest", again=again)}

    return tamper


def test_an_honest_study_passes(tampered):
    findings = tampered(again=4)
    assert list(findings) == [*CHECKS, "again"]
    environment = findings.pop("environment")  # the tests may run from a checkout with changes
    assert environment.verdict in ("ok", "note")
    assert {f.verdict for f in findings.values()} == {"ok"}
    assert findings["splits"].told.startswith("2 splits")
    assert findings["again"].told.startswith("4 cells")


@pytest.mark.parametrize(
    ("statement", "check", "told"),
    [
        (RESEEDED, "keys", "changed after they ran"),
        (RESEEDED, "seeds", "used [0, 1, 7]"),
        ("DELETE FROM outcomes WHERE key IN (SELECT key FROM cells WHERE candidate = 'dummy' AND fold = 1)",
         "density", "2 of 20 cells have not run: dummy 2"),
        (FEWER, "density", "fewer tasks, folds or seeds than others: linear trial 1; nearest"),
        ("INSERT INTO study_cells VALUES ('honest', 99, 'gone', 0)", "file", "study_cells refers to nothing"),
        ("UPDATE outcomes SET test = 1.5 WHERE rowid = 1", "scores", "1 cells"),
        ("UPDATE outcomes SET status = 'error', validation = NULL, test = NULL WHERE rowid = 1",
         "statuses", "1 without a reason"),
        ("UPDATE outcomes SET extra = json_set(extra, '$.n_test', 3)", "splits", "other sizes"),
    ],
)  # fmt: skip
def test_what_was_done_to_it_is_found(tampered, statement, check, told):
    finding = tampered(statement)[check]
    assert finding.verdict == "failed"
    assert told in finding.told


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (FEWER, "2 cells would be new, 0 would not be planned any more"),
        ("UPDATE studies SET declared = replace(declared, 'n_trials = 2', 'n_trials = 1')",
         "0 cells would be new, 8 would not be planned any more"),
    ],
)  # fmt: skip
def test_another_plan_is_noted(tampered, statement, told):
    finding = tampered(statement)["plan"]
    assert finding.verdict == "note"
    assert told in finding.told


MISSING = "INSERT INTO missing VALUES ('honest', '{}', 'no such file')"


def test_a_declared_task_without_cells_is_found(tampered):
    finding = tampered(MISSING.format("file:gone.csv"))["tasks"]
    assert finding.verdict == "failed"
    assert finding.told == "declared, and no part of the results: file:gone.csv (no such file)"


def test_a_task_that_could_not_be_had_again_is_noted(tampered, honest):
    finding = tampered(MISSING.format(f"file:{honest}/t.csv?target=y&kind=regression"))["tasks"]
    assert finding.verdict == "note"
    assert "as they were before" in finding.told


def test_an_outcome_that_cannot_be_read_is_found(tampered):
    findings = tampered("UPDATE outcomes SET extra = '{' WHERE rowid = 1")
    assert list(findings) == ["file", "outcomes"]
    assert findings["outcomes"].verdict == "failed"
    assert "the outcome of the cell" in findings["outcomes"].told


def test_other_versions_and_failures_are_noted(tampered):
    findings = tampered(
        "UPDATE outcomes SET environment = json_set(environment, '$.cpu', 'another') WHERE rowid = 1",
        "UPDATE outcomes SET status = 'timeout', reason = 'r', validation = NULL, test = NULL "
        "WHERE rowid = 2",
    )
    assert findings["environment"].verdict == findings["statuses"].verdict == "note"
    assert "cpu: " in findings["environment"].told
    assert "count with the dummy's score" in findings["statuses"].told


def test_a_score_that_cannot_be_had_again_is_found(tampered):
    finding = tampered("UPDATE outcomes SET test = test - 0.25", again=3)["again"]
    assert finding.verdict == "failed"
    assert "differs by 0.25" in finding.told


def test_a_fit_that_a_clock_ended_is_not_computed_again(tampered):
    ended = "UPDATE outcomes SET test = 0.5, extra = json_set(extra, '$.stopped', 'time_limit')"
    assert tampered(ended, again=2)["again"].told == "no finished cell to compute again"


@pytest.mark.parametrize("side", ["validation", "test"])
def test_groups_on_two_sides_are_found(tmp_path, monkeypatch, side):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(90, 2)), columns=list("ay")).assign(who=np.arange(90) // 3)
    frame.to_csv(tmp_path / "t.csv", index=False)
    study = Study.parse(f"""name = "grouped"
tasks = ["file:{tmp_path}/t.csv?target=y&kind=regression&group=who"]
candidates = ["dummy"]
""")
    with Store(tmp_path / "store.sqlite", writable=True) as store:
        run_study(store, study, engine=LocalEngine(1))
        assert {f.check: f.verdict for f in verify(store, "grouped")}["splits"] == "ok"
        honest = verification.split_of

        def leaky(*asked):
            sides = vars(honest(*asked)).copy()
            groups = frame["who"].to_numpy()
            moved = np.flatnonzero(groups == groups[sides["train"][0]])[0]
            given = np.setdiff1d(sides["train"], [moved]), np.append(sides[side][1:], moved)
            extra = np.append(given[0], sides[side][0])  # sizes stay as they were
            return Split(**{**sides, "train": extra, side: given[1]})

        monkeypatch.setattr(verification, "split_of", leaky)
        finding = {f.check: f for f in verify(store, "grouped")}["splits"]
    assert finding.verdict == "failed"
    assert f"in train and {side}" in finding.told


def test_a_row_on_two_sides_is_found(tampered, monkeypatch):
    def overlapping(*asked):
        sides = vars(made(*asked)).copy()
        return Split(**{**sides, "train": np.append(sides["train"][1:], sides["test"][0])})  # as large

    made = verification.split_of
    monkeypatch.setattr(verification, "split_of", overlapping)
    finding = tampered()["splits"]
    assert finding.verdict == "failed"
    assert "fold 0: a row on two sides" in finding.told


def test_changed_data_are_found(honest, tampered, capsys):
    path = honest / "t.csv"
    before = path.read_text()
    path.write_text(before.replace("0", "1"))
    try:
        finding = tampered()["data"]
        assert finding.verdict == "failed"
        assert "other values than those learned from" in finding.told
        assert command.main(["verify", "honest", "--store", str(honest / "store.sqlite")]) == 1
        assert "other values than those learned from" in capsys.readouterr().out.replace("\n", " ")
        path.unlink()
        findings = tampered()
    finally:
        path.write_text(before)
    assert findings["data"].verdict == "note"
    assert "cannot be read here" in findings["data"].told


def test_the_command_tells_it_and_fails(honest, tmp_path, capsys):
    assert command.main(["verify", "honest", "--store", str(honest / "store.sqlite"), "--json"]) == 0
    assert [finding["check"] for finding in json.loads(capsys.readouterr().out)] == CHECKS
    path = tmp_path / "store.sqlite"
    shutil.copy(honest / "store.sqlite", path)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM outcomes")
    db.close()
    assert command.main(["verify", "honest", "--store", str(path)]) == 1
    assert "20 of 20 cells have not run" in capsys.readouterr().out
