"""A file of the user's own as a task."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor.errors import InputError, StudyError, TargetError


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=60),
            "colour": rng.choice(["red", "blue"], 60),
            "person": rng.integers(0, 20, 60),
            "price": rng.normal(size=60),
            "a&b": rng.choice(["yes", "no"], 60),
        }
    )


@pytest.fixture
def path(frame, tmp_path):
    frame.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


def test_csv(path, frame):
    task = datasets.load(f"file:{path}?target=price&group=person")
    assert task.kind == "regression"
    assert task.metric == "r2"
    assert list(task.X) == ["size", "colour", "a&b"]
    assert task.y.to_numpy() == pytest.approx(frame["price"])
    assert list(task.groups) == list(frame["person"])
    assert task.structure is None
    assert task.layout is None
    assert datasets.describe(task.id) == task.info


def test_parquet_is_the_same_as_csv(path, frame):
    other = path.with_suffix(".parquet")
    frame.to_parquet(other)
    tasks = [datasets.load(f"file:{p}?target=price") for p in (path, other)]
    assert tasks[0].data_hash == tasks[1].data_hash


def test_names_may_be_percent_encoded(path):
    task = datasets.load(f"file:{path}?target=a%26b")
    assert task.kind == "classification"
    assert task.metric == "accuracy"
    assert set(task.y) == {"yes", "no"}


def test_kind_can_be_said(path):
    task = datasets.load(f"file:{path}?target=person&kind=classification")
    assert task.kind == "classification"
    assert datasets.load(f"file:{path}?target=person&kind=regression").y.dtype == np.float64


def test_a_path_may_hold_a_question_mark_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "why?.csv"
    path.write_text("a,y\n" + "\n".join(f"{i},{i / 7}" for i in range(30)), encoding="utf-8-sig")
    assert list(datasets.load(f"file:{path}?target=y").X) == ["a"]


def test_a_class_may_be_called_none(tmp_path):
    lines = ["size,kind", *(f"{i},{'None' if i % 3 else 'some'}" for i in range(30)), "30,", "31,NA"]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    task = datasets.load(f"file:{tmp_path / 'x.csv'}?target=kind")
    assert task.y.value_counts().to_dict() == {"None": 20, "some": 10}


def test_a_column_that_turns_to_text_late_is_text(tmp_path):
    codes = [*map(str, range(50))] * 6_000 + ["A0"]
    rows = "".join(f"{code},{i},{i % 7},{i % 5},{i % 3},{i % 2}\n" for i, code in enumerate(codes))
    (tmp_path / "x.csv").write_text("code,a,b,c,d,y\n" + rows)
    task = datasets.load(f"file:{tmp_path / 'x.csv'}?target=y")
    assert set(map(type, task.X["code"])) == {str}


def test_a_group_is_another_column_than_the_target(path):
    with pytest.raises(InputError, match="another column than the target, got 'price' for both"):
        datasets.load(f"file:{path}?target=price&group=price")


def test_rows_without_target_are_left_out(frame, tmp_path):
    frame.loc[:9, "price"] = np.nan
    frame.to_csv(tmp_path / "data.csv", index=False)
    task = datasets.load(f"file:{tmp_path / 'data.csv'}?target=price&group=person")
    assert len(task.X) == len(task.y) == len(task.groups) == 50
    assert task.X.index.equals(task.y.index)


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ("", StudyError, "a file must come with its target"),
        ("?target=", StudyError, "a file must come with its target"),
        ("?target=prise", TargetError, "must be a column of data.csv, got 'prise': did you mean 'price'"),
        ("?target=price&group=persn", InputError, "the group must be a column of data.csv, got 'persn'"),
        ("?targt=price", StudyError, "an option of a file must be known, got 'targt': did you mean 'target'"),
        ("?target=price&kind=regresion", StudyError, "did you mean 'regression'"),
        ("?target=colour&kind=regression", TargetError, "a target to regress must be numbers"),
        ("?target=price&kind=classification", TargetError, "a target to classify must hold text or whole"),
    ],
)
def test_wrong_options(path, query, error, message):
    with pytest.raises(error) as caught:
        datasets.load(f"file:{path}{query}")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", InputError, "data.csv must be readable, got No columns to parse"),
        ("a,y\n", InputError, "the file must have rows, got none"),
        ("a,a,y\n1,2,3\n", InputError, "column names must be different, got 'a' more than once"),
        ("a,b,y\n1,,3\n2,,4.5\n", InputError, "every input column must have values, got 'b' without"),
        ("a,b,y\n1,inf,3\n2,1,4.5\n", InputError, "every input column must have finite values, got 'b'"),
        ("a,y\n1,yes\n2,yes\n", TargetError, "at least two classes, got only 'yes'"),
        ("a,y\n1,1.5\n2,1.5\n3,1.5\n", TargetError, "the target must have at least two"),
        ("a,y\n1,\n2,\n", TargetError, "the target must have values, got none in column 'y'"),
        (
            "a,y\n1,inf\n2,0.5\n3,1.5\n",
            TargetError,
            "must be finite, got infinite values in column 'y' of data",
        ),
        ("y\n1\n2\n3\n", InputError, "the file must have inputs, got only the target"),
        ('a,y\n1,2\n"3,4\n', InputError, "data.csv must be readable"),
        ("a,y\n1,2\n1,2,3,4\n", InputError, "data.csv must be readable, got Error tokenizing data"),
    ],
)
def test_wrong_content(tmp_path, text, error, message):
    path = tmp_path / "data.csv"
    path.write_text(text)
    with pytest.raises(error) as caught:
        datasets.load(f"file:{path}?target=y")
    assert message in str(caught.value)


def test_wrong_bytes(tmp_path):
    (tmp_path / "no.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "sheet.xlsx").write_bytes(b"PK")
    for name, message in (
        ("no.parquet", "no.parquet must be readable"),
        ("sheet.xlsx", "the file must be CSV or Parquet, got '.xlsx'"),
        ("none.csv", "the file must exist, got no file"),
    ):
        with pytest.raises(InputError) as caught:
            datasets.load(f"file:{tmp_path / name}?target=y")
        assert message in str(caught.value)


def test_repeated_names_in_parquet(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_arrays([pa.array([1, 2])] * 3, names=["a", "a", "y"])
    pq.write_table(table, tmp_path / "twice.parquet")
    with pytest.raises(InputError, match="column names must be different, got 'a' more than once"):
        datasets.load(f"file:{tmp_path / 'twice.parquet'}?target=y")


@pytest.mark.parametrize(
    ("name", "separator", "encoding"),
    [("x.csv", ";", "utf-8"), ("x.csv", "\t", "utf-8"), ("x.tsv", "\t", "utf-8"), ("x.csv", ",", "latin-1")],
)
def test_other_separators_and_encodings_give_the_same_task(tmp_path, name, separator, encoding):
    rows = [
        ["size", "colour", "price"],
        *([f"{i}.5", "grün" if i % 3 else "rot", f"{i / 7}"] for i in range(30)),
    ]
    tasks = []
    for folder, by, how in (("plain", ",", "utf-8"), ("other", separator, encoding)):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / (name if folder == "other" else "x.csv")
        path.write_text("\n".join(map(by.join, rows)) + "\n", encoding=how)
        tasks.append(datasets.load(f"file:{path}?target=price"))
    assert tasks[0].data_hash == tasks[1].data_hash
    assert list(tasks[1].X) == ["size", "colour"]


def test_a_comma_at_the_end_of_every_line_shifts_nothing(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b,y\n" + "".join(f"{i},{i % 3},{'None' if i % 2 else 'some'},\n" for i in range(30)))
    task = datasets.load(f"file:{path}?target=y")
    assert list(task.X) == ["a", "b"]
    assert task.X["a"].tolist() == list(range(30))
    assert set(task.y) == {"None", "some"}


def test_names_of_rows_before_the_first_column_are_left_out(tmp_path):
    path = tmp_path / "x.csv"  # as R writes it
    path.write_text("a,y\n" + "".join(f"row {i},{i},{i / 7}\n" for i in range(30)))
    task = datasets.load(f"file:{path}?target=y")
    assert task.X["a"].tolist() == list(range(30))


def test_rows_whose_target_is_a_word_for_missing_are_left_out(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,who,y\n" + "".join(f"{i},{i % 5},{i / 7}\n" for i in range(30)) + "30,1,?\n31,1,-\n")
    task = datasets.load(f"file:{path}?target=y&group=who")
    assert task.kind == "regression"
    assert [len(part) for part in (task.X, task.y, task.groups)] == [30] * 3


@pytest.mark.parametrize("cell", [list(range(3)), {"part": 1}])
def test_cells_that_hold_more_than_one_value_are_refused(tmp_path, cell):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"a": [cell] * 9, "b": range(9), "y": ["u", "v", "w"] * 3}).to_parquet(path)
    with pytest.raises(
        InputError, match=r"must have one value a cell, got 'a' without in x\.parquet: give each"
    ):
        datasets.load(f"file:{path}?target=y")


def test_prices_written_as_text_are_numbers(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("rooms,price\n" + "".join(f'{i},"${1000 + i:,}"\n' for i in range(30)))
    task = datasets.load(f"file:{path}?target=price")
    assert (task.kind, task.y.iloc[2]) == ("regression", 1002.0)
