"""What a report says: means by hand, failures counted, no average over holes, words as sure as numbers."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import scores
from reports import sentences, significance_told, statistics, tables
from reports.significance import critical_difference, significance
from reports.summary import ReportError, environments, machines, summarise

STUDY = {"name": "starter", "title": "Starter", "settings": {"next": "Run the full study."}}


def summary_of(frame):
    return summarise(frame, STUDY, rng=np.random.default_rng(0))


def verdict(summary, structure, candidate):
    table = summary.verdict.set_index(["structure", "candidate"])
    return table.loc[(structure, candidate)]


def test_means_equal_those_of_the_frame(frame, summary):
    assert summary.test.shape == summary.normalised.shape == (17, 6)
    own = frame[(frame["task"] == "embedded:plaid") & (frame["candidate"] == "cnn")]["test"].mean()
    assert summary.test.at["embedded:plaid", "cnn"] == pytest.approx(own)
    row = summary.test.loc["embedded:plaid"]
    z = (row - row["dummy"]) / (row.max() - row["dummy"])
    assert summary.normalised.loc["embedded:plaid"].tolist() == pytest.approx(z.tolist())
    tables = summary.tasks.index[summary.tasks["structure"] == "tabular"]
    mlp = verdict(summary, "tabular", "mlp")
    assert mlp["mean_normalised_score"] == pytest.approx(summary.normalised.loc[tables, "mlp"].mean())
    assert mlp["score_low"] < mlp["mean_normalised_score"] < mlp["score_high"]
    assert mlp["rank_low"] <= mlp["mean_rank"] <= mlp["rank_high"]
    assert (mlp["win"], mlp["tie"], mlp["loss"]) == (0, 0, 8)


def test_structures_come_in_a_fixed_order_and_the_advisor_is_no_candidate(frame):
    summary = summary_of(frame.sample(frac=1, random_state=0))
    assert summary.structures == ["image", "sequence", "tabular"]
    assert "advisor" not in summary.candidates
    assert "advisor" not in summary.normalised
    assert set(summary.places["leader"]) <= set(summary.candidates)


def test_places_count_sources_and_bound_the_lead(summary):
    places = summary.places.set_index("structure")
    assert places.loc["tabular", ["tasks", "sources"]].tolist() == [8, 7]  # two tasks of one census
    assert places.loc["image", "leader"] == "cnn"
    assert places.loc["tabular", "leader"] == "gbt"
    assert 0 < places.loc["tabular", "low"] < places.loc["tabular", "ahead"] < places.loc["tabular", "high"]
    assert places.loc["sequence", "low"] < 0 < places.loc["sequence", "high"]


def test_headline_names_a_winner_only_where_the_interval_excludes_zero(summary):
    text = sentences.headline(summary)
    assert text == (
        "No clear winner between CNN and boosted trees on images and sequences; "
        "boosted trees are ahead on tables. “Ahead” is a direction only: fewer than 12 sources."
    )


def test_a_leader_leads_from_12_sources_on(make):
    def tables(n):
        scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.1]
        return make(tasks={f"t{i}": (f"o{i}", "tabular", "classification", scores) for i in range(n)})

    assert sentences.headline(summary_of(tables(12))) == "Boosted trees lead on tables."
    assert sentences.headline(summary_of(tables(11))).startswith("Boosted trees are ahead on tables. “Ahead”")


def test_few_sources_give_a_direction_only(summary):
    told = sentences.certainty(summary)
    assert len(told) == 3
    assert all("A direction only: fewer than 12 sources." in sentence for sentence in told)
    assert "8 tasks from 7 sources" in told[2]


def test_one_source_gives_no_interval(make):
    tasks = {
        f"t{i}": ("mnist", "image", "classification", [0.8, 0.9 + i / 100, 0.7, 0.6, 0.5, 0.1])
        for i in range(3)
    }
    summary = summary_of(make(tasks=tasks))
    (told,) = sentences.certainty(summary)
    assert told.endswith("one source tells nothing of others, so there is no interval.")
    assert sentences.headline(summary) == "No clear winner between CNN and boosted trees on images."


def test_failed_cells_count_with_the_dummy_and_are_listed(frame, failing):
    summary = summary_of(failing(frame, "plaid", "lstm"))
    assert summary.normalised.at["embedded:plaid", "lstm"] == 0
    assert summary.imputed.at["embedded:plaid", "lstm"] == 2
    before = verdict(summary_of(frame), "sequence", "lstm")["mean_normalised_score"]
    assert verdict(summary, "sequence", "lstm")["mean_normalised_score"] < before - 0.05
    assert summary.failures.to_dict("records") == [
        {
            "task": "embedded:plaid",
            "candidate": "lstm",
            "status": "timeout",
            "reason": "took more than 60 s",
            "cells": 2,
        }
    ]


def pending(frame, task, candidate):
    frame = frame.copy()
    hit = (frame["task"] == f"embedded:{task}") & (frame["candidate"] == candidate)
    frame.loc[hit, ["validation", "test", "fit_seconds"]] = np.nan
    frame.loc[hit, "status"], frame.loc[hit, "finished"] = "pending", ""
    return frame


def test_a_task_with_a_pending_cell_is_in_no_average_and_is_named(frame, summary):
    partial = summary_of(pending(frame, "bike", "lstm"))
    assert "embedded:bike" not in partial.tasks.index
    assert partial.left_out.to_dict("records") == [
        {"task": "embedded:bike", "why": "2 of 14 cells are not finished", "kind": "unfinished"}
    ]
    assert sentences.unfinished(partial) == (
        "Unfinished study: 1 of 17 tasks is in no average, because not all cells have a result. "
        "The report covers the other 16."
    )
    assert sentences.unfinished(summary) == ""


def test_a_task_whose_dummy_failed_is_left_out(frame, failing):
    summary = summary_of(failing(frame, "bike", "dummy"))
    assert summary.left_out["why"].tolist() == ["the dummy has no score"]
    assert sentences.unfinished(summary) == (
        "1 of 17 tasks is in no average, because the dummy failed, so that there is no zero. "
        "The report covers the other 16."
    )


def test_each_reason_why_tasks_are_left_out_is_counted(frame, failing):
    for task in ("bike", "letters"):
        frame = failing(frame, task, "dummy")
    study = STUDY | {"missing": {"file:gone.csv": "no such file", "embedded:digits": "it was there before"}}
    summary = summarise(pending(frame, "plaid", "lstm"), study, rng=np.random.default_rng(0))
    assert summary.left_out["task"].tolist()[-1] == "file:gone.csv"
    assert summary.left_out["why"].tolist()[-1] == "not to be had: no such file"
    assert sentences.unfinished(summary) == (
        "Unfinished study: 4 of 18 tasks are in no average, 1 because not all cells have a result, "
        "2 because the dummy failed, so that there is no zero and 1 because the data could not be had. "
        "The report covers the other 14."
    )


def test_a_cell_that_was_stopped_for_its_time_is_not_fast(frame):
    task = (frame["task"] == "embedded:plaid") & (frame["candidate"] == "lstm")
    seconds = [2.0, 60.0]  # the second fold was stopped
    frame.loc[task, "fit_seconds"] = seconds
    frame.loc[task & (frame["fold"] == 1), ["status", "validation", "test"]] = ["timeout", np.nan, np.nan]
    of = {"embedded:plaid"}
    told = summary_of(frame[frame["task"].isin(of)])
    assert verdict(told, "sequence", "lstm")["seconds"] == 31
    frame.loc[task & (frame["fold"] == 1), "fit_seconds"] = np.nan  # as it was noted once
    study = STUDY | {"settings": {"cell_seconds": 100, "protocol": {"name": "kfold"}}}
    told = summarise(frame[frame["task"].isin(of)], study, rng=np.random.default_rng(0))
    assert verdict(told, "sequence", "lstm")["seconds"] == 51
    assert sentences.fitting(told) == (
        "wall seconds of fitting in a cell: one fit on the training rows of a split and one for each of its "
        "5 inner folds. Cells stopped for their time count with the limit, which is less than they needed: "
        "LSTM 1."
    )


def test_notes_of_a_task_are_those_of_the_chosen_configuration(make):
    frame = make(trials=2)
    mlp = (frame["task"] == "embedded:plaid") & (frame["candidate"] == "mlp")
    lost = ["validation", "test", "fit_seconds"]
    hits = {"out_of_memory": (mlp & (frame["trial"] == 0)), "timeout": mlp & (frame["trial"] == 1)}
    hits["timeout"] &= frame["fold"] == 1
    for status, hit in hits.items():
        frame.loc[hit, ["status", "reason"]], frame.loc[hit, lost] = [status, "r"], np.nan
    summary = summary_of(frame)
    (row,) = (r for g in tables.tasks(summary) for r in g["rows"] if r["name"].endswith("plaid"))
    notes = {name: cell["note"] for name, cell in zip(summary.candidates, row["cells"])}
    assert notes["mlp"] == "1 of 2 time limit"
    assert not any(note for name, note in notes.items() if name != "mlp")


def test_nothing_finished_is_refused(frame):
    nothing = frame.assign(status="pending", test=np.nan, validation=np.nan)
    with pytest.raises(ReportError, match=r"got 238 of 238 cells pending in the study 'starter'"):
        summary_of(nothing)


def test_advice_is_compared_with_simple_rules(summary):
    policies = summary.policies.set_index("policy")
    assert list(policies.index) == ["advisor", "always gbt", "always cnn", "textbook"]
    families = summary.test[["cnn", "lstm", "gbt"]]
    lost = families.max(axis=1) - families["gbt"]
    share = lost / (families.max(axis=1) - summary.test["dummy"])
    assert policies.loc["always gbt", "mean"] == pytest.approx(
        share.mean(), abs=0.01
    )  # folds are averaged after
    advice = summary.advice.loc["embedded:plaid"]
    assert (advice["recommendation"], advice["layout"], advice["confidence"]) == ("lstm", "8 × 8 × 1", 0.61)
    assert advice["regret"] > 0.1
    assert sentences.advice(summary).startswith(
        "The advisor chose the best of CNN, LSTM and boosted trees on"
    )


def test_a_study_without_advisor_says_nothing_of_one(make):
    summary = summary_of(make(advisor=False))
    assert summary.advice.empty
    assert sentences.advice(summary) == ""
    assert "advisor" not in summary.policies["policy"].tolist()


def test_tests_use_independent_sources_or_none(frame, summary):
    found = significance(summary)
    places = critical_difference(summary)
    assert found.n == found.omnibus.n == places.n == 16  # 17 tasks, two of one origin
    assert len(found.pairs) == 10  # five candidates without the dummy
    assert found.pairs[["left", "rope", "right"]].sum(axis=1).to_numpy() == pytest.approx(1)
    better, worse = found.pairs.loc[[("gbt", "linear")]].iloc[0], found.ratings["rating"]
    assert better["left"] > 0.9 > 0.1 > better["right"]  # the first of the pair is the better one
    assert worse["linear"] == worse.min()
    assert set(found.leaders) == set(list(places.ranks)[:2])
    assert (found.alone.level, found.power.level) == pytest.approx((0.05, 0.005))  # ten pairs
    assert 0 <= found.power.found < found.alone.found <= 1
    assert found.power.needed > found.alone.needed
    told = significance_told.tested(found)["power"]
    assert f"{found.power.found:.0%} of the time at the first step of Holm’s correction for 10 pairs" in told
    assert f"{found.alone.found:.0%} if no other pair were tested (level 0.05)" in told
    assert f"would take {found.power.needed} sources, or {found.alone.needed} sources for this pair" in told
    few = frame["task"].unique()[:11]
    assert significance(summary_of(frame[frame["task"].isin(few)])) is None


def test_two_candidates_are_a_pair_to_test_and_one_is_none(frame):
    two = summary_of(frame[frame["candidate"].isin(["gbt", "mlp", "dummy"])])
    found = significance(two)
    z = statistics.by_origin(two.normalised[["gbt", "mlp"]], two.tasks["origin"])
    assert found.omnibus is None
    assert critical_difference(two) is None
    assert found.pairs.loc[("gbt", "mlp"), "p_holm"] == pytest.approx(
        statistics.wilcoxon(z).loc[("gbt", "mlp"), "p"]
    )
    told = significance_told.tested(found)
    assert told["omnibus"] == "16 independent sources."
    assert len(told["rows"]) == 1
    assert "Holm" not in told["power"]
    assert significance(summary_of(frame[frame["candidate"].isin(["gbt", "dummy"])])) is None


def test_a_study_of_the_dummy_alone_is_refused(frame):
    with pytest.raises(ReportError, match="needs a candidate beside the dummy, got none in the study"):
        summary_of(frame[frame["candidate"] == "dummy"])


def fewer(frame, candidates, trials):
    """The same study with fewer configurations of some candidates."""
    return frame[~(frame["candidate"].isin(candidates) & (frame["trial"] >= trials))]


def test_pairs_are_tested_again_at_equal_numbers_of_trials(make):
    frame = fewer(make(trials=4), ["cnn", "lstm"], 2)
    found = significance(summary_of(frame))
    assert found.unequal
    pairs = found.pairs
    scale = scores.normalise(frame).drop_duplicates("task")
    dummy, best = (scale.set_index("task")[name] for name in ("dummy", "best"))
    chosen = scores.selected(frame[frame["trial"] < 2])
    first = chosen.pivot(index="task", columns="candidate", values="test")
    z = first.sub(dummy, axis=0).div(best - dummy, axis=0).clip(0, 1)
    origin = frame.drop_duplicates("task").set_index("task")["origin"]
    table = statistics.by_origin(z[["gbt", "cnn"]], origin)
    by_hand = statistics.wilcoxon(table).loc[("gbt", "cnn")]
    row = pairs.loc[("gbt", "cnn")]
    assert (row["k_low"], row["k_high"]) == (2, 2)
    assert row["p_k"] == pytest.approx(by_hand["p"])
    assert row["difference_k"] == pytest.approx(by_hand["difference"])
    assert row["difference_k"] < row["difference"]  # trees are worse before their last trial
    same = pairs.loc[("gbt", "mlp")]  # four each
    assert (same["k_low"], same["p_k"], same["difference_k"]) == (4, same["p"], same["difference"])
    assert pairs["p_k_holm"].to_numpy() == pytest.approx(statistics.holm(pairs["p_k"].to_numpy()))


def test_equal_numbers_of_trials_are_not_tested_twice(searched):
    found = significance(searched)
    assert not found.unequal
    assert found.pairs["p_k"].tolist() == found.pairs["p"].tolist()


def test_how_much_was_searched_is_told(make, summary, searched):
    assert sentences.tried(summary) == "Each candidate has its default configuration."
    assert sentences.tried(searched) == "Each candidate tried 3 configurations on a task, the default first."
    frame = fewer(make(trials=4), ["cnn", "lstm"], 2)
    late = (frame["candidate"] == "mlp") & (frame["trial"] == 3) & (frame["task"] == "embedded:bike")
    frame.loc[late, "status"] = scores.BEYOND
    told = sentences.tried(summary_of(frame))
    assert told == (
        "Configurations tried on a task, the default first: 4 of Boosted trees and Linear; 2 of CNN and "
        "LSTM; 3 to 4 of MLP."
    )
    assert told in sentences.protocol(summary_of(frame))


def test_environments_are_told_apart(frame):
    other = {**frame["environment"].iloc[0], "cpu": "another"}
    frame["environment"] = [other if i < 10 else e for i, e in enumerate(frame["environment"])]
    told = environments(summary_of(frame))
    assert [e["cells"] for e in told] == [228, 10]
    assert told[1]["cpu"] == "another"
    assert told[0]["first"] == told[0]["last"] == "2026-01-05T12:00:00+00:00"


def test_curves_end_at_the_verdict(make):
    summary = summary_of(make(trials=3))
    ends = summary.curves[summary.curves["trials"] == 3].set_index(["structure", "candidate"])["mean"]
    table = summary.verdict.set_index(["structure", "candidate"])["mean_normalised_score"]
    pd.testing.assert_series_equal(ends, table.reindex(ends.index), check_names=False)


def test_undeclared_structure_is_a_group_of_its_own(frame):
    frame.loc[frame["task"] == "embedded:bike", "structure"] = None
    undeclared = summary_of(frame)
    assert undeclared.structures[-1] == "unknown"
    assert "undeclared" in sentences.headline(undeclared)


def test_structure_that_nobody_declared_is_no_wrong_advice(frame):
    assert {row["right"] for row in tables.advised(summary_of(frame))} == {True}
    frame.loc[frame["task"] == "embedded:bike", "structure"] = None
    rows = {row["name"]: row["right"] for row in tables.advised(summary_of(frame))}
    assert rows.pop("bike") is None
    assert set(rows.values()) == {True}


def test_what_beats_nothing_does_not_compete(frame):
    lost = (frame["structure"] == "image") & ~frame["candidate"].isin(["dummy", "advisor"])
    frame.loc[lost, ["status", "test", "validation"]] = "error", None, None
    summary = summary_of(frame)
    assert sentences.headline(summary).startswith("Nothing beats the dummy on images; no clear winner ")
    assert sentences.certainty(summary)[0] == "Images (4 tasks from 4 sources): nothing beats the dummy."
    place = summary.places.set_index("structure").loc["image"]
    assert sentences.lead(place) == "nothing beats the dummy (4 tasks from 4 sources)"


def test_hardware_is_told_apart_from_other_changes(frame):
    base = frame["environment"].iloc[0]
    frame["environment"] = [{**base, "commit": str(i % 3)} for i in range(len(frame))]
    assert machines(summary_of(frame)) == 1
    frame["environment"] = [{**base, "threads": 1 + i % 2} for i in range(len(frame))]
    assert machines(summary_of(frame)) == 2
