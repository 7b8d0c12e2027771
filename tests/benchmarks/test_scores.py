"""Scores of small tables computed by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import curves, scores
from benchmarks.store import COLUMNS

# (task, structure, candidate) -> test score; validation is the same unless told
TABLE = {
    ("a", "image", "cnn"): 0.9,
    ("a", "image", "lstm"): 0.5,
    ("a", "image", "gbt"): 0.7,
    ("a", "image", "dummy"): 0.1,
    ("b", "tabular", "cnn"): 0.2,
    ("b", "tabular", "lstm"): -0.6,
    ("b", "tabular", "gbt"): 0.8,
    ("b", "tabular", "dummy"): 0.0,
}
SECONDS = {"cnn": 3.0, "lstm": 8.0, "gbt": 1.0, "dummy": 0.0, "advisor": 0.5}


def make(table, *, fold=0, trial=0, **columns):
    rows = [
        {
            "key": f"{task}{candidate}{fold}{trial}",
            "task": task,
            "origin": task,
            "structure": structure,
            "kind": "regression",
            "metric": "r2",
            "candidate": candidate,
            "config": "{}",
            "trial": trial,
            "fold": fold,
            "seed": 0,
            "status": "ok",
            "reason": "",
            "validation": score,
            "test": score,
            "fit_seconds": SECONDS[candidate],
            "predict_seconds": 0.0,
            "peak_mb": 0.0,
            "extra": {},
            "environment": {},
            "finished": "",
        }
        for (task, structure, candidate), score in table.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS).assign(**columns)


def fail(frame, task, candidate, status="timeout"):
    hit = (frame["task"] == task) & (frame["candidate"] == candidate)
    frame.loc[hit, ["status", "validation", "test", "fit_seconds"]] = [status, np.nan, np.nan, np.nan]
    return frame


def advise(frame, advised):
    """Add the advisor's rows: it advises a family for each task."""
    rows = [
        {**frame[(frame["task"] == task) & (frame["candidate"] == family)].iloc[0].to_dict(),
         "candidate": "advisor", "extra": {"recommendation": family}}
        for task, family in advised.items()
    ]  # fmt: skip
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)


def by_candidate(rows, column, task):
    rows = rows[rows["task"] == task]
    return dict(zip(rows["candidate"], rows[column]))


@pytest.fixture
def frame():
    return make(TABLE)


def test_normalised_scores(frame):
    rows = scores.normalise(frame)
    assert by_candidate(rows, "normalised", "a") == pytest.approx(
        {"cnn": 1, "lstm": 0.5, "gbt": 0.75, "dummy": 0}
    )
    assert by_candidate(rows, "normalised", "b") == pytest.approx(
        {"cnn": 0.25, "lstm": 0, "gbt": 1, "dummy": 0}
    )


def test_nobody_beats_the_dummy():
    rows = scores.normalise(make({("a", "image", "cnn"): 0.1, ("a", "image", "dummy"): 0.1}))
    assert list(rows["normalised"]) == [0, 0]


def test_ranks_and_ties(frame):
    frame.loc[frame["key"] == "alstm00", "test"] = 0.7
    assert by_candidate(scores.ranks(frame), "rank", "a") == {"cnn": 1, "lstm": 2.5, "gbt": 2.5, "dummy": 4}


def test_the_advisor_has_the_rank_of_its_family_and_moves_nobody(frame):
    before = scores.ranks(frame)
    after = scores.ranks(advise(frame, {"a": "gbt", "b": "gbt"}))
    advisor = after["candidate"] == "advisor"
    pd.testing.assert_frame_equal(before, after[~advisor].reset_index(drop=True))
    assert list(after.loc[advisor, "rank"]) == [2, 1]


def test_an_advisor_that_ties_with_nobody_has_a_whole_rank(frame):
    table = advise(frame, {"a": "cnn", "b": "cnn"})
    table.loc[table["candidate"] == "advisor", "test"] += 0.01
    ranked = scores.ranks(table)
    assert set(ranked.loc[ranked["candidate"] == "advisor", "rank"] % 1) == {0.0}
    assert ranked["rank"].min() >= 1


def test_a_failed_cell_counts_as_the_dummy_in_its_fold(frame):
    second = make({key: score + 0.1 for key, score in TABLE.items()}, fold=1)
    both = pd.concat([fail(frame, "a", "gbt"), second], ignore_index=True)
    rows = scores.selected(both)
    # fold 0: the dummy's 0.1; fold 1: its own 0.8
    assert by_candidate(rows, "test", "a")["gbt"] == pytest.approx(0.45)
    assert by_candidate(rows, "imputed", "a") == {"cnn": 0, "lstm": 0, "gbt": 1, "dummy": 0}
    verdict = scores.verdict(both).set_index(["structure", "candidate"])
    assert verdict.loc[("overall", "gbt"), ["ok", "failed", "skipped"]].tolist() == [3, 1, 0]


def test_folds_are_averaged_before_tasks(frame):
    # three folds of task a must not outweigh one of task b
    more = [make({k: s for k, s in TABLE.items() if k[0] == "a"}, fold=fold) for fold in (1, 2)]
    verdict = scores.verdict(pd.concat([frame, *more], ignore_index=True))
    overall = verdict[verdict["structure"] == "overall"].set_index("candidate")["mean_normalised_score"]
    assert overall["gbt"] == pytest.approx((0.75 + 1) / 2)


@pytest.mark.parametrize("status", ["pending", "error"])
def test_tasks_that_cannot_be_judged_are_left_out(frame, status):
    who = {"pending": "gbt", "error": "dummy"}[status]
    assert set(scores.verdict(fail(frame, "a", who, status))["structure"]) == {"overall", "tabular"}
    nothing = fail(fail(frame, "a", who, status), "b", who, status)
    for function in (scores.verdict, curves.curve, scores.anytime, scores.regret, scores.ranks):
        assert len(function(nothing)) == 0


def test_verdict(frame):
    verdict = scores.verdict(frame).set_index(["structure", "candidate"])
    assert verdict.index.get_level_values(0).unique().tolist() == ["overall", "image", "tabular"]
    assert verdict.loc["overall"].index.tolist() == ["gbt", "cnn", "lstm", "dummy"]
    gbt = verdict.loc[("overall", "gbt")]
    assert gbt["mean_normalised_score"] == pytest.approx(0.875)
    assert gbt[["tasks", "mean_rank", "wins", "ok", "failed", "fit_seconds"]].tolist() == [2, 1.5, 1, 2, 0, 2]
    assert verdict.loc[("image", "cnn"), "wins"] == 1
    assert verdict.loc[("tabular", "cnn"), "mean_rank"] == 2


def test_the_configuration_is_chosen_by_validation(frame):
    better = make(TABLE, trial=1)
    better["validation"] += [0, -1, 1, 0, 0, -1, 1, 0]
    better["test"] -= 0.05
    rows = scores.selected(pd.concat([better, frame], ignore_index=True))
    assert by_candidate(rows, "trial", "a") == {"cnn": 0, "lstm": 0, "gbt": 1, "dummy": 0}
    assert by_candidate(rows, "test", "a")["gbt"] == pytest.approx(0.65)


def test_anytime_starts_at_the_dummy_and_ends_at_the_verdict(frame):
    curve = scores.anytime(frame).pivot(index="seconds", columns="candidate", values="normalised_score")
    assert list(curve.index) == [1, 2, 5, 10]
    assert curve["gbt"].tolist() == pytest.approx([0.875] * 4)
    assert curve["cnn"].tolist() == pytest.approx([0, 0, 0.625, 0.625])
    assert curve["lstm"].tolist() == pytest.approx([0, 0, 0, 0.25])


def test_anytime_counts_trials_one_after_the_other():
    one = make({("a", "image", "cnn"): 0.5, ("a", "image", "dummy"): 0.0})
    two = make({("a", "image", "cnn"): 1.0}, trial=1)
    curve = scores.anytime(pd.concat([one, two], ignore_index=True), seconds=(1, 3, 5, 6, 9))
    assert list(curve.loc[curve["candidate"] == "cnn", "normalised_score"]) == [0, 0.5, 0.5, 1]


def test_regret(frame):
    rows = scores.regret(advise(frame, {"a": "lstm", "b": "gbt"}))
    table = rows.pivot(index="task", columns="policy", values="regret")
    assert table.loc["a"].to_dict() == pytest.approx(
        {"advisor": 0.4, "always gbt": 0.2, "always cnn": 0, "textbook": 0}
    )
    assert table.loc["b"].to_dict() == pytest.approx(
        {"advisor": 0, "always gbt": 0, "always cnn": 0.6, "textbook": 0}
    )
    share = rows.pivot(index="task", columns="policy", values="normalised_regret")
    assert share.loc["a", "advisor"] == pytest.approx(0.5)
    assert rows.loc[rows["policy"] == "advisor", "chosen"].tolist() == ["lstm", "gbt"]


def test_regret_of_a_failed_family_is_that_of_the_dummy(frame):
    rows = scores.regret(advise(fail(frame, "a", "cnn"), {"a": "cnn", "b": "gbt"}))
    a = rows[rows["task"] == "a"].set_index("policy")["regret"]
    assert a.to_dict() == pytest.approx({"advisor": 0.6, "always gbt": 0, "always cnn": 0.6, "textbook": 0.6})


def test_regret_of_an_advisor_that_failed_is_that_of_the_dummy(frame):
    frame = advise(frame, {"a": "cnn", "b": "gbt"})
    failed = fail(frame, "a", "advisor", "error")
    failed["extra"] = [{} if s == "error" else e for s, e in zip(failed["status"], failed["extra"])]
    rows = scores.regret(failed)
    advisor = rows[rows["policy"] == "advisor"].set_index("task")["regret"]
    assert advisor.to_dict() == pytest.approx({"a": 0.8, "b": 0})
    assert rows.loc[rows["policy"] == "advisor", "chosen"].tolist() == ["nothing", "gbt"]


def test_regret_is_that_of_the_default_configuration(frame):
    searched = make({("a", "image", "gbt"): 0.99}, trial=1)
    rows = scores.regret(pd.concat([frame, searched], ignore_index=True))
    assert rows[(rows["task"] == "a") & (rows["policy"] == "always gbt")]["regret"].item() == pytest.approx(
        0.2
    )


def test_a_task_of_unknown_structure(frame):
    frame["structure"] = None
    assert set(scores.verdict(frame)["structure"]) == {"overall", "unknown"}
    textbook = scores.regret(frame).query("policy == 'textbook'")
    assert set(textbook["chosen"]) == {"gbt"}


def test_fits_that_the_time_limit_ended_are_counted():
    frame = make(TABLE)
    assert scores.cut_short(frame) == ""
    ended = (frame["task"] == "a") & frame["candidate"].isin(["cnn", "lstm"])
    frame["extra"] = [{"stopped": "time_limit" if hit else "patience"} for hit in ended]
    assert scores.cut_short(frame.assign(extra=[{"hurried": bool(hit)} for hit in ended])).endswith("2 fits.")
    told = scores.cut_short(frame)
    assert told == "Ended or hurried by the time limit of a fit: cnn 1 of 2, lstm 1 of 2 fits."
    planned = frame["status"].where((frame["task"] == "a") | (frame["candidate"] != "cnn"), "pending")
    assert "cnn 1 of 1, lstm 1 of 2 fits." in scores.cut_short(frame.assign(status=planned))  # one ran
    frame["status"] = frame["status"].where(~ended, scores.BEYOND)
    assert scores.cut_short(frame) == (
        "Beyond the budget of a search, and no part of it: cnn 1 of 2, lstm 1 of 2 trials."
    )


def test_trials_of_a_search_are_counted_without_those_beyond_its_budget():
    frame = pd.concat([make(TABLE).assign(trial=trial) for trial in range(3)], ignore_index=True)
    late = (frame["task"] == "a") & (frame["candidate"] == "cnn") & (frame["trial"] == 2)
    frame["status"] = frame["status"].where(~late, scores.BEYOND)
    found = scores.searched(frame)
    assert found["a", "cnn"] == 2
    assert found["a", "gbt"] == found["b", "cnn"] == 3
