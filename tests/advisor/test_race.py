from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import advisor.race
from advisor import advise, architectures
from advisor.__main__ import main
from advisor.architectures.base import Architecture, Capabilities
from advisor.calibration import Calibration
from advisor.errors import MissingDependency

SEEN = []  # (family, training rows, held-out rows or None) in the order of the calls


class Clock:
    """Time that passes where a fake says so and nowhere else, however fast the machine is."""

    now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


CLOCK = Clock()


class Fake(ClassifierMixin, BaseEstimator):
    """Knows the rule and errs in a share of the rows; takes its time, or has turns: (error, stopped)."""

    def __init__(
        self, name="", error=0.0, seconds=0.0, fails=None, turns=None, random_state=None, time_limit=None
    ):
        self.name, self.error, self.seconds, self.fails, self.turns = name, error, seconds, fails, turns
        self.random_state, self.time_limit = random_state, time_limit

    def fit(self, X, y):
        if self.fails is not None:
            self.fails(len(X))
        limit = self.time_limit or np.inf
        CLOCK.sleep(max(0.001, min(self.seconds, limit)))
        self.stopped_ = "time_limit" if self.seconds > limit else "done"
        if self.turns:
            self.error, self.stopped_ = self.turns.pop(0)
        self.classes_ = np.unique(y)
        SEEN.append((self.name, np.asarray(X)))
        return self

    def predict(self, X):
        X = np.asarray(X)
        wrong = (np.abs(X[:, -1] * 1000) % 1) < self.error  # decided by the row, so that gaps are paired
        SEEN.append((self.name, X))
        return self.classes_[((X[:, 0] > 0) ^ wrong).astype(int)]


def rows(n=2000):
    X = np.random.default_rng(0).normal(size=(n, 3))
    return X, np.where(X[:, 0] > 0, "up", "down")


@pytest.fixture
def field(monkeypatch):
    """Replace the families and the clock by fakes; returns a function that says which."""
    SEEN.clear()
    monkeypatch.setattr(advisor.race, "time", CLOCK)

    def enter(**fakes):
        def fake(name):
            if isinstance(fakes[name], Exception):
                raise fakes[name]

            def make(random_state=None, **config):
                return Fake(name, random_state=random_state, **fakes[name], **config)

            return Architecture(name, name, make, make, Capabilities(frozenset({"tabular"})))

        monkeypatch.setattr(architectures, "get", fake)

    return enter


def race(n=2000, **options):
    X, y = rows(n)
    return advise(X, y, effort="race", calibration=Calibration({}), **options)


def standing(advice):
    return {entrant.family: entrant.status for entrant in advice.race.entrants}


def test_the_best_wins_and_the_advice_follows(field):
    field(gbt={"error": 0.2}, cnn={"error": 0.02}, lstm={"error": 0.12})
    advice = race()
    assert standing(advice) == {"cnn": "won", "lstm": "beaten", "gbt": "dropped"}
    assert advice.recommendation == advice.race.winner == "cnn"
    assert [r.family for r in advice.ranking] == ["cnn", "lstm", "gbt"]
    assert any("in a race, cnn won: 0.9" in text for text in advice.because)
    first, second, _ = advice.race.entrants
    assert first.interval[0] < first.score < first.interval[1]
    assert second.gap_interval[0] > 0
    assert advice.estimator().name == "cnn"


@pytest.mark.parametrize("effort", ["look", "race"])
def test_what_was_expected_before_a_race_is_said_to_be_from_before_it(field, effort):
    field(gbt={"error": 0.2}, cnn={"error": 0.02}, lstm={"error": 0.12})
    X, y = rows(400)
    advice = advise(X, y, effort=effort)
    shown = (repr(advice), advice.to_markdown(), advice._repr_html_())
    raced = effort == "race"
    assert all(("before the race: cnn is the best" in " ".join(text.split())) is raced for text in shown)
    assert all(("before the race, expected distance" in " ".join(text.split())) is raced for text in shown)
    assert advice.to_dict()["tried"] == ("race" if raced else None)


def test_the_hopeless_are_dropped_early_and_say_when(field):
    field(gbt={"error": 0.5}, cnn={}, lstm={"error": 0.01})
    advice = race()
    gbt = advice.race.entrants[-1]
    assert (gbt.family, gbt.status, gbt.rows) == ("gbt", "dropped", 500)
    assert "clearly behind after 500 rows" in gbt.reason
    assert advice.race.rounds[:2] == (500, 1500)


def test_all_are_judged_on_the_same_rows(field):
    field(gbt={}, cnn={"error": 0.01}, lstm={"error": 0.02})
    race()
    judged = {name: next(X for who, X in SEEN[1::2] if who == name) for name in ("gbt", "cnn", "lstm")}
    trained = {name: next(X for who, X in SEEN[::2] if who == name) for name in ("gbt", "cnn", "lstm")}
    assert (judged["gbt"] == judged["cnn"]).all()
    assert (judged["gbt"] == judged["lstm"]).all()
    assert (trained["gbt"] == trained["lstm"]).all()
    assert not {row.tobytes() for row in judged["gbt"]} & {row.tobytes() for row in trained["gbt"]}


def test_a_tie_goes_to_the_faster(field):
    field(gbt={"seconds": 0.2}, cnn={"seconds": 0.02}, lstm={"seconds": 0.4, "error": 0.001})
    advice = race(800)
    assert standing(advice) == {"cnn": "won", "gbt": "tied", "lstm": "tied"}
    assert any("gbt ties with cnn" in text and "trains faster" in text for text in advice.because)


def test_a_tie_is_settled_on_further_rows_if_there_is_time(field):
    field(gbt={"seconds": 0.01}, cnn={"error": 0.03, "seconds": 0.01}, lstm={"error": 0.4})
    short = race(160)
    assert len(short.race.rounds) > 1
    assert short.race.validation_rows > 40
    assert short.race.rounds[0] == 120


def test_who_is_close_is_named_but_not_preferred_for_being_fast(field, monkeypatch):
    monkeypatch.setattr(advisor.race._Track, "_settle", lambda self: None)  # no time for other parts
    field(gbt={"error": 0.03}, cnn={"seconds": 0.1}, lstm={"error": 0.4})
    advice = race(200)
    assert advice.race.winner == "cnn"
    assert standing(advice)["gbt"] == "close"
    assert any("gbt cannot be told from cnn" in text for text in advice.against)


def test_who_fails_or_is_not_installed_is_skipped(field):
    def fails(n):
        raise ValueError("no\nsuch thing")

    missing = MissingDependency("the architecture 'cnn' needs torch", got="no such package", do="install it")
    field(gbt={"error": 0.1}, cnn=missing, lstm={"fails": fails})
    advice = race()
    assert standing(advice) == {"gbt": "won", "cnn": "skipped", "lstm": "skipped"}
    assert advice.recommendation == "gbt"
    assert any("cnn was not compared" in text and "needs torch" in text for text in advice.against)
    assert any("lstm was not compared: no such thing" in text for text in advice.against)


def test_a_race_that_nobody_can_run_leaves_the_advice_as_it_was(field):
    gone = MissingDependency("it needs a package", got="no such package", do="install it")
    field(gbt=gone, cnn=gone, lstm=gone)
    advice = race()
    assert advice.race.winner is None
    assert advice.race.fitted is None
    assert advice.recommendation == "gbt"
    json.loads(advice.to_json())
    assert "race has no result" in repr(advice)


def test_interrupted_it_gives_the_best_so_far(field):
    def stop(n):
        if n > 500:
            raise KeyboardInterrupt

    field(gbt={"error": 0.1}, cnn={}, lstm={"error": 0.05, "fails": stop})
    advice = race()
    assert advice.race.interrupted
    assert advice.recommendation == "cnn"
    assert advice.race.rounds == (500,)
    assert {e.rows for e in advice.race.entrants} == {500}
    assert any("interrupted" in text for text in advice.against)


def test_interrupted_at_once_it_gives_who_has_run(field):
    def stop(n):
        raise KeyboardInterrupt

    field(gbt={"error": 0.1}, cnn={"fails": stop}, lstm={})
    advice = race()
    assert advice.race.interrupted
    assert standing(advice) == {"gbt": "won", "cnn": "unfinished", "lstm": "unfinished"}


def test_the_budget_holds(field):
    field(gbt={"seconds": 0.1}, cnn={"seconds": 60, "error": 0.3}, lstm={"seconds": 60, "error": 0.3})
    start = CLOCK.now
    advice = race(budget=2)
    assert 1 < CLOCK.now - start <= 2
    assert advice.race.seconds == pytest.approx(CLOCK.now - start)
    assert advice.race.winner == "gbt"
    assert standing(advice)["cnn"] == "unfinished"
    assert any("cnn did not finish in 2 s" in text for text in advice.against)


def test_who_was_cut_is_not_beaten(field):
    field(gbt={"seconds": 60, "error": 0.3}, cnn={"seconds": 0.01}, lstm={"error": 0.4})
    advice = race(800, budget=1.5)
    assert advice.race.winner == "cnn"
    assert advice.recommendation == "gbt"  # first for a table, and nothing was shown against it
    assert any("gbt stays first" in text for text in advice.against)


def test_time_that_is_left_over_goes_to_who_was_cut(field):
    field(gbt={"seconds": 1.1}, cnn={"error": 0.3}, lstm={"error": 0.3})
    advice = race(400, budget=3.0)
    assert advice.race.winner == "gbt"
    assert not advice.race.entrants[0].cut


@pytest.mark.parametrize("second", [(0.15, "done"), (0.15, "time_limit")])
def test_a_second_training_that_is_worse_changes_nothing_but_the_time_spent(field, second):
    field(gbt={"turns": [(0.05, "time_limit"), second]}, cnn={"error": 0.4}, lstm={"error": 0.4})
    advice = race(400)
    first = advice.race.entrants[0]
    assert (first.family, first.cut, advice.race.fitted.error) == ("gbt", True, 0.05)
    assert first.score == pytest.approx(0.95, abs=0.04)
    assert first.seconds > first.fit_seconds
    assert [name for name, _ in SEEN[::2]].count("gbt") == 2


@pytest.mark.parametrize("error", [0.0, 0.05])
def test_a_second_training_that_is_not_worse_counts(field, error):
    field(gbt={"turns": [(0.05, "time_limit"), (error, "done")]}, cnn={"error": 0.4}, lstm={"error": 0.4})
    advice = race(400)
    first = advice.race.entrants[0]
    assert (first.family, first.cut, advice.race.fitted.error) == ("gbt", False, error)
    assert first.score == pytest.approx(1 - error, abs=0.04)


def test_a_round_that_is_broken_off_leaves_the_models_that_were_scored(field):
    def stop(n):
        if n > 500:
            raise KeyboardInterrupt

    field(
        gbt={"turns": [(0.0, "done"), (0.4, "done")]},
        cnn={"error": 0.06},
        lstm={"error": 0.06, "fails": stop},
    )
    advice = race()
    assert advice.race.interrupted
    assert (advice.race.winner, advice.race.entrants[0].rows, advice.race.fitted.error) == ("gbt", 500, 0.0)


def test_entities_are_held_out_whole(field):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(who=np.repeat(np.arange(30), 20) * 1.0)
    field(gbt={}, cnn={}, lstm={})
    advise(
        frame, (X[:, 0] > 0).astype(int), roles={"who": "entity"}, effort="race", calibration=Calibration({})
    )
    trained, judged = SEEN[0][1][:, 3], SEEN[1][1][:, 3]
    assert len(set(judged)) >= 5
    assert not set(trained) & set(judged)


def test_progress_is_told(field):
    field(gbt={}, cnn={"error": 0.4}, lstm={"error": 0.01})
    lines = []
    race(progress=lines.append)
    assert any(line.startswith("gbt: 1.000 accuracy from 500 rows") for line in lines)
    assert any(line.startswith("cnn dropped") for line in lines)


def test_the_real_families_race():
    from sklearn.datasets import load_digits

    frame = load_digits(as_frame=True).frame.iloc[:320]
    advice = advise(frame, "target", effort="race", budget=40)
    content = json.loads(advice.to_json())["race"]
    assert {e["family"] for e in content["entrants"]} == {"cnn", "lstm", "gbt"}
    assert all(e["status"] != "skipped" for e in content["entrants"])
    assert content["seconds"] < 60
    fitted = advice.race.fitted
    assert fitted.score(frame.drop(columns="target"), frame["target"]) > 0.7
    assert "race" in advice.to_markdown().lower()


def test_missing_values_categories_and_regression_race():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "k": rng.choice(list("uvw"), 200)})
    y = frame["a"] + (frame["k"] == "u")
    frame.loc[::9, "a"] = np.nan
    advice = advise(frame, y, effort="race", budget=20)
    assert advice.race.metric == "r2"
    assert advice.race.winner is not None
    assert all(e.status != "skipped" for e in advice.race.entrants), advice.race.lines


def test_labels_with_gaps_race():
    X = np.random.default_rng(0).normal(size=(160, 3))
    y = pd.Series(np.where(X[:, 0] > 0, 1, 0), dtype=object).where(np.arange(160) % 8 > 0, None)
    advice = advise(X, y, effort="race", budget=10)
    assert next(e for e in advice.race.entrants if e.family == "gbt").score > 0.8


def test_a_limit_ends_boosting_and_one_that_is_not_needed_changes_nothing():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 10))
    y = rng.integers(8, size=400)
    make = architectures.get("gbt").classifier
    free = make(n_jobs=1, random_state=0).fit(X, y)
    ample = make(n_jobs=1, random_state=0, time_limit=300).fit(X, y)
    tight = make(n_jobs=1, random_state=0, time_limit=0.01, early_stopping_rounds=None).fit(X, y)
    assert ample.stopped_ == "done"
    assert (free.predict_proba(X) == ample.predict_proba(X)).all()
    assert tight.stopped_ == "time_limit"
    assert tight.n_trees_ < 1000
    assert tight.predict(X).shape == (400,)


def test_the_command_takes_effort(tmp_path, capsys, monkeypatch):
    X, y = rows(120)
    path = tmp_path / "t.csv"
    pd.DataFrame(X, columns=list("abc")).assign(y=y).to_csv(path, index=False)
    assert main([str(path), "--target", "y", "--effort", "probe"]) == 0
    assert "probed" in capsys.readouterr().out
    assert main([str(path), "--effort", "race"]) == 2
    assert "pass target" in capsys.readouterr().err
    assert main([str(path), "--target", "y", "--effort", "race", "--budget", "0.5"]) == 2
    assert "a finite number of seconds, at least 1" in capsys.readouterr().err


def test_rows_grow_only_as_far_as_the_time_goes(field):
    slow = {"fails": lambda n: CLOCK.sleep(n / 1000)}
    field(gbt=slow, cnn={"error": 0.05}, lstm={"error": 0.05})
    advice = race(6000, budget=2.5)
    assert advice.race.rounds == (500, 1500)  # 4500 would take 4.5 s
    assert advice.race.seconds < 2.5
    assert advisor.race.GROWTH == 3
