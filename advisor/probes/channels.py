"""Are there several channels, standing together or one after another?"""

from __future__ import annotations

import numpy as np

from advisor.probes.base import Evidence
from advisor.table import Table


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Number of channels of an ordered table and how they are laid out."""
    if table.form != "table" or table.geometry.layout is None:
        return None
    geometry = table.geometry
    channels = geometry.channels
    how = {
        "none": "the columns are one channel",
        "last": f"{channels} channels stand together: order shows at a distance of {channels} columns",
        "first": f"{channels} channels follow one another: neighbours do not agree across a border",
        "line": f"{channels} channels follow one another line by line: lines {channels} apart agree most",
    }[geometry.channel_axis]
    return Evidence(
        name="channels",
        value=float(channels),
        unit="channels",
        interval=None,
        p_value=None,
        null="one channel",
        rows_used=len(table.values),
        reference="analysis of variance over the place within a period; local drops of adjacent agreement",
        summary=how,
        found=channels > 1,
        details={"axis": geometry.channel_axis},
    )
