"""``python -m benchmarks.speed.options``: which of PyTorch's options pay on this machine's CPU?

Each is switched on and off, side by side, in the plain loop over the same network and data (see
``benchmarks.speed.training``): a fused AdamW, bfloat16 autocast in the forward pass, channels_last memory (of
the image network), ``torch.compile``. The factor is the time without over the time with it: above 1 it pays.
Compiling is told apart, by the wall's clock, with the epochs after which it has paid for itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks.speed._cases import CASES, Case, Prepared, bfloat16
from benchmarks.speed._timing import Report, Sheet, Times, clock_of, parse, take_turns

HEAD = (
    "network",
    "option",
    "s an epoch with",
    "without",
    "factor",
    "accuracy gained",
    "compiling, pays after",
)
ROWS = {"mlp": 5_000, "cnn": 1_500, "lstm": 1_500}


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


def options_of(case: Case, work: Prepared) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """The runs with and without each option but ``torch.compile``."""
    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "fused AdamW": (work.floor, partial(work.floor, fused=False)),
        "bfloat16": (partial(work.floor, around=bfloat16), work.floor),
    }
    if case.architecture == "cnn":
        pairs["channels_last"] = work.floor, lambda: work.floor(without_channels_last(work.module()))
    return pairs


def compare(
    pair: tuple[Callable[[], Any], Callable[[], Any]], turns: int, clock: Callable[[], float]
) -> tuple[Times, Times]:
    """Times with and without."""
    pair[0]()  # warms up
    times = take_turns(dict(zip(("with", "without"), pair)), turns=turns, clock=clock)
    return times["with"], times["without"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parse("options", __doc__, arguments, turns=3)
    torch.set_num_threads(options.threads)
    clock = clock_of(options.threads)
    report = Report("options", "Options of PyTorch on a CPU", options)
    rows: list[tuple[str, ...]] = []
    for case in CASES:
        work = Prepared(case, n=ROWS[case.architecture])
        label = f"{case.architecture}, {ROWS[case.architecture]:,} rows, batches of {case.batch_size}"
        for name, pair in options_of(case, work).items():
            on, off = compare(pair, options.turns, clock)
            accuracy = work.accuracy(pair[0]()) - work.accuracy(pair[1]())
            rows.append((label, name, *_factor(on, off, case.epochs), f"{accuracy:+.3f}", ""))
        module, seconds = compiled(work)
        on, off = compare((lambda: work.floor(module), work.floor), options.turns, clock)  # noqa: B023
        saved = (off.median - on.median) / case.epochs
        pays = f"{seconds:.0f} s, {f'{seconds / saved:,.0f} epochs' if saved > 0 else 'never'}"
        rows.append((label, "torch.compile", *_factor(on, off, case.epochs), "", pays))
    head = (
        "network",
        "option",
        "s an epoch with",
        "without",
        "factor",
        "accuracy gained",
        "compiling, pays after",
    )
    report.add(Sheet(head, rows))
    report.close()
    return 0


def _factor(on: Times, off: Times, epochs: int) -> tuple[str, str, str]:
    return str(on.per(epochs)), str(off.per(epochs)), f"{off.over(on).median:.2f}"


if __name__ == "__main__":
    sys.exit(main())
