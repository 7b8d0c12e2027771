"""Tasks of OpenML through the real client: what they are, suites, pictures and series in flat columns."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor.errors import InputError, StudyError
from datasets import suites
from tests.datasets.openml_server import API, COLUMNS, ROWS, SPLITS, arff, task_document


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


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (slice(0, 6), "1 splits where 2 are announced"),
        (slice(0, 9), "in fold 1 of repeat 0"),  # 3 of 6 rows, all of them to train with
        (slice(0, 11), "4 of 5 rows in fold 1"),  # row 3 has no target
    ],
)
def test_splits_that_are_cut_at_the_end_of_a_line_are_fetched_again(server, cache, lines, reason):
    server.upload_splits(1, [{0, 1, 2}, {3, 4, 5}])
    clean = datasets.describe("openml:1")
    assert clean.n_splits == 2
    assert clean.splits_hash
    whole = server.documents["/splits/1"]
    head, _, rows = whole.partition("@DATA\n")
    server.documents["/splits/1"] = f"{head}@DATA\n" + "\n".join(rows.splitlines()[lines])
    (cache.folder / "t1.json").unlink()
    server.seen.clear()
    cut = datasets.describe("openml:1")
    assert server.seen["/splits/1"] == 3  # tries
    assert (cut.n_splits, cut.splits_hash, cut.data_hash) == (0, None, clean.data_hash)
    assert reason in cache.facts("t1")["without_splits"]
    server.upload_splits(1, [{0, 1, 2}, {3, 4, 5}])
    server.faults["/splits/1"] = ["short"]
    datasets.survey(["openml:1"], refresh=True)
    assert datasets.describe("openml:1") == clean


def test_an_entry_from_before_splits_were_hashed_is_read_as_it_is(server, cache):
    server.upload_splits(1, [{0, 1, 2}, {3, 4, 5}])
    known = datasets.describe("openml:1")
    facts = cache.facts("t1")
    del facts["splits_hash"]
    (cache.folder / "t1.json").write_text(json.dumps(facts))
    assert datasets.describe("openml:1") == known


@pytest.mark.parametrize(
    ("folds", "how", "reason"),
    [
        ([{0, 1, 2}, {0, 1, 2}], "crossvalidation", "rows that repeat 0 does not test"),
        ([{0, 1, 2, 3, 4, 5}], "customholdout", "no training or no test rows in fold 0"),
        ([{0, 1, 2}], "testontrainingdata", "it tests on the training data"),
    ],
)
def test_splits_that_test_nothing_or_not_all_are_no_splits(server, cache, folds, how, reason):
    server.upload_splits(2, folds)
    server.announce(2, folds=len(folds), how=how)
    assert datasets.load("openml:2").splits == ()
    assert reason in cache.facts("t2")["without_splits"]


def test_test_rows_that_are_training_rows_are_no_split(server, cache):
    lines = [f"{side},{row},0,0" for row in range(6) for side in ("TRAIN", "TEST")]
    server.documents["/splits/2"] = arff(SPLITS, lines)
    server.announce(2, folds=1, how="customholdout")
    assert datasets.load("openml:2").splits == ()
    assert "test rows in fold 0 of repeat 0 that are" in cache.facts("t2")["without_splits"]


def test_splits_of_other_rows_are_no_splits(server):
    server.upload(7, COLUMNS, ROWS[:5], "colour")
    server.upload_splits(2, [{0, 5}])
    assert datasets.load("openml:2").splits == ()


@pytest.mark.parametrize(
    "text",
    ["@relation broken\n@attribute type {TRAIN", arff(SPLITS, ["TRAIN,0,1,0", "TEST,1,1,0"])],  # from 1 on
)
def test_splits_that_cannot_be_read_cost_only_the_splits(server, text):
    server.documents["/splits/2"] = text
    task = datasets.load("openml:2")
    assert (len(task.X), task.splits) == (len(datasets.load("openml:d/7").X), ())


def test_a_task_whose_document_names_no_splits_comes_without(server, cache):
    path = f"{API}/task/1"
    server.documents[path] = re.sub(
        "<oml:data_splits_url>.*</oml:data_splits_url>", "", server.documents[path]
    )
    assert datasets.load("openml:1").splits == ()
    assert cache.facts("t1")["without_splits"] == "its document names no file of them"


def test_a_learning_curve_comes_with_the_longest_of_its_training_sets(server):
    server.documents[f"{API}/task/1"] = task_document(1, "learning curve", "colour").replace(
        "http://127.0.0.1/splits", f"{server.address}/splits/1"
    )
    rows = [f"TRAIN,{row},0,0,{sample}" for sample, n in ((0, 1), (1, 3)) for row in range(n)]
    rows += [f"TEST,{row},0,0,{sample}" for sample in (0, 1) for row in (4, 5)]
    server.documents["/splits/1"] = arff(SPLITS | {"sample": "INTEGER"}, rows)
    server.announce(1, folds=1, how="learningcurve")
    task = datasets.load("openml:1")
    assert task.kind == "classification"
    assert [(train.tolist(), test.tolist()) for train, test in task.splits] == [([0, 1, 2], [3, 4])]


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


@pytest.mark.parametrize(
    "text",
    [
        arff({"a": "REAL", "b": ("a", "b")}, ["1,a", "2,c"]).encode(),  # an undeclared label
        "@RELATION caf\u00e9\n@ATTRIBUTE a REAL\n@ATTRIBUTE b {a,b}\n@DATA\n1,a\n2,b".encode("latin-1"),
    ],
)
def test_parquet_stands_in_for_arff_that_cannot_be_read(server, cache, text):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": pd.Categorical(["a", "b", "a"])})
    server.upload_parquet(9, frame, "b", text=text)
    assert datasets.load("openml:d/9").X["a"].tolist() == [1.0, 2.0, 3.0]
    assert cache.facts("d9")["checked"] == "shape"


def test_parquet_stands_in_for_arff_that_is_not_there(server, cache):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": pd.Categorical(["a", "b", "a"])})
    server.upload_parquet(9, frame, "b", text=b"")
    server.faults["/data/9.arff"] = [404]
    assert datasets.load("openml:d/9").X["a"].tolist() == [1.0, 2.0, 3.0]
    assert server.seen["/data/9.arff"] == 1


@pytest.mark.parametrize("target", ["self", "a,b"])
def test_a_target_may_have_any_name(server, target):
    frame = pd.DataFrame({"size": [1.0, 2.0, 3.0], target: pd.Categorical(["a", "b", "a"])})
    server.upload_parquet(9, frame, target)
    assert datasets.load("openml:d/9").y.tolist() == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("columns", "rows", "message"),
    [
        (
            {"colour": ("red", "blue"), "row": "INTEGER"},
            ["red,0", "blue,1"],
            "have inputs, got no column with",
        ),
        ({"colour": ("red", "blue")}, ["red", "blue"], "have inputs, got no column with values in made-7"),
        ({"colour": ("red", "blue"), "size": "REAL"}, ["red,?", "blue,?"], "must have inputs"),
        (
            {"colour": ("red", "blue"), "size": "REAL"},
            ["red,1", "blue,inf"],
            "got infinities in 'size' of made-7",
        ),
        ({"size": "REAL", "colour": ("red", "blue")}, ["1,red"], "least two different target values, got 1"),
    ],
)
def test_values_that_cannot_be_learned_from_are_refused_after_one_download(server, columns, rows, message):
    server.upload(7, columns, rows, "colour")
    with pytest.raises(InputError, match=message):
        datasets.load("openml:d/7")
    assert server.seen["/data/7.arff"] == 1


def test_cells_that_hold_more_than_one_value_are_refused(server):
    columns = {"size": [[1.0, 2.0], [3.0], [4.0]], "colour": pd.Categorical(["a", "b", "a"])}
    server.upload_parquet(9, pd.DataFrame(columns), "colour")
    with pytest.raises(InputError, match="must hold one value, got lists or structs in 'size' of made-9"):
        datasets.load("openml:d/9")


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


@pytest.mark.parametrize("first", ["openml:3", "openml:t/3", "openml:9", "openml:s/9"])
def test_a_task_that_is_none_costs_the_others_nothing_however_it_is_named(server, first):
    found = datasets.survey([first, "openml:1"])
    assert [info.id for info in found.infos] == ["openml:1"]
    assert list(found.failed) == [first.replace("t/", "")]
    with pytest.raises(StudyError, match="must be named by its number"):  # whoever writes it can correct it
        datasets.survey(["openml:nine", "openml:1"])


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
