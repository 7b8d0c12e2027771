"""The commands as a user types them: what they print, and their exit codes."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from advisor.errors import StudyError
from benchmarks import __main__ as command
from benchmarks import tracking
from benchmarks.engine.local import LocalEngine
from benchmarks.plan import Study
from benchmarks.store import Store

# MLflow 3.17 maps a relation in a way that SQLAlchemy 2.1 is about to drop (2026-11; until MLflow stops)
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with a study that was run, logged to MLflow."""
    folder = tmp_path_factory.mktemp("work")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(80, 3)), columns=list("abc"))
    frame.assign(y=frame["a"] + 0.1 * frame["b"]).to_csv(folder / "t[red].csv", index=False)
    (folder / "tiny.toml").write_text(f"""name = "tiny"
title = "Tiny study"
tasks = ["file:{folder}/t[red].csv?target=y&kind=regression"]
candidates = ["linear", "dummy"]
next = "Then run another."
""")
    before = os.environ.pop("MLFLOW_TRACKING_URI", None)
    try:
        code = command.main(
            ["run", str(folder / "tiny.toml"), "--store", str(folder / "store.sqlite"), "--workers", "1"]
        )
    finally:
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before
    assert code == 0
    return folder


@pytest.fixture
def call(finished, monkeypatch, capsys):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def call(*args, store="store.sqlite", code=0):
        assert command.main([*map(str, args), "--store", str(finished / store)]) == code
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        if code == 2:
            assert shown.err.startswith("error: ")
            assert shown.err.count("\n") == 1
        return shown.out if code == 0 else shown.err

    return call


def test_run_prints_the_verdict_and_what_is_next(call, finished):
    out = call("run", finished / "tiny.toml")
    assert "tiny: all 2 cells were done before" in out
    assert "Tiny study: mean normalised score over 1 task (0" in out
    assert "Protocol holdout: rows split at random, those that belong together on one side; " in out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("│")] == ["linear", "dummy"]
    assert "#/experiments/1/runs?compareRunsMode=CHART" in out
    assert out.endswith("Then run another.\n")


def test_run_without_mlflow_logs_nothing(call, finished, monkeypatch):
    monkeypatch.setattr(tracking, "log", lambda *args, **options: pytest.fail("it was logged"))
    assert "MLflow" not in call("run", finished / "tiny.toml", "--no-mlflow")


def test_mlflow_out_of_order_costs_no_result(finished, call, monkeypatch, capsys):
    monkeypatch.setattr(tracking, "default_uri", lambda store: f"sqlite:///{finished}/tiny.toml")
    assert command.main(["run", str(finished / "tiny.toml"), "--store", str(finished / "store.sqlite")]) == 0
    shown = capsys.readouterr()
    assert "warning: nothing was logged to MLflow" in shown.err
    assert "python -m benchmarks log tiny" in shown.err
    assert "file is not a database" in call("log", "tiny", code=2)


def test_plan_counts_what_is_left(call, finished):
    assert "about 0 s with" in call("plan", finished / "tiny.toml")
    out = call("plan", finished / "tiny.toml", store="other.sqlite")
    assert "nothing is measured yet" in out
    assert not (finished / "other.sqlite").exists()


def test_status_and_failures_show_names_as_they_are(call, finished):
    assert "Tiny study" in call("status")
    with Store(finished / "store.sqlite", writable=True) as store:
        (cell, _) = store.cells("tiny")
        store._db.execute(
            "UPDATE outcomes SET status = 'error', reason = '[Errno 2] [red]x' WHERE key = ?", (cell.key,)
        )
        store._db.commit()
    out = call("status", finished / "tiny.toml")
    assert "[Errno 2] [red]x" in out
    assert "t[red].csv" in out.replace("\n", "")
    assert "1 ok in" in call("retry", "tiny", "--workers", "1", "--no-mlflow")
    assert "What did not" not in call("status")


def test_a_retry_of_a_file_takes_the_limits_that_stand_in_it(call, finished, monkeypatch):
    asked = []
    monkeypatch.setattr(command, "_run", lambda args, study, retried: asked.append(study) or 0)
    path = finished / "tiny.toml"
    before = path.read_text()
    path.write_text(f"cell_seconds = 4321\nmemory_mb = 77\n{before}")
    call("retry", path)
    call("retry", "tiny")
    path.write_text(before)
    assert (asked[0].cell_seconds, asked[0].memory_mb) == (4321, 77)
    assert Study.parse(asked[0].text) == asked[0]  # the store says so, too
    assert asked[1].memory_mb is None
    assert asked[1].text == before


def test_limits_are_changed_wherever_they_stand():
    head = 'name = "s"\ntasks = ["embedded:digits"]\ncandidates = ["dummy"]'
    text = f"{head}\n cell_seconds=5  # short\nmemory_mb = 9"
    changed = Study.parse(text).with_limits(7.5, None)
    assert (changed.cell_seconds, changed.memory_mb) == (7.5, None)
    assert changed == Study.parse(changed.text)
    odd = Study.parse(text.replace("cell_seconds=", '"cell_seconds" = '))
    with pytest.raises(StudyError):
        odd.with_limits(7.5, None)


@pytest.mark.parametrize("command_", ["verify", "retry"])
def test_a_claim_is_told_by_its_own_command(tmp_path, capsys, command_):
    path = tmp_path / "claims.sqlite"
    with Store(path, writable=True) as store:
        text = 'name = "claim-rotation-tiny"\nsize = "tiny"\nclaim = "rotation"\n'
        store.declare("claim-rotation-tiny", title="Rotation", declared=text, tasks=[], cells=[])
    assert command.main([command_, "claim-rotation-tiny", "--store", str(path)]) == 2
    err = capsys.readouterr().err
    assert f"python -m benchmarks claims rotation --size tiny --store {path} --retry" in err


RUN_CELLS = {
    "run": ["tiny.toml"],
    "retry": ["tiny"],
    "settle": ["tiny.toml", "linear", "dummy"],
    "claims": ["rotation", "--size", "tiny"],
}


@pytest.mark.parametrize("name", RUN_CELLS)
def test_a_signal_ends_every_command_that_runs_cells_in_good_order(
    finished, tmp_path, monkeypatch, capsys, name
):
    def stopped(*_, **__):
        signal.raise_signal(signal.SIGTERM)

    path = tmp_path / "store.sqlite"
    if name == "retry":  # there must be what failed
        shutil.copy(finished / "store.sqlite", path)
        with sqlite3.connect(path) as db:
            db.execute("UPDATE outcomes SET status = 'error', reason = 'r', validation = NULL, test = NULL")
        db.close()
    monkeypatch.chdir(finished)
    monkeypatch.setattr(LocalEngine, "run", stopped)
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("nobody took it"))
    try:
        assert command.main([name, *RUN_CELLS[name], "--store", str(path)]) == 130
    finally:
        signal.signal(signal.SIGTERM, before)
    err = capsys.readouterr().err
    kept = {"run": "0 ", "retry": "2 "}.get(name, "")
    assert f"interrupted: {kept}finished cells are kept; the same command goes on from there" in err
    Store(path, writable=True).close()  # nobody holds it


def test_these_are_the_commands_that_run_cells():
    (commands,) = command._parser()._subparsers._group_actions
    assert {name for name, made in commands.choices.items() if made.get_default("runs_cells")} == {*RUN_CELLS}


def test_log_attaches_files(call, finished):
    (finished / "page.html").write_text("<p>")
    assert "tiny is up to date" in call("log", "tiny", "--attach", finished / "page.html")
    assert list((finished / "artifacts").rglob("page.html"))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run", "none.toml"], "No such file"),
        (["log", "tinny"], "did you mean 'tiny'"),
        (["status", "tinny"], "did you mean 'tiny'"),
        (["log", "tiny", "--attach", "none.html"], "an attachment must be a file, got none.html"),
    ],
)
def test_mistakes_are_one_sentence(call, args, message):
    assert message in call(*args, code=2)


def test_nothing_there_yet(call):
    assert "run a study first" in call("status", store="none.sqlite", code=2)
    assert "run a study first" in call("dashboard", store="nowhere/none.sqlite", code=2)


def test_the_dashboard_says_so_if_the_port_is_taken(call):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        err = call("dashboard", "--port", port, code=2)
    assert f"port {port} of 127.0.0.1 must be free" in err
    assert f"--port {port + 1}" in err


def test_the_dashboard_prints_links_and_serves_on_this_machine_alone(call, finished, monkeypatch, capsys):
    def execv(path, args):
        raise SystemExit(args)  # this process would become the server

    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(SystemExit) as started:
        call("dashboard", "--port", 45678)
    assert "tiny: http://127.0.0.1:45678/#/experiments/1/runs?compareRuns" in capsys.readouterr().out
    args = started.value.code
    assert args[args.index("--host") + 1] == "127.0.0.1"
    assert args[args.index("--backend-store-uri") + 1] == f"sqlite:///{finished}/mlflow.db"


def test_the_dashboard_is_of_what_studies_are_logged_to(call, finished, monkeypatch, capsys):
    monkeypatch.setattr(os, "execv", lambda path, args: pytest.fail(" ".join(args)))
    elsewhere = finished / "elsewhere.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")
    assert f"no database {elsewhere}" in call("dashboard", code=2)
    out = call("log", "tiny")
    assert f"after: python -m benchmarks dashboard --store {finished / 'store.sqlite'}" in out
    with pytest.raises(pytest.fail.Exception, match=f"--backend-store-uri sqlite:///{elsewhere}"):
        call("dashboard", "--port", 45678)


@pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")
def test_the_dashboard_of_a_server_is_there_already(call, finished, monkeypatch):
    real, uri = tracking.connect, "https://mlflow.example.org"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr(tracking, "connect", lambda uri: real(f"sqlite:///{finished / 'mlflow.db'}"))
    assert f"tiny: {uri}/#/experiments/1/" in call("dashboard")


def test_usage_errors_end_with_2(capsys):
    with pytest.raises(SystemExit) as wrong:
        command.main(["dashboard", "--port", "70000"])
    assert wrong.value.code == 2
    assert "must be at most 65535, got '70000'" in capsys.readouterr().err
    done = subprocess.run([sys.executable, "-m", "benchmarks", "run"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage: python -m benchmarks run" in done.stderr


def test_a_task_that_cannot_be_had_is_told_and_the_rest_runs(finished, tmp_path, capsys):
    text = (finished / "tiny.toml").read_text().replace("tasks = [", 'tasks = ["file:gone.csv?target=y", ')
    (tmp_path / "part.toml").write_text(text.replace('"tiny"', '"part"'))
    where = ["--store", str(tmp_path / "part.sqlite"), "--workers", "1"]
    assert command.main(["plan", str(tmp_path / "part.toml"), *where]) == 1
    assert "Not to be had, so not run: 1" in capsys.readouterr().out
    assert command.main(["run", str(tmp_path / "part.toml"), *where, "--no-mlflow"]) == 1
    out = capsys.readouterr().out
    assert "2 ok" in out
    assert out.count("Not to be had, so not run: 1") == 2  # before and after
    assert "the file must exist" in out[out.index("Then run another") :]
    assert command.main(["status", "part", *where[:2]]) == 0
    assert "Not to be had, so not run: 1" in capsys.readouterr().out
    (tmp_path / "none.toml").write_text(
        'name = "none"\ntasks = ["file:gone.csv?target=y"]\ncandidates = ["dummy"]'
    )
    assert command.main(["run", str(tmp_path / "none.toml"), *where]) == 2
    assert capsys.readouterr().err.startswith("error: the file must exist")
