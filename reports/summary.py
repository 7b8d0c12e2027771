"""Everything that a report says about one study, computed once: page, Markdown and terminal show the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import StoreError
from benchmarks import curves, scores
from reports import statistics
from reports.style import STRUCTURES

OVERALL = "overall"
UNFINISHED, NO_ZERO, UNREAD = "unfinished", "no zero", "unread"  # kinds of tasks that are left out
_FACTS = ["origin", "structure", "kind", "metric"]
_ADVICE = ["structure", "layout", "form", "recommendation"]
_LEFT_OUT = ["task", "why"]


class ReportError(StoreError, ValueError):
    """The results cannot be reported as they are."""


@dataclass(frozen=True)
class Summary:
    """What a study found.

    Parameters
    ----------
    study : Mapping
        Name, title, creation date and settings, as the store gives them.
    frame : DataFrame
        One row per cell, as the store gives it.
    tasks : DataFrame, indexed by task
        ``origin``, ``structure``, ``kind``, ``metric`` of the judged tasks, grouped by structure.
    candidates : list of str
        In the order of the study, without the advisor.
    left_out : DataFrame
        ``task``, ``why`` and ``kind`` of the tasks that are not judged: "unfinished", "no zero" (the dummy
        failed) or "unread" (no data, so no cells).
    test, normalised, rank : DataFrame, shape (tasks, candidates)
        Scores of the chosen configurations, the same between dummy (0) and best (1), and their ranks.
    imputed, cells : DataFrame, shape (tasks, candidates)
        How many folds count with the dummy's score because they failed, and how many there are.
    splits : DataFrame
        One row per (task, candidate, fold, seed) of the chosen configurations: ``trial``, ``test``,
        ``normalised`` (on the task's scale, not cut) and ``imputed``.
    counts : DataFrame
        ``candidate``, ``status`` and how many ``cells``, of all cells that are part of the study.
    verdict : DataFrame
        One row per (structure, candidate), structure "overall" first: that of
        :func:`benchmarks.scores.verdict` with ``score_low``, ``score_high``, ``rank_low``, ``rank_high``,
        ``seconds`` (of the fits of a cell, median over tasks; one that was stopped for its time counts with
        its limit), ``win``, ``tie``, ``loss`` (tasks, against the leader).
    places : DataFrame
        One row per structure: ``structure``, ``tasks``, ``sources``, ``leader``, ``second``, ``ahead``,
        ``low``, ``high`` (difference of their mean normalised scores, with its interval), ``lead`` (share of
        resamples with the leader first) and ``nothing`` (whether no candidate beats the dummy anywhere).
    advice : DataFrame
        One row per task: what the advisor saw and advised, ``best`` (of the three families), its confidence,
        reasons (``because``) and regret; empty without advisor.
    regret : DataFrame
        As :func:`benchmarks.scores.regret` gives it.
    policies : DataFrame
        One row per way to choose a family: mean regret with interval; empty without the three families.
    curves : DataFrame
        ``structure``, ``candidate``, ``trials``, ``mean``, ``low``, ``high``; empty if nothing was searched.
    asked_out : DataFrame
        ``task`` and ``why`` of tasks that the reader asked to leave out; they are in none of the above.
    whole : Summary or None
        The same with those tasks; None if there are none.
    """

    study: Mapping[str, Any]
    frame: pd.DataFrame
    tasks: pd.DataFrame
    candidates: list[str]
    left_out: pd.DataFrame
    test: pd.DataFrame
    normalised: pd.DataFrame
    rank: pd.DataFrame
    imputed: pd.DataFrame
    cells: pd.DataFrame
    splits: pd.DataFrame
    counts: pd.DataFrame
    verdict: pd.DataFrame
    places: pd.DataFrame
    advice: pd.DataFrame
    regret: pd.DataFrame
    policies: pd.DataFrame
    curves: pd.DataFrame
    asked_out: pd.DataFrame
    whole: Summary | None = None

    @property
    def structures(self) -> list[str]:
        """Structures of the judged tasks: images, sequences, tables, those destroyed, undeclared."""
        return list(dict.fromkeys(self.tasks["structure"]))

    @property
    def failures(self) -> pd.DataFrame:
        """Cells that went wrong, equal ones counted: task, candidate, status, reason, cells.

        Those that are pending, and those beyond the budget of a search, did not.
        """
        bad = self.frame[~self.frame["status"].isin(["ok", "pending", scores.BEYOND])]
        keys = ["task", "candidate", "status", "reason"]
        return bad.groupby(keys, sort=False).size().rename("cells").reset_index()


def summarise(
    frame: pd.DataFrame,
    study: Mapping[str, Any],
    *,
    rng: np.random.Generator,
    without: pd.DataFrame | None = None,
) -> Summary:
    """Compute what a report says.

    Parameters
    ----------
    frame : DataFrame
        One row per cell, as :meth:`benchmarks.store.Store.frame` gives it.
    study : Mapping
        As :meth:`benchmarks.store.Store.study` gives it.
    rng : numpy.random.Generator
        For the resamples that tell how sure the first places are.
    without : DataFrame, optional
        ``task`` and ``why`` of tasks to leave out; what the study says with them is kept in ``whole``.

    Returns
    -------
    Summary
        The findings.

    Raises
    ------
    ReportError
        If no task is finished or no candidate stands beside the dummy, so that there is nothing to report.
    """
    if without is not None and len(without):
        whole = summarise(frame, study, rng=rng)
        rest = summarise(frame[~frame["task"].isin(without["task"])], study, rng=rng)
        return replace(rest, asked_out=without[_LEFT_OUT].reset_index(drop=True), whole=whole)
    frame = frame.assign(structure=frame["structure"].fillna(scores.UNKNOWN))
    declared = frame.drop_duplicates("task").set_index("task")["structure"]
    regret = scores.regret(frame)  # the textbook's rule knows what is declared, not that it is gone
    frame["structure"] = scores.groups(frame)
    rows = scores.ranks(frame)
    if rows.empty:
        pending = int((frame["status"] == "pending").sum())
        raise ReportError(
            "a report needs a task with all its cells finished and its dummy among them",
            got=f"{pending} of {len(frame)} cells pending in the study {study['name']!r}",
            do="run the study on: python -m benchmarks run STUDY.toml resumes it",
        )
    if set(frame["candidate"]) <= {scores.BASELINE, scores.ADVISOR}:
        raise ReportError(
            "a report needs a candidate beside the dummy",
            got=f"none in the study {study['name']!r}",
            do="add one to the candidates of its file and run it",
        )
    order = {name: i for i, name in enumerate(STRUCTURES)}
    tasks = rows.drop_duplicates("task").set_index("task")[_FACTS]
    tasks = tasks.sort_values("structure", key=lambda s: s.map(order).fillna(len(order)), kind="stable")
    everyone = list(dict.fromkeys(frame["candidate"]))
    candidates = [c for c in everyone if c != scores.ADVISOR]

    def matrix(column: str) -> pd.DataFrame:
        return rows.pivot(index="task", columns="candidate", values=column).reindex(tasks.index)[everyone]

    normalised, rank = matrix("normalised"), matrix("rank")
    seconds = _seconds(frame, study.get("settings", {}))
    verdict, places = _verdict(frame, tasks, normalised, rank, seconds, candidates, rng)
    return Summary(
        study=study,
        frame=frame,
        tasks=tasks,
        candidates=candidates,
        left_out=_left_out(frame, tasks, study.get("missing", {})),
        test=matrix("test")[candidates],
        normalised=normalised[candidates],
        rank=rank[candidates],
        imputed=matrix("imputed")[candidates],
        cells=matrix("cells")[candidates],
        splits=_splits(frame, rows),
        counts=frame[frame["status"] != scores.BEYOND]
        .groupby(["candidate", "status"], sort=False)
        .size()
        .rename("cells")
        .reset_index(),
        verdict=verdict,
        places=places,
        advice=_advice(frame, tasks, declared, regret),
        regret=regret,
        policies=_policies(regret, tasks),
        curves=_curves(frame, tasks, study),
        asked_out=pd.DataFrame(columns=_LEFT_OUT),
    )


def environments(summary: Summary) -> list[dict[str, Any]]:
    """List what the outcomes ran on.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    list of dict
        Distinct environments with ``cells``, ``first`` and ``last`` (UTC) added, most cells first. A worker
        that never loaded torch cannot name the GPU; it is told together with those that can.
    """
    groups: dict[str, dict[str, Any]] = {}
    done = summary.frame[summary.frame["finished"] != ""]
    for environment, finished in zip(done["environment"], done["finished"]):
        key = repr(sorted((k, str(v)) for k, v in environment.items() if k != "gpu"))
        entry = groups.setdefault(key, {**environment, "cells": 0, "first": finished, "last": finished})
        entry["gpu"] = entry.get("gpu") or environment.get("gpu", "")
        entry["cells"] += 1
        entry["first"], entry["last"] = min(entry["first"], finished), max(entry["last"], finished)
    return sorted(groups.values(), key=lambda e: -int(e["cells"]))


def machines(summary: Summary) -> int:
    """Count the kinds of hardware and thread numbers that the fits ran on; times of one kind alone compare.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    int
        0 if nothing is known.
    """
    return scores.machines(summary.frame)


def _verdict(
    frame: pd.DataFrame,
    tasks: pd.DataFrame,
    normalised: pd.DataFrame,
    rank: pd.DataFrame,
    seconds: pd.Series,
    candidates: list[str],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = scores.verdict(frame).set_index(["structure", "candidate"])
    parts, places = [], []
    for group in [OVERALL, *dict.fromkeys(tasks["structure"])]:
        chosen = tasks.index if group == OVERALL else tasks.index[tasks["structure"] == group]
        z, r, origin = normalised.loc[chosen], rank.loc[chosen], tasks.loc[chosen, "origin"]
        part = table.loc[group].copy()
        for name, values, within in (("score", z, (0, 1)), ("rank", r, (1, len(r.columns)))):
            limits = statistics.interval(values, clusters=origin, within=within)
            part[f"{name}_low"], part[f"{name}_high"] = limits["low"], limits["high"]
        part["seconds"] = seconds[seconds.index.isin(chosen, level="task")].groupby("candidate").median()
        first = statistics.mean_score(z[candidates]).index
        against = {c: statistics.win_tie_loss(z, str(c), first[0]) for c in z}
        for name in statistics.Comparison._fields:
            part[name] = pd.Series({c: getattr(counts, name) for c, counts in against.items()})
        parts.append(part.assign(structure=group).rename_axis("candidate").reset_index())
        places.append(
            {
                "structure": group,
                "tasks": len(chosen),
                "sources": origin.nunique(),
                **_places(z[candidates], first, origin, rng),
            }
        )
    return pd.concat(parts, ignore_index=True), pd.DataFrame(places)


def _seconds(frame: pd.DataFrame, settings: Mapping[str, Any]) -> pd.Series:
    """Mean seconds of the fits of a cell, by (task, candidate).

    Without those that a limit stopped, what is too slow for it would look fast.
    """
    stopped = (frame["status"] == "timeout") & (frame["candidate"] != scores.ADVISOR)
    limit = float(settings.get("cell_seconds", 3_600.0))
    took = frame["fit_seconds"].where(~stopped, frame["fit_seconds"].fillna(limit))
    cells = frame.assign(took=took.where(stopped | (frame["status"] == "ok")))
    mean: pd.Series = cells.groupby(["task", "candidate"])["took"].mean().dropna()
    return mean


def _places(z: pd.DataFrame, first: pd.Index, origin: pd.Series, rng: np.random.Generator) -> dict[str, Any]:
    """The leader, the second and how far apart they are."""
    leader, nothing = first[0], bool((z.drop(columns=scores.BASELINE, errors="ignore") <= 0).all(axis=None))
    if len(first) == 1:
        alone = dict.fromkeys(["second", "ahead", "low", "high"])
        return {**alone, "leader": leader, "lead": 1.0, "nothing": nothing}
    second = first[1]
    gap = statistics.interval((z[leader] - z[second]).to_frame("gap"), clusters=origin, within=(-1, 1))
    lead = statistics.lead(z, clusters=origin, rng=rng)[leader]
    limits = dict(zip(("ahead", "low", "high"), gap.loc["gap", ["mean", "low", "high"]]))
    return {"leader": leader, "second": second, **limits, "lead": lead, "nothing": nothing}


def _splits(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The cells of the chosen configurations on the scale of their task."""
    chosen = rows.loc[rows["candidate"] != scores.ADVISOR, ["task", "candidate", "trial", "dummy", "best"]]
    cells = scores.complete(frame).merge(chosen, on=["task", "candidate", "trial"])
    span = (cells["best"] - cells["dummy"]).where(cells["best"] > cells["dummy"])
    cells["normalised"] = ((cells["test"] - cells["dummy"]) / span).fillna(0.0)
    return cells[["task", "candidate", "fold", "seed", "trial", "test", "normalised", "imputed"]]


def _left_out(frame: pd.DataFrame, tasks: pd.DataFrame, missing: Mapping[str, str]) -> pd.DataFrame:
    rows = []
    for task, cells in frame[~frame["task"].isin(tasks.index)].groupby("task", sort=False):
        if pending := int((cells["status"] == "pending").sum()):
            rows.append((task, f"{pending} of {len(cells)} cells are not finished", UNFINISHED))
        else:
            rows.append((task, "the dummy has no score", NO_ZERO))
    held = set(frame["task"])
    rows += [(task, f"not to be had: {why}", UNREAD) for task, why in missing.items() if task not in held]
    return pd.DataFrame(rows, columns=[*_LEFT_OUT, "kind"])


def _policies(regret: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    records = []
    for name, rows in regret.groupby("policy", sort=False):
        lost = rows.set_index("task")[["normalised_regret"]]
        limits = statistics.interval(lost, clusters=tasks["origin"], within=(0, 1)).iloc[0].to_dict()
        best, worst = int((rows["regret"] <= 0).sum()), rows["normalised_regret"].max()
        records.append({"policy": name, "tasks": len(rows), "best": best, **limits, "worst": worst})
    return pd.DataFrame(records, columns=["policy", "tasks", "best", "mean", "low", "high", "worst"])


def _advice(
    frame: pd.DataFrame, tasks: pd.DataFrame, declared: pd.Series, regret: pd.DataFrame
) -> pd.DataFrame:
    mine = regret[regret["policy"] == scores.ADVISOR].set_index("task")
    told = frame[frame["candidate"] == scores.ADVISOR]
    families = scores.complete(frame)
    families = families[families["candidate"].isin(scores.FAMILIES) & (families["trial"] == 0)]
    best = families.pivot_table(index="task", columns="candidate", values="test").dropna().idxmax(axis=1)
    records = []
    for task in (t for t in tasks.index if t in set(told["task"])):
        extras = [e for e in told.loc[told["task"] == task, "extra"] if "recommendation" in e]
        sure = [e["confidence"] for e in extras if e.get("confidence") is not None]
        because = extras[0].get("because", []) if extras else []  # those of other splits say the same
        records.append(
            {
                "task": task,
                "declared": declared[task],
                **{key: _common([e.get(key) for e in extras]) for key in _ADVICE},
                "best": best.get(task, ""),
                "confidence": float(np.mean(sure)) if sure else np.nan,
                "because": "; ".join(dict.fromkeys(map(str, because))),
                "regret": mine["regret"].get(task, np.nan),
                "normalised_regret": mine["normalised_regret"].get(task, np.nan),
            }
        )
    columns = ["task", "declared", *_ADVICE, "best", "confidence", "because", "regret", "normalised_regret"]
    return pd.DataFrame(records, columns=columns).set_index("task")


def _common(values: list[Any]) -> str:
    """What the folds agree on, or all they said."""
    return " or ".join(dict.fromkeys(_text(v) for v in values))


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " × ".join(map(str, value))
    return "" if value is None else str(value)


def _curves(frame: pd.DataFrame, tasks: pd.DataFrame, study: Mapping[str, Any]) -> pd.DataFrame:
    columns = ["structure", "candidate", "trials", "mean", "low", "high"]
    if frame["trial"].max() == 0:
        return pd.DataFrame(columns=columns)
    parts = [
        curves.of_study(frame[frame["structure"] == structure], study.get("settings", {})).assign(
            structure=structure
        )
        for structure in dict.fromkeys(tasks["structure"])
    ]
    table = pd.concat(parts, ignore_index=True).rename(columns={"normalised_score": "mean"})
    return table.loc[table["candidate"] != scores.ADVISOR, columns]
