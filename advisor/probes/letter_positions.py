"""Are groups of 0/1 columns the letters of a string, one group per position?"""

from __future__ import annotations

import numpy as np

from advisor.positions import alphabet, positions_order, spelled
from advisor.probes.base import Evidence, wilson
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Share of triples of groups whose outer two depend on each other least.

    A group is one column of letters, or as many exclusive 0/1 columns as there are letters. Categories that
    are unrelated, or answers on one scale, come in such groups as well, but in no order.
    """
    if table.form != "table" or table.geometry.order.found:
        return None
    names = table.labels("categorical")
    word = spelled([table.run[label] for label in names]) if 2 * len(names) > len(table.columns) else None
    if word is not None:
        held, groups = word
        size, columns = len(held), f"columns of the same {len(held)} letters"
    else:
        names, held, groups = [], [], table.values
        found = alphabet(groups)
        if found is None:
            return None
        size, columns = found, f"groups of {found} exclusive 0/1 columns"
    order = positions_order(groups, size)
    count = groups.shape[1] // size
    independent = order.independent
    return Evidence(
        name="letter_positions",
        value=order.share,
        unit="share of triples",
        interval=wilson(order.share * independent, independent),
        p_value=order.p_value,
        null="groups of columns exchangeable within contiguous blocks of any sizes: the share is at most 1/2",
        rows_used=len(groups),
        reference="after Robinson (1951), a similarity is seriated if it falls away from the diagonal",
        summary=(
            f"{count} {columns}; in {order.share:.0%} of {order.triples} triples of adjacent ones the outer "
            "two depend on each other least (33% in random order, at most 50% in blocks)"
        ),
        found=order.found,
        details={"letters": size, "positions": count, "alphabet": held, "columns": [str(n) for n in names]},
    )
