"""The store shown in MLflow: a projection that can be made again at any time and is never read back.

One experiment per study. Its top-level runs are the candidates (and the advisor), so that the chart view
shows them and their curves; under each, one child run per task. A run named ``report`` carries files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import StoreError
from benchmarks import scores
from benchmarks.store import Store
from benchmarks.tracking import searches
from benchmarks.tracking.connection import EMBEDDED, checkpoint, connect, patient, shown, unusable
from benchmarks.tracking.description import SHORT, note
from benchmarks.tracking.projection import Candidate, Run, candidates

if TYPE_CHECKING:
    from mlflow import MlflowClient

LINK = "#/experiments/{id}/runs?compareRunsMode=CHART&workflowType=machine_learning"
_DIGEST = "projection"  # tag with the hash of all that a candidate's runs show; written last
_ROLE = "role"
_NOTE = "mlflow.note.content"
_STORE, _PLACE = "store.id", "store.place"  # tags of an experiment: of which results it is
_PAGE = "report.html"
_BATCH = 900  # metrics at once: MLflow takes 1,000 metrics, params and tags together


def default_uri(store: Path) -> str:
    """Where the projection goes: ``MLFLOW_TRACKING_URI`` if set, else ``mlflow.db`` beside the store."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{EMBEDDED}{store.absolute().parent / 'mlflow.db'}"


def address(uri: str, link: str, *, store: Path) -> str:
    """Tell where to look: the server's address with the link, or how to start one.

    Examples
    --------
    >>> address("https://mlflow.example.org/", "#/experiments/1", store=Path("s.sqlite"))
    'https://mlflow.example.org/#/experiments/1'
    """
    if uri.startswith(EMBEDDED):
        how = f"python -m benchmarks dashboard --store {shlex.quote(str(store))}"
        return f"http://127.0.0.1:5000/{link} after: {how}"
    return f"{uri.rstrip('/')}/{link}"


def log(store: Store, study: str, *, uri: str, attach: Sequence[str | Path] = ()) -> str:
    """Bring the experiment of a study up to date.

    What is shown already and has not changed is left alone; the runs of a candidate with new results
    replace its old ones, and so do runs that an interrupted log left half done. So logging twice gives what
    logging once gives. The report of the study goes with it if it stands beside the store, in the folder
    where ``python -m reports build`` writes it.

    Parameters
    ----------
    store : Store
        The results.
    study : str
        Name of the study.
    uri : str
        MLflow tracking URI: ``"sqlite:///runs/mlflow.db"``.
    attach : sequence of path
        Further files for the run ``report``.

    Returns
    -------
    str
        The experiment's chart view, to be put behind the address of the server.

    Raises
    ------
    StoreError
        If MLflow or its database cannot be used, or shows a study of this name from another store; the store
        has lost nothing.
    """
    frame, settings, tasks = store.frame(study), store.study(study), store.tasks(study)
    files = _report(store.path.absolute().parent / study)
    for path in map(Path, attach):
        if not path.is_file():
            raise StoreError("an attachment must be a file", got=str(path), do="make it first")
        files.setdefault(path.name, path)
    folder = store.path.absolute().parent
    facts = {task["id"]: task for task in tasks}
    runs = candidates(frame, facts, settings["settings"], settings["labels"])
    structures = scores.groups(frame.drop_duplicates("task"))
    views = searches.every(runs, sorted(set(structures) - {scores.UNKNOWN}))
    newest = max((run.top.start for run in runs.values()), default=1)
    client = connect(uri)
    try:
        with patient():
            experiment, known = experiment_of(client, study, artifacts=folder / "artifacts")
            tags = {**_owner(store, known, study, uri), **{searches.TAG + v.key: v.state() for v in views}}
            for name, value in tags.items():
                if known.get(name) != value:
                    client.set_experiment_tag(experiment, name, value)
            write = partial(
                note, settings, frame, experiment=experiment, views=views[: len(searches.SEARCHES)]
            )
            _describe(client, experiment, known, write)
            _project(client, experiment, runs)
            _attach(
                client,
                experiment,
                files,
                start=newest - len(runs),
                finished=max(frame["finished"], default=""),
            )
        checkpoint(uri)
    except Exception as error:
        raise unusable(uri, error) from error
    return LINK.format(id=experiment)


# ---- the experiment ----


def experiment_of(client: MlflowClient, name: str, *, artifacts: Path) -> tuple[str, dict[str, str]]:
    """Give id and tags of an experiment, made if it is missing, restored as a new one if it was deleted."""
    found = client.get_experiment_by_name(name)
    if found is None:
        # a server keeps artifacts where it was told to; an embedded database has no place of its own
        embedded = client.tracking_uri.startswith(EMBEDDED)
        made = client.create_experiment(
            name,
            artifact_location=(artifacts / name).as_uri() if embedded else None,
            tags={"mlflow.experimentKind": "custom_model_development"},
        )
        return made, {}
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
        return found.experiment_id, {}
    return found.experiment_id, dict(found.tags)


def _owner(store: Store, known: Mapping[str, str], study: str, uri: str) -> dict[str, str]:
    """Tags that say of which store an experiment is; the runs of another store's study would be deleted."""
    place = f"{socket.gethostname()}:{store.path.absolute()}"
    tags = {name: value for name, value in ((_STORE, store.identity), (_PLACE, place)) if value}
    # a store that was moved has its id still, and one that was made anew its place
    if known.get(_STORE, tags.get(_STORE)) != tags.get(_STORE) and known.get(_PLACE) != place:
        raise StoreError(
            f"the experiment {study!r} at {shown(uri)} must be of this store",
            got=f"that of {known.get(_PLACE)}",
            do="give the study another name, set MLFLOW_TRACKING_URI, or delete the experiment in MLflow",
        )
    return tags


def _describe(
    client: MlflowClient, experiment: str, known: Mapping[str, str], write: Callable[..., str]
) -> None:
    """Set the description, and a shorter one where the server is of MLflow 2, which takes no longer."""
    from mlflow.exceptions import MlflowException

    text = write()
    if known.get(_NOTE) == text:
        return
    try:
        client.set_experiment_tag(experiment, _NOTE, text)
    except MlflowException:
        if len(text) <= SHORT:
            raise
        client.set_experiment_tag(experiment, _NOTE, write(most=SHORT))


# ---- runs ----


def _project(client: MlflowClient, experiment: str, wanted: Mapping[str, Candidate]) -> None:
    old: dict[str, list[Any]] = {}
    for run in search(client, experiment, f"tags.{_ROLE} = 'candidate'"):
        old.setdefault(run.data.tags["candidate"], []).append(run)
    tasks: dict[str | None, list[str]] = {}
    for run in search(client, experiment, f"tags.{_ROLE} = 'task'"):
        tasks.setdefault(run.data.tags.get("mlflow.parentRunId"), []).append(run.info.run_id)
    parents = {run.info.run_id for runs in old.values() for run in runs}
    for orphan in (run_id for parent, those in tasks.items() if parent not in parents for run_id in those):
        client.delete_run(orphan)  # somebody has deleted its candidate in MLflow
    for name, candidate in wanted.items():
        present = old.pop(name, [])
        if (
            len(present) == 1
            and present[0].data.tags.get(_DIGEST) == candidate.digest
            # a request that was sent twice, as its answer was lost, may have made a run twice
            and len(tasks.get(present[0].info.run_id, ())) == len(candidate.tasks)
        ):
            continue
        _delete(client, present, tasks)
        parent = _write(client, experiment, candidate.top, tags={_ROLE: "candidate", "candidate": name})
        for run in candidate.tasks:
            tags = {_ROLE: "task", "candidate": name, "mlflow.parentRunId": parent}
            _write(client, experiment, run, tags=tags)
        client.set_tag(parent, _DIGEST, candidate.digest)
    for runs in old.values():
        _delete(client, runs, tasks)


def search(client: MlflowClient, experiment: str, query: str) -> list[Any]:
    """All runs of an experiment that a search finds, however many pages they are."""
    runs: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment], query, max_results=1_000, page_token=token)
        runs += page
        if not (token := page.token):
            return runs


def _delete(client: MlflowClient, runs: Iterable[Any], tasks: Mapping[str | None, Iterable[str]]) -> None:
    for run in runs:
        for child in tasks.get(run.info.run_id, ()):
            client.delete_run(child)
        client.delete_run(run.info.run_id)


def _write(client: MlflowClient, experiment: str, run: Run, *, tags: Mapping[str, str]) -> str:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

    made = client.create_run(experiment, start_time=run.start, run_name=run.name, tags={**run.tags, **tags})
    run_id: str = made.info.run_id
    metrics = [Metric(name, value, run.end, step) for name, value, step in run.metrics]
    params = [Param(name, value[:6_000]) for name, value in run.params.items()]
    for first in range(0, max(len(metrics), 1), _BATCH):
        client.log_batch(run_id, metrics[first : first + _BATCH], params if first == 0 else [])
    if run.data is not None:
        facts = run.data
        source, _, rest = facts["id"].partition(":")
        data = Dataset(
            name=facts["id"][:500],
            digest=facts["data_hash"],
            source_type=source,
            source=json.dumps({"uri": facts["id"], "name": rest, "origin": facts["origin"]}),
            profile=json.dumps({"num_rows": facts["n"], "num_features": facts["d"]}),
        )
        context = InputTag("mlflow.data.context", "benchmark")
        client.log_inputs(run_id, [DatasetInput(data, [context])])
    client.set_terminated(run_id, "FAILED" if run.failed else "FINISHED", end_time=run.end)
    return run_id


# ---- the report ----


def _report(folder: Path) -> dict[str, Path]:
    """The files of a study's report by their place in it; empty if there is none."""
    if not (folder / _PAGE).is_file():
        return {}
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def _attach(
    client: MlflowClient, experiment: str, files: Mapping[str, Path], *, start: int, finished: str
) -> None:
    """Put files into the run ``report``; a file of the same name gives way to the new one."""
    if not files:
        return
    contents = hashlib.sha256()
    for place, path in files.items():
        contents.update(f"{place}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    dated = files.get(_PAGE) or max(files.values(), key=lambda path: path.stat().st_mtime)
    written = dated.stat().st_mtime  # of the page itself: what was attached later does not make it newer
    old = bool(finished) and written < datetime.fromisoformat(finished).timestamp()
    tags = {_ROLE: "report", "status": "older than the results" if old else "of these results"}
    tags[_NOTE] = "Under *Artifacts*: `report.html` is the whole report, a page that needs no network."
    found = search(client, experiment, f"tags.{_ROLE} = 'report'")
    made = (
        found[0] if found else client.create_run(experiment, start_time=start, run_name="report", tags=tags)
    )
    run_id, known = made.info.run_id, made.data.tags
    for name, value in tags.items():
        if known.get(name) != value:
            client.set_tag(run_id, name, value)
    if known.get(_DIGEST) != (digest := contents.hexdigest()[:16]):
        for place, path in files.items():
            client.log_artifact(run_id, str(path), place.rpartition("/")[0] or None)
        client.set_terminated(run_id, end_time=start)
        client.set_tag(run_id, _DIGEST, digest)
