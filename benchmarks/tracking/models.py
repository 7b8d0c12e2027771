"""Fitted models in MLflow: the store keeps scores, so the chosen configuration is fitted once more.

It is the fit that was measured: the same rows, the same seed, the first split of the study. A model is a
Python object with an encoder around a network or trees, for which there is no format but pickle (skops
refuses the encoders, whose dataclasses have slots): load models only of those whom you trust.
"""

from __future__ import annotations

import importlib.metadata
import json
import pickle
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

import advisor
from advisor.errors import AdvisorError, StoreError, StudyError
from benchmarks import scores
from benchmarks.cell import Cell
from benchmarks.driver import declared_study
from benchmarks.protocol import METRICS
from benchmarks.run import data_of, estimator_of
from benchmarks.store import Store
from benchmarks.tracking import searches
from benchmarks.tracking.connection import connect, patient, unusable
from benchmarks.tracking.experiments import search

if TYPE_CHECKING:
    from mlflow import MlflowClient

BEST = "best"
_TAG = "model"
_ALWAYS = ("cloudpickle", "narwhals", "numpy", "pandas", "scipy", "scikit-learn")
_PERHAPS = ("xgboost", "lightgbm", "catboost", "torch", "tabm", "rtdl_num_embeddings")


def log_models(store: Store, study: str, *, uri: str, which: str = BEST) -> Iterator[tuple[str, str, str]]:
    """Fit and log a model for each task, those that are there already left out.

    Parameters
    ----------
    store : Store
        The results.
    study : str
        Name of a study that was logged.
    uri : str
        MLflow tracking URI.
    which : str
        A candidate, or ``"best"``: on each task the one with the best validation score.

    Yields
    ------
    task, candidate, uri : str
        ``models:/m-...``, for ``mlflow.pyfunc.load_model`` and ``mlflow models predict``.

    Raises
    ------
    AdvisorError
        If there is no such candidate, a task has changed, a fit fails, or MLflow cannot be used.
    """
    declared_study(store, study)  # makes its own candidates known
    cells = {cell.key: cell for cell in store.cells(study)}
    chosen = list(_chosen(store.frame(study), which, study))
    client = connect(uri)
    try:
        with patient():
            found = client.get_experiment_by_name(study)
            if found is None:
                raise StoreError(
                    "the study must have been logged",
                    got=f"no experiment {study!r}",
                    do=f"python -m benchmarks log {study}",
                )
            experiment = found.experiment_id
            for row in chosen:
                task = json.dumps(row["task"], ensure_ascii=False)
                query = f"{searches.of_candidate(row['candidate'])} and tags.task = {task}"
                for run in search(client, experiment, query):
                    if _TAG not in run.data.tags:
                        place = _log(client, run, cells[row["key"]])
                        client.set_tag(run.info.run_id, _TAG, place)
                        yield row["task"], row["candidate"], place
    except AdvisorError:
        raise
    except Exception as error:
        raise unusable(uri, error) from error


def _chosen(frame: pd.DataFrame, which: str, study: str) -> Iterator[dict[str, Any]]:
    """The cell to fit again on each task: the chosen configuration on its first split."""
    ends = scores.selected(frame)
    ends = ends[(ends["imputed"] == 0) & (ends["candidate"] != scores.ADVISOR)]
    if which != BEST and which not in set(ends["candidate"]):
        raise StudyError(
            f"the candidate must be one that the study {study!r} has finished on a task",
            got=repr(which),
            do=f"choose {BEST!r} or one of {', '.join(sorted(set(ends['candidate'])))}",
        )
    ends = (
        ends[ends["candidate"] == which] if which != BEST else ends.sort_values("validation", ascending=False)
    )
    for row in ends.drop_duplicates("task").sort_values("task").to_dict("records"):
        same = (frame["task"] == row["task"]) & (frame["candidate"] == row["candidate"])
        found = frame[same & (frame["trial"] == row["trial"])].sort_values(["fold", "seed"])
        yield {str(name): value for name, value in found.iloc[0].items()}


def fit(cell: Cell) -> tuple[Any, pd.DataFrame, float]:
    """Fit a cell's estimator as it was fitted when it was measured.

    Parameters
    ----------
    cell : Cell
        What to fit.

    Returns
    -------
    estimator, X, score
        The fitted estimator, the inputs of its test rows and its test score, in the task's metric.
    """
    task, rows = data_of(cell)
    estimator = estimator_of(cell, task)
    estimator.fit(task.X.iloc[rows.train], task.y.iloc[rows.train])
    X = task.X.iloc[rows.test]
    return estimator, X, METRICS[task.metric](task.y.iloc[rows.test], estimator.predict(X))


def _log(client: MlflowClient, run: Any, cell: Cell) -> str:
    import mlflow.sklearn
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model, infer_signature

    estimator, X, score = fit(cell)
    example = X.head(5).reset_index(drop=True)
    made = client.create_logged_model(
        run.info.experiment_id,
        name=cell.candidate.partition("@")[0],
        source_run_id=run.info.run_id,
        tags={"task": cell.task, "candidate": cell.candidate, "test_score_of_this_fit": f"{score:.6g}"},
        params=json.loads(cell.config),
        model_type=type(estimator).__name__,
    )
    with tempfile.TemporaryDirectory(prefix="model-") as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that integers take no missing values, that pickle is to be trusted
        folder = Path(name) / "model"
        mlflow.sklearn.save_model(
            estimator,
            folder,
            mlflow_model=Model(run_id=run.info.run_id, model_id=made.model_id),
            code_paths=[str(Path(advisor.__file__).parent)],
            serialization_format="cloudpickle",
            signature=infer_signature(example, estimator.predict(example)),
            input_example=example,
            pip_requirements=_requirements(estimator),
        )
        client.log_model_artifacts(made.model_id, str(folder))
    client.finalize_logged_model(made.model_id, "READY")
    client.log_outputs(run.info.run_id, [LoggedModelOutput(made.model_id, step=0)])
    return f"models:/{made.model_id}"


def _requirements(estimator: Any) -> list[str]:
    """What loading it needs, as installed here; told, because MLflow takes 20 seconds to find out."""
    pickled = pickle.dumps(estimator)  # names the modules that it needs
    names = [*_ALWAYS, *(name for name in _PERHAPS if name.encode() in pickled)]
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]
