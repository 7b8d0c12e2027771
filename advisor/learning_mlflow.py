"""The user's results as an MLflow experiment holds them, where the results file is elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from advisor.architectures.base import Structure
from advisor.errors import StoreError
from advisor.mlflow_patience import FIRST, unless_set
from advisor.outlook import FAMILIES, FEATURES, features_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

STRUCTURES = get_args(Structure)
PREFIX = "mlflow:"  # of the experiment's name, where a results file could stand
EMBEDDED = "sqlite:///"
DATABASE = f"{EMBEDDED}runs/mlflow.db"  # where python -m benchmarks log writes
# of the requests after the first, unless the environment says otherwise
_LATER = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}


def experiment_outcomes(name: str) -> list[dict[str, Any]]:
    """Read what the families scored with their defaults, on every task that all of them finished.

    The tracking server or database is that of ``MLFLOW_TRACKING_URI``, or else ``runs/mlflow.db``.

    Parameters
    ----------
    name : str
        The experiment, which ``python -m benchmarks log`` made: the name of a study.

    Returns
    -------
    list of dict
        As :func:`advisor.learning.outcomes` gives them, without what an advisor saw in the study.

    Raises
    ------
    StoreError
        If MLflow is missing, does not answer, or has no such experiment.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or DATABASE
    if uri.startswith(EMBEDDED) and not Path(uri.removeprefix(EMBEDDED)).is_file():  # it would be made
        raise StoreError("the MLflow database must exist", got=uri, do="set MLFLOW_TRACKING_URI to yours")
    try:
        with unless_set({"MLFLOW_DISABLE_TELEMETRY": "true", **FIRST}):
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=uri)
            experiment = client.get_experiment_by_name(name)
        with unless_set(_LATER):
            tasks = {} if experiment is None else _scores(client, experiment.experiment_id)
    except Exception as error:  # of MLflow, its database, its server, or none installed
        raise StoreError(
            "MLflow must be installed and answer",
            got=f"{type(error).__name__} at {uri}: {str(error).partition(chr(10))[0]}",
            do="set MLFLOW_TRACKING_URI, or give a results file instead",
        ) from error
    if experiment is None:
        raise StoreError(
            "the experiment must exist",
            got=f"none called {name!r} at {uri}",
            do="log the study first: python -m benchmarks log STUDY",
        )
    whole = [found for found in tasks.values() if set(found) == set(FAMILIES)]
    return [_outcome(found) for found in whole if found["gbt"][0].data.tags["structure"] in STRUCTURES]


def _scores(client: MlflowClient, experiment: str) -> dict[str, dict[str, tuple[Any, float]]]:
    """Run and score by task and candidate; of two runs of both, one may be a leftover: the newest counts."""
    tasks: dict[str, dict[str, tuple[Any, float]]] = {}
    for run in _runs(client, experiment):
        of_task = tasks.setdefault(run.data.tags["task"], {})
        candidate = run.data.tags["candidate"]
        if candidate not in of_task and (score := _default_score(client, run)) is not None:
            of_task[candidate] = (run, score)
    return tasks


def _runs(client: MlflowClient, experiment: str) -> list[Any]:
    """Runs of tasks that can be learned from, the newest first, as MLflow lists them."""
    runs: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment], "tags.role = 'task'", max_results=1_000, page_token=token)
        runs += [run for run in page if _whole(run.data.tags)]
        if not (token := page.token):
            return runs


def _whole(tags: Mapping[str, str]) -> bool:
    return tags.get("candidate") in FAMILIES and tags.get("status") == "ok" and "n_train" in tags


def _default_score(client: MlflowClient, run: Any) -> float | None:
    """Test score of the default configuration: where there was a search, its curve begins with it."""
    if "curve/test_score" in run.data.metrics:
        curve = client.get_metric_history(run.info.run_id, "curve/test_score")
        return float(min(curve, key=lambda point: point.step).value)
    found = run.data.metrics.get("task/test") if run.data.params.get("trial") == "0" else None
    return None if found is None else float(found)


def _outcome(found: Mapping[str, tuple[Any, float]]) -> dict[str, Any]:
    tags = found["gbt"][0].data.tags
    n, layout = int(tags["n_train"]), json.loads(tags["layout"])
    features = features_of(layout, n, tags["kind"], None)
    return {
        "set": tags["task"],
        "origin": tags["origin"],
        "structure": tags["structure"],
        "n": n,
        "metric": tags["metric"],
        "features": {key: round(features[key], 4) for key in FEATURES},
        "scores": {family: round(found[family][1], 5) for family in FAMILIES},
    }
