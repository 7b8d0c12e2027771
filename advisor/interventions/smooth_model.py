"""Is the target a smooth function of all columns at once?"""

from __future__ import annotations

import numpy as np

from advisor.interventions._trial import Trial
from advisor.probes.base import Evidence


def measure(trial: Trial, rng: np.random.Generator) -> Evidence | None:
    """Replace trees by a Gaussian kernel machine, which like a small network sees distances, not columns."""
    if trial.x.ndim != 2:
        return None
    return trial.finding(
        "smooth_model",
        trial.trees("as it is"),
        trial.smooth("as it is"),
        words=(
            "trees score {before}, a smooth function of all columns {after}",
            "single columns and thresholds matter, which is the case for trees",
            "trees and smooth functions do equally well",
            "columns act together and smoothly, which is the case for networks",
        ),
        null="a smooth function that has no axes does as well as trees",
        reference="Grinsztajn, Oyallon, Varoquaux (2022), NeurIPS, section 5.2",
    )
