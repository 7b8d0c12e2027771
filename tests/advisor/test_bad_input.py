from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest

from advisor import AdvisorError, advise
from advisor.__main__ import main
from advisor.errors import InputError, TargetError

GOOD = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "colour": list("rgrg"), "price": [1.5, 2.5, 3.5, 5.5]})
TWICE = pd.DataFrame(np.ones((4, 2)), columns=["a", "a"])


@pytest.mark.parametrize(
    ("data", "target", "words"),
    [
        (GOOD, "prize", "did you mean 'price'"),
        (GOOD, "zzz", "choose a column"),
        (GOOD, [1, 2], "2 for 4 rows"),
        (GOOD.assign(same=1), "same", "at least two values"),
        (GOOD.assign(none=np.nan), "none", "target must have values"),
        (GOOD[["price"]], "price", "inputs beside the target"),
        (np.ones((4, 2)), "a", "one value per row"),
        (np.ones((4, 2)), 7, "column of the array"),
    ],
)
def test_targets_that_cannot_be_learned(data, target, words):
    with pytest.raises(InputError, match=words):
        advise(data, target)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD.iloc[:0], "must have rows, got 0 rows"),
        (pd.DataFrame(index=range(3)), "must have columns"),
        (TWICE, "unique, got a more than once"),
        (GOOD[["age"]].assign(age=None), "nothing in 'age'"),
        (GOOD.assign(age=[1, np.inf, 2, 3]), "'age' must be finite, got 1 infinite value"),
        (GOOD.assign(age=pd.Series([1, -np.inf, 2.5, None], dtype=object)), "'age' must be finite, got 1"),
        (GOOD.assign(age=[1j, 2, 3, 4]), "complex numbers"),
        (GOOD.assign(age=[{"a": 1}] * 4), "dictionaries"),
        (GOOD.assign(age=[[1], 2, 3, 4]), "mixed"),
        (GOOD.assign(age=[["x"], ["y"], ["z"], ["w"]]), "must hold numbers"),
        (GOOD.assign(age=[b"1"] * 4), "bytes"),
        (np.zeros((0, 3)), "must have rows"),
        (np.zeros((3, 0)), "must have columns"),
        (np.zeros(5), "2 to 4 dimensions"),
        (np.zeros((2, 2, 2, 2, 2)), "2 to 4 dimensions"),
        (np.full((3, 3), np.nan), "only NaN"),
        (np.array([[1.0, np.inf]] * 3), "finite"),
        (np.ones((3, 3), complex), "complex"),
        (np.ones((9, 30, 40, 50)), "stack of pictures"),
        ({1, 2}, "got set"),
        (None, "got NoneType"),
        (3, "got int"),
        ("no/such/file.csv", "nothing there"),
        ("advisor", "must hold pictures, got"),
    ],
)
def test_data_that_cannot_be_used(data, words):
    with pytest.raises(InputError, match=words) as caught:
        advise(data)
    assert str(caught.value).count("\n") == 0
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"a": [1.0]}),
        pd.DataFrame({"a": [1.0], "b": ["x"]}),
        pd.DataFrame(np.ones((30, 40))),
        pd.DataFrame({"a": [1.0, None, 3.0], "b": [None, "x", None]}),
        pd.DataFrame(
            np.random.default_rng(0).normal(size=(40, 3)),
            columns=pd.MultiIndex.from_product([["a"], list("xyz")]),
        ),
        pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=[0, 1.5, None]),
        pd.DataFrame({"big": [10**300, 2, 3]}, dtype=object),
        pd.DataFrame(
            {"a": pd.array([1, None, 3] * 10, dtype="Int64"), "b": pd.array([True, False, None] * 10)}
        ),
        pd.DataFrame({"t": pd.to_datetime(["2020-01-01"] * 30), "x": range(30)}),
        np.zeros((1, 4, 4)),
        np.array([["a", 1], ["b", 2]], dtype=object),
    ],
    ids=range(11),
)
def test_odd_data_are_answered_honestly(data):
    advice = advise(data)
    assert advice.structure in {"image", "sequence", "tabular"}
    assert repr(advice)
    advice.to_json()


def test_a_list_of_one_column_names_it_and_of_two_is_refused():
    data = pd.concat([GOOD] * 10, ignore_index=True)
    assert advise(data, ["price"]).kind == advise(data, "price").kind
    with pytest.raises(TargetError, match="the names of 2 columns: ask for advice on one at a time"):
        advise(data, list(data.columns[:2]))


@pytest.mark.parametrize("seed", [None, -1, 0.5, True, "0"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(InputError, match="the seed must be a whole number from 0 up"):
        advise(GOOD, seed=seed)


def test_a_seed_of_numpy_is_one_of_python():
    assert json.loads(advise(GOOD, seed=np.int64(3)).to_json())["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"structure": "foo"}, "the structure must be known, got 'foo': choose one of image, sequence, tab"),
        ({"structure": ["image"]}, "the structure must be known"),
        ({"effort": "much"}, "the effort must be known, got 'much': choose one of look, probe, race"),
        ({"budget": "60"}, "the budget must be a finite number of seconds, at least 1, got '60'"),
        ({"budget": float("inf")}, "the budget must be a finite number of seconds, at least 1, got inf"),
        ({"budget": None}, "at least 1, got None"),
        ({"budget": float("nan")}, "at least 1, got nan"),
        ({"budget": 0.5}, "at least 1, got 0.5"),
        ({"roles": ["age"]}, "the roles must be a mapping of columns to roles, got list"),
    ],
)
def test_arguments_are_checked(arguments, words):
    with pytest.raises(InputError, match=words):
        advise(GOOD, "price", **arguments)


def test_what_the_advice_sets_is_no_hyperparameter():
    advice = advise(pd.concat([GOOD] * 10, ignore_index=True), "price")
    with pytest.raises(InputError, match=r"the layout .* got layout=\(3,\): call advise.*structure="):
        advice.estimator(layout=(3,))
    with pytest.raises(InputError, match=r"the kind .* advise\(data, target, kind="):
        advice.estimator(kind="regression")


def test_an_index_in_another_order_than_the_target_s_is_told():
    data = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)))
    target = pd.Series(np.arange(200) % 2)
    shuffled = data.sample(frac=1, random_state=0)

    def told(rows, labels):
        return any("paired by position" in warning for warning in advise(rows, labels).warnings)

    assert told(shuffled, target)
    assert not told(shuffled, target[shuffled.index])
    assert not told(data, target.set_axis(np.arange(200) + 1_000))  # another index altogether


def test_a_hyperparameter_that_is_not_known_is_refused_with_the_nearest_name():
    advice = advise(pd.concat([GOOD] * 10, ignore_index=True), "price")
    with pytest.raises(InputError, match=r"'learning_rat': did you mean 'learning_rate'\?"):
        advice.estimator(family="cnn", learning_rat=0.1)


def test_rows_that_are_not_the_first_axis_are_told():
    with pytest.raises(
        TargetError, match=r"first axis of the array, got shape \(8, 8, 30\).*moveaxis\(array, 2, 0\)"
    ):
        advise(np.zeros((8, 8, 30)), [0, 1] * 15)


def test_an_estimator_needs_a_target():
    with pytest.raises(TargetError, match="call advise"):
        advise(GOOD).estimator()


def test_a_structure_that_cannot_be_folded_is_refused():
    with pytest.raises(InputError, match="fold into"):
        advise(GOOD, structure="image")


def test_a_damaged_file_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"not parquet")
    assert main([str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("advisor: ")
    assert error.count("\n") == 1


def test_the_command(tmp_path, capsys):
    path = tmp_path / "good.csv"
    pd.concat([GOOD] * 10).to_csv(path, index=False)
    assert main([str(path), "--target", "price"]) == 0
    assert "a table" in capsys.readouterr().out
    page = tmp_path / "advice.html"
    assert main([str(path), "--target", "price", "--json", "--html", str(page)]) == 0
    assert '"structure": "tabular"' in capsys.readouterr().out
    assert "<!doctype html>" in page.read_text()
    assert main([str(path), "--target", "prce"]) == 2
    assert "did you mean 'price'" in capsys.readouterr().err
    assert main([str(path), "--html", str(tmp_path / "no" / "x.html")]) == 2


def test_the_command_is_told_what_the_caller_knows_better(tmp_path, capsys):
    path = tmp_path / "good.csv"
    mark = pd.concat([GOOD] * 10).assign(**{"a=b": np.arange(40) % 4, "mark": np.arange(40) % 3})
    mark.to_csv(path, index=False)

    def told(*arguments):
        assert main([str(path), "--target", "mark", "--json", *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    assert told()["kind"] == "classification"
    advice = told("--kind", "regression", "--role", "a=b=categorical", "--role", "age=ignore")
    assert advice["kind"] == "regression"
    assert (advice["roles"]["a=b"], advice["roles"]["age"]) == ("categorical", "ignore")
    assert told("--structure", "tabular")["structure"] == "tabular"
    assert main([str(path), "--role", "nothing=numeric"]) == 2
    assert "columns of the data" in capsys.readouterr().err


@pytest.mark.parametrize("role", ["age", "age=number"])
def test_a_role_that_is_none_is_explained(role, capsys):
    with pytest.raises(SystemExit):
        main(["good.csv", "--role", role])
    assert "write COL=ROLE with one of numeric, ordinal" in capsys.readouterr().err


def test_the_command_names_a_column_of_an_array_by_its_place(tmp_path, capsys):
    path = tmp_path / "x.npy"
    np.save(path, np.column_stack([np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2]))
    assert main([str(path), "--target", "3", "--role", "1=ignore", "--json"]) == 0
    advice = json.loads(capsys.readouterr().out)
    assert (advice["width"], advice["kind"]) == (3, "classification")
    assert advice["roles"] == {"0": "numeric", "1": "ignore", "2": "numeric"}
    assert main([str(path), "--target", "4"]) == 2
    assert "must be a column of the array, got 4 for 4 columns" in capsys.readouterr().err


def test_all_errors_have_one_root():
    assert issubclass(TargetError, InputError)
    assert issubclass(InputError, AdvisorError)


def test_repeated_names_in_a_file_are_found(tmp_path, capsys):
    path = tmp_path / "twice.csv"
    path.write_text("a,a,t\n" + "1,2,0\n3,4,1\n" * 10)
    assert main([str(path), "--target", "t"]) == 2
    assert "got a more than once" in capsys.readouterr().err
