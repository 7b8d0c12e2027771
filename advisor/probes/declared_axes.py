"""What do the axes of an array or of the cells mean?"""

from __future__ import annotations

import numpy as np

from advisor.axes import resolve
from advisor.pictures import Pictures
from advisor.probes.base import Evidence
from advisor.table import Table

GROUNDS = {
    "order": "by their order",
    "likeness": "by how far neighbours agree",
    "levels": "by the levels of their places",
    "sizes": "by their sizes",
}


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Order along each axis of an item: a picture has two ordered axes, a series one."""
    if table.pictures is not None:
        return _pictures(table, table.pictures)
    if table.form not in ("array", "list_cells"):
        return None
    axes = resolve(table.values, table.item, unequal=table.unequal)
    shares = ", ".join("-" if np.isnan(o.share) else f"{o.share:.0%}" for o in axes.orders)
    shape = "x".join(map(str, table.item))
    several = len(table.item) > 1
    told_apart = f"; its axes are told apart {GROUNDS[axes.ground]}" if several else " along one axis"
    return Evidence(
        name="declared_axes",
        value=float(len(axes.layout) - 1),
        unit="ordered axes",
        interval=None,
        p_value=min((o.p_value for o in axes.orders), default=None),
        null="places along an axis exchangeable within blocks: the share of ordered triples is at most 1/2",
        rows_used=len(table.values),
        reference="after Robinson (1951), a similarity is seriated if it falls away from the diagonal",
        summary=(
            f"each row holds {shape} numbers{' at most' if table.unequal else ''}{told_apart} "
            f"(ordered triples along {'each' if several else 'it'}: {shares})"
        ),
        found=True,
        details={
            "structure": axes.structure,
            "layout": list(axes.layout),
            "order": list(axes.order),
            "measured": axes.ground != "sizes" or not several,
            "ground": axes.ground,
        },
    )


def _pictures(table: Table, held: Pictures) -> Evidence:
    """Encoded pictures say what their axes are; how they differ in size is what there is to measure."""
    height, width, channels = held.layout
    known = sum(held.sizes.values())
    alike = held.sizes.get(held.size, 0)
    return Evidence(
        name="declared_axes",
        value=2.0,
        unit="ordered axes",
        interval=None,
        p_value=None,
        null="the items are no pictures: they could not be opened as such",
        rows_used=held.looked,
        reference="size and channels as the header of each file states them",
        summary=(
            f"each of {table.n} items is an encoded picture, {'in colour' if channels == 3 else 'grey'}; of "
            f"{held.looked} opened, {alike} are {held.size[0]} x {held.size[1]} pixels"
            + (f", {known - alike} have other sizes" if known > alike else "")
            + (f", {held.unreadable} cannot be read" if held.unreadable else "")
        ),
        found=True,
        details={
            "structure": "image",
            "layout": [height, width, channels],
            "order": [0, 1, 2],
            "measured": True,
            "sizes": len(held.sizes),
            "unreadable": held.unreadable,
            "grey": held.grey,
        },
    )
