"""``python -m benchmarks.speed.scale``: how long large studies take to plan, to start and to find finished.

Three commands run in processes of their own, on the wall's clock, with their peak memory: ``plan`` of about a
million cells, ``run`` of the same up to the moment when the first cell would start, and ``run`` of a study
whose cells all have an outcome.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.cell import Cell, Outcome
from benchmarks.driver import run_study
from benchmarks.engine import Limits
from benchmarks.environment import environment
from benchmarks.plan import Study
from benchmarks.store import Store
from benchmarks.summary import show

CANDIDATES = ("gbt", "mlp", "cnn", "lstm", "linear", "random_forest", "nearest_neighbours", "resnet", "dummy")
TASKS, TRIALS, FOLDS = 34, 10, 10
LIMITS = {"plan": (60.0, 2_000.0), "start": (60.0, 2_000.0), "finished": (5.0, None)}  # seconds, MB


class Instead:
    """An engine that computes nothing: every cell has an outcome at once, or the first one ends the run."""

    workers = 1

    def __init__(self, *, end: bool) -> None:
        self.end = end

    def run(self, function: Any, cells: Iterable[Cell], *, limits: Limits) -> Generator[Outcome]:
        """Give outcomes that look like measured ones."""
        told = environment()
        for place, cell in enumerate(cells):
            if self.end:
                raise KeyboardInterrupt
            score = (place % 997) / 1_000
            yield Outcome(
                cell.key, "ok", "", score, score, 1.0, 0.1, 100.0, extra={"epochs": 3}, environment=told
            )


def study(cells: int) -> str:
    """A study of about so many cells on every embedded task."""
    per_seed = TASKS * FOLDS * (TRIALS * (len(CANDIDATES) - 1) + 1)
    folds = FOLDS if cells >= per_seed else max(1, cells * FOLDS // per_seed)
    seeds = max(1, round(cells / (per_seed * folds / FOLDS)))
    listed = ", ".join(f'"{name}"' for name in CANDIDATES)
    return (
        f'name = "large"\ntasks = ["embedded:*"]\ncandidates = [{listed}]\nn_trials = {TRIALS}\n'
        f"[protocol]\nfolds = {folds}\nseeds = {list(range(seeds))}\n"
    )


def measure(arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds by the wall and peak memory in MB of a process."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - start, usage.ru_maxrss / 1_000


def start(path: str, store: str) -> None:
    """Run a study up to its first cell."""
    with Store(store, writable=True) as opened:
        try:
            run_study(opened, Study.read(path), engine=Instead(end=True))
        except KeyboardInterrupt:
            return
    raise RuntimeError("there was no cell to run")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code is 1 if a limit is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.scale", description=__doc__)
    parser.add_argument("--cells", type=int, default=1_000_000, help="to plan (default: %(default)s)")
    parser.add_argument("--finished", type=int, default=10_000, help="with outcomes (default: %(default)s)")
    parser.add_argument("--start", nargs=2, metavar=("STUDY", "STORE"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.start:
        start(*asked.start)
        return 0
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        large, small = folder / "large.toml", folder / "small.toml"
        large.write_text(study(asked.cells))
        small.write_text(study(asked.finished))
        full, fresh = folder / "full.sqlite", folder / "fresh.sqlite"
        with Store(full, writable=True) as store:
            n_finished = run_study(store, Study.read(small), engine=Instead(end=False)).planned
        found = {
            "plan": measure(["benchmarks", "plan", str(large), "--store", str(folder / "none.sqlite")]),
            "start": measure(["benchmarks.speed.scale", "--start", str(large), str(fresh)]),
            "finished": measure(["benchmarks", "run", str(small), "--store", str(full), "--no-mlflow"]),
        }
        with Store(fresh) as store:
            n_large = len(store.cells("large"))
    what = {
        "plan": f"plan {n_large:,} cells",
        "start": f"run {n_large:,} cells, up to the first",
        "finished": f"run {n_finished:,} cells that are done",
    }
    rows, kept = [], True
    for key, (seconds, memory) in found.items():
        most, most_memory = LIMITS[key]
        met = seconds <= most and (most_memory is None or memory <= most_memory)
        kept &= met
        limit = f"{most:.0f} s" + (f", {most_memory:,.0f} MB" if most_memory else "")
        rows.append([what[key], f"{seconds:.1f}", f"{memory:,.0f}", limit, "met" if met else "missed"])
    show(Console(width=120), "Large studies", ["what", "s", "peak MB", "at most", ""], rows)
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
