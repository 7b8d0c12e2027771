"""The user's own results: read from a store, kept apart, counted in the advice, forgotten."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress

import numpy as np
import pytest

from advisor import AdvisorError, advise, learning_mlflow
from advisor.__main__ import main
from advisor.calibration import Calibration, learned_path
from advisor.errors import StoreError
from advisor.learning import learn, outcomes
from benchmarks import tracking
from benchmarks.cell import Outcome
from benchmarks.driver import run_study
from benchmarks.engine.local import LocalEngine
from benchmarks.plan import Study
from benchmarks.store import Store

SCORES = {"cnn": 0.5, "lstm": 0.95, "gbt": 0.6, "dummy": 0.1}
STUDY = Study.parse("""
name = "mine"
tasks = ["embedded:japanese_vowels", "embedded:word_language", "embedded:splice_junctions"]
candidates = ["cnn", "lstm", "gbt", "dummy"]
[protocol]
max_train = 100
folds = 2
""")


def work(cell):
    if cell.candidate == "lstm" and cell.fold == 1:
        return Outcome(cell.key, "timeout", "slow")  # this fold counts for nobody
    score = SCORES[cell.candidate] + cell.fold
    return Outcome(cell.key, "ok", validation=score, test=score, fit_seconds=0.1, extra={"n_train": 100})


def advised_work(cell):
    told = {"structure": "sequence", "form": "text"} if cell.candidate == "advisor" else {"n_train": 90}
    score = SCORES.get(cell.candidate, 0.0)
    return Outcome(cell.key, "ok", validation=score, test=score, fit_seconds=0.1, extra=told)


def good_work(cell):
    score = SCORES[cell.candidate] + 0.1 * cell.fold + 0.01 * cell.trial
    return Outcome(cell.key, "ok", validation=score, test=score, fit_seconds=0.1, extra={"n_train": 90})


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "store.sqlite"
    with Store(path, writable=True) as opened:
        run_study(opened, STUDY, engine=LocalEngine(1), function=work)
    return path


def test_own_results_are_kept_apart_and_count(store, capsys):
    assert main(["learn", str(store)]) == 0
    out = capsys.readouterr().out
    assert "learned 3 outcomes" in out
    assert "sequence: lead over gbt: cnn" in out
    (row, *_) = Calibration.learned()
    assert row["scores"] == {"cnn": 0.5, "lstm": 0.95, "gbt": 0.6}
    assert row["n"] == 100
    assert len(Calibration.load().outcomes) == len(Calibration.shipped().outcomes) + 3
    alone = Calibration({}, outcomes=Calibration.learned())
    series = np.random.default_rng(0).normal(size=(60, 40)).cumsum(axis=1)
    assert advise(series, np.arange(60) % 2, calibration=alone).recommendation == "lstm"
    assert Calibration.load().provenance["learned"]["outcomes"] == 3
    assert main(["learn", str(store)]) == 0  # the same again is the same
    assert len(Calibration.learned()) == 3
    assert main(["learn", "--forget"]) == 0
    assert Calibration.load() == Calibration.shipped()


def test_a_store_is_found_whatever_its_path_holds(store):
    odd = store.parent / "runs #1?" / "100% mine.sqlite"
    odd.parent.mkdir()
    store.rename(odd)
    assert len(outcomes(odd)) == 3
    assert not (store.parent / "runs ").exists()  # what the URI was cut to


def test_what_was_measured_on_text_counts_for_text(tmp_path, capsys):
    path = tmp_path / "store.sqlite"
    study = Study.parse(STUDY.text.replace("[protocol]", "advisor = true\n[protocol]"))
    with Store(path, writable=True) as opened:
        run_study(opened, study, engine=LocalEngine(1), function=advised_work)
    assert main(["learn", str(path)]) == 0
    assert "text: lead over gbt: cnn" in capsys.readouterr().out
    shipped, now = Calibration.shipped(), Calibration.load()
    assert len(now.of("text")) == len(shipped.of("text")) + 3
    assert len(now.of("sequence")) == len(shipped.of("sequence"))


@pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning"
)  # as in tracking
def test_an_mlflow_experiment_teaches_what_its_store_does(tmp_path, monkeypatch):
    study = Study.parse(STUDY.text.replace("[protocol]", "n_trials = 2\n[trials]\nlstm = 1\n[protocol]"))
    path, uri = tmp_path / "store.sqlite", f"sqlite:///{tmp_path / 'mlflow.db'}"
    with Store(path, writable=True) as opened:
        run_study(opened, study, engine=LocalEngine(1), function=good_work)
        tracking.log(opened, "mine", uri=uri)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert learn("mlflow:mine") == (3, 3)
    told = {o["set"]: o for o in Calibration.learned()}
    assert told == {o["set"]: o for o in outcomes(path)}
    client = tracking.connect(uri)
    (run, *_) = tracking.search(
        client, client.get_experiment_by_name("mine").experiment_id, "tags.role = 'task'"
    )
    tags = {name: value for name, value in run.data.tags.items() if name != "mlflow.parentRunId"}
    left = client.create_run(run.info.experiment_id, start_time=1, tags=tags).info.run_id  # by an older log
    client.log_param(left, "trial", "0")
    client.log_metric(left, "task/test", -9.0)
    before = dict(os.environ)
    assert learn("mlflow:mine") == (3, 3)
    assert dict(os.environ) == before
    assert told == {o["set"]: o for o in Calibration.learned()}
    with pytest.raises(AdvisorError, match="none called 'yours'"):
        learn("mlflow:yours")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(AdvisorError, match="the MLflow database must exist"):
        learn("mlflow:mine")
    assert not (tmp_path / "none.db").exists()


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch):
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    assert learning_mlflow.FIRST["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
    assert int(learning_mlflow.FIRST["MLFLOW_HTTP_REQUEST_TIMEOUT"]) <= 10
    monkeypatch.setitem(learning_mlflow.FIRST, "MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    asked = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(5)
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        with pytest.raises(StoreError, match="MLflow must be installed and answer"):
            learning_mlflow.experiment_outcomes("mine")
        silent.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                asked.append(silent.accept()[0])
    for connection in asked:
        connection.close()
    assert len(asked) == 1
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ


def test_what_cannot_be_learned_from_is_said(tmp_path, capsys):
    assert main(["learn", str(tmp_path / "none.sqlite")]) == 2
    assert "no file" in capsys.readouterr().err
    (tmp_path / "text.sqlite").write_text("no database")
    assert main(["learn", str(tmp_path / "text.sqlite")]) == 2
    assert "not a database" in capsys.readouterr().err


def test_a_damaged_file_of_learned_outcomes_is_said():
    learned_path().write_text("[{}]")
    with pytest.raises(AdvisorError, match=r"as it was written.*advisor learn --forget"):
        Calibration.load()


def test_the_runs_behind_a_set_can_be_seen(capsys):
    some = Calibration.shipped().outcomes[0]
    assert main(["measured"]) == 0
    assert some["set"] in capsys.readouterr().out.split()
    assert main(["measured", some["set"]]) == 0
    out = capsys.readouterr().out
    for row in (o for o in Calibration.shipped().outcomes if o["set"] == some["set"]):
        assert f"{row['n']:,} rows" in out
        assert f"cnn {row['scores']['cnn']:.3f}" in out
    assert Calibration.shipped().provenance["outcomes"]["commit"] in out
    assert main(["measured", "nothing"]) == 2
    assert "must have been measured, got 'nothing'" in capsys.readouterr().err


GOOD = {
    "set": "mine", "origin": "me", "structure": "tabular", "n": 90,
    "features": {"size": 0.0}, "scores": {"cnn": 0.5, "lstm": 0.4, "gbt": 0.6},
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"n": "90"},
        {"n": 0},
        {"scores": {"cnn": "0.5", "lstm": 0.4, "gbt": 0.6}},
        {"scores": [0.5, 0.4, 0.6]},
        {"features": {"size": float("nan")}},
        {"seconds": {"cnn": None}},
    ],
)
def test_a_learned_outcome_without_its_numbers_is_damaged(change, capsys):
    learned_path().write_text(json.dumps([GOOD | change]))
    assert main(["measured"]) == 2
    assert "must be as it was written" in capsys.readouterr().err


def test_a_learned_outcome_may_be_of_no_metric(capsys):
    learned_path().write_text(json.dumps([GOOD]))
    assert main(["measured", "mine"]) == 0
    assert "90 rows  cnn 0.500, lstm 0.400, gbt 0.600\n" in capsys.readouterr().out


def test_a_file_of_learned_outcomes_that_is_none_is_said(store, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ARCH_ADVISOR_LEARNED", str(tmp_path))
    for command in (["learn", "--forget"], ["learn", str(store)], ["measured"]):
        assert main(command) == 2
        assert "let ARCH_ADVISOR_LEARNED name" in capsys.readouterr().err
    with pytest.raises(AdvisorError, match=r"must be readable.*let ARCH_ADVISOR_LEARNED name a file"):
        Calibration.load()
    monkeypatch.setenv("ARCH_ADVISOR_LEARNED", str(store / "learned.json"))  # in a folder that is a file
    for command in (["learn", "--forget"], ["learn", str(store)]):
        assert main(command) == 2
        assert "ARCH_ADVISOR_LEARNED name" in capsys.readouterr().err
