"""Columns in random order: does the graph of their nearest neighbours look like a line or a sheet?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from advisor.lags import Agreement, pooled_ranks
from advisor.logistic import Logistic

NEIGHBOURS = 4
FEWEST = 16  # columns that vary, below which a graph has no shape
MOST = 2048  # columns looked at
SOURCES = 64  # columns from which distances in the graph are measured
USUAL = 0.98  # share of one value above which a column says nothing about its neighbours
FACTS = ("hubs", "reach", "contrast", "weakest")
SHAPE = ("growth", "clustering", "reach")


@dataclass(frozen=True, slots=True)
class Topology:
    """Shape of the graph that joins each column with the four that agree with it most.

    Steps of a series and pixels of a picture agree with few others and each is as popular as the next: the
    graph is long and has no hubs. Columns that share hidden factors gather around a few.
    """

    nearest: float  # median agreement with the nearest column
    contrast: float  # what the fourth nearest agrees more than any column does, in the median
    weakest: float  # agreement with the nearest column, of the lowest tenth
    recall: float  # share of neighbours that two halves of the rows agree on
    hubs: float  # spread of how often a column is a neighbour, over the mean
    reach: float  # log of the mean distance, over log of the columns joined: 1 line, 1/2 sheet, 0 hubs
    growth: float  # exponent with which a neighbourhood grows from two to four steps
    clustering: float  # share of neighbours that are neighbours of each other
    parts: int  # connected parts of the graph
    kept: NDArray[np.intp]  # columns that vary and are no copies
    neighbours: NDArray[np.intp]  # shape (len(kept), 4), indices into kept

    def facts(self) -> NDArray[np.float64]:
        """The facts that enter the odds of an order, in the order of ``FACTS``."""
        low, high = np.clip((self.weakest, self.contrast), 0, (1, 0.6))
        return np.array((self.hubs, self.reach, high, low))

    def shape(self) -> NDArray[np.float64]:
        """The facts that tell a sheet from a line, in the order of ``SHAPE``."""
        return np.array((self.growth, self.clustering, self.reach))

    @property
    def joined(self) -> bool:
        """Whether columns agree with their neighbours, and those are no chance."""
        return self.nearest >= 0.4 and self.recall >= 0.3 and self.contrast >= 0.2

    def odds(self) -> float:
        """Probability that the columns had an order, by the fitted model; 0 if they are not joined."""
        if not self.joined:
            return 0.0
        return Logistic.load("scrambled").probability(self.facts())

    def image_odds(self) -> float:
        """Probability that they are the pixels of a picture, if they had an order."""
        return Logistic.load("sheet").probability(self.shape())


def measure_topology(values: NDArray[np.floating], rng: np.random.Generator) -> Topology | None:
    """Join each column with those that agree with it most; None if too few vary.

    Parameters
    ----------
    values : ndarray, shape (m, d)
        Rows by columns, NaN where missing.
    rng : Generator
        Halves the rows and draws columns.

    Returns
    -------
    Topology or None
        Does not depend on the order of the columns.

    References
    ----------
    Le Roux, Bengio, Lamblin, Joliveau, Kégl (2007). Learning the 2-D topology of images. NIPS 20.
    Radovanović, Nanopoulos, Ivanović (2010). Hubs in space. JMLR 11, 2487-2531.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> walks = rng.normal(size=(200, 60)).cumsum(axis=1)[:, rng.permutation(60)]
    >>> measure_topology(walks, rng).odds() > 0.5
    True
    """
    kept = _varied(values)
    if len(kept) > MOST:
        kept = np.sort(rng.choice(kept, MOST, replace=False))
    if len(kept) < FEWEST or len(values) < 8:
        return None
    ranks = pooled_ranks(values[:, kept])
    rows = rng.permutation(len(ranks))
    halves = [Agreement.of(ranks[rows[start::2]]) for start in (0, 1)]
    first, second = (half.nearest(NEIGHBOURS)[0] for half in halves)
    recall = np.mean([len(np.intersect1d(a, b)) for a, b in zip(first, second)]) / NEIGHBOURS
    whole = Agreement.of(ranks)
    neighbours, agreement = whole.nearest(NEIGHBOURS)
    d = len(kept)
    popularity = np.bincount(neighbours.ravel(), minlength=d)
    edges = (np.ones(d * NEIGHBOURS), (np.repeat(np.arange(d), NEIGHBOURS), neighbours.ravel()))
    graph = csr_array(edges, shape=(d, d))
    graph = ((graph + graph.T) > 0).astype(np.float64).tocsr()
    parts, part = connected_components(graph, directed=False)
    sources = rng.choice(d, min(d, SOURCES), replace=False)
    distance = dijkstra(graph, indices=sources, unweighted=True)
    reached = np.isfinite(distance) & (distance > 0)
    joined = float(np.bincount(part)[part[sources]].mean())
    within = [float((distance <= radius).sum(axis=1).mean()) - 1 for radius in (2, 4)]
    degree = np.asarray(graph.sum(axis=1)).ravel()
    triangles = float((graph * (graph @ graph)).sum())
    some = whole.pairs(sources, np.arange(d))
    return Topology(
        nearest=float(np.median(agreement[:, 0])),
        contrast=float(np.median(agreement[:, -1]) - np.median(some)),
        weakest=float(np.quantile(agreement[:, 0], 0.1)),
        recall=float(recall),
        hubs=float(popularity.std() / NEIGHBOURS),
        reach=float(np.log(distance[reached].mean()) / np.log(max(joined, 3.0))),
        growth=float(np.log2(max(within[1], 1) / max(within[0], 1))),
        clustering=triangles / max(float((degree * (degree - 1)).sum()), 1.0),
        parts=int(parts),
        kept=kept,
        neighbours=neighbours,
    )


def _varied(values: NDArray[np.floating]) -> NDArray[np.intp]:
    """Columns that take several values often enough, the first of each set of copies."""
    kept: list[int] = []
    seen: set[bytes] = set()
    columns = np.ascontiguousarray(values.T)
    ordered = np.sort(np.where(np.isfinite(columns), columns, np.nan), axis=1)  # NaN last
    held = np.isfinite(columns).sum(axis=1)
    for j, column in enumerate(columns):
        known, most = ordered[j, : held[j]], int(USUAL * held[j])
        if len(known) < 8 or (known[most:] == known[: len(known) - most]).any():
            continue
        content = column.tobytes()
        if content not in seen:
            seen.add(content)
            kept.append(j)
    return np.array(kept, dtype=np.intp)
