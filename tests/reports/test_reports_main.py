"""The commands on a real store: files, printed verdict, exit codes."""

import json
from xml.etree import ElementTree

import pandas as pd
import pytest

from benchmarks.cell import Cell, Outcome
from benchmarks.store import Store
from reports import figures
from reports.__main__ import main

DECLARED = (
    'name = "starter"\nnext = "This is a first look. The full study: python -m benchmarks run full.toml"\n'
)


def fill(path, frame, *, outcomes=True, labels=None):
    """Write a frame as a study called starter."""
    facts = frame.drop_duplicates("task")
    tasks = [
        {**row, "id": row["task"], "data_hash": "0" * 16, "layout": None, "n": 100, "d": 4}
        for row in facts[["task", "origin", "structure", "kind", "metric"]].to_dict("records")
    ]
    rows = frame.to_dict("records")
    cells = [
        Cell(r["task"], "0" * 16, r["candidate"], r["config"], r["fold"], r["seed"], "{}", r["trial"])
        for r in rows
    ]
    with Store(path, writable=True) as store:
        told = {"title": "Starter study", "declared": DECLARED, "labels": labels}
        store.declare("starter", tasks=tasks, cells=cells, **told)
        for cell, row in zip(cells, rows) if outcomes else []:
            if row["status"] == "pending":
                continue
            advisor = row["candidate"] == "advisor"
            numbers = {
                name: None
                if pd.isna(row[name]) or (advisor and name in ("validation", "test"))
                else row[name]
                for name in ("validation", "test", "fit_seconds", "predict_seconds", "peak_mb")
            }
            store.record(
                Outcome(
                    cell.key,
                    row["status"],
                    row["reason"],
                    **numbers,
                    extra=row["extra"],
                    environment=row["environment"],
                    finished=row["finished"],
                )
            )


@pytest.fixture
def store(tmp_path, frame, failing):
    path = tmp_path / "store.sqlite"
    fill(path, failing(frame, "plaid", "lstm"))
    return path


@pytest.fixture
def undrawn(monkeypatch):
    """Leave out the drawings, which take seconds."""
    monkeypatch.setattr(figures, "of", lambda summary: {})


def test_build_writes_everything_the_same_again_and_prints_the_verdict(store, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["build", "starter", "--store", str(store), "--out", str(out)]) == 0
    names = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    drawn = {"matrix", "finding", "per_task", "regret", "time_score", "critical_difference", "failures"}
    assert names == {
        *("report.html", "report.md", "results.parquet", "results.csv"),
        *(f"figures/{name}.{kind}" for name in drawn for kind in ("svg", "csv")),
    }
    printed = capsys.readouterr().out
    assert "Boosted trees" in printed
    assert str(out / "report.html") in printed
    assert "make dashboard" in printed
    assert printed.rstrip().endswith(
        "This is a first look. The full study: python -m benchmarks run full.toml"
    )
    results = pd.read_parquet(out / "results.parquet")
    assert len(results) == 17 * 7 * 2
    assert (results["status"] == "timeout").sum() == 2 + 2  # the LSTM's cells and the advice to take it
    main(["build", "starter", "--store", str(store), "--out", str(tmp_path / "again")])
    again = {str(p.relative_to(tmp_path / "again")) for p in (tmp_path / "again").rglob("*") if p.is_file()}
    assert again == names
    other = {name for name in names if (out / name).read_bytes() != (tmp_path / "again" / name).read_bytes()}
    assert not other
    extra = results.loc[results["candidate"] == "advisor", "extra"].map(json.loads)
    assert set(extra.map(lambda e: e["recommendation"])) == {"cnn", "lstm", "gbt"}


def test_candidates_go_by_their_titles_in_the_store(tmp_path, frame, undrawn):
    own = frame.replace({"candidate": {"mlp": "mine@1"}})
    fill(tmp_path / "store.sqlite", own, labels={"mine@1": ("My network", "network")})
    where = ["--store", str(tmp_path / "store.sqlite"), "--out", str(tmp_path)]
    for what in (["starter"], ["--compare", "starter", "starter"]):
        assert main(["build", *what, *where]) == 0
    for name in ("report.md", "compare.md"):
        page = (tmp_path / name).read_text()
        assert "My network" in page
        assert "mine@1" not in page


def test_figure_writes_one_svg(store, tmp_path, capsys):
    path = tmp_path / "docs" / "finding.svg"
    assert main(["figure", "finding", "starter", "--store", str(store), "--out", str(path)]) == 0
    assert ElementTree.parse(path).getroot().tag.endswith("svg")
    assert capsys.readouterr().out.strip() == str(path)


def test_build_without_tasks_tells_both_verdicts(store, tmp_path, capsys, undrawn):
    arguments = [
        "build",
        "starter",
        "--store",
        str(store),
        "--out",
        str(tmp_path),
        "--without",
        "bike,digits",
    ]
    assert main(arguments) == 0
    assert "With 2 tasks left out" in capsys.readouterr().out.replace("\n", " ")
    assert "embedded:bike: asked for" in (tmp_path / "report.md").read_text().replace("\\_", "_")
    assert len(pd.read_parquet(tmp_path / "results.parquet")) == 15 * 7 * 2


def test_compare_reads_two_stores(store, tmp_path, frame, capsys):
    other = tmp_path / "other.sqlite"
    fill(other, frame[frame["structure"] == "image"])
    out = tmp_path / "c"
    names = ["starter", f"starter@{other}"]
    assert main(["build", "--compare", *names, "--store", str(store), "--out", str(out)]) == 0
    assert {p.name for p in out.iterdir()} >= {"compare.html", "compare.md", "compare-differences.csv"}
    assert "Tasks in A only (13): embedded:italy_power, " in capsys.readouterr().out.replace("\n", " ")
    assert main(["build", "--compare", *names, "--store", str(store)]) == 0
    assert (store.parent / "compare-starter-starter" / "compare.html").exists()


def test_agreement_writes_page_and_tables(store, tmp_path, capsys):
    path = tmp_path / "own.csv"
    path.write_text("task,candidate,score\nembedded:digits,cnn,0.99\nembedded:digits,gbt,0.9\n")
    arguments = ["agreement", "starter", "--store", str(store), "--out", str(tmp_path / "a")]
    assert main([*arguments, "--published", str(path)]) == 0
    assert "own: on 1 task 100% of the pairs" in capsys.readouterr().out
    assert (tmp_path / "a" / "agreement.html").exists()


def test_a_half_done_study_is_reported_as_such(tmp_path, frame, capsys, undrawn):
    frame = frame.copy()
    frame.loc[(frame["task"] == "embedded:bike") & (frame["candidate"] == "lstm"), "status"] = "pending"
    fill(tmp_path / "s.sqlite", frame)
    assert main(["build", "starter", "--store", str(tmp_path / "s.sqlite"), "--out", str(tmp_path)]) == 0
    assert "Unfinished study: 1 of 17 tasks is in no average" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build"], ["build needs a study"]),
        (["build", "starter", "--without", "bikes"], ["'bikes'", "did you mean 'bike'?"]),
        (["build", "--compare", "starter", "other"], ["'other'", "it holds starter"]),
        (["agreement", "starter", "--published", "{tmp}/none.csv"], ["none.csv", "give another"]),
        (["build", "startre"], ["'startre'", "did you mean 'starter'?"]),
        (
            ["figure", "curves", "starter", "--out", "{tmp}/c.svg"],
            ["'curves'", "more than one trial"],
        ),
        (["build", "starter", "--store", "{tmp}/none.sqlite"], ["none.sqlite", "run a study first"]),
        (["build", "starter", "--out", "{tmp}/store.sqlite/x"], ["place that can be written"]),
    ],
)
def test_mistakes_give_one_sentence_and_exit_code_2(store, tmp_path, capsys, arguments, words):
    arguments = [a.format(tmp=tmp_path) for a in arguments]
    if "--store" not in arguments:
        arguments += ["--store", str(store)]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.strip().split("\n")) == 1
    assert all(word in printed.err for word in words)


def test_a_study_without_results_is_refused(tmp_path, frame, capsys):
    fill(tmp_path / "s.sqlite", frame, outcomes=False)
    assert (
        main(["build", "starter", "--store", str(tmp_path / "s.sqlite"), "--out", str(tmp_path / "o")]) == 2
    )
    assert "238 of 238 cells pending" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
