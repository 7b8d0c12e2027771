"""What MLflow shows of a study, as plain values: a run per candidate, a child per task.

MLflow groups its charts by what stands before a slash, in alphabetical order: "curve" comes first, so the
curves are what a reader sees on opening the study.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from advisor import architectures
from benchmarks import curves, scores
from benchmarks.budget import BEYOND
from benchmarks.cell import canonical_json

ADVISOR = scores.ADVISOR


@dataclass(frozen=True)
class Run:
    """One MLflow run.

    Parameters
    ----------
    name : str
        As shown.
    metrics : list of (name, value, step)
        Finite numbers only: MLflow shows NaN as absent and infinity as the best.
    params, tags : dict of str
        As shown.
    data : mapping, optional
        Facts of the task that is its data set.
    start, end : int
        Milliseconds since 1970.
    failed : bool
        Whether no cell of it went well.
    """

    name: str
    metrics: list[tuple[str, float, int]]
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] | None = None
    start: int = 0
    end: int = 0
    failed: bool = False


@dataclass(frozen=True)
class Candidate:
    """The top-level run of a candidate and its child runs."""

    top: Run
    tasks: list[Run]

    @property
    def digest(self) -> str:
        """Hash of all that is shown."""
        return hashlib.sha256(canonical_json(asdict(self)).encode()).hexdigest()[:16]


def candidates(
    frame: pd.DataFrame,
    tasks: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
    labels: Mapping[str, tuple[str, str]] | None = None,
) -> dict[str, Candidate]:
    """Make the runs of every candidate, best first.

    Parameters
    ----------
    frame : DataFrame
        Results, as :meth:`benchmarks.store.Store.frame` gives them.
    tasks : mapping of str to mapping
        Facts of the tasks by id, as :meth:`benchmarks.store.Store.tasks` gives them.
    settings : mapping
        The study file, parsed.
    labels : mapping, optional
        Title and kind of model of the candidates, as :meth:`benchmarks.store.Store.study` gives them; by
        default, and where one is missing, as the architecture declares it.

    Returns
    -------
    dict of str to Candidate
        By name.
    """
    verdict, ranks, regret = scores.verdict(frame), scores.ranks(frame), scores.regret(frame)
    curve, anytime = curves.of_study(frame, settings), scores.anytime(frame)
    overall = verdict[verdict["structure"] == "overall"]
    names = [
        *overall["candidate"],
        *(c for c in frame["candidate"].unique() if c not in set(overall["candidate"])),
    ]
    by_search = dict(tuple(frame.groupby(["task", "candidate"], sort=False)))
    judged, lines = _judged(ranks, names, _model_kinds(names, labels or {})), _lines(frame)
    regrets = {row["task"]: row for row in regret[regret["policy"] == ADVISOR].to_dict("records")}
    runs = {}
    latest = max((_milliseconds(text) for text in frame["finished"].unique()), default=0)
    for place, name in enumerate(names):
        cells = frame[frame["candidate"] == name]
        metrics = _aggregates(verdict[verdict["candidate"] == name])
        of = curve[curve["candidate"] == name]
        metrics += [("curve/normalised_score", y, x) for x, y in zip(of["trials"], of["normalised_score"])]
        of = anytime[anytime["candidate"] == name]
        metrics += [
            ("curve/score_within_seconds", y, int(x)) for x, y in zip(of["seconds"], of["normalised_score"])
        ]
        if name == ADVISOR:
            means = regret.groupby("policy", sort=False)[["regret", "normalised_regret"]].mean()
            for policy, (score, normalised) in zip(means.index, means.to_numpy()):
                name_of = str(policy).replace(" ", "_")
                metrics += [(f"regret/{name_of}", score, 0), (f"regret/{name_of}_normalised", normalised, 0)]
        # top-level runs begin last and in the order of the verdict, as MLflow lists the newest first
        start = latest + len(names) - place
        spent = float(cells["fit_seconds"].sum() + cells["predict_seconds"].sum())
        statuses = cells["status"].value_counts()
        top = Run(
            name,
            _finite(metrics),
            params={
                "trials": str(cells.loc[cells["status"] != BEYOND, "trial"].nunique()),
                "folds": str(cells["fold"].nunique()),
            },
            tags={"status": ", ".join(f"{n} {status}" for status, n in statuses.items()), **_hardware(cells)},
            start=start,
            end=start + round(1_000 * spent),
            failed=not (cells["status"] == "ok").any(),
        )
        shown = [
            _task_run(
                name,
                by_search[task, name],
                facts,
                judged=judged.get((task, name)),
                line=lines.get((task, name), []),
                regret=regrets.get(task) if name == ADVISOR else None,
            )
            for task, facts in tasks.items()
            if (task, name) in by_search
        ]
        runs[name] = Candidate(top, shown)
    return runs


def _aggregates(rows: pd.DataFrame) -> list[tuple[str, float, int]]:
    metrics = []
    for row in rows.to_dict("records"):
        overall = row["structure"] == "overall"
        shown = (("score", "mean_normalised_score"), ("rank", "mean_rank"), ("wins", "wins"))
        metrics += [(f"{group}/{row['structure']}", row[name], 0) for group, name in shown]
        if overall:
            metrics += [(f"status/{name}", row[name], 0) for name in ("ok", "failed", "skipped")]
            metrics.append(("seconds/fit", row["fit_seconds"], 0))
    return metrics


def _model_kinds(names: Sequence[str], labels: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    declared = {name: architectures.label(name) for name in architectures.names() if name in names}
    return {name: model_kind for name, (_, model_kind) in {**declared, **labels}.items()}


def _judged(
    ranks: pd.DataFrame, names: Sequence[str], model_kinds: Mapping[str, str]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Place every candidate on every task: its row of the ranks, and how trees and networks stand there."""
    judged: dict[tuple[str, str], dict[str, Any]] = {}
    for task, rows in ranks.groupby("task", sort=False):
        test = rows.set_index("candidate")["test"].drop(ADVISOR, errors="ignore")
        kinds = np.array([model_kinds.get(name, "other") for name in test.index])
        tree, other = (test[(kinds == "trees") == side].max() for side in (True, False))
        network = test[kinds == "network"].max()
        trees = {}
        if math.isfinite(tree) and math.isfinite(other):
            trees["trees"] = "won" if tree > other else "lost" if tree < other else "tied"
        winners = [name for name in names if test.get(name) == test.max()]
        for row in rows.to_dict("records"):
            tags = {
                "winner": ", ".join(winners),
                **(
                    {"best": "yes" if row["test"] >= test.max() else "no"}
                    if row["candidate"] != ADVISOR
                    else {}
                ),
                **trees,
            }
            place = (str(task), str(row["candidate"]))
            judged[place] = {
                **{str(k): v for k, v in row.items()},
                "network_lead": network - tree,
                "tags": tags,
            }
    return judged


def _lines(frame: pd.DataFrame) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """Test score of the best by validation so far, by (task, candidate): the corners of its staircase."""
    rows = scores.trials(frame)
    lines: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for (task, candidate), search in rows.groupby(["task", "candidate"], sort=False):
        search = search.sort_values("trial")
        best = np.maximum.accumulate(search["validation"].to_numpy())
        leads = np.flatnonzero(np.r_[True, best[1:] > best[:-1]])
        at = search["test"].to_numpy()[leads]
        line = [(0, at[0])]
        for place, before, now in zip(leads[1:], at, at[1:]):
            line += [(int(place) - 1, before), (int(place), now)]
        line.append((len(search) - 1, at[-1]))
        lines[str(task), str(candidate)] = [(step + 1, y) for step, y in dict(line).items()]
    return lines


def _task_run(
    candidate: str,
    cells: pd.DataFrame,
    facts: Mapping[str, Any],
    *,
    judged: Mapping[str, Any] | None,
    line: list[tuple[int, float]],
    regret: Mapping[Any, Any] | None,
) -> Run:
    trial = int(judged["trial"]) if judged else 0
    best = cells[cells["trial"] == trial]
    metrics: list[tuple[str, Any, int]] = []
    for side in ("test", "validation"):
        by_fold = best.groupby("fold")[side].mean()
        metrics += [(f"task/{side}_by_fold", score, fold) for fold, score in zip(by_fold.index, by_fold)]
        metrics.append((f"task/{side}", best[side].mean(), 0))
    if judged:
        metrics += [
            ("task/normalised_score", judged["normalised"], 0),
            ("task/rank", judged["rank"], 0),
            ("task/gap_to_best", judged["best"] - judged["test"], 0),
            ("task/network_lead", judged["network_lead"], 0),
        ]
    if len(line) > 1:
        metrics += [("curve/test_score", score, step) for step, score in line]
    for seconds in ("fit_seconds", "predict_seconds"):
        metrics.append((f"task/{seconds}", best[seconds].sum(min_count=1), 0))
    metrics.append(("task/peak_mb", best["peak_mb"].max(), 0))
    cells = cells[cells["status"] != BEYOND]
    wrong = cells[cells["status"] != "ok"]
    metrics += [
        ("status/ok", len(cells) - len(wrong), 0),
        ("status/failed", int(wrong["status"].isin(scores.FAILED).sum()), 0),
        ("status/skipped", int((wrong["status"] == "skipped").sum()), 0),
    ]
    params = {"task": facts["id"], "candidate": candidate, "trial": str(trial)}
    trained = [one["n_train"] for one in best["extra"] if "n_train" in one]
    tags = {
        "status": "ok" if not len(wrong) else str(wrong["status"].iloc[0]),
        "task": facts["id"],
        "structure": scores.groups(cells.iloc[:1]).item(),
        **{name: str(facts[name]) for name in ("kind", "metric", "origin")},
        "layout": canonical_json(facts["layout"] or [facts["d"]]),
        **({"n_train": str(max(trained))} if trained else {}),
        **(judged["tags"] if judged else {}),
        **_hardware(best),
    }
    if len(wrong):
        tags["reason"] = f"{len(wrong)} of {len(cells)} cells; the first: {wrong['reason'].iloc[0]}"[:5_000]
    if candidate == ADVISOR:
        advice = _advice(best, facts, regret)
        metrics, params, tags = metrics + advice[0], params | advice[1], tags | advice[2]
    else:
        params |= {f"config.{name}": str(value) for name, value in json.loads(best["config"].iloc[0]).items()}
    times = [_milliseconds(text) for text in cells["finished"].unique() if text]
    return Run(
        facts["id"].partition(":")[2],
        _finite(metrics),
        params=params,
        tags=tags,
        data=facts,
        start=min(times, default=0),
        end=max(times, default=0),
        failed=len(wrong) == len(cells),
    )


def _advice(
    cells: pd.DataFrame, facts: Mapping[str, Any], regret: Mapping[Any, Any] | None
) -> tuple[list[tuple[str, Any, int]], dict[str, str], dict[str, str]]:
    """What was advised and what that cost, as metrics, params and tags."""
    every = list(cells["extra"])
    told = pd.DataFrame(every, index=cells.index)
    metrics: list[tuple[str, Any, int]] = []
    for name in ("confidence", "advice_seconds"):
        if name in told:
            metrics.append((f"task/{name}", float(told[name].astype(float).mean()), 0))
    params = {
        f"advised_{name}": " ".join(dict.fromkeys(str(one[name]) for one in every if name in one))
        for name in ("recommendation", "structure", "layout", "form")
    }
    if because := next((one["because"] for one in every if one.get("because")), None):
        params["advised_because"] = because if isinstance(because, str) else "; ".join(map(str, because))
    tags = {}
    if facts["structure"] is not None and "structure" in told:
        seen = (told["structure"] == facts["structure"]).all()
        tags["structure_seen"] = "right" if seen else "wrong"
    if regret is not None:
        metrics += [(f"task/{name}", regret[name], 0) for name in ("regret", "normalised_regret")]
        tags["advice"] = "wrong" if regret["regret"] > 0 else "right"
    return metrics, params, tags


def _hardware(cells: pd.DataFrame) -> dict[str, str]:
    """Where it ran; several values mean that times are not comparable."""
    names = ("cpu", "gpu", "device", "threads", "commit", "dirty")
    found: dict[str, dict[str, None]] = {name: {} for name in names}
    for environment in cells["environment"]:
        for name in names:
            if name in environment:
                found[name][str(environment[name])] = None
    return {name: ", ".join(values)[:5_000] for name, values in found.items() if any(values)}


def _finite(metrics: list[tuple[str, Any, int]]) -> list[tuple[str, float, int]]:
    return [(name, float(value), int(step)) for name, value, step in metrics if math.isfinite(value)]


def _milliseconds(text: str) -> int:
    return round(1_000 * datetime.fromisoformat(text).timestamp()) if text else 0
