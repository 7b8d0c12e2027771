"""The arguments that choose an engine: what they mean, and which contradict each other."""

import argparse
import os

import pytest

from advisor.errors import EngineError
from benchmarks.engine.options import add_options, make_engine


@pytest.fixture(autouse=True)
def five_of_eight_processors(monkeypatch):
    """This process may use five of the processors of the machine."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 5, 7}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)


def parse(*arguments):
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def test_without_options_it_is_this_machine_with_a_thread_on_each_processor():
    engine = make_engine(parse())
    assert (type(engine).__name__, engine.workers, engine.threads) == ("LocalEngine", 5, 1)


def test_threads_leave_room_for_fewer_workers():
    assert make_engine(parse("--threads", "2")).workers == 2
    assert make_engine(parse("--threads", "10")).workers == 1
    engine = make_engine(parse("--threads", "3", "--workers", "5"))
    assert (engine.workers, engine.threads) == (5, 3)


def test_ray_takes_what_it_is_given():
    engine = make_engine(parse("--engine", "ray", "--workers", "3", "--gpus-per-cell", "0.25"))
    assert (type(engine).__name__, engine.workers) == ("RayEngine", 3)
    assert engine.needs() == {"CPU": 1, "GPU": 0.25}


@pytest.mark.parametrize("option", [("--address", "auto"), ("--gpus-per-cell", "1")])
def test_what_only_a_cluster_has_is_refused_without_one(option):
    with pytest.raises(EngineError, match="belong to the engine 'ray', got --engine local"):
        make_engine(parse(*option))


def test_an_address_where_nothing_listens_is_an_error_at_once():
    with pytest.raises(EngineError, match=r"must answer at '127.0.0.1:9', got Connection.*docs/clusters.md"):
        make_engine(parse("--engine", "ray", "--address", "127.0.0.1:9"))


@pytest.mark.parametrize("share", ["1.5", "-1", "nan", "inf", "half"])
def test_gpus_are_shares_of_one_or_whole(share, capsys):
    with pytest.raises(SystemExit):
        parse("--gpus-per-cell", share)
    assert "must be a share of one GPU or whole GPUs" in capsys.readouterr().err
