"""The starter study, made small, with everything real: data, candidates, advisor, engine, store."""

import re
from pathlib import Path

import pytest

from benchmarks import scores
from benchmarks.driver import run_study
from benchmarks.engine.local import LocalEngine
from benchmarks.plan import Study
from benchmarks.store import Store

STARTER = Path(__file__).parents[2] / "benchmarks" / "studies" / "starter.toml"
TASKS = ["embedded:digits", "embedded:japanese_vowels", "embedded:concrete"]


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    text = STARTER.read_text()
    assert all(f'"{task}"' in text for task in TASKS)
    text = re.sub(r"tasks = \[.*?\]", f"tasks = {TASKS}".replace("'", '"'), text, flags=re.DOTALL)
    text = re.sub(r"max_train = \w+", "max_train = 150", text)
    text = re.sub(r"fit_seconds = \w+", "fit_seconds = 4", text)
    with Store(tmp_path_factory.mktemp("runs") / "store.sqlite", writable=True) as store:
        run_study(store, Study.parse(text), engine=LocalEngine(2))
        return store.frame("starter")


def test_every_cell_goes_well(frame):
    assert len(frame) == 3 * 7
    assert dict(zip(frame["reason"], frame["status"])) == {"": "ok"}
    assert (frame["fit_seconds"] > 0).all()
    assert all(environment["threads"] == 1 for environment in frame["environment"])


def test_what_should_learn_beats_the_dummy(frame):
    tests = frame.pivot(index="task", columns="candidate", values="test")
    for candidate in ("gbt", "mlp", "linear"):
        assert (tests[candidate] > tests["dummy"] + 0.1).all()
    assert tests.loc["embedded:digits", "cnn"] > tests.loc["embedded:digits", "dummy"] + 0.4


def test_the_advisor_has_the_score_of_what_it_advised(frame):
    tests = frame.pivot(index="task", columns="candidate", values="test")
    advised = frame[frame["candidate"] == "advisor"].set_index("task")["extra"]
    for task, told in advised.items():
        assert tests.loc[task, "advisor"] == tests.loc[task, told["recommendation"]]
    regret = scores.regret(frame)
    assert set(regret["policy"]) == {"advisor", "always gbt", "always cnn", "textbook"}
    assert (regret["regret"] >= 0).all()
