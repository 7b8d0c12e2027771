"""The claims on tables: every verdict on results made by hand, and what is done to the data."""

import numpy as np
import pandas as pd
import pytest

import datasets
from benchmarks import candidates, claims
from benchmarks.claims import rotation, seconds, smoothing, uninformative
from benchmarks.claims._data import Data, load
from benchmarks.claims._tables import NETWORKS, TREES, by_importance, settings
from benchmarks.claims.base import SIZES, level
from benchmarks.run import Facts
from tests.benchmarks.claims_rows import SOURCES, disagree, rows

EVERYONE = (*TREES, *NETWORKS)


def is_tree(candidate):
    return candidate in TREES


# ---- rotation ----


def rotations(trees, networks):
    """Scores before and after, of trees and of networks."""
    return pd.DataFrame(
        [
            row
            for candidate in EVERYONE
            for inputs, test in zip(("as they are", "rotated"), trees if is_tree(candidate) else networks)
            for row in rows(candidate, test, inputs=inputs)
        ]
    )


@pytest.mark.parametrize(
    ("trees", "networks", "verdict"),
    [
        ((0.9, 0.7), (0.8, 0.8), "holds"),
        ((0.9, 0.85), (0.8, 0.8), "holds with a limit"),  # the lead shrinks, and stays
        ((0.9, 0.7), (0.8, 0.75), "does not hold here"),  # the perceptron loses too
        ((0.9, 0.8), (0.8, 0.7), "does not hold here"),
        ((0.8, 0.8), (0.9, 0.7), "does not hold here"),
    ],
)
def test_rotation_is_judged_by_what_trees_lose(trees, networks, verdict):
    finding = rotation.judge(rotations(trees, networks))
    assert finding.verdict == verdict
    expected = (trees[0] - trees[1]) - (networks[0] - networks[1])
    assert finding.effects[0].mean == pytest.approx(expected, abs=1e-6)


def test_sources_that_disagree_leave_a_claim_open():
    frame = rotations((0.9, 0.85), (0.8, 0.8))
    turned = (frame["inputs"] == "rotated") & frame["candidate"].isin(TREES)
    finding = rotation.judge(disagree(frame, turned, 10))
    assert finding.effects[0].low < 0 < 0.01 < finding.effects[0].high
    assert finding.verdict == "not decided here"


@pytest.mark.parametrize(
    ("who", "by", "words"),
    [
        (TREES, 10, "not shown that the order is reversed, and shown that the perceptron loses less"),
        (("mlp",), 2, "is shown that the order is reversed, and not shown that the perceptron loses less"),
    ],
)
def test_a_reversed_order_and_an_unchanged_perceptron_are_shown_by_intervals(who, by, words):
    frame = rotations((0.9, 0.7), (0.8, 0.8))
    turned = (frame["inputs"] == "rotated") & frame["candidate"].isin(who)
    finding = rotation.judge(disagree(frame, turned, by))
    more, perceptron, _, after = finding.effects
    assert more.low > 0 > after.mean
    assert perceptron.mean < 0.01
    assert finding.verdict == "holds with a limit"
    assert words in finding.words


def test_a_rotation_keeps_distances_and_mixes_columns():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 5)))
    turned = rotation.rotated(table, seed=3)

    def distances(values):
        return np.linalg.norm(values[:, None] - values, axis=2)

    np.testing.assert_allclose(distances(turned.to_numpy()), distances(table.to_numpy()))
    assert np.abs(np.corrcoef(table.T, turned.T)[:5, 5:]).max() < 0.99  # no column came through alone
    assert rotation.rotated(table, seed=3).equals(turned)


def test_a_bare_network_sees_what_it_is_given():
    network = rotation.bare(candidates.get("mlp").make("regression", max_epochs=1, width=4, random_state=0))
    table = pd.DataFrame({"a": np.arange(40.0) ** 3, "b": np.ones(40)})
    network.fit(table, np.arange(40.0))
    np.testing.assert_array_equal(network.encoder_.transform(table.to_numpy()), table.to_numpy(np.float32))


# ---- smoothing ----


def smoothings(trees, networks):
    """Scores at the four lengthscales."""
    scales = (0.0, 0.05, 0.1, 0.25)
    return pd.DataFrame(
        [
            row
            for candidate in EVERYONE
            for scale, test in zip(scales, trees if is_tree(candidate) else networks)
            for row in rows(candidate, test, lengthscale=scale, extra={"moved": scale})
        ]
    )


@pytest.mark.parametrize(
    ("trees", "networks", "verdict"),
    [
        ((0.9, 0.85, 0.8, 0.6), (0.8, 0.79, 0.78, 0.7), "holds"),
        ((0.9, 0.9, 0.8, 0.6), (0.8, 0.78, 0.78, 0.7), "holds with a limit"),  # not at the smallest
        ((0.9, 0.8, 0.7, 0.6), (0.8, 0.7, 0.6, 0.5), "does not hold here"),
        ((0.9, 0.9, 0.9, 0.9), (0.8, 0.7, 0.6, 0.5), "does not hold here"),
    ],
)
def test_smoothing_is_judged_by_what_trees_lose(trees, networks, verdict):
    assert smoothing.judge(smoothings(trees, networks)).verdict == verdict


def test_kinds_of_targets_are_told_apart():
    frame = smoothings((0.9, 0.85, 0.8, 0.6), (0.8, 0.79, 0.78, 0.7))
    of_two = frame["origin"].isin(SOURCES[2:])
    frame.loc[of_two, "kind"] = "classification"
    frame.loc[of_two & frame["candidate"].isin(TREES), "test"] = 0.9  # here trees lose nothing
    finding = smoothing.judge(frame)
    found = {effect.what: (effect.mean, effect.n) for effect in finding.effects}
    assert found["mean of the three, regression"] == (pytest.approx(0.15 - 0.13 / 3, abs=1e-6), 2)
    assert found["mean of the three, two classes"] == (pytest.approx(-0.13 / 3, abs=1e-6), 2)
    assert "By the kind of the target: regression +0.107" in finding.words
    assert "; two classes -0.043" in finding.words
    tasks = {cell.task for cell in smoothing.cells("quick")}
    kinds = pd.Series([datasets.describe(task).kind for task in tasks]).value_counts()
    assert "ten of the twelve tables" in smoothing.CLAIM.design
    assert kinds.to_dict() == {"regression": 10, "classification": 2}


def test_smoothing_averages_what_is_near_and_nothing_else():
    rng = np.random.default_rng(0)
    x = np.repeat([[0.0, 0.0], [50.0, 50.0]], 40, axis=0) + rng.normal(size=(80, 2))
    y = np.repeat([0.0, 1.0], 40) + rng.normal(scale=0.1, size=80)
    none, some, much = (smoothing.smooth(x, y, scale, block=7) for scale in (0.0, 0.001, 1e6))
    assert none is y
    assert y.min() <= some.min() <= some.max() <= y.max()  # an average
    assert np.abs(some[:40]).max() < 0.5 < some[40:].min()  # of its own cluster
    np.testing.assert_allclose(much, y.mean(), atol=1e-3)  # of all
    constant = smoothing.smooth(x, np.full(80, 3.0), 0.25)
    np.testing.assert_allclose(constant, 3.0)
    # moving, turning or stretching the columns changes no average: the covariance goes with them
    np.testing.assert_allclose(
        smoothing.smooth(x * [5, 0.1] + 7, y, 0.05), smoothing.smooth(x, y, 0.05), atol=1e-6
    )


def test_smoothing_survives_a_column_that_is_nearly_constant():
    x = np.random.default_rng(0).normal(size=(60, 3))
    x[:, 2] = 0
    x[:3, 2] = 1.0  # the robust covariance leaves these out
    assert np.isfinite(smoothing.smooth(x, x[:, 0], 0.1)).all()


def test_two_classes_stay_two_classes():
    x = pd.DataFrame(np.linspace(-1, 1, 60)[:, None] @ np.ones((1, 2)) + np.eye(60, 2))
    y = pd.Series(np.where(np.arange(60) < 30, "no", "yes"))
    y[10] = "yes"
    data = Data(x, x, y, y, "classification", "accuracy", None, np.random.default_rng(0))
    after = smoothing.smoothed(data, 0.25).y_train
    assert after[10] == "no"
    assert set(after) == {"no", "yes"}
    assert after.dtype == y.dtype


# ---- columns that say nothing ----


def noises(trees, networks, *, halved=(0.9, 0.8)):
    """Scores as they are and with as much noise; ``halved`` are those of half of the columns."""
    made = []
    for candidate in EVERYONE:
        start, noisy = trees if is_tree(candidate) else networks
        made += rows(candidate, start, change="none", share=0.0)
        made += rows(candidate, noisy, change="added", share=1.0)
        made += rows(candidate, halved[not is_tree(candidate)], change="removed", share=0.5)
    return pd.DataFrame([*made, *rows("gbt", 0.3, change="least alone", share=0.5)])


@pytest.mark.parametrize(
    ("trees", "networks", "halved", "verdict"),
    [
        ((0.9, 0.85), (0.8, 0.6), (0.9, 0.85), "holds"),
        ((0.9, 0.85), (0.8, 0.6), (0.9, 0.75), "holds with a limit"),  # the lead does not shrink
        ((0.9, 0.8), (0.8, 0.7), (0.9, 0.85), "does not hold here"),
        ((0.9, 0.7), (0.8, 0.8), (0.9, 0.85), "does not hold here"),
    ],
)
def test_noise_is_judged_by_what_networks_lose(trees, networks, halved, verdict):
    finding = uninformative.judge(noises(trees, networks, halved=halved))
    assert finding.verdict == verdict
    expected = (networks[0] - networks[1]) - (trees[0] - trees[1])
    assert finding.effects[0].mean == pytest.approx(expected, abs=1e-6)


def test_that_the_lead_shrinks_is_shown_by_its_interval():
    frame = noises((0.9, 0.85), (0.8, 0.6), halved=(0.9, 0.85))
    finding = uninformative.judge(frame)
    assert "a difference of +0.050: it is shown on 4 sources that the lead shrinks" in finding.words
    halved = (frame["change"] == "removed") & frame["candidate"].isin(TREES)
    finding = uninformative.judge(disagree(frame, halved, 10))
    assert finding.effects[-1].low < 0 < finding.effects[-1].mean
    assert finding.verdict == "holds with a limit"
    assert "it is not shown on 4 sources that the lead shrinks" in finding.words


def a_table(d=4, n=40):
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.normal(size=(n, d)), columns=list("abcdefgh")[:d])
    y = pd.Series(x["b"] * 2)
    return Data(x, x.head(10).copy(), y, y.head(10), "regression", "r2", None, np.random.default_rng(5))


def test_what_is_removed_and_what_is_left_are_the_table():
    order = ["b", "d", "a", "c"]
    kept = uninformative.changed(a_table(), "removed", 0.5, order).train
    least = uninformative.changed(a_table(), "least alone", 0.5, order).train
    assert list(kept) == ["b", "d"]
    assert list(least) == ["a", "c"]
    assert list(uninformative.changed(a_table(), "removed", 0.9, order).train) == ["b"]
    assert list(uninformative.changed(a_table(), "none", 0.0, order).train) == ["a", "b", "c", "d"]


def test_noise_is_nested_and_leaves_the_table():
    order = ["b", "d", "a", "c"]
    half, all_of_it = (uninformative.changed(a_table(), "added", share, order) for share in (0.5, 1.0))
    assert half.train.shape == (40, 6)
    assert all_of_it.test.shape == (10, 8)
    assert all_of_it.train[half.train.columns].equals(half.train)
    assert half.train[["a", "b", "c", "d"]].equals(a_table().train)
    assert not half.train.isna().any(axis=None)
    assert not half.test.isna().any(axis=None)


def test_noise_has_the_moments_of_columns():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"small": rng.normal(0, 1, 2_000), "large": rng.normal(500, 20, 2_000)})
    drawn = uninformative.noise(table, 4_000, 30, rng)
    for _, column in drawn.items():
        like = table["large" if column.mean() > 100 else "small"]
        assert column.mean() == pytest.approx(like.mean(), abs=0.1 * like.std())
        assert column.std() == pytest.approx(like.std(), rel=0.1)
    assert 0 < (drawn.mean() > 100).sum() < 30


# ---- seconds ----


def times(ratio, *, reached=1.0):
    """The network takes ``ratio`` seconds and trees one; a share of the sources is reached."""
    made = []
    for place, (origin, wobble) in enumerate(zip(SOURCES, (1.0, 1.1, 0.9, 1.0))):
        extra = {
            "network_seconds": 2 * ratio,
            "network_to_best": ratio * wobble,
            "trees_default_seconds": 1.0,
            "trees_default_score": 0.8,
            "trees_seconds": 1.0,
            "reached": place < reached * len(SOURCES),
        }
        made += [
            {"origin": origin, "candidate": c, "rows": 100, "test": 0.8, "extra": extra} for c in NETWORKS
        ]
    return pd.DataFrame(made)


@pytest.mark.parametrize(
    ("ratio", "reached", "verdict"),
    [
        (200, 1.0, "holds"),
        (20, 1.0, "holds with a limit"),
        (200, 0.5, "does not hold here"),
        (0.5, 1.0, "does not hold here"),
        (200, 0.0, "does not hold here"),
    ],
)
def test_seconds_are_judged_by_ratios_of_those_that_get_there(ratio, reached, verdict):
    finding = seconds.judge(times(ratio, reached=reached))
    assert finding.verdict == verdict
    if reached == 1.0:
        assert finding.effects[0].mean == pytest.approx(ratio, rel=0.02)


# ---- what they share ----


@pytest.mark.parametrize("name", ["rotation", "smoothing", "uninformative", "trees_beat_networks"])
@pytest.mark.parametrize("size", SIZES)
def test_trees_learn_from_no_more_rows_than_networks_and_networks_wait_as_long_as_their_defaults(name, size):
    given = [
        (cell.candidate, {**settings(cell), **level(cell).get("settings", {})})
        for cell in claims.get(name).cells(size)
    ]
    assert {config.get("refit") for candidate, config in given if candidate == "gbt"} == {False}
    assert not any("patience" in config for _, config in given)


def test_importance_puts_the_column_first_that_the_target_is_made_of():
    cell = next(cell for cell in uninformative.cells("tiny") if cell.task == "embedded:abalone")
    order = by_importance(cell)
    assert sorted(order) == sorted(load(cell).train.select_dtypes("number"))
    assert order[0] == "shell_weight"


@pytest.mark.parametrize("name", ["rotation", "smoothing", "uninformative", "trees_beat_networks", "seconds"])
def test_a_tiny_cell_is_measured_and_again_the_same(name):
    claim = claims.get(name)
    cells = claim.cells("tiny")
    assert len({cell.key for cell in cells}) == len(cells)
    for cell in (cells[0], cells[-1]):
        one, other = Facts(), Facts()
        claim.measure(cell, one)
        claim.measure(cell, other)
        assert one.test == other.test
        assert one.validation == other.validation
        assert one.test is not None
        assert np.isfinite(one.test)


@pytest.mark.parametrize("name", ["rotation", "smoothing", "uninformative", "trees_beat_networks", "seconds"])
def test_sizes_differ_in_rows_and_trials_not_in_what_is_asked(name):
    claim = claims.get(name)
    tiny, quick = claim.cells("tiny"), claim.cells("quick")
    assert len(tiny) < len(quick)
    assert {cell.candidate for cell in tiny} == {cell.candidate for cell in quick}
    assert claim.CLAIM.name == name
