"""A file of the user's own is a candidate like any other."""

import json
import re
import sqlite3
import subprocess
import sys

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from advisor.errors import StudyError
from benchmarks import __main__ as command
from benchmarks import candidates
from benchmarks.driver import declare, run_study
from benchmarks.engine.local import LocalEngine
from benchmarks.plan import Study, plan
from benchmarks.store import Store

NEIGHBOURS = """
import scipy.stats
from sklearn.neighbors import KNeighborsRegressor as regressor

title = "My neighbours"
space = {"n_neighbors": [1, 3, 9], "p": scipy.stats.uniform(1, 2)}
"""


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
    frame["kind"] = rng.choice(["x", "y"], size=120)
    frame["y"] = frame["a"] + 2 * (frame["kind"] == "x")
    frame.loc[::9, "b"] = np.nan
    frame.to_csv(tmp_path / "t.csv", index=False)
    return f"file:{tmp_path}/t.csv?target=y&kind=regression"


def write(tmp_path, text, name="mine.py"):
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


def study(table, *files, n_trials=1):
    listed = ", ".join(f'"{name}"' for name in (*files, "dummy"))
    return Study.parse(
        f'name = "s"\ntasks = ["{table}"]\ncandidates = [{listed}]\nn_trials = {n_trials}\ncell_seconds = 60'
    )


def test_it_is_searched_and_scored_in_a_worker(table, tmp_path):
    mine = study(table, write(tmp_path, NEIGHBOURS), n_trials=3)
    with Store(tmp_path / "store.sqlite", writable=True) as store:
        run_study(store, mine, engine=LocalEngine(1))
        frame = store.frame("s")
    own = frame[frame["candidate"] != "dummy"]
    assert own["candidate"].str.fullmatch(r"mine@[0-9a-f]{8}").all()
    assert own["status"].tolist() == ["ok"] * 3, own["reason"].tolist()
    assert (own["test"] > 0.5).all()
    assert own["config"].nunique() == 3


def test_the_store_knows_how_it_is_shown(table, tmp_path):
    forest = "from sklearn.ensemble import ExtraTreesRegressor as regressor\nmodel_kind = 'trees'"
    mine = study(table, write(tmp_path, NEIGHBOURS), write(tmp_path, forest, "forest.py"))
    with Store(tmp_path / "store.sqlite", writable=True) as store:
        declare(store, mine)
        labels = store.study("s")["labels"]
    neighbours, trees, _ = mine.candidates
    dummy = ("Dummy", "other")
    assert labels == {neighbours: ("My neighbours", "other"), trees: (trees, "trees"), "dummy": dummy}


@pytest.mark.parametrize("line", ["model_kind = 'tree'", "title = 3", "model_kind = ['trees']"])
def test_a_wrong_label_is_refused(line, tmp_path):
    name, _ = candidates.read(write(tmp_path, f"from sklearn.svm import SVC as classifier\n{line}"))
    with pytest.raises(StudyError, match=r"model_kind one of trees, network, other in .*, got "):
        candidates.get(name)


def test_a_table_of_trials_names_it_by_its_path(table, tmp_path):
    path = write(tmp_path, NEIGHBOURS)
    declared = study(table, path, n_trials=9).text + f'\n[trials]\n"{path}" = 2'
    assert len(plan(Study.parse(declared))) == 3


def test_every_part_of_a_pipeline_is_seeded(tmp_path):
    text = """
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer
def classifier():
    return make_pipeline(QuantileTransformer(), ExtraTreesClassifier())
"""
    name, _ = candidates.read(write(tmp_path, text))
    made = candidates.get(name).make("classification", random_state=7)
    told = {key: value for key, value in made.get_params().items() if key.endswith("random_state")}
    assert set(told.values()) == {7}
    assert len(told) == 2


def test_a_fitted_one_loads_where_its_file_is_not(tmp_path):
    text = """
from sklearn.neighbors import KNeighborsClassifier
class classifier(KNeighborsClassifier):
    def predict(self, X):
        return super().predict(X) + 1
"""
    name, _ = candidates.read(write(tmp_path, text))
    X, y = np.arange(20.0).reshape(-1, 1), np.arange(20) // 10
    model = candidates.get(name).make("classification").fit(pd.DataFrame(X, columns=["a"]), y)
    (tmp_path / "model").write_bytes(cloudpickle.dumps(model))
    code = (
        "import pickle, pandas; model = pickle.load(open('model', 'rb')); "
        "print(model.predict(pandas.DataFrame({'a': [0.0, 19.0]})))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert told.stdout.strip() == "[1 2]", told.stderr


def test_other_code_is_another_candidate_and_the_same_code_is_not(table, tmp_path):
    before = plan(study(table, write(tmp_path, NEIGHBOURS)))
    again = plan(study(table, write(tmp_path, NEIGHBOURS)))
    other = plan(study(table, write(tmp_path, NEIGHBOURS + "\n")))
    assert [c.key for c in before] == [c.key for c in again]
    assert len({c.key for c in before} & {c.key for c in other}) == 1  # the dummy


def test_columns_come_raw_if_asked(table, tmp_path):
    text = """
from sklearn.base import BaseEstimator, RegressorMixin
class regressor(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        assert str(X["kind"].dtype) != "float64" and X["b"].isna().any()
        self.mean_ = y.mean()
        return self
    def predict(self, X):
        return [self.mean_] * len(X)
raw = True
"""
    with Store(tmp_path / "store.sqlite", writable=True) as store:
        run_study(store, study(table, write(tmp_path, text)), engine=LocalEngine(1))
        assert set(store.frame("s")["status"]) == {"ok"}


def test_a_kind_that_it_does_not_do_is_skipped_with_the_reason(table, tmp_path):
    text = "from sklearn.svm import SVC as classifier"
    with Store(tmp_path / "store.sqlite", writable=True) as store:
        run_study(store, study(table, write(tmp_path, text)), engine=LocalEngine(1))
        row = store.frame("s").iloc[0]
    assert row["status"] == "skipped"
    assert "does not do regression" in row["reason"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_this_name", "must run, got ModuleNotFoundError"),
        ("x = 1", "must define classifier, regressor or both, or ARCHITECTURE, got x"),
    ],
)
def test_a_file_that_is_no_candidate(tmp_path, text, message):
    name, _ = candidates.read(write(tmp_path, text))
    with pytest.raises(StudyError, match=message):
        candidates.get(name)


def test_a_file_that_is_not_there(table):
    with pytest.raises(StudyError, match=r"must be a readable Python file, got nowhere.py: No such file"):
        study(table, "nowhere.py")


def test_a_whole_architecture_is_taken_as_it_is(tmp_path):
    text = "from advisor.architectures.linear import ARCHITECTURE"
    name, _ = candidates.read(write(tmp_path, text))
    assert candidates.get(name).title == "Linear"
    assert candidates.get(name).name == name


def test_the_command_line_adds_candidates_and_tasks(table, tmp_path, capsys):
    path = tmp_path / "s.toml"
    path.write_text(f'name = "s"\ntasks = ["{table}"]\ncandidates = ["dummy"]\n')
    mine = write(tmp_path, NEIGHBOURS)
    arguments = ["--store", str(tmp_path / "store.sqlite"), "--workers", "1", "--no-mlflow"]
    added = ["--candidate", mine, "--candidate", "linear", "--task", "embedded:concrete"]
    assert command.main(["run", str(path), *added, *arguments]) == 0
    with Store(tmp_path / "store.sqlite") as store:
        frame = store.frame("s")
        assert set(frame["status"]) == {"ok"}
        assert frame["task"].nunique() == 2
        assert {c.partition("@")[0] for c in frame["candidate"]} == {"mine", "linear", "dummy"}
    assert "mine@" in capsys.readouterr().out
    assert command.main(["retry", "s", *arguments]) == 0  # the store knows what was added


@pytest.fixture
def ran(table, tmp_path):
    """A study with a candidate of the user's own, whose file was changed after it ran."""
    path = tmp_path / "s.toml"
    mine = write(tmp_path, NEIGHBOURS)
    path.write_text(f'name = "s"\ntasks = ["{table}"]\ncandidates = ["{mine}", "dummy"]\n')
    where = ["--store", str(tmp_path / "store.sqlite")]
    assert command.main(["run", str(path), *where, "--workers", "1", "--no-mlflow"]) == 0
    write(tmp_path, NEIGHBOURS.replace("1, 3, 9", "2"))
    return where


def test_cells_run_again_with_the_code_they_had(ran, tmp_path, capsys):
    store = tmp_path / "store.sqlite"
    with sqlite3.connect(store) as db:
        db.execute(
            "UPDATE outcomes SET status = 'error', reason = 'r', validation = NULL, test = NULL "
            "WHERE key IN (SELECT key FROM cells WHERE candidate LIKE 'mine@%')"
        )
    db.close()
    before = list(pd.unique(Store(store).frame("s")["candidate"]))
    assert command.main(["retry", "s", *ran, "--workers", "1", "--no-mlflow"]) == 0
    assert "1 ok in" in capsys.readouterr().out
    assert list(pd.unique(Store(store).frame("s")["candidate"])) == before
    (tmp_path / "mine.py").unlink()
    assert command.main(["verify", "s", *ran, "--again", "2", "--json"]) == 0
    told = {found["check"]: found["told"] for found in json.loads(capsys.readouterr().out)}
    assert told["plan"] == "the declared text gives the same 2 cells today"
    assert told["again"].startswith("2 cells computed again")


def test_a_store_without_the_code_takes_no_other(ran, tmp_path, capsys):
    with sqlite3.connect(tmp_path / "store.sqlite") as db:
        db.execute("DROP TABLE files")
    db.close()
    assert command.main(["retry", "s", *ran, "--workers", "1", "--no-mlflow"]) == 2
    assert re.search(
        r"must hold the code .* got mine@\w{8} in place of mine@\w{8}: restore the file",
        capsys.readouterr().err,
    )
