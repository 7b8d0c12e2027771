"""The user's own results count: ``advisor learn STORE`` adds a benchmark's outcomes to the calibration.

They are read from a results file or, as ``advisor learn mlflow:EXPERIMENT``, from MLflow; kept in a file of
the user's, apart from what is shipped; and can be forgotten.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from advisor.calibration import Calibration, learned_path
from advisor.errors import StoreError
from advisor.learning_mlflow import PREFIX, experiment_outcomes
from advisor.outlook import FAMILIES, FEATURES, NETWORKS, features_of

_NAMES = ", ".join(f"'{family}'" for family in FAMILIES)
_QUERY = f"""
SELECT c.task, c.data_hash, c.candidate, c.fold, c.seed, c.protocol, o.test, o.extra,
       t.origin, t.structure, t.kind, t.metric, t.layout, t.n, t.d
FROM outcomes o JOIN cells c USING (key) JOIN tasks t ON t.id = c.task AND t.data_hash = c.data_hash
WHERE o.status = 'ok'
  AND (c.candidate = 'advisor' OR c.candidate IN ({_NAMES}) AND c.config = '{{}}')
"""


def outcomes(store: Path) -> list[dict[str, Any]]:
    """Read what the families scored with their defaults, on every task that all of them finished.

    Parameters
    ----------
    store : Path
        A results file of the benchmark harness (``runs/store.sqlite``); it is only read.

    Returns
    -------
    list of dict
        Outcomes as :class:`~advisor.calibration.Calibration` keeps them, means over the splits and seeds that
        all three finished; one for each task and protocol.

    Raises
    ------
    StoreError
        If the file is missing or is no such store.
    """
    if not store.is_file():
        raise StoreError(
            "the store must be a results file",
            got=f"no file {str(store)!r}",
            do="run a study first: python -m benchmarks run benchmarks/studies/starter.toml",
        )
    try:
        with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            cells = [dict(row) for row in connection.execute(_QUERY)]
    except sqlite3.Error as error:
        raise StoreError(
            "the store must be a results file of the benchmark harness",
            got=str(error),
            do="give another file",
        ) from error
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for cell in cells:
        found.setdefault((cell["task"], cell["data_hash"], cell["protocol"]), []).append(cell)
    return [row for some in found.values() if (row := _outcome(some)) is not None]


def _outcome(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    scores: dict[tuple[int, int], dict[str, float]] = {}
    extras: dict[str, dict[str, Any]] = {}
    for cell in cells:
        extras[cell["candidate"]] = json.loads(cell["extra"])
        if cell["candidate"] in FAMILIES:
            scores.setdefault((cell["fold"], cell["seed"]), {})[cell["candidate"]] = cell["test"]
    whole = [split for split in scores.values() if set(split) == set(FAMILIES)]
    facts, advised = cells[0], extras.get("advisor", {})
    structure = advised.get("structure", facts["structure"])
    if not whole or structure is None or "destroyed:" in facts["task"]:
        return None
    n = int(extras["gbt"].get("n_train") or facts["n"])
    layout = json.loads(facts["layout"]) if facts["layout"] else [facts["d"]]
    features = advised.get("features") or features_of(layout, n, facts["kind"], None)
    text = {"form": "text"} if advised.get("form") == "text" else {}
    return text | {
        "set": facts["task"],
        "origin": facts["origin"],
        "structure": structure,
        "n": n,
        "metric": facts["metric"],
        "features": {name: round(float(features.get(name) or 0.0), 4) for name in FEATURES},
        "scores": {
            family: round(float(np.mean([split[family] for split in whole])), 5) for family in FAMILIES
        },
    }


def learn(store: str | Path) -> tuple[int, int]:
    """Add the outcomes of a store to the user's own.

    What was learned before of the same set and number of rows is replaced.

    Parameters
    ----------
    store : str or Path
        As :func:`outcomes` takes it; ``"mlflow:EXPERIMENT"`` for
        :func:`~advisor.learning_mlflow.experiment_outcomes`.

    Returns
    -------
    (int, int)
        Outcomes read, and outcomes that are now kept.

    Raises
    ------
    StoreError
        If the store cannot be read, or has nothing to learn from.
    """
    name = str(store)
    if name.startswith(PREFIX):
        new = experiment_outcomes(name.removeprefix(PREFIX))
    else:
        new = outcomes(Path(store))
    if not new:
        raise StoreError(
            f"the store must have tasks on which {', '.join(FAMILIES)} all finished with their defaults",
            got=f"none in {store}",
            do="run a study with these three candidates",
        )
    kept = {(o["set"], o["n"]): o for o in (*Calibration.learned(), *new)}
    path = learned_path()
    part = path.with_suffix(".tmp")
    with _writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(list(kept.values()), indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)  # as a whole or not at all
    return len(new), len(kept)


def forget() -> None:
    """Drop the user's own outcomes.

    Raises
    ------
    StoreError
        If their file cannot be removed.
    """
    path = learned_path()
    with _writable(path):
        path.unlink(missing_ok=True)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            "the file of learned outcomes must be one that can be written",
            got=f"{path}: {error.strerror or error}",
            do="let ARCH_ADVISOR_LEARNED name another",
        ) from error


def effect() -> list[str]:
    """What the user's outcomes change: expected lead of each network over boosted trees, before and after.

    Returns
    -------
    list of str
        A sentence for each group, at 500 training rows and 64 positions.
    """
    lines = []
    for group in ("image", "sequence", "text", "tabular"):
        told = []
        before, after = Calibration.shipped().outlook(group), Calibration.load().outlook(group)
        for place, network in enumerate(NETWORKS):
            was, now = (
                "unknown" if o is None else f"{o.differences({})[place]:+.3f}" for o in (before, after)
            )
            told.append(f"{network} {was} -> {now}")
        origins = len({o["origin"] for o in Calibration.load().of(group)})
        lines.append(f"{group}: lead over gbt: {', '.join(told)} ({origins} origins)")
    return lines
