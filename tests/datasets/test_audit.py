"""What an audit finds in tables that were made to hold it, and that it is silent about the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

import datasets
from datasets import __main__ as command
from datasets.audit import KINDS, audit, audit_all, table_of
from datasets.task import Task

N = 400


def task(X, y, kind="classification"):
    metric = "accuracy" if kind == "classification" else "r2"
    return Task("file:made", pd.DataFrame(X), pd.Series(y), kind, metric, None, None, "made")


def noise(seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(N, 6)), columns=list("abcdef"))
    return X, (X["a"] + rng.normal(size=N) > 0).astype(int).rename("y")


def kinds(some):
    return {flag.kind for flag in audit(some)}


def test_nothing_is_found_where_nothing_is():
    assert kinds(task(*noise())) == set()


def test_pictures_and_series_that_pass_for_tables():
    digits, letters = datasets.load("embedded:digits"), datasets.load("embedded:splice_junctions")
    assert "picture" in kinds(replace(digits, structure=None, layout=None))
    assert "sequence" in kinds(replace(letters, structure=None, layout=None))
    assert "picture" not in kinds(digits)  # it says what it is


def test_a_copy_of_the_target_is_a_leak_and_makes_it_certain():
    X, y = noise()
    assert {"leak", "certain"} <= kinds(task(X.assign(code=y * 7 + 1), y))


def test_copies_and_names_of_rows():
    X, y = noise()
    again = pd.concat([X, X.iloc[:200]], ignore_index=True)
    assert "copies" in kinds(task(again, pd.concat([y, y.iloc[:200]], ignore_index=True)))
    named = X.assign(name=[f"c{i:05d}" for i in range(N)])
    assert "identifier" in kinds(task(named, y))


def test_a_target_that_moves_step_by_step():
    X, _ = noise()
    walk = pd.Series(np.random.default_rng(2).normal(size=N).cumsum())
    assert kinds(task(X.assign(g=walk + 5 * X["a"]), walk, "regression")) & {"time", "sequence"}


def test_all_tasks_are_looked_at_and_failures_told():
    seen = []
    flags, looked, failed = audit_all(
        ["embedded:concrete", "file:nowhere.csv?target=y"], progress=seen.append
    )
    assert seen == looked == ["embedded:concrete"]
    assert all("Concrete" in flag.origin for flag in flags)
    assert list(failed) == ["file:nowhere.csv?target=y"]
    assert set(table_of(flags)["kind"]) <= set(KINDS)


def test_the_command_prints_and_keeps_what_was_found(tmp_path, capsys):
    path = tmp_path / "digits.csv"
    frame = (
        datasets.load("embedded:digits")
        .X.iloc[:600]
        .assign(target=datasets.load("embedded:digits").y.iloc[:600])
    )
    frame.to_csv(path, index=False)
    out = tmp_path / "flags.csv"
    assert command.main(["audit", f"file:{path}?target=target", "--csv", str(out)]) == 0
    assert "picture: 1 task" in capsys.readouterr().out
    assert pd.read_csv(out)["kind"].tolist() == ["picture"]
