"""Settling a question task by task: the level of the looks, and when a run stops."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor.errors import StudyError
from benchmarks import settling
from benchmarks.cell import Outcome
from benchmarks.engine.local import LocalEngine
from benchmarks.plan import Study
from benchmarks.store import Store

TABLES = (
    *("abalone", "ames_houses", "bike_hours", "bird_strikes", "cells", "college_earnings"),
    *("computer_prices", "concrete", "cran_checks", "crash_injuries", "credit_risk", "diamonds"),
    *("fuel_economy", "hotel_rates", "hpc_jobs", "letters"),
)


@pytest.mark.parametrize(
    ("looks", "published"), [((1,), 0.05), ((1, 2), 0.0294), ((1, 2, 3), 0.0221), ((1, 2, 3, 4), 0.0182)]
)
def test_levels_are_those_of_pocock(looks, published):
    assert settling.nominal_level(looks) == pytest.approx(published, abs=1e-4)


def test_levels_of_many_looks_keep_falling():
    levels = [settling.nominal_level(settling.looks_of(n)) for n in (22, 60, 412)]  # the last of 101 looks
    assert levels == pytest.approx([0.0252, 0.0112, 0.0045], abs=1e-4)


def test_all_looks_together_err_as_rarely_as_was_asked():
    rng, looks = np.random.default_rng(0), (12, 16, 22)
    level = settling.nominal_level(looks)
    draws = pd.DataFrame(rng.normal(size=(2_000, 22)))
    false = sum(
        any(settling.tested(pd.Series(row[:n]), level).settled for n in looks) for row in draws.to_numpy()
    )
    assert 0.03 < false / len(draws) < 0.065


def study():
    tasks = ", ".join(f'"embedded:{name}"' for name in TABLES)
    return Study.parse(
        f'name = "s"\ntasks = [{tasks}]\ncandidates = ["gbt", "mlp", "dummy"]\n[protocol]\nmax_train = 100\n'
    )


def clear(cell):
    """Trees lead on every task."""
    score = {"gbt": 0.8, "mlp": 0.7, "dummy": 0.1}[cell.candidate] + len(cell.task) / 1000
    return Outcome(cell.key, "ok", validation=score, test=score, fit_seconds=0.01, predict_seconds=0.01)


def open_(cell):
    """They take turns."""
    ahead = 0.1 if len(cell.task) % 2 else -0.1
    score = {"gbt": 0.7 + ahead, "mlp": 0.7, "dummy": 0.1}[cell.candidate]
    return Outcome(cell.key, "ok", validation=score, test=score, fit_seconds=0.01, predict_seconds=0.01)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store.sqlite", writable=True) as opened:
        yield opened


def test_a_clear_question_is_settled_at_the_first_look(store):
    lines = []
    engine = LocalEngine(1)
    found = settling.settle(
        store, study(), "gbt", "mlp", engine=engine, minutes=9, tell=lines.append, function=clear
    )
    assert [look.sources for look in found] == [12]
    assert found[0].settled
    assert found[0].ahead == 12
    assert store.frame("s")["task"].nunique() == 12
    assert "settled" in lines[-1]


def test_an_open_question_stays_open_after_all_tasks(store):
    engine = LocalEngine(1)
    found = settling.settle(store, study(), "gbt", "mlp", engine=engine, minutes=9, tell=str, function=open_)
    assert [look.sources for look in found] == [12, 16]
    assert not any(look.settled for look in found)
    again = settling.settle(store, study(), "gbt", "mlp", engine=engine, minutes=9, tell=str, function=clear)
    assert again == found  # nothing ran again


def test_no_task_is_begun_when_the_time_is_over(store):
    lines = []
    engine = LocalEngine(1)
    found = settling.settle(
        store, study(), "gbt", "mlp", engine=engine, minutes=0, tell=lines.append, function=clear
    )
    assert found == []
    assert "time is over" in lines[-1]


def test_who_is_behind_is_counted_apart_from_who_is_level():
    look = settling.tested(pd.Series([-0.2, -0.1, -0.3, 0.0, 0.0, 0.1]), 0.05)
    assert (look.ahead, look.behind) == (1, 3)
    assert "mlp is ahead of gbt on 3," in settling.words(look, "gbt", "mlp")


@pytest.mark.parametrize(("a", "b", "alpha"), [("gbt", "gbt", 0.05), ("gbt", "mlp", 2), ("gbt", "mlp", 0)])
def test_what_is_no_question_is_refused(store, a, b, alpha):
    with pytest.raises(StudyError, match="two candidates and an alpha"):
        settling.settle(store, study(), a, b, engine=LocalEngine(1), minutes=1, alpha=alpha)


@pytest.mark.parametrize(
    "text", ['  tasks = ["embedded:*"]  ', 'tasks = [\n  "embedded:*",  # all [of them], yes\n]']
)
def test_a_list_of_tasks_may_be_written_in_many_ways(text):
    text = text.replace("\\n", "\n") + '\nname = "s"\ncandidates = ["dummy"]\n'
    assert settling.with_tasks(Study.parse(text), ["embedded:letters"]).tasks == ("embedded:letters",)


@pytest.mark.parametrize(
    "tasks",
    [
        'tasks = ["embedded:*"]  # all',
        'tasks = ["embedded:*"]  # all of [1]',
        'tasks = [ # as in [1]\n "embedded:*" # ]\n] # [2]',
        "tasks=['embedded:*']",
    ],
)
@pytest.mark.parametrize("behind", ["", "# see [1]\n", "[protocol]\nmax_train = 50\n"])
def test_all_that_is_not_the_list_of_tasks_stays(tasks, behind):
    text = f'name = "s"\ncandidates = ["dummy"]\n{tasks}\nn_trials = 5\ncell_seconds = 60\n{behind}'
    study = Study.parse(text)
    fewer = settling.with_tasks(study, ["embedded:letters"])
    assert fewer == replace(study, tasks=("embedded:letters",), text=fewer.text)
    assert tuple(tomllib.loads(fewer.text)["tasks"]) == ("embedded:letters",)


def test_a_list_of_tasks_that_does_not_begin_its_line_is_refused():
    odd = 'name = "s"\ncandidates = ["dummy"]\n"tasks" = ["embedded:*"]\n'
    with pytest.raises(StudyError, match="one list"):
        settling.with_tasks(Study.parse(odd), ["embedded:letters"])


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.7, 0.99])
def test_the_level_of_one_look_is_alpha_itself(alpha):
    assert settling.nominal_level((12,), alpha) == pytest.approx(alpha, abs=1e-4)


def test_tasks_that_are_not_there_are_named(store, tmp_path):
    lines, text = [], study().text.replace("tasks = [", f'tasks = ["file:{tmp_path}/none.csv?target=y", ')
    settling.settle(
        store,
        Study.parse(text),
        "gbt",
        "mlp",
        engine=LocalEngine(1),
        minutes=9,
        tell=lines.append,
        function=clear,
    )
    assert any(line.startswith("left out: file:") for line in lines)


def test_both_candidates_must_be_in_the_study(store):
    with pytest.raises(StudyError, match="without cnn"):
        settling.settle(store, study(), "gbt", "cnn", engine=LocalEngine(1), minutes=1)


def dummy_fails(cell):
    return clear(cell) if cell.candidate != "dummy" else Outcome(cell.key, "error", "broken")


def test_where_no_task_can_be_judged_it_says_so(store):
    with pytest.raises(StudyError, match=r"can be compared, got cells that are 24 ok, 12 error: see why"):
        settling.settle(
            store, study(), "gbt", "mlp", engine=LocalEngine(1), minutes=9, tell=str, function=dummy_fails
        )
