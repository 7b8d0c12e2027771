"""Do the columns fold into lines that lie below each other, as the pixels of a picture do?"""

from __future__ import annotations

import numpy as np

from advisor.probes.base import Evidence
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Length of a line, found by trying every divisor of the number of columns.

    A line length is likely if columns agree more with the one a line below than with those beside it, are
    ordered from line to line as well, and if agreement falls about as fast downwards as it does sideways. The
    likeliest is taken if its odds, by a fitted model, are above 1/2.
    """
    if table.form != "table" or not table.geometry.order.found:
        return None
    geometry = table.geometry
    fold = geometry.fold
    if fold is None or geometry.image <= 0.5:
        return Evidence(
            name="line_length",
            value=float("nan"),
            unit="columns",
            interval=None,
            p_value=None,
            null="one line: agreement depends on the distance between two columns alone",
            rows_used=len(table.values),
            reference="after Le Roux, Bengio et al. (2007), Learning the 2-D topology of images, NIPS",
            summary="no line length makes a second ordered axis: the columns are one line",
            found=False,
            details={"probability": round(geometry.image, 4)},
        )
    return Evidence(
        name="line_length",
        value=float(fold.length),
        unit="columns",
        interval=None,
        p_value=fold.across.p_value,
        null="lines exchangeable within blocks: the share of triples ordered downwards is at most 1/2",
        rows_used=len(table.values),
        reference="after Le Roux, Bengio et al. (2007), Learning the 2-D topology of images, NIPS",
        summary=(
            f"folded every {fold.length} columns, {fold.peak:.0%} of the columns agree more with the one "
            f"below (by {fold.vertical:.2f}) than with those beside it, and {fold.across.share:.0%} of "
            "triples are ordered downwards too"
        ),
        found=True,
        details={
            "probability": round(geometry.image, 4),
            "vertical": round(fold.vertical, 4),
            "peak": round(fold.peak, 4),
            "reach": round(fold.reach, 3),
            "line_break": None if np.isnan(fold.breaks) else round(fold.breaks, 4),
        },
    )
