"""Early stopping holds out whole groups, or the end of a series, where it is told of them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss

from advisor import architectures
from advisor.architectures._groups import check_groups
from advisor.architectures._target import inner_split
from advisor.errors import InputError

STOPPED = [
    n
    for n in ("gbt", "gradient_boosting", "hist_gradient_boosting", "lightgbm", "catboost", "mlp")
    if n in architectures.names(installed=True)
]


def split(target, groups, fraction=0.2, seed=0):
    rows = inner_split(target, fraction, np.random.default_rng(seed), check_groups(groups, len(target)))
    return rows, [set(np.asarray(groups)[side]) for side in rows]


@pytest.mark.parametrize("n_groups", [2, 3, 6, 30, 100])
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_no_group_stands_on_both_sides(n_groups, kind):
    rng = np.random.default_rng(n_groups)
    groups = rng.integers(0, n_groups, 300)
    target = rng.integers(0, 3, 300) if kind == "classes" else rng.normal(size=300)
    (kept, held), (learned, stopped) = split(target, groups)
    assert not learned & stopped
    assert np.array_equal(np.sort(np.concatenate([kept, held])), np.arange(300))
    largest = np.bincount(groups).max()
    assert 0 < abs(len(held) - 60) <= largest or len(held) == 60


def test_groups_are_dealt_by_class():
    groups = np.repeat(np.arange(50), 4)
    target = (groups % 5 == 0).astype(np.int64)  # of ten groups
    (_, held), _ = split(target, groups)
    assert (len(held), target[held].sum()) == (40, 8)


@pytest.mark.parametrize("target", [np.arange(60) % 4, np.random.default_rng(0).normal(size=60)])
def test_groups_of_one_row_are_no_groups(target):
    for groups in ([f"row {i}" for i in range(60)], ["all"] * 60):
        for a, b in zip(split(target, groups)[0], inner_split(target, 0.2, np.random.default_rng(0))):
            np.testing.assert_array_equal(a, b)


def test_a_class_of_one_group_is_learned_from():
    groups = np.repeat(np.arange(10), 5)
    target = np.where(groups == 3, 2, groups % 2)
    for seed in range(20):
        (kept, _), (learned, stopped) = split(target, groups, seed=seed)
        assert set(target[kept]) == {0, 1, 2}
        assert not learned & stopped
    persons = groups  # each with a class of its own: single rows are held out
    (kept, held), _ = split(persons, groups)
    assert (len(kept), len(held)) == (40, 10)


def entities(n=30, rows=20, seed=0):
    """Features that tell who it is, and nothing of the label."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n), rows)
    label = rng.permutation(np.arange(n) % 2)
    return rng.normal(size=(n, 6))[who] + 0.1 * rng.normal(size=(n * rows, 6)), label[who], who


@pytest.mark.parametrize("name", STOPPED)
def test_what_is_learned_by_heart_stops_training_early(name):
    X, y, who = entities()
    new, truth, _ = entities(seed=1)
    model = architectures.get(name).make("classification", random_state=0, time_limit=60)
    alone = clone(model).fit(X, y)
    told = clone(model).fit(X, y, groups=[f"entity {w}" for w in who])
    rounds = "best_epoch_" if name == "mlp" else "n_trees_"
    assert getattr(told, rounds) < getattr(alone, rounds) / 2
    losses = [log_loss(truth, m.predict_proba(new)) for m in (told, alone)]
    assert losses[0] < losses[1]


def test_groups_of_rows_without_weight_have_no_part():
    X, y, who = entities()
    counts = np.random.default_rng(0).uniform(size=len(y)) < 0.7
    make = architectures.get("lightgbm").make
    some = make("classification", random_state=0).fit(X[counts], y[counts], groups=who[counts])
    weighed = make("classification", random_state=0).fit(X, y, counts.astype(float), groups=who)
    np.testing.assert_array_equal(some.predict_proba(X), weighed.predict_proba(X))


@pytest.mark.parametrize("name", ["gbt", "mlp", "minirocket", "nearest_neighbours"])
@pytest.mark.parametrize("groups", [np.zeros(19), np.zeros((20, 2))])
def test_groups_that_do_not_fit_the_rows_are_refused(name, groups):
    X, y = np.random.default_rng(0).normal(size=(20, 12)), np.arange(20) % 2
    with pytest.raises(InputError, match="groups must have one label per row"):
        architectures.get(name).make("classification").fit(X, y, groups=groups)


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.2, 0.25, 0.3, 0.37, 0.4, 0.45, 0.5])
def test_the_share_held_out_is_met_to_a_row(fraction):
    for n in (20, 101, 1000):
        kept, held = inner_split(np.arange(float(n)), fraction, np.random.default_rng(0))
        assert abs(len(held) - fraction * n) <= 0.5
        assert len(kept) + len(held) == n
        assert np.abs(np.diff(held) - 1 / fraction).max(initial=0) < 1  # of sorted rows, at equal distances


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.25, 0.5])
def test_every_kth_row_is_held_out_as_ever(fraction):
    order = np.random.default_rng(0).permutation(60)
    order = order[np.argsort((np.arange(60) % 3)[order], kind="stable")]
    every = round(1 / fraction)
    _, held = inner_split(np.arange(60) % 3, fraction, np.random.default_rng(0))
    np.testing.assert_array_equal(held, np.sort(order[every // 2 :: every]))


@pytest.mark.parametrize("name", ["resnet", "gbt"])
def test_two_rows_play_both_parts(name):
    kept, held = inner_split(np.arange(2.0), 0.5, np.random.default_rng(0))
    assert kept.tolist() == held.tolist() == [0, 1]
    model = architectures.get(name).make("regression", random_state=0, validation_fraction=0.5)
    assert np.isfinite(model.fit([[0.0], [1.0]], [0.0, 1.0]).predict([[0.5]])).all()
