"""``python -m benchmarks.speed.trees``: what does our estimator of boosted trees add to XGBoost itself?

The direct calls do what ``fit`` does with the same parameters and held-out rows: quantile matrices of both
parts, boosting until the loss stops falling, growing that many trees anew on all rows; and predictions of all
rows. The forests are compared, too: they must be the same. The target is at most 1.05 times the direct fit.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from advisor.architectures import get
from advisor.architectures._target import inner_split, seed_of
from benchmarks.speed._cases import table
from benchmarks.speed._timing import Report, Sheet, clock_of, parse, take_turns, told

SIZES = ((1_000, 20), (10_000, 20), (50_000, 50))
AT_MOST = 1.05


def direct(X: NDArray[np.float64], y: NDArray[np.int64], threads: int) -> xgboost.Booster:
    """Call XGBoost as our defaults do."""
    seed = seed_of(0)
    kept, held = inner_split(y, 0.2, np.random.default_rng(seed))
    parameters = {
        "objective": "binary:logistic",
        "learning_rate": 0.05,
        "max_depth": 5,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "max_bin": 64 if len(X) <= 2000 else 256,
        "nthread": threads,
        "seed": seed,
        "verbosity": 0,
    }

    def matrix(rows: Any, ref: xgboost.QuantileDMatrix | None = None) -> xgboost.QuantileDMatrix:
        bins = parameters["max_bin"]
        return xgboost.QuantileDMatrix(X[rows], y[rows], max_bin=bins, ref=ref, nthread=threads)

    train = matrix(kept)
    found = xgboost.train(
        parameters,
        train,
        2000,
        evals=[(matrix(held, train), "validation")],
        early_stopping_rounds=20,
        verbose_eval=False,
    )
    return xgboost.train(parameters, matrix(slice(None)), found.best_iteration + 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parse("trees", __doc__, arguments, turns=5)
    clock = clock_of(options.threads)
    report = Report("trees", options)
    rows: list[tuple[str, ...]] = []
    for n, columns in SIZES:
        X, y = table(n, columns=columns)
        ours = (
            get("gbt").make("classification", random_state=0, n_jobs=options.threads, device="cpu").fit(X, y)
        )
        booster = direct(X, y, options.threads)
        same = ours.model_.get_dump() == booster.get_dump()
        fits = take_turns(
            {"ours": lambda: ours.fit(X, y), "direct": lambda: direct(X, y, options.threads)},  # noqa: B023
            turns=options.turns,
            clock=clock,
        )
        calls = take_turns(
            {
                "ours": lambda: ours.predict_proba(X),  # noqa: B023
                "direct": lambda: booster.predict(xgboost.DMatrix(X, nthread=options.threads)),  # noqa: B023
            },
            turns=options.turns,
            clock=clock,
        )
        trees = f"{ours.n_trees_}, {'the same' if same else 'NOT the same'}"
        for what, times in (("fit", fits), ("predict", calls)):
            at_most = AT_MOST if what == "fit" else None
            ratio = told(times["ours"].over(times["direct"]), at_most=at_most)
            label = f"{what}, {n:,} x {columns}"
            rows.append((label, str(times["ours"]), str(times["direct"]), ratio, trees if at_most else ""))
    report.add(Sheet(("table", "ours, s", "direct, s", "ratio", "trees"), rows))
    report.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
