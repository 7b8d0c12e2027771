"""The laboratory for claims: grids, intervals, running, resuming; no verdict rests on half a result."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from advisor.errors import StoreError, StudyError
from benchmarks import __main__ as command
from benchmarks import claims, tracking
from benchmarks.cell import Outcome
from benchmarks.claims import base, running
from benchmarks.engine.local import LocalEngine
from benchmarks.run import outcome_of
from benchmarks.store import Store

VERDICTS = {"holds", "holds with a limit", "not decided here", "does not hold here"}


@pytest.mark.parametrize("name", claims.names())
def test_each_claim_says_what_it_is(name):
    experiment = claims.get(name)
    claim = experiment.CLAIM
    assert claim.name == name
    assert all(len(text) > 20 for text in (claim.sentence, claim.source, claim.design, claim.refuted_by))
    cells = {size: experiment.cells(size) for size in base.SIZES}
    assert 0 < len(cells["tiny"]) <= len(cells["quick"]) <= len(cells["full"])
    for size in base.SIZES:
        assert len({cell.key for cell in cells[size]}) == len(cells[size])
        assert {json.loads(cell.protocol)["claim"] for cell in cells[size]} == {name}


def test_numbers_of_claims_are_their_own():
    numbers = [claims.get(name).CLAIM.number for name in claims.names()]
    assert numbers == sorted(set(numbers))


def test_other_data_than_the_cells_were_planned_with_are_refused():
    experiment = claims.get("rotation")
    cell = replace(experiment.cells("tiny")[0], data_hash="0" * 16)
    outcome = outcome_of(cell, experiment.measure)
    assert outcome.status == "error"
    assert "must be those that the study was planned with" in outcome.reason


def test_an_unknown_claim_is_told_with_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'rotation'"):
        claims.get("rotatoin")


def test_the_interval_is_students():
    values = np.array([0.1, -0.2, 0.4, 0.3])
    told = base.effect("a", values)
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert (told.mean, told.low, told.high) == pytest.approx((0.15, low, high), abs=1e-6)
    assert math.isnan(base.effect("a", np.array([0.1, np.nan])).low)
    assert base.effect("a", np.array([0.1, np.nan])).n == 1


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.03, 0.05, "not decided here"),
        (-0.03, 0.009, "does not hold here"),
        (-0.05, -0.01, "does not hold here"),
        (math.nan, math.nan, "not decided here"),  # one unit has no interval
    ],
)
def test_what_is_not_shown_is_refuted_only_where_it_is_too_small_to_matter(low, high, verdict):
    claim = claims.get("rotation").CLAIM
    assert base.not_shown(claim, base.Effect("", (low + high) / 2, low, high, 8)) == verdict


@pytest.fixture
def toy(monkeypatch):
    """A claim whose cells cost nothing, put in the place of "rotation"."""
    experiment = claims.get("rotation")

    def measure(cell, facts):
        facts.test = 0.9 if base.level(cell)["inputs"] == "as they are" and cell.candidate == "gbt" else 0.5

    monkeypatch.setattr(experiment, "measure", measure)
    return experiment


class Inline:
    workers = 1

    def __init__(self, stop_after=None):
        self.ran, self.stop_after = [], stop_after

    def run(self, function, cells, *, limits):
        for cell in cells:
            if len(self.ran) == self.stop_after:
                raise KeyboardInterrupt
            self.ran.append(cell)
            yield function(cell)


def test_cells_that_failed_are_told(toy, tmp_path, monkeypatch):
    good = Inline.run

    def one_fails(self, function, cells, *, limits):
        cells = list(cells)
        failing = next(cell.key for cell in cells if cell.candidate == "random_forest")
        for outcome in good(self, function, cells, limits=limits):
            fails = outcome.key == failing
            yield replace(outcome, status="error", reason="on purpose", test=None) if fails else outcome

    monkeypatch.setattr(Inline, "run", one_fails)
    with Store(tmp_path / "s.sqlite", writable=True) as store:
        running.run(store, "rotation", "tiny", engine=Inline())
        finding = running.judge(store, "rotation", "tiny")
    assert "1 of 2 splits are left out for all candidates" in finding.words
    assert finding.words.endswith(" Failed cells: random_forest 1.")
    assert [found.n for found in finding.effects] == [1] * 4  # the table on which it failed counts for nobody


def test_a_split_is_whole_if_each_candidate_has_a_result_at_every_level():
    rows = pd.DataFrame(
        [
            ("a", 0, "gbt", '{"draw":0,"n":1}', "ok"),
            ("a", 0, "gbt", '{"draw":1,"n":1}', "diverged"),
            ("a", 0, "mlp", '{"draw":0,"n":1}', "ok"),
            ("b", 0, "gbt", '{"draw":0,"n":1}', "ok"),
            ("b", 0, "mlp", '{"draw":0,"n":1}', "timeout"),
            ("b", 1, "gbt", '{"draw":0,"n":1}', "ok"),
        ],
        columns=["task", "fold", "candidate", "config", "status"],
    )
    assert running.complete(rows)[["task", "fold"]].to_numpy().tolist() == [["b", 1]]
    kept = running.complete(rows, ["draw"])  # one draw that failed is one that was not chosen
    assert kept[["task", "candidate"]].to_numpy().tolist() == [["a", "gbt"], ["a", "mlp"], ["b", "gbt"]]


def test_a_claim_is_resumed_and_judged_only_when_finished(toy, tmp_path):
    with Store(tmp_path / "s.sqlite", writable=True) as store:
        with pytest.raises(KeyboardInterrupt):
            running.run(store, "rotation", "tiny", engine=Inline(stop_after=3))
        with pytest.raises(StoreError, match=r"13 of 16 cells.*claims rotation --size tiny"):
            running.judge(store, "rotation", "tiny")
        engine = Inline()
        running.run(store, "rotation", "tiny", engine=engine)
        assert len(engine.ran) == 13
        finding = running.judge(store, "rotation", "tiny")
        assert finding.verdict in VERDICTS
        assert finding.effects[0].mean == pytest.approx(0.2)  # one of two trees loses 0.4
        told = running.record(store, "rotation", "tiny")
    assert told["statuses"] == {"ok": 16}
    assert "failed" not in finding.words
    path = running.save(told, tmp_path / "out")
    claim, again = running.finding_of(json.loads(path.read_text()))
    assert claim == toy.CLAIM
    assert again.verdict == finding.verdict
    assert again.charts[0].table == finding.charts[0].table


@pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")
def test_claims_are_runs_in_mlflow(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(running, "make_engine", lambda args: Inline())
    store = tmp_path / "claims.sqlite"
    asked = ["claims", "rotation", "--size", "tiny", "--store", str(store), "--out", str(tmp_path / "out")]
    assert command.main(asked) == 0
    assert "MLflow: open" in capsys.readouterr().out
    client = tracking.connect(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("claims-tiny").experiment_id
    (run,) = client.search_runs([experiment])
    assert run.info.run_name == "04 rotation"
    assert run.data.tags["verdict"] in VERDICTS
    assert run.data.metrics["effect/mean"] == pytest.approx(0.2)
    assert [f.path for f in client.list_artifacts(run.info.run_id)] == ["rotation.json"]
    assert command.main(asked) == 0  # what has not changed is left alone
    assert [r.info.run_id for r in client.search_runs([experiment])] == [run.info.run_id]
    path = tmp_path / "out" / "rotation.json"
    told = json.loads(path.read_text())
    told["finding"]["verdict"] = "holds"
    path.write_text(json.dumps(told))
    with Store(store) as opened:
        assert "MLflow: open" in running._log(opened, tmp_path / "out", "tiny")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        assert "warning: nothing was logged" in running._log(opened, tmp_path / "out", "tiny")
    (again,) = client.search_runs([experiment])
    assert again.data.tags["verdict"] == "holds"


def test_without_any_result_of_a_candidate_there_is_no_verdict(toy, tmp_path):
    def fails(cell):
        return Outcome(cell.key, "diverged", "NaN") if cell.candidate == "mlp" else running.run_one(cell)

    class Failing(Inline):
        def run(self, function, cells, *, limits):
            return super().run(fails, cells, limits=limits)

    with Store(tmp_path / "s.sqlite", writable=True) as store:
        running.run(store, "rotation", "tiny", engine=Failing())
        with pytest.raises(StoreError, match="failed cells of mlp 4; the first: NaN"):
            running.record(store, "rotation", "tiny")
        running.run(store, "rotation", "tiny", engine=Inline(), retry=["diverged"])
        assert running.record(store, "rotation", "tiny")["statuses"] == {"ok": 16}


def test_cells_run_in_workers_find_their_claim(tmp_path):
    cell = claims.get("rotation").cells("tiny")[0]
    (outcome,) = LocalEngine(1).run(running.run_one, iter([cell]), limits=running.LIMITS)
    assert outcome.status == "ok", outcome.reason
    assert np.isfinite(outcome.test)


def test_levels_become_columns():
    frame = base.with_levels(
        pd.DataFrame({"config": ['{"n":1,"how":"a"}', '{"n":2,"how":"b"}'], "test": [0, 1]})
    )
    assert frame[["n", "how"]].to_dict("list") == {"n": [1, 2], "how": ["a", "b"]}


def test_the_help_names_the_store_that_is_used(capsys):
    for words, store in ((["claims"], running.STORE), (["run"], command.STORE)):
        with pytest.raises(SystemExit):
            command.main([*words, "--help"])
        assert f"results file (default: {store})" in " ".join(capsys.readouterr().out.split())


def test_the_list_of_claims(capsys):
    assert command.main(["claims", "--list", "rotation"]) == 0
    assert "rotation" in capsys.readouterr().out
    assert command.main(["claims", "nonsense"]) == 2
