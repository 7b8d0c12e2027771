"""``python -m benchmarks.speed.options``: which of PyTorch's options pay on this machine's CPU?

Each is switched on and off, side by side, in the plain loop over the same network and data (see
``benchmarks.speed.training``): a fused AdamW, bfloat16 autocast in the forward pass, channels_last memory (of
the image network), ``torch.compile``. The factor is the time without over the time with it: above 1 it pays.
Compiling is told apart, by the wall's clock, with the epochs after which it has paid for itself.

Then bfloat16 alone for every network that is installed, in the shared loop with its own batch size, and with
``--scores`` what it does to the accuracy of fits: networks have it where it pays and costs no accuracy. A CPU
without instructions for bfloat16 imitates it, which tells nothing: there it is left out.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from advisor import architectures
from advisor.architectures._training import has_bfloat16
from benchmarks.speed._cases import CASES, Case, Data, Prepared, bfloat16, images, sequences, table
from benchmarks.speed._timing import Report, Sheet, Times, clock_of, parse, take_turns

HEAD = ("network", "option", "s an epoch with", "without", "factor", "compiling, pays after")
ROWS = {"mlp": 5_000, "cnn": 1_500, "lstm": 1_500}
Run = Callable[[], Any]


def without_channels_last(module: nn.Module) -> nn.Module:
    """Give the convolutions their weights and inputs as PyTorch has them by default."""
    module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    first = next(child for child in module.modules() if isinstance(child, nn.Conv2d))
    first.register_forward_pre_hook(lambda _, inputs: tuple(x.contiguous() for x in inputs))
    return module


def compiled(work: Prepared) -> tuple[Any, float]:
    """The compiled network after its first epochs, and the seconds by the wall that this took."""
    start = time.perf_counter()
    module: Any = torch.compile(work.module())
    work.floor(module)
    return module, time.perf_counter() - start


def pairs(case: Case, work: Prepared) -> dict[str, tuple[Run, Run]]:
    """The runs with and without each option but ``torch.compile``."""
    options: dict[str, tuple[Run, Run]] = {
        "fused AdamW": (work.floor, partial(work.floor, fused=False)),
    }
    if has_bfloat16():
        options["bfloat16"] = partial(work.floor, around=bfloat16), work.floor
    if case.architecture == "cnn":
        options["channels_last"] = work.floor, lambda: work.floor(without_channels_last(work.module()))
    return options


def compare(on: Run, off: Run, turns: int, clock: Callable[[], float]) -> tuple[Times, Times]:
    """Times with and without."""
    on(), off()  # warm up
    times = take_turns({"on": on, "off": off}, turns=turns, clock=clock)
    return times["on"], times["off"]


def by_option(turns: int, clock: Callable[[], float]) -> Iterator[tuple[str, ...]]:
    """Rows of the first table."""
    for case in CASES:
        n = ROWS[case.architecture]
        work, label = Prepared(case, n=n), f"{case.architecture}, {n:,} rows, batches of {case.batch_size}"
        for name, pair in pairs(case, work).items():
            yield label, name, *_factor(*compare(*pair, turns, clock), case.epochs), ""
        module, seconds = compiled(work)
        on, off = compare(partial(work.floor, module), work.floor, turns, clock)
        saved = (off.median - on.median) / case.epochs
        pays = f"{seconds:.0f} s, {f'{seconds / saved:,.0f} epochs' if saved > 0 else 'never'}"
        yield label, "torch.compile", *_factor(on, off, case.epochs), pays


def networks() -> Iterator[tuple[str, Any]]:
    """The networks that are installed."""
    for name in architectures.names(installed=True):
        architecture = architectures.get(name)
        if hasattr(architecture.classifier, "bfloat16"):
            yield name, architecture


def by_network(turns: int, clock: Callable[[], float]) -> Iterator[tuple[str, ...]]:
    """Rows of the second table."""
    for name, architecture in networks():
        native = architecture.can.native
        kind = "image" if "image" in native else "sequence" if "sequence" in native else "tabular"
        make, n, layout = {
            "image": (images, 300, (28, 28, 1)),
            "sequence": (sequences, 500, (50, 4)),
            "tabular": (table, 1_000, None),
        }[kind]
        batch_size = architecture.classifier().batch_size or 64
        work = Prepared(Case(name, name, make, n, batch_size, 1, layout))
        on, off = (partial(_ours, work, low=low) for low in (True, False))
        has = "yes" if architecture.classifier.bfloat16 else "no"
        yield f"{name}, batches of {batch_size}", *_factor(*compare(on, off, turns, clock), 1), has


def _ours(work: Prepared, *, low: bool) -> nn.Module:
    work.recipe = dataclasses.replace(work.recipe, bfloat16=low)
    return work.ours()


def by_score(seeds: int) -> Iterator[tuple[str, ...]]:
    """Rows of the third table."""
    digits = load_digits()
    waves = sequences(1_400)
    for name, architecture in networks():
        if not architecture.classifier.bfloat16:
            continue
        pictures = "image" in architecture.can.native
        tasks: dict[str, tuple[Data, tuple[int, ...]]] = {
            "digits": ((digits.data, digits.target), (8, 8, 1) if pictures else (8, 8))
        }
        if not pictures:
            tasks["waves"] = waves, (50, 4)
        for task, ((X, y), layout) in tasks.items():
            scores = {
                low: [_score(name, X, y, layout, s, low=low) for s in range(seeds)] for low in (True, False)
            }
            differences = np.subtract(scores[True], scores[False])
            yield (
                f"{name}, {task}",
                *(f"{np.mean(scores[low]):.4f}" for low in (True, False)),
                f"{differences.mean():+.4f} ({differences.min():+.4f} to {differences.max():+.4f})",
            )


def _score(name: str, X: Any, y: Any, layout: tuple[int, ...], seed: int, *, low: bool) -> float:
    order = np.random.default_rng(seed).permutation(len(X))
    train, test = order[:400], order[400:1400]
    estimator = architectures.get(name).make(
        "classification", layout=layout, random_state=seed, device="cpu", max_epochs=15
    )
    kind = type(estimator)
    kept, kind.bfloat16 = kind.bfloat16, low
    try:
        return float(estimator.fit(X[train], y[train]).score(X[test], y[test]))
    finally:
        kind.bfloat16 = kept


def _factor(on: Times, off: Times, epochs: int) -> tuple[str, str, str]:
    return str(on.per(epochs)), str(off.per(epochs)), f"{off.over(on).median:.2f}"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scores", type=int, default=0, metavar="SEEDS", help="compare accuracies, too")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parse("options", __doc__, arguments, turns=3, add=_arguments)
    torch.set_num_threads(options.threads)
    clock = clock_of(options.threads)
    report = Report("options", options)
    report.add(Sheet(HEAD, list(by_option(options.turns, clock))))
    if has_bfloat16():
        report.add(Sheet(("bfloat16 for", *HEAD[2:5], "has it"), list(by_network(options.turns, clock))))
    if has_bfloat16() and options.scores:
        head = (
            "bfloat16 in fits of 15 epochs of",
            "accuracy with",
            "without",
            f"gained, {options.scores} seeds",
        )
        report.add(Sheet(head, list(by_score(options.scores))))
    report.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
