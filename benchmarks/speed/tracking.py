"""``python -m benchmarks.speed.tracking``: how long it takes to show a large study in MLflow.

A made-up store of 60 tasks, 10 candidates and 400 trials each, and the advisor, is logged to an empty
database, then again with nothing new, on the wall's clock and the processor's.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks import tracking
from benchmarks.advised import ADVISOR
from benchmarks.cell import Cell, Outcome, canonical_json
from benchmarks.scores import TEXTBOOK
from benchmarks.store import Store
from benchmarks.summary import show

CANDIDATES = (
    *("gbt", "cnn", "lstm", "mlp", "resnet", "ft_transformer", "random_forest", "linear"),
    *("nearest_neighbours", "dummy"),
)
STRUCTURES = ("image", "sequence", "tabular")
LIMIT = 300.0  # seconds, for the whole
_ENVIRONMENT = {
    "cpu": "made up",
    "gpu": "",
    "device": "cpu",
    "threads": 1,
    "commit": "0" * 40,
    "dirty": False,
}


def fill(
    path: Path,
    names: Sequence[str],
    *,
    n_trials: int,
    candidates: Sequence[str] = CANDIDATES,
    title: str = "Made up",
) -> None:
    """Make a store with a finished study ``made-up``: scores are random, failures are not.

    Parameters
    ----------
    path : Path
        Of the store, which must not exist.
    names : sequence of str
        Names of the tasks; their structures are an image, a sequence, a table in turn.
    n_trials : int
        Configurations of each candidate but the dummy, all on one fold.
    candidates : sequence of str
        With ``"dummy"``, and with the three families, so that the advisor has something to advise.
    title : str
        Of the study.

    Notes
    -----
    The candidate of the first structure that matches it is better there, ``lstm`` runs out of time on every
    fifth task, and the advisor takes every fourth task for a table.
    """
    rng = np.random.default_rng(0)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    tasks, cells, outcomes = [], [], []
    for place, name in enumerate(names):
        structure = STRUCTURES[place % len(STRUCTURES)]
        task = {
            "id": f"embedded:{name}",
            "data_hash": f"{place:016x}",
            "origin": name,
            "structure": structure,
        }
        tasks.append(
            {**task, "kind": "classification", "metric": "accuracy", "layout": [8], "n": 1_000, "d": 8}
        )
        for candidate in (*candidates, ADVISOR):
            n = 1 if candidate in ("dummy", ADVISOR) else n_trials
            level = 0.1 if candidate == "dummy" else 0.5 + 0.2 * (candidate == TEXTBOOK[structure])
            scores = level + 0.2 * rng.random(n) * (candidate != "dummy")
            for trial, score in enumerate(scores):
                config = canonical_json({"x": trial}) if trial else "{}"
                cell = Cell(task["id"], task["data_hash"], candidate, config, 0, 0, "{}", trial)
                cells.append(cell)
                finished = (start + timedelta(seconds=len(cells))).isoformat(timespec="milliseconds")
                if candidate == "lstm" and place % 5 == 4:
                    outcome = Outcome(cell.key, "timeout", "stopped after 5 s", finished=finished)
                elif candidate == ADVISOR:
                    seen = "tabular" if place % 4 == 3 else structure
                    told = {
                        "recommendation": TEXTBOOK[seen],
                        "structure": seen,
                        "layout": [8],
                        "form": "made up",
                    }
                    outcome = Outcome(
                        cell.key,
                        "ok",
                        "",
                        None,
                        None,
                        0.5,
                        None,
                        10.0,
                        {**told, "confidence": 0.9},
                        _ENVIRONMENT,
                        finished,
                    )
                else:
                    seconds, noise = float(rng.exponential(2.0)), float(rng.normal(scale=0.02))
                    outcome = Outcome(
                        cell.key,
                        "ok",
                        "",
                        score + noise,
                        score,
                        seconds,
                        0.1,
                        100.0,
                        {},
                        _ENVIRONMENT,
                        finished,
                    )
                outcomes.append(outcome)
    with Store(path, writable=True) as store:
        declared = f'name = "made-up"\nn_trials = {n_trials}\n'
        store.declare("made-up", title=title, declared=declared, tasks=tasks, cells=cells)
    with closing(sqlite3.connect(path)) as db, db:  # the store itself keeps every outcome on disk one by one
        db.executemany(
            f"INSERT INTO outcomes VALUES ({', '.join('?' * 11)})",
            (
                [canonical_json(v) if isinstance(v, dict) else v for v in vars(outcome).values()]
                for outcome in outcomes
            ),
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code is 1 if the limit is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.tracking", description=__doc__)
    parser.add_argument("--tasks", type=int, default=60, help="(default: %(default)s)")
    parser.add_argument("--trials", type=int, default=400, help="(default: %(default)s)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tracking-") as name:
        folder = Path(name)
        fill(folder / "store.sqlite", [f"task{i:02}" for i in range(asked.tasks)], n_trials=asked.trials)
        times = {}
        with Store(folder / "store.sqlite") as store:
            n_cells = len(store.cells("made-up"))
            for what in ("all of it, with a new database", "again, nothing new"):
                before, busy = time.perf_counter(), time.process_time()
                tracking.log(store, "made-up", uri=f"sqlite:///{folder / 'mlflow.db'}")
                times[what] = time.perf_counter() - before, time.process_time() - busy
        size = (folder / "mlflow.db").stat().st_size / 1e6
    runs = (asked.tasks + 1) * (len(CANDIDATES) + 1)
    title = f"Logging {n_cells:,} cells: {runs} runs, database of {size:.0f} MB"
    met = max(wall for wall, _ in times.values()) <= LIMIT
    rows = [[what, *(f"{s:.1f}" for s in seconds)] for what, seconds in times.items()]
    show(Console(width=120), title, ["what", "s", "of processor"], rows)
    Console(width=120).print(f"at most {LIMIT:.0f} s each: {'met' if met else 'missed'}", highlight=False)
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
