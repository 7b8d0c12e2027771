"""Runs claims like studies and keeps their findings as JSON: the command ``python -m benchmarks claims``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from advisor.errors import AdvisorError, StoreError
from benchmarks import claims, tracking
from benchmarks.cell import Cell, Outcome, canonical_json
from benchmarks.claims.base import (
    SIZES,
    Chart,
    Claim,
    Effect,
    Judgement,
    Size,
    facts_of,
    with_levels,
    with_limits,
)
from benchmarks.driver import Summary, clock, run_cells
from benchmarks.engine import Engine, Limits
from benchmarks.engine.options import add_options, make_engine
from benchmarks.scores import FAILED
from benchmarks.store import Store
from benchmarks.summary import show, show_failures

STORE = Path("runs/claims.sqlite")
LIMITS = Limits(seconds=3_600.0)
_SPLIT = ["task", "fold"]


def study_name(name: str, size: Size) -> str:
    """Under which name the cells of a claim are in the store.

    Examples
    --------
    >>> study_name("rotation", "quick")
    'claim-rotation-quick'
    """
    return f"claim-{name}-{size}"


def run_one(cell: Cell) -> Outcome:
    """Run a cell of the claim that its protocol names."""
    from benchmarks.run import outcome_of  # here: it loads much, and the commands need none of it

    return outcome_of(cell, claims.get(json.loads(cell.protocol)["claim"]).measure)


def run(
    store: Store,
    name: str,
    size: Size,
    *,
    engine: Engine,
    console: Console | None = None,
    retry: Collection[str] = (),
) -> Summary:
    """Run the cells of a claim that have no outcome yet.

    Parameters
    ----------
    store : Store
        A writable store.
    name : str
        The claim.
    size : {"tiny", "quick", "full"}
        How much of it.
    engine : Engine
        Where cells run.
    console : Console, optional
        Where progress is shown.
    retry : collection of str
        Statuses whose cells run again.

    Returns
    -------
    Summary
        Counts and times of this run.
    """
    experiment, study = claims.get(name), study_name(name, size)
    cells = experiment.cells(size)
    infos = [facts_of(task) for task in dict.fromkeys(cell.task for cell in cells)]
    store.declare(
        study,
        title=experiment.CLAIM.sentence,
        declared=f'name = "{study}"\nsize = "{size}"\nclaim = "{name}"\n',
        tasks=[asdict(info) for info in infos],
        cells=cells,
    )
    return run_cells(
        store,
        study,
        cells,
        infos,
        engine=engine,
        function=lambda: run_one,
        limits=LIMITS,
        retry=retry,
        console=console,
    )


def judge(store: Store, name: str, size: Size) -> Judgement:
    """Decide on a claim from what is in the store.

    Raises
    ------
    StoreError
        If cells are missing, or no split is whole: a verdict on half of it would be none. A split on which
        a cell failed is left out for all candidates, and the words of the finding say so.
    """
    frame = store.frame(study_name(name, size))
    pending = int((frame["status"] == "pending").sum())
    if pending:
        raise StoreError(
            f"the experiment on {name!r} must be finished",
            got=f"{pending} of {len(frame)} cells without an outcome",
            do=f"run it on: python -m benchmarks claims {name} --size {size}",
        )
    experiment = claims.get(name)
    failed = frame[frame["status"] != "ok"]
    whose = ", ".join(f"{candidate} {n}" for candidate, n in failed["candidate"].value_counts().items())
    whole = complete(frame, experiment.CLAIM.searched)
    if whole.empty:
        raise StoreError(
            f"the experiment on {name!r} must have a split on which no cell failed",
            got=f"failed cells of {whose}; the first: {failed['reason'].iloc[0]}",
            do=f"remove the cause, then: python -m benchmarks claims {name} --size {size} --retry",
        )
    finding = experiment.judge(with_levels(whole))
    if failed.empty:
        return finding
    planned, kept = (len(rows[_SPLIT].drop_duplicates()) for rows in (frame, whole))
    return replace(
        finding,
        words=f"{finding.words} {planned - kept} of {planned} splits are left out for all candidates because "
        f"of cells that failed. Failed cells: {whose}.",
    )


def complete(frame: pd.DataFrame, searched: Collection[str] = ()) -> pd.DataFrame:
    """Keep the results of the splits on which every candidate has one at every level.

    A mean over what is left of a split would compare candidates on different data.

    Parameters
    ----------
    frame : DataFrame
        One row per cell, as the store gives it.
    searched : collection of str
        Factors among whose values validation rows choose; one value with a result is enough.

    Returns
    -------
    DataFrame
        Rows whose status is "ok".

    Examples
    --------
    >>> rows = pd.DataFrame({"task": "t", "fold": [0, 0, 1, 1], "candidate": ["gbt", "mlp"] * 2,
    ...                      "config": "{}", "status": ["ok", "ok", "ok", "timeout"]})
    >>> complete(rows)["fold"].tolist()
    [0, 0]
    """
    well = frame["status"] == "ok"
    levels = [
        canonical_json({k: v for k, v in json.loads(config).items() if k not in searched})
        for config in frame["config"]
    ]
    place = [*(frame[name] for name in (*_SPLIT, "candidate")), pd.Series(levels, index=frame.index)]
    there = well.groupby(place).transform("any")
    whole = there.groupby([frame[name] for name in _SPLIT]).transform("all")
    return frame[whole & well].reset_index(drop=True)


def record(store: Store, name: str, size: Size) -> dict[str, Any]:
    """Describe a finished claim with its finding, as JSON values: what the page of claims is made from."""
    frame = store.frame(study_name(name, size))
    environments = [e for e in frame["environment"] if e]
    kinds = [dict.fromkeys(str(e.get(key, "")) for e in environments) for key in ("cpu", "threads", "commit")]
    return {
        "claim": asdict(claims.get(name).CLAIM),
        "size": size,
        "finding": asdict(judge(store, name, size)),
        "statuses": frame["status"].value_counts().to_dict(),
        "seconds": float(frame["fit_seconds"].sum() + frame["predict_seconds"].sum()),
        "tasks": sorted(frame["task"].unique()),
        "candidates": list(frame["candidate"].unique()),
        **{key: ", ".join(kind) for key, kind in zip(("cpu", "threads", "commit"), kinds)},
        "finished": str(frame["finished"].max()),
        "made_by": f"python -m benchmarks claims {name} --size {size}",
    }


def finding_of(told: dict[str, Any]) -> tuple[Claim, Judgement]:
    """Read back what :func:`record` gave."""
    finding = told["finding"]
    effects = tuple(Effect(**effect) for effect in finding["effects"])
    charts = tuple(Chart(**chart) for chart in finding["charts"])
    claim = {**told["claim"], "searched": tuple(told["claim"]["searched"])}  # JSON knows lists alone
    return Claim(**claim), Judgement(finding["verdict"], finding["words"], effects, charts)


def save(told: dict[str, Any], folder: Path) -> Path:
    """Write it as one file, entirely or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{told['claim']['name']}.json"
    new = path.with_suffix(".tmp")
    new.write_text(json.dumps(told, indent=1, allow_nan=True) + "\n", encoding="utf-8")
    os.replace(new, path)
    return path


# ---- the command ----


def add_command(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add ``claims`` to the commands."""
    added = command("claims", _command, "put the claims of the lesson and the paper to the test")
    added.set_defaults(store=STORE)
    added.add_argument("names", nargs="*", metavar="NAME", help="claims (default: all)")
    added.add_argument("--size", choices=SIZES, default="quick", help="default: quick")
    added.add_argument("--retry", action="store_true", help="run failed cells again")
    added.add_argument("--list", action="store_true", help="print them and end")
    added.add_argument("--no-mlflow", dest="mlflow", action="store_false", help="do not log to MLflow")
    added.add_argument("--out", type=Path, help="folder of the findings (default: runs/claims/SIZE)")
    add_options(added)


def _command(args: argparse.Namespace) -> int:
    """Run claims, print and keep their findings; 1 if one could not be judged."""
    console = Console() if sys.stdout.isatty() else Console(width=120)
    names = args.names or claims.names()
    if args.list:
        rows = [[str(c.number), c.name, c.sentence] for c in (claims.get(name).CLAIM for name in names)]
        show(console, "Claims", ["", "name", "claim"], rows)
        return 0
    for name in names:
        claims.get(name)  # a wrong name is told before hours of work
    out = args.out or Path("runs/claims") / args.size
    engine, failed, rows = make_engine(args), False, []
    with Store(args.store, writable=True) as store:
        for name in names:
            retry = FAILED if args.retry else ()
            summary = run(store, name, args.size, engine=engine, console=console, retry=retry)
            try:
                told = record(store, name, args.size)
            except (AdvisorError, ValueError, KeyError) as error:
                failed = True
                rows.append([name, "not judged", str(error)])
                show_failures(console, store.frame(study_name(name, args.size)))
                continue
            save(told, out)
            claim, finding = finding_of(told)
            first = finding.effects[0]
            shown = f"{first.what}: {with_limits(first)}, {first.n} {first.of}"
            rows.append([f"{claim.number} {name}", finding.verdict, f"{shown}\n{finding.words}"])
            console.print(f"{name}: {finding.verdict} ({clock(summary.seconds)})")
    if args.mlflow:
        console.print(_log(store, out, args.size), highlight=False)
    show(console, f"Claims, {args.size}", ["claim", "verdict", "what was found"], rows)
    console.print(f"Findings in {out}; the page: python -m reports claims {out}")
    return int(failed)


def _log(store: Store, out: Path, size: str) -> str:
    """Bring MLflow up to date with the findings of a folder; tell where to look, or why it could not be."""
    from benchmarks.claims._mlflow import log

    findings = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("*.json"))]
    uri = tracking.default_uri(store.path)
    try:
        link = log(findings, size, uri=uri, artifacts=store.path.absolute().parent / "artifacts")
    except StoreError as error:
        return f"warning: nothing was logged to MLflow: {error}"
    return f"MLflow: open {tracking.address(uri, link, store=store.path)}"
