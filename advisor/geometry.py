"""Recover how flat columns fold: step between neighbours, length of a line, channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc
from scipy.stats import f

from advisor.lags import Floats, Lags, nanmean

ALPHA = 0.01  # level of every order test, after correction for the distances tried
INDEPENDENT = 0.8  # share of triples that count, so that no made table of blocks exceeds the level
MAX_CHANNELS = 32  # interleaved channels looked for
SHORTEST = 6  # columns below this cannot show an order


@dataclass(frozen=True, slots=True)
class Order:
    """How often the outer two of three equally spaced columns agree least.

    Under *any* arrangement of exchangeable columns the share is 1/3; if exchangeable columns stand in
    blocks, a triple that straddles a border gives at most 1/2. An ordered axis gives a share near 1.
    """

    step: int  # distance between the columns of a triple
    share: float  # of triples, 0..1
    triples: int
    tried: int = 1  # distances tried before this one, for Bonferroni's correction

    @property
    def p_value(self) -> float:
        """Chance of a share this high in blocks of exchangeable columns.

        Triples overlap, so only four fifths of them count as independent; the binomial tail is continued to
        fractions by the incomplete beta function.
        """
        independent = INDEPENDENT * self.triples
        if not self.triples or self.share <= 0:
            return 1.0
        hits = self.share * independent
        return min(1.0, float(betainc(hits, independent - hits + 1, 0.5)) * self.tried)

    @property
    def found(self) -> bool:
        """Whether the axis is ordered."""
        return self.p_value < ALPHA


@dataclass(frozen=True, slots=True)
class Fold:
    """A candidate length of a line."""

    length: int  # columns per line
    vertical: float  # agreement with the column one line below, -1..1
    peak: float  # share of columns that agree more with the column below than with those beside it, 0..1
    across: Order  # order from line to line
    breaks: float  # agreement lost where a line ends and the next begins
    ends: bool  # a line ends visibly: in a break of its own, or in background
    reach: float  # lines, over columns, within which agreement halves; 1 is isotropic


@dataclass(frozen=True, slots=True)
class Geometry:
    """What was found; ``layout`` is None where columns have no order."""

    columns: int
    order: Order  # along the fastest ordered axis
    layout: tuple[int, ...] | None = None
    channel_axis: str = "none"  # "none", "last" (together) or "first" (one after another)
    fold: Fold | None = None

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.layout[-1] if self.layout else 1


def recover(lags: Lags) -> Geometry:
    """Find the layout of flat columns, if they have one.

    Parameters
    ----------
    lags : Lags
        Of the numeric columns, in the order held.

    Returns
    -------
    Geometry
        Its ``layout`` is (H, W, C) for images, (T, C) for series, None otherwise.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> recover(Lags.of(rng.normal(size=(100, 48)).cumsum(axis=1))).layout
    (48, 1)
    >>> recover(Lags.of(rng.normal(size=(100, 48)))).layout is None
    True
    """
    order, together = unit_step(lags)
    if not order.found:
        return Geometry(lags.size, order)
    line = lags.coarsen(together)
    if together == 1 and order.step > 1:
        return Geometry(
            lags.size, order, (lags.size, 1)
        )  # neighbours alternate, yet all columns are one series

    fold = image_fold(line)
    if fold is not None:
        rows = line.coarsen(fold.length)
        height = block_length(rows) or rows.size
        if together == 1:
            channels = rows.size // height
            return Geometry(
                lags.size, order, (height, fold.length, channels), "first" if channels > 1 else "none", fold
            )
        return Geometry(lags.size, order, (rows.size, fold.length, together), "last", fold)
    if together > 1:
        return Geometry(lags.size, order, (line.size, together), "last")
    steps = block_length(line) or line.size
    channels = line.size // steps
    return Geometry(lags.size, order, (steps, channels), "first" if channels > 1 else "none")


def order_at(lags: Lags, step: int, *, tried: int = 1) -> Order:
    """Measure the order of columns ``step`` apart."""
    return order_of(lags.at(step), lags.at(2 * step), step=step, tried=tried)


def order_of(near: Floats, outer: Floats, *, step: int, tried: int = 1) -> Order:
    """Compare the similarities of pairs ``step`` apart with those of pairs twice as far apart."""
    first, second = near[: len(outer)], near[step : step + len(outer)]
    usable = np.isfinite(first) & np.isfinite(second) & np.isfinite(outer)
    count = int(usable.sum())
    if not count:
        return Order(step, float("nan"), 0, tried)
    least = (outer < first) & (outer < second)
    return Order(step, float(least[usable].mean()), count, tried)


def unit_step(lags: Lags) -> tuple[Order, int]:
    """Find the distance at which columns are ordered, and how many channels stand together.

    One channel is assumed unless columns ``c`` apart are clearly better ordered than adjacent ones and the
    ``c`` places differ, as channels do. Multiples of ``c`` are ordered as well, so the smallest that does
    about as well as the best is taken.
    """
    if lags.size < SHORTEST:
        return Order(1, float("nan"), 0), 1
    steps = [c for c in range(2, MAX_CHANNELS + 1) if lags.size % c == 0 and lags.size // c >= 4]
    adjacent = order_at(lags, 1, tried=1 + len(steps))
    apart = [order for step in steps if (order := order_at(lags, step, tried=1 + len(steps))).found]
    channels = [order for order in apart if phases_differ(lags, order.step)]
    best = max((order.share for order in channels), default=0.0)
    if channels and (not adjacent.found or best > adjacent.share + 0.15):
        order = next(order for order in channels if order.share > best - 0.1)
        return order, order.step
    if not adjacent.found and apart:
        return apart[0], 1  # neighbours alternate, yet all columns are one series
    return adjacent, 1


def phases_differ(lags: Lags, period: int) -> bool:
    """Tell ``period`` interleaved channels from one series that oscillates.

    Channels differ from each other: in level, in spread, or in how far they agree with the next one.
    Analysis of variance over the place within the period, at 0.1% for each of the three; or else adjacent
    columns have nothing in common at all.
    """
    if any(_varies(facts, period) for facts in (lags.at(1), lags.means, np.log(lags.variances + 1e-9))):
        return True
    between = max(abs(lags.mean(k)) for k in range(1, period))
    return between < 0.1 * lags.mean(period)


def _varies(facts: NDArray[np.floating], period: int) -> bool:
    place = np.arange(len(facts)) % period
    usable = np.isfinite(facts)
    facts, place = facts[usable], place[usable]
    total = float(((facts - facts.mean()) ** 2).sum()) if len(facts) else 0.0
    freedom = len(facts) - period
    if total <= 1e-9 or freedom <= 0:
        return False
    means = np.bincount(place, facts, period) / np.maximum(np.bincount(place, minlength=period), 1)
    explained = float(((means[place] - facts.mean()) ** 2).sum()) / total
    if explained >= 1:
        return True
    ratio = (explained / (period - 1)) / ((1 - explained) / freedom)
    adjusted = 1 - (1 - explained) * (len(facts) - 1) / freedom
    return adjusted > 0.1 and float(f.sf(ratio, period - 1, freedom)) < 0.001


def image_fold(line: Lags) -> Fold | None:
    """Find the shortest line length that makes an image, trying every divisor."""
    for length in (w for w in range(4, line.size // 4 + 1) if line.size % w == 0):
        fold = measure_fold(line, length)
        if is_image(fold, line.mean(1)):
            return fold
    return None


def is_image(fold: Fold, horizontal: float) -> bool:
    """Whether both axes are ordered and alike enough to be those of an image.

    A series with a season also agrees with itself one season later. But the end of one season runs on into
    the next, where the lines of a picture break off or end in background; and its agreement falls much
    faster, or much more slowly, from season to season than from step to step.
    """
    return (
        fold.across.found
        and fold.peak > 0.5
        and fold.vertical > 0.6 * horizontal
        and 1 / 2.5 < fold.reach < 2.5
        and fold.ends
    )


def measure_fold(line: Lags, length: int) -> Fold:
    """Measure one candidate length of a line.

    The order from line to line is looked for column by column and, for pictures of few strokes, line by line.
    """
    below = line.at(length)
    beside = [line.at(length + shift) for shift in (-2, -1, 1, 2) if length + shift > 0]
    shortest = min(len(s) for s in [below, *beside])
    best_beside = np.fmax.reduce([s[:shortest] for s in beside])
    usable = np.isfinite(below[:shortest]) & np.isfinite(best_beside)
    peak = float((below[:shortest] > best_beside)[usable].mean()) if usable.any() else 0.0
    rows = line.coarsen(length)
    across = min(order_at(line, length, tried=2), order_at(rows, 1, tried=2), key=lambda order: order.p_value)
    across_reach, along_reach = half_length(rows, rows.size), half_length(line, length)
    return Fold(
        length,
        line.mean(length),
        peak,
        across,
        line_break(line, length),
        line_ends(line, length),
        across_reach / along_reach,
    )


def half_length(lags: Lags, limit: int) -> float:
    """Distance at which mean agreement falls to half of that at distance 1, interpolated."""
    first = lags.mean(1)
    previous = first
    for k in range(2, limit):
        value = lags.mean(k)
        if not np.isfinite(value):
            break
        if value <= first / 2:
            return k - 1 + (previous - first / 2) / max(previous - value, 1e-9)
        previous = value
    return float(max(1, limit - 1))


def line_break(lags: Lags, length: int) -> float:
    """Mean agreement of neighbours inside lines minus across their ends; NaN if no end can be seen."""
    neighbours = lags.at(1)
    ends = np.arange(len(neighbours)) % length == length - 1
    return nanmean(neighbours[~ends]) - nanmean(neighbours[ends])


def line_ends(lags: Lags, length: int) -> bool:
    """Whether lines end visibly: neighbours agree less across the end, or the ends hold little variation.

    A break that also shows every ``length / 2``, ``length / 3``, ... columns is not that of a line: rows of a
    seasonal series that begin at one of a few hours have such breaks.
    """
    depth = line_break(lags, length)
    if np.isfinite(depth) and depth > 0.05 * abs(lags.mean(1)):
        shorter = [line_break(lags, length // part) for part in range(2, length) if length % part == 0]
        return not any(other >= 0.8 * depth for other in shorter)
    place = np.arange(lags.size) % length
    border = (place == 0) | (place == length - 1)
    return bool(lags.variances[border].mean() < 0.5 * lags.variances.mean())


def block_length(lags: Lags) -> int | None:
    """Find blocks that follow each other (planes of an image, channels of a series): shortest clean cut.

    Padding that begins anew shows them at once. Otherwise the agreement of neighbours must drop at every
    cut, below almost all other neighbours.
    """
    padded = padded_length(lags.missing)
    if padded is not None:
        return padded
    neighbours = lags.at(1)
    if len(neighbours) < SHORTEST:
        return None
    usual = float(np.nanmedian(neighbours))
    spread = float(np.nanmedian(np.abs(neighbours - usual)))
    for length in range(SHORTEST, lags.size // 2 + 1):
        if lags.size % length:
            continue
        at = np.arange(length - 1, len(neighbours), length)
        cuts, rest = neighbours[at], np.delete(neighbours, at)
        if not np.isfinite(cuts).all():
            continue
        # most of what neighbours share beyond any two columns must be lost, and at no other place as much
        background = nanmean(np.array([lags.mean(k) for k in range(2, lags.size, max(1, lags.size // 24))]))
        lost = cuts.mean() < usual - 0.6 * (usual - background)
        sharp = cuts.max() < min(usual - 6 * max(spread, 0.01), float(np.nanquantile(rest, 0.02)))
        if lost and sharp:
            return length
    return None


def padded_length(missing: NDArray[np.float64]) -> int | None:
    """Length of blocks that are each padded at their end, from the share of missing values per column.

    Within a block the share never falls; where the next begins it does.

    Examples
    --------
    >>> padded_length(np.array([0, 0.1, 0.6, 0, 0.1, 0.6, 0, 0.1, 0.6]))
    3
    >>> padded_length(np.array([0, 0.1, 0.6, 0.7, 0.7, 0.9])) is None
    True
    """
    falls = np.flatnonzero(np.diff(missing) < -0.01) + 1
    if not len(falls):
        return None
    length = int(falls[0])
    whole = len(missing) % length == 0 and np.array_equal(falls, np.arange(length, len(missing), length))
    return length if whole else None
