"""The ``advisor`` command: advice on a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from advisor import AdvisorError, __version__, advise
from advisor.architectures.base import Kind, Structure
from advisor.pipes import ends_with_reader
from advisor.roles import ROLES, Role


@ends_with_reader
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if there is advice, 2 if the file or the target cannot be used."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["learn"]:
        return _learn(arguments[1:])
    if arguments[:1] == ["measured"]:
        return _measured(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="advisor",
        description="Measure the structure of a data set and advise which family of models to train.",
        epilog="advisor learn STORE lets the results of your own studies count; advisor measured SET shows "
        "the runs behind a set that the advice names",
    )
    parser.add_argument(
        "path", help="a file (CSV, Parquet, JSON, ARFF, Excel, npy, npz) or a folder of pictures"
    )
    parser.add_argument(
        "--target", metavar="COL", help="the column to predict: its name, or its place in an npy file"
    )
    parser.add_argument("--kind", choices=get_args(Kind), help="what the target is (default: as it looks)")
    parser.add_argument(
        "--structure", choices=get_args(Structure), help="what the data are (default: as measured)"
    )
    parser.add_argument(
        "--role",
        action="append",
        default=[],
        type=_role,
        metavar="COL=ROLE",
        help=f"what a column is for, as often as needed: {', '.join(ROLES)}",
    )
    parser.add_argument(
        "--effort",
        choices=("look", "probe", "race"),
        default="look",
        help="look: train nothing (default); probe: cheap models, seconds; race: the families themselves",
    )
    parser.add_argument(
        "--budget", type=float, default=60.0, metavar="S", help="seconds of a race (default 60)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", metavar="FILE", help="write an HTML page to FILE")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default 0)")
    parser.add_argument("--version", action="version", version=__version__)
    options = parser.parse_args(arguments)
    try:
        advice = advise(
            options.path,
            options.target,
            roles=dict(options.role),
            structure=options.structure,
            kind=options.kind,
            effort=options.effort,
            budget=options.budget,
            progress=lambda line: print(line, file=sys.stderr, flush=True),
            seed=options.seed,
        )
    except AdvisorError as error:
        print(f"advisor: {error}", file=sys.stderr)
        return 2
    if options.html:
        page = f'<!doctype html><meta charset="utf-8"><title>Advice</title>{advice._repr_html_()}'
        try:
            Path(options.html).write_text(page, encoding="utf-8")
        except OSError as error:
            print(f"advisor: cannot write {options.html!r}: {error.strerror}", file=sys.stderr)
            return 2
    print(advice.to_json() if options.json else repr(advice))
    return 0


def _role(said: str) -> tuple[str, Role]:
    """A column and its role; a name may hold equals signs, a role does not."""
    column, sign, role = said.rpartition("=")
    if not sign or role not in ROLES:
        raise argparse.ArgumentTypeError(f"write COL=ROLE with one of {', '.join(ROLES)}, not {said!r}")
    return column, role


def _learn(arguments: Sequence[str]) -> int:
    """Add the outcomes of a store to the user's own, and show what that changes."""
    from advisor import learning
    from advisor.calibration import learned_path

    parser = argparse.ArgumentParser(
        prog="advisor learn", description="Let your own benchmark results count in the advice."
    )
    parser.add_argument(
        "store", nargs="?", help="a results file, such as runs/store.sqlite, or mlflow:EXPERIMENT"
    )
    parser.add_argument("--forget", action="store_true", help="drop what was learned before")
    options = parser.parse_args(arguments)
    try:
        if options.forget:
            learning.forget()
            print("what was learned is forgotten")
        if options.store is not None:
            new, kept = learning.learn(options.store)
            print(f"learned {new} outcomes of {options.store}")
            print(f"{kept} of your own are kept in {learned_path()}")
        for line in learning.effect():
            print(line)
    except AdvisorError as error:
        print(f"advisor: {error}", file=sys.stderr)
        return 2
    return 0


def _measured(arguments: Sequence[str]) -> int:
    """Print what was measured on one set, or which sets were."""
    from advisor.calibration import Calibration

    parser = argparse.ArgumentParser(
        prog="advisor measured", description="Show the runs behind a set that the advice names as near."
    )
    parser.add_argument("set", nargs="?", help="its id, such as embedded:letters (default: list all)")
    options = parser.parse_args(arguments)
    try:
        calibration = Calibration.load()
    except AdvisorError as error:
        print(f"advisor: {error}", file=sys.stderr)
        return 2
    if options.set is None:
        print("\n".join(sorted({o["set"] for o in calibration.outcomes})))
        return 0
    rows = [o for o in calibration.outcomes if o["set"] == options.set]
    if not rows:
        print(
            f"advisor: the set must have been measured, got {options.set!r}: advisor measured lists those "
            "that were",
            file=sys.stderr,
        )
        return 2
    print(f"{options.set}, seen as {rows[0]['structure']}; origin {rows[0]['origin']}")
    for row in sorted(rows, key=lambda o: o["n"]):
        told = [f"{family} {score:.3f}" for family, score in row["scores"].items()]
        taken = [f"{family} {seconds:.1f} s" for family, seconds in row.get("seconds", {}).items()]
        metric = f" ({row['metric']})" if row.get("metric") else ""
        print(f"{row['n']:>6,} rows  {', '.join(told)}{metric}  {', '.join(taken)}".rstrip())
    known = calibration.provenance.get("outcomes", {})
    print(f"measured {known.get('date', 'at an unknown date')}, commit {known.get('commit', 'unknown')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
