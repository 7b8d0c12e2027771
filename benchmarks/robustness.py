"""``python -m benchmarks.robustness``: disturb a study at random moments; nothing may be lost or doubled.

One small study runs undisturbed. The same study runs in another folder and is disturbed again and again:
SIGKILL to the driver, to a worker or to the whole group, a full disk, a tracking server that is away. Each
time the same command goes on from what is stored. After the last one, ``retry`` repeats what was lost with
its worker, and both results are compared cell by cell.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from rich.console import Console

from advisor.errors import StoreError
from benchmarks.store import Store
from benchmarks.summary import show

ROOT = Path(__file__).parents[1]
AWAY = "http://127.0.0.1:9"  # nothing listens on the discard port
SCORES = ["status", "reason", "validation", "test"]
ENDED = "had ended"
SPARE = 2**14  # bytes that a full disk still takes


@dataclass(frozen=True)
class Disturbed:
    """A driver that runs, and the store it writes."""

    process: subprocess.Popen[bytes]
    store: Path


def kill_driver(it: Disturbed) -> None:
    """SIGKILL to the driver alone: its workers must follow."""
    it.process.kill()


def kill_worker(it: Disturbed) -> None:
    """SIGKILL to a worker: one cell is lost, the rest goes on; then the driver is stopped in good order."""
    children = psutil.Process(it.process.pid).children(recursive=True)
    for child in children[-1:]:
        child.kill()
    time.sleep(0.5)
    it.process.send_signal(signal.SIGINT)


def kill_group(it: Disturbed) -> None:
    """SIGKILL to driver and workers at once, as a batch system does."""
    os.killpg(it.process.pid, signal.SIGKILL)


def wait_for_end(it: Disturbed) -> None:
    """Nothing is killed: what is wrong was wrong from the start."""


@dataclass(frozen=True)
class Disturbance:
    """How a run is disturbed: what is done to it, and under which conditions it starts."""

    name: str
    act: Callable[[Disturbed], None]
    environment: tuple[tuple[str, str], ...] = ()
    full_disk: bool = False
    log: bool = False


DISTURBANCES = (
    Disturbance("driver killed", kill_driver),
    Disturbance("worker killed", kill_worker),
    Disturbance("group killed", kill_group),
    Disturbance("disk full", wait_for_end, full_disk=True),
    Disturbance("tracking server away", kill_group, (("MLFLOW_TRACKING_URI", AWAY),), log=True),
)


def study_text(folder: Path, cells: int) -> str:
    """Write a table and declare a study of about so many cells on it."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 6)), columns=list("abcdef"))
    frame.assign(y=frame["a"] * frame["b"] + frame["c"]).to_csv(folder / "table.csv", index=False)
    seeds = list(range(max(1, cells // 3)))
    return f"""name = "disturbed"
tasks = ["file:{folder}/table.csv?target=y&kind=regression"]
candidates = ["linear", "random_forest", "dummy"]
[protocol]
seeds = {seeds}
"""


def start(study: Path, store: Path, how: Disturbance | None, command: str = "run") -> subprocess.Popen[bytes]:
    """Start the command as a user would, in a group of its own."""
    arguments = [command, str(study), "--store", str(store), "--workers", "2"]
    if how is None or not how.log:
        arguments.append("--no-mlflow")
    limit = (store.stat().st_size if store.exists() else 0) + SPARE

    def fill_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env={**os.environ, **dict(() if how is None else how.environment)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=fill_disk if how is not None and how.full_disk else None,
    )


def undisturbed(study: Path, store: Path, command: str = "run") -> None:
    """Run the command to its end."""
    process = start(study, store, None, command)
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the undisturbed {command} failed: {said.decode(errors='replace')[-500:]}")


def disturb(study: Path, store: Path, how: Disturbance, moment: float) -> tuple[int, bool]:
    """Run until so many seconds after the first cell, and strike; a negative moment counts from the start.

    Returns the number of cells that were added, and whether the run had ended before.
    """
    before = _finished(store)
    process = start(study, store, how)
    workers: list[psutil.Process] = []
    while moment >= 0 and process.poll() is None and _finished(store) == before:
        time.sleep(0.05)
    moment = abs(moment)
    try:
        process.wait(moment)
        early = True
    except subprocess.TimeoutExpired:
        early = False
        workers = psutil.Process(process.pid).children(recursive=True)
        how.act(Disturbed(process, store))
    if how.act is wait_for_end:
        process.wait(120)
    process.communicate(timeout=120)
    _, alive = psutil.wait_procs(workers, timeout=30)
    if alive:
        raise RuntimeError(f"{how.name}: {len(alive)} processes outlived their driver")
    return _finished(store) - before, early


def _when(moment: float) -> str:
    return f"{abs(moment):.1f} s after the {'first cell' if moment >= 0 else 'start'}"


def _finished(store: Path) -> int:
    """How many cells have an outcome."""
    try:
        with Store(store) as opened:
            return len(opened.statuses(cell.key for cell in opened.cells("disturbed")))
    except StoreError:
        return 0


def results(store: Path) -> pd.DataFrame:
    """What is compared: statuses and scores by cell."""
    with Store(store) as opened:
        if (told := opened.integrity()) != "ok":
            raise RuntimeError(f"the store is damaged: {told}")
        return opened.frame("disturbed").set_index("key")[SCORES]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was done and found; the exit code is 1 if the results differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness", description=__doc__)
    parser.add_argument("--times", type=int, default=25, help="disturbances (default: %(default)s)")
    parser.add_argument("--cells", type=int, default=1_500, help="cells of the study (default: %(default)s)")
    parser.add_argument("--latest", type=float, default=4.0, help="most seconds before it is struck")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    asked = parser.parse_args(arguments)
    console, rng = Console(), np.random.default_rng(asked.seed)
    with tempfile.TemporaryDirectory(prefix="robustness-") as name:
        folder = Path(name)
        study = folder / "study.toml"
        study.write_text(study_text(folder, asked.cells))
        quiet, disturbed = folder / "quiet.sqlite", folder / "disturbed.sqlite"
        undisturbed(study, quiet)
        rows = []
        for time_ in range(asked.times):
            how = DISTURBANCES[time_ % len(DISTURBANCES)]
            moment = float(
                rng.uniform(-asked.latest, asked.latest) if time_ % 2 else rng.uniform(0, asked.latest)
            )
            added, early = disturb(study, disturbed, how, moment)
            rows.append([time_ + 1, how.name, ENDED if early else _when(moment), added])
            console.print(*rows[-1], highlight=False)
        for command in ("run", "retry"):
            undisturbed(study, disturbed, command)
        expected, got = results(quiet), results(disturbed)
        show(console, "Disturbances", ["", "what", "when", "cells added"], rows)
        same = expected.equals(got)
        lost = len(expected.index.difference(got.index)) + int((got["status"] == "pending").sum())
        double = int(got.index.duplicated().sum())
        told = "equal" if same else "NOT equal"
        struck = sum(when != ENDED for _, _, when, _ in rows)
        console.print(f"{struck} of {len(rows)} struck while cells were left")
        console.print(
            f"{len(expected)} cells: {lost} lost, {double} doubled, results {told} to an undisturbed run"
        )
        return int(not same or lost > 0 or double > 0)


if __name__ == "__main__":
    sys.exit(main())
