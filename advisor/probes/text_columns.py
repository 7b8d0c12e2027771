"""How much of the input is text?"""

from __future__ import annotations

from typing import Any

import numpy as np

from advisor.probes.base import Evidence
from advisor.table import Table

ROWS = 200  # looked at
WORDS = 3  # a cell, on average


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
        rows_used=min(table.n, ROWS),
        reference="at least 3 words a cell on average, as AutoGluon has it, or 30 letters without spaces",
        summary=f"{len(texts)} of {_inputs(len(table.columns))} hold{'s' * (len(texts) == 1)} text ({named})",
        found=2 * len(texts) >= len(table.columns),
        details={"columns": [str(label) for label in texts], "words": any(_words(table, t) for t in texts)},
    )


def _inputs(count: int) -> str:
    return f"{count} input{'' if count == 1 else 's'}"


def _words(table: Table, label: Any) -> bool:
    """Whether cells hold words, rather than one long string such as a DNA sequence."""
    cells = table.run[label].dropna().head(ROWS).astype(str)
    return len(cells) > 0 and float(cells.str.split().str.len().mean()) >= WORDS
