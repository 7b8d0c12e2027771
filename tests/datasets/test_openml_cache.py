"""OpenML when things go wrong, and the cache that makes it work offline."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor.errors import CorruptDataError, InputError
from benchmarks import run
from benchmarks.plan import Study, plan
from datasets.sources import openml
from tests.datasets.openml_server import API, COLUMNS, ROWS, serving

# ---- faults ----

EVERY = [
    f"{API}/task/1",
    f"{API}/data/7",
    f"{API}/data/features/7",
    f"{API}/data/qualities/7",
    "/data/7.arff",
]


@pytest.mark.parametrize("fault", [502, 429, "page", "cut", "short", "silent"])
def test_a_fault_that_passes_is_outlived(server, cache, fault):
    clean = datasets.load("openml:1").data_hash
    (cache.folder / "t1.json").unlink()
    server.seen.clear()
    for path in EVERY:
        server.faults[path] = [fault]
    assert datasets.load("openml:1").data_hash == clean
    assert {path: server.seen[path] for path in EVERY} == dict.fromkeys(EVERY, 2)


def test_what_is_not_there_is_not_asked_for_again(server):
    server.faults["/data/7.arff"] = [404] * 9
    with pytest.raises(InputError, match=r"task 1 must be .* got HTTPError: status 404 Not Found for"):
        datasets.load("openml:1")
    assert server.seen["/data/7.arff"] == 1


def test_a_file_that_is_not_the_described_one_is_refused(server, cache):
    server.faults["/data/7.arff"] = ["damaged"]
    assert datasets.describe("openml:1").n == 5
    server.documents["/data/7.arff"] = server.documents["/data/7.arff"].replace("5.5", "5.6")
    with pytest.raises(InputError, match=r"task 2 must be readable .* got OpenMLHashException: Checksum"):
        datasets.load("openml:2")
    assert cache.keys() == ["t1"]


@pytest.mark.parametrize("fault", [502, "cut", "short", "damaged", "silent"])
def test_parquet_is_checked_against_the_tag_of_the_store(server, cache, fault):
    frame = pd.DataFrame({"a": np.arange(200.0), "b": pd.Categorical(["a", "b"] * 100)})
    where = server.upload_parquet(9, frame, "b")
    server.faults[where] = [fault]
    task = datasets.load("openml:d/9")
    assert task.X["a"].tolist() == frame["a"].tolist()
    assert task.y.tolist() == ["a", "b"] * 100
    assert server.faults[where] == []
    assert cache.facts("d9")["checked"] == "shape"  # OpenML gives no checksum of it


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


def test_a_client_that_is_killed_is_no_matter_of_time(server):
    server.faults["/data/7.arff"] = ["trickle"]
    with openml.session(seconds=60):

        def kill():
            while not server.seen["/data/7.arff"]:
                time.sleep(0.01)
            openml._session.client._process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(InputError, match=r"must live until it has t/1 of http.* got an end .*code -9\)"):
            datasets.load("openml:1")
        killer.join()
        assert datasets.describe("openml:1").n == 5  # by a new process


def test_an_outage_is_named(server, monkeypatch):
    with serving() as other:
        gone = other.url
    monkeypatch.setenv("ARCH_ADVISOR_OPENML_SERVER", gone)
    with (
        openml.session(),
        pytest.raises(InputError, match=r"task 1 must be .* got ConnectionError: .* try again"),
    ):
        datasets.load("openml:1")


def test_after_an_outage_further_tasks_do_not_wait(server):
    server.faults[f"{API}/task/1"], server.faults[f"{API}/task/2"] = [502] * 9, [502]
    with openml.session():
        found = datasets.survey(["openml:1", "openml:2"])
        assert list(found.failed) == ["openml:1", "openml:2"]
        assert (server.seen[f"{API}/task/1"], server.seen[f"{API}/task/2"]) == (3, 1)
    assert datasets.describe("openml:d/7").n == 5  # it is back
    server.faults[f"{API}/task/2"] = [502]
    assert [info.id for info in datasets.survey(["openml:2"]).infos] == ["openml:2"]


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
    folder, mark = tmp_path / "theirs", tmp_path / "mark"
    place = folder.joinpath(*server.address.removeprefix("http://").split(".")[::-1], "datasets", "7")
    place.mkdir(parents=True)
    (place / "features.xml").write_text(server.documents[f"{API}/data/features/7"])
    (place / "features.xml.pkl").write_bytes(pickle.dumps(Planted(mark)))
    monkeypatch.setenv("OPENML_CACHE_DIR", str(folder))
    plain = f"import openml\nopenml.config.server = {server.url!r}\nopenml.tasks.get_task(1)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", plain], stderr=subprocess.DEVNULL, timeout=120)
    assert mark.exists()  # the client itself reads it
    mark.unlink()
    with openml.session(seconds=60):  # a new process, which starts with that folder
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
    assert [run.run_cell(cell).status for cell in old] == ["ok"]
    server.upload(7, COLUMNS, [*rows[:-1], rows[-1].replace(",59,", ",58,")], "price")
    assert plan(study) == old  # what is cached stays
    found = datasets.survey(["openml:2"], refresh=True)
    new = plan(study, found.infos)
    assert {cell.key for cell in new}.isdisjoint(cell.key for cell in old)
    run._task.cache_clear()
    outcome = run.run_cell(old[0])
    assert outcome.status == "error"
    assert "must be those that the study was planned with" in outcome.reason
    assert [run.run_cell(cell).status for cell in new] == ["ok"]
