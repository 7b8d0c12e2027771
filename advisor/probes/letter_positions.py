"""Are groups of 0/1 columns the letters of a string, one group per position?"""

from __future__ import annotations

from typing import Any

import numpy as np

from advisor.lags import Floats
from advisor.positions import alphabet, flags, positions_order, spelled
from advisor.probes.base import Evidence, wilson
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Share of triples of groups whose outer two depend on each other least.

    A group is one column of letters, or as many exclusive 0/1 columns as there are letters. Categories that
    are unrelated, or answers on one scale, come in such groups as well, but in no order. Other columns, and
    categories that share no letter with the rest, stand beside if they are fewer.
    """
    if table.form != "table" or table.geometry.order.found:
        return None
    found = _letters(table) or _groups(table)
    if found is None:
        return None
    names, held, groups, size = found
    columns = f"columns of the same {size} letters" if held else f"groups of {size} exclusive 0/1 columns"
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


Found = tuple[list[Any], list[str], Floats, int]  # columns, their letters, 0/1 groups, size of a group


def _letters(table: Table) -> Found | None:
    """Columns of letters, most of all columns."""
    names = table.labels("categorical")
    if 2 * len(names) <= len(table.columns):
        return None
    word = spelled([table.run[label] for label in names])
    if word is None or 2 * len(word[2]) <= len(table.columns):
        return None
    letters, groups, positions = word
    return [names[j] for j in positions], letters, groups, len(letters)


def _groups(table: Table) -> Found | None:
    """Groups of 0/1 columns, most of all columns."""
    places = flags(table.values)
    if 2 * len(places) <= len(table.columns):
        return None
    for cut in (slice(None), slice(1, None), slice(None, -1)):  # a flag before or behind belongs to no group
        groups = table.values[:, places[cut]]
        size = alphabet(groups)
        if size is not None:
            return [table.numbers[j] for j in places[cut]], [], groups, size
    return None
