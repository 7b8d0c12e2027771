"""One cell: what it measures, and the status of everything that can go wrong in it."""

import math
import time
import types
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import datasets
from advisor import architectures
from advisor.architectures import Architecture, Capabilities
from advisor.errors import DivergedError, MissingDependency
from benchmarks import run
from benchmarks.cell import Cell, canonical_json
from benchmarks.plan import Study, plan
from benchmarks.protocol import r2
from datasets.splits import inner_folds, split


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "table.csv"
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc"))
    frame["y"] = 2 * frame["a"] - frame["b"] + 1
    frame.to_csv(path, index=False)
    return f"file:{path}?target=y&kind=regression"


@pytest.fixture
def cell(task):
    text = f'name = "s"\ntasks = ["{task}"]\ncandidates = ["linear", "dummy"]\n[protocol]\nmax_train = 100'
    return plan(Study.parse(text))[0]


class Estimator(BaseEstimator):
    """Does what the test says."""

    def __init__(self, what=None, random_state=None):
        self.what, self.random_state = what, random_state

    def fit(self, X, y):
        self.rows_ = len(X)
        if isinstance(self.what, Exception):
            raise self.what
        if self.what == "warn":
            warnings.warn("it did not converge", RuntimeWarning, stacklevel=2)
        if self.what == "sleep":
            time.sleep(0.3)
        if self.what == "allocate":
            np.ones(50_000_000 // 8).sum()
        return self

    def predict(self, X):
        return np.full(len(X), self.what if isinstance(self.what, float) else 0.0)


@pytest.fixture
def candidate(monkeypatch):
    def candidate(what=None, **capabilities):
        def make(**parameters):
            return Estimator(what=what, random_state=parameters["random_state"])

        can = Capabilities(native=frozenset(), **capabilities)
        fake = Architecture("linear", "Fake", make, make, can)
        monkeypatch.setattr(architectures, "get", lambda name: fake)

    return candidate


def test_scores_are_those_of_the_split(cell, task):
    outcome = run.run_cell(cell)
    assert (outcome.status, outcome.reason) == ("ok", "")
    loaded = datasets.load(task)
    rows = split(loaded, fold=0, max_train=100)
    assert outcome.extra["n_train"] == len(rows.train) == 100
    assert outcome.extra["n_validation"] == len(rows.validation) == 30
    assert outcome.extra["n_test"] == len(rows.test) == 70
    model = architectures.get("linear").make("regression", layout=loaded.layout, random_state=0)
    model.fit(loaded.X.iloc[rows.train], loaded.y.iloc[rows.train])
    for side, score in (("validation", outcome.validation), ("test", outcome.test)):
        positions = getattr(rows, side)
        truth = loaded.y.iloc[positions].to_numpy()
        lost = ((model.predict(loaded.X.iloc[positions]) - truth) ** 2).sum()
        assert score == pytest.approx(1 - lost / ((truth - truth.mean()) ** 2).sum())
    assert outcome.test > 0.9
    canonical_json([outcome.extra, outcome.environment])


def test_inner_folds_choose_and_leave_the_test_score_as_it_is(task):
    def outcome_of(protocol):
        head = (
            f'name = "s"\ntasks = ["{task}"]\ncandidates = ["linear", "dummy"]\n[protocol]\nmax_train = 100\n'
        )
        return run.run_cell(plan(Study.parse(head + protocol))[0])

    outcome, plain = outcome_of('name = "kfold"\ninner_folds = 4'), outcome_of("")
    assert outcome.test == plain.test
    loaded = datasets.load(task)
    train = split(loaded, fold=0, max_train=100).train
    parts = inner_folds(loaded, train, k=4, seed=0)
    assert sorted(np.concatenate(parts)) == sorted(train)
    expected = []
    for held in parts:
        kept = np.setdiff1d(train, held)
        model = architectures.get("linear").make("regression", layout=loaded.layout, random_state=0)
        model.fit(loaded.X.iloc[kept], loaded.y.iloc[kept])
        expected.append(r2(loaded.y.iloc[held], model.predict(loaded.X.iloc[held])))
    assert outcome.extra["inner_scores"] == pytest.approx(expected)
    assert outcome.validation == pytest.approx(np.mean(expected))


def test_the_seconds_of_inner_folds_are_those_of_all_fits(task, candidate, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(run.time, "perf_counter", lambda: next(clock))
    candidate(0.0)
    text = f'name = "s"\ntasks = ["{task}"]\ncandidates = ["linear", "dummy"]\n[protocol]\nname = "kfold"'
    outcome = run.run_cell(plan(Study.parse(text))[0])
    assert (outcome.fit_seconds, outcome.predict_seconds) == (6, 6)


def test_an_inner_fit_that_the_clock_ended_is_told(task, candidate, monkeypatch):
    candidate(0.0)
    rows, fit = [], Estimator.fit

    def cut(self, X, y):
        rows.append(len(X))
        self.stopped_ = "time_limit" if len(rows) == 3 else "early_stopping"  # the second of the inner fits
        return fit(self, X, y)

    monkeypatch.setattr(Estimator, "fit", cut)
    text = f'name = "s"\ntasks = ["{task}"]\ncandidates = ["linear", "dummy"]\n[protocol]\nname = "kfold"'
    assert run.run_cell(plan(Study.parse(text))[0]).extra["stopped"] == "time_limit"
    assert len(rows) == 6
    assert rows[0] > max(rows[1:])  # the outer fit, which is asked first, was whole


def test_given_splits_are_used_as_they_are(task, monkeypatch):
    loaded = datasets.load(task)
    rows = np.arange(200)
    splits = ((rows[:150], rows[150:]), (rows[50:], rows[:50]))
    monkeypatch.setattr(datasets, "load", lambda id: replace(loaded, splits=splits))
    run._task.cache_clear()
    text = f'name = "s"\ntasks = ["{task}"]\ncandidates = ["dummy"]\n[protocol]\nname = "openml-splits"'
    cells = plan(Study.parse(text), [replace(loaded, splits=splits).info])
    try:
        outcomes = [run.run_cell(cell) for cell in cells]
    finally:
        run._task.cache_clear()
        run.split_of.cache_clear()
    assert [o.status for o in outcomes] == ["ok", "ok"]
    for outcome, (train, test) in zip(outcomes, splits):
        sizes = [outcome.extra[f"n_{side}"] for side in ("train", "validation", "test")]
        assert sizes == [0.8 * len(train), 0.2 * len(train), len(test)]
        assert outcome.test <= 0
    assert outcomes[0].test != outcomes[1].test


def test_the_environment_says_where_it_ran(cell):
    environment = run.run_cell(cell).environment
    assert environment["versions"]["numpy"] == np.__version__
    assert environment["device"] == "cpu"
    assert environment["threads"] >= 1
    assert isinstance(environment["dirty"], bool)
    assert environment["commit"] == "" or len(environment["commit"]) == 40


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [
        (ValueError("bad input"), "error", "ValueError: bad input"),
        (MemoryError(), "out_of_memory", "MemoryError"),
        (RuntimeError("CUDA out of memory. Tried"), "out_of_memory", "CUDA out of memory"),
        (
            DivergedError("loss must be finite", got="nan", do="lower"),
            "diverged",
            "loss must be finite, got nan",
        ),
        (MissingDependency("needs 'x'", got="none", do="pip install x"), "error", "pip install x"),
        (math.nan, "diverged", "predictions must be finite"),
        (math.inf, "diverged", "predictions must be finite"),
        (1e200, "diverged", "scores must be finite"),
    ],
)
def test_what_goes_wrong_has_a_status_and_a_reason(cell, candidate, what, status, reason):
    candidate(what)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflow in r2 is what is wanted here
        outcome = run.run_cell(cell)
    assert outcome.status == status
    assert reason in outcome.reason
    assert outcome.validation is None
    assert outcome.test is None
    assert outcome.fit_seconds is not None
    assert ("traceback" in outcome.extra) == (status == "error")


def test_warnings_are_kept(cell, candidate):
    candidate("warn")
    assert run.run_cell(cell).extra["warnings"] == ["RuntimeWarning: it did not converge"]


def test_peak_memory_is_that_of_the_cell(cell, candidate):
    candidate("allocate")
    first, second = run.run_cell(cell), run.run_cell(cell)
    if first.peak_mb is None:
        pytest.skip("the kernel does not tell")
    assert 40 < first.peak_mb < 200
    # the mark is set back: the second cell is not hidden below the first one's peak
    assert 40 < second.peak_mb < 200


@pytest.mark.parametrize(
    ("capabilities", "columns", "reason"),
    [
        ({"kinds": frozenset({"classification"})}, {}, "does not do regression"),
        ({"missing": False}, {"a": [1.0, np.nan] * 20}, "takes no missing values"),
        ({"categories": False}, {"a": ["x", "y"] * 20}, "takes numbers only"),
        ({"missing": False, "categories": False}, {}, ""),
    ],
)
def test_pairs_that_cannot_work_are_skipped_with_the_reason(
    tmp_path, candidate, capabilities, columns, reason
):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=40), "b": rng.normal(size=40), **columns})
    frame.assign(y=np.arange(40.0)).to_csv(tmp_path / "t.csv", index=False)
    task = f"file:{tmp_path}/t.csv?target=y&kind=regression"
    text = f'name = "s"\ntasks = ["{task}"]\ncandidates = ["linear", "dummy"]'
    candidate(0.0, **capabilities)
    outcome = run.run_cell(plan(Study.parse(text))[0])
    assert outcome.status == ("skipped" if reason else "ok")
    assert reason in outcome.reason


def test_data_that_changed_since_the_plan_are_an_error(cell):
    content = {**vars(cell), "data_hash": "0" * 16}
    content.pop("key", None)
    outcome = run.run_cell(Cell(**content))
    assert outcome.status == "error"
    assert "must be those that the study was planned with" in outcome.reason


def test_the_advisor_sees_what_a_user_would_hold(monkeypatch):
    seen = {}

    def advise(data, target, *, seed, calibration):
        seen.update(data=data, target=target, calibration=calibration)
        told = (
            "structure",
            "layout",
            "form",
            "recommendation",
            "confidence",
            "ranking",
            "because",
            "features",
        )
        return types.SimpleNamespace(to_dict=lambda: dict.fromkeys(told, "x"))

    class Calibration:
        @classmethod
        def shipped(cls):
            return cls()

        def without(self, origin):
            return f"without {origin}"

    monkeypatch.setattr(run, "advise", advise)
    monkeypatch.setattr("advisor.calibration.Calibration", Calibration)
    text = """name = "s"
tasks = ["embedded:digits"]
candidates = ["cnn", "lstm", "gbt", "dummy"]
advisor = true
[protocol]
max_train = 50"""
    cell = next(c for c in plan(Study.parse(text)) if c.candidate == "advisor")
    outcome = run.run_cell(cell)
    assert outcome.status == "ok", outcome.reason
    task = datasets.load("embedded:digits")
    rows = np.sort(split(task, fold=0, max_train=50).train)
    assert seen["target"] == "target"
    assert seen["calibration"] == f"without {task.origin}"
    assert seen["data"].shape == (50, 65)
    assert not set(seen["data"].columns) & set(task.X.columns)
    np.testing.assert_array_equal(seen["data"].drop(columns="target"), task.X.iloc[rows])
    np.testing.assert_array_equal(seen["data"]["target"], task.y.iloc[rows])
    assert (outcome.validation, outcome.test) == (None, None)
    assert outcome.extra["recommendation"] == "x"


def test_the_real_advisor_answers():
    text = """name = "s"
tasks = ["embedded:digits"]
candidates = ["cnn", "lstm", "gbt", "dummy"]
advisor = true
[protocol]
max_train = 300"""
    cell = next(c for c in plan(Study.parse(text)) if c.candidate == "advisor")
    outcome = run.run_cell(cell)
    assert outcome.status == "ok", outcome.reason
    assert outcome.extra["recommendation"] in {"cnn", "lstm", "gbt"}
    assert set(outcome.extra) >= {"structure", "layout", "form", "confidence", "ranking"}
    canonical_json(outcome.extra)


def test_processor_time_is_told_beside_that_of_the_clock(cell, candidate):
    candidate("sleep")
    outcome = run.run_cell(cell)
    assert outcome.fit_seconds >= 0.3
    assert 0 <= outcome.extra["cpu_fit_seconds"] < 0.25
