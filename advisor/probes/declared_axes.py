"""What do the axes of an array or of the cells mean?"""

from __future__ import annotations

import numpy as np

from advisor.axes import resolve
from advisor.probes.base import Evidence
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Order along each axis of an item: a picture has two ordered axes, a series one."""
    if table.form not in ("array", "list_cells"):
        return None
    axes = resolve(table.values, table.item, unequal=table.unequal)
    shares = ", ".join("-" if np.isnan(o.share) else f"{o.share:.0%}" for o in axes.orders)
    shape = "x".join(map(str, table.item))
    ground = "measured on the values" if axes.measured else "by their sizes"
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
            f"each row holds {shape} numbers{' at most' if table.unequal else ''}; its axes are told apart "
            f"{ground} (ordered triples along each: {shares})"
        ),
        found=True,
        details={
            "structure": axes.structure,
            "layout": list(axes.layout),
            "order": list(axes.order),
            "measured": axes.measured,
        },
    )
