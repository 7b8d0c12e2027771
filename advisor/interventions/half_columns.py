"""Do the less informative half of the columns matter?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.holdout import Rows
from advisor.interventions._trial import Trial
from advisor.probes.base import Evidence


def measure(trial: Trial, rng: np.random.Generator) -> Evidence | None:
    """Drop the half of the columns that the target depends on least, and see what a smooth model loses.

    Dependence is the F statistic, on the training rows of each split: columns that the held-out rows had a
    part in choosing would seem to predict even a target of pure chance.
    """
    if trial.x.ndim != 2 or trial.x.shape[1] < 4:
        return None
    kept = [_informative(trial, train) for train, _ in trial.splits]
    smooth_all, smooth_half = trial.smooth("as it is"), trial.smooth_on("halved", kept)
    trees_all, trees_half = trial.trees("as it is"), trial.trees_on("halved", kept)
    return trial.finding(
        "half_columns",
        smooth_all,
        smooth_half,
        words=(
            f"a smooth model scores {{before}}, on the better {len(kept[0])} of {trial.x.shape[1]} columns "
            "{after}" + f" (trees {trees_all.mean():.3f} and {trees_half.mean():.3f})",
            "the information is spread over the columns",
            "half of the columns say nothing that the others do not",
            "the model does better without the other half: drop columns that say nothing",
        ),
        null="the less informative half says nothing",
        reference="Grinsztajn, Oyallon, Varoquaux (2022), NeurIPS, section 5.3",
        trees_cost=round(float((trees_all - trees_half).mean()), 4),
    )


def _informative(trial: Trial, rows: Rows) -> NDArray[np.intp]:
    from sklearn.feature_selection import f_classif, f_regression

    flat, codes = trial.flat[rows].astype(np.float64), trial.data.codes[rows]
    varies = flat.std(axis=0) > 0
    strength = np.zeros(flat.shape[1])
    test: Any = f_regression if trial.data.kind == "regression" else f_classif
    with np.errstate(divide="ignore", invalid="ignore"):
        strength[varies] = np.nan_to_num(test(flat[:, varies], codes)[0])
    return np.sort(np.argsort(-strength, kind="stable")[: flat.shape[1] // 2])
