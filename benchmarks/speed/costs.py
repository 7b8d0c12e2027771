"""``python -m benchmarks.speed.costs --write``: what fits take, for the estimates of :mod:`benchmarks.costs`.

Every architecture is fitted with its default configuration to seven tasks, and a line through the logarithms
tells the factor and the exponent that estimates begin with. A run that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

import datasets
from advisor import architectures
from benchmarks.advised import ADVISOR
from benchmarks.costs import MEASURED
from benchmarks.driver import run_study
from benchmarks.engine.local import LocalEngine
from benchmarks.environment import environment
from benchmarks.plan import Study
from benchmarks.store import Store
from benchmarks.summary import show

TASKS = (
    *("college_earnings", "concrete", "diamonds", "spam", "ames_houses", "digits"),
    "splice_junctions",
)
_MOST = 1.5  # exponent of the number of columns


def study() -> Study:
    """Every architecture that is installed, once on each task."""
    tasks, names = ([f"embedded:{name}" for name in TASKS], architectures.names(installed=True))
    return Study.parse(
        f'name = "costs"\ntasks = {json.dumps(tasks)}\ncandidates = {json.dumps(names)}\nadvisor = true\n'
        "cell_seconds = 150\n[protocol]\nmax_train = 300\nmax_eval = 500\nfolds = 1\n"
    )


def line(rows: pd.DataFrame) -> tuple[float, float]:
    """Factor and exponent of one candidate.

    Parameters
    ----------
    rows : DataFrame
        ``seconds`` of fits, ``n_train`` and ``d``.

    Returns
    -------
    (float, float)
        ``a, b`` of seconds = a * (n_train / 1,000) * d ** b, 0 <= b <= 1.5.

    Examples
    --------
    >>> d = np.array([1, 10, 100])
    >>> line(pd.DataFrame({"seconds": 3 * d**0.5, "n_train": 1000, "d": d}))
    (3.0, 0.5)
    """
    x, y = np.log(rows["d"]), np.log(rows["seconds"] / rows["n_train"] * 1_000)
    varied = len(set(x)) > 1
    b = float(np.clip(np.polyfit(x, y, 1)[0], 0, _MOST)) if varied else 0.0
    a = float(np.exp(np.mean(y - b * x)))
    return float(f"{a:.3g}"), round(b, 2)


def table(frame: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Factor and exponent of every candidate that has been fitted."""
    done = frame[frame["fit_seconds"].notna()].copy()
    # of the processor: one thread each, and other work on the machine does not stretch it
    names = ("cpu_fit_seconds", "cpu_predict_seconds")
    done["seconds"] = [sum(facts.get(name, 0.0) for name in names) for facts in done["extra"]]
    done["n_train"] = [facts.get("n_train", np.nan) for facts in done["extra"]]
    # the advisor does not tell: it is given the rows that the others are trained on
    done["n_train"] = done["n_train"].fillna(done.groupby("task")["n_train"].transform("max"))
    return {str(name): line(rows) for name, rows in done.groupby("candidate")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, fit and print; the exit code is 1 if a candidate has no time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.costs", description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs/costs.sqlite"), help="default: %(default)s")
    parser.add_argument("--write", action="store_true", help=f"write {MEASURED.name}")
    options = parser.parse_args(arguments)
    console, asked = Console(width=120), study()
    with Store(options.store, writable=True) as store:
        run_study(store, asked, engine=LocalEngine(2, threads=1), console=console)
        frame = store.frame(asked.name)
    sizes = {task: datasets.describe(task).d for task in asked.tasks}
    found = table(frame.assign(d=frame["task"].map(sizes)))
    rows = [[name, f"{a:g}", f"{b:g}"] for name, (a, b) in found.items()]
    show(console, "Seconds of a fit", ["candidate", "factor", "exponent"], rows)
    if options.write:
        told = environment()
        MEASURED.write_text(
            json.dumps(
                {
                    "what": "seconds = factor * (training rows / 1,000) * columns ** exponent, one thread",
                    "made_by": "python -m benchmarks.speed.costs --write",
                    "commit": told["commit"],
                    "cpu": told["cpu"],
                    "seconds": found,
                },
                indent=1,
            )
            + "\n"
        )
    return int(not {*asked.candidates, ADVISOR} <= set(found))


if __name__ == "__main__":
    sys.exit(main())
