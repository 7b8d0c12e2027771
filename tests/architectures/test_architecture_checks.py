"""Every registered architecture keeps the same promises: one function per promise, found by name."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import ParameterSampler

from advisor import architectures
from advisor.architectures._network import Network
from advisor.errors import InputError, TargetError

NAMES = architectures.names(installed=True)
KINDS = ["classification", "regression"]
NARROW = {"width_factor": 0.06, "token_size": 16, "dim": 4, "n_members": 4, "n_blocks": 2}
LAYOUTS = {"tabular": (6,), "sequence": (20, 1), "image": (8, 8, 1)}

every = pytest.mark.parametrize("name", NAMES)
kinds = pytest.mark.parametrize("kind", KINDS)
weighted = pytest.mark.parametrize("name", [n for n in NAMES if architectures.get(n).can.sample_weight])
structures = pytest.mark.parametrize("structure", LAYOUTS)
every_structure = pytest.mark.parametrize(  # those that take no layout see columns, whatever these are
    ("name", "structure"),
    [(n, s) for n in NAMES for s in LAYOUTS if s == "tabular" or architectures.get(n).can.uses_layout],
)


def make(name, kind, structure="tabular", *, epochs=3, **config):
    """The architecture in a form that trains in a fraction of a second."""
    architecture = architectures.get(name)
    if architecture.can.iterative:
        config = {"max_epochs": epochs, "batch_size": 32, **config}
        known = architecture.classifier().get_params()
        config = {**{k: v for k, v in NARROW.items() if k in known}, **config}
        if name in {"fcn", "resnet1d"}:  # 128 and 64 channels are for longer sequences than these
            config = {"width": 16, **config}
    elif "n_estimators" in architecture.classifier().get_params():
        config = {"n_estimators": 5 * epochs, **config}
    elif "n_features" in architecture.classifier().get_params():
        config = {"n_features": 840, **config}
    return architecture.make(kind, layout=LAYOUTS[structure], **{"random_state": 0, **config})


def toy(structure, kind, n=160, seed=0):
    """Flat columns whose target is the last column, the slope of the series or the side that is bright."""
    rng = np.random.default_rng(seed)
    signal = rng.uniform(-1, 1, n)
    X = rng.normal(size=(n, *LAYOUTS[structure])) * 0.3
    if structure == "tabular":
        X[:, -1] = signal * 2
    elif structure == "sequence":
        X += signal[:, None, None] * np.linspace(-2, 2, 20)[:, None]
    else:
        X += signal[:, None, None, None] * np.sign(np.arange(8) - 3.5)[:, None]
    y = signal if kind == "regression" else np.where(signal > 0, "up", "down")
    return X.reshape(n, -1), y


def probabilities_or_values(estimator, X):
    return estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)


@kinds
@every_structure
def test_beats_the_dummy(name, kind, structure):
    X, y = toy(structure, kind, n=300)
    score = make(name, kind, structure, epochs=20).fit(X[:200], y[:200]).score(X[200:], y[200:])
    dummy = make("dummy", kind).fit(X[:200], y[:200]).score(X[200:], y[200:])
    if name == "dummy":
        assert score == dummy
    else:
        assert score > dummy + (0.2 if kind == "classification" else 0.4)


@kinds
@every
def test_same_seed_same_predictions(name, kind):
    X, y = toy("tabular", kind)
    first = probabilities_or_values(make(name, kind).fit(X, y), X)
    np.testing.assert_array_equal(first, probabilities_or_values(make(name, kind).fit(X, y), X))


@kinds
@every_structure
def test_batches_do_not_matter(name, kind, structure):
    X, y = toy(structure, kind)
    estimator = make(name, kind, structure).fit(X, y)
    whole, order = probabilities_or_values(estimator, X), np.random.default_rng(0).permutation(len(X))
    np.testing.assert_allclose(probabilities_or_values(estimator, X[order]), whole[order], atol=1e-5)
    one_by_one = np.concatenate([probabilities_or_values(estimator, X[i : i + 1]) for i in range(20)])
    np.testing.assert_allclose(one_by_one, whole[:20], atol=1e-5)


@pytest.mark.parametrize("name", [n for n in NAMES if architectures.get(n).can.iterative])
def test_another_seed_gives_another_network(name):
    X, y = toy("tabular", "classification")
    first, second = (make(name, "classification", random_state=s).fit(X, y).predict_proba(X) for s in (0, 1))
    assert not np.allclose(first, second)


@kinds
@every_structure
def test_clone_and_pickle_round_trip(name, kind, structure):
    X, y = toy(structure, kind)
    estimator = make(name, kind, structure)
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    estimator.fit(X, y)
    loaded = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(probabilities_or_values(loaded, X), probabilities_or_values(estimator, X))
    np.testing.assert_array_equal(
        probabilities_or_values(copy.fit(X, y), X), probabilities_or_values(estimator, X)
    )


@pytest.mark.parametrize("labels", [["no", "yes"], ["c", "a", "b"], [3, 7], [False, True]], ids=str)
@every
def test_labels_and_probabilities_agree(name, labels):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, len(labels), 90)
    X = rng.normal(size=(90, 6)) + codes[:, None]
    y = np.array(labels)[codes]
    estimator = make(name, "classification").fit(X, y)
    probabilities = estimator.predict_proba(X)
    assert list(estimator.classes_) == sorted(labels)
    assert probabilities.shape == (90, len(labels))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(estimator.predict(X), estimator.classes_[probabilities.argmax(axis=1)])


@kinds
@every
def test_missing_values_and_unseen_categories(name, kind):
    X, y = toy("tabular", kind)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    frame["g"] = pd.Categorical(np.where(X[:, 1] > 0, "left", "right"))
    frame["h"] = np.where(X[:, 2] > 0, "x", "y")
    frame["i"] = pd.date_range("2020-01-01", periods=len(X))
    frame["j"] = np.nan  # never observed
    frame.loc[::7, ["a", "b"]] = np.nan
    frame.loc[::5, "h"] = None
    estimator = clone(make(name, kind))
    if architectures.get(name).can.uses_layout:
        estimator.set_params(layout=None)
    estimator.fit(frame, y)
    unseen = frame.assign(g="never", h="seen", a=np.nan, i=pd.NaT)
    assert len(estimator.predict(unseen)) == len(y)
    if kind == "classification":
        assert np.isfinite(estimator.predict_proba(unseen)).all()
    else:
        assert np.isfinite(estimator.predict(unseen)).all()


@every
def test_categories_are_used(name):
    rng = np.random.default_rng(0)
    colour = rng.choice(["red", "green", "blue"], 300)
    frame = pd.DataFrame({"noise": rng.normal(size=300), "colour": colour})
    y = np.where(colour == "green", "yes", "no")
    estimator = make(name, "classification", epochs=40)
    if architectures.get(name).can.uses_layout:
        estimator.set_params(layout=None)
    score = estimator.fit(frame[:200], y[:200]).score(frame[200:], y[200:])
    assert score == 1 or name == "dummy"


@structures
@kinds
@every
def test_pandas_numpy_and_folded_arrays_agree(name, kind, structure):
    X, y = toy(structure, kind)
    flat = probabilities_or_values(make(name, kind, structure).fit(X, y), X)
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])
    np.testing.assert_array_equal(
        flat, probabilities_or_values(make(name, kind, structure).fit(frame, pd.Series(y)), frame)
    )
    folded = X.reshape(-1, *LAYOUTS[structure])
    np.testing.assert_array_equal(
        flat, probabilities_or_values(make(name, kind, structure).fit(folded, y), folded)
    )


@kinds
@every
def test_units_do_not_matter(name, kind):
    """Columns and targets of tiny or huge numbers, as in the data set elevators, are learned like others."""
    X, y = toy("tabular", kind, n=300)
    changed = X * 10.0 ** np.array([-9, -6, -12, 6, 9, 3])
    if kind == "regression":
        y = np.exp(y)
    plain = make(name, kind, epochs=10).fit(X[:200], y[:200]).score(X[200:], y[200:])
    transforms = [{}]
    if kind == "regression" and "target_transform" in architectures.get(name).regressor().get_params():
        transforms.append({"target_transform": "quantile"})
    for unit in (1e-9, 1e9) if kind == "regression" else (None,):
        target = y if unit is None else y * unit
        for transform in transforms:
            estimator = make(name, kind, epochs=10, **transform).fit(changed[:200], target[:200])
            score = estimator.score(changed[200:], target[200:])
            assert score == pytest.approx(plain, abs=0.3 if transform else 0.05)


@kinds
@every
def test_the_target_never_leaks(name, kind):
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(400, 6)), rng.normal(size=400)
    y = noise if kind == "regression" else noise > 0
    score = make(name, kind).fit(X[:200], y[:200]).score(X[200:], y[200:])
    assert score < (0.1 if kind == "regression" else 0.62)  # 0.5 plus 3.4 standard errors


@every
def test_where_nothing_can_be_learned_the_prior_is_predicted(name):
    X, y = toy("tabular", "regression")
    same = make(name, "regression").fit(X, np.full(len(y), 3.0)).predict(X)
    np.testing.assert_allclose(same, 3)
    assert np.isfinite(make(name, "regression").fit(np.ones_like(X), y).predict(X)).all()
    assert np.isfinite(make(name, "classification").fit(np.ones_like(X), y > 0).predict_proba(X)).all()


@kinds
@every
def test_tiny_data(name, kind):
    X, y = toy("tabular", kind, n=30)
    assert len(make(name, kind).fit(X, y).predict(X)) == 30
    assert len(make(name, kind).fit(X[:2], y[[0, np.argmax(y != y[0])]]).predict(X)) == 30


@pytest.mark.parametrize("name", [n for n in NAMES if architectures.get(n).can.iterative])
def test_a_time_limit_is_kept(name):
    X, y = toy("image", "classification")
    endless = {"max_epochs": 10**6, "patience": 10**6}
    estimator = architectures.get(name).make(
        "classification", layout=(8, 8, 1), random_state=0, time_limit=0.0, **endless
    )
    estimator.fit(X, y)
    assert estimator.stopped_ == "time_limit"
    assert estimator.n_epochs_ == 1
    assert estimator.predict(X).shape == y.shape


@every
def test_declared_capabilities_hold(name):
    architecture = architectures.get(name)
    assert architecture.name == name
    assert architectures.label(name) == (architecture.title, architecture.model_kind)
    assert (architecture.model_kind == "network") is issubclass(architecture.classifier, Network)
    assert architecture.reference
    for estimator_type in (architecture.classifier, architecture.regressor):
        parameters = estimator_type().get_params()
        assert ("layout" in parameters) is architecture.can.uses_layout
        assert ({"max_epochs", "time_limit"} <= set(parameters)) is architecture.can.iterative
        assert set(architecture.space) <= set(parameters)
        assert ("device" in parameters) is architecture.can.gpu
        takes_weights = "sample_weight" in inspect.signature(estimator_type.fit).parameters
        assert takes_weights is architecture.can.sample_weight


@kinds
@weighted
def test_heavy_rows_count_more_than_light_ones(name, kind):
    X, _ = toy("tabular", kind, n=80)
    first = np.repeat([True, False], len(X))  # each row is there twice, with contrary targets

    def mean(heavy):
        model = make(name, kind, epochs=10 if name in {"fcn", "resnet1d"} else 5)
        model.fit(np.vstack([X, X]), np.where(first, 1, -1), sample_weight=np.where(heavy, 5, 1))
        return model.predict(X).mean()

    assert mean(first) > mean(~first) + 0.2


@kinds
@weighted
def test_rows_of_weight_zero_do_not_count(name, kind):
    X, y = toy("tabular", kind)
    wrong = y[::-1].copy()
    both, targets = np.vstack([X, X]), np.concatenate([y, wrong])
    weight = np.repeat([1.0, 0.0], len(y))
    dropped = make(name, kind).fit(both, targets, sample_weight=weight)
    alone = make(name, kind).fit(X, y)  # dropped before anything is learned
    np.testing.assert_allclose(
        probabilities_or_values(dropped, X), probabilities_or_values(alone, X), atol=1e-3
    )


@kinds
@weighted
def test_bad_weights_are_refused(name, kind):
    X, y = toy("tabular", kind)
    ones = np.ones(len(y))
    for weight in (np.nan * ones, np.ones(len(y) + 1), np.where(X[:, 0] > 0, 1, -1), 0 * ones):
        with pytest.raises(InputError, match="sample_weight must be"):
            make(name, kind).fit(X, y, sample_weight=weight)


@kinds
@every
def test_every_point_of_the_space_fits(name, kind):
    architecture = architectures.get(name)
    X, y = toy("tabular", kind, n=40)
    points = ParameterSampler(architecture.space, 6, random_state=0) if architecture.space else [{}]
    for point in points:
        if architecture.can.iterative:
            point["max_epochs"] = 1
        if "n_estimators" in architecture.classifier().get_params():
            point["n_estimators"] = 20
        assert len(architecture.make(kind, layout=(6,), random_state=0, **point).fit(X, y).predict(X)) == 40


@every
def test_the_random_state_of_the_caller_is_left_alone(name):
    X, y = toy("tabular", "classification")
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global state is what is tested
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    for random_state in (0, None):
        make(name, "classification", random_state=random_state).fit(X, y).predict(X)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("name", [n for n in NAMES if n != "dummy"])
def test_bad_input_is_refused_with_the_reason(name):
    X, y = toy("tabular", "classification")
    infinite = X.copy()
    infinite[3, 2] = np.inf
    with pytest.raises(InputError, match="infinity in column 2"):
        make(name, "classification").fit(infinite, y)
    frame = pd.DataFrame(infinite, columns=list("abcdef")).assign(text="t")
    estimator = architectures.get(name).make("classification")
    for held in (frame, frame.drop(columns="text")):
        with pytest.raises(InputError, match="infinity in column 'c'"):
            estimator.fit(held, y)
    with pytest.raises(TargetError, match="2 classes"):
        make(name, "classification").fit(X, np.zeros(len(X)))
    with pytest.raises(TargetError, match="missing"):
        make(name, "classification").fit(X, np.where(y == "up", None, "down"))
    with pytest.raises(TargetError, match="numeric"):
        make(name, "regression").fit(X, y)
    with pytest.raises(InputError, match="one observed value"):
        make(name, "classification").fit(np.full_like(X, np.nan), y)


@every
def test_a_share_to_hold_out_is_a_share(name):
    if "validation_fraction" not in architectures.get(name).classifier().get_params():
        pytest.skip("holds no rows out")
    X, y = toy("tabular", "classification")
    for share in (0, 0.6):
        with pytest.raises(InputError, match="validation_fraction must be in"):
            make(name, "classification", validation_fraction=share).fit(X, y)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "dummy"])
def test_columns_at_predict_must_be_those_of_fit(name):
    X, y = toy("tabular", "classification")
    frame = pd.DataFrame(X, columns=list("abcdef"))
    estimator = make(name, "classification").fit(frame, y)
    with pytest.raises(ValueError, match="same order"):
        estimator.predict(frame[list("bacdef")])
    with pytest.raises(InputError, match="column 'a' must be numeric"):
        estimator.predict(frame.assign(a="text"))
    with pytest.raises(ValueError, match="features"):
        estimator.fit(X, y).predict(X[:, :5])


@pytest.mark.parametrize("name", [n for n in NAMES if architectures.get(n).can.uses_layout])
def test_a_wrong_layout_is_refused(name):
    X, y = toy("image", "classification")
    for layout, message in [
        ((8, 9, 1), "needs 72 columns"),
        ((0, 64), "at least 1"),
        ((2, 2, 4, 4), "H, W, C"),
    ]:
        with pytest.raises(InputError, match=message):
            architectures.get(name).make("classification", layout=layout).fit(X, y)
    with pytest.raises(InputError, match="shape of the layout"):
        architectures.get(name).make("classification", layout=(64, 1)).fit(X.reshape(-1, 8, 8), y)
    text = pd.DataFrame(X).add_prefix("c").assign(c63="text")
    estimator = architectures.get(name).make("classification", layout=(8, 8, 1))
    with pytest.raises(InputError, match="must be numeric"):
        estimator.fit(text, y)
