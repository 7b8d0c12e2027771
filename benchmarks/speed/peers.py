"""``python -m benchmarks.speed.peers``: time and accuracy of fits beside other packages with such networks.

The same rows, epochs, batch size and threads; each fit in a process of its own, in turns; imports do not
count. On a table: our perceptron, pytabkit's MLP (both Grinsztajn's, 4 layers of 256) and its RealMLP, by
default and in the simple form. On sequences: the published FCN and ResNet of Wang et al., ours and
sktime's. Each package keeps its own optimiser, schedule, preprocessing and held-out rows (sktime holds none
out).

The peers are optional: ``pip install 'arch-advisor[peers]'`` brings pytabkit. sktime wants an older pandas:
``pip install --no-deps sktime scikit-base``. ``--peer-python PATH`` asks another Python, which has them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed._cases import Data, sequences, table
from benchmarks.speed._timing import ROOT, Report, Sheet, Times, clock_of, parse

N_TEST = 5_000
LAYOUT = (50, 4)


def ours(name: str, threads: int, *, epochs: int, batch_size: int) -> Any:
    """Our estimator, for so many epochs whatever the score."""
    import torch

    from advisor import architectures

    torch.set_num_threads(threads)
    architecture = architectures.get(name)
    layout = LAYOUT if architecture.can.uses_layout else None
    return architecture.make(
        "classification",
        layout=layout,
        random_state=0,
        max_epochs=epochs,
        patience=epochs,
        batch_size=batch_size,
        device="cpu",
    )


def pytabkit(name: str, threads: int, *, epochs: int, batch_size: int) -> Any:
    """An estimator of pytabkit."""
    import pytabkit

    settings = {"device": "cpu", "random_state": 0, "n_threads": threads, "batch_size": batch_size}
    if name == "MLP_RTDL_D_Classifier":
        return pytabkit.MLP_RTDL_D_Classifier(max_epochs=epochs, es_patience=epochs, verbose=0, **settings)
    return getattr(pytabkit, name)(n_epochs=epochs, **settings)


class Sktime:
    """An estimator of sktime, which takes (n, channels, steps)."""

    def __init__(self, name: str, threads: int, *, epochs: int, batch_size: int) -> None:
        import torch
        from sktime.classification.deep_learning import fcn, resnet

        torch.set_num_threads(threads)
        make = {"fcn": fcn.FCNClassifierTorch, "resnet1d": resnet.ResNetClassifierTorch}[name]
        self.net = make(num_epochs=epochs, batch_size=batch_size, lr=1e-3, random_state=0)

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> None:
        """Train."""
        self.net.fit(self._fold(X), y)

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Labels."""
        labels: NDArray[np.int64] = self.net.predict(self._fold(X))
        return labels

    @staticmethod
    def _fold(X: NDArray[np.float64]) -> NDArray[np.float32]:
        return X.reshape(-1, *LAYOUT).transpose(0, 2, 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Contender:
    """A network of a package: its name there, and how to make it."""

    what: str
    package: str
    make: Callable[..., Any]
    name: str

    @property
    def is_ours(self) -> bool:
        """Whether it is what the others are compared with."""
        return self.package == "arch-advisor"


@dataclass(frozen=True, slots=True)
class Contest:
    """Data and a recipe that all contenders share; each is compared with ours that stands before it."""

    title: str
    data: Callable[..., Data]
    n: int
    epochs: int
    batch_size: int
    contenders: tuple[Contender, ...]


CONTESTS = (
    Contest(
        "Table, 10,000 x 20",
        table,
        10_000,
        10,
        256,
        (
            Contender("ours: MLP", "arch-advisor", ours, "mlp"),
            Contender("pytabkit: MLP", "pytabkit", pytabkit, "MLP_RTDL_D_Classifier"),
            Contender("pytabkit: RealMLP", "pytabkit", pytabkit, "RealMLP_TD_Classifier"),
            Contender("pytabkit: simple RealMLP", "pytabkit", pytabkit, "RealMLP_TD_S_Classifier"),
        ),
    ),
    Contest(
        "Sequences, 1,000 of 50 x 4",
        sequences,
        1_000,
        6,
        64,
        (
            Contender("ours: FCN", "arch-advisor", ours, "fcn"),
            Contender("sktime: FCN", "sktime", Sktime, "fcn"),
            Contender("ours: ResNet", "arch-advisor", ours, "resnet1d"),
            Contender("sktime: ResNet", "sktime", Sktime, "resnet1d"),
        ),
    ),
)


def child(what: str, threads: int) -> dict[str, Any]:
    """Fit one of them; runs in a process of its own."""
    contest, contender = next((c, one) for c in CONTESTS for one in c.contenders if one.what == what)
    (X, y), (X_test, y_test) = contest.data(contest.n), contest.data(N_TEST, seed=1)

    def make(epochs: int) -> Any:
        return contender.make(contender.name, threads, epochs=epochs, batch_size=contest.batch_size)

    with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")
        make(1).fit(*contest.data(64, seed=2))  # what is loaded or made only once
        estimator, clock = make(contest.epochs), clock_of(threads)
        start = clock()
        estimator.fit(X, y)
        seconds = clock() - start
        accuracy = float((estimator.predict(X_test) == y_test).mean())
    return {"seconds": seconds, "accuracy": accuracy, "version": version(contender.package)}


def fit(contender: Contender, python: str, threads: int) -> dict[str, Any]:
    """Fit one of them in a new process."""
    from benchmarks.advisor.speed import run

    with tempfile.TemporaryDirectory() as folder:
        return run(
            ["benchmarks.speed.peers", "--child", contender.what, "--threads", str(threads)],
            sys.executable if contender.is_ours else python,
            600,
            PYTHONPATH=str(ROOT),
            TMPDIR=folder,
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)),
        )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has the peers")


def compare(contest: Contest, options: argparse.Namespace) -> tuple[list[tuple[str, ...]], list[str]]:
    """Rows of the table, and why peers are not in it."""
    found: dict[str, list[dict[str, Any]]] = {}
    failed: dict[str, str] = {}
    for _ in range(options.turns):
        for one in contest.contenders:
            if one.what in failed:
                continue
            told = fit(one, options.peer_python, options.threads)
            if "failed" not in told:
                found.setdefault(one.what, []).append(told)
            elif "No module named" in told["failed"]:
                failed[one.what] = f"{one.package} is not installed ({told['failed'].split(': ')[-1]})"
            else:
                failed[one.what] = f"{one.what}: {told['failed']}"
    rows: list[tuple[str, ...]] = []
    for one in contest.contenders:
        if one.what not in found:
            continue
        fits = found[one.what]
        times = Times(tuple(fit["seconds"] for fit in fits))
        if one.is_ours:
            base = times.median
        name = one.what if one.is_ours else f"{one.what} {fits[0]['version']}"
        rows.append((name, str(times), f"{times.median / base:.2f}", f"{fits[0]['accuracy']:.3f}"))
    return rows, list(dict.fromkeys(failed.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parse("peers", __doc__, arguments, turns=2, add=_arguments)
    if options.child:
        sys.stdout.write(json.dumps(child(options.child, options.threads)) + "\n")
        return 0
    report = Report("peers", options)
    for contest in CONTESTS:
        rows, absent = compare(contest, options)
        head = f"{contest.title}: {contest.epochs} epochs, batches of {contest.batch_size}"
        report.add(Sheet((head, "fit, s", "times ours", f"accuracy on {N_TEST:,} new rows"), rows))
        for reason in absent:
            report.say(f"Left out: {reason}.")
    report.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
