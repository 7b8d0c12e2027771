"""Configurations are the same from the cache and drawn, and the cache never decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from benchmarks import configurations as module
from benchmarks import spaces
from benchmarks.configurations import configurations
from benchmarks.protocol import Protocol

PAPER = Protocol.of({"name": "paper"})
TASKS = ["a", "b"]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCH_ADVISOR_CACHE", str(tmp_path))
    return tmp_path / "configurations"


@pytest.mark.parametrize(
    ("name", "protocol", "n"), [("gbt", PAPER, 4), ("gbt", Protocol(), 4), ("dummy", PAPER, 9)]
)
def test_kept_and_drawn_are_the_same(cache, name, protocol, n):
    drawn = {task: spaces.configurations(name, protocol, n, task) for task in TASKS}
    assert configurations(name, protocol, n, TASKS) == drawn
    assert len(list(cache.iterdir())) == 1
    assert configurations(name, protocol, n, TASKS) == drawn


def test_each_task_has_draws_of_its_own_after_the_same_default(cache):
    one, other = configurations("gbt", Protocol(), 5, TASKS).values()
    assert one[0] == other[0] == "{}"
    assert not set(one[1:]) & set(other[1:])
    assert configurations("gbt", Protocol(), 3, TASKS) == {"a": one[:3], "b": other[:3]}


def test_a_new_task_joins_those_that_are_kept(cache):
    first = configurations("gbt", Protocol(), 3, ["a"])
    both = configurations("gbt", Protocol(), 3, TASKS)
    (path,) = cache.iterdir()
    assert json.loads(path.read_text())["configurations"] == both
    assert both["a"] == first["a"]


def test_the_second_time_no_architecture_is_loaded(cache):
    configurations("mlp", Protocol(), 3, TASKS)
    code = (
        "import sys; from benchmarks.configurations import configurations as c; from benchmarks.protocol "
        "import Protocol as P; print(len(c('mlp', P(), 3, ['a'])['a']), *(m in sys.modules for m in "
        "('torch', 'sklearn')))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert told.stdout.split() == ["3", "False", "False"]


def test_other_code_is_drawn_anew(cache, monkeypatch):
    drawn = configurations("gbt", Protocol(), 3, ["a"])
    (path,) = cache.iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), "configurations": {"a": ["{}"]}}))
    assert configurations("gbt", Protocol(), 3, ["a"]) == {"a": ["{}"]}
    monkeypatch.setattr(module, "_code", lambda: "other")
    assert configurations("gbt", Protocol(), 3, ["a"]) == drawn


@pytest.mark.parametrize("text", ["", "{", "[]", '{"asked": 1}', "null", '{"configurations": []}'])
def test_a_broken_file_is_replaced(cache, text):
    drawn = configurations("gbt", Protocol(), 3, ["a"])
    (path,) = cache.iterdir()
    path.write_text(text)
    assert configurations("gbt", Protocol(), 3, ["a"]) == drawn
    assert json.loads(path.read_text())["configurations"] == drawn


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ARCH_ADVISOR_CACHE", str(tmp_path / "file"))
    assert configurations("gbt", Protocol(), 2, ["a"])["a"] == spaces.configurations(
        "gbt", Protocol(), 2, "a"
    )
