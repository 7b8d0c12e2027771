"""Spaces: those of the paper are the published ones, the architectures' own are left as they are."""

import json

import numpy as np
import pytest
from sklearn.model_selection import ParameterSampler

from advisor import architectures
from benchmarks import __main__ as command
from benchmarks import spaces
from benchmarks.protocol import Protocol
from benchmarks.spaces.paper import SPACES

PAPER = Protocol.of({"name": "paper"})
SENSIBLE = Protocol.of({"name": "paper", "early_stopping": "sensible"})
# the published ranges, or values; integers are drawn as such
PUBLISHED = {
    "gbt": {
        "max_depth": (1, 11),
        "learning_rate": (1e-5, 0.7),
        "n_estimators": {1000},
        "gamma": (1e-8, 7),
        "min_child_weight": (1, 100),
        "subsample": (0.5, 1),
        "colsample_bytree": (0.5, 1),
        "colsample_bylevel": (0.5, 1),
        "reg_alpha": (1e-8, 100),
        "reg_lambda": (1, 4),
        "target_transform": {"none", "quantile"},
        "early_stopping_rounds": {None},
        "categories": {"one-hot"},
    },
    "random_forest": {
        "n_estimators": {250},
        "max_depth": {None, 2, 3, 4},
        "min_samples_leaf": (2, 50),
        "min_impurity_decrease": {0.0, 0.01, 0.02, 0.05},
        "bootstrap": {True, False},
    },
    "gradient_boosting": {"n_estimators": {1000}, "early_stopping_rounds": {20}, "subsample": (0.5, 1)},
    "hist_gradient_boosting": {"n_estimators": {1000}, "max_depth": {None, 2, 3, 4}, "refit": {False}},
    "mlp": {
        "n_layers": (1, 8),
        "width": (16, 1024),
        "dropout": {0.0},
        "learning_rate": (1e-5, 1e-2),
        "embedding_size": (64, 512),
        "batch_size": {256, 512, 1024},
    },
    "resnet": {
        "n_blocks": (1, 16),
        "width": (64, 1024),
        "activation": {"reglu"},
        "weight_decay": (1e-8, 1e-3),
    },
    "ft_transformer": {"n_blocks": (1, 6), "token_size": (64, 512), "ffn_factor": (2 / 3, 8 / 3)},
    "saint": {"depth": {1, 2, 3, 6, 12}, "learning_rate": (1e-5, 1e-3), "target_transform": {"none"}},
}
DEFAULTS = {
    "gbt": {"n_estimators": 100, "learning_rate": 0.3, "max_depth": 6, "early_stopping_rounds": None},
    "random_forest": {"n_estimators": 100, "max_depth": None, "target_transform": "none"},
    "gradient_boosting": {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 3},
    "hist_gradient_boosting": {"n_estimators": 100, "learning_rate": 0.1, "max_leaf_nodes": 31},
    "mlp": {"n_layers": 4, "width": 256, "dropout": 0.0, "embedding_size": 128, "batch_size": 512},
    "resnet": {
        "n_blocks": 8,
        "hidden_factor": 2,
        "weight_decay": 1e-7,
        "norm": "batch",
        "schedule": "plateau",
    },
    "ft_transformer": {"token_size": 192, "learning_rate": 1e-4, "schedule": "constant", "patience": 40},
    "saint": {"depth": 3, "dim": 128, "dropout": 0.1, "learning_rate": 3e-5, "patience": 10},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_draws_fill_the_published_ranges_and_no_more(name):
    draws = list(ParameterSampler(spaces.drawn(name, PAPER), 400, random_state=0))
    for key, published in PUBLISHED[name].items():
        values = [draw[key] for draw in draws]
        if isinstance(published, set):
            assert set(values) == published
            continue
        low, high = published
        assert low <= min(values) <= max(values) <= high
        ends = (np.log(min(values) / low), np.log(high / max(values)))
        assert max(ends) < 0.1 * np.log(high / low) + 0.02


@pytest.mark.parametrize("name", SPACES)
def test_the_default_says_everything_that_is_drawn(name):
    space, first = SPACES[name], spaces.default(name, PAPER)
    assert set(space.default) == set(space.drawn)
    assert not set(space.fixed) & set(space.drawn)
    assert first.items() >= DEFAULTS[name].items()
    for kind in ("classification", "regression"):  # every name is a parameter
        architectures.get(name).make(kind, **first)


def test_weights_are_as_published():
    draws = list(ParameterSampler(spaces.drawn("random_forest", PAPER), 4_000, random_state=0))
    shares = {key: np.mean([draw[key] == value for draw in draws]) for key, value in
              {"max_depth": None, "min_impurity_decrease": 0.0, "min_samples_split": 2}.items()}  # fmt: skip
    assert shares == pytest.approx(
        {"max_depth": 0.7, "min_impurity_decrease": 0.85, "min_samples_split": 0.95}, abs=0.02
    )
    rates = [d["learning_rate"] for d in ParameterSampler(
        spaces.drawn("gradient_boosting", PAPER), 4_000, random_state=0)]  # fmt: skip
    assert np.mean(np.log(rates)) == pytest.approx(np.log(0.01), abs=0.1)
    assert np.std(np.log(rates)) == pytest.approx(np.log(10), abs=0.1)


def test_early_stopping_of_xgboost_is_a_setting_that_shows_in_the_configuration():
    def drawn(protocol):
        return json.loads(spaces.configurations("gbt", protocol, 2, "t")[1])

    assert drawn(PAPER)["early_stopping_rounds"] is None
    assert (drawn(SENSIBLE)["early_stopping_rounds"], drawn(SENSIBLE)["refit"]) == (20, False)
    assert drawn(SENSIBLE)["n_estimators"] == 1_000
    # the default of the library never stops early
    assert spaces.default("gbt", PAPER) == spaces.default("gbt", SENSIBLE)
    own = Protocol.of({"early_stopping": "published"})
    assert [json.loads(c)["early_stopping_rounds"] for c in spaces.configurations("gbt", own, 3, "t")] == [
        None
    ] * 3
    assert spaces.default("gbt", Protocol()) == {}
    assert "early_stopping_rounds" not in drawn(Protocol())


def test_without_refit_no_boosted_trees_are_grown_anew():
    equal = Protocol.of({"refit": False})
    installed = architectures.names(installed=True)
    made = {name: architectures.get(name).make("regression").get_params() for name in installed}
    assert {name for name in installed if "refit" in made[name]} == spaces.BOOSTED & set(installed)
    for name in installed:
        for config in map(json.loads, spaces.configurations(name, equal, 3, "t")):
            assert config.get("refit") is (False if name in spaces.BOOSTED else None)
        assert "refit" not in json.loads(spaces.configurations(name, Protocol(), 3, "t")[-1])
    for one, other in zip(*(spaces.configurations("gbt", p, 4, "t")[1:] for p in (equal, Protocol()))):
        assert json.loads(one) == json.loads(other) | {"refit": False}  # drawn alike but for it
    assert "grown anew" in Protocol().words
    assert "grown anew" not in equal.words


def test_under_the_spaces_of_the_paper_no_boosted_trees_are_grown_anew():
    assert "grown anew" not in PAPER.words
    for name in spaces.BOOSTED - {*SPACES}:  # those that the paper does not have keep their own space
        assert spaces.default(name, PAPER) == {"refit": False}
        assert spaces.drawn(name, PAPER)["refit"] == [False]


def test_a_candidate_that_the_paper_does_not_have_keeps_its_own_space():
    assert spaces.configurations("cnn", PAPER, 4, "t") == spaces.configurations("cnn", Protocol(), 4, "t")


@pytest.mark.parametrize("name", ["gbt", "random_forest", "gradient_boosting", "hist_gradient_boosting"])
@pytest.mark.parametrize("protocol", [PAPER, SENSIBLE], ids=["published", "sensible"])
def test_trees_of_the_paper_learn(name, protocol):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = 100 + 50 * X[:, 0]  # in its own unit where the target is left as it is
    model = architectures.get(name).make("regression", random_state=0, **spaces.default(name, protocol))
    assert model.fit(X[:150], y[:150]).score(X[150:], y[150:]) > 0.9
    assert model.n_trees_ == 100


def test_the_command_prints_what_is_drawn(capsys):
    assert command.main(["spaces", "gbt", "saint", "--protocol", "paper"]) == 0
    shown = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert "gbt, protocol paper" in shown
    assert "learning_rate 0.3 1e-05 to 0.7, log-uniform" in shown
    assert "early_stopping_rounds None None" in shown
    assert "depth 3 1, 2, 3, 6, 12" in shown
    assert command.main(["spaces", "gbt"]) == 0
    assert "learning_rate │ None" in " ".join(capsys.readouterr().out.split())
    assert command.main(["spaces", "gtb"]) == 2
    assert "did you mean 'gbt'" in capsys.readouterr().err
