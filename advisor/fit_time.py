"""How long a fit of each family takes: lines through measured times, and how fast this machine is."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.outlook import FAMILIES, quantile, ridge, weights_of

PENALTY = 0.5  # origins that speak for a time that does not grow


@dataclass(frozen=True)
class FitTime:
    """Time to fit one family with its defaults, on one thread of this machine's processor.

    Parameters
    ----------
    family : {"cnn", "lstm", "gbt"}
        Name of the architecture.
    seconds : float
        To expect.
    low, high : float
        Between which 80% of the measured times lie.
    """

    family: str
    seconds: float
    low: float
    high: float


@lru_cache(maxsize=1)
def machine_seconds() -> float:
    """Time this machine takes for a fixed piece of work of one thread, some milliseconds; the least of seven.

    Stored beside measured times, and compared with where they are told again.
    """
    values = np.random.default_rng(0).normal(size=50_000)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        np.sort(np.exp(-values * values))
        times.append(time.perf_counter() - start)
    return min(times)


def fit_times(
    outcomes: Sequence[Mapping[str, Any]], n: int, inputs: int, classes: int, *, slower: float = 1.0
) -> tuple[FitTime, ...]:
    """Tell how long each family takes, from outcomes on one structure.

    The logarithm of the time is a line in those of the rows, the inputs and the classes, fitted by ridge
    regression in which every origin counts once.

    Parameters
    ----------
    outcomes : sequence of mapping
        ``origin, n, inputs, classes, seconds``; those without ``seconds`` are passed over.
    n, inputs, classes : int
        Training rows, values of one row, and classes: 0 where a number is predicted.
    slower : float
        Time of this machine over that of the machine on which they were measured.

    Returns
    -------
    tuple of FitTime
        The fastest first; empty where fewer than two origins were timed.

    Examples
    --------
    >>> def outcome(i):
    ...     seconds = {"cnn": 2.0**i, "lstm": 2.0 ** (i + 1), "gbt": 0.5}
    ...     return {"origin": str(i), "n": 100 * 2**i, "inputs": 8, "classes": 2, "seconds": seconds}
    >>> [time.family for time in fit_times([outcome(i) for i in range(5)], 800, 8, 2)]
    ['gbt', 'cnn', 'lstm']
    """
    timed = [o for o in outcomes if o.get("seconds")]
    if len({o["origin"] for o in timed}) < 2:
        return ()
    weights = weights_of(timed)
    X = np.array([_logarithms(o["n"], o["inputs"], o["classes"]) for o in timed])
    found = []
    for family in FAMILIES:
        y = np.log([max(1e-3, o["seconds"][family]) for o in timed])
        slopes, constant = ridge(X, y, weights, PENALTY)
        off, shares = y - constant - X @ slopes, weights / weights.sum()
        middle = constant + float(_logarithms(n, inputs, classes) @ slopes) + math.log(slower)
        ends = (middle + quantile(off, shares, q) for q in (0.1, 0.9))
        found.append(FitTime(family, math.exp(middle), *(math.exp(end) for end in ends)))
    return tuple(sorted(found, key=lambda one: one.seconds))


def _logarithms(n: int, inputs: int, classes: int) -> NDArray[np.float64]:
    return np.log([max(1, n), max(1, inputs), max(2, classes)])
