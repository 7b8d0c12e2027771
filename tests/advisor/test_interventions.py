from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from advisor import AdvisorError, advise, interventions
from advisor.errors import InputError, TargetError
from advisor.findings import follow
from advisor.holdout import Sample, folds, row_scores, sample
from advisor.intake import read
from advisor.interventions import Trial, half_columns
from advisor.probes.base import Evidence


def motif_anywhere(rng, n=400, steps=60):
    """The class is the order of eight values, which can lie at any step."""
    x = rng.normal(size=(n, steps)).astype(np.float32) * 0.5
    y = np.arange(n) % 2
    shape = np.where(np.arange(8) % 2, 2.0, -2.0)
    for row in range(n):
        at = rng.integers(steps - 8)
        x[row, at : at + 8] += shape if y[row] else np.sort(shape)
    return x[..., None], y


def fixed_step(rng, n=400, steps=60):
    """The class is the sign of one step among many that drift."""
    x = rng.normal(size=(n, steps)).astype(np.float32)
    return x[..., None], (x[:, 17] + x[:, 41] > 0).astype(int)


def verdicts(X, y, layout, seed=0):
    table = read(X, y, np.random.default_rng(0))
    found = interventions.run(table, None, {"how": "axes"}, layout, seed)
    return {fact.name: fact for fact in found}


@pytest.fixture(scope="module")
def anywhere():
    X, y = motif_anywhere(np.random.default_rng(0))
    return verdicts(X, y, (60, 1))


@pytest.fixture(scope="module")
def fixed():
    X, y = fixed_step(np.random.default_rng(0))
    return verdicts(X, y, (60, 1))


def verdict(found, name):
    return found[name].details["verdict"]


def test_a_motif_that_moves_is_a_case_for_convolution(anywhere):
    assert verdict(anywhere, "fixed_positions") == "matters"
    assert verdict(anywhere, "permuted_columns") == "matters"
    assert verdict(anywhere, "shuffled_steps") == "matters"
    assert follow(["gbt", "cnn", "lstm"], anywhere.values()).order[0] == "cnn"


def test_the_long_order_of_a_motif_costs_little(anywhere):
    blocks, steps = anywhere["shuffled_blocks"], anywhere["shuffled_steps"]
    assert blocks.details["block"] == 15
    assert blocks.value < 0.5 * steps.value


def test_a_fixed_step_is_a_case_for_trees(fixed):
    assert verdict(fixed, "fixed_positions") == "hurts"
    assert "position has a meaning" in fixed["fixed_positions"].summary
    assert follow(["cnn", "lstm", "gbt"], fixed.values()).order == ("gbt", "cnn", "lstm")


def test_order_that_says_nothing_costs_nothing():
    rng = np.random.default_rng(1)
    y = np.arange(300) % 2
    X = rng.normal(size=(300, 40, 1)) * (1 + 4 * y)[:, None, None]  # only the spread differs
    found = verdicts(X.astype(np.float32), y, (40, 1))
    assert verdict(found, "shuffled_steps") == "does not matter"
    assert follow(["cnn", "lstm", "gbt"], found.values()).order[-1] == "lstm"


def test_padding_stays_at_the_end():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 40, 1)).astype(np.float32)
    lengths = rng.integers(20, 40, 200)
    X[np.arange(40) >= lengths[:, None]] = np.nan
    y = (lengths > 30).astype(int)
    found = verdicts(X, y, (40, 1))
    assert "shuffled_blocks" not in found
    # padding that moved would give or take the length, which is the target
    assert abs(found["shuffled_steps"].value) < 0.1


def test_images_are_probed_in_two_dimensions():
    rng = np.random.default_rng(0)
    n, y = 300, np.arange(300) % 2
    X = rng.normal(size=(n, 16, 16, 1)).astype(np.float32) * 0.3
    for row in range(n):
        a, b = rng.integers(12, size=2)
        bar = np.s_[a : a + 4, b] if y[row] else np.s_[a, b : b + 4]
        X[row][bar] += 2  # upright or lying, anywhere
    found = verdicts(X, y, (16, 16, 1))
    assert set(found) == {"fixed_positions", "permuted_columns"}
    assert verdict(found, "fixed_positions") == "matters"
    assert verdict(found, "permuted_columns") == "matters"


def test_tables_of_thresholds_lose_by_rotation_and_round_ones_do_not():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 6))
    steps = verdicts(X, (X[:, 0] > 0.3).astype(int) ^ (X[:, 1] > -0.2).astype(int), (6,))
    assert verdict(steps, "rotated_columns") == "matters"
    assert verdict(steps, "smooth_model") == "matters"
    round_ones = verdicts(X, X @ rng.normal(size=6), (6,))
    assert verdict(round_ones, "smooth_model") == "hurts"
    assert follow(["gbt", "cnn", "lstm"], round_ones.values()).order[0] == "gbt"  # named, but not a reason
    assert any("smooth" in text for text in follow(["gbt"], round_ones.values()).against)


def test_noise_and_halves_are_measured():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 8))
    found = verdicts(X, X[:, 0] + X[:, 1] + 0.1 * rng.normal(size=500), (8,))
    assert found["half_columns"].value < 0  # six of the eight say nothing
    assert found["noise_columns"].details["before"] > found["noise_columns"].details["after"]


def test_columns_are_not_chosen_by_the_rows_they_are_judged_on():
    after = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        chance = Sample(rng.normal(size=(150, 40)), rng.normal(size=150), "regression", np.arange(150))
        after.append(half_columns.measure(Trial.of(chance, (40,), 0), rng).details["after"])
    assert np.mean(after) < -0.02  # it is 0.01 above 0 where all rows choose


def test_a_gain_has_words_of_its_own(monkeypatch):
    """What is better is named, by every intervention."""
    monkeypatch.setattr("advisor.interventions._trial.judge", lambda low, high: "hurts")
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    found = verdicts(rng.normal(size=(80, 60)), y, (60, 1)) | verdicts(rng.normal(size=(80, 6)), y, (6,))
    assert set(found) == set(interventions.names())
    ends = {name: fact.summary.rpartition("): ")[2] for name, fact in found.items()}
    assert len(set(ends.values())) == len(ends)
    assert ends["smooth_model"] == "columns act together and smoothly, which is the case for networks"
    assert not any("it is better without" in end for end in ends.values())


@pytest.mark.parametrize("name", interventions.names())
def test_every_finding_is_whole(name, anywhere):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6))
    fact = (anywhere | verdicts(X, np.arange(80) % 2, (6,)))[name]
    low, high = fact.interval
    assert low <= fact.value <= high
    assert fact.null
    assert fact.reference
    assert fact.seconds > 0
    assert fact.rows_used in (80, 400)
    json.dumps(fact.to_dict(), allow_nan=False)


def test_the_same_seed_gives_the_same_findings(fixed):
    X, y = fixed_step(np.random.default_rng(0))
    again = verdicts(X, y, (60, 1))
    assert {n: f.value for n, f in again.items()} == {n: f.value for n, f in fixed.items()}


def test_the_interval_is_corrected_for_overlap():
    y = np.arange(100) % 2
    data = Sample(np.zeros((100, 1)), y, "classification", np.arange(100))
    trial = Trial.of(data, (1,), 0)
    gaps = np.linspace(0, 0.09, 10)
    mean, (low, high) = trial.cost(gaps, np.zeros(10))
    half = student.ppf(0.975, 9) * gaps.std(ddof=1) * np.sqrt(1 / 10 + 1 / 4)
    assert mean == pytest.approx(0.045)
    assert (high - low) / 2 == pytest.approx(half)


def panel(rng, entities=10, days=30):
    parts = [
        pd.DataFrame({"who": f"w{e}", "day": np.arange(days), "x": rng.normal(size=days).cumsum()})
        for e in range(entities)
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(y=frame["x"].diff().fillna(0))


def drawn(frame, target):
    advice = advise(frame, target)
    table = read(frame, target, np.random.default_rng(0))
    return advice, sample(table, advice.folder(), advice.folding, np.random.default_rng(0), 1000)


def test_entities_of_a_panel_stay_on_one_side():
    frame = panel(np.random.default_rng(0))
    advice, data = drawn(frame, "y")
    assert advice.form == "panel"
    assert not data.timed
    for train, held in folds(data, 5, np.random.default_rng(0)):
        assert not set(frame["who"].iloc[train]) & set(frame["who"].iloc[held])


def test_a_long_series_is_judged_on_later_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)).cumsum(axis=0), columns=list("abc"))
    frame["when"] = pd.date_range("2024-01-01", periods=300, freq="h").astype(str)
    advice, data = drawn(frame, "a")
    assert advice.form == "long_series"
    parts = folds(data, 5, rng)
    window = advice.layout[0]
    for train, held in parts:
        assert train.max() + window <= held.min()
    for (_, earlier), (_, later) in pairwise(parts):
        assert earlier.max() < later.min()


def test_copies_of_a_row_stay_on_one_side():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(50, 3)), 2, axis=0)
    data = sample(read(X, np.arange(100) // 2 % 2, rng), None, {}, rng, 1000)
    for train, held in folds(data, 5, rng):
        assert not set(train // 2) & set(held // 2)


def test_a_rare_class_counts_as_much_as_a_common_one():
    y = np.array(["a"] * 97 + ["b"] * 3)
    data = Sample(np.zeros((100, 1)), y, "classification", np.arange(100))
    assert data.metric == "balanced accuracy"
    assert row_scores(data, np.arange(100), np.zeros(100)).mean() == pytest.approx(0.5)


def test_advice_follows_the_probe():
    X, y = fixed_step(np.random.default_rng(0))
    look = advise(X, y)
    advice = advise(X, y, effort="probe")
    assert look.recommendation == "cnn"
    assert look.interventions == ()
    assert advice.recommendation == "gbt"
    assert any("trees on fixed positions" in text for text in advice.because)
    assert "probed" in repr(advice)
    assert "before the probe: gbt is the best" in repr(advice)
    assert len(json.loads(advice.to_json())["interventions"]) == len(advice.interventions)
    assert "shuffled" in advice._repr_html_()


def awkward():
    rng = np.random.default_rng(0)
    n = 90
    table = pd.DataFrame({"a": rng.normal(size=n), "k": rng.choice(list("uvw"), n), 3: np.arange(n) * 2.0})
    table.loc[::7, "a"] = np.nan
    words = [" ".join(rng.choice(["so", "it", "goes", "on", "and"], 6)) for _ in range(n)]
    cells = pd.DataFrame({"s": [list(rng.normal(size=12 + i % 5)) for i in range(n)]})
    return {
        "categories and gaps": (table, np.where(np.arange(n) % 3, "x", "y")),
        "text": (pd.DataFrame({"t": words}), np.arange(n) % 3),
        "cells": (cells, np.arange(n) % 2),
        "panel": (panel(rng), "y"),
        "one column": (table[["a"]], rng.normal(size=n)),
        "a missing target": (table, pd.Series(rng.normal(size=n)).where(np.arange(n) % 5 > 0)),
        "a class of one row": (table, np.array(["a"] * (n - 1) + ["b"])),
    }


@pytest.mark.parametrize("name", awkward())
def test_every_form_can_be_probed(name):
    data, target = awkward()[name]
    advice = advise(data, target, effort="probe")
    json.loads(advice.to_json())
    assert all(np.isfinite(fact.value) for fact in advice.interventions)


def test_effort_needs_a_target_and_rows():
    X = np.random.default_rng(0).normal(size=(60, 4))
    for effort in ("probe", "race"):
        with pytest.raises(TargetError, match=f"effort '{effort}' trains models.*pass target"):
            advise(X, effort=effort)
    with pytest.raises(TargetError, match="needs 40 rows"):
        advise(X[:30], np.arange(30) % 2, effort="probe")
    with pytest.raises(InputError, match="choose one of look, probe, race"):
        advise(X, np.arange(60) % 2, effort="guess")
    with pytest.raises(AdvisorError, match="seconds, at least 1"):
        advise(X, np.arange(60) % 2, effort="race", budget=0)


def finding(name, verdict):
    return Evidence(name, 0.0, "", (0, 0), None, "", 0, "", f"{name} said", False, {"verdict": verdict})


@pytest.mark.parametrize(
    ("findings", "order"),
    [
        ({"fixed_positions": "cannot tell"}, ("cnn", "lstm", "gbt")),
        ({"fixed_positions": "does not matter"}, ("cnn", "lstm", "gbt")),
        ({"fixed_positions": "hurts"}, ("gbt", "cnn", "lstm")),
        ({"fixed_positions": "cannot tell", "permuted_columns": "does not matter"}, ("gbt", "cnn", "lstm")),
        ({"fixed_positions": "matters", "permuted_columns": "does not matter"}, ("cnn", "lstm", "gbt")),
        ({"shuffled_steps": "does not matter"}, ("cnn", "gbt", "lstm")),
        ({}, ("cnn", "lstm", "gbt")),
    ],
)
def test_findings_change_the_order_only_where_they_are_clear(findings, order):
    conclusion = follow(["cnn", "lstm", "gbt"], [finding(n, v) for n, v in findings.items()])
    assert conclusion.order == order
    tie = findings.get("fixed_positions") in ("cannot tell", "does not matter") and len(findings) == 1
    assert any("the cheap models" in text for text in conclusion.against) is tie
    said = " ".join(conclusion.against)
    assert ("tie for" in said) is (tie and findings["fixed_positions"] == "does not matter")
    assert ("cannot be told apart" in said) is (tie and findings["fixed_positions"] == "cannot tell")


def test_the_gap_counts_rows_of_the_file_where_only_some_were_drawn():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(3000, 2)).cumsum(axis=0), columns=list("ab"))
    frame["when"] = pd.date_range("2024-01-01", periods=3000, freq="h").astype(str)
    advice = advise(frame, "a")
    table = read(frame, "a", np.random.default_rng(0))
    data = sample(table, advice.folder(), advice.folding, np.random.default_rng(0), 500)
    for train, held in folds(data, 5, rng):
        gap = data.units[held].min() - data.units[train].max()
        assert advice.layout[0] < gap < advice.layout[0] + 60
