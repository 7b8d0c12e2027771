"""Is a line of columns ordered, and at what distance?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, fdtrc

from advisor.lags import Floats, Lags
from advisor.ranks import midranks

ALPHA = 0.01  # level of every order test, after correction for the distances tried
SHORT = 60  # columns up to which triples of steps 2 and 3 are counted too
# Chance that a triple is ordered in blocks of exchangeable columns, and the share of triples that count as
# independent. Of a short line both are fitted to simulated blocks of 1 to 12 columns: ``docs/probes.md``.
CHANCE, INDEPENDENT = 0.5, 0.8
SHORT_CHANCE, SHORT_INDEPENDENT = 0.45, 1.0
MAX_CHANNELS = 32  # interleaved channels looked for
FAR_STEPS = (4, 8, 16, 32, 64)  # distances tried where no smaller one shows an order
FAR_SHARE = 0.65  # share of ordered triples that such a distance must show
CLEAR_SHARE = 0.75  # share of adjacent triples below which other distances are asked
BY_SIZE = 0.9  # rank correlation of columns' means and places from which they stand in order of size
SHORTEST = 6  # columns below this cannot show an order
FEW_ROWS = 20  # rows from which nine in ten labelled pictures and series show their order


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
    short: bool = False  # whether triples of one, two and three steps are counted together

    @property
    def p_value(self) -> float:
        """Chance of a share this high in blocks of exchangeable columns.

        Triples overlap, so not all of them count as independent; the binomial tail is continued to fractions
        by the incomplete beta function.
        """
        if not self.triples or self.share <= 0:
            return 1.0
        hits = self.share * self.independent
        chance = SHORT_CHANCE if self.short else CHANCE
        return min(1.0, float(betainc(hits, self.independent - hits + 1, chance)) * self.tried)

    @property
    def independent(self) -> float:
        """How many triples count as independent."""
        return (SHORT_INDEPENDENT if self.short else INDEPENDENT) * self.triples

    @property
    def found(self) -> bool:
        """Whether the axis is ordered."""
        return self.p_value < ALPHA


def order_at(lags: Lags, step: int, *, tried: int = 1) -> Order:
    """Measure the order of columns ``step`` apart; in a short line also of those two and three apart."""
    if step > 1 or lags.size > SHORT:
        return order_of(lags.at(step), lags.at(2 * step), step=step, tried=tried)
    orders = [order_of(lags.at(k), lags.at(2 * k), step=k) for k in (1, 2, 3)]
    triples = sum(order.triples for order in orders)
    ordered = sum(order.share * order.triples for order in orders if order.triples)
    return Order(step, ordered / triples if triples else float("nan"), triples, tried, short=True)


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
    if (not adjacent.found or adjacent.share < CLEAR_SHARE) and lags.size > SHORT:
        # noise hides what little a smooth series changes from step to step, not what it changes over many
        far = [order_at(lags, step, tried=len(FAR_STEPS)) for step in FAR_STEPS if 8 * step <= lags.size]
        clearest = min(far, key=lambda order: order.p_value, default=adjacent)
        if clearest.found and clearest.share >= FAR_SHARE:
            return clearest, 1
    return adjacent, 1


def beyond_sizes(lags: Lags, order: Order) -> Order:
    """Give the order, or the one that is left without the columns' sizes if they alone make it.

    Columns that someone sorted by their size agree the more the nearer they stand, because agreement asks for
    one scale. Steps of a series that grows do, too, but their ranks, each in its own column, are ordered as
    well.
    """
    ranks = midranks(lags.means[lags.agreement.live])
    ranks, places = ranks - (len(ranks) + 1) / 2, np.arange(len(ranks)) - (len(ranks) - 1) / 2
    if abs(ranks @ places) < BY_SIZE * (places @ places):
        return order
    left = order_at(lags.of_own_ranks(), order.step, tried=order.tried)
    return order if left.found else left


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
    return adjusted > 0.1 and float(fdtrc(period - 1, freedom, ratio)) < 0.001


def channel_steps(lags: Lags) -> list[int]:
    """Distances of two to four columns at which columns are clearly better ordered: colours of pixels.

    Adjacent columns then are in no order: of red, green, blue and the next red, the outer two agree.
    """
    steps = [c for c in (2, 3, 4) if lags.size % c == 0 and lags.size // c >= SHORTEST]
    adjacent = order_at(lags, 1)
    usual = adjacent.share if adjacent.triples else 0.0
    apart = [order_at(lags, c, tried=1 + len(steps)) for c in steps]
    return [order.step for order in apart if usual < 0.6 and order.found and order.share > usual + 0.1]
