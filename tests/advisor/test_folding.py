from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from advisor import advise
from advisor.errors import InputError
from advisor.folding import FoldAxes, FoldCells, FoldFlat, FoldWindows
from advisor.spelling import FoldText


def test_planes_become_channels():
    images = np.random.default_rng(0).normal(size=(6, 5, 4, 3)).astype(np.float32)
    flat = pd.DataFrame(np.moveaxis(images, -1, 1).reshape(6, -1))
    fold = FoldFlat(columns=list(flat.columns), layout=(5, 4, 3), channel_axis="first")
    np.testing.assert_array_equal(fold.fit_transform(flat), images)


def test_colours_line_by_line_become_channels():
    images = np.random.default_rng(0).normal(size=(6, 5, 4, 3)).astype(np.float32)
    flat = pd.DataFrame(images.transpose(0, 1, 3, 2).reshape(6, -1))
    fold = FoldFlat(columns=list(flat.columns), layout=(5, 4, 3), channel_axis="line")
    np.testing.assert_array_equal(fold.fit_transform(flat), images)


def test_flat_columns_are_taken_by_name_in_the_order_advised():
    frame = pd.DataFrame({"a": [1.0], "b": [2.0], "c": [3.0], "other": ["x"]})
    fold = FoldFlat(columns=["a", "b", "c"], layout=(3, 1), channel_axis="none")
    assert fold.fit_transform(frame[["other", "c", "b", "a"]]).ravel().tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="no 'b'"):
        fold.transform(frame.drop(columns="b"))


def test_axes_are_reordered():
    images = np.random.default_rng(0).normal(size=(6, 5, 4, 3)).astype(np.float32)
    fold = FoldAxes(layout=(5, 4, 3), order=(1, 2, 0))
    np.testing.assert_array_equal(fold.fit_transform(images.transpose(0, 3, 1, 2)), images)


@pytest.mark.parametrize("shape", [(4, 5, 4, 3), (4, 3, 20), (4, 3, 4, 5), (4, 61), (60,), ()])
def test_axes_in_another_order_than_advised_are_refused(shape):
    fold = FoldAxes(layout=(5, 4, 3), order=(1, 2, 0))
    with pytest.raises(InputError, match=r"shape \(3, 5, 4\) that was advised on, got an array of shape"):
        fold.fit_transform(np.zeros(shape))


def test_flattened_rows_are_given_their_axes_back():
    images = np.random.default_rng(0).normal(size=(6, 3, 5, 4)).astype(np.float32)
    fold = FoldAxes(layout=(5, 4, 3), order=(1, 2, 0))
    np.testing.assert_array_equal(fold.fit_transform(images.reshape(6, -1)), fold.fit_transform(images))


@pytest.fixture(scope="module")
def shop():
    """A plain table with categories and its target."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"price": rng.normal(size=300), "kind": rng.choice(list("uvw"), 300)})
    return frame.astype({"kind": "category"}).assign(y=rng.integers(0, 2, 300))


def test_a_table_takes_the_columns_advised_on_and_never_the_target(shop):
    advice = advise(shop, "y")
    X, y = shop.drop(columns="y"), shop["y"]
    model = advice.estimator(n_estimators=20).fit(shop[["y", "kind", "price"]], y)
    assert model[-1].n_features_in_ == 2
    assert model.score(shop, y) < 0.9
    alone = advice.estimator(n_estimators=20).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(shop), alone.predict_proba(X))
    with pytest.raises(InputError, match="no 'kind'"):
        model.predict(shop[["price"]])


def test_the_estimator_of_a_table_knows_its_names_and_takes_arrays(shop):
    advice = advise(shop, "y")
    model = clone(advice.estimator(n_estimators=5)).fit(shop, shop["y"])
    assert model.feature_names_in_.tolist() == ["price", "kind"]
    assert model.n_features_in_ == 2
    assert model[:-1].get_feature_names_out().tolist() == ["price", "kind"]
    pd.testing.assert_frame_equal(
        model[:-1].transform(shop), shop[["price", "kind"]], check_column_type=False
    )
    array = shop[["price", "kind"]].astype(object).to_numpy()
    assert model[:-1].transform(array).columns.tolist() == ["price", "kind"]
    with pytest.raises(InputError, match=r"the 2 columns that were advised on, got shape \(300, 3\)"):
        model.predict(shop.astype(object).to_numpy())


def test_labels_of_several_kinds_become_names():
    rng = np.random.default_rng(0)
    labels = pd.Index([0, "a", "\ud800"], dtype=object)  # the last one is half a letter
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=labels)
    read = advise(frame, np.arange(60) % 2).folder().fit_transform(frame)
    assert read.columns.tolist() == ["0", "a", "\ud800"]


def test_cells_of_new_rows_are_padded_or_cut_to_what_was_advised():
    fold = FoldCells(columns=["s"], layout=(3, 1), order=(0,))
    out = fold.fit_transform(pd.DataFrame({"s": [[1, 2, 3, 4], [5], None]}))
    np.testing.assert_array_equal(out[..., 0], [[1, 2, 3], [5, np.nan, np.nan], [np.nan] * 3])


def test_windows_look_back_within_the_entity_only():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"who": rng.integers(0, 5, 60), "x": np.arange(60.0), "z": rng.normal(size=60)})
    out = FoldWindows(window=4, entity=["who"]).fit_transform(frame)
    assert out.shape == (60, 4, 2)
    for row in range(60):
        past = frame[frame.who == frame.who[row]].loc[:row].tail(4)[["x", "z"]].to_numpy()
        np.testing.assert_allclose(out[row, : len(past)], past, rtol=1e-6)
        assert np.isnan(out[row, len(past) :]).all()


def test_windows_code_categories_and_dates_as_learned():
    train = pd.DataFrame(
        {"k": ["u", "v", "u"], "t": pd.date_range("2024-01-01", periods=3), "x": [0.5, 1.5, 2.5]}
    )
    fold = FoldWindows(window=1).fit(train)
    new = pd.DataFrame({"k": ["v", "new"], "t": pd.to_datetime(["2024-01-02", None]), "x": [9.0, 8.0]})
    np.testing.assert_allclose(fold.transform(new)[:, 0], [[1, 86400, 9], [np.nan, np.nan, 8]])


def clock_and_noise(rng):
    """Two channels: times within a minute, which float32 rounds to two minutes, and noise."""
    return np.stack([1.7e9 + rng.uniform(0, 60, (80, 12)), rng.normal(size=(80, 12))], axis=-1)


@pytest.mark.parametrize("held", ["arrays", "flat", "array", "windows"])
def test_numbers_that_float32_merges_stay_apart(held):
    x = clock_and_noise(np.random.default_rng(0))
    flat = x.reshape(80, -1)
    fold, data = {
        "arrays": (FoldAxes(layout=(12, 2), order=(0, 1)), x),
        "array": (FoldFlat(columns=None, layout=(12, 2), channel_axis="last"), flat),
        "flat": (FoldFlat(columns=list(range(24)), layout=(12, 2), channel_axis="last"), pd.DataFrame(flat)),
        "windows": (FoldWindows(window=1), pd.DataFrame(x[:, 0], columns=["clock", "noise"])),
    }[held]
    if held == "windows":
        fold.set_params(roles={"clock": "numeric", "noise": "numeric"})
        x = x[:, :1]
    np.testing.assert_array_equal(fold.fit_transform(data), x)
    np.testing.assert_array_equal(fold.transform(data[:1]), x[:1])  # one row alone does not show it
    plain = data % 1000
    assert fold.fit(plain).transform(plain).dtype == np.float32


def test_words_have_one_code_wherever_they_stand():
    out = FoldText(columns=["t"], tokens=6, features=16).fit_transform(
        pd.DataFrame({"t": ["red green blue red", "Blue red green", None]})
    )
    np.testing.assert_array_equal(out[0, 0], out[0, 3])
    np.testing.assert_array_equal(out[0, 2], out[1, 0])
    assert (out[0, 0] != out[0, 1]).any()
    assert np.isnan(out[0, 4:]).all()


def test_strings_without_spaces_are_read_by_letter():
    out = FoldText(columns=["dna"], tokens=8, features=8).fit_transform(pd.DataFrame({"dna": ["ACGTACGT"]}))
    np.testing.assert_array_equal(out[0, 0], out[0, 4])


def test_folds_are_clonable():
    fold = FoldWindows(window=3, entity=["a"], time=["b"])
    assert clone(fold).get_params() == {"window": 3, "entity": ["a"], "time": ["b"], "roles": None}


def test_the_advised_fold_restores_the_pictures_bit_for_bit():
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(2)
    images = gaussian_filter(rng.normal(size=(200, 12, 10, 3)), (0, 1, 1, 0.4)).astype(np.float32)
    frame = pd.DataFrame(np.moveaxis(images, -1, 1).reshape(200, -1)).assign(y=np.arange(200) % 2)
    fold = advise(frame, "y").estimator().named_steps["fold"]
    np.testing.assert_array_equal(fold.fit_transform(frame.drop(columns="y")), images)


def test_columns_of_letters_are_spelled_out():
    rng = np.random.default_rng(0)
    step = rng.choice([0, 1], p=[0.7, 0.3], size=(600, 40))
    codes = (rng.integers(4, size=(600, 1)) + step.cumsum(axis=1)) % 4
    frame = pd.DataFrame(np.array(list("ACGT"))[codes])
    advice = advise(frame, codes[:, 3] % 2)
    assert (advice.rule, advice.layout) == ("letters", (40, 4))
    strange = frame.iloc[:2].copy()
    strange.iloc[0, 0] = "N"
    out = advice.folder().fit(frame).transform(strange)
    assert out.shape == (2, 40, 4)
    assert out[0, 0].sum() == 0
    assert (out[1].argmax(axis=1) == codes[1]).all()


def test_answers_on_one_scale_are_no_letters():
    rng = np.random.default_rng(0)
    level = rng.integers(5, size=(400, 1))
    answers = np.where(rng.random((400, 20)) < 0.4, level, rng.integers(5, size=(400, 20)))
    frame = pd.DataFrame(np.array(["never", "seldom", "at times", "often", "always"])[answers])
    assert advise(frame, level.ravel() > 2).structure == "tabular"


@pytest.mark.parametrize(
    "held", ["text", "objects", "beside nothing", "beside a constant", "beside one word"]
)
def test_pictures_with_constant_corners_fold_however_they_are_held(held):
    X, y = load_digits(return_X_y=True, as_frame=True)
    X, y = X[:400], y[:400]
    data = {
        "text": lambda: X.astype(str),
        "objects": lambda: X.astype(object),
        "beside nothing": lambda: X.assign(z=np.nan),
        "beside a constant": lambda: X.assign(z=1.0),
        "beside one word": lambda: X.assign(z="train"),
    }[held]()
    advice = advise(data, y)
    assert advice.layout == (8, 8, 1)
    np.testing.assert_array_equal(advice.folder().fit_transform(data)[..., 0], X.to_numpy().reshape(-1, 8, 8))


def walk(n=300, seed=0):
    return np.random.default_rng(seed).normal(size=n).cumsum()


@pytest.mark.parametrize(
    "held", [np.asarray, list, pd.Series, lambda v: pd.Series(v, name="p"), np.ma.masked_invalid]
)
def test_one_series_is_folded_however_it_is_held(held):
    advice = advise(held(walk()), np.roll(walk(), -1))
    assert advice.folding["how"] == "windows"
    folded = advice.folder().fit_transform(held(walk()))
    np.testing.assert_allclose(folded[-1, :, 0], walk()[-advice.layout[0] :], rtol=1e-6)


def test_windows_want_every_column_that_was_advised_on():
    frame = pd.DataFrame({"x": walk(), "z": walk(seed=1)})
    fold = FoldWindows(window=4, roles={"x": "numeric", "z": "numeric"})
    with pytest.raises(InputError, match=r"must have the columns it was advised on, got no 'z'"):
        fold.fit(frame[["x"]])
    np.testing.assert_array_equal(fold.fit_transform(frame[["z", "x"]]), fold.transform(frame.to_numpy()))
    with pytest.raises(InputError, match=r"the 2 columns that were advised on, got shape \(300, 3\)"):
        fold.transform(frame.assign(y=0.0).to_numpy())


def test_columns_that_only_name_the_series_leave_the_count_of_its_rows():
    frame = pd.DataFrame({"who": list("aab")})
    folded = FoldWindows(window=2, entity=["who"], roles={"who": "entity"}).fit_transform(frame)
    assert (~np.isnan(folded[..., 0])).sum(axis=1).tolist() == [1, 2, 1]


def structured(columns):
    return np.rec.fromarrays(list(columns.values()), names=list(columns))


@pytest.mark.parametrize(
    ("columns", "how"),
    [
        ({"a": walk()[:200] % 1, "b": walk(seed=1)[:200] % 1}, "columns"),
        ({f"t{j}": walk(24 * 200).reshape(200, 24)[:, j] for j in range(24)}, "flat"),
        ({"day": np.arange("2024-01-01", "2024-07-19", dtype="M8[D]"), "x": walk()[:200]}, "windows"),
    ],
)
def test_fields_of_a_structured_array_are_columns(columns, how):
    rows, y = structured(columns), np.arange(200) % 2
    advice = advise(rows, y)
    assert advice.folding["how"] == how
    folded = np.asarray(advice.folder().fit_transform(rows))
    np.testing.assert_array_equal(folded, np.asarray(advice.folder().fit_transform(pd.DataFrame(rows))))
    assert len(np.unique(folded)) > 100


@pytest.mark.parametrize("shape", [(60,), (60, 1)])
def test_arrays_of_text_and_of_lists_are_folded(shape):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["so", "it", "goes", "and", "on"], 9)) for _ in range(60)]
    lists = np.empty(60, dtype=object)
    lists[:] = [list(rng.normal(size=rng.integers(5, 9))) for _ in range(60)]
    for held, how in ((np.array(texts, dtype=object), "text"), (lists, "cells")):
        held = held.reshape(shape)
        advice = advise(held, np.arange(60) % 2)
        assert advice.folding["how"] == how
        assert advice.folder().fit_transform(held).shape == (60, *advice.layout)


def test_a_batch_of_missing_cells_keeps_the_shape_advised_on():
    cells = pd.DataFrame({"s": [np.ones((5, 3)), np.zeros((4, 3))]})
    fold = FoldCells(columns=["s"], layout=(3, 5, 1), order=(1, 0)).fit(cells)
    empty = fold.transform(pd.DataFrame({"s": [None, np.nan]}))
    assert empty.shape == (2, 3, 5, 1)
    assert np.isnan(empty).all()
    with pytest.raises(InputError, match=r"must be of shape \(n, 3\), got shapes such as \(5, 4\)"):
        fold.transform(pd.DataFrame({"s": [np.ones((5, 4))]}))


def test_a_column_that_is_there_twice_is_refused(shop):
    model = advise(shop, "y").folder().fit(shop)
    twice = pd.concat([shop, shop[["kind"]]], axis=1)
    for fold in (model, FoldText(columns=["kind"], tokens=4, features=4)):
        with pytest.raises(InputError, match=r"column names must be unique, got kind more than once"):
            fold.transform(twice)


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_a_missing_text_is_empty_whatever_the_type_of_its_column(dtype):
    fold = FoldText(columns=["t"], tokens=4, features=4)
    held = pd.Series(["so it goes", None], dtype=dtype).to_frame("t")
    expected = fold.transform(pd.DataFrame({"t": ["so it goes", ""]}))
    np.testing.assert_array_equal(fold.transform(held), expected)


def digits_behind(place):
    """Pictures of digits with their labels in one of the columns."""
    X, y = load_digits(return_X_y=True)
    return np.insert(X[:400], place % 65, y[:400], axis=1), X[:400].reshape(-1, 8, 8)


@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_target_among_the_columns_of_an_array_is_left_out(place):
    array, pictures = digits_behind(place)
    advice = advise(array, place)
    assert advice.layout == (8, 8, 1)
    bare = np.delete(array, place, axis=1)
    for learned in (array, bare):
        folder = advice.folder().fit(learned)
        for rows in (array, bare):
            np.testing.assert_array_equal(folder.transform(rows)[..., 0], pictures)
    with pytest.raises(
        InputError, match=rf"these and the target in place {place % 65}, got shape \(400, 63\)"
    ):
        advice.folder().fit(array).transform(array[:, 2:])


@pytest.mark.parametrize("roles", [None, {5: "categorical"}])
def test_the_estimator_of_an_array_takes_it_with_its_target_or_without(roles):
    array = np.random.default_rng(0).integers(0, 9, size=(200, 6)).astype(float)
    array[:, 2] = array[:, 4] > 4
    advice = advise(array, 2, roles=roles)
    model = advice.estimator(n_estimators=5).fit(array, array[:, 2])
    np.testing.assert_array_equal(model.predict(array), model.predict(np.delete(array, 2, axis=1)))
    assert model.predict_proba(np.column_stack([array[:, :2], 1 - array[:, 2:3], array[:, 3:]])).tolist() == (
        model.predict_proba(array).tolist()
    )
    probed = advise(array, 2, roles=roles, effort="probe")
    assert probed.interventions


def test_text_beside_its_target_in_an_array_is_folded():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["so", "it", "goes", "and", "on"], 9)) for _ in range(60)]
    array = np.array([*zip(np.arange(60) % 2, texts, strict=True)], dtype=object)
    advice = advise(array, 0)
    assert advice.folding["how"] == "text"
    folder = advice.folder().fit(array)
    np.testing.assert_array_equal(folder.transform(array), folder.transform(array[:, 1:]))
    assert len(np.unique(folder.transform(array)[:, :9], axis=0)) > 50
