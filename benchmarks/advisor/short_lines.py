"""Of a short line of columns the triples of one, two and three steps are counted together.

They overlap, so the number of ordered ones is not binomial with chance 1/2. Here similarities are drawn as
they are in blocks of exchangeable columns, and of all binomials that nowhere reject too often the one that
asks for the lowest share is taken: these are the constants for short lines in :mod:`advisor.order`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from advisor.order import SHORT_CHANCE, SHORT_INDEPENDENT

COLUMNS = (8, 10, 12, 16, 20, 30, 45, 60)
BLOCKS = (1, 2, 3, 4, 5, 6, 8, 12)  # columns of a block; 1 is no block
LEVELS = (0.01, 0.001)  # as it is, and divided by ten distances tried
CHANCES = np.round(np.arange(0.36, 0.501, 0.01), 2)
INDEPENDENTS = np.round(np.arange(0.4, 1.01, 0.05), 2)
STEPS = (1, 2, 3)
Counts = NDArray[np.intp]


@dataclass(frozen=True)
class Fit:
    """A binomial: the chance of an ordered triple, and the share of triples that count."""

    chance: float
    independent: float
    excess: float  # highest rate of rejection over the level, over all lines and levels
    asked: float  # share of ordered triples that is asked for at 0.01, averaged over the lines


def ordered_triples(rng: np.random.Generator, columns: int, block: int, draws: int) -> Counts:
    """Draw lines of blocks: how many of them have 0, 1, ... all of their triples ordered."""
    place = np.arange(columns) // block
    similar = {
        k: rng.normal(size=(draws, columns - k)) + 20.0 * (place[k:] == place[: columns - k])
        for k in {*STEPS, *(2 * k for k in STEPS)}
        if k < columns
    }
    hits, triples = np.zeros(draws, np.intp), 0
    for k in STEPS:
        if 2 * k < columns:
            outer = similar[2 * k]
            count = outer.shape[1]
            hits += ((outer < similar[k][:, :count]) & (outer < similar[k][:, k : k + count])).sum(axis=1)
            triples += count
    return np.bincount(hits, minlength=triples + 1)


def tails(triples: int, chance: float, independent: float) -> NDArray[np.float64]:
    """Chance of 0, 1, ... all triples ordered or more, as :class:`advisor.order.Order` works it out."""
    hits, count = np.arange(triples + 1) * independent, independent * triples
    out: NDArray[np.float64] = np.ones(triples + 1)
    out[1:] = betainc(hits[1:], count - hits[1:] + 1, chance)
    return out


def fit_short_lines(draws: int) -> tuple[Fit, Fit]:
    """Simulate, and give the best binomial on the grid and the one that is shipped.

    Parameters
    ----------
    draws : int
        Lines per number of columns and size of block.

    Returns
    -------
    best, shipped : Fit
        ``excess`` of at most 1 means that no line of blocks is called ordered more often than the level says.
    """
    rng = np.random.default_rng(0)
    lines = [ordered_triples(rng, columns, block, draws) for columns in COLUMNS for block in BLOCKS]

    def judged(chance: float, independent: float) -> Fit:
        rates, asked = [], []
        for counts in lines:
            p_values = tails(len(counts) - 1, chance, independent)
            rates += [float(counts[p_values < level].sum()) / draws / level for level in LEVELS]
            enough = np.flatnonzero(p_values < LEVELS[0])
            asked.append(enough[0] / (len(counts) - 1) if len(enough) else 1.0)
        return Fit(chance, independent, max(rates), float(np.mean(asked)))

    fits = [judged(float(c), float(i)) for c in CHANCES for i in INDEPENDENTS]
    best = min((fit for fit in fits if fit.excess <= 1), key=lambda fit: fit.asked)
    return best, judged(SHORT_CHANCE, SHORT_INDEPENDENT)
