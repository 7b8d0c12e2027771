"""Are groups of 0/1 columns the letters of a string, one group per position?"""

from __future__ import annotations

import numpy as np

from advisor.positions import alphabet, positions_order
from advisor.probes.base import Evidence, wilson
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Share of triples of groups whose outer two depend on each other least.

    One-hot columns of unrelated categories also come in exclusive groups, but in no order.
    """
    if table.form != "table" or table.geometry.order.found:
        return None
    size = alphabet(table.values)
    if size is None:
        return None
    order = positions_order(table.values, size)
    count = table.values.shape[1] // size
    independent = order.independent
    return Evidence(
        name="letter_positions",
        value=order.share,
        unit="share of triples",
        interval=wilson(order.share * independent, independent),
        p_value=order.p_value,
        null="groups of columns exchangeable within contiguous blocks of any sizes: the share is at most 1/2",
        rows_used=len(table.values),
        reference="after Robinson (1951), a similarity is seriated if it falls away from the diagonal",
        summary=(
            f"{count} groups of {size} exclusive 0/1 columns; in {order.share:.0%} of {order.triples} "
            "triples of adjacent groups the outer two depend on each other least (33% in random order, at "
            "most 50% in blocks)"
        ),
        found=order.found,
        details={"letters": size, "positions": count},
    )
