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


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCH_ADVISOR_CACHE", str(tmp_path))
    return tmp_path / "configurations"


@pytest.mark.parametrize(
    ("name", "protocol", "n"), [("gbt", PAPER, 4), ("gbt", Protocol(), 4), ("dummy", PAPER, 9)]
)
def test_kept_and_drawn_are_the_same(cache, name, protocol, n):
    drawn = spaces.configurations(name, protocol, n)
    assert configurations(name, protocol, n) == drawn
    assert len(list(cache.iterdir())) == 1
    assert configurations(name, protocol, n) == drawn


def test_the_second_time_no_architecture_is_loaded(cache):
    configurations("mlp", Protocol(), 3)
    code = (
        "import sys; from benchmarks.configurations import configurations as c; from benchmarks.protocol "
        "import Protocol as P; print(len(c('mlp', P(), 3)), 'torch' in sys.modules, 'sklearn' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert told.stdout.split() == ["3", "False", "False"]


def test_other_code_is_drawn_anew(cache, monkeypatch):
    drawn = configurations("gbt", Protocol(), 3)
    (path,) = cache.iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), "configurations": ["{}"]}))
    assert configurations("gbt", Protocol(), 3) == ["{}"]
    monkeypatch.setattr(module, "_code", lambda: "other")
    assert configurations("gbt", Protocol(), 3) == drawn


@pytest.mark.parametrize("text", ["", "{", "[]", '{"asked": 1}', "null"])
def test_a_broken_file_is_replaced(cache, text):
    drawn = configurations("gbt", Protocol(), 3)
    (path,) = cache.iterdir()
    path.write_text(text)
    assert configurations("gbt", Protocol(), 3) == drawn
    assert json.loads(path.read_text())["configurations"] == drawn


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ARCH_ADVISOR_CACHE", str(tmp_path / "file"))
    assert configurations("gbt", Protocol(), 2) == spaces.configurations("gbt", Protocol(), 2)
