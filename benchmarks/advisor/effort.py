"""``python -m benchmarks.advisor.effort``: does more effort choose a better family?

Each set gives ``advise`` the rows on which :mod:`benchmarks.advisor.outcomes` trained the families (of series
in time and panels the whole, since a part of them has no past); regret is the best measured score minus that
of the family advised, R2 below 0 counted as 0. The calibration that the advice uses leaves out the set's
origin. Advice is kept in a cache, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor import AdvisorError, advise
from advisor.calibration import FAMILIES, TIE, Calibration
from advisor.outlook import FLOOR
from benchmarks.advisor.outcomes import STORE, STUDY, training_part
from benchmarks.advisor.regret import outcomes_of, rows_of
from benchmarks.store import Store

CACHE = Path(tempfile.gettempdir()) / "advisor-effort.json"
EFFORTS = ("look", "probe", "race")


def main(arguments: Sequence[str] | None = None) -> int:
    """Advise, compare with what was measured, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="what ids of sets begin with (default: all)")
    parser.add_argument("--effort", nargs="+", default=["look", "race"], choices=EFFORTS)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of a race (default 60)")
    parser.add_argument("--every", type=int, default=1, help="only one set of so many, in the order of names")
    parser.add_argument("--store", type=Path, default=STORE, help="of the outcomes (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="of the advice (default: %(default)s)")
    options = parser.parse_args(arguments)
    cache: dict[str, Any] = json.loads(options.cache.read_text()) if options.cache.exists() else {}
    with Store(options.store) as store:
        measured = rows_of(store.frame(STUDY))[0]
    calibration = replace(Calibration.shipped(), outcomes=outcomes_of(measured))
    last = measured.sort_values("n").drop_duplicates("set", keep="last").sort_values("set")
    chosen = last[[not options.names or str(s).startswith(tuple(options.names)) for s in last["set"]]]
    rows: list[dict[str, Any]] = []
    for row in chosen.iloc[:: options.every].to_dict("records"):
        picks, seconds = {"always gbt": "gbt"}, {}
        for effort in options.effort:
            key = f"{row['set']} {row['n']} {effort}" + (f" {options.budget:g}" if effort == "race" else "")
            if key not in cache:
                cache[key] = _advice(
                    row["set"], row["n"], effort, options.budget, calibration.without(row["origin"])
                )
                options.cache.write_text(json.dumps(cache, indent=1))
            picks[effort], seconds[effort] = cache[key]["recommendation"], cache[key]["seconds"]
        scores = {family: max(row[family], FLOOR) for family in FAMILIES}
        regret = {key: max(scores.values()) - scores[family] for key, family in picks.items()}
        told = {name: row[name] for name in ("set", "origin", "true")}
        rows.append(told | {"regret": regret, "seconds": seconds})
        shown = ", ".join(f"{e}: {picks[e]} ({regret[e]:.3f}, {seconds[e]:.0f} s)" for e in options.effort)
        numbers = " ".join(f"{family} {row[family]:.3f}" for family in FAMILIES)
        sys.stdout.write(f"{row['set']:32} {row['true']:8} {numbers}   {shown}\n")
        sys.stdout.flush()
    sys.stdout.write("\n".join(summary(rows, options.effort)) + "\n")
    return 0


def _advice(name: str, n: int, effort: Any, budget: float, calibration: Calibration) -> dict[str, Any]:
    """Advise on the training rows of a set; where that cannot be done, what a user would do without it."""
    data, target = training_part(name, n)
    start = time.monotonic()
    try:
        advice = advise(data, target, calibration=calibration, effort=effort, budget=budget)
    except AdvisorError as error:
        return {"recommendation": "gbt", "seconds": 0.0, "error": str(error)}
    return {"recommendation": advice.recommendation, "seconds": round(time.monotonic() - start, 1)}


def summary(rows: list[dict[str, Any]], efforts: Sequence[str]) -> list[str]:
    """Mean regret in points by structure, each origin once, and the gain over always boosted trees."""
    frame = pd.DataFrame([{**row["regret"], "origin": row["origin"], "true": row["true"]} for row in rows])
    names, lines = ["always gbt", *efforts], []
    for structure in ("image", "sequence", "tabular", "all"):
        part = frame[frame["true"] == structure] if structure != "all" else frame
        if len(part):
            by_origin = 100 * part.groupby("origin")[names].mean()
            means = ", ".join(f"{key} {value:.2f}" for key, value in by_origin.mean().items())
            lines.append(
                f"{structure:8} {len(part):3} sets, {len(by_origin)} origins, mean regret in points: {means}"
            )
    for effort in efforts:
        gains = (frame["always gbt"] - frame[effort]).groupby(frame["origin"]).mean().to_numpy() * 100
        error = gains.std(ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else float("nan")
        seconds = [row["seconds"][effort] for row in rows]
        lines.append(
            f"{effort}: within {TIE} of the best on {(frame[effort] <= TIE).sum()} of {len(frame)}; gains "
            f"{gains.mean():+.2f} ± {error:.2f} (standard error) over always gbt; median "
            f"{np.median(seconds):.1f} s, at most {max(seconds):.0f} s"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
