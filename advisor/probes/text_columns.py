"""How much of the input is text?"""

from __future__ import annotations

import numpy as np

from advisor.probes.base import Evidence
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Share of the input columns that hold running text or long strings."""
    texts = table.labels("text")
    if not texts:
        return None
    share = len(texts) / len(table.columns)
    named = ", ".join(repr(str(label)) for label in texts[:3])
    return Evidence(
        name="text_columns",
        value=share,
        unit="share of inputs",
        interval=None,
        p_value=None,
        null="strings are names of categories",
        rows_used=min(table.n, 200),
        reference="at least 3 words a cell on average, as AutoGluon has it, or 30 letters without spaces",
        summary=f"{len(texts)} of {len(table.columns)} inputs hold text ({named})",
        found=2 * len(texts) >= len(table.columns),
        details={"columns": [str(label) for label in texts]},
    )
