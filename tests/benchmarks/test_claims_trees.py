"""The race of trees and networks: its verdicts, its draws, and the rows that choose."""

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.claims import trees_beat_networks
from benchmarks.claims._data import load, rows_of
from benchmarks.claims._tables import tables
from benchmarks.configurations import configurations
from benchmarks.protocol import Protocol
from datasets.units import row_keys, units_of
from tests.benchmarks.claims_rows import disagree, rows


def searches(trees, networks, newer, one_kind=(0.9, 0.8)):
    """Test scores of the default and of a better second trial, by candidate; validation agrees."""
    made = []
    for structure, scores in (
        ("tabular", {"gbt": trees, "mlp": networks, "resnet": (0.5, 0.5), "tabm": (newer, newer)}),
        ("image", {"gbt": one_kind[:1] * 2, "mlp": one_kind[1:] * 2}),
    ):
        for candidate, (default, tuned) in scores.items():
            for draw, test in enumerate((default, tuned)):
                made += rows(candidate, test, draw=draw, structure=structure, validation=test + 0.01 * draw)
    frame = pd.DataFrame(made)
    frame.loc[frame["structure"] == "image", "task"] += " pixels"
    return frame


@pytest.mark.parametrize(
    ("trees", "networks", "newer", "one_kind", "verdict"),
    [
        ((0.8, 0.9), (0.7, 0.8), 0.8, (0.9, 0.8), "holds"),
        ((0.7, 0.9), (0.7, 0.8), 0.8, (0.9, 0.8), "holds with a limit"),  # level at defaults
        ((0.8, 0.9), (0.7, 0.8), 0.95, (0.9, 0.8), "holds with a limit"),  # TabM leads
        ((0.8, 0.9), (0.7, 0.8), 0.8, (0.8, 0.9), "holds with a limit"),  # pixels are for networks
        ((0.8, 0.9), (0.7, 0.9), 0.8, (0.9, 0.8), "does not hold here"),
        ((0.8, 0.8), (0.7, 0.9), 0.8, (0.9, 0.8), "does not hold here"),
    ],
)
def test_the_race_is_judged_by_tuned_trees(trees, networks, newer, one_kind, verdict):
    finding = trees_beat_networks.judge(searches(trees, networks, newer, one_kind))
    assert finding.verdict == verdict
    assert finding.effects[0].mean == pytest.approx(trees[1] - networks[1], abs=1e-6)


@pytest.mark.parametrize(
    ("lead", "wobbles", "verdict", "state"),
    [
        (0.1, 10, "holds", "not decided"),  # few sources do not show it, and nothing speaks against it
        (0.001, 0.5, "holds with a limit", "a limit"),  # surely too small to matter
        (-0.1, 10, "holds with a limit", "a limit"),
        (0.1, 0, "holds", "shown"),
    ],
)
def test_what_is_only_not_shown_is_no_limit(lead, wobbles, verdict, state):
    frame = searches((0.8, 0.9), (0.7, 0.8), 0.8, (0.8 + lead, 0.8))
    of_trees = (frame["structure"] == "image") & (frame["candidate"] == "gbt")
    finding = trees_beat_networks.judge(disagree(frame, of_trees, wobbles))
    assert (finding.effects[-1].low > 0) == (state == "shown")
    assert finding.verdict == verdict
    (told,) = [part for part in finding.words.split("; ") if part.startswith("on columns of one kind")]
    assert f"], {state} on n = 4" in told


def test_draws_are_scaled_to_a_size_not_cut_off_there():
    tasks = tables("quick")
    for name, least in (("mlp", 16), ("resnet", 64)):
        drawn = trees_beat_networks.drawn(name, 3, tasks, "quick")
        widths = [config["width"] for configs in drawn.values() for config in configs if "width" in config]
        assert len(widths) == 2 * len(tasks)
        assert least <= min(widths) <= max(widths) <= 128
        assert sum(width < 128 for width in widths) > 0.9 * len(widths)
    whole = trees_beat_networks.drawn("mlp", 3, tasks, "full")
    asked = configurations("mlp", Protocol(refit=False), 3, tasks)
    assert whole == {task: [json.loads(config) for config in configs] for task, configs in asked.items()}
    grown = trees_beat_networks.drawn("gbt", 3, tasks, "quick")
    assert {configs[1]["n_estimators"] for configs in grown.values()} == {600}
    assert trees_beat_networks.scaled(100, [64, 384], 32) == 32  # nothing so small is drawn


def test_what_is_chosen_is_best_on_validation_rows_not_on_test_rows():
    frame = pd.DataFrame(
        {
            "origin": "a",
            "task": "t",
            "fold": 0,
            "candidate": ["gbt", "gbt", "gbt"],
            "draw": [0, 1, 2],
            "validation": [0.5, 0.8, 0.8],
            "test": [0.9, 0.7, 0.6],
        }
    )
    assert trees_beat_networks.chosen(frame, ["gbt"]).tolist() == [0.7]
    assert trees_beat_networks.chosen(frame, ["gbt"], trials=1).tolist() == [0.9]


def test_the_rows_that_choose_are_not_learned_from():
    cell = trees_beat_networks.cells("tiny")[0]
    data = load(cell)
    search, choice = trees_beat_networks.held_out(cell)
    assert search.train is choice.train
    assert len(search.train) + len(choice.test) == len(data.train)
    assert len(choice.test) == pytest.approx(len(data.train) / 5, abs=1)
    assert not set(search.train.index) & set(choice.test.index)
    assert search.test.equals(data.test)
    assert choice.y_test.equals(data.y_train[choice.test.index])


@pytest.mark.parametrize("name", ["college_earnings", "computer_prices"])  # groups, and equal rows
def test_rows_that_belong_together_do_not_choose_what_has_learned_from_them(name):
    cell = next(cell for cell in trees_beat_networks.cells("quick") if cell.task == f"embedded:{name}")
    task, rows = rows_of(cell)
    groups = None if task.groups is None else task.groups.iloc[rows.train]
    unit = units_of(row_keys(task)[rows.train], groups)
    assert len(np.unique(unit)) < 0.8 * len(unit)
    search, choice = trees_beat_networks.held_out(cell)
    assert not set(unit[search.train.index]) & set(unit[choice.test.index])
