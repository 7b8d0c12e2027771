"""``python -m benchmarks.advisor.audits``: what ``python -m datasets audit`` finds where the truth is known.

Every labelled set that is held as flat columns passes for a table, as in a suite of tables; whether pictures
and series are found is counted against the labels. What else is flagged is listed, to be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from advisor.errors import AdvisorError
from advisor.target import infer_kind, quantities
from benchmarks.advisor.cases import CORPUS, Case, corpus_cases, embedded_cases
from benchmarks.summary import show
from datasets.audit import Flag, audit
from datasets.task import Task

FLAT = ("wide_image", "wide_series", "table")  # forms that a suite of tables can hold
STRUCTURES = {"picture": "image", "sequence": "sequence"}


def task_of(case: Case) -> Task | None:
    """Make a task that nobody declared anything of; None if there is nothing to predict."""
    data, target = case.load()
    if target is None or not isinstance(data, pd.DataFrame):
        return None
    y = pd.Series(np.asarray(target), name="target")
    known = y.notna().to_numpy()
    X, y = data[known].reset_index(drop=True), y[known].reset_index(drop=True)
    kind = infer_kind(y)
    y = quantities(y).astype(float) if kind == "regression" else y
    metric = "accuracy" if kind == "classification" else "r2"
    return Task(case.id, X, y, kind, metric, None, None, case.origin)


def cases(corpus: Path) -> list[Case]:
    """Embedded tasks and, where there is one, the flat sets of the corpus."""
    flat = [c for c in corpus_cases(corpus)[0] if c.form in FLAT] if corpus.exists() else []
    return [*embedded_cases(), *flat]


def counts(flags: Iterable[Flag], truth: Mapping[str, str]) -> pd.DataFrame:
    """Precision and recall of the flags that tell a structure.

    Parameters
    ----------
    flags : iterable of Flag
        What was found.
    truth : mapping of str to str
        Structure by set.

    Returns
    -------
    DataFrame
        Indexed by flag: ``found``, ``right``, ``are`` (sets of that structure), ``precision``, ``recall``.

    Examples
    --------
    >>> flags = [Flag("a", "picture", ""), Flag("b", "picture", ""), Flag("c", "copies", "")]
    >>> counts(flags, {"a": "image", "b": "tabular", "c": "image"}).loc["picture"].tolist()
    [2.0, 1.0, 2.0, 0.5, 0.5]
    """
    rows = {}
    flags = list(flags)
    for kind, structure in STRUCTURES.items():
        found = {flag.task for flag in flags if flag.kind == kind}
        are = {name for name, true in truth.items() if true == structure}
        right = len(found & are)
        rows[kind] = {
            **{"found": len(found), "right": right, "are": len(are)},
            "precision": right / max(1, len(found)),
            "recall": right / max(1, len(are)),
        }
    return pd.DataFrame(rows).T.astype(float)


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit, count, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--corpus", type=Path, default=CORPUS, help="a labelled corpus (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    console = Console(width=150)
    flags: list[Flag] = []
    truth: dict[str, str] = {}
    for case in cases(options.corpus):
        task = task_of(case)
        if task is None:
            continue
        try:
            flags += audit(task)
        except AdvisorError as error:
            console.print(f"{case.id}: {error}", highlight=False)
            continue
        truth[case.id] = case.structure
    table = counts(flags, truth)
    lines = [
        [name, *(f"{v:.0f}" for v in row[:3]), *(f"{v:.3f}" for v in row[3:])]
        for name, row in zip(table.index.astype(str), table.to_numpy())
    ]
    show(console, f"{len(truth)} labelled sets as flat columns", ["flag", *table.columns], lines)
    others = [[f.task, f.kind, f.evidence] for f in flags if f.kind not in STRUCTURES]
    show(console, "Other flags", ["set", "flag", "evidence"], others)
    return 0


if __name__ == "__main__":
    sys.exit(main())
