"""``python -m benchmarks.learning.adding``: does the LSTM remember what a network without gates forgets?

Each sequence holds random numbers of which two are marked, one in each half; the target is their sum. The
mean has a root mean squared error of 0.41, so has whoever forgets; remembering one number only gives 0.29.
Networks of about 4,700 weights learn from 16,000 sequences of 100 steps and are then tested on new ones of
100, 200 and 400 steps, as in a published replication. ``--steps 400`` trains on 400 steps.

The benchmark is the first learning rate with our own initial weights. The others show what it rests on: our
recurrent weights start orthogonal, with which the network without gates is not lost at a lower rate.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from advisor import architectures
from benchmarks import pages
from benchmarks.learning import PAGE
from benchmarks.learning.lines import results
from benchmarks.summary import show

STORE = Path("runs/adding.jsonl")
HIDDEN = {"rnn": 67, "lstm": 32, "gru": 36}  # about as many weights in each, as in the replication
RATES = (0.01, 0.003)  # the first is that of the benchmark
STARTS = (
    "own",
    "uniform",
)  # orthogonal recurrent weights and open forget gates; torch's, as "vanilla" has it
TARGET = 0.05  # of the LSTM, at the length that it was trained on
FORGETS = 0.35  # of the network without gates, at least: 0.41 is the mean, 0.29 half of the sum
# A. Rotting, "LSTM Time Capsule" (2026), huggingface.co/ARotting/lstm-time-capsule; one seed
PUBLISHED = {
    "rnn": {100: 0.3855, 200: 0.4010, 400: 0.4056},
    "lstm": {100: 0.0105, 200: 0.0381, 400: 0.1050},
    "gru": {100: 0.0129, 200: 0.1980, 400: 0.4264},
}


def adding_problem(n: int, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Make the adding problem in its modern form.

    Parameters
    ----------
    n, steps : int
        Sequences and their length T.
    rng : Generator
        Source of randomness.

    Returns
    -------
    X : ndarray, shape (n, T, 2)
        A number of [0, 1) and a mark, 0 or 1, at each step; one mark in each half.
    y : ndarray, shape (n,)
        Sum of the marked numbers.

    References
    ----------
    Hochreiter, Schmidhuber (1997). Long short-term memory. Neural Computation 9(8). Experiment 4.
    Le, Jaitly, Hinton (2015). A simple way to initialize recurrent networks of rectified linear units.

    Examples
    --------
    >>> X, y = adding_problem(3, 10, np.random.default_rng(0))
    >>> X[:, :5, 1].sum(axis=1), X[:, 5:, 1].sum(axis=1)
    (array([1., 1., 1.]), array([1., 1., 1.]))
    >>> bool(np.allclose(y, (X[:, :, 0] * X[:, :, 1]).sum(axis=1)))
    True
    """
    X = np.zeros((n, steps, 2))
    X[:, :, 0] = rng.uniform(size=(n, steps))
    half = steps // 2
    marks = np.stack([rng.integers(0, half, n), rng.integers(half, steps, n)], axis=1)
    np.put_along_axis(X[:, :, 1], marks, 1.0, axis=1)
    return X, np.take_along_axis(X[:, :, 0], marks, axis=1).sum(axis=1)


def start_as_torch(estimator: Any) -> Any:
    """Give an unfitted recurrent estimator the initial weights that torch gives a recurrent layer."""
    import torch

    build = estimator._build

    def changed(shape: tuple[int, ...], n_outputs: int) -> Any:
        module = build(shape, n_outputs)
        for part in module.modules():
            if isinstance(part, torch.nn.RNNBase):
                torch.nn.RNNBase.reset_parameters(part)
        return module

    estimator._build = changed
    return estimator


def measure(
    *,
    candidate: str,
    sequences: int,
    steps: int,
    test_steps: Sequence[int],
    start: str,
    learning_rate: float,
    max_epochs: int,
    hidden: int,
    seed: int,
) -> dict[str, Any]:
    """Train once, on sequences of one length, and test on new ones of each length.

    Returns
    -------
    dict
        ``rmse`` by length, ``mean_rmse`` (predicting the mean) at the first, ``epochs``, ``weights``,
        ``cpu_seconds`` of the fit.
    """
    longest = max(steps, *test_steps)

    def padded(X: np.ndarray) -> np.ndarray:
        return np.pad(X, ((0, 0), (0, longest - X.shape[1]), (0, 0)), constant_values=np.nan)

    rng = np.random.default_rng(seed)
    X, y = adding_problem(sequences, steps, rng)
    estimator = architectures.get(candidate).make(
        "regression",
        layout=(longest, 2),
        random_state=seed,
        hidden=hidden,
        bidirectional=False,
        dropout=0.0,
        readout="last",  # a mean over the states could add up the marked numbers without any memory
        max_epochs=max_epochs,
        learning_rate=learning_rate,
    )
    used = time.process_time()
    (start_as_torch(estimator) if start == "uniform" else estimator).fit(padded(X), y)
    seconds = time.process_time() - used
    rmse, mean_rmse = {}, []
    for length in test_steps:
        new, truth = adding_problem(max(sequences // 4, 10), length, rng)
        rmse[str(length)] = float(np.sqrt(np.mean((estimator.predict(padded(new)) - truth) ** 2)))
        mean_rmse.append(float(np.sqrt(np.mean((y.mean() - truth) ** 2))))
    weights = sum(parameter.numel() for parameter in estimator.module_.parameters())
    return {
        "rmse": rmse,
        "mean_rmse": mean_rmse[0],
        "epochs": estimator.n_epochs_,
        "weights": weights,
        "cpu_seconds": round(seconds, 1),
    }


def table(records: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """One row per candidate, length trained on and learning rate: the errors of all seeds."""
    lengths = sorted({length for record in records for length in record["rmse"]}, key=int)
    columns = ["candidate", "weights", "trained on", "learning rate", "start"]
    columns += [f"RMSE at {length}" for length in lengths] + ["published", "CPU s of a fit"]
    keys = ("candidate", "weights", "steps", "learning_rate", "start")
    rows = []
    for key, group in itertools.groupby(records, lambda record: tuple(record[k] for k in keys)):
        seeds = list(group)
        errors = [", ".join(f"{r['rmse'][n]:.3f}" if n in r["rmse"] else "" for r in seeds) for n in lengths]
        known = PUBLISHED.get(str(key[0]), {}) if key[2] == 100 else {}
        published = ", ".join(f"{known[int(n)]:.3f}" for n in lengths if int(n) in known)
        seconds = np.mean([record["cpu_seconds"] for record in seeds])
        rows.append([str(k) for k in key] + errors + [published, f"{seconds:.0f}"])
    return columns, rows


def verdict(records: Sequence[dict[str, Any]]) -> list[str]:
    """Whether the LSTM solves what the network without gates does not, in the setting of the benchmark."""
    lines = []
    for candidate, solves in (("lstm", True), ("gru", True), ("rnn", False)):
        errors = [
            record["rmse"][str(record["steps"])]
            for record in records
            if record["candidate"] == candidate
            and (record["learning_rate"], record["start"]) == (RATES[0], STARTS[0])
            and record["steps"] == 100
        ]
        if errors:
            met = max(errors) < TARGET if solves else min(errors) > FORGETS
            wanted = f"below {TARGET}" if solves else f"above {FORGETS}"
            numbers = ", ".join(f"{error:.3f}" for error in errors)
            told = "met" if met else "MISSED"
            lines.append(f"{candidate} at 100 steps, learning rate {RATES[0]}: {wanted} {told} ({numbers})")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("candidates", nargs="*", default=list(HIDDEN), help=f"default: {' '.join(HIDDEN)}")
    parser.add_argument("--sequences", type=int, default=16_000, help="to learn from (default 16000)")
    parser.add_argument("--steps", type=int, nargs="+", default=[100], help="lengths to train on, each anew")
    parser.add_argument("--test-steps", type=int, nargs="+", default=[100, 200, 400])
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES), help="learning rates")
    parser.add_argument("--starts", nargs="+", default=list(STARTS), choices=STARTS, help="initial weights")
    parser.add_argument("--max-epochs", type=int, default=6)
    parser.add_argument("--hidden", type=int, help="size of every state (default: about as many weights)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--store", type=Path, default=STORE, help=f"results so far (default {STORE})")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    options = parser.parse_args(arguments)
    console = Console() if sys.stdout.isatty() else Console(width=140)
    known = [name for name in options.candidates if name in architectures.names(installed=True)]
    for name in options.candidates:
        if name not in known:
            console.print(f"{name}: left out, there is no such architecture")
    grid = itertools.product(known, options.steps, options.rates, options.starts, options.seeds)
    wanted = [
        {
            "candidate": name,
            "sequences": options.sequences,
            "steps": steps,
            "test_steps": sorted({steps, *(length for length in options.test_steps if length > steps)}),
            "start": start,
            "learning_rate": rate,
            "max_epochs": options.max_epochs,
            "hidden": options.hidden or HIDDEN.get(name, 32),
            "seed": seed,
        }
        for name, steps, rate, start, seed in grid
    ]
    records = []
    for record in results(options.store, wanted, measure):
        records.append(record)
        errors = ", ".join(f"{n}: {record['rmse'][n]:.4f}" for n in sorted(record["rmse"], key=int))
        keys = ("candidate", "steps", "learning_rate", "start", "seed")
        settings = ", ".join(f"{key} {record[key]}" for key in keys)
        console.print(f"{settings}: RMSE at {errors}; {record['cpu_seconds']:.0f} CPU s", highlight=False)
    if not records:
        return 0
    columns, rows = table(records)
    title = f"Adding problem, {options.sequences} sequences, seeds {', '.join(map(str, options.seeds))}"
    show(console, title, columns, rows)
    for line in verdict(records):
        console.print(line, highlight=False)
    if options.write:
        judged = [f"- {line}" for line in verdict(records)]
        told = [*pages.markdown(columns, rows), "", *judged, *([""] if judged else [])]
        part = f"adding {' '.join(map(str, options.steps))}"
        pages.write(PAGE, part, [*told, pages.measured_with(records)])
        console.print(f"wrote {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
