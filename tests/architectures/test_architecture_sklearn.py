"""scikit-learn's own checks on every registered architecture; what may fail is named with the reason."""

import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from advisor import architectures
from advisor.architectures._boosted import Boosted

SMALL = {
    "n_features": 168,
    "learning_rate": 0.02,
    "batch_size": 16,
    "width": 16,
    "width_factor": 0.06,
    "hidden": 32,
    "bidirectional": False,
    "token_size": 16,
    "dim": 4,
    "n_members": 4,
    "n_blocks": 2,
    "n_estimators": 40,
    "min_data_in_leaf": 3,  # else trees of few rows do not split at all
    "min_samples_leaf": 3,
    "device": "cpu",
}
# checks that ask for accuracy, and so for training
LEARNS = {"check_classifiers_train", "check_regressors_train"}
EPOCHS = {"classification": 6, "regression": 15}

MLP = (architectures.get("mlp").classifier, architectures.get("mlp").regressor)
# why a row of weight 2 is not what a row that is there twice is, in all that a fit does (2026-11);
# test_heavy_rows_count_more_than_light_ones asks for what can be asked for
WEIGHTS = "check_sample_weight_equivalence_on_dense_data"
NETWORKS = "rows are scaled, dealt to batches and held out for early stopping as often as they are there"
BOOSTED = "rows are held out to find the number of trees as often as they are there"
WHY = {
    "linear": "columns are standardised by rows as often as they are there, so the penalty is another",
    "last_value": "its linear model standardises the last column by rows as often as they are there",
    "minirocket": "features are standardised by rows as often as they are there, so the penalty is another",
    "nearest_neighbours": "a row that is there twice takes two of the places among the neighbours",
    "random_forest": "the rows of each tree are drawn at random, other ones from another number of rows",
}


def why(name):
    """Why an architecture fails that check."""
    of = architectures.get(name)
    return WHY.get(name) or (BOOSTED if issubclass(of.classifier, Boosted) else NETWORKS)


WHOLE_TYPES = tuple(
    t
    for name in ("mlp", "cnn")
    for t in (architectures.get(name).classifier, architectures.get(name).regressor)
)
EXPECTED = {
    t.__name__: {WEIGHTS: why(name)}
    for name in architectures.names(installed=True)
    if architectures.get(name).can.sample_weight
    for t in (architectures.get(name).classifier, architectures.get(name).regressor)
}

# what depends on the module of an architecture, its parameters, or how it takes rows; the rest of the checks
# asks for code that all networks share, and is made with two of them alone unless everything is asked for
OWN = {
    *LEARNS,
    *("check_parameters_default_constructible", "check_no_attributes_set_in_init", "check_set_params"),
    *("check_get_params_invariance", "check_estimators_pickle", "check_dict_unchanged"),
    *("check_fit2d_1feature", "check_fit2d_1sample", "check_estimators_dtypes", "check_n_features_in"),
    *("check_fit_idempotent", "check_classifiers_one_label", "check_classifiers_regression_target"),
}
# at 1e-7 these two depend on how a processor orders float32 sums in batches of different sizes, so they can
# neither be required nor expected to fail; test_batches_do_not_matter asks for 1e-5
FLOAT32 = {"check_methods_subset_invariance", "check_methods_sample_order_invariance"}


def quick(name, kind):
    architecture = architectures.get(name)
    known = architecture.classifier().get_params()
    config = {k: v for k, v in {**SMALL, "max_epochs": EPOCHS[kind]}.items() if k in known}
    if "n_heads" in known:  # at 0.02 attention learns nothing
        config["learning_rate"] = 0.01 if name == "transformer" else 0.005
    if "readout" in known or name == "mlp":  # recurrent networks of this size need more, and quick, steps
        config["batch_size"] = 8
    if not architecture.can.iterative:
        config.pop("learning_rate", None)
    return architecture.make(kind, random_state=0, **config)


ESTIMATORS = [
    quick(n, k)
    for n in architectures.names(installed=True)
    if n != "dummy"
    for k in ("classification", "regression")
]


def expected(estimator):
    return EXPECTED.get(type(estimator).__name__, {})


def own(estimator, check):
    """Whether a check tells something about this architecture that it does not tell about another."""
    if not hasattr(estimator, "max_epochs") or isinstance(estimator, WHOLE_TYPES):
        return True
    return check.func.__name__ in OWN and not check.keywords.get("readonly_memmap")


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.DataConversionWarning"
)  # one check passes y as a column
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected)
def test_scikit_learn(estimator, check, request):
    name = check.func.__name__
    if not own(estimator, check) and not request.config.getoption("--everything"):
        pytest.skip("made with mlp and cnn; pytest --everything makes it with all")
    if name in FLOAT32 and hasattr(estimator, "max_epochs"):
        pytest.skip("float32: see FLOAT32")
    if name == WEIGHTS and hasattr(estimator, "max_epochs") and not isinstance(estimator, MLP):
        pytest.skip("the same training loop fails it with the perceptron")
    if name not in LEARNS and hasattr(estimator, "max_epochs"):
        estimator = clone(estimator).set_params(max_epochs=1)  # any epoch shows what it asks for
    check(estimator)
