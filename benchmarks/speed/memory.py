"""``python -m benchmarks.speed.memory``: the memory that a fit was predicted to take, beside what it took.

Each fit runs in a process of its own, after a fit of a few rows has loaded what libraries load once. What it
takes is the kernel's high-water mark of resident memory above the level before it (Linux). Below about 50 MB
that mark tells of start-up more than of the fit, so there the difference is judged and not the ratio.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from advisor import architectures
from advisor.architectures import Kind
from benchmarks.run import _PeakMemory

FLOOR = 50.0  # MiB
TOLERANCE = 0.3
SHAPES: dict[str, list[tuple[int, ...]]] = {
    "tabular": [(20,), (100,)],
    "sequence": [(100, 3)],
    "image": [(28, 28, 1)],
}
ROWS = (1_000, 10_000, 100_000)
SHORT = {"max_epochs": 1, "n_estimators": 20, "time_limit": 20.0}  # a longer fit takes no more


@dataclass(frozen=True, slots=True)
class Case:
    """One fit: an architecture, its data and what differs from its defaults."""

    name: str
    rows: int
    shape: tuple[int, ...]
    kind: Kind = "classification"
    config: dict[str, Any] | None = None

    def __str__(self) -> str:
        told = ", ".join(f"{key}={value}" for key, value in (self.config or {}).items())
        return f"{self.name} {'x'.join(map(str, self.shape))} {self.kind[:5]} {told}".strip()


def cases(names: Sequence[str]) -> Iterator[Case]:
    """Every architecture on what it is made for, classes and numbers, with few rows and with many."""
    for name in names:
        can = architectures.get(name).can
        for structure in sorted(can.native):
            for shape in SHAPES[structure]:
                for rows in ROWS:
                    if rows * np.prod(shape) <= 2e7:
                        yield Case(name, rows, shape)
        for kind in sorted(can.kinds - {"classification"}):
            yield Case(name, ROWS[1], SHAPES[sorted(can.native)[0]][0], kind)


def measure(case: Case) -> dict[str, float]:
    """Predicted and measured MiB of one fit, and the seconds that both took."""
    X, y = _data(case)
    few, rest = slice(0, 64), slice(64, None)
    _estimator(case).fit(X[few], y[few])
    X, y = X[rest].copy(), y[rest].copy()
    estimator = _estimator(case)
    estimator.peak_memory(X[few], y[few])
    start = time.perf_counter()
    predicted = estimator.peak_memory(X, y)["cpu"]
    between = time.perf_counter()
    memory = _PeakMemory()
    estimator.fit(X, y)
    peak = memory.peak_mb()
    assert peak is not None
    return {
        "predicted": predicted / 2**20,
        "measured": peak,
        "prediction_seconds": between - start,
        "fit_seconds": time.perf_counter() - between,
    }


def _estimator(case: Case) -> Any:
    architecture = architectures.get(case.name)
    known = architecture.classifier().get_params()
    short = {key: value for key, value in SHORT.items() if key in known}
    layout = case.shape if len(case.shape) > 1 else None
    return architecture.make(case.kind, layout=layout, random_state=0, **{**short, **(case.config or {})})


def _data(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Noise in which the first column tells; float32, so that the checked rows are a copy."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(case.rows + 64, int(np.prod(case.shape)))).astype(np.float32)
    y = X[:, 0] + 0.5 * rng.normal(size=len(X))
    return X, np.digitize(y, [-0.5, 0.5]) if case.kind == "classification" else y


def _apart(case: Case) -> dict[str, float]:
    """Measure in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.speed.memory", "--case", json.dumps(asdict(case))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise RuntimeError(f"{case}: {done.stderr[-2000:]}")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def verdict(predicted: float, measured: float) -> str:
    """Whether a prediction holds: within 30%, or within 25 MiB where no more than 50 were taken.

    Examples
    --------
    >>> verdict(120, 100), verdict(150, 100), verdict(5, 20)
    ('', 'off', '')
    """
    if max(predicted, measured) <= FLOOR:
        return "" if abs(predicted - measured) <= FLOOR / 2 else "off"
    return "" if abs(predicted / measured - 1) <= TOLERANCE else "off"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code is 1 if a prediction is off."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.memory", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="ARCHITECTURE", help="all that are installed, if none")
    parser.add_argument("--rows", type=int, default=max(ROWS), help="most rows (default: %(default)s)")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    console = Console()
    if asked.case:
        fields = json.loads(asked.case)
        case = Case(**{**fields, "shape": tuple(fields["shape"])})
        sys.stdout.write(json.dumps(measure(case)) + "\n")
        return 0
    table = Table("fit", "rows", "predicted MiB", "measured MiB", "ratio", "", "s to predict", "s to fit")
    off = 0
    for case in cases(asked.names or [n for n in architectures.names() if n != "dummy"]):
        if case.rows > asked.rows:
            continue
        told = _apart(case)
        said = verdict(told["predicted"], told["measured"])
        off += said != ""
        ratio = told["predicted"] / max(told["measured"], 1.0)
        numbers = [f"{told['predicted']:.0f}", f"{told['measured']:.0f}", f"{ratio:.2f}"]
        seconds = [f"{told['prediction_seconds']:.3f}", f"{told['fit_seconds']:.1f}"]
        table.add_row(str(case), f"{case.rows:,}", *numbers, said, *seconds)
        console.print(" ".join([str(case), f"{case.rows:,}", *numbers, said, *seconds]), highlight=False)
    console.print(table)
    return int(off > 0)


if __name__ == "__main__":
    sys.exit(main())
