"""Where the two constants for short lines in :mod:`advisor.order` come from.

Of a short line the triples of one, two and three steps are counted together. They overlap, so the number of
ordered ones is not binomial with chance 1/2. Here similarities are drawn as they are in blocks of
exchangeable columns, and of all binomials that nowhere reject too often the one that asks for the lowest
share is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from advisor.order import SHORT_CHANCE, SHORT_INDEPENDENT

COLUMNS = (8, 10, 12, 16, 20, 30, 45, 60)
BLOCKS = (1, 2, 3, 4, 5, 6, 8, 12)  # columns of a block; 1 is no block
LEVELS = (0.01, 0.002)  # as it is, and divided by five distances tried
CHANCES = np.round(np.arange(0.34, 0.51, 0.02), 2)
INDEPENDENTS = np.round(np.arange(0.4, 1.01, 0.1), 2)
STEPS = (1, 2, 3)


@dataclass(frozen=True)
class Fit:
    """A binomial: the chance of an ordered triple, and the share of triples that count."""

    chance: float
    independent: float
    excess: float  # highest rate of rejection over the level, over all lines and levels
    asked: float  # share of ordered triples that is asked for at 0.01, averaged over the lines


def ordered_triples(rng: np.random.Generator, columns: int, block: int, draws: int) -> tuple[Shares, int]:
    """Shares of ordered triples of lines of blocks, and how many triples a line has."""
    place = np.arange(columns) // block
    similar = {
        k: rng.normal(size=(draws, columns - k)) + 20.0 * (place[k:] == place[: columns - k])
        for k in {*STEPS, *(2 * k for k in STEPS)}
        if k < columns
    }
    hits, triples = np.zeros(draws), 0
    for k in STEPS:
        if 2 * k < columns:
            outer = similar[2 * k]
            count = outer.shape[1]
            hits += ((outer < similar[k][:, :count]) & (outer < similar[k][:, k : k + count])).sum(axis=1)
            triples += count
    return hits / triples, triples


Shares = NDArray[np.float64]


def tail(share: NDArray[np.float64] | float, triples: int, chance: float, independent: float) -> Shares:
    """Chance of a share this high, as :class:`advisor.order.Order` works it out."""
    hits, count = np.asarray(share) * independent * triples, independent * triples
    out: Shares = np.where(hits > 0, betainc(np.maximum(hits, 1e-9), count - hits + 1, chance), 1.0)
    return out


def fit_short_lines(draws: int = 20_000, seed: int = 0) -> tuple[Fit, Fit]:
    """Simulate, and give the best binomial on the grid and the one that is shipped.

    Parameters
    ----------
    draws : int
        Lines per number of columns and size of block.
    seed : int
        Of the draws.

    Returns
    -------
    best, shipped : Fit
        ``excess`` of at most 1 means that no line of blocks is called ordered more often than the level says.
    """
    rng = np.random.default_rng(seed)
    lines = [ordered_triples(rng, d, b, draws) for d in COLUMNS for b in BLOCKS]

    def judged(chance: float, independent: float) -> Fit:
        rates = [
            float((tail(shares, triples, chance, independent) < level).mean()) / level
            for shares, triples in lines
            for level in LEVELS
        ]
        grid = np.linspace(0, 1, 1001)
        asked = [grid[tail(grid, triples, chance, independent) < LEVELS[0]] for _, triples in lines]
        return Fit(
            chance, independent, max(rates), float(np.mean([a.min() if len(a) else 1.0 for a in asked]))
        )

    # beyond what chance adds to the highest of so many rates
    slack = 1 + 3 * (1 / (min(LEVELS) * draws)) ** 0.5
    fits = [judged(float(c), float(i)) for c in CHANCES for i in INDEPENDENTS]
    best = min((fit for fit in fits if fit.excess <= slack), key=lambda fit: fit.asked)
    return best, judged(SHORT_CHANCE, SHORT_INDEPENDENT)
