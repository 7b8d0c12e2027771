"""Would uninformative columns mislead a smooth model more than trees?"""

from __future__ import annotations

import numpy as np

from advisor.interventions._models import Array
from advisor.interventions._trial import Trial
from advisor.probes.base import Evidence


def measure(trial: Trial, rng: np.random.Generator) -> Evidence | None:
    """Add as many columns again that say nothing, copies with their rows shuffled.

    The value is what the smooth model loses beyond what trees lose: if it is large, the smooth model already
    suffers from columns that say little.
    """
    if trial.x.ndim != 2 or trial.x.shape[1] < 2:
        return None
    n, d = trial.x.shape
    order = np.argsort(rng.random((n, d)), axis=0)

    def widen(flat: Array) -> Array:
        return np.hstack([flat, np.take_along_axis(flat, order, axis=0)])

    smooth = trial.smooth("as it is") - trial.smooth("widened", widen)
    trees = trial.trees("as it is") - trial.trees("widened", widen)
    return trial.finding(
        "noise_columns",
        smooth,
        trees,
        words=(
            "as many columns of noise again cost a smooth model {before} and trees {after}",
            "a model that uses all columns alike is misled by useless ones: drop those before training it",
            "useless columns harm neither more than the other",
            "trees are misled more by useless columns: drop those before training them",
        ),
        null="both models lose equally",
        reference="Grinsztajn, Oyallon, Varoquaux (2022), NeurIPS, section 5.3",
    )
