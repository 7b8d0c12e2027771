"""The image sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from datasets.embedded.recipes.store import Drawn


def digits(at: Path) -> Drawn:
    """Read the 1,797 digits of 8 x 8 counts (0..16) that scikit-learn ships, all of them."""
    table = np.loadtxt(at / "scikit-learn/sklearn/datasets/data/digits.csv.gz", delimiter=",")
    return Drawn(
        pd.DataFrame({"target": table[:, -1].astype(np.uint8)}),
        table[:, :-1].astype(np.uint8).reshape(-1, 8, 8, 1),
    ).sample(len(table))
