"""Does each column mean something by itself?"""

from __future__ import annotations

import numpy as np

from advisor.interventions._models import Array
from advisor.interventions._trial import Trial
from advisor.probes.base import Evidence

WIDEST = 300  # columns; a rotation of more mixes so much that trees see noise whatever the data


def measure(trial: Trial, rng: np.random.Generator) -> Evidence | None:
    """Rotate the space of the columns at random and see what trees lose.

    A model that only sees distances, such as a kernel machine or, nearly, a network, loses nothing by this:
    the Gaussian kernel of standardised columns is the same up to rounding.
    """
    if trial.x.ndim != 2 or not 2 <= trial.x.shape[1] <= WIDEST:
        return None
    axes, triangle = np.linalg.qr(rng.normal(size=(trial.x.shape[1],) * 2))
    rotation = (axes * np.sign(np.diag(triangle))).astype(np.float32)  # uniform over rotations

    def rotate(flat: Array) -> Array:
        return flat @ rotation

    return trial.finding(
        "rotated_columns",
        trial.trees("as it is"),
        trial.trees("rotated", rotate),
        words=(
            "trees score {before}, on columns mixed by a rotation {after} (a smooth model loses nothing)",
            "each column means something by itself",
            "the columns may be mixed freely: they have no meaning one by one",
            "trees do better on mixed columns: what counts is how columns act together",
        ),
        null="the data have no axes of their own: trees lose nothing",
        reference="Ng (2004), Feature selection, L1 vs. L2 regularization, and rotational invariance, ICML; "
        "Grinsztajn, Oyallon, Varoquaux (2022), NeurIPS, section 5.4",
    )
