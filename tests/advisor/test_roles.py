from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from advisor import advise
from advisor.dates import parse_times
from advisor.errors import InputError
from advisor.numbers import as_numbers
from advisor.reading import ReadColumns
from advisor.roles import role_of, roles_of

RNG = np.random.default_rng(0)
N = 240


@pytest.mark.parametrize(
    ("cells", "role"),
    [
        (["$1,234.50", "£5", "(3)"], "numeric"),
        (["1.234,50 EUR", "7 EUR", "12 EUR"], "numeric"),
        (["12%", "3.5%", "?"], "numeric"),
        (["12 kg", "9.5kg", "n/a"], "numeric"),
        (["1.2M", "3k", "-"], "numeric"),
        (["12:30", "1:05", "23:59"], "numeric"),
        (["3", "1", "NA"], "numeric"),
        (["10-20", "20-30", "30+"], "categorical"),
        (["3.1.2", "3.1.3", "10.0.1"], "categorical"),
        (["3/4", "1/2", "7/8"], "categorical"),
        (["MAR-2", "SEP-7", "MAR-2"], "categorical"),
        (["May", "June", "July"], "categorical"),
        (["02134", "90210", "00501"], "categorical"),
        (["yes", "no", "no"], "categorical"),
        (["20170204", "20170331", "20181224"], "time"),
        (["2019Q3", "2019Q4", "2020Q1"], "time"),
        (["Q42010", "Q12011", "Q22011"], "time"),
        (["4Q 2010", "1Q 2011", "2Q 2011"], "time"),
        (["2019M07", "2019M08", "2019M12"], "time"),
        (["2019M13", "2019M14", "2019M15"], "categorical"),
        (["2019-W07", "2019-W08", "2020-W01"], "time"),
        (["2019-07", "2019-08", "2019-09"], "time"),
        (["13/04/2019", "01/02/2019", None], "time"),
        (["5 Jan 2019", "17 March 2019", "1 Dec 2020"], "time"),
        (["2019-01-01T00:00+01:00", "2019-01-01T00:00-05:00", "2019-01-02T00:00Z"], "time"),
        ([None, None, None], "constant"),
    ],
)
def test_roles_of_strings(cells, role):
    found = role_of(pd.Series(cells * 40, dtype=object))
    assert found == role or (role == "numeric" and found == "ordinal")


@pytest.mark.parametrize(
    ("values", "role"),
    [
        (np.arange(N), "identifier"),
        (np.arange(N)[::-1] * 10 + 7, "identifier"),
        (RNG.permutation(10**6)[:N] + 10**6, "identifier"),
        ([str(uuid.UUID(int=int(x))) for x in RNG.integers(2**62, size=N)], "identifier"),
        ([f"C{j:05d}" for j in RNG.permutation(N)], "identifier"),
        (np.arange(N) + 1800, "numeric"),  # years, one a row
        (RNG.lognormal(10, 1, N).astype(int), "numeric"),  # whole numbers that differ, but measure
        (np.sort(RNG.lognormal(10, 1, N).astype(int)), "numeric"),
        (RNG.integers(1, 6, N), "ordinal"),
        (RNG.integers(0, 2, N), "numeric"),
        (RNG.normal(size=N), "numeric"),
        (1.6e9 + 60 * np.arange(N).astype(int), "time"),
        (RNG.choice(pd.date_range("2011", periods=90).strftime("%Y%m%d").astype(int), N), "time"),
        (np.repeat(RNG.integers(19_000_000, 21_000_000, N), 2), "numeric"),
        (np.full(N, np.nan), "constant"),
        (np.full(N, 3), "constant"),
        (pd.Series(pd.NaT, index=range(N)), "constant"),
        ([1, "a", 2.5] * 80, "categorical"),
    ],
)
def test_roles_of_values(values, role):
    assert role_of(pd.Series(values)) == role


EVENTS = pd.Timestamp("2021-03-04 05:06:07.891234") + pd.to_timedelta(
    RNG.exponential(1e9, N).cumsum().astype(int), unit="us"
)
UNITS = ("s", "ms", "us", "ns")


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("step", ["regular", "events", "events backwards", "shuffled, rounded"])
def test_times_since_1970_are_times_in_any_unit(unit, step):
    coarse = {"s": "60s", "ms": "s", "us": "ms", "ns": "us"}[unit]
    times = {
        "regular": pd.date_range("2021", periods=N, freq="h"),
        "events": EVENTS,
        "events backwards": EVENTS[::-1],
        "shuffled, rounded": EVENTS.floor(coarse)[RNG.permutation(N)],
    }[step]
    assert role_of(pd.Series(times.as_unit(unit).asi8)) == "time"


@pytest.mark.parametrize(
    "codes",
    [
        RNG.integers(16 * 10**17, 18 * 10**17, N),  # as tweets have them
        RNG.integers(150, 175, N) * 10**10 + RNG.integers(10**10, size=N),  # as goods have them, 13 digits
        RNG.integers(10**15, 2 * 10**15, N),
        RNG.integers(10**9, 2 * 10**9, N),
    ],
    ids=["19 digits", "13 digits", "16 digits", "10 digits"],
)
def test_codes_of_many_digits_are_no_times(codes):
    assert role_of(pd.Series(codes)) == "identifier"
    assert role_of(pd.Series(np.repeat(codes, 2)[RNG.permutation(2 * N)])) == "numeric"


@pytest.mark.parametrize("unit", UNITS)
def test_times_since_1970_are_read_alike_in_any_order(unit):
    numbers = pd.Series(EVENTS.as_unit(unit).asi8)
    for rows in (np.arange(N), RNG.permutation(N), [3]):
        read = parse_times(numbers.iloc[rows])
        expected = EVENTS[rows].tz_localize("UTC")
        assert np.abs((read.to_numpy() - expected.to_numpy()) / pd.Timedelta("1s")).max() < 1.001


def test_dates_and_numbers_are_read_as_meant():
    months = parse_times(pd.Series(["13/04/2019", "01/02/2019"])).dt.month
    assert months.tolist() == [4, 2]
    assert parse_times(pd.Series([20170204, 20170331])).dt.day.tolist() == [4, 31]
    assert parse_times(pd.Series(["2019Q3"])).dt.month.tolist() == [7]
    assert parse_times(pd.Series(["Q42010", "1Q 2011"])).dt.month.tolist() == [10, 1]
    assert parse_times(pd.Series(["2019M07"])).dt.month.tolist() == [7]
    np.testing.assert_equal(
        as_numbers(pd.Series(["1.234", "1,5", "?", "2"], index=[3, 3, 1, 0])).tolist(), [1234, 1.5, np.nan, 2]
    )


def mixed(n=300):
    rng = np.random.default_rng(1)
    price = rng.lognormal(3, 1, n)
    return pd.DataFrame(
        {
            "id": [f"K{j:04d}" for j in rng.permutation(n)],
            "price": [f"${value:,.2f}" for value in price],
            "day": rng.choice(pd.date_range("2020", periods=200).strftime("%d/%m/%Y"), n),
            "kind": rng.choice(["u", "v"], n),
            "none": None,
            "y": np.log(price) + rng.normal(size=n) / 10,
        }
    )


def test_strings_that_are_numbers_are_used_as_numbers_and_names_are_not():
    data = mixed()
    X, y = data.drop(columns="y"), data["y"]
    advice = advise(data, "y")
    assert advice.roles == {
        "id": "identifier",
        "price": "numeric",
        "day": "time",
        "kind": "categorical",
        "none": "constant",
    }
    assert advice.to_dict()["roles"]["id"] == "identifier"
    assert "identifier 'id'" in repr(advice)
    model = advice.estimator(n_estimators=60).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.8
    fold = model.named_steps["fold"]
    assert list(fold.transform(X).columns) == ["price", "day", "kind", "none"]
    unnamed = model.predict(X.assign(id="new"))
    np.testing.assert_array_equal(unnamed, model.predict(X))


def test_given_roles_have_their_effect_in_the_estimator():
    data = mixed().drop(columns="none").assign(zip=np.arange(300) % 7)
    roles = {"price": "ignore", "zip": "categorical", "id": "categorical"}
    advice = advise(data, "y", roles=roles)
    fold = advice.estimator().named_steps["fold"]
    read = fold.fit_transform(data.drop(columns="y"))
    assert list(read.columns) == ["id", "day", "kind", "zip"]
    assert read["zip"].dtype == object
    assert advice.roles["price"] == "ignore"


@pytest.mark.parametrize(("role", "word"), [("numeric", "kind"), ("time", "kind")])
def test_a_role_in_which_nothing_can_be_read_is_refused(role, word):
    with pytest.raises(InputError, match=f"'{word}' must be readable as {role}"):
        advise(mixed(), "y", roles={word: role})


def test_names_alone_are_text_rather_than_nothing():
    words = [f"{a}{b}" for a in "abcdefgh" for b in "stuvwxyz"]
    assert roles_of(pd.DataFrame({"w": words})) == {"w": "text"}


def test_names_that_seldom_recur_are_text_if_there_is_nothing_else():
    words = [f"{a}{b}" for a in "abcdefgh" for b in "stuvwxyz"]
    names = pd.DataFrame({"w": [*words, *words[:9]]})
    assert roles_of(names) == {"w": "text"}
    assert roles_of(names, {"w": "categorical"}) == {"w": "categorical"}
    assert roles_of(pd.DataFrame({"w": words * 3})) == {"w": "categorical"}  # each marks three rows
    beside = names.assign(kind=["p", "q"] * 36 + ["p"])
    assert roles_of(beside) == {"w": "categorical", "kind": "categorical"}


def test_a_role_that_no_value_can_have_is_refused_in_a_sentence():
    huge = pd.DataFrame({"x": [10**400 + i for i in range(60)], "z": np.arange(60.0)})
    for role in ("numeric", "ordinal", "time"):
        with pytest.raises(
            InputError, match="column 'x' must hold values of one usable kind, got OverflowError"
        ):
            advise(huge, roles={"x": role})
    assert advise(huge, roles={"x": "categorical"}).roles["x"] == "categorical"
    for cells, got in (([0.5, 1.5], "'0.5'"), ([None, None], "nothing")):
        with pytest.raises(InputError, match=rf"readable as array, as you said, got {got}: give it no role"):
            advise(pd.DataFrame({"x": cells, "z": [1.0, 2.0]}), roles={"x": "array"})


def test_one_column_of_text_holds_text():
    texts = [f"so it goes on and on for {i} of {i * i} days" for i in range(40)]
    (told,) = (f.summary for f in advise(pd.DataFrame({"t": texts})).evidence if f.name == "text_columns")
    assert told == "1 of 1 input holds text ('t')"
    assert roles_of(pd.DataFrame({"t": texts})) == {"t": "text"}


def test_columns_that_hold_nothing_are_warned_of():
    warnings = advise(mixed(), "y").warnings
    assert any("'none' holds nothing" in warning for warning in warnings)
    assert any("'id' differs in every row" in warning for warning in warnings)


def test_ambiguous_dates_are_warned_of():
    data = mixed().assign(day=["03/04/2019", "05/06/2020"] * 150)
    assert any("read month first" in warning for warning in advise(data, "y").warnings)
    assert not any("read month first" in warning for warning in advise(mixed(), "y").warnings)


def test_reading_needs_the_columns_advised_on():
    with pytest.raises(InputError, match="no 'a'"):
        ReadColumns({"a": "numeric"}).fit_transform(pd.DataFrame({"b": [1]}))


CODES = np.column_stack([np.random.default_rng(3).normal(size=(80, 2)), np.arange(80) % 4, np.arange(80) % 2])


@pytest.mark.parametrize("name", [2, "2"])
def test_roles_of_an_array_are_those_of_its_places(name):
    advice = advise(CODES, 3, roles={name: "categorical", 0: "ignore"})
    assert advice.roles == {0: "ignore", 1: "numeric", 2: "categorical"}
    inputs = CODES[:, :3]
    read = advice.folder().fit_transform(inputs)
    assert list(read.columns) == ["1", "2"]
    assert read["2"].dtype == object
    model = advice.estimator(n_estimators=5).fit(inputs, CODES[:, 3])
    assert model.predict(inputs).shape == (80,)


def test_places_of_an_array_count_the_target():
    assert advise(CODES, 0, roles={3: "categorical"}).roles == {1: "numeric", 2: "numeric", 3: "categorical"}
    with pytest.raises(InputError, match="the target left out, got 0"):
        advise(CODES, 0, roles={0: "categorical"})


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({9: "numeric"}, "columns of the data, the target left out, got 9"),
        ({1: "number"}, "the role of '1' must be known, got 'number'"),
    ],
)
def test_roles_of_an_array_are_checked(roles, words):
    with pytest.raises(InputError, match=words):
        advise(CODES, 3, roles=roles)


def test_what_has_no_columns_takes_no_roles(tmp_path):
    from PIL import Image

    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "a.png")
    tensors = torch.utils.data.TensorDataset(torch.zeros(40, 6, 6))
    for data in (np.zeros((40, 6, 6)), scipy.sparse.csr_array(CODES), tmp_path, tensors):
        with pytest.raises(InputError, match="roles can be given for the columns of a frame"):
            advise(data, roles={0: "ignore"})


@pytest.mark.parametrize(
    "roles",
    [
        {"a": "ignore", "b": "ignore"},
        {"a": "ignore", "b": "identifier"},
        {"a": "ignore"},  # and b is an identifier by itself
    ],
)
def test_some_column_is_no_more_left_out(roles):
    data = pd.DataFrame({"a": RNG.normal(size=60), "b": np.arange(60)})
    with pytest.raises(
        InputError, match=r"there must be inputs .* got 'a' \(ignore\), 'b' \((identifier|ignore)\)"
    ):
        advise(data, roles=roles)


@pytest.mark.parametrize("labels", [[1, "1"], [True, "True"], [1.5, "1.5"]])
def test_labels_that_are_one_as_text_are_refused(labels):
    data = pd.DataFrame(CODES[:, :3]).set_axis([*labels, "z"], axis=1)
    with pytest.raises(InputError, match=f"must differ as text, got {labels[0]} and '{labels[1]}': rename"):
        advise(data, CODES[:, 3])


@pytest.mark.parametrize(
    ("values", "role"),
    [
        ([10**30 + i for i in range(60)], "identifier"),
        ([10**30 + i % 5 for i in range(60)], "categorical"),
        ([10**30] * 60, "constant"),
        ([10**30 * (i * 7 % 60) for i in range(60)], "numeric"),
        ([str(10**30 + i) for i in range(60)], "identifier"),
        ([str(10**30 + i % 5) for i in range(60)], "categorical"),
    ],
)
def test_whole_numbers_that_no_float_holds_are_told_apart_as_they_are(values, role):
    column = pd.Series(values, dtype=object)
    assert role_of(column) == role
    data = pd.DataFrame({"h": column, "x": RNG.normal(size=60)})
    advice = advise(data, np.arange(60) % 2)
    assert any("'h' holds one value" in warning for warning in advice.warnings) == (role == "constant")
    assert len(advice.estimator(n_estimators=2).fit(data, np.arange(60) % 2).predict(data)) == 60
