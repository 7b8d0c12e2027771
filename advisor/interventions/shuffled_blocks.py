"""Does the order over long lags matter?"""

from __future__ import annotations

import numpy as np

from advisor.interventions._models import Array
from advisor.interventions._trial import Trial
from advisor.probes.base import Evidence

BLOCKS = 4
SHORTEST = 8  # steps of a block


def measure(trial: Trial, rng: np.random.Generator) -> Evidence | None:
    """Cut each series into four blocks and shuffle them: local order stays, long order goes.

    The kernels are dilated up to the length of the series, so the model can see long order if there is any.
    Series padded to one length are left out: a block of padding would tell their length.
    """
    if trial.x.ndim != 3 or trial.lengths is not None or trial.x.shape[1] < BLOCKS * SHORTEST:
        return None
    n, steps, _ = trial.x.shape
    edges = np.linspace(0, steps, BLOCKS + 1).astype(int)
    block = np.repeat(np.arange(BLOCKS), np.diff(edges))
    place = np.argsort(rng.random((n, BLOCKS)), axis=1)[:, block]  # (n, T): where the block of a step goes
    order = np.argsort(place, axis=1, kind="stable")

    def shuffle(x: Array) -> Array:
        return np.take_along_axis(x, order[..., None], axis=1)

    return trial.finding(
        "shuffled_blocks",
        trial.local("as it is"),
        trial.local("blocks shuffled", shuffle),
        words=(
            f"local patterns score {{before}}, with blocks of {steps // BLOCKS} steps shuffled {{after}}",
            "order over long lags matters, which recurrence can carry",
            "order over long lags does not matter: pooled local patterns are enough",
            "local patterns do better without the order over long lags: they need not know when",
        ),
        null="what happens does not depend on when: a model of dilated patterns loses nothing",
        reference="Bai, Kolter, Koltun (2018), arXiv:1803.01271",
        block=int(steps // BLOCKS),
    )
