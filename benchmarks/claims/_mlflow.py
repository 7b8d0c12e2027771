"""Claims in MLflow: an experiment for each size, a run for each claim, its verdict first."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.connection import checkpoint, connect, patient, unusable
from benchmarks.tracking import LINK, experiment_of, search

if TYPE_CHECKING:
    from mlflow import MlflowClient

_DIGEST = "digest"


def log(findings: Sequence[Mapping[str, Any]], size: str, *, uri: str, artifacts: Path) -> str:
    """Bring the experiment of the claims up to date.

    A finding that is shown already and has not changed is left alone, and one that has replaces its old run.

    Parameters
    ----------
    findings : sequence of mapping
        As :func:`benchmarks.claims.running.record` gives them.
    size : str
        Of the experiments.
    uri : str
        MLflow tracking URI.
    artifacts : Path
        Where an embedded database keeps files.

    Returns
    -------
    str
        The experiment's view, to be put behind the address of the server.

    Raises
    ------
    StoreError
        If MLflow or its database cannot be used; the findings are kept.
    """
    client = connect(uri)
    try:
        with patient():
            experiment, _ = experiment_of(client, f"claims-{size}", artifacts=artifacts)
            old = {run.info.run_name: run for run in search(client, experiment, "")}
            for told in sorted(
                findings, key=lambda f: -f["claim"]["number"]
            ):  # MLflow lists the newest first
                text = json.dumps(told, indent=1, sort_keys=True)
                digest = hashlib.sha256(text.encode()).hexdigest()[:16]
                name = f"{told['claim']['number']:02} {told['claim']['name']}"
                before = old.get(name)
                if before is not None and before.data.tags.get(_DIGEST) == digest:
                    continue
                if before is not None:
                    client.delete_run(before.info.run_id)
                _write(client, experiment, name, told, text, digest)
        checkpoint(uri)
    except Exception as error:
        raise unusable(uri, error) from error
    return LINK.format(id=experiment)


def _write(
    client: MlflowClient, experiment: str, name: str, told: Mapping[str, Any], text: str, digest: str
) -> None:
    claim, finding = told["claim"], told["finding"]
    note = (
        f"**{finding['verdict']}**\n\n{claim['sentence']}\n\n{finding['words']}\n\nSource: {claim['source']}."
    )
    end = round(1_000 * datetime.fromisoformat(told["finished"]).timestamp())
    run = client.create_run(
        experiment,
        start_time=end - round(1_000 * told["seconds"]),
        run_name=name,
        tags={"verdict": finding["verdict"], "claim": claim["name"], "mlflow.note.content": note},
    )
    run_id = run.info.run_id
    for key in ("size", "cpu", "commit"):
        client.log_param(run_id, key, str(told[key])[:500])
    for place, effect in enumerate(finding["effects"]):
        stem = "effect" if place == 0 else f"effect_{place + 1}"
        client.log_param(run_id, stem, f"{effect['what']} ({effect['unit']})"[:500])
        for side in ("mean", "low", "high"):
            if effect[side] is not None and math.isfinite(effect[side]):
                client.log_metric(run_id, f"{stem}/{side}", float(effect[side]))
        client.log_metric(run_id, f"{stem}/n", effect["n"])
    client.log_text(run_id, text, f"{claim['name']}.json")
    client.set_tag(run_id, _DIGEST, digest)  # last: a run without one was left half done, and is replaced
    client.set_terminated(run_id, "FINISHED", end)
