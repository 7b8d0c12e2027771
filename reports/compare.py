"""Two studies side by side, on the tasks and candidates that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks import scores
from benchmarks.protocol import Protocol
from reports import beside, sentences, statistics, wording
from reports.document import Document, Section, Table
from reports.summary import OVERALL, ReportError, Summary, environments, summarise
from reports.tables import number

_NAMES = {"name", "title", "next", "tasks", "candidates", "protocol"}
_DIFFERENCES = {
    "structure": "structure of the tasks, or overall",
    "candidate": "architecture",
    "tasks": "shared tasks",
    "sources": "independent sources among them",
    "a": "mean score in A, 0 (mean of the two dummies) to 1 (best score in either study)",
    "b": "the same in B",
    "difference": "B minus A, mean over tasks",
    "low": "lower 95% limit: Student’s interval of the mean, from how much sources differ",
    "high": "upper 95% limit",
    "reading": "what may be said: below 12 sources a direction only",
}
_TASKS = {
    "task": "task id",
    "candidate": "architecture",
    "metric": "accuracy or r2",
    "a": "test score in A, mean over splits, in units of the metric",
    "b": "the same in B",
    "difference": "B minus A",
    "cells": "cells of the chosen configurations that are the same in both, and all of them",
}


class Side(NamedTuple):
    """One of the two studies."""

    name: str
    frame: pd.DataFrame  # as the store gives it
    study: Mapping[str, Any]
    tasks: list[dict[str, Any]]  # facts, with the hash of the data


def told(a: Side, b: Side, *, rng: np.random.Generator) -> Document:
    """Compare two studies.

    Parameters
    ----------
    a, b : Side
        The studies; differences are those of b minus a.
    rng : numpy.random.Generator
        For the resamples of the summaries.

    Returns
    -------
    Document
        What differs, with intervals, and why it may.

    Raises
    ------
    ReportError
        If they share no finished task, or not two candidates with a dummy.
    """
    one, two = _shared(a, b, rng)
    table = differences(one, two)
    overall = table[table["structure"] == OVERALL]
    n = int(overall["tasks"].iloc[0])
    names = [c for c in one.candidates if c != scores.BASELINE]
    same = len(set(one.frame["key"]) & set(two.frame["key"]))
    leader = _leaders(one, two)
    shared = f"{wording.count(n, 'task')} and {wording.count(len(names), 'candidate')} in both"
    return Document(
        title=f"{a.name} (A) beside {b.name} (B)",
        headline=f"{_widest(overall)} {leader}",
        sections=[
            Section(
                "Difference of every candidate",
                [
                    f"{shared}. {same:,} of {len(one.frame):,} cells of A are cells of B: same data, "
                    "configuration, split, seed and protocol; their outcome is one and the same.",
                    f"A: {sentences.headline(one)}",
                    f"B: {sentences.headline(two)}",
                ],
                [
                    Table(
                        "differences",
                        "Mean over the shared tasks; 0 is the mean of the two dummies of a task, 1 the best "
                        "score in either study. Difference B minus A with its 95% interval: Student’s, from "
                        "how much sources differ.",
                        table,
                        _DIFFERENCES,
                        {"a": "A", "b": "B", "difference": "B − A"},
                    )
                ],
                lambda narrow: beside.differences(table, one.tasks["structure"], narrow=narrow),
                "Difference of the means, B minus A; bands are Student’s 95% intervals, from how much "
                f"sources differ. {sentences.basis(one)}",
            ),
            Section("Task by task", [], [_tasks(one, two)]),
            Section("In one only", _only(a, b, one), []),
            Section("What differs in the protocol", *_protocol(a, b)),
            Section("What differs in the environment", *_environment(one, two)),
        ],
    )


def differences(one: Summary, two: Summary) -> pd.DataFrame:
    """Difference of every candidate, overall and by structure.

    Parameters
    ----------
    one, two : Summary
        Findings on the same tasks and candidates.

    Returns
    -------
    DataFrame
        Columns ``structure``, ``candidate``, ``tasks``, ``sources``, ``a``, ``b``, ``difference`` (b - a),
        ``low``, ``high`` and ``reading``.
    """
    names = [c for c in one.candidates if c != scores.BASELINE]
    zero = (one.test[scores.BASELINE] + two.test[scores.BASELINE]) / 2
    best = pd.concat([one.test, two.test], axis=1).max(axis=1)
    span = (best - zero).where(best > zero)
    placed = [s.test[names].sub(zero, axis=0).div(span, axis=0).clip(0, 1).fillna(0.0) for s in (one, two)]
    rows = []
    for group in [OVERALL, *one.structures]:
        chosen = one.tasks.index if group == OVERALL else one.tasks.index[one.tasks["structure"] == group]
        if group != OVERALL and len(one.structures) == 1:
            continue
        first, second = (z.loc[chosen] for z in placed)
        origin = one.tasks.loc[chosen, "origin"]
        limits = statistics.interval(second - first, clusters=origin, within=(-1, 1))
        for name in names:
            mean, low, high = (float(limits[column][name]) for column in ("mean", "low", "high"))
            counts = len(chosen), int(origin.nunique())
            means = float(first[name].mean()), float(second[name].mean())
            rows.append((group, name, *counts, *means, mean, low, high, _reading(low, high, counts[1])))
    return pd.DataFrame(rows, columns=list(_DIFFERENCES))


def _shared(a: Side, b: Side, rng: np.random.Generator) -> tuple[Summary, Summary]:
    names = [c for c in dict.fromkeys(a.frame["candidate"]) if c in set(b.frame["candidate"])]
    if scores.BASELINE not in names or len(names) < 2:
        raise ReportError(
            "two studies to compare must share the dummy and another candidate",
            got=f"{', '.join(names) or 'nothing'} in both",
            do="compare studies that share candidates",
        )
    frames = [side.frame[side.frame["candidate"].isin(names)] for side in (a, b)]
    judged = [set(scores.complete(frame)["task"]) for frame in frames]
    tasks = judged[0] & judged[1]
    if not tasks:
        raise ReportError(
            "two studies to compare must share a task that is finished in both",
            got=f"{len(judged[0])} finished in {a.name}, {len(judged[1])} in {b.name}, none in both",
            do="compare studies that share tasks, or run them on",
        )
    parts = [frame[frame["task"].isin(tasks)] for frame in frames]
    one, two = (summarise(f, s.study, rng=rng) for f, s in zip(parts, (a, b)))
    return one, two


def _reading(low: float, high: float, sources: int) -> str:
    if np.isnan(low):
        return "one source: no interval"
    word = "higher in B" if low > 0 else "higher in A" if high < 0 else "not separated"
    few = sources < statistics.MIN_SOURCES
    return f"{word}, a direction only" if few and word != "not separated" else word


def _widest(overall: pd.DataFrame) -> str:
    apart = overall[(overall["low"] > 0) | (overall["high"] < 0)]
    if apart.empty:
        return "No candidate’s mean score differs between the two studies by more than its interval."
    told = ", ".join(f"{wording.spoken(c)} {wording.signed(d)}" for c, d in
                     apart[["candidate", "difference"]].itertuples(index=False))  # fmt: skip
    text = f"B minus A, where the 95% interval excludes 0: {told}."
    if overall["sources"].iloc[0] >= statistics.MIN_SOURCES:
        return text
    return f"{text} A direction only: fewer than {statistics.MIN_SOURCES} sources."


def _leaders(one: Summary, two: Summary) -> str:
    names = [c for c in one.candidates if c != scores.BASELINE]  # one order, for both are paired by place
    means = [s.normalised[names].mean() for s in (one, two)]
    first, second = (str(m.idxmax()) for m in means)
    who = (
        f"First over all shared tasks in both: {wording.spoken(first)}."
        if first == second
        else f"First over all shared tasks: {wording.spoken(first)} in A, {wording.spoken(second)} in B."
    )
    if len(names) < 3:
        return who
    rho, tau = stats.spearmanr(*means).statistic, stats.kendalltau(*means).statistic
    if not np.isfinite(rho):
        return who
    order = f"Spearman {number(float(rho), 2)}, Kendall {number(float(tau), 2)}"
    return f"{who} Order of the {len(names)} candidates: {order}."


def _tasks(one: Summary, two: Summary) -> Table:
    keys = ["task", "candidate", "trial", "fold", "seed"]
    cells = [s.splits[keys].merge(s.frame[[*keys, "key"]], on=keys) for s in (one, two)]
    sets = [c.groupby(["task", "candidate"])["key"].agg(set) for c in cells]
    rows = []
    for task in one.tasks.index:
        for name in one.candidates:
            first, second = (float(s.test.loc[task][name]) for s in (one, two))
            mine, other = (s.get((task, name), set()) for s in sets)
            common = f"{len(mine & other)} of {len(mine | other)}"
            metric = one.tasks.at[task, "metric"]
            rows.append((task, name, metric, first, second, second - first, common))
    frame = pd.DataFrame(rows, columns=list(_TASKS))
    text = "Test score of the chosen configuration, mean over splits and seeds; no interval."
    return Table(
        "tasks", text, frame, _TASKS, {"a": "A", "b": "B", "difference": "B − A", "cells": "same cells"}
    )


def _only(a: Side, b: Side, one: Summary) -> list[str]:
    lines = []
    for mark, mine, other in (("A", a, b), ("B", b, a)):
        for what in ("task", "candidate"):
            here, there = (list(dict.fromkeys(side.frame[what])) for side in (mine, other))
            only = [name for name in here if name not in set(there)]
            if only:
                lines.append(f"{what.capitalize()}s in {mark} only ({len(only)}): {', '.join(only)}.")
    both = set(a.frame["task"]) & set(b.frame["task"])
    if unfinished := sorted(both - set(one.tasks.index)):
        lines.append(f"In both, and not finished in one (left out): {', '.join(unfinished)}.")
    hashes = [{t["id"]: t["data_hash"] for t in side.tasks} for side in (a, b)]
    if other_data := [t for t in one.tasks.index if hashes[0].get(t) != hashes[1].get(t)]:
        lines.append(f"Same name, other values (their hashes differ): {', '.join(other_data)}.")
    return lines or ["Nothing: both have the same tasks, with the same values, and the same candidates."]


def _protocol(a: Side, b: Side) -> tuple[list[str], list[Table]]:
    settings = [side.study.get("settings", {}) for side in (a, b)]
    rules = [
        {**{k: v for k, v in s.items() if k not in _NAMES}, **asdict(Protocol.of(s.get("protocol", {})))}
        for s in settings
    ]
    return _differ("protocol", "rule", *rules)


def _environment(one: Summary, two: Summary) -> tuple[list[str], list[Table]]:
    return _differ("environment", "fact", *(_facts(s) for s in (one, two)))


def _facts(summary: Summary) -> dict[str, str]:
    """Every fact of the environments with all values that it has."""
    values: dict[str, dict[str, None]] = {}
    for facts in environments(summary):
        flat = {**facts, **facts.get("versions", {})}
        for key in flat.keys() - {"versions", "cells", "first", "last"}:
            values.setdefault(key, {})[str(flat[key])] = None
    return {key: " or ".join(v) for key, v in values.items()}


def _differ(
    name: str, what: str, a: Mapping[str, Any], b: Mapping[str, Any]
) -> tuple[list[str], list[Table]]:
    rows = [
        (key, _told(a.get(key)), _told(b.get(key)))
        for key in dict.fromkeys([*a, *b])
        if a.get(key) != b.get(key)
    ]
    if not rows:
        return ["Nothing."], []
    columns = {what: "what", "a": "in A", "b": "in B"}
    frame = pd.DataFrame(rows, columns=list(columns))
    return [], [Table(name, "All that differs; the rest is equal.", frame, columns, {"a": "A", "b": "B"})]


def _told(value: Any) -> str:
    return "not set" if value is None or value == "" else str(value)
