"""Did the columns have an order before they were scrambled?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from advisor.probes.base import Evidence
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Neighbour agreement in the order recovered, on rows that were not used to find it.

    Recovered only where the graph of nearest columns looks like a line or a sheet: an order can be found in
    any table, and in one with few hidden factors neighbours in it agree on new rows too.
    """
    topology, found = table.topology, table.recovered
    if topology is None:
        return None
    odds = topology.odds()
    absent = Evidence(
        name="scrambled_columns",
        value=float("nan"),
        unit="Lin's concordance, -1..1",
        interval=None,
        p_value=None,
        null="columns that share hidden factors: their graph has hubs and is short",
        rows_used=len(table.values),
        reference="Le Roux, Bengio et al. (2007), Learning the 2-D topology of images, NIPS",
        summary=f"the columns do not look like those of a scrambled series or picture ({odds:.2f})",
        found=False,
        details={"probability": round(odds, 4)},
    )
    if found is None:
        return absent
    return replace(
        absent,
        value=found.found - found.held,
        summary=(
            f"the columns look like a scrambled {'picture' if found.structure == 'image' else 'series'} "
            f"(probability {found.probability:.2f}): in the order recovered, neighbours agree by "
            f"{found.found:.2f} on rows not used to find it, as held by {found.held:.2f}"
        ),
        found=True,
        details={
            "structure": found.structure,
            "layout": list(found.layout),
            "probability": round(found.probability, 4),
            "ordered_triples": None if np.isnan(found.order.share) else round(found.order.share, 4),
        },
    )
