"""A budget ends a search early, honestly: nothing is made up, nothing is lost, and more budget goes on."""

from itertools import chain, pairwise

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from benchmarks import scores
from benchmarks.budget import BEYOND
from benchmarks.cell import Outcome
from benchmarks.driver import run_study
from benchmarks.plan import Study, plan
from benchmarks.store import Store
from benchmarks.summary import show_failures
from tests.benchmarks.test_driver import Inline


@pytest.fixture
def declare(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    frame.assign(y=frame["a"]).to_csv(tmp_path / "t.csv", index=False)

    def declare(head, name="s"):
        return Study.parse(
            f"""name = "{name}"
tasks = ["file:{tmp_path}/t.csv?target=y&kind=regression"]
candidates = ["linear", "random_forest", "dummy"]
n_trials = 5
cell_seconds = 100
{head}
[protocol]
folds = 2
"""
        )

    return declare


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store.sqlite", writable=True) as store:
        yield store


def took(**seconds):
    """What runs a cell: each candidate takes its seconds, and scores better with every trial."""

    def run(cell):
        score = 0.0 if cell.candidate == "dummy" else 0.1 * (cell.trial + 1)
        spent = seconds.get(cell.candidate, 0.0)
        if spent is None:
            return Outcome(cell.key, "timeout", "stopped")
        return Outcome(cell.key, "ok", validation=score, test=score, fit_seconds=spent, predict_seconds=0.0)

    return run


def trials(store, name="s"):
    frame = store.frame(name)
    done = frame[frame["status"] != BEYOND]
    return {c: sorted(part["trial"].unique()) for c, part in done.groupby("candidate")}


def test_the_search_ends_after_the_trial_that_spends_the_budget(declare, store):
    engine = Inline()
    # two folds of 4 s: 8 s are spent after the first trial, 16 s after the second, and so on
    summary = run_study(
        store, declare("search_seconds = 20"), engine=engine, function=took(random_forest=4.0, linear=0.5)
    )
    assert trials(store) == {"dummy": [0], "linear": [0, 1, 2, 3, 4], "random_forest": [0, 1, 2]}
    assert summary.statuses == {"ok": 2 + 10 + 6, BEYOND: 4}
    assert sum(c.candidate == "random_forest" for c in engine.ran) == 6
    frame = store.frame("s")
    assert set(frame.loc[frame["status"] == BEYOND, "reason"]) == {
        "earlier trials have spent the 20 s of search_seconds"
    }


def test_an_engine_that_looks_ahead_runs_no_trial_in_vain(declare, store):
    class Ahead(Inline):
        def run(self, function, cells, *, limits):
            for cell, _ in pairwise(chain(cells, [None])):  # the next is taken before this one runs
                self.ran.append(cell)
                yield function(cell)

    engine = Ahead()
    run_study(store, declare("search_seconds = 20"), engine=engine, function=took(random_forest=4.0))
    assert sum(c.candidate == "random_forest" for c in engine.ran) == 6
    assert len(engine.ran) == 2 + 10 + 6


def test_running_again_runs_nothing_and_a_larger_budget_goes_on(declare, store):
    run = took(random_forest=4.0)
    run_study(store, declare("search_seconds = 20"), engine=Inline(), function=run)
    engine = Inline()
    run_study(store, declare("search_seconds = 20"), engine=engine, function=run)
    assert engine.ran == []
    run_study(store, declare("search_seconds = 30"), engine=engine, function=run)
    assert [(c.trial, c.fold) for c in engine.ran] == [(3, 0), (3, 1)]
    run_study(store, declare(""), engine=engine, function=run)
    assert trials(store)["random_forest"] == [0, 1, 2, 3, 4]
    assert set(store.frame("s")["status"]) == {"ok"}


def test_what_another_study_ran_beyond_the_budget_does_not_count(declare, store):
    run = took(random_forest=4.0)
    run_study(store, declare("", name="whole"), engine=Inline(), function=run)
    engine = Inline()
    run_study(store, declare("search_seconds = 20"), engine=engine, function=run)
    assert engine.ran == []
    assert trials(store)["random_forest"] == [0, 1, 2]
    assert trials(store, "whole")["random_forest"] == [0, 1, 2, 3, 4]
    chosen = scores.selected(store.frame("s")).set_index("candidate")
    assert chosen.loc["random_forest", ["trial", "test"]].tolist() == pytest.approx([2, 0.3])
    verdict = scores.verdict(store.frame("s")).set_index(["structure", "candidate"])
    assert verdict.loc[("overall", "random_forest"), ["ok", "failed", "skipped"]].tolist() == [6, 0, 0]
    assert verdict.loc[("overall", "random_forest"), "fit_seconds"] == 24


def test_a_trial_beyond_is_not_scored_as_the_dummy(declare, store):
    def worse(cell):
        score = 0.0 if cell.candidate == "dummy" else -1.0
        return Outcome(cell.key, "ok", validation=score, test=score, fit_seconds=4.0, predict_seconds=0.0)

    run_study(store, declare("search_seconds = 5"), engine=Inline(), function=worse)
    chosen = scores.selected(store.frame("s")).set_index("candidate")["test"]
    assert chosen.to_dict() == {"linear": -1.0, "random_forest": -1.0, "dummy": 0.0}


def test_a_cell_stopped_for_its_time_has_spent_its_limit(declare, store):
    run_study(store, declare("search_seconds = 150"), engine=Inline(), function=took(random_forest=None))
    assert trials(store)["random_forest"] == [0]  # two folds of 100 s
    run_study(
        store,
        declare("search_seconds = 150"),
        engine=Inline(),
        function=took(random_forest=4.0),
        retry=["timeout"],
    )
    assert set(store.frame("s")["status"]) == {"ok"}  # the seconds of the old outcome count no more


def test_an_interrupted_search_is_pending_where_its_budget_is_not_spent(declare, store):
    study = declare("search_seconds = 20")
    with pytest.raises(KeyboardInterrupt):
        run_study(store, study, engine=Inline(stop_after=3), function=took(random_forest=4.0, linear=4.0))
    assert set(store.frame("s")["status"]) == {"ok", "pending"}
    run_study(store, study, engine=Inline(), function=took(random_forest=4.0, linear=4.0))
    assert trials(store) == {"dummy": [0], "linear": [0, 1, 2], "random_forest": [0, 1, 2]}
    assert not (store.frame("s")["status"] == "pending").any()


def test_the_budget_is_told_and_is_no_failure(declare, store, capsys):
    run_study(store, declare("search_seconds = 20"), engine=Inline(), function=took(random_forest=4.0))
    show_failures(Console(width=120), store.frame("s"))
    shown = capsys.readouterr().out
    assert "Beyond the budget of a search, and no part of it: random_forest 2 of 5 trials." in shown
    assert "What did not go well" not in shown
    whole = declare("", name="whole")
    run_study(store, whole, engine=Inline(), function=took())
    show_failures(Console(width=120), store.frame("whole"))
    assert capsys.readouterr().out == ""


def test_the_budget_changes_no_key(declare):
    assert plan(declare("search_seconds = 20")) == plan(declare(""))
