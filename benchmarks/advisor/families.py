"""``python -m benchmarks.advisor.families STUDY``: which family won on which task?

Reads a finished study from the store and puts the mean test score of each family per task (default
configuration, over folds and seeds) into the "families" part of ``advisor/data/calibration.json``. A task on
which one of the families failed in every fold is left out, and said so.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from advisor import AdvisorError
from advisor.calibration import FAMILIES, Calibration
from advisor.choice import choose
from benchmarks.advisor.structure import CALIBRATION
from benchmarks.store import Store

STORE = Path("runs/store.sqlite")


def measured(frame: pd.DataFrame) -> tuple[list[dict[str, Any]], list[str]]:
    """Scores per task, and the tasks that are left out with the reason.

    Only folds in which all families gave a score count, so that the families are compared on the same rows.

    Parameters
    ----------
    frame : DataFrame
        As :meth:`benchmarks.store.Store.frame` gives it.

    Returns
    -------
    rows : list of dict
        ``{"task", "origin", "structure", "scores"}``.
    left_out : list of str
        One sentence each.
    """
    cells = frame[frame["candidate"].isin(FAMILIES) & (frame["config"] == "{}")]
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    for task, part in cells.groupby("task", sort=True):
        ok = part[part["status"] == "ok"]
        scores = ok.pivot_table(index=["fold", "seed"], columns="candidate", values="test")
        scores = scores.reindex(columns=FAMILIES)
        whole = scores.dropna()
        first = part.iloc[0]
        if whole.empty or first["structure"] is None:
            missing = [family for family in FAMILIES if scores[family].isna().all()]
            left_out.append(f"{task}: no fold has scores of all families ({', '.join(missing)} has none)")
            continue
        rows.append(
            {
                "task": str(task),
                "origin": str(first["origin"]),
                "structure": str(first["structure"]),
                "scores": {family: round(float(whole[family].mean()), 5) for family in FAMILIES},
            }
        )
    return rows, left_out


def main(arguments: list[str] | None = None) -> int:
    """Refresh the calibration from a study."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("study", help="name of a finished study")
    parser.add_argument("--store", type=Path, default=STORE, help=f"results store (default {STORE})")
    options = parser.parse_args(arguments)
    try:
        with Store(options.store) as store:
            rows, left_out = measured(store.frame(options.study))
    except AdvisorError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not rows:
        sys.stderr.write(f"the study {options.study!r} has no task with scores of {', '.join(FAMILIES)}\n")
        return 2
    held = Calibration.load()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    provenance = dict(held.provenance) | {
        "families": {
            "command": f"python -m benchmarks.advisor.families {options.study}",
            "study": options.study,
            "commit": commit.stdout.strip(),
            "date": datetime.now(UTC).date().isoformat(),
            "tasks": len(rows),
            "note": "mean test score (accuracy or R2), default configuration, folds that all three finished",
        }
    }
    calibration = replace(held, families=tuple(rows), provenance=provenance)
    CALIBRATION.write_text(calibration.to_json(), encoding="utf-8")
    lines = [f"wrote {CALIBRATION.name}: {len(rows)} tasks", *(f"left out {reason}" for reason in left_out)]
    for structure in ("image", "sequence", "tabular"):
        ranking = choose(structure, "", calibration).ranking
        if ranking[0].tasks:
            losses = ", ".join(f"{r.family} -{r.expected_loss:.3f} (won {r.wins}/{r.tasks})" for r in ranking)
            lines.append(f"{structure}: {losses}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
