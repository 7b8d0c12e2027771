"""A study survives whatever stops it: finished cells are never run again, failures cost one cell each."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from advisor.errors import StoreError
from benchmarks import driver
from benchmarks.cell import Outcome
from benchmarks.costs import Costs, Remaining
from benchmarks.driver import run_study
from benchmarks.engine.local import LocalEngine
from benchmarks.plan import Study, plan
from benchmarks.store import Store
from tests.benchmarks.engine_conformance import behave_by_seed, wait_until

ROOT = Path(__file__).parents[2]


class Inline:
    """An engine that runs cells right here."""

    workers = 1

    def __init__(self, *, stop_after=None):
        self.ran, self.stop_after = [], stop_after

    def run(self, function, cells, *, limits):
        for cell in cells:
            if len(self.ran) == self.stop_after:
                raise KeyboardInterrupt
            self.ran.append(cell)
            yield function(cell)


def fine(cell):
    return Outcome(cell.key, "ok", validation=0.5, test=0.5, fit_seconds=1.0, predict_seconds=0.5)


def study_text(folder, *, seeds, name="s"):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    frame.assign(y=frame["a"]).to_csv(folder / "t.csv", index=False)
    return f"""name = "{name}"
tasks = ["file:{folder}/t.csv?target=y&kind=regression"]
candidates = ["linear", "dummy"]
next = "Then run another."
cell_seconds = 3
[protocol]
seeds = {list(range(seeds))}
"""


@pytest.fixture
def study(tmp_path):
    return Study.parse(study_text(tmp_path, seeds=5))


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs" / "store.sqlite", writable=True) as store:
        yield store


def test_an_interrupted_study_goes_on_where_it_stopped(study, store):
    first = Inline(stop_after=4)
    with pytest.raises(KeyboardInterrupt):
        run_study(store, study, engine=first, function=fine)
    second = Inline()
    summary = run_study(store, study, engine=second, function=fine)
    assert (summary.planned, summary.already_done, summary.statuses) == (10, 4, {"ok": 6})
    assert sorted(c.key for c in first.ran + second.ran) == sorted(c.key for c in plan(study))
    third = Inline()
    assert run_study(store, study, engine=third, function=fine).already_done == 10
    assert third.ran == []


def test_a_candidate_that_is_added_runs_alone(study, store):
    run_study(store, study, engine=Inline(), function=fine)
    more = Study.parse(study.text.replace('"linear", ', '"linear", "mlp", '))
    engine = Inline()
    run_study(store, more, engine=engine, function=fine)
    assert [c.candidate for c in engine.ran] == ["mlp"] * 5
    assert set(store.frame("s")["status"]) == {"ok"}


def test_failures_cost_one_cell_each_and_are_repeated_only_if_asked(study, store):
    summary = run_study(store, study, engine=LocalEngine(2), function=behave_by_seed)
    assert summary.statuses == {"ok": 7, "error": 2, "timeout": 1}
    frame = store.frame("s")
    wrong = frame[frame["status"] != "ok"].set_index("seed")
    assert wrong["candidate"].tolist() == ["linear"] * 3
    assert wrong["status"].to_dict() == {1: "error", 2: "timeout", 3: "error"}
    assert wrong.loc[1, "reason"] == "worker died by signal 9"
    engine = Inline()
    run_study(store, study, engine=engine, function=fine)
    assert engine.ran == []
    run_study(store, study, engine=engine, function=fine, retry=["timeout"])
    assert [c.seed for c in engine.ran] == [2]
    run_study(store, study, engine=engine, function=fine, retry=["error", "timeout"])
    assert sorted(c.seed for c in engine.ran) == [1, 2, 3]
    assert set(store.frame("s")["status"]) == {"ok"}


def test_a_retry_that_is_interrupted_keeps_the_old_outcome(study, store):
    run_study(store, study, engine=LocalEngine(2), function=behave_by_seed)
    with pytest.raises(KeyboardInterrupt):
        run_study(store, study, engine=Inline(stop_after=0), function=fine, retry=["error"])
    assert store.frame("s")["status"].value_counts()["error"] == 2


@pytest.fixture
def two(study, tmp_path):
    """The study with a second task, whose file comes and goes."""
    (tmp_path / "u.csv").write_text((tmp_path / "t.csv").read_text())
    other = f"file:{tmp_path}/u.csv?target=y&kind=regression"
    return study.with_entry("tasks", other), tmp_path / "u.csv", other


def test_a_task_that_cannot_be_read_any_more_keeps_its_cells(two, store):
    study, path, other = two
    run_study(store, study, engine=Inline(), function=fine)
    path.unlink()
    again = run_study(store, study, engine=Inline(), function=fine)
    assert (again.planned, again.already_done, list(again.missing)) == (10, 10, [other])
    frame = store.frame("s")
    assert frame["task"].value_counts().to_dict() == dict.fromkeys(study.tasks, 10)
    assert set(frame["status"]) == {"ok"}
    assert list(store.study("s")["missing"]) == [other]
    # what the study does not ask for any more is no part of it
    fewer = Study.parse(study.text.replace("[0, 1, 2, 3, 4]", "[0]").replace('"linear", ', ""))
    run_study(store, fewer, engine=Inline(), function=fine)
    assert store.frame("s").groupby("task").size().to_dict() == dict.fromkeys(study.tasks, 1)
    run_study(store, Study.parse(study_text(path.parent, seeds=5)), engine=Inline(), function=fine)
    assert set(store.frame("s")["task"]) == set(study.tasks) - {other}


def test_tasks_of_a_suite_that_cannot_be_had_keep_their_cells(two, store):
    study, path, other = two
    run_study(store, study, engine=Inline(), function=fine)
    path.unlink()
    suite = Study.parse(study.text.replace(other, "openml:s/99"))  # nobody answers in tests
    run_study(store, suite, engine=Inline(), function=fine)
    assert store.frame("s")["task"].nunique() == 2


def test_a_task_that_comes_back_is_whole(two, store):
    study, path, other = two
    text = path.read_text()
    path.unlink()
    run_study(store, study, engine=Inline(), function=fine)
    assert other not in set(store.frame("s")["task"])
    path.write_text(text)
    run_study(store, study, engine=Inline(), function=fine)
    assert store.study("s")["missing"] == {}
    assert set(store.frame("s")["status"]) == {"ok"}
    assert len(store.frame("s")) == 20


def test_the_longest_cells_start_first(study, store):
    engine = Inline()
    study = Study.parse(study.text.replace('["linear", "dummy"]', '["dummy", "linear"]'))
    assert plan(study)[0].candidate == "dummy"
    run_study(store, study, engine=engine, function=fine)
    assert [c.candidate for c in engine.ran] == ["linear"] * 5 + ["dummy"] * 5


def test_measured_times_replace_guesses(study):
    infos, cells = study.survey().infos, plan(study)
    linear, dummy = cells[0], cells[-1]
    costs = Costs(infos)
    assert costs.of(linear) > costs.of(dummy)
    costs.learn(dummy, 50.0)
    costs.learn(dummy, 70.0)
    assert costs.of(dummy) == 60.0
    assert Costs(infos, {(linear.task, "linear", linear.protocol): 7.0}).of(linear) == 7.0


def test_the_time_left_is_that_of_the_cells_left(study):
    cells = plan(study)
    known = {(c.task, c.candidate, c.protocol): 20.0 for c in cells}
    remaining = Remaining(cells, Costs(study.survey().infos, known), workers=2)
    assert remaining.seconds(0.0) == pytest.approx(100)
    assert remaining.seconds(30.0) == pytest.approx(70)
    for done, cell in enumerate(cells[:8], start=1):
        remaining.finish(cell, 20.0, elapsed=10.0 * done)
    assert remaining.seconds(80.0) == pytest.approx(20, rel=0.2)
    for cell in cells[8:]:
        remaining.finish(cell, 20.0, elapsed=100.0)
    assert remaining.seconds(100.0) == 0


def test_progress_without_a_terminal_is_a_line_now_and_then(study, store, monkeypatch, capsys):
    monkeypatch.setattr(driver, "_EVERY", 0.05)

    def slow(cell):
        time.sleep(0.03)
        return fine(cell)

    run_study(store, study, engine=Inline(), function=slow, console=Console(width=120))
    lines = capsys.readouterr().out.splitlines()
    assert 2 <= len(lines) <= 10
    assert re.fullmatch(r"s: \d+ of 10 cells, 0 failed, \d+ s gone, about \d+ s left", lines[0])


def test_progress_on_a_terminal_counts_failures(study, store):
    console = Console(force_terminal=True, width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        run_study(
            store,
            study,
            engine=Inline(),
            function=lambda c: Outcome(c.key, "diverged", "NaN"),
            console=console,
        )
    shown = console.export_text()
    assert "10/10" in shown
    assert "10 failed" in shown


# ---- the whole command, stopped from outside ----


def start(folder, *, seeds):
    (folder / "s.toml").write_text(study_text(folder, seeds=seeds))
    command = ["run", folder / "s.toml", "--store", folder / "store.sqlite", "--workers", "2", "--no-mlflow"]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks", *command], cwd=ROOT, stdout=pipe, stderr=pipe, text=True
    )


def count(folder):
    try:
        with Store(folder / "store.sqlite") as store:
            return int((store.frame("s")["status"] != "pending").sum())
    except StoreError:
        return 0


def stop_in_the_middle(folder, number):
    process = start(folder, seeds=100)
    try:
        assert wait_until(lambda: count(folder) >= 5, seconds=60)
        with pytest.raises(StoreError, match=f"held by process {process.pid}"):
            Store(folder / "store.sqlite", writable=True)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    done = count(folder)
    assert 5 <= done < 200
    return process.returncode, err, done


def test_resume_after_a_kill(tmp_path):
    code, _, done = stop_in_the_middle(tmp_path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    out, err = start(tmp_path, seeds=100).communicate(timeout=120)
    assert f"s: {200 - done} ok in " in out, err
    assert f"; {done} were done before" in out
    assert "Then run another." in out
    assert count(tmp_path) == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_says_how_to_go_on(tmp_path, number):
    code, err, done = stop_in_the_middle(tmp_path, number)
    assert code == 130
    assert f"interrupted: {done} finished cells are kept" in err
    assert "Traceback" not in err
