"""Tell the axes of an array apart: height, width, time, channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.architectures.base import Structure
from advisor.errors import InputError
from advisor.lags import Lags
from advisor.order import Order, order_at

FEW = 4  # no more than this many colours; a picture has more lines
SMALLEST_IMAGE = 8  # lines and columns that a picture has at least


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of one item mean."""

    structure: Structure
    layout: tuple[int, ...]  # canonical: (H, W, C) or (T, C)
    order: tuple[int, ...]  # np.transpose(item, order) brings it into canonical order, channels last
    orders: tuple[Order, ...]  # evidence, one per axis of the item
    measured: bool  # whether the values decided, rather than the sizes alone


def resolve(values: NDArray[np.floating], item: tuple[int, ...], *, unequal: bool = False) -> Axes:
    """Decide what the axes of an item are.

    Parameters
    ----------
    values : ndarray, shape (m, prod(item))
        Sampled items, flattened in C order.
    item : tuple of int
        Shape of one item, one to three axes.
    unequal : bool
        Whether the items differ in length, which makes the first axis time.

    Returns
    -------
    Axes
        A picture is ordered along two axes, a series along one.

    Examples
    --------
    >>> walks = np.random.default_rng(0).normal(size=(60, 3, 40)).cumsum(axis=2)
    >>> axes = resolve(walks.reshape(60, -1), (3, 40))
    >>> axes.structure, axes.layout, axes.order
    ('sequence', (40, 3), (1, 0))
    """
    if len(item) == 3:
        channel = 2 if item[2] <= FEW and (item[0] > FEW or item[2] <= item[0]) else int(np.argmin(item))
        if channel == 1 or item[channel] > max(FEW, min(item) if min(item) <= 16 else 0):
            raise InputError(
                "an array of 4 dimensions must be a stack of pictures, (n, H, W, C) or (n, C, H, W)",
                got=f"items of shape {item}",
                do="videos and volumes are not supported; reshape to pictures",
            )
        spatial = tuple(a for a in range(3) if a != channel)
        order = (*spatial, channel)
        orders = tuple(axis_order(values, item, axis) for axis in range(3))
        return Axes("image", tuple(item[a] for a in order), order, orders, measured=False)
    if len(item) == 1:
        return Axes("sequence", (item[0], 1), (0,), (axis_order(values, item, 0),), measured=False)
    orders = tuple(axis_order(values, item, axis) for axis in range(2))
    if unequal:
        return Axes("sequence", item, (0, 1), orders, measured=False)
    found = [order.found for order in orders]
    if all(found) and min(item) >= SMALLEST_IMAGE:
        return Axes("image", (*item, 1), (0, 1), orders, measured=True)
    if found[0] == found[1]:
        time, measured = (0 if item[0] >= item[1] else 1), False
    else:
        time, measured = (0 if found[0] else 1), True
    return Axes("sequence", (item[time], item[1 - time]), (time, 1 - time), orders, measured)


def axis_order(values: NDArray[np.floating], item: tuple[int, ...], axis: int) -> Order:
    """Measure the order along one axis, averaged over the others.

    Averaging first makes the triples of an axis few but independent of each other: an axis of six channels
    cannot pass by an accident that repeats in every step. An axis that is long enough for a picture, and
    looks ordered on average, is judged line by line if that is clearer.
    """
    array = values.reshape(len(values), *item)
    lines = np.moveaxis(array, axis + 1, 1).reshape(len(values), -1)
    others = lines.shape[1] // item[axis]
    lags = Lags.of(lines)
    averaged = order_at(lags.coarsen(others), 1)
    if item[axis] < SMALLEST_IMAGE or not averaged.triples or averaged.share <= 0.6:
        return averaged
    return min(averaged, order_at(lags, others), key=lambda order: order.p_value)
