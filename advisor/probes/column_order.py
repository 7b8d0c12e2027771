"""Are the columns in an order, beyond standing in blocks?"""

from __future__ import annotations

import numpy as np

from advisor.probes.base import Evidence, wilson
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Share of equally spaced triples of columns whose outer two agree least.

    Of three exchangeable columns each pair is equally likely to agree least: 1/3. If exchangeable columns
    stand in blocks (one-hot columns, answers on one scale, repeated measurements), a triple across a border
    gives at most 1/2. Only an order within blocks gives more, so the test is made against 1/2 and the blocks
    cannot pass it. Columns sorted by their size are tested again by their ranks, each in its own column.
    """
    if table.form != "table" or table.values.shape[1] < 3:
        return None
    order = table.geometry.order
    step = "adjacent columns" if order.step == 1 else f"columns {order.step} apart"
    step = "columns one, two or three apart" if order.short else step
    independent = order.independent
    return Evidence(
        name="column_order",
        value=order.share,
        unit="share of triples",
        interval=wilson(order.share * independent, independent) if independent else None,
        p_value=order.p_value,
        null="columns exchangeable within contiguous blocks of any sizes: the share is at most 1/2",
        rows_used=len(table.values),
        reference="after Robinson (1951), a similarity is seriated if it falls away from the diagonal",
        summary=(
            f"in {order.share:.0%} of {order.triples} triples of {step} the outer two agree least "
            "(33% in random order, at most 50% in blocks)"
            if order.triples
            else "one row is too little to show an order"
            if len(table.values) == 1
            else f"{table.values.shape[1]} numeric columns are too few to show an order"
        ),
        found=order.found,
        details={"step": order.step, "triples": order.triples},
    )
