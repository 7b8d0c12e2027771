"""Tasks of OpenML through the real client and the cache, from a server on this machine."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor.errors import CorruptDataError, InputError, StudyError
from benchmarks.plan import Study, plan
from benchmarks.run import run_cell
from datasets import suites
from datasets.openml import client
from datasets.openml.cache import Cache
from datasets.sources import openml
from tests.datasets.openml_server import API, COLUMNS, ROWS, serving


@pytest.fixture(scope="module")
def running():
    """A server and one process of the client for all tests: starting one takes seconds."""
    patience = client.Limits(total=60, silence=1, tries=3, pause=0.01)
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        patch.setenv("ARCH_ADVISOR_OPENML_SERVER", server.url)
        patch.setattr(client, "LIMITS", patience)
        with openml.session():
            yield server


@pytest.fixture
def server(running, tmp_path, monkeypatch):
    """The server as it was, and an empty cache."""
    monkeypatch.setenv("ARCH_ADVISOR_CACHE", str(tmp_path / "cache"))
    running.reset()
    return running


@pytest.fixture
def cache(server):
    return Cache.of(server.url)


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


# ---- faults ----

EVERY = [
    f"{API}/task/1",
    f"{API}/data/7",
    f"{API}/data/features/7",
    f"{API}/data/qualities/7",
    "/data/7.arff",
]


@pytest.mark.parametrize("fault", [502, 429, "cut", "short", "silent"])
def test_a_fault_that_passes_is_outlived(server, fault):
    clean = datasets.load("openml:1").data_hash
    (Cache.of(server.url).folder / "t1.json").unlink()
    server.seen.clear()
    for path in EVERY:
        server.faults[path] = [fault]
    assert datasets.load("openml:1").data_hash == clean
    assert {path: server.seen[path] for path in EVERY} == dict.fromkeys(EVERY, 2)


def test_a_file_that_is_not_the_described_one_is_refused(server, cache):
    server.faults["/data/7.arff"] = ["damaged"]
    assert datasets.describe("openml:1").n == 5
    server.documents["/data/7.arff"] = server.documents["/data/7.arff"].replace("5.5", "5.6")
    with pytest.raises(InputError, match=r"task 2 must be readable .* got OpenMLHashException: Checksum"):
        datasets.load("openml:2")
    assert cache.keys() == ["t1"]


def test_rows_that_were_announced_must_come(server):
    server.upload(7, COLUMNS, ROWS, "colour", instances=7)
    with pytest.raises(InputError, match=r"got Broken: 6 rows of 5 columns where 7\.0 of 5 are"):
        datasets.load("openml:1")


def test_a_server_that_never_ends_is_left(server, cache):
    server.faults["/data/7.arff"] = ["trickle"] * 9
    with openml.session(seconds=6):
        with pytest.raises(InputError, match=r"must give t/1 within 6 s, got no answer"):
            datasets.load("openml:1")
        server.faults.clear()
        assert datasets.describe("openml:1").n == 5  # by a new process
    assert {p.name for p in cache.folder.iterdir()} == {".lock", "t1.json", "t1.parquet"}


def test_an_outage_is_named(server, monkeypatch):
    with serving() as other:
        gone = other.url
    monkeypatch.setenv("ARCH_ADVISOR_OPENML_SERVER", gone)
    with (
        openml.session(),
        pytest.raises(InputError, match=r"task 1 must be .* got ConnectionError: .* try again"),
    ):
        datasets.load("openml:1")


# ---- the cache ----


def test_the_cache_serves_without_server_and_client(server, cache):
    first = datasets.load("openml:1")
    asked = server.seen.copy()
    code = """
import sys
sys.modules["openml"] = sys.modules["filelock"] = None  # as if not installed
import datasets
print(datasets.describe("openml:1").data_hash, datasets.load("openml:1").data_hash)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == [first.data_hash] * 2
    assert server.seen == asked
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert {p.name for p in cache.folder.iterdir()} == {".lock", "t1.json", "t1.parquet"}


def test_an_entry_that_is_broken_is_fetched_again(server, cache):
    whole = datasets.load("openml:1")
    path = cache.path("t1")
    content = path.read_bytes()
    for broken in (content[: len(content) // 2], content[:40] + b"????" + content[44:], None):
        path.unlink() if broken is None else path.write_bytes(broken)
        before = server.seen["/data/7.arff"]
        assert datasets.load("openml:1").data_hash == whole.data_hash
        assert server.seen["/data/7.arff"] == before + 1
    for text in ("", "[]", '{"version": 1', '{"version": 0}'):
        (cache.folder / "t1.json").write_text(text)
        assert cache.keys() == []
        assert datasets.describe("openml:1") == whole.info
    path.write_bytes(content[:40] + b"????" + content[44:])
    with pytest.raises(CorruptDataError, match=r"t1\.parquet must be the one that was stored, got sha256"):
        cache.frame("t1", cache.facts("t1"))


def test_what_a_killed_process_left_is_removed(server, cache):
    cache.folder.mkdir(parents=True)
    (cache.folder / "tmp-folder").mkdir()
    (cache.folder / "tmp-file").write_text("half")
    datasets.describe("openml:1")
    assert not list(cache.folder.glob("tmp-*"))


class Planted:
    """A pickle that leaves a mark where it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_pickles_of_the_client_are_never_read(server, tmp_path, monkeypatch):
    folder, mark = tmp_path / "theirs" / server.address.removeprefix("http://"), tmp_path / "mark"
    host, _, port = server.address.removeprefix("http://").partition(":")
    for place in (folder, tmp_path / "theirs" / Path(*f"{host}:{port}".split(".")[::-1])):
        data = place / "datasets" / "7"
        data.mkdir(parents=True)
        for name in ("dataset.pkl.py3", "features.xml.pkl"):
            (data / name).write_bytes(pickle.dumps(Planted(mark)))
        (data / "dataset.arff").write_text("")
    monkeypatch.setenv("OPENML_CACHE_DIR", str(tmp_path / "theirs"))
    with openml.session():  # a process that starts with it
        assert datasets.describe("openml:1").n == 5
    assert not mark.exists()


def test_two_processes_fetch_once(server):
    command = [sys.executable, "-m", "datasets", "fetch", "openml:1"]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ)) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert server.seen["/data/7.arff"] == 1


# ---- a changed upload ----


def test_a_changed_upload_does_not_mix_with_old_results(server):
    study = Study.parse('name = "s"\ntasks = ["openml:2"]\ncandidates = ["dummy"]')
    rows = [f"{'red' if i % 2 else 'blue'},{i},?,{i * i},{i}" for i in range(60)]
    server.upload(7, COLUMNS, rows, "price")
    old = plan(study)
    assert [run_cell(cell).status for cell in old] == ["ok"]
    server.upload(7, COLUMNS, [*rows[:-1], rows[-1].replace(",59,", ",58,")], "price")
    assert plan(study) == old  # what is cached stays
    found = datasets.survey(["openml:2"], refresh=True)
    new = plan(study, found.infos)
    assert {cell.key for cell in new}.isdisjoint(cell.key for cell in old)
    from benchmarks import run

    run._task.cache_clear()
    outcome = run_cell(old[0])
    assert outcome.status == "error"
    assert "must be those that the study was planned with" in outcome.reason
    assert [run_cell(cell).status for cell in new] == ["ok"]


# ---- pictures and series in flat columns ----


def test_the_layout_is_found_and_kept(server, cache):
    server.upload_digits()
    task = datasets.load("openml:4")
    assert (task.structure, task.layout) == (None, (8, 8, 1))
    assert list(task.X)[:9] == [*(f"x_0_{i}_0" for i in range(8)), "x_1_0_0"]
    assert datasets.describe("openml:4") == task.info
    assert cache.facts("t4")["found"] == {"structure": "image", "shape": [8, 8, 1], "order": None}


def test_a_declaration_wins_and_a_difference_is_told(server, tmp_path, monkeypatch):
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
        pd.read_parquet(Cache.of(server.url).path("t4")).iloc[:, 32:64],
    )
    with pytest.warns(UserWarning, match="the declaration is used"):
        assert datasets.describe("openml:4") == task.info
    declare(monkeypatch, tmp_path / "table", f'{head}"tabular"')
    with pytest.warns(UserWarning, match="the declaration is used"):
        assert datasets.load("openml:4").layout == (64,)
    declare(monkeypatch, tmp_path / "wrong", f'{head}"image"\nshape = [8, 9, 1]')
    with pytest.raises(StudyError, match=r"declared in mine.toml must fit its 64 columns, got \(8, 9, 1\)"):
        datasets.load("openml:4")
