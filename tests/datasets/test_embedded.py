"""The embedded corpus is complete, unchanged, licensed and sane."""

from __future__ import annotations

import hashlib
import math
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor.errors import CorruptDataError, StudyError
from datasets.embedded.notice import LICENCES, notice
from datasets.sources import embedded
from datasets.splits import split
from datasets.units import row_hashes

ROOT = Path(__file__).parents[2]
CATALOG = embedded.catalog()
TEXT_KEYS = ("title", "why", "origin", "url", "citation", "licence", "stated", "changes")
TABLES = [name for name, entry in CATALOG.items() if entry["structure"] == "tabular"]


@pytest.fixture(scope="module", params=sorted(CATALOG))
def task(request):
    return datasets.load(f"embedded:{request.param}")


def test_every_file_is_the_recorded_one():
    files = {path.stem: path for path in embedded.FOLDER.glob("*.parquet")}
    assert files.keys() == CATALOG.keys()
    for name, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == CATALOG[name]["sha256"], name


def test_the_corpus_is_as_large_and_varied_as_promised():
    structures = Counter(entry["structure"] for entry in CATALOG.values())
    assert structures["image"] >= 4
    assert structures["sequence"] >= 5
    assert structures["tabular"] >= 16
    assert sum(path.stat().st_size for path in embedded.FOLDER.rglob("*.*")) <= 25 * 2**20
    origins = [entry["origin"] for entry in CATALOG.values()]
    assert len(set(origins)) == len(origins)
    images = [entry["layout"] for entry in CATALOG.values() if entry["structure"] == "image"]
    assert any(channels == 3 for _, _, channels in images)
    series = [entry for entry in CATALOG.values() if entry["structure"] == "sequence"]
    assert any(entry["layout"][1] > 1 for entry in series)
    assert any(entry["kind"] == "regression" for entry in series)
    kinds = Counter(CATALOG[name]["kind"] for name in TABLES)
    assert min(kinds["classification"], kinds["regression"]) >= 5
    assert all(CATALOG[name]["n"] >= 1000 for name in TABLES)


def test_some_series_are_of_unequal_length():
    X = datasets.load("embedded:spoken_digits").X.to_numpy().reshape(-1, *CATALOG["spoken_digits"]["layout"])
    ended = np.isnan(X).all(axis=2)
    assert ended.any()
    assert (np.isnan(X).any(axis=2) == ended).all()  # a step is there with all its channels or not at all
    assert (np.diff(ended.astype(int), axis=1) >= 0).all()  # padding is at the end


def test_some_tables_have_categories_and_some_missing_values():
    frames = [datasets.load(f"embedded:{name}").X for name in TABLES]
    assert sum(bool(len(X.select_dtypes("category").columns)) for X in frames) >= 5
    assert sum(bool(X.isna().any(axis=None)) for X in frames) >= 3


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_entry_is_complete(name):
    entry = CATALOG[name]
    for key in TEXT_KEYS:
        assert entry[key].strip(), key
    assert entry["licence"] in LICENCES
    place = LICENCES[entry["licence"]]
    assert place.startswith("https://") or (ROOT / place).is_file()
    for package in entry["packages"]:  # data of other places may not be passed on
        assert re.fullmatch(r"(pypi|deb|npm):\S+ \S+", package)
    assert entry["metric"] == {"classification": "accuracy", "regression": "r2"}[entry["kind"]]
    assert len(entry["layout"]) == {"image": 3, "sequence": 2, "tabular": 1}[entry["structure"]]
    assert math.prod(entry["layout"]) == entry["d"]


def test_task_is_what_the_catalog_says(task):
    assert datasets.describe(task.id) == task.info  # n, d, data_hash and all else
    assert task.X.index.equals(pd.RangeIndex(len(task.X)))
    assert task.y.index.equals(task.X.index)
    assert task.y.notna().all()
    assert task.y.nunique() > 1
    assert task.X.columns.is_unique
    assert "target" not in task.X.columns
    assert not np.isinf(task.X.select_dtypes("number").to_numpy(dtype=np.float64)).any()
    if task.kind == "regression":
        assert task.y.dtype == np.float64
    else:
        assert not isinstance(task.y.dtype, pd.CategoricalDtype)
        assert task.y.value_counts().min() >= 10
    if task.groups is not None:
        assert task.groups.notna().all()
        assert task.groups.nunique() >= 10


def test_no_column_is_empty_and_no_column_of_a_table_constant(task):
    assert not task.X.isna().all().any()
    if task.structure == "tabular":
        assert (task.X.nunique(dropna=False) > 1).all()


@pytest.mark.parametrize("task", TABLES, indirect=True)
def test_no_column_of_a_table_is_a_row_number_or_gives_the_answer(task):
    code = pd.Series(pd.factorize(task.y, sort=True)[0])
    for name in task.X:
        column = task.X[name]
        if not pd.api.types.is_numeric_dtype(column):
            assert column.nunique() < len(column) / 2, name
            continue
        values = column.fillna(column.median()).astype(float)
        steps = np.diff(np.sort(values.to_numpy()))
        assert not (len(steps) and (steps == 1).all()), f"{name} numbers the rows"
        assert abs(np.corrcoef(values, code)[0, 1]) < 0.985, f"{name} is the target"


def test_split_of_each_task_does_not_leak(task):
    sides = split(task, fold=0, max_train=10_000)
    positions = [sides.train, sides.validation, sides.test]
    assert sorted(np.concatenate(positions)) == list(range(len(task.X)))
    hashes = row_hashes(task.X)
    for marks in [hashes] + ([task.groups.to_numpy()] if task.groups is not None else []):
        found = [set(marks[side]) for side in positions]
        assert sum(map(len, found)) == len(set.union(*found))
    if task.kind == "classification":
        assert set(task.y.iloc[sides.train]) == set(task.y)
    share = len(sides.train) / len(task.X)
    assert abs(share - 0.7) < 0.06


def test_notice_agrees_with_the_catalog():
    assert (ROOT / "NOTICE").read_text(encoding="utf-8") == notice(), (
        "write it again: python -m datasets.embedded.notice > NOTICE"
    )


def test_unknown_name_gives_the_nearest():
    with pytest.raises(StudyError, match="got 'digit': did you mean 'digits'"):
        datasets.load("embedded:digit")


@pytest.fixture
def corpus(tmp_path):
    for name in ("catalog.toml", "digits.parquet"):
        shutil.copy(embedded.FOLDER / name, tmp_path)
    return tmp_path


def test_a_copied_corpus_loads(corpus):
    assert embedded.load("digits", folder=corpus).data_hash == CATALOG["digits"]["data_hash"]


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def replace(path):
    shutil.copy(embedded.FOLDER / "abalone.parquet", path)


@pytest.mark.parametrize("harm", [damage, cut, replace, Path.unlink], ids=["bit", "cut", "other", "gone"])
def test_a_changed_file_is_refused_before_it_is_read(corpus, harm):
    harm(corpus / "digits.parquet")
    with pytest.raises(
        CorruptDataError, match=r"digits\.parquet must be the recorded one, got .*git checkout"
    ):
        embedded.load("digits", folder=corpus)


def test_a_recorded_file_that_is_no_parquet_is_refused(corpus):
    (corpus / "digits.parquet").write_bytes(b"not parquet")
    old, new = CATALOG["digits"]["sha256"], hashlib.sha256(b"not parquet").hexdigest()
    catalog = corpus / "catalog.toml"
    catalog.write_text(catalog.read_text().replace(old, new))
    with pytest.raises(CorruptDataError, match=r"digits\.parquet must be the recorded one"):
        embedded.load("digits", folder=corpus)


def test_a_damaged_catalog_is_refused(corpus):
    (corpus / "catalog.toml").write_text("[digits\n")
    with pytest.raises(CorruptDataError, match="catalog of the embedded sets must be readable TOML"):
        embedded.load("digits", folder=corpus)
