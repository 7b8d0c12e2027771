"""What is not what it seems in a suite: ``python -m datasets audit SUITE``.

Suites of tables have been found to hold flattened pictures, rows in time that were split at random, columns
that give the target away, and copies on both sides of a split [1]_ [2]_. Every task is looked at as
:func:`advisor.advise` would, its names taken for what they are, and a small model tells how far its target is
a function of its inputs.

References
----------
.. [1] Rubachev, Kartashev, Gorishniy, Babenko (2024). TabReD: analyzing pitfalls and filling the gaps in
   tabular deep learning benchmarks. arXiv:2406.19380.
.. [2] Kohli, Feurer, Eggensperger, Bischl, Hutter (2024). Towards quantifying the effect of datasets for
   benchmarking: a look at tabular machine learning. DMLR workshop, ICLR.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import datasets
from advisor.cautions import named
from advisor.errors import AdvisorError
from advisor.holdout import Sample, folds, row_scores
from advisor.intake import read
from advisor.policy import decide
from advisor.probes import measure
from datasets.task import Task

KINDS = {
    "picture": "flattened pictures",
    "sequence": "series, letters or text among the columns, or rows that are steps of one",
    "time": "the target depends on the row before, or columns are the past of another",
    "leak": "columns that give the target away",
    "copies": "rows that repeat an earlier one",
    "groups": "rows of one entity, which belong on one side of a split",
    "identifier": "columns that name the row",
    "certain": "a target that is all but a function of the inputs: what is left to learn is little",
}
CERTAIN = 0.995  # score of small boosted trees from which a target counts as certain
ROWS = 3_000  # rows that the small model sees
_OF_CAUTION = {
    "leak": "leak",
    "duplicates": "copies",
    "groups": "groups",
    "identifier": "identifier",
    "dependent rows": "time",
}


@dataclass(frozen=True)
class Flag:
    """One thing that is not what it seems.

    Parameters
    ----------
    task : str
        Task id.
    kind : str
        One of :data:`KINDS`.
    evidence : str
        A sentence with its numbers.
    origin : str
        Where the data come from, as in :class:`~datasets.task.Task`.
    """

    task: str
    kind: str
    evidence: str
    origin: str = ""


def audit(task: Task, *, seed: int = 0) -> list[Flag]:
    """Look a task over.

    Parameters
    ----------
    task : Task
        A task that is meant to be a table: one that is declared to be something else has no flag for that.
    seed : int
        Of the rows drawn, and of the model.

    Returns
    -------
    list of Flag
        Empty if nothing was found, which is no proof that there is nothing.

    Raises
    ------
    AdvisorError
        If the task cannot be read.

    Examples
    --------
    >>> from dataclasses import replace
    >>> digits = datasets.load("embedded:digits")
    >>> [flag.kind for flag in audit(replace(digits, structure=None))]
    ['picture']
    """
    table = read(task.X, task.y, np.random.default_rng(seed), None)
    facts = measure(table, seed)
    verdict = decide(table, facts)
    found: list[tuple[str, str]] = []
    if verdict.structure not in ("tabular", task.structure):
        size = " x ".join(map(str, verdict.layout))
        because = "; ".join(facts[name].summary for name in verdict.because if name in facts)
        kind = "picture" if verdict.structure == "image" else "sequence"
        found.append((kind, f"{size}, by the rule {verdict.rule}: {because}"))
    for about, sentence in named(table, facts, verdict, "gbt"):
        if about in _OF_CAUTION:
            found.append((_OF_CAUTION[about], sentence))
    score, metric, rows = _skill(task, seed)
    if score >= CERTAIN:
        found.append(("certain", f"small boosted trees on {rows} rows: {metric} {score:.4f} on others"))
    return [Flag(task.id, kind, sentence, task.origin) for kind, sentence in found]


def audit_all(
    names: Iterable[str], *, progress: Callable[[str], None] | None = None
) -> tuple[list[Flag], list[str], dict[str, AdvisorError]]:
    """Look over every task of suites and patterns.

    Parameters
    ----------
    names : iterable of str
        Task ids, patterns and suites, as :func:`datasets.expand` takes them.
    progress : callable, optional
        Called with the id of each task before it is looked at.

    Returns
    -------
    flags : list of Flag
        What was found.
    looked : list of str
        Ids of the tasks that were looked at.
    failed : dict of str to AdvisorError
        Why other tasks could not be looked at.
    """
    survey = datasets.survey(names)
    flags: list[Flag] = []
    looked: list[str] = []
    failed = dict(survey.failed)
    for info in survey.infos:
        if progress is not None:
            progress(info.id)
        try:
            flags += audit(datasets.load(info.id))
            looked.append(info.id)
        except AdvisorError as error:
            failed[info.id] = error
    return flags, looked, failed


def table_of(flags: Iterable[Flag]) -> pd.DataFrame:
    """Flags as a table with the columns ``task, origin, kind, evidence``."""
    rows: list[dict[str, Any]] = [vars(flag) for flag in flags]
    return pd.DataFrame(rows, columns=["task", "origin", "kind", "evidence"])


def _skill(task: Task, seed: int) -> tuple[float, str, int]:
    """Score of small boosted trees on rows that are held out, its name, and the rows learned from."""
    from advisor import architectures

    rng = np.random.default_rng(seed)
    known = np.flatnonzero(task.y.notna().to_numpy())
    rows = np.sort(rng.permutation(known)[:ROWS])
    X, y = task.X.iloc[rows].reset_index(drop=True), task.y.iloc[rows].reset_index(drop=True)
    if task.kind == "classification":
        y = y.astype(str)
        often = y.map(y.value_counts()).to_numpy() >= 4
        X, y = X[often].reset_index(drop=True), y[often].reset_index(drop=True)
    if len(y) < 40 or y.nunique() < 2:
        return float("nan"), "", len(y)
    units = pd.factorize(pd.util.hash_pandas_object(X.astype(str), index=False))[0]
    data = Sample(X, y.to_numpy(), task.kind, units)
    train, held = folds(data, 4, rng)[0]
    model = architectures.get("gbt").make(task.kind, layout=None, random_state=seed, n_estimators=200)
    predicted = model.fit(data.take(train), data.y[train]).predict(data.take(held))
    return float(row_scores(data, held, data.coded(predicted)).mean()), data.metric, len(train)
