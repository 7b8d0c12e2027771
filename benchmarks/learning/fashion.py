"""``python -m benchmarks.learning.fashion``: convolution, LSTM and trees on the whole of Fashion-MNIST.

60,000 images to learn from, of which early stopping holds out its usual fifth, and the official 10,000 to be
tested on. The LSTM reads the rows of an image one after the other. The images come from OpenML
or its cache (docs/openml.md; ``--server`` names another server), or from a file (``--data``).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

import datasets
from advisor import AdvisorError, architectures
from advisor.errors import InputError
from advisor.outlook import FAMILIES
from benchmarks import pages
from benchmarks.learning import PAGE
from benchmarks.learning.lines import results
from benchmarks.summary import show

STORE = Path("runs/fashion.jsonl")
TASK = "openml:146825"  # of data set 40996
N_TRAIN, N_TEST, LAYOUT = 60_000, 10_000, (28, 28, 1)
CANDIDATES = FAMILIES  # with their default configurations
TARGETS = {"cnn": 0.92, "lstm": 0.88, "gbt": 0.89}
# Zalando Research, table of benchmarks in the README of Fashion-MNIST: two convolutions with pooling (fewer
# than 100,000 weights), a GRU over the rows with an SVM, XGBoost
PUBLISHED = {"cnn": 0.925, "lstm": 0.888, "gbt": 0.898}

Images = tuple[np.ndarray, np.ndarray]


def load(data: str | None = None, server: str | None = None) -> tuple[Images, Images]:
    """Load the official training and test images.

    Parameters
    ----------
    data : str, optional
        A Parquet file of 784 columns and then the label, the 60,000 training images first, or an npz file
        of ``x_train, y_train, x_test, y_test``. By default the OpenML client is asked.
    server : str, optional
        Address of the OpenML server; see docs/openml.md for the default.

    Returns
    -------
    train, test : tuple of ndarray
        ``X``, shape (n, 784), and ``y``, the labels as text, shape (n,).

    Raises
    ------
    InputError
        If these are not 6,000 training and 1,000 test images of each of ten classes, in this order.
    """
    if data is None:
        if server is not None:
            os.environ["ARCH_ADVISOR_OPENML_SERVER"] = server
        task = datasets.load(TASK)
        X, y = task.X.to_numpy(), task.y.astype(str).to_numpy(dtype=object)
    elif data.endswith(".npz"):
        with np.load(data) as file:
            X = np.concatenate([file["x_train"], file["x_test"]])
            y = np.concatenate([file["y_train"], file["y_test"]])
    else:
        frame = pd.read_parquet(data)
        X, y = frame.iloc[:, :-1].to_numpy(), frame.iloc[:, -1].astype(str).to_numpy(dtype=object)
    X, y = X.reshape(len(X), -1), np.asarray(y).astype(str)
    counts = [np.unique(part, return_counts=True)[1].tolist() for part in (y[:N_TRAIN], y[N_TRAIN:])]
    if X.shape != (N_TRAIN + N_TEST, 784) or counts != [[N_TRAIN // 10] * 10, [N_TEST // 10] * 10]:
        raise InputError(
            "Fashion-MNIST must be 6,000 training and then 1,000 test images of each of ten classes",
            got=f"{X.shape[0]} rows of {X.shape[1]} columns, with classes of {counts}",
            do="give the rows in their official order",
        )
    return (X[:N_TRAIN], y[:N_TRAIN]), (X[N_TRAIN:], y[N_TRAIN:])


def measure(
    images: tuple[Images, Images], *, candidate: str, config: dict[str, Any], train_rows: int, seed: int
) -> dict[str, Any]:
    """Learn from training images, all or so many drawn at random, and be tested on all test images.

    Returns
    -------
    dict
        ``accuracy``; ``seconds`` and ``cpu_seconds`` of the fit, ``predict_seconds``; ``peak_mb`` of the
        process so far; ``epochs`` or ``trees``.
    """
    (X, y), (new, truth) = images
    if train_rows < len(y):
        rows = np.random.default_rng(seed).permutation(len(y))[:train_rows]
        X, y = X[rows], y[rows]
    architecture = architectures.get(candidate)
    estimator = architecture.make("classification", layout=LAYOUT, random_state=seed, **config)
    start, used = time.perf_counter(), time.process_time()
    estimator.fit(X, y)
    told: dict[str, Any] = {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - used, 1),
    }
    start = time.perf_counter()
    told["accuracy"] = float(np.mean(estimator.predict(new) == truth))
    told["predict_seconds"] = round(time.perf_counter() - start, 1)
    told["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    counts = {"epochs": "n_epochs_", "trees": "n_trees_"}
    return told | {say: getattr(estimator, name) for say, name in counts.items() if hasattr(estimator, name)}


def table(records: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """One row per result."""
    columns = ["candidate", "differs from the default", "images", "seed", "accuracy", "wanted", "published"]
    columns += ["epochs or trees", "fit s", "CPU s", "peak MB"]
    rows = []
    for record in records:
        name = record["candidate"]
        target = TARGETS.get(name) if record["train_rows"] == N_TRAIN else None
        met = "" if target is None else f"{target} {'met' if record['accuracy'] >= target else 'MISSED'}"
        config = ", ".join(f"{key} {value}" for key, value in record["config"].items())
        rows.append(
            [
                *(name, config, str(record["train_rows"]), str(record["seed"])),
                *(f"{record['accuracy']:.4f}", met, str(PUBLISHED.get(name, ""))),
                str(record.get("epochs", record.get("trees", ""))),
                *(f"{record['seconds']:.0f}", f"{record['cpu_seconds']:.0f}", str(record["peak_mb"])),
            ]
        )
    return columns, rows


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("candidates", nargs="*", default=CANDIDATES, help=f"default: {' '.join(CANDIDATES)}")
    parser.add_argument("--train-rows", type=int, default=N_TRAIN, help=f"images (default {N_TRAIN})")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="of the candidates named")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--data", help="Parquet or npz file of the images (default: OpenML)")
    parser.add_argument("--server", help="address of the OpenML server (default: see docs/openml.md)")
    parser.add_argument("--store", type=Path, default=STORE, help=f"results so far (default {STORE})")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    options = parser.parse_args(arguments)
    console = Console() if sys.stdout.isatty() else Console(width=140)
    changed = {name: json.loads(value) for name, _, value in (text.partition("=") for text in options.set)}
    known = [name for name in options.candidates if name in architectures.names(installed=True)]
    for name in options.candidates:
        if name not in known:
            console.print(f"{name}: left out, there is no such architecture")
    wanted = [
        {
            "candidate": name,
            "config": changed,
            "train_rows": min(options.train_rows, N_TRAIN),
            "seed": seed,
        }
        for name, seed in itertools.product(known, options.seeds)
    ]
    images = cache(partial(load, options.data, options.server))  # not read if all is done
    records = []
    try:
        for record in results(options.store, wanted, lambda **settings: measure(images(), **settings)):
            records.append(record)
            told = f"{record['accuracy']:.4f} in {record['seconds']:.0f} s"
            console.print(f"{record['candidate']}, seed {record['seed']}: {told}", highlight=False)
    except AdvisorError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    if not records:
        return 0
    columns, rows = table(records)
    show(console, "Fashion-MNIST, accuracy on the 10,000 test images", columns, rows)
    if options.write:
        pages.write(PAGE, "fashion", [*pages.markdown(columns, rows), "", pages.measured_with(records)])
        console.print(f"wrote {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
