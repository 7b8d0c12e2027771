"""``python -m benchmarks.advisor.effort``: does more effort choose a better family?

Each set gives ``advise`` the rows on which :mod:`benchmarks.advisor.outcomes` trained the families (of series
in time and panels the whole, since a part of them has no past); regret is the best measured score minus that
of the family advised, R2 below 0 counted as 0. The calibration that the advice uses leaves out the set's
origin. Advice is kept in a file, so that an interrupted run goes on. It is taken from there for the same
commit and calibration alone; where files differ from the commit it is always asked for anew.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor import AdvisorError, advise
from advisor.calibration import FAMILIES, TIE, Calibration
from advisor.errors import StoreError
from advisor.outlook import FLOOR
from benchmarks.advisor.outcomes import STORE, at_hand, training_part
from benchmarks.advisor.published import PUBLISHED, read
from benchmarks.advisor.regret import outcomes_of, rows_of
from benchmarks.environment import commit_of, environment
from benchmarks.learning.lines import results

CACHE = Path("runs/effort.jsonl")
EFFORTS = ("look", "probe", "race")
BUDGET = 60.0  # seconds of a race


def main(arguments: Sequence[str] | None = None) -> int:
    """Advise, compare with what was measured, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="what ids of sets begin with (default: all)")
    parser.add_argument("--effort", nargs="+", default=["look", "race"], choices=EFFORTS)
    parser.add_argument(
        "--budget", type=float, default=BUDGET, help=f"seconds of a race (default {BUDGET:g})"
    )
    parser.add_argument("--every", type=int, default=1, help="only one set of so many, in the order of names")
    parser.add_argument(
        "--store",
        type=Path,
        help=f"outcomes: a store, or a file as {PUBLISHED} (default: {STORE}, else that)",
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="of the advice (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        measured = rows_of(read(options.store))[0]
    except StoreError as error:
        parser.error(str(error))
    calibration = replace(Calibration.shipped(), outcomes=outcomes_of(measured))
    last = measured.sort_values("n").drop_duplicates("set", keep="last").sort_values("set")
    chosen = last[[not options.names or str(s).startswith(tuple(options.names)) for s in last["set"]]]
    here = chosen["set"].map(at_hand).astype(bool)
    if not here.all():
        sys.stdout.write(f"left out, not at hand: {', '.join(chosen['set'][~here])}\n")
    chosen = chosen[here]
    if chosen.empty:
        parser.error(f"no set to advise on is at hand, got {' '.join(options.names) or 'all'}: name others")
    rows: list[dict[str, Any]] = []
    for row in chosen.iloc[:: options.every].to_dict("records"):
        picks, seconds = {"always gbt": "gbt"}, {}
        wanted = [(row["set"], row["n"], effort, options.budget) for effort in options.effort]
        for told in advised(options.cache, wanted, calibration.without(row["origin"])):
            picks[told["effort"]], seconds[told["effort"]] = told["recommendation"], told["seconds"]
        scores = {family: max(row[family], FLOOR) for family in FAMILIES}
        regret = {key: max(scores.values()) - scores[family] for key, family in picks.items()}
        of = {name: row[name] for name in ("set", "origin", "true")}
        rows.append(of | {"regret": regret, "seconds": seconds})
        shown = ", ".join(f"{e}: {picks[e]} ({regret[e]:.3f}, {seconds[e]:.0f} s)" for e in options.effort)
        numbers = " ".join(f"{family} {row[family]:.3f}" for family in FAMILIES)
        sys.stdout.write(f"{row['set']:32} {row['true']:8} {numbers}   {shown}\n")
        sys.stdout.flush()
    sys.stdout.write("\n".join(summary(rows, options.effort)) + "\n")
    return 0


def advised(
    cache: Path, wanted: Sequence[tuple[str, int, str, float]], calibration: Calibration
) -> Iterator[dict[str, Any]]:
    """Yield the advice on sets, from the file or asked for and kept there.

    Parameters
    ----------
    cache : Path
        The file, of JSON lines.
    wanted : sequence of (str, int, str, float)
        Set, training rows, effort, and seconds of a race.
    calibration : Calibration
        What the advice rests on.

    Yields
    ------
    dict
        ``effort``, ``recommendation`` and ``seconds``, among others.
    """
    facts = environment()
    changed = facts["dirty"] or not facts["commit"]
    rests_on = {
        "commit": commit_of(facts) + (f" {datetime.now(UTC).isoformat()}" if changed else ""),
        "calibration": hashlib.sha256(calibration.to_json().encode()).hexdigest()[:16],
    }
    settings = [
        {"set": name, "n": n, "effort": effort, "budget": budget if effort == "race" else None, **rests_on}
        for name, n, effort, budget in wanted
    ]
    return results(
        cache,
        settings,
        lambda **of: _advice(of["set"], of["n"], of["effort"], of["budget"] or BUDGET, calibration),
    )


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
