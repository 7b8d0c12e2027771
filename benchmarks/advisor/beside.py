"""``python -m benchmarks.advisor.beside``: are the columns beside a series or picture told from it?

Simulated series and pictures stand between columns of the embedded tables. Prints, for each number of
columns before and behind, how often the structure and the layout are right.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

import datasets
from advisor import advise

Array = NDArray[np.float64]
TABLES = ("ames_houses", "cells", "college_earnings", "concrete", "abalone")
BESIDE = ((0, 0), (2, 0), (0, 2), (3, 1), (5, 0), (4, 4), (10, 0), (0, 10), (15, 0))
STEPS = (10, 12, 16, 24, 48, 96)
SIDES = (8, 16)
ROWS = 600
KINDS = ("autoregressive", "walk", "daily curve", "sine")


def series(kind: str, steps: int, rng: np.random.Generator) -> Array:
    """Draw rows of one kind of series, in a unit of their own."""
    noise: Array = rng.normal(size=(ROWS, steps))
    time = np.arange(steps)
    if kind == "autoregressive":
        for step in range(1, steps):
            noise[:, step] = 0.8 * noise[:, step - 1] + 0.6 * noise[:, step]
        return 100 + 20 * noise
    if kind == "walk":
        return 1_000 + 10 * noise.cumsum(axis=1)
    if kind == "daily curve":
        day = 1.5 + np.sin(2 * np.pi * (time - 8) / 24) + 0.5 * np.sin(4 * np.pi * (time - 3) / 24)
        loads: Array = 50 * rng.lognormal(0, 0.4, (ROWS, 1)) * day + 4 * noise.cumsum(axis=1)
        return loads
    turns, phase = rng.uniform(0.5, 2, (ROWS, 1)), rng.uniform(0, 2 * np.pi, (ROWS, 1))
    waves: Array = np.sin(2 * np.pi * turns * time / steps + phase) + 0.1 * noise
    return waves


def picture(side: int, rng: np.random.Generator) -> Array:
    """Draw square Gaussian random fields as flat columns."""
    fields: Array = gaussian_filter(rng.normal(size=(ROWS, side, side)), (0, 1.5, 1.5))
    return fields.reshape(ROWS, -1)


@cache
def _numbers(table: str) -> Array:
    numbers: Array = datasets.load(f"embedded:{table}").X.select_dtypes("number").to_numpy(dtype=np.float64)
    return np.nan_to_num(numbers)


def facts(count: int, rng: np.random.Generator) -> Array:
    """Draw columns of the embedded tables, each of any of them, rows in random order."""
    columns = np.empty((ROWS, count))
    for place in range(count):
        numbers = _numbers(str(rng.choice(TABLES)))
        columns[:, place] = rng.choice(numbers[:, rng.integers(numbers.shape[1])], ROWS)
    return columns


def right(
    inside: Array, layout: tuple[int, ...], beside: tuple[int, int], rng: np.random.Generator
) -> Counter[str]:
    """Advise on one set; count what is right."""
    before, behind = (facts(count, rng) for count in beside)
    data = pd.DataFrame(np.hstack([before, inside, behind]))
    advice = advise(data, rng.integers(0, 2, ROWS))
    structure = "image" if len(layout) == 3 else "sequence"
    return Counter(structure=advice.structure == structure, layout=advice.layout == layout, sets=1)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=4, help="sets of each kind and length (default 4)")
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    sys.stdout.write(f"{'before':>6} {'behind':>6} {'what':18} {'sets':>5} {'structure':>10} {'layout':>7}\n")
    for beside in BESIDE:
        found = {"series to 24 steps": Counter[str](), "longer series": Counter(), "pictures": Counter()}
        for _ in range(options.repeats):
            for steps in STEPS:
                for kind in KINDS:
                    name = "series to 24 steps" if steps <= 24 else "longer series"
                    found[name] += right(series(kind, steps, rng), (steps, 1), beside, rng)
            for side in SIDES:
                found["pictures"] += right(picture(side, rng), (side, side, 1), beside, rng)
        for name, counts in found.items():
            n = counts["sets"]
            shares = f"{counts['structure'] / n:>10.0%} {counts['layout'] / n:>7.0%}"
            sys.stdout.write(f"{beside[0]:>6} {beside[1]:>6} {name:18} {n:>5} {shares}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
