"""The trees: what stops them, what they are grown on, and how they take categories."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from sklearn.model_selection import ParameterSampler

from advisor import architectures
from advisor.architectures._codes import CodeEncoder
from advisor.architectures._space import Rounded
from advisor.architectures._target import inner_split, seed_of
from advisor.errors import InputError

INSTALLED = architectures.names(installed=True)
BOOSTED = [
    n
    for n in ("gbt", "gradient_boosting", "hist_gradient_boosting", "lightgbm", "catboost")
    if n in INSTALLED
]
NATIVE = [n for n in BOOSTED if n != "gradient_boosting"]

boosted = pytest.mark.parametrize("name", BOOSTED)
kinds = pytest.mark.parametrize("kind", ["classification", "regression"])


def make(name, kind, **config):
    return architectures.get(name).make(kind, random_state=0, **{"n_estimators": 100, **config})


def problem(kind, n=300, seed=0):
    """The target follows the first of four columns."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    y = X[:, 0] + 0.3 * rng.normal(size=n)
    return X, (y if kind == "regression" else (y > 0).astype(int))


def outputs(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@kinds
@boosted
def test_the_rows_held_out_stop_it_and_no_others(name, kind):
    X, y = problem(kind)
    kept, held = inner_split(y, 0.2, np.random.default_rng(seed_of(0)))
    wrong_held, wrong_kept = X.copy(), X.copy()
    wrong_held[held] *= -1  # of these rows each tree makes the loss worse
    wrong_kept[kept[: len(held)]] *= -1
    config = {"learning_rate": 0.1}
    assert make(name, kind, **config).fit(X, y).n_trees_ > 10
    assert make(name, kind, **config).fit(wrong_kept, y).n_trees_ > 5
    assert make(name, kind, **config).fit(wrong_held, y).n_trees_ == 1


@kinds
@boosted
def test_the_same_trees_are_grown_anew_on_all_rows(name, kind):
    X, y = problem(kind)
    stopped = make(name, kind, learning_rate=0.3).fit(X, y)
    n_trees = stopped.n_trees_
    assert n_trees > 1
    fixed = make(name, kind, learning_rate=0.3, early_stopping_rounds=None, n_estimators=n_trees).fit(X, y)
    np.testing.assert_allclose(outputs(stopped, X), outputs(fixed, X), rtol=1e-6)


@boosted
def test_without_the_refit_the_rows_held_out_teach_nothing(name):
    X, y = problem("regression")
    _, held = inner_split(y, 0.2, np.random.default_rng(seed_of(0)))
    X = np.hstack([X, np.zeros((len(X), 1))])
    X[held, 4] = y[held]  # a column that only they could teach
    zeroed = X * [1, 1, 1, 1, 0]
    whole, part = (make(name, "regression", refit=r, learning_rate=0.3).fit(X, y) for r in (True, False))
    np.testing.assert_array_equal(part.predict(X), part.predict(zeroed))
    assert not np.allclose(whole.predict(X), whole.predict(zeroed))


@pytest.mark.parametrize("name", [n for n in BOOSTED if n != "hist_gradient_boosting"] + ["random_forest"])
def test_a_time_limit_ends_the_growing(name):
    X, y = problem("regression")
    config = {} if name == "random_forest" else {"early_stopping_rounds": None}
    model = make(name, "regression", n_estimators=10**6, time_limit=0.1, **config).fit(X, y)
    assert model.stopped_ == "time_limit"
    assert 1 <= model.n_trees_ < 10**6
    assert make(name, "regression", time_limit=1000.0).fit(X, y).stopped_ == "done"


def test_a_time_limit_ends_histogram_boosting_after_a_round():
    X, y = problem("regression", n=100)
    model = make(
        "hist_gradient_boosting", "regression", early_stopping_rounds=None, n_estimators=900, time_limit=0.0
    )
    assert model.fit(X, y).n_trees_ == 1
    assert model.stopped_ == "time_limit"
    timed = make("hist_gradient_boosting", "regression", time_limit=60.0).fit(X, y)
    whole = make("hist_gradient_boosting", "regression").fit(X, y)
    np.testing.assert_array_equal(timed.predict(X), whole.predict(X))  # however the rounds were parted


@pytest.mark.parametrize("name", NATIVE)
def test_categories_without_order_are_grouped(name):
    rng = np.random.default_rng(0)
    level = rng.integers(0, 40, 2000)
    effect = rng.permutation(np.linspace(-1, 1, 40))
    frame = pd.DataFrame({"level": np.char.add("level ", level.astype(str)), "noise": rng.normal(size=2000)})
    y = effect[level] + 0.1 * rng.normal(size=2000)
    model = make(name, "regression", learning_rate=0.2).fit(frame[:1500], y[:1500])
    assert model.score(frame[1500:], y[1500:]) > 0.9


def test_one_hot_categories_of_xgboost_are_not_grouped():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 8, 600)
    frame = pd.DataFrame({"level": level.astype(str), "noise": rng.normal(size=600)})
    y = np.isin(level, [1, 4, 6]).astype(float)

    def stump(categories):
        config = {"n_estimators": 1, "max_depth": 1, "learning_rate": 1.0, "early_stopping_rounds": None}
        config |= {"subsample": 1.0, "colsample_bytree": 1.0}
        return make("gbt", "regression", categories=categories, **config).fit(frame, y)

    assert stump("native").score(frame, y) > 0.9  # one split takes the three levels together
    assert stump("one-hot").score(frame, y) < 0.6  # one split takes one level
    with pytest.raises(InputError, match="categories must be 'native' or 'one-hot', got 'codes'"):
        stump("codes")


@pytest.mark.parametrize("name", [*NATIVE, "gradient_boosting", "random_forest"])
def test_a_missing_category_and_a_missing_number_tell_something(name):
    rng = np.random.default_rng(0)
    unknown, unmeasured = rng.integers(0, 2, (2, 400)).astype(bool)
    frame = pd.DataFrame({"c": rng.choice(["a", "b"], 400), "x": rng.normal(size=400)})
    frame.loc[unknown, "c"] = None
    frame.loc[unmeasured, "x"] = np.nan
    y = np.where(unknown, 2, 0) + unmeasured
    model = make(name, "classification").fit(frame[:300], y[:300])
    assert model.score(frame[300:], y[300:]) > 0.97


def test_histogram_boosting_takes_more_categories_than_it_has_bins():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.concatenate([np.arange(600), rng.integers(0, 3, 600)]).astype(str)})
    y = np.where(frame["id"].isin(["0", "1"]), "often", "else")
    assert make("hist_gradient_boosting", "classification").fit(frame, y).score(frame, y) > 0.99


def test_rare_categories_share_the_last_code():
    rows = pd.DataFrame({"c": ["often", "often", "twice", "twice", "once", "never again", None]})
    codes = CodeEncoder(most=3).fit(rows).transform(pd.DataFrame({"c": [*rows["c"], "unseen"]}))[:, 0]
    assert codes[0] == codes[1] == 0
    assert codes[2] == codes[3] == 1
    assert codes[4] == codes[5] == 2
    assert np.isnan(codes[6:]).all()


def minute(n, rng):
    """Seconds since 1970 within one minute, and whether it is the second half."""
    second = rng.uniform(0, 60, n)
    return 1.7e9 + second, second > 30


def codes_of_nine_digits(n, rng):
    code = rng.integers(0, 40, n)
    return 123_456_789.0 + code, np.isin(code, [3, 4, 5, 6, 7, 8, 21, 22, 23, 24, 25, 26])


def beyond_float32(n, rng):
    x = rng.normal(size=n)
    return 1e60 * x, x > 0


def below_float32(n, rng):
    x = rng.normal(size=n)
    return 1e-60 * x, x > 0


def minute_and_zero(n, rng):
    x, y = minute(n, rng)
    x[:8], y[:8] = 0, False  # written for a time that is not known
    return x, y


def one_beyond_float32(n, rng):
    x = rng.uniform(size=n)
    x[0] = 1e60
    return x, x > 0.5


COARSE = [minute, minute_and_zero, codes_of_nine_digits, beyond_float32, below_float32, one_beyond_float32]


@pytest.mark.parametrize("column", COARSE)
@pytest.mark.parametrize("name", NATIVE)
def test_numbers_that_float32_merges_are_told_apart(name, column):
    rng = np.random.default_rng(0)
    x, y = column(600, rng)
    x[::50] = np.nan
    X = np.stack([x, rng.normal(size=600)], axis=1)
    config = {"min_data_in_leaf": 1} if name == "lightgbm" else {}
    model = make(name, "classification", learning_rate=0.3, **config).fit(X[:400], y[:400])
    assert model.score(X[400:], y[400:]) > 0.93
    assert np.isfinite(model.predict_proba([[1e99, 0], [-1e99, 0]])).all()


def test_numbers_that_float32_tells_apart_pass_as_they_are():
    rng = np.random.default_rng(0)
    day = rng.integers(0, 20_000, 500)
    columns = {
        "normal": rng.normal(size=500),
        "one value": np.full(500, 1.7e9 + 0.1),
        "years": rng.integers(2008, 2011, 500),
        "longitudes": -93.6 + 0.02 * rng.normal(size=500),
        "pressures": 1013.25 + rng.normal(size=500),
        "skewed": np.exp(6 * rng.normal(size=500)),
        "one extreme": np.append(rng.uniform(size=499), 1e12),
        "days since 1970": 86400.0 * day,
        "often zero": np.where(rng.random(500) < 0.999, 0, 0.1),
        "missing": np.where(rng.random(500) < 0.5, np.nan, rng.normal(size=500)),
        "tiny": 1e-12 * rng.normal(size=500),
    }
    rows = pd.DataFrame(columns).to_numpy(dtype=np.float64)
    np.testing.assert_array_equal(CodeEncoder().fit(rows).transform(rows), rows.astype(np.float32))


def test_a_moved_column_leaves_the_others_and_the_rows_of_the_user_alone():
    rng = np.random.default_rng(0)
    rows = np.stack([rng.normal(size=50), minute(50, rng)[0]], axis=1)
    before = rows.copy()
    encoded = CodeEncoder().fit(rows).transform(rows)
    np.testing.assert_array_equal(rows, before)
    np.testing.assert_array_equal(encoded[:, 0], rows[:, 0].astype(np.float32))
    np.testing.assert_allclose(np.diff(encoded[:, 1]), np.diff(rows[:, 1]), atol=1e-5)


@pytest.mark.parametrize(
    "name", [n for n in INSTALLED if "n_jobs" in architectures.get(n).classifier().get_params()]
)
def test_threads_change_nothing(name):
    X, y = problem("classification", n=120)
    architecture = architectures.get(name)
    config = {"n_estimators": 4} if "n_estimators" in architecture.classifier().get_params() else {}
    models = [
        architecture.make("classification", random_state=0, n_jobs=n_jobs, **config) for n_jobs in (1, 2)
    ]
    one, two = (model.fit(X, y).predict_proba(X) for model in models)
    np.testing.assert_array_equal(one, two)


@boosted
def test_nothing_is_printed_and_no_file_is_written(name, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    X, y = problem("classification")
    make(name, "classification").fit(X, y).predict(X)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_a_loss_for_two_classes_gives_way_where_there_are_three():
    X, y = problem("regression")
    three = np.digitize(y, [-0.5, 0.5])
    model = make("gradient_boosting", "classification", loss_classes="exponential").fit(X, three)
    assert model.predict_proba(X).shape == (len(X), 3)


def test_the_space_of_the_forest_is_weighted_as_published():
    draws = list(ParameterSampler(architectures.get("random_forest").space, 2000, random_state=0))
    assert np.mean([d["max_depth"] is None for d in draws]) == pytest.approx(0.7, abs=0.04)
    assert np.mean([d["max_features"] == "sqrt" for d in draws]) == pytest.approx(2 / 13, abs=0.03)
    leaves = [d["min_samples_leaf"] for d in draws]
    assert (min(leaves), max(leaves)) == (2, 50)
    assert np.median(leaves) == pytest.approx(np.sqrt(1.5 * 50.5), abs=1)


def test_rounded_draws_are_whole_and_repeat():
    draws = [Rounded(scipy.stats.norm(2, 5), least=2).rvs(random_state=s) for s in range(50)]
    assert all(type(d) is int and d >= 2 for d in draws)
    assert draws == [Rounded(scipy.stats.norm(2, 5), least=2).rvs(random_state=s) for s in range(50)]


def test_a_target_left_as_it_is_keeps_its_unit():
    X, y = problem("regression")
    config = {"n_estimators": 1, "max_depth": 1, "min_impurity_decrease": 0.9}  # in units of the target
    scaled, raw = (
        make("gradient_boosting", "regression", early_stopping_rounds=None, target_transform=t, **config)
        for t in ("standard", "none")
    )
    large = scaled.fit(X, 100 * y), raw.fit(X, 100 * y)
    assert [len(np.unique(model.predict(X))) for model in large] == [1, 2]
    assert raw.fit(X, 0.1 * y).predict(X) == pytest.approx(np.full(len(X), 0.1 * y.mean()))
