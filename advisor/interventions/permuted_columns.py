"""Does it matter which inputs are neighbours?"""

from __future__ import annotations

import numpy as np

from advisor.interventions._models import Array
from advisor.interventions._trial import Trial
from advisor.probes.base import Evidence

SHORTEST = 8  # steps or pixels along an axis; below, a local filter sees nearly all of it


def measure(trial: Trial, rng: np.random.Generator) -> Evidence | None:
    """Put the positions into one random order, the same in all rows, and see what local patterns lose.

    Channels stay together. A model that looks at each position by itself loses nothing by this.
    """
    if trial.x.ndim < 3 or min(trial.x.shape[1:-1]) < SHORTEST:
        return None
    order = rng.permutation(int(np.prod(trial.x.shape[1:-1])))

    def permute(x: Array) -> Array:
        return x.reshape(len(x), -1, x.shape[-1])[:, order].reshape(x.shape)

    return trial.finding(
        "permuted_columns",
        trial.local("as it is"),
        trial.local("permuted", permute),
        words=(
            "local patterns score {before}, with the positions in random order {after}",
            "what lies next to what matters",
            "what lies next to what does not matter, so neither convolution nor recurrence has an advantage",
            "local patterns do better without the order of the positions, so neither convolution nor "
            "recurrence has an advantage",
        ),
        null="positions are exchangeable: a model of local patterns loses nothing",
        reference="Ivan (2019), Convolutional networks on randomized data, CVPR workshops",
    )
