"""Two studies side by side: what they share, what differs, and by how much."""

import numpy as np
import pytest

from benchmarks import scores
from reports import compare, document
from reports.summary import ReportError


def side(name, frame, **settings):
    tasks = [{"id": task, "data_hash": f"hash of {task}"} for task in dict.fromkeys(frame["task"])]
    return compare.Side(name, frame, {"name": name, "settings": settings}, tasks)


def told(a, b):
    return compare.told(a, b, rng=np.random.default_rng(0))


def tables(result):
    return document.files(result)


def shifted(frame, candidate, by):
    """The same study run again: other cells, one candidate better by a constant."""
    frame = frame.assign(key=[f"f{i:023x}" for i in range(len(frame))])
    hit = frame["candidate"] == candidate
    frame.loc[hit, ["test", "validation"]] += by
    return frame


def test_a_study_beside_itself_differs_in_nothing(frame):
    result = told(side("a", frame), side("b", frame))
    table = tables(result)["differences"]
    assert (table[["difference", "low", "high"]].to_numpy() == 0).all()
    assert set(tables(result)) == {"differences", "tasks"}  # neither protocol nor environment differ
    assert "No candidate’s mean score differs" in result.headline
    assert "238 of 238 cells of A are cells of B" in result.sections[0].text[0]


def test_the_order_in_which_a_study_lists_its_candidates_changes_nothing(frame):
    order = ["dummy", "linear", "lstm", "gbt", "mlp", "cnn", scores.ADVISOR]
    other = frame.sort_values("candidate", key=lambda names: names.map(order.index), kind="stable")
    result = told(side("a", frame), side("b", other))
    assert "Order of the 5 candidates: Spearman 1.00, Kendall 1.00." in result.headline


def test_a_better_candidate_is_found_with_its_interval(frame):
    result = told(side("a", frame), side("b", shifted(frame, "linear", 0.02)))
    rows = tables(result)["differences"].set_index(["structure", "candidate"])
    overall = rows.loc["overall"]
    assert overall.loc["linear", "reading"] == "higher in B"
    assert overall.loc["linear", "low"] > 0
    assert (overall.drop("linear")["reading"] == "not separated").all()
    assert rows.loc[("image", "linear"), "reading"] == "higher in B, a direction only"  # four sources
    tasks = tables(result)["tasks"].set_index(["task", "candidate"])
    assert tasks.loc[("embedded:digits", "linear"), "difference"] == pytest.approx(0.02)
    assert tasks.loc[("embedded:digits", "cnn"), "cells"] == "0 of 4"
    # by hand, on the scale of both: mean over tasks of 0.02 / (best - dummy)
    spans = []
    for _, cells in frame[frame["candidate"] != scores.ADVISOR].groupby("task"):
        means = cells.groupby("candidate")["test"].mean()
        best = max(means.max(), means["linear"] + 0.02)
        spans.append(0.02 / (best - means["dummy"]))
    assert overall.loc["linear", "difference"] == pytest.approx(np.mean(spans), rel=0.01)


def test_what_is_in_one_only_and_what_differs_is_named(frame):
    one = frame[(frame["task"] != "embedded:bike") & (frame["candidate"] != "mlp")]
    two = frame[(frame["task"] != "embedded:digits") & (frame["candidate"] != "lstm")].copy()
    two["environment"] = [{**e, "cpu": "another", "versions": {"torch": "3.0"}} for e in two["environment"]]
    two.loc[two["task"] == "embedded:credit", "status"] = "pending"
    a, b = side("a", one, n_trials=1), side("b", two, n_trials=9, protocol={"name": "paper"})
    b.tasks[0]["data_hash"] = "other"
    result = told(a, b)
    only = " ".join(result.sections[2].text)
    assert "Tasks in A only (1): embedded:digits." in only
    assert "Tasks in B only (1): embedded:bike." in only
    assert "Candidates in A only (1): lstm." in only
    assert "Candidates in B only (1): mlp." in only
    assert "left out): embedded:credit." in only
    assert f"their hashes differ): {b.tasks[0]['id']}." in only
    protocol = tables(result)["protocol"].set_index("rule")
    assert protocol.loc["n_trials"].tolist() == ["1", "9"]
    assert protocol.loc["split"].tolist() == ["holdout", "random"]
    environment = tables(result)["environment"].set_index("fact")
    assert environment.loc["cpu"].tolist() == ["a CPU, 2 cores", "another"]
    assert environment.loc["torch"].tolist() == ["2.13.0", "3.0"]


def test_pages_escape_what_users_name(frame):
    evil = "<script>alert(1)</script>|=1"
    frame = frame[frame["task"].isin(["embedded:bike", "embedded:digits", "embedded:plaid"])]
    frame = frame.assign(candidate=frame["candidate"].replace({"mlp": evil}))
    frame["task"] = frame["task"].replace({"embedded:bike": "=HYPERLINK(1)"})
    result = told(side(evil, frame), side("b", shifted(frame, evil, 0.02)))
    page, text = document.to_html(result), document.to_markdown(result)
    assert "<script" not in page
    assert "<script" not in text
    assert "&lt;script&gt;" in page
    assert "=HYPERLINK(1)" in page  # text on a page
    bars = {line.replace("\\|", "").count("|") for line in text.split("\n") if line.startswith("| ")}
    assert len(bars) <= 3  # a bar in a name makes no column
    plain = document.to_text(result)
    assert plain.isprintable() or {c for c in plain if not c.isprintable()} == {"\n"}


def test_few_sources_give_a_direction_only(frame):
    few = frame[frame["structure"] == "image"]
    result = told(side("a", few), side("b", shifted(few, "linear", 0.02)))
    assert "the linear model +0" in result.headline
    assert "A direction only: fewer than 12 sources." in result.headline


@pytest.mark.parametrize("keep", [["gbt"], ["dummy"]])
def test_studies_that_share_nothing_are_refused(frame, keep):
    other = frame[frame["candidate"].isin(keep)]
    with pytest.raises(ReportError, match="share the dummy and another candidate"):
        told(side("a", frame), side("b", other))
    elsewhere = frame.assign(task="x" + frame["task"])
    with pytest.raises(ReportError, match="share a task that is finished in both"):
        told(side("a", frame), side("b", elsewhere))
