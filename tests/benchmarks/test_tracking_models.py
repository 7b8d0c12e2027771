"""Models that are logged: what MLflow loads predicts as the estimator that was fitted."""

import json

import numpy as np
import pandas as pd
import pytest

from advisor.errors import StudyError
from benchmarks import tracking
from benchmarks.cell import Cell, Outcome, canonical_json
from benchmarks.store import Store
from benchmarks.tracking import models
from datasets import describe

# MLflow 3.17 maps a relation in a way that SQLAlchemy 2.1 is about to drop (2026-11; until MLflow stops)
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")

PROTOCOL = canonical_json({"name": "holdout", "max_train": 150, "max_eval": 200, "fit_seconds": 60})


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A store with a study of one task with words and gaps, where trees are the best, and its MLflow."""
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"size": rng.normal(size=300), "n": rng.integers(0, 9, 300), "kind": rng.choice(list("abc"), 300)}
    )
    X["target"] = np.where((X["size"] > 0) ^ (X["kind"] == "a"), "high", "low")
    X.loc[::7, "size"] = np.nan
    X.to_csv(folder / "words.csv", index=False)
    info = describe(f"file:{folder}/words.csv?target=target")
    task = {
        name: getattr(info, name)
        for name in ("id", "data_hash", "origin", "structure", "kind", "metric", "layout")
    }
    cells = [
        Cell(info.id, info.data_hash, name, config, 0, 0, PROTOCOL, trial)
        for name, config, trial in (
            ("gbt", "{}", 0),
            ("gbt", '{"max_depth":2}', 1),
            ("linear", "{}", 0),
            ("dummy", "{}", 0),
        )
    ]
    with Store(folder / "store.sqlite", writable=True) as store:
        store.declare(
            "m",
            title="M",
            declared='name = "m"\ntasks = ["file:words.csv"]\ncandidates = ["gbt", "linear", "dummy"]',
            tasks=[{**task, "n": info.n, "d": info.d}],
            cells=cells,
        )
        for cell, score in zip(cells, (0.8, 0.9, 0.6, 0.5)):
            store.record(
                Outcome(cell.key, "ok", "", score, score, 1.0, 0.1, 1.0, finished="2026-01-01T00:00:00+00:00")
            )
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with Store(folder / "store.sqlite") as store:
        tracking.log(store, "m", uri=uri)
        yield store, uri, cells[1]


def test_a_loaded_model_predicts_as_the_estimator(logged, monkeypatch):
    import mlflow

    store, uri, cell = logged
    ((task, candidate, place),) = models.log_models(store, "m", uri=uri)
    assert (task, candidate) == (cell.task, "gbt")
    assert list(models.log_models(store, "m", uri=uri)) == []  # it is there
    estimator, X, score = models.fit(cell)
    assert estimator.max_depth == 2  # the configuration with the best validation score
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    loaded = mlflow.pyfunc.load_model(place)
    described = mlflow.get_logged_model(place.removeprefix("models:/"))
    np.testing.assert_array_equal(loaded.predict(X), estimator.predict(X))
    assert set(loaded.predict(X)) == {"high", "low"}
    assert loaded.metadata.get_input_schema().input_names() == list(X.columns)
    assert loaded.metadata.saved_input_example_info is not None
    assert float(described.tags["test_score_of_this_fit"]) == pytest.approx(score, abs=1e-5)
    client = tracking.connect(uri)
    (run,) = tracking.search(client, described.experiment_id, f"tags.model = '{place}'")
    assert run.info.run_id == described.source_run_id
    assert run.data.tags["candidate"] == "gbt"


def test_requirements_are_fixed(logged):
    cell = logged[2]
    told = models._requirements(models.fit(cell)[0])
    assert all("==" in line for line in told)
    assert any(line.startswith("xgboost==") for line in told)
    assert not any(line.startswith("torch==") for line in told)


def test_a_candidate_that_is_not_there(logged):
    store, uri, _ = logged
    with pytest.raises(StudyError, match="got 'lstm': choose 'best' or one of dummy, gbt, linear"):
        list(models.log_models(store, "m", uri=uri, which="lstm"))


def test_data_that_have_changed(logged):
    cell = logged[2]
    with pytest.raises(StudyError, match="must be those that the study was planned with"):
        models.fit(Cell(cell.task, "another", "gbt", "{}", 0, 0, json.dumps({"name": "holdout"})))
