"""Takes outcomes from the results file of a report, so that a published study is continued: ``import``.

Equal content, equal key: a row of the file is the outcome of that cell of the study whose key it bears,
wherever it was computed. What has another key (another version of the data, the protocol or a space) is
counted and left out. Nothing that the store holds is replaced.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from rich.console import Console

from advisor.errors import StoreError
from benchmarks.advised import ADVISOR
from benchmarks.budget import BEYOND
from benchmarks.cell import STATUSES, Outcome
from benchmarks.driver import declare
from benchmarks.plan import Study
from benchmarks.store import Store
from benchmarks.summary import show_missing

_FIELDS = tuple(f.name for f in fields(Outcome))


def import_outcomes(
    store: Store, study: Study, path: Path, *, console: Console | None = None
) -> Counter[str]:
    """Declare a study and record what a results file has of it.

    Parameters
    ----------
    store : Store
        A writable store.
    study : Study
        What is declared.
    path : Path
        ``results.parquet`` of ``python -m reports build``.
    console : Console, optional
        Where tasks that cannot be had are told; nowhere by default.

    Returns
    -------
    Counter
        ``"imported"``, ``"there already"``, ``"of no cell of this study"``. Rows without an outcome are none
        of these, nor are those of the advisor: in a report they bear the score of the family it advised.

    Raises
    ------
    StoreError
        If the file is no results file; the store is as it was then.
    """
    outcomes = _outcomes(path)
    found, cells = declare(store, study)
    if console is not None:
        show_missing(console, found.failed)
    planned = {cell.key for cell in cells}
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        if outcome.key not in planned:
            counts["of no cell of this study"] += 1
        else:
            counts["imported" if store.record(outcome) else "there already"] += 1
    return counts


def _outcomes(path: Path) -> list[Outcome]:
    try:
        frame = pd.read_parquet(path, columns=["candidate", *_FIELDS])
        frame = frame[~frame["status"].isin(["pending", BEYOND]) & (frame["candidate"] != ADVISOR)]
        if unknown := sorted(set(frame["status"]) - set(STATUSES)):
            raise ValueError(f"the status {unknown[0]!r}")
        return [_outcome(dict(zip(_FIELDS, row))) for row in frame[list(_FIELDS)].itertuples(index=False)]
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        raise StoreError(
            f"{path} must be the results file of a report",
            got=f"{type(error).__name__}: {error}",
            do="give the results.parquet that python -m reports build wrote",
        ) from error


def _outcome(record: dict[str, Any]) -> Outcome:
    values: dict[str, Any] = {name: None if pd.isna(value) else value for name, value in record.items()}
    values |= {name: json.loads(record[name]) for name in ("extra", "environment")}
    return Outcome(**values)


# ---- the command ----


def add_command(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add ``import`` to the commands."""
    added = command("import", _command, "take outcomes from the results file of a report, to go on from them")
    added.add_argument("study", help="a study file")
    added.add_argument("results", type=Path, help="its results.parquet")


def _command(args: argparse.Namespace) -> int:
    study, console = Study.read(args.study), Console(width=120)
    with Store(args.store, writable=True) as store:
        counts = import_outcomes(store, study, args.results, console=console)
    told = ", ".join(f"{n} {what}" for what, n in counts.items()) or "no outcomes in it"
    console.print(f"{study.name}: {told}", highlight=False)
    return 0
