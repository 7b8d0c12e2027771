"""Does a pattern mean the same wherever it is, or does each position have its own meaning?"""

from __future__ import annotations

import numpy as np

from advisor.interventions._trial import Trial
from advisor.interventions.permuted_columns import SHORTEST
from advisor.probes.base import Evidence


def measure(trial: Trial, rng: np.random.Generator) -> Evidence | None:
    """Compare local patterns, pooled over positions, with trees on each position by itself."""
    if trial.x.ndim < 3 or min(trial.x.shape[1:-1]) < SHORTEST:
        return None
    local, trees = trial.local("as it is"), trial.trees("as it is")
    return trial.finding(
        "fixed_positions",
        local,
        trees,
        words=(
            "local patterns score {before}, trees on fixed positions {after}",
            "patterns that can lie anywhere say more than positions do, which is the case for convolution",
            "either way of seeing is as good",
            "each position has a meaning of its own, which is the case for trees",
        ),
        null="patterns and positions say equally much",
        reference="Dempster et al. (2020), ROCKET, DMKD 34, 1454-1495; Coates & Ng (2011), ICML; "
        "Geurts, Ernst, Wehenkel (2006), Extremely randomized trees",
    )
