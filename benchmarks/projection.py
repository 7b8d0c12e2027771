"""What MLflow shows of a study, as plain values: a description, a run per candidate, a child per task.

MLflow groups its charts by what stands before a slash, in alphabetical order: "curve" comes first, so the
curves are what a reader sees on opening the study.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from benchmarks import curves, scores
from benchmarks.budget import BEYOND
from benchmarks.cell import canonical_json
from benchmarks.protocol import Protocol

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
    frame: pd.DataFrame, tasks: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Any]
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
    runs = {}
    latest = max((_milliseconds(text) for text in frame["finished"]), default=0)
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
            _task_run(name, cells[cells["task"] == task], facts, ranks=ranks, regret=regret)
            for task, facts in tasks.items()
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


def _task_run(
    candidate: str,
    cells: pd.DataFrame,
    facts: Mapping[str, Any],
    *,
    ranks: pd.DataFrame,
    regret: pd.DataFrame,
) -> Run:
    summary = ranks[(ranks["task"] == facts["id"]) & (ranks["candidate"] == candidate)]
    trial = int(summary["trial"].iloc[0]) if len(summary) else 0
    best = cells[cells["trial"] == trial]
    metrics: list[tuple[str, float, int]] = []
    for side in ("test", "validation"):
        by_fold = best.groupby("fold")[side].mean()
        metrics += [(f"task/{side}_by_fold", score, fold) for fold, score in zip(by_fold.index, by_fold)]
        metrics.append((f"task/{side}", best[side].mean(), 0))
    for row in summary.to_dict("records"):
        metrics += [("task/normalised_score", row["normalised"], 0), ("task/rank", row["rank"], 0)]
    for seconds in ("fit_seconds", "predict_seconds"):
        metrics.append((f"task/{seconds}", best[seconds].sum(min_count=1), 0))
    metrics.append(("task/peak_mb", best["peak_mb"].max(), 0))
    params = {"task": facts["id"], "candidate": candidate, "trial": str(trial)}
    if candidate == ADVISOR:
        metrics += _advice_metrics(
            best, regret[(regret["task"] == facts["id"]) & (regret["policy"] == ADVISOR)]
        )
        params |= {
            f"advised_{name}": " ".join(
                dict.fromkeys(str(told[name]) for told in best["extra"] if name in told)
            )
            for name in ("recommendation", "structure", "layout", "form")
        }
    else:
        params |= {f"config.{name}": str(value) for name, value in json.loads(best["config"].iloc[0]).items()}
    cells = cells[cells["status"] != BEYOND]
    wrong = cells[cells["status"] != "ok"]
    times = [_milliseconds(text) for text in cells["finished"] if text]
    tags = {
        "status": "ok" if not len(wrong) else str(wrong["status"].iloc[0]),
        "task": facts["id"],
        **{name: str(facts[name]) for name in ("structure", "kind", "metric", "origin")},
        **_hardware(best),
    }
    if len(wrong):
        tags["reason"] = f"{len(wrong)} of {len(cells)} cells; the first: {wrong['reason'].iloc[0]}"[:5_000]
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


def _advice_metrics(cells: pd.DataFrame, regret: pd.DataFrame) -> list[tuple[str, float, int]]:
    told = pd.DataFrame(list(cells["extra"]), index=cells.index)
    metrics = []
    for name in ("confidence", "advice_seconds"):
        if name in told:
            metrics.append((f"task/{name}", float(told[name].astype(float).mean()), 0))
    for row in regret.to_dict("records"):
        metrics += [(f"task/{name}", row[name], 0) for name in ("regret", "normalised_regret")]
    return metrics


def _hardware(cells: pd.DataFrame) -> dict[str, str]:
    """Where it ran; several values mean that times are not comparable."""
    names = ("cpu", "gpu", "device", "threads", "commit", "dirty")
    found = {name: dict.fromkeys(str(e[name]) for e in cells["environment"] if name in e) for name in names}
    return {name: ", ".join(values)[:5_000] for name, values in found.items() if any(values)}


def _finite(metrics: list[tuple[str, Any, int]]) -> list[tuple[str, float, int]]:
    return [(name, float(value), int(step)) for name, value, step in metrics if math.isfinite(value)]


def _milliseconds(text: str) -> int:
    return round(1_000 * datetime.fromisoformat(text).timestamp()) if text else 0


# ---- the description ----


def note(settings: Mapping[str, Any], frame: pd.DataFrame) -> str:
    """Write the experiment's description: the verdict in Markdown.

    Parameters
    ----------
    settings : mapping
        The study as :meth:`benchmarks.store.Store.study` gives it.
    frame : DataFrame
        Its results.

    Returns
    -------
    str
        Markdown.
    """
    lines = [f"# {_text(settings['title'])}", ""]
    if pending := int((frame["status"] == "pending").sum()):
        lines += [
            f"{pending} of {len(frame)} cells have no outcome yet; tasks that wait for one are left out.",
            "",
        ]
    for structure, part in scores.verdict(frame).groupby("structure", sort=False):
        n = part["tasks"].max()
        lines += [
            f"## {_text(structure).capitalize()}: {n} task{'' if n == 1 else 's'}",
            "",
            "| candidate | normalised score | mean rank | wins | failed cells | fit time (s) |",
            "|---|---:|---:|---:|---:|---:|",
            *(
                f"| {_text(row.candidate)} | {row.mean_normalised_score:.3f} | {row.mean_rank:.2f} "
                f"| {row.wins} | {row.failed} | {row.fit_seconds:.1f} |"
                for row in part.itertuples()
            ),
            "",
        ]
    protocol = Protocol.of(settings["settings"].get("protocol", {}))
    scale = f"Curves over trials: {curves.SCALES[protocol.normalisation]}."
    lines += [_text(text) for text in (protocol.words, scale, scores.beyond(frame)) if text]
    lines.append("")
    regret = scores.regret(frame)
    if len(regret):
        means = regret.groupby("policy", sort=False)[["regret", "normalised_regret"]].mean()
        lines += ["## Who chooses best", "", "| policy | mean regret | normalised |", "|---|---:|---:|"]
        lines += [
            f"| {row.Index} | {row.regret:.4f} | {row.normalised_regret:.3f} |" for row in means.itertuples()
        ]
        lines.append("")
    return "\n".join(
        [
            *lines,
            "0 is the dummy's score and 1 the best candidate's, task by task. A failed cell counts with the "
            "dummy's score. Regret: the best test score of CNN, LSTM and trees minus that of the one chosen.",
        ]
    )


def _text(value: Any) -> str:
    """Text that stays text in a Markdown table."""
    return str(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
