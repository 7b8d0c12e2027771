"""The store shown in MLflow: a projection that can be made again at any time and is never read back.

One experiment per study. Its top-level runs are the candidates (and the advisor), so that the chart view
shows them and their curves; under each, one child run per task. A run named ``report`` carries files.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import StoreError
from benchmarks.projection import Candidate, Run, candidates, note
from benchmarks.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

LINK = "#/experiments/{id}/runs?compareRunsMode=CHART&workflowType=machine_learning"
_DIGEST = "projection"  # tag with the hash of all that a candidate's runs show; written last
_ROLE = "role"


def default_uri(store: Store) -> str:
    """Where the projection goes: ``MLFLOW_TRACKING_URI`` if set, else ``mlflow.db`` beside the store."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{store.path.absolute().parent / 'mlflow.db'}"


def log(store: Store, study: str, *, uri: str, attach: Sequence[str | Path] = ()) -> str:
    """Bring the experiment of a study up to date.

    What is shown already and has not changed is left alone; the runs of a candidate with new results
    replace its old ones. So logging twice gives what logging once gives.

    Parameters
    ----------
    store : Store
        The results.
    study : str
        Name of the study.
    uri : str
        MLflow tracking URI: ``"sqlite:///runs/mlflow.db"``.
    attach : sequence of path
        Files for the run ``report``, which is made when there are some.

    Returns
    -------
    str
        The experiment's chart view, to be put behind the address of the server.

    Raises
    ------
    StoreError
        If MLflow or its database cannot be used; the store has lost nothing.
    """
    files = [Path(path) for path in attach]
    for path in files:
        if not path.is_file():
            raise StoreError("an attachment must be a file", got=str(path), do="make it first")
    frame, settings, tasks = store.frame(study), store.study(study), store.tasks(study)
    runs = candidates(frame, {task["id"]: task for task in tasks}, settings["settings"])
    text = note(settings, frame)
    client = connect(uri)
    try:
        experiment = _experiment(client, study, artifacts=store.path.absolute().parent / "artifacts")
        client.set_experiment_tag(experiment, "mlflow.note.content", text)
        _project(client, experiment, runs)
        _attach(client, experiment, files)
    except Exception as error:
        raise _unusable(uri, error) from error
    return LINK.format(id=experiment)


def connect(uri: str) -> MlflowClient:
    """Open a tracking server or database, made if it is missing.

    Raises
    ------
    StoreError
        If it cannot be reached, is corrupt, or was written by another version of MLflow.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    if uri.startswith("sqlite:///"):
        _check_database(Path(uri.removeprefix("sqlite:///")), uri)
    else:
        # without these a server that is away is asked for minutes
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    try:
        from mlflow import MlflowClient

        for name in ("alembic", "mlflow"):
            logging.getLogger(name).setLevel(logging.ERROR)
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)  # makes the tables of a new database
    except Exception as error:
        raise _unusable(uri, error) from error
    return client


def _check_database(path: Path, uri: str) -> None:
    """Refuse what MLflow would retry on for minutes, or touch."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            revisions = (
                db.execute("SELECT version_num FROM alembic_version") if "alembic_version" in tables else ()
            )
            found = [revision for (revision,) in revisions]
    except (OSError, sqlite3.Error) as error:
        raise _unusable(uri, error) from error
    if not tables:
        return
    import mlflow
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    known = {revision.revision for revision in script.walk_revisions()}
    head = script.get_current_head()
    if found == [head]:
        return
    if found and set(found) <= known:
        got, do = "one of an older version", f"copy it, then run: mlflow db upgrade {uri}"
    elif found:
        got, do = "one of a newer version", "update mlflow, or move the database away and log again"
    else:
        got, do = "another program's database", "move it away and log again"
    raise StoreError(
        f"the MLflow database {path} must be of the installed version {mlflow.__version__}",
        got=f"{got} (revision {', '.join(found) or 'none'})",
        do=f"{do}; the results are safe in the store",
    )


def _unusable(uri: str, error: Exception) -> StoreError:
    if isinstance(error, StoreError):
        return error
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return StoreError(
        f"MLflow must be able to use {uri}",
        got=text[:300],
        do="repair it or move it away, then log again; the results are safe in the store",
    )


# ---- the experiment ----


def _experiment(client: MlflowClient, name: str, *, artifacts: Path) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        # a server keeps artifacts where it was told to; an embedded database has no place of its own
        embedded = client.tracking_uri.startswith("sqlite:")
        return client.create_experiment(
            name, artifact_location=(artifacts / name).as_uri() if embedded else None
        )
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return found.experiment_id


# ---- runs ----


def _project(client: MlflowClient, experiment: str, wanted: Mapping[str, Candidate]) -> None:
    old: dict[str, list[Any]] = {}
    for run in _search(client, experiment, f"tags.{_ROLE} = 'candidate'"):
        old.setdefault(run.data.tags["candidate"], []).append(run)
    for name, candidate in wanted.items():
        present = old.pop(name, [])
        if len(present) == 1 and present[0].data.tags.get(_DIGEST) == candidate.digest:
            continue
        _delete(client, experiment, present)
        parent = _write(client, experiment, candidate.top, tags={_ROLE: "candidate", "candidate": name})
        for run in candidate.tasks:
            tags = {_ROLE: "task", "candidate": name, "mlflow.parentRunId": parent}
            _write(client, experiment, run, tags=tags)
        client.set_tag(parent, _DIGEST, candidate.digest)
    for runs in old.values():
        _delete(client, experiment, runs)


def _search(client: MlflowClient, experiment: str, query: str) -> list[Any]:
    runs: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment], query, max_results=1_000, page_token=token)
        runs += page
        if not (token := page.token):
            return runs


def _delete(client: MlflowClient, experiment: str, runs: Iterable[Any]) -> None:
    for run in runs:
        for child in _search(client, experiment, f"tags.mlflow.parentRunId = '{run.info.run_id}'"):
            client.delete_run(child.info.run_id)
        client.delete_run(run.info.run_id)


def _write(client: MlflowClient, experiment: str, run: Run, *, tags: Mapping[str, str]) -> str:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

    made = client.create_run(experiment, start_time=run.start, run_name=run.name, tags={**run.tags, **tags})
    run_id: str = made.info.run_id
    metrics = [Metric(name, value, run.end, step) for name, value, step in run.metrics]
    params = [Param(name, value[:6_000]) for name, value in run.params.items()]
    for first in range(0, max(len(metrics), 1), 1_000):
        client.log_batch(run_id, metrics[first : first + 1_000], params if first == 0 else [])
    if run.data is not None:
        facts = run.data
        source, _, rest = facts["id"].partition(":")
        data = Dataset(
            name=facts["id"],
            digest=facts["data_hash"],
            source_type=source,
            source=json.dumps({"uri": facts["id"], "name": rest, "origin": facts["origin"]}),
            profile=json.dumps({"num_rows": facts["n"], "num_features": facts["d"]}),
        )
        context = InputTag("mlflow.data.context", "benchmark")
        client.log_inputs(run_id, [DatasetInput(data, [context])])
    client.set_terminated(run_id, "FAILED" if run.failed else "FINISHED", end_time=run.end)
    return run_id


def _attach(client: MlflowClient, experiment: str, files: Iterable[Path]) -> None:
    run_id = None
    for path in files:
        if run_id is None:
            found = _search(client, experiment, f"tags.{_ROLE} = 'report'")
            made = (
                found[0]
                if found
                else client.create_run(experiment, run_name="report", tags={_ROLE: "report"})
            )
            run_id = made.info.run_id
            client.set_terminated(run_id)
        client.log_artifact(run_id, str(path))
