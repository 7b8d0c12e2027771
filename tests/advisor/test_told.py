from __future__ import annotations

import io
import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from PIL import Image

from advisor import advise
from advisor.errors import InputError

N = 300
TARGET = np.arange(N) % 2


def visits(rng, shuffled=False):
    """One row a day on which somebody came: in order, in uneven steps, without memory."""
    days = pd.Timestamp("2020") + pd.to_timedelta(rng.integers(1, 40, N).cumsum(), unit="D")
    frame = pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "a": rng.normal(size=N), "b": rng.normal(size=N)})
    frame["day"] = rng.permutation(frame["day"]) if shuffled else frame["day"]
    return frame


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape)


def images(n=60):
    return noise(n, 12, 12).cumsum(axis=1).cumsum(axis=2)


def series(n=60):
    return noise(n, 30, 3).cumsum(axis=1)


def png():
    out = io.BytesIO()
    Image.fromarray(np.arange(80, dtype=np.uint8).reshape(8, 10)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "structure"),
    [
        (images(N), "image"),
        (series(N), "sequence"),
        (noise(N, 4), "tabular"),
    ],
)
def test_what_the_caller_says_is_not_measured_even_where_the_rules_agree(data, structure):
    found, told = advise(data, TARGET), advise(data, TARGET, structure=structure)
    assert (told.structure, told.layout, told.form) == (found.structure, found.layout, found.form)
    assert (found.belief.sets > 0, told.rule, told.belief, told.confidence) == (True, "told", None, None)
    assert told.because == ("you said so", *found.because)
    content = json.loads(told.to_json())
    assert content["confidence"] is None
    assert content["confidence_interval"] is None
    assert content["confidence_counts"] == {
        "rule": "told",
        "clear": True,
        "right": 0,
        "sets": 0,
        "alike": True,
    }
    for text in (repr(told), told.to_markdown(), told._repr_html_()):
        assert "as you said" in text
        assert "guess" not in text


def test_scrambled_columns_keep_their_order_if_the_caller_agrees():
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(N, 40)).cumsum(axis=1)[:, rng.permutation(40)]
    assert advise(walks, structure="sequence").column_order == advise(walks).column_order is not None


def test_uneven_days_in_order_are_a_series_if_the_caller_names_them_the_time():
    frame = visits(np.random.default_rng(0))
    assert advise(frame, TARGET).rule == "table"
    advice = advise(frame, TARGET, roles={"day": "time"})
    assert (advice.rule, advice.form, advice.folding["time"]) == ("timed_rows", "long_series", ["day"])
    assert not any("roles=" in sentence for sentence in advice.against)
    other = advise(frame, TARGET, roles={"a": "numeric"})
    assert other.rule == "table"
    mixed = advise(visits(np.random.default_rng(0), shuffled=True), TARGET, roles={"day": "time"})
    assert mixed.rule == "table"


@pytest.mark.parametrize("way", ["structure", "roles"])
def test_what_a_doubt_says_to_do_is_done(way):
    frame = visits(np.random.default_rng(0))
    (doubt,) = (s for s in advise(frame, TARGET).against if "order of 'day'" in s)
    said = {
        "structure": dict(re.findall(r"(structure)='(\w+)'", doubt)),
        "roles": {"roles": dict(re.findall(r"roles=\{'(\w+)': '(\w+)'\}", doubt))},
    }[way]
    advice = advise(frame, TARGET, **said)
    assert (advice.form, advice.layout, advice.folding["time"]) == ("long_series", (8, 3), ["day"])
    assert advice.folder().fit_transform(frame).shape == (N, 8, 3)


def test_rows_that_move_are_steps_if_the_caller_says_sequence():
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(N, 2)).cumsum(axis=0)
    frame = pd.DataFrame(np.column_stack([walks, rng.normal(size=(N, 3))]), columns=list("abcde"))
    found = advise(frame, TARGET)
    assert found.rule == "table"
    assert any("the rows move" in s and s.endswith("say structure='sequence'") for s in found.against)
    told = advise(frame, TARGET, structure="sequence")
    assert (told.form, told.layout[1], told.roles["a"]) == ("long_series", 5, "numeric")
    assert any("pass an array of shape (n, T, 1)" in sentence for sentence in told.against)
    array = advise(frame.to_numpy()[..., None], TARGET, structure="sequence")
    assert (array.form, array.layout) == ("array", (5, 1))


def test_entities_and_dates_that_the_caller_names_make_windows():
    rng = np.random.default_rng(0)
    frame = visits(rng, shuffled=True).assign(who=rng.integers(0, 9, N))
    told = advise(frame, TARGET, roles={"who": "entity"}, structure="sequence")
    assert (told.form, told.folding["entity"], told.folding["time"]) == ("panel", ["who"], ["day"])
    assert told.roles["who"] == "entity"
    assert any("rows of one 'who' belong together" in warning for warning in told.warnings)
    assert told.folder().fit_transform(frame).shape == (N, *told.layout)
    alone = frame.drop(columns="day")
    told = advise(alone, TARGET, roles={"who": "entity"}, structure="sequence")
    assert (told.form, told.folding["entity"], told.folding["time"]) == ("panel", ["who"], [])


@pytest.mark.parametrize("missing", [slice(0, 20), slice(None)], ids=["some", "all"])
def test_entities_that_the_caller_names_may_be_missing(missing):
    rng = np.random.default_rng(0)
    frame = visits(rng).assign(who=rng.integers(0, 9, N).astype(float))
    frame.loc[frame.index[missing], "who"] = None
    told = advise(frame, TARGET, roles={"who": "entity"}, structure="sequence")
    assert (told.form, told.folding["entity"]) == ("panel", ["who"])
    assert told.folder().fit_transform(frame).shape == (N, *told.layout)


@pytest.mark.parametrize("said", [{}, {"structure": "sequence"}])
@pytest.mark.parametrize("held", ["dated", "moving"])
def test_the_rows_of_an_entity_that_the_caller_names_are_not_mixed(held, said):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(N, 3)), columns=list("abc"))
    frame = frame.cumsum() if held == "moving" else frame.assign(t=pd.date_range("2024", periods=N, freq="h"))
    frame["who"] = rng.integers(0, 60, N)
    rule = {"dated": "timed_rows", "moving": "moving_rows"}[held]
    assert advise(frame, TARGET).rule == rule
    advice = advise(frame, TARGET, roles={"who": "entity"}, **said)
    assert (advice.rule, advice.form) == ("told" if said else rule, "panel")
    assert advice.folding["entity"] == ["who"]
    assert advice.warnings[0].startswith("rows of one 'who' belong together")
    folded = advice.folder().fit_transform(frame)
    assert (~np.isnan(folded[:60, :, 0])).sum() < 60 * folded.shape[1] / 2  # an entity has few rows by then
    assert advise(frame, TARGET, roles={"who": "entity"}, effort="probe").interventions


@pytest.mark.parametrize(
    ("role", "rule"), [("numeric", "table"), ("ordinal", "table"), ("time", "timed_rows")]
)
def test_a_column_that_the_caller_calls_a_quantity_is_no_clock(role, rule):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 3))).assign(depth=np.arange(N) * 0.5)
    assert advise(frame, TARGET).rule == "timed_rows"
    advice = advise(frame, TARGET, roles={"depth": role})
    assert (advice.rule, advice.roles["depth"]) == (rule, role)


def test_plain_columns_are_steps_where_no_row_follows_another():
    values = noise(N, 7)
    frame = pd.DataFrame(values, columns=list("abcdefg")).assign(k=np.array(list("xyz"))[np.arange(N) % 3])
    told = advise(frame, TARGET, structure="sequence")
    assert (told.form, told.layout) == ("wide_series", (7, 1))
    assert any("1 column beside it ('k') would not be used" in sentence for sentence in told.against)
    np.testing.assert_allclose(told.folder().fit_transform(frame)[..., 0], values, rtol=1e-6)


def test_arrays_are_what_the_caller_says_with_their_axes_as_they_stand():
    pictures, steps = images(), series()
    told = advise(pictures, TARGET[:60], structure="sequence")
    assert (told.form, told.layout) == ("array", (12, 12))
    np.testing.assert_array_equal(told.folder().fit_transform(pictures), pictures.astype(np.float32))
    told = advise(steps, TARGET[:60], structure="image")
    assert (told.form, told.layout) == ("array", (30, 3, 1))
    np.testing.assert_array_equal(told.folder().fit_transform(steps)[..., 0], steps.astype(np.float32))
    cells = pd.DataFrame({"p": list(pictures)})
    told = advise(cells, TARGET[:60], structure="sequence")
    assert (told.form, told.layout) == ("list_cells", (12, 12))
    assert told.folder().fit_transform(cells).shape == (60, 12, 12)


@pytest.mark.parametrize(
    ("data", "structure", "words"),
    [
        (
            noise(60, 12, 12, 3),
            "sequence",
            r"array with items of 12x12x3: .* \(n, T, C\)",
        ),
        (pd.DataFrame({"s": [[1.0, 2.0, 3.0]] * 60}), "image", r"list_cells with items of 3: .* \(n, H, W\)"),
        (noise(60, 5), "image", r"table of 5 columns: .* \(n, H, W\)"),
        (noise(60, 1), "sequence", r"table of 1 column: .* \(n, T, C\)"),
        (pd.DataFrame({"p": [png()] * 60}), "tabular", "pictures must be read as images"),
    ],
)
def test_what_cannot_be_folded_that_way_is_refused(data, structure, words):
    with pytest.raises(InputError, match=words):
        advise(data, TARGET[:60], structure=structure)


@pytest.mark.parametrize("item", [(7,), (5, 3)])
def test_arrays_in_cells_are_a_table_of_their_numbers_if_the_caller_says_so(item):
    values = noise(60, *item)
    cells = pd.DataFrame({"v": list(values)})
    told = advise(cells, TARGET[:60], structure="tabular")
    assert (told.structure, told.recommendation, told.layout) == ("tabular", "gbt", (np.prod(item),))
    columns = values.reshape(60, -1).astype(np.float32)
    np.testing.assert_array_equal(told.folder().fit_transform(cells), columns)
    assert f"a table, {columns.shape[1]} columns" in repr(told)
    model = told.estimator().fit(cells, TARGET[:60])
    assert len(model.predict(cells[:1])) == 1


def test_roles_of_an_array_count_the_target_too():
    rng = np.random.default_rng(0)
    array = np.column_stack([rng.normal(size=90), rng.exponential(size=90).cumsum(), rng.normal(size=90)])
    told = advise(array, 0, roles={1: "time"})
    frame = advise(pd.DataFrame(array, columns=list("yta")), "y", roles={"t": "time"})
    assert told.rule == frame.rule == "timed_rows"
    assert told.confidence == frame.confidence


@pytest.mark.parametrize("held", [np.asarray, scipy.sparse.csr_array])
def test_columns_of_an_array_keep_their_places_beside_the_target(held):
    array = np.random.default_rng(0).normal(size=(90, 6))
    array[:, 0] = array[:, 5] > 0
    (leak,) = (w for w in advise(held(array), 0).warnings if "gives the target away" in w)
    assert leak.startswith("'5' alone")
    assert list(advise(held(array), 3).roles) == [0, 1, 2, 4, 5]
    roles = {1: "ordinal", 5: "categorical"}
    told = advise(array, -3, roles=roles).roles
    assert told == {0: "numeric", 1: "ordinal", 2: "numeric", 4: "numeric", 5: "categorical"}
    assert advise(array, 3, roles=told).roles == told


def reviews(rng):
    words = np.array(["the", "a", "cat", "dog", "sat", "ran", "on", "mat", "house", "today"])
    return [" ".join(rng.choice(words, rng.integers(4, 12))) for _ in range(N)]


def aside(advice):
    return [sentence for sentence in advice.against if "beside it" in sentence]


def test_what_has_no_place_in_the_tensor_is_named():
    rng = np.random.default_rng(0)
    age, text = rng.normal(size=N), reviews(rng)
    advice = advise(pd.DataFrame({"review": text, "age": age}), TARGET)
    assert advice.rule == "running_text"
    assert aside(advice) == [
        "1 column beside it ('age') would not be used: if it tells much, let a second model have it"
    ]
    advice = advise(pd.DataFrame({"s": list(series(N)), "age": age, "k": text}), TARGET)
    assert advice.rule == "array_cells"
    assert aside(advice) == [
        "2 columns beside it ('age', 'k') would not be used: if they tell much, let a second model have them"
    ]
    walks = rng.normal(size=(N, 40)).cumsum(axis=1)[:, rng.permutation(40)]
    advice = advise(pd.DataFrame(walks).assign(age=text), TARGET)
    assert advice.rule == "scrambled_series"
    assert "('age')" in aside(advice)[0]
    hours = pd.date_range("2020", periods=N, freq="h")
    advice = advise(pd.DataFrame({"t": hours, "x": age.cumsum(), "y": age, "note": text}), TARGET)
    assert advice.rule == "timed_rows"
    assert "('note')" in aside(advice)[0]
    assert aside(advise(pd.DataFrame({"s": list(series(N))}), TARGET)) == []
    advice = advise(pd.DataFrame({"s": list(series(N)), "age": age}), TARGET, roles={"age": "ignore"})
    assert aside(advice) == []


def test_text_in_a_table_is_set_aside_and_that_is_said():
    rng = np.random.default_rng(0)
    numbers = pd.DataFrame(rng.normal(size=(N, 3)), columns=list("abc"))
    advice = advise(numbers.assign(review=reviews(rng)), TARGET)
    assert (advice.rule, advice.roles["review"]) == ("table", "text")
    (warning,) = (w for w in advice.warnings if "text" in w)
    assert warning.startswith("'review' holds text, which trees cannot split on: left out of the inputs")
    assert advice.folder().fit_transform(numbers.assign(review="")).columns.tolist() == ["a", "b", "c"]
    assert not any("text" in w for w in advise(numbers, TARGET).warnings)


def test_text_alone_is_kept_even_as_a_table():
    frame = pd.DataFrame({"review": reviews(np.random.default_rng(0))})
    told = advise(frame, TARGET, structure="tabular")
    assert told.folder().fit_transform(frame).columns.tolist() == ["review"]
    assert not any("left out" in warning for warning in told.warnings)


def test_one_fact_speaks_for_a_table_or_against_it_but_not_both():
    rng = np.random.default_rng(0)
    groups = np.repeat(rng.normal(size=(30, 4)), 10, axis=0) + rng.normal(size=(300, 4)) / 4
    advice = advise(pd.DataFrame(groups), TARGET)
    assert advice.rule == "table"
    assert any("rows depend on the row before" in sentence for sentence in advice.against)
    assert not set(advice.because) & set(advice.against)
    loose = advise(pd.DataFrame(rng.normal(size=(300, 4))), TARGET)
    assert any("rows do not depend on the row before" in sentence for sentence in loose.because)


def odd_tables():
    """Tables whose first rows, or some rows, hold nothing or one value."""
    rng = np.random.default_rng(0)
    n = 9000
    late = np.where(np.arange(n) < 8500, np.nan, rng.normal(size=n))
    step = np.where(np.arange(n) < 8500, 0.0, rng.normal(size=n))
    plain = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    groups = plain + np.repeat(rng.normal(size=(n // 20, 3)), 20, axis=0) * 3
    level = rng.normal(size=(300, 1)) * 10 + rng.normal(size=(300, 12))
    level[7] = np.nan
    return {
        "a column without values in the first rows": (plain.assign(late=late), rng.normal(size=n)),
        "a target that does not vary in the first rows": (groups, step),
        "a row without values": (pd.DataFrame(level), rng.normal(size=300)),
    }


@pytest.mark.parametrize("name", odd_tables())
def test_nothing_is_warned_of_in_the_words_of_numpy(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        advice = advise(*odd_tables()[name])
    assert "nan" not in repr(advice)
