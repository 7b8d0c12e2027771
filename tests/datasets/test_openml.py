"""Tasks of OpenML through the real client: what they are, suites, pictures and series in flat columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor.errors import InputError, StudyError
from datasets import suites
from tests.datasets.openml_server import API, COLUMNS, ROWS


def declare(monkeypatch, folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "mine.toml").write_text(f'title = "Mine"\ntasks = ["openml:4"]\n{text}')
    monkeypatch.setattr(suites, "FOLDER", folder)
    suites.suites.cache_clear()


# ---- what a task is ----


def test_classification(server):
    task = datasets.load("openml:1")
    assert task.id == "openml:1"
    assert task.kind == "classification"
    assert task.metric == "accuracy"
    assert task.origin == "made-7"
    assert task.structure is None
    assert task.layout is None
    assert list(task.X) == ["size", "price"]  # not the row number, nor the empty column
    assert list(task.y) == ["red", "blue", "red", "blue", "red"]  # the row without a label is left out
    assert task.X["size"].tolist()[3] == 4.5
    assert task.X.index.equals(task.y.index)


def test_regression_keeps_categories(server):
    task = datasets.load("openml:t/2")
    assert task.id == "openml:2"
    assert task.kind == "regression"
    assert task.metric == "r2"
    assert task.y.tolist() == [10, 20, 30, 40, 60]
    assert isinstance(task.X["colour"].dtype, pd.CategoricalDtype)
    assert task.X["colour"].isna().tolist() == [False, False, False, True, False]
    assert task.X["size"].isna().tolist() == [False, True, False, False, False]
    assert datasets.describe("openml:2") == task.info


def test_splits_come_along_and_name_the_rows_that_have_a_target(server):
    server.upload_splits(1, [{0, 3, 5}, {1, 2, 4}])
    task = datasets.load("openml:1")
    assert [(train.tolist(), test.tolist()) for train, test in task.splits] == [
        ([1, 2, 3], [0, 4]),  # row 3 has no target, so rows 4 and 5 are 3 and 4
        ([0, 4], [1, 2, 3]),
    ]
    assert datasets.describe("openml:1").n_splits == 2
    assert list(task.X) == ["size", "price"]
    assert datasets.load("openml:2").splits == ()
    assert datasets.load("openml:d/7").data_hash == task.data_hash


def test_splits_of_other_rows_are_no_splits(server):
    server.upload(7, COLUMNS, ROWS[:5], "colour")
    server.upload_splits(2, [{0, 5}])
    assert datasets.load("openml:2").splits == ()


def test_splits_that_cannot_be_read_cost_only_the_splits(server):
    server.documents["/splits/2"] = "@relation broken\n@attribute type {TRAIN"
    task = datasets.load("openml:2")
    assert (len(task.X), task.splits) == (len(datasets.load("openml:d/7").X), ())


def test_a_number_of_rows_that_is_not_known_is_not_checked(server):
    server.upload(7, COLUMNS, ROWS, "colour", instances="null")
    assert len(datasets.load("openml:d/7").X) > 3


def test_dates_that_the_reader_does_not_know_are_named(server):
    columns = {"day": 'DATE "yyyy-MM-dd"', "size": "REAL", "colour": ("red", "blue")}
    rows = [f'"2020-01-0{i}",{i}.5,{"red" if i % 2 else "blue"}' for i in range(1, 7)]
    server.upload(7, columns, rows, "colour")
    with pytest.raises(StudyError, match=r"form that can be read, got .* with a column of dates: choose"):
        datasets.load("openml:d/7")


def test_a_data_set_comes_with_its_default_target(server):
    task = datasets.load("openml:d/7")
    assert (task.id, task.kind) == ("openml:d/7", "classification")
    assert task.data_hash == datasets.load("openml:1").data_hash
    server.upload(9, COLUMNS, ROWS, "price")
    assert datasets.describe("openml:d/9").kind == "regression"
    server.upload(10, COLUMNS, ROWS, "")
    with pytest.raises(StudyError, match=r"must have one default target to be learned, got 'none' in d/10"):
        datasets.load("openml:d/10")


def test_truth_values_are_words_whatever_the_format(server):
    columns = {"wet": ("false", "true"), "price": "REAL"}
    server.upload(7, columns, ["true,1", "false,2", "?,3", "true,4"], "wet")
    assert datasets.load("openml:d/7").y.tolist() == ["True", "False", "True"]
    wet = datasets.load("openml:2").X["wet"]
    assert wet.cat.categories.tolist() == ["False", "True"]
    assert wet.isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("task_id", "message"),
    [
        ("openml:9", "the OpenML task 9 must exist on http://127.0.0.1:"),
        ("openml:d/9", "the OpenML data set 9 must exist on http://127.0.0.1:"),
        ("openml:3", "an OpenML task must be supervised classification or regression, got Clustering"),
        ("openml:s/3", "a suite must be taken task by task, got 'openml:s/3'"),
    ],
)
def test_what_is_no_task(server, task_id, message):
    with pytest.raises(StudyError) as caught:
        datasets.load(task_id)
    assert message in str(caught.value)


def test_sparse_data_are_refused_with_the_reason(server):
    server.upload(7, COLUMNS, ROWS, "colour", form="Sparse_ARFF")
    with pytest.raises(
        StudyError, match=r"must be dense, got Sparse_ARFF for made-7, which the client 0\.15"
    ):
        datasets.load("openml:1")


def test_a_target_of_one_value_is_refused(server):
    server.upload(7, COLUMNS, ["red,1,?,1,0", "red,2,?,2,1"], "colour")
    with pytest.raises(InputError, match="at least two different target values, got 1 in made-7"):
        datasets.load("openml:1")


# ---- suites ----


@pytest.mark.parametrize("name", ["3", "made-suite"])
def test_a_suite_is_cached(server, name):
    assert datasets.expand(f"openml:s/{name}") == ["openml:1", "openml:2", "openml:3"]
    server.documents.clear()
    assert len(datasets.expand(f"openml:s/{name}")) == 3
    with pytest.raises(StudyError, match="the OpenML suite 4 must exist on"):
        datasets.expand("openml:s/4")


def test_what_cannot_be_had_is_told_and_the_rest_goes_on(server):
    del server.documents["/data/7.arff"]
    server.upload_digits()
    server.documents[f"{API}/study/3"] = server.documents[f"{API}/study/3"].replace(">1<", ">4<")
    asked = []
    found = datasets.survey(["openml:s/3", "embedded:digits"], progress=lambda *told: asked.append(told))
    assert [info.id for info in found.infos] == ["openml:4", "embedded:digits"]
    assert list(found.failed) == ["openml:2", "openml:3"]
    assert "OpenML task 2 must be readable" in str(found.failed["openml:2"])
    assert asked[-1] == ("embedded:digits", 3, 4)
    with pytest.raises(StudyError, match="supervised"):  # whoever writes it can take it out
        datasets.survey(["openml:3"])


# ---- pictures and series in flat columns ----


def test_the_layout_is_found_and_kept(server, cache):
    server.upload_digits()
    task = datasets.load("openml:4")
    assert (task.structure, task.layout) == (None, (8, 8, 1))
    assert list(task.X)[:9] == [*(f"x_0_{i}_0" for i in range(8)), "x_1_0_0"]
    assert datasets.describe("openml:4") == task.info
    assert cache.facts("t4")["found"] == {"structure": "image", "shape": [8, 8, 1], "order": None}


def test_a_declaration_wins_and_a_difference_is_told(server, cache, tmp_path, monkeypatch):
    server.upload_digits()
    found = datasets.describe("openml:4")
    head = '[layouts."openml:4"]\nstructure = '
    declare(monkeypatch, tmp_path / "agrees", f'{head}"image"\nshape = [8, 8, 1]')
    agrees = datasets.describe("openml:4")
    assert (agrees.structure, agrees.layout) == ("image", (8, 8, 1))
    assert agrees.data_hash == found.data_hash
    declare(monkeypatch, tmp_path / "differs", f'{head}"sequence"\nshape = [32, 2]\nchannels = "first"')
    with pytest.warns(
        UserWarning, match=r"sequence \(32, 2\), reordered in mine.toml.*finds image \(8, 8, 1\)"
    ):
        task = datasets.load("openml:4")
    assert (task.structure, task.layout) == ("sequence", (32, 2))
    assert task.data_hash != found.data_hash  # results of two layouts are never mixed
    np.testing.assert_array_equal(
        task.X.to_numpy().reshape(-1, 32, 2)[:, :, 1],
        pd.read_parquet(cache.path("t4")).iloc[:, 32:64],
    )
    with pytest.warns(UserWarning, match="the declaration is used"):
        assert datasets.describe("openml:4") == task.info
    declare(monkeypatch, tmp_path / "table", f'{head}"tabular"')
    with pytest.warns(UserWarning, match="the declaration is used"):
        assert datasets.load("openml:4").layout == (64,)
    declare(monkeypatch, tmp_path / "wrong", f'{head}"image"\nshape = [8, 9, 1]')
    with pytest.raises(StudyError, match=r"declared in mine.toml must fit its 64 columns, got \(8, 9, 1\)"):
        datasets.load("openml:4")
