"""``python -m benchmarks.advisor.effort``: does more effort choose a better family?

Each embedded task gives ``advise`` the training rows on which the shipped calibration measured the families
(``benchmarks/studies/families.toml``); regret is the best measured test score minus that of the family
advised. The calibration that the advice uses leaves out the task's origin. Advice is kept in a cache, so that
an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import datasets
from advisor import AdvisorError, advise
from advisor.calibration import FAMILIES, TIE, Calibration
from datasets.sources import embedded
from datasets.splits import split

CACHE = Path(tempfile.gettempdir()) / "advisor-effort.json"
ROWS = 1500  # of the study that measured the families


def main(arguments: list[str] | None = None) -> int:
    """Advise, compare with what was measured, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("tasks", nargs="*", help="names of embedded tasks (default: all)")
    parser.add_argument("--rows", type=int, default=1000, help="rows given to advise (default 1000)")
    parser.add_argument("--effort", nargs="+", default=["look", "probe"], choices=["look", "probe", "race"])
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of a race (default 60)")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"of the advice (default {CACHE})")
    options = parser.parse_args(arguments)
    cache: dict[str, Any] = json.loads(options.cache.read_text()) if options.cache.exists() else {}
    measured = {row["task"]: row["scores"] for row in Calibration.load().families}
    rows: list[dict[str, Any]] = []
    for name in options.tasks or embedded.names():
        if f"embedded:{name}" not in measured:
            sys.stdout.write(f"{name}: left out, its families were not measured\n")
            continue
        chosen: dict[str, str] = {"always gbt": "gbt"}
        seconds: dict[str, float] = {}
        for effort in options.effort:
            key = f"{name} {options.rows} {effort}" + (f" {options.budget:g}" if effort == "race" else "")
            if key not in cache:
                cache[key] = _advice(name, options.rows, effort, options.budget)
                options.cache.write_text(json.dumps(cache, indent=1))
            chosen[effort], seconds[effort] = cache[key]["recommendation"], cache[key]["seconds"]
        scores = measured[f"embedded:{name}"]
        best = max(scores.values())
        rows.append(
            {
                "structure": embedded.describe(name).structure,
                "regret": {key: best - scores[family] for key, family in chosen.items()},
                "seconds": seconds,
            }
        )
        told = ", ".join(f"{e}: {chosen[e]} (regret {rows[-1]['regret'][e]:.3f})" for e in options.effort)
        numbers = " ".join(f"{family} {scores[family]:.3f}" for family in FAMILIES)
        sys.stdout.write(f"{name:18} {rows[-1]['structure']:8} {numbers}   {told}\n")
        sys.stdout.flush()
    sys.stdout.write("\n".join(summary(rows, options.effort)) + "\n")
    return 0


def _advice(name: str, rows: int, effort: Any, budget: float) -> dict[str, Any]:
    task = datasets.load(f"embedded:{name}")
    train = split(task, fold=0, max_train=ROWS).train[:rows]
    X, y = task.X.iloc[train].reset_index(drop=True), task.y.iloc[train].reset_index(drop=True)
    start = time.monotonic()
    try:
        advice = advise(
            X, y, calibration=Calibration.load().without(task.origin), effort=effort, budget=budget
        )
    except AdvisorError as error:
        return {"recommendation": "gbt", "seconds": 0.0, "error": str(error)}
    kept = {k: v for k, v in advice.to_dict().items() if k in ("recommendation", "interventions", "race")}
    return kept | {"seconds": round(time.monotonic() - start, 1)}


def summary(rows: list[dict[str, Any]], efforts: list[str]) -> list[str]:
    """Mean regret by structure, and the gain over always taking boosted trees with its standard error."""
    lines = []
    for structure in ("image", "sequence", "tabular", "all"):
        part = [row for row in rows if structure in ("all", row["structure"])]
        if part:
            regret = {key: np.mean([row["regret"][key] for row in part]) for key in ("always gbt", *efforts)}
            means = ", ".join(f"{key} {value:.4f}" for key, value in regret.items())
            lines.append(f"{structure:8} {len(part):2} tasks, mean regret: {means}")
    for effort in efforts:
        gains = np.array([row["regret"]["always gbt"] - row["regret"][effort] for row in rows])
        right = sum(row["regret"][effort] <= TIE for row in rows)
        error = gains.std(ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else float("nan")
        lines.append(
            f"{effort}: within {TIE} of the best on {right} of {len(rows)}; gains {gains.mean():+.4f} ± "
            f"{error:.4f} (standard error) over always gbt; median "
            f"{np.median([row['seconds'][effort] for row in rows]):.1f} s a task"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
