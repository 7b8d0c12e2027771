"""``python -m benchmarks.speed.stacked``: do K trainings of one shape go faster as one stacked training?

The members differ in learning rate, weight decay, dropout, seed and held-out rows; each has its own order of
batches. Everything is interleaved in one run and given as a factor of medians: above 1, stacked is faster.

- one core: the members one after the other against one stack, by hand and by ``torch.func.vmap``, with one
  thread, in processor seconds, which neighbours disturb least. "stack of 1" is what the stacked code gains
  without stacking anything; only what is above it is due to stacking.
- two cores: two processes with half of the members each, one after the other, as the engine runs a search.
  Against it: two processes with half a stack each, and one stack on two threads, in processor seconds, too:
  threads sleep while they wait, so that a thread without work costs nothing and the last factor is an upper
  bound.
- CUDA, if there is one: one after the other against a stack, by the wall.

The last line says what is lost to early stopping: members that have stopped wait for the last one.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from advisor.architectures._recurrent import Recurrent
from advisor.architectures._training import History, Recipe, train
from advisor.architectures.cnn import ImageCNN
from advisor.architectures.lstm import LSTM
from advisor.architectures.mlp import Perceptron
from benchmarks.speed.stacked_training import (
    ImageCNNs,
    Mapped,
    Perceptrons,
    Recurrents,
    Stack,
    train_stacked,
)

N_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Case:
    """An architecture at one size."""

    make: Callable[[float], nn.Module]  # of the dropout
    stack: type[Stack]
    shape: tuple[int, ...]
    batch_size: int
    epochs: int  # of one measurement
    clip: float | None = None


def _perceptron(width: int, epochs: int) -> Case:
    def make(dropout: float) -> nn.Module:
        return Perceptron(
            20, (), embedding_size=8, n_layers=4, width=width, dropout=dropout, n_outputs=N_CLASSES
        )

    return Case(make, Perceptrons, (20,), 128, epochs)


CASES = {
    "mlp-16": _perceptron(16, 4),
    "mlp-64": _perceptron(64, 3),
    "mlp-256": _perceptron(256, 1),
    "cnn": Case(
        lambda dropout: ImageCNN((28, 28, 1), width=16, dropout=dropout, n_outputs=N_CLASSES),
        ImageCNNs,
        (28, 28, 1),
        28,
        1,
    ),
    "lstm": Case(
        lambda dropout: Recurrent(
            LSTM, 3, hidden=64, n_layers=1, bidirectional=True, dropout=dropout, n_outputs=N_CLASSES
        ),
        Recurrents,
        (50, 3),
        28,
        1,
        clip=1.0,
    ),
}


def data(case: Case, n: int, *, noise: float = 0.3) -> tuple[Tensor, Tensor]:
    """Rows of noise, and the class that a random network gives them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, *case.shape)).astype(np.float32)
    flat = x.reshape(n, -1)
    hidden = np.tanh(flat @ rng.normal(size=(flat.shape[1], 16)) / flat.shape[1] ** 0.5 * 2)
    classes = hidden @ rng.normal(size=(16, N_CLASSES)) + noise * rng.normal(size=(n, N_CLASSES))
    return torch.as_tensor(x), torch.as_tensor(classes.argmax(axis=1))


def members(case: Case, n: int, *, dropout: list[float] | None = None) -> list[nn.Module]:
    """Fresh modules with initial weights by their number."""
    made = []
    for k in range(n):
        torch.manual_seed(k)
        made.append(case.make(0.1 + 0.05 * (k % 4) if dropout is None else dropout[k]))
    return made


def fit(
    name: str, way: str, n_members: int, n: int, *, threads: int = 1, device: str = "cpu"
) -> tuple[float, float]:
    """Wall and processor seconds of training that many members "alone", in a "stack" or by "vmap"."""
    torch.set_num_threads(threads)
    case = CASES[name]
    x, target = (t.to(device) for t in data(case, n))
    modules = [module.to(device) for module in members(case, n_members)]
    recipes = [
        Recipe(case.epochs, case.epochs, case.batch_size, 1e-3 / (1 + k % 3), 1e-2 / (1 + k), clip=case.clip)
        for k in range(n_members)
    ]
    rows = [np.random.default_rng(k).permutation(n) for k in range(n_members)]
    learn, held = [r[n // 5 :] for r in rows], [r[: n // 5] for r in rows]
    start, used = time.perf_counter(), time.process_time()
    if way == "alone":
        alone(modules, x, target, learn, held, recipes)
    else:
        stack = (Mapped if way == "vmap" else case.stack)(modules)
        train_stacked(stack, x, target, rows=learn, validation=held, recipes=recipes, seeds=range(n_members))
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start, time.process_time() - used


def alone(
    modules: list[nn.Module],
    x: Tensor,
    target: Tensor,
    rows: list[np.ndarray],
    validation: list[np.ndarray],
    recipes: list[Recipe],
) -> list[History]:
    """Train one after the other with the loop of the package."""
    return [
        train(
            module, (x,), target, loss=cross_entropy, rows=rows[k], validation=validation[k], recipe=r, seed=k
        )
        for k, (module, r) in enumerate(zip(modules, recipes))
    ]


def compare(pools: tuple[Executor, Executor], name: str, n_members: int, n: int, repeats: int) -> str:
    """One row of the table for the CPU."""
    half, used = n_members // 2, dict[str, list[float]]()

    def run(label: str, way: str, *counts: int, threads: int = 1) -> None:
        jobs = [pool.submit(fit, name, way, k, n, threads=threads) for pool, k in zip(pools, counts)]
        used.setdefault(label, []).append(sum(job.result()[1] for job in jobs))

    for _ in range(repeats + 1):
        run("alone", "alone", n_members)
        run("stack", "stack", n_members)
        if name != "lstm":  # torch has no rule to map it
            run("vmap", "vmap", n_members)
        run("one", "alone", 1)
        run("stack of one", "stack", 1)
        run("two processes", "alone", half, half)
        run("two stacks", "stack", half, half)
        run("two threads", "stack", n_members, threads=2)
    cpu = {label: statistics.median(times[1:]) for label, times in used.items()}  # the first warms up
    factors = [
        cpu["one"] / cpu["stack of one"],
        cpu["alone"] / cpu["stack"],
        cpu["alone"] / cpu.get("vmap", math.inf),
        cpu["two processes"] / cpu["two stacks"],
        cpu["two processes"] / cpu["two threads"],
    ]
    each = 1000 * cpu["alone"] / n_members / CASES[name].epochs
    cells = " | ".join(f"{factor:.2f}" if factor else "-" for factor in factors)
    return f"| {name} | {n} | {n_members} | {each:.1f} | {cells} |"


def on_cuda(name: str, n_members: int, n: int, repeats: int) -> str:
    """One row of the table for CUDA."""
    times: dict[str, list[float]] = {"alone": [], "stack": []}
    for _ in range(repeats + 1):
        for way, taken in times.items():
            taken.append(fit(name, way, n_members, n, device="cuda")[0])
    single, stacked = (statistics.median(taken[1:]) for taken in times.values())
    each = 1000 * single / n_members / CASES[name].epochs
    return f"| {name} | {n} | {n_members} | {each:.1f} | {single / stacked:.2f} |"


def stopping() -> str:
    """What early stopping leaves of a stack, by single trainings with rates from 1e-4 to 1e-2."""
    case, n_members, n = CASES["mlp-64"], 8, 500
    x, target = data(case, n)
    rates = np.geomspace(1e-4, 1e-2, n_members)
    recipes = [Recipe(300, 40, case.batch_size, float(rate), 1e-2, schedule="plateau") for rate in rates]
    rows = [np.random.default_rng(k).permutation(n) for k in range(n_members)]
    histories = alone(
        members(case, n_members), x, target, [r[n // 5 :] for r in rows], [r[: n // 5] for r in rows], recipes
    )
    epochs = [len(history.scores) for history in histories]
    return (
        f"epochs until {n_members} members of mlp-64 stopped: {', '.join(map(str, epochs))}; "
        f"of a stack that waits for the last one {sum(epochs) / n_members / max(epochs):.0%} is of use"
    )


def table(names: list[str], sizes: list[int], n: int | None, repeats: int) -> Iterator[str]:
    """Lines of the report."""
    cuda = torch.cuda.is_available()
    if cuda:
        yield "| case | rows | K | ms per epoch alone | stack |"
        yield "| --- | ---: | ---: | ---: | ---: |"
    else:
        yield "| | | | one core, 1 thread: | | | | two cores: | |"
        yield "| case | rows | K | ms per epoch alone | stack of 1 | stack | vmap | 2 stacks | 1 stack |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # read by the processes when they load torch
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as a, ProcessPoolExecutor(1, context) as b:
        for name in names:
            table_like = name.startswith("mlp")
            for n_members in sizes or ([4, 16] if table_like else [4]):
                rows = n or (1000 if table_like else 250)
                if cuda:
                    yield on_cuda(name, n_members, rows, repeats)
                else:
                    yield compare((a, b), name, n_members, rows, repeats)
    yield ""
    yield stopping()


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--members", nargs="*", type=int, default=[], help="K, even")
    parser.add_argument("--rows", type=int, help="1,000 for tables, else 250")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    for line in table(options.cases, options.members, options.rows, options.repeats):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
