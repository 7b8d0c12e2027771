"""Does the order of the steps matter?"""

from __future__ import annotations

import numpy as np

from advisor.interventions._models import Array
from advisor.interventions._trial import Trial
from advisor.interventions.permuted_columns import SHORTEST
from advisor.probes.base import Evidence


def measure(trial: Trial, rng: np.random.Generator) -> Evidence | None:
    """Put the steps of each row into an order of its own: which values occur stays, their order goes."""
    if trial.x.ndim != 3 or trial.x.shape[1] < SHORTEST:
        return None
    n, steps, _ = trial.x.shape
    keys = rng.random((n, steps))
    if trial.lengths is not None:  # padding stays at the end
        keys += np.arange(steps) >= trial.lengths[:, None]
    order = np.argsort(keys, axis=1)

    def shuffle(x: Array) -> Array:
        return np.take_along_axis(x, order[..., None], axis=1)

    return trial.finding(
        "shuffled_steps",
        trial.local("as it is"),
        trial.local("steps shuffled", shuffle),
        words=(
            "local patterns score {before}, with the steps of each row shuffled {after}",
            "the order of the steps matters",
            "the order of the steps does not matter: which values occur says it all",
            "local patterns do better without the order of the steps: which values occur says more",
        ),
        null="steps are exchangeable within a row: a model of local patterns loses nothing",
        reference="Bai, Kolter, Koltun (2018), arXiv:1803.01271",
    )
