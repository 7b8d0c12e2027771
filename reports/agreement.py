"""A study beside published numbers: do they agree on who is better, and what differs in how it was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks import curves, scores
from benchmarks.protocol import Protocol
from reports import beside, sentences, statistics, wording
from reports.document import Document, Section, Table
from reports.published import Published, read
from reports.style import title
from reports.summary import ReportError, Summary
from reports.tables import number

_TOLD = ("title", "source", "note")  # keys that are no rule
_NAMES = ("name", "version")  # of a protocol; what they stand for is told
_UNTOLD = "not told"
_BUDGETS = {
    "trials": "configurations tried, the default first",
    "candidates": "candidates compared",
    "spearman": "rank correlation of the candidates' normalised scores, −1 to 1",
    "kendall": "the same by Kendall's tau-b",
    "signs": "pairs of candidates whose difference has the same sign in both, of all pairs",
    "carried": "candidates whose search had ended here on some task, or was cut: their last value counts",
}
_CURVES = {
    "candidate": "architecture",
    "trials": "configurations tried, the default first",
    "published": "published normalised score",
    "ours": "normalised score here, mean over tasks and orders of the search",
    "carried": "whether the search had ended here on some task, or was cut: its last value counts",
}
_SCORES = {
    "task": "task id",
    "candidate": "architecture",
    "published": "published test score, in units of the metric",
    "ours": "test score here, mean over splits, in units of the metric",
    "difference": "ours minus published",
}
_CANDIDATES = {
    "candidate": "architecture",
    "tasks": "tasks in both",
    "pearson": "correlation over tasks of our scores with the published ones",
    "spearman": "rank correlation over tasks",
    "difference": "ours minus published, mean over tasks, in units of the metric",
    "absolute": "absolute difference, mean over tasks",
    "rank_here": "mean rank here among the candidates in both, 1 is best",
    "rank_published": "mean rank in the published scores",
}
_TASKS = {
    "task": "task id",
    "candidates": "candidates compared",
    "spearman": "rank correlation of the candidates on this task",
    "kendall": "the same by Kendall's tau-b",
    "signs": "pairs whose difference has the same sign in both, of all pairs",
}


def told(summary: Summary, files: Iterable[Path]) -> Document:
    """Compare a study with published numbers.

    Parameters
    ----------
    summary : Summary
        The findings.
    files : iterable of Path
        Published files.

    Returns
    -------
    Document
        A section per file with agreement, and one with what differs.

    Raises
    ------
    ReportError
        If the study shares nothing with any of the files.
    """
    found, headlines = [], []
    for published in map(read, files):
        compare = _scores if "task" in published.table else _curves
        headline, section, compared = compare(summary, published)
        headlines.append(headline)
        found.append(section)
        if section.tables:
            found.append(_differs(summary, published, compared))
    if not any(section.tables for section in found):
        raise ReportError(
            "a study to compare with published numbers must share two candidates with them, on the same "
            "tasks or "
            "over the same trials",
            got=" ".join(headlines),
            do="run such a study, or give other numbers with --published",
        )
    name = str(summary.study.get("title") or summary.study["name"])
    return Document(f"{name} beside published numbers", " ".join(headlines), found)


def signs(ours: pd.Series, published: pd.Series) -> tuple[int, int]:
    """Count the pairs of candidates that both put in the same order.

    Parameters
    ----------
    ours, published : Series, shape (candidates,)
        Scores with the same index.

    Returns
    -------
    (int, int)
        Pairs with the same sign of their difference (two ties agree), and all pairs.

    Examples
    --------
    >>> signs(pd.Series([3.0, 2.0, 1.0]), pd.Series([9.0, 7.0, 8.0]))
    (2, 3)
    """
    pairs = list(combinations(range(len(ours)), 2))
    a, b = ours.to_numpy(), published.to_numpy()
    same = sum(bool(np.sign(a[i] - a[j]) == np.sign(b[i] - b[j])) for i, j in pairs)
    return same, len(pairs)


def _curves(summary: Summary, published: Published) -> tuple[str, Section, pd.DataFrame]:
    heading = published.facts.get("title", published.name)
    names = [c for c in summary.candidates if c in set(published.table["candidate"])]
    frame = summary.frame[summary.frame["task"].isin(summary.tasks.index)]
    for key in ("structure", "kind"):
        if key in published.facts:  # what nobody declared is a table, as OpenML holds it
            frame = frame[frame[key].replace(scores.UNKNOWN, "tabular") == published.facts[key]]
    frame = frame[frame["candidate"].isin([*names, scores.BASELINE])]
    if len(names) < 2 or frame.empty:
        return *_nothing(heading, names, frame["task"].nunique()), frame
    ours = curves.of_study(frame, summary.study.get("settings", {}))
    table = published.table[["candidate", "trials", "score"]].rename(columns={"score": "published"})
    ours["carried"] = ours["ended"] > 0
    ours = ours.rename(columns={"normalised_score": "ours"})[["candidate", "trials", "ours", "carried"]]
    table = table.merge(ours, on=["candidate", "trials"])
    budgets = _budgets(table)
    if budgets.empty:
        return *_nothing(heading, names, frame["task"].nunique()), frame
    n = frame["task"].nunique()
    table = table.sort_values(["candidate", "trials"], kind="stable").reset_index(drop=True)
    shown = table[list(_CURVES)]
    text = (
        f"Here {wording.count(n, 'task')}"
        + (f", there {published.facts['tasks']}" if "tasks" in published.facts else "")
        + ". Normalised values depend on who is in the pool and on how many configurations were tried, so "
        "the order counts and not the values."
    )
    section = Section(
        heading,
        [text],
        [
            Table(
                f"{published.name}-order",
                f"Agreement by number of trials; {len(names)} candidates are few, so there is no interval.",
                budgets,
                _BUDGETS,
                {"signs": "same sign"},
            ),
            Table(
                f"{published.name}-curves",
                "Mean normalised score of the best configuration so far by validation; here over "
                f"{wording.count(n, 'task')} and {curves.SHUFFLES} orders of the search.",
                shown,
                _CURVES,
                {"ours": "here"},
            ),
        ],
        lambda narrow: beside.curves(shown, narrow=narrow),
        "Left as published, right here, at the numbers of trials that both have; dashed where a search here "
        f"had ended on some task. Each side has its own axis. Scale here: {sentences.scale(summary)}.",
    )
    return f"{heading}: {_agreement(budgets)}", section, frame


def _budgets(table: pd.DataFrame) -> pd.DataFrame:
    """Agreement at each number of trials that two candidates have in both."""
    rows = []
    for trials, part in table.groupby("trials"):
        if len(part) >= 2:
            same = _of(signs(part["ours"], part["published"]))
            carried = ", ".join(title(name) for name in part.loc[part["carried"], "candidate"])
            rows.append(
                (trials, len(part), *_ranks(part["ours"], part["published"]), same, carried or "none")
            )
    return pd.DataFrame(rows, columns=list(_BUDGETS))


def _agreement(budgets: pd.DataFrame) -> str:
    """The agreement at the most trials that all candidates have, and between what it lies at the others."""
    whole = budgets[budgets["carried"] == "none"]
    row = whole.iloc[-1] if len(whole) else budgets.iloc[0]
    if not len(whole):
        most = "the fewest that both have, where some searches here had ended"
    elif len(whole) == len(budgets):
        most = "the most that both have"
    else:
        most = "the most of the published numbers that every candidate here reached"
    rho, tau = number(row["spearman"], 2), number(row["kendall"], 2)
    order = f", Spearman {rho} and Kendall {tau}" if row["candidates"] > 2 else ""
    text = (
        f"at {wording.count(int(row['trials']), 'trial')}, {most}, {row['signs']} pairs of the "
        f"{row['candidates']} candidates are in the same order{order}"
    )
    if len(budgets) == 1:
        return f"{text}."
    counts = budgets["signs"].str.split(" of ", expand=True).astype(int)
    share = counts[0] / counts[1]
    low, high = (budgets["signs"].iloc[i] for i in (share.argmin(), share.argmax()))
    return (
        f"{text}; from {low} to {high} over the {len(budgets)} numbers of trials from "
        f"{budgets['trials'].iloc[0]} to {budgets['trials'].iloc[-1]}."
    )


def _scores(summary: Summary, published: Published) -> tuple[str, Section, pd.DataFrame]:
    heading = published.facts.get("title", published.name)
    table = _paired(summary, published)
    table = table[table.groupby("task")["candidate"].transform("size") >= 2]
    names = [c for c in summary.candidates if c in set(table["candidate"])]
    if table.empty:
        shared = [c for c in summary.candidates if c in set(published.table["candidate"])]
        return *_nothing(heading, shared, 0), table
    by_task, shares = [], {}
    for task, part in table.groupby("task", sort=False):
        same = signs(part["ours"], part["published"])
        by_task.append((task, len(part), *_ranks(part["ours"], part["published"]), _of(same)))
        shares[task] = same[0] / same[1]
    share = pd.Series(shares, name="share").to_frame()
    limits = statistics.interval(share, clusters=summary.tasks["origin"], within=(0, 1)).loc["share"]
    interval = "" if np.isnan(limits["low"]) else f" (95% {limits['low']:.0%} to {limits['high']:.0%})"
    by_candidate = _by_candidate(table, names)
    ranks = by_candidate.set_index("candidate")
    rho, tau = _ranks(-ranks["rank_here"], -ranks["rank_published"])
    n, sources = len(share), summary.tasks.loc[share.index, "origin"].nunique()
    both = f"Spearman {number(rho, 2)} and Kendall {number(tau, 2)}"
    order = f"; mean ranks agree with {both}" if len(names) > 2 else ""
    headline = (
        f"{heading}: on {wording.count(n, 'task')} {limits['mean']:.0%}{interval} of the pairs of "
        f"candidates differ in the same direction{order}; scores differ by "
        f"{table['difference'].abs().mean():.3f} on average."
    )
    if sources < statistics.MIN_SOURCES:
        headline += f" A direction only: fewer than {statistics.MIN_SOURCES} sources."
    made = (
        f"{wording.count(n, 'task')} from {wording.count(sources, 'source')} and {len(names)} candidates "
        "in both; test scores of chosen configurations."
    )
    section = Section(
        heading,
        [made],
        [
            Table(f"{published.name}-candidates", f"By candidate. {made}", by_candidate, _CANDIDATES),
            Table(
                f"{published.name}-tasks",
                "By task: do both order the candidates alike? Few candidates, so no interval.",
                pd.DataFrame(by_task, columns=list(_TASKS)),
                _TASKS,
                {"signs": "same sign"},
            ),
            Table(f"{published.name}-scores", f"Every score. {made}", table[list(_SCORES)], _SCORES),
        ],
        lambda narrow: beside.scatter(table, narrow=narrow),
        f"A mark per task and candidate, accuracy or R²; no interval. {made}",
    )
    compared = summary.frame[
        summary.frame["task"].isin(table["task"]) & summary.frame["candidate"].isin(names)
    ]
    return headline, section, compared


def _paired(summary: Summary, published: Published) -> pd.DataFrame:
    """Our scores and the published ones of the same task and candidate."""
    tall = summary.test.rename_axis(index="task", columns="candidate").stack()
    ours = pd.DataFrame({"ours": tall}).reset_index()
    facts = summary.tasks.loc[ours["task"]]
    ours["kind"] = facts["kind"].to_numpy()
    ours["name"] = [f"{t.partition(':')[0]}:{o}" for t, o in zip(ours["task"], facts["origin"])]
    theirs = published.table.rename(columns={"score": "published"})
    if "trials" in theirs:  # the end of each search
        theirs = theirs.sort_values("trials").drop_duplicates(["task", "candidate"], keep="last")
    keys = ["candidate", *(["kind"] if "kind" in theirs else [])]
    theirs = theirs[["task", *keys, "published"]]
    parts = [
        ours.merge(theirs, on=["task", *keys]),
        ours.merge(theirs.rename(columns={"task": "name"}), on=["name", *keys]),
    ]
    table = pd.concat(parts, ignore_index=True).drop_duplicates(["task", "candidate"])
    table = table.assign(difference=table["ours"] - table["published"]).dropna(subset="published")
    place = {name: i for i, name in enumerate([*summary.tasks.index, *summary.candidates])}
    table = table.sort_values(["task", "candidate"], key=lambda s: s.map(place))
    return pd.DataFrame(table.reset_index(drop=True))


def _by_candidate(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    ranked = {
        side: table.assign(rank=table.groupby("task")[side].rank(ascending=False)).groupby("candidate")[
            "rank"
        ]
        for side in ("ours", "published")
    }
    rows = []
    for name in names:
        part = table[table["candidate"] == name]
        several = len(part) > 2 and part["ours"].nunique() > 1 and part["published"].nunique() > 1
        pearson = stats.pearsonr(part["ours"], part["published"]).statistic if several else np.nan
        spearman = stats.spearmanr(part["ours"], part["published"]).statistic if several else np.nan
        gap = part["difference"]
        ranks = (float(ranked[side].mean()[name]) for side in ("ours", "published"))
        rows.append((name, len(part), pearson, spearman, gap.mean(), gap.abs().mean(), *ranks))
    return pd.DataFrame(rows, columns=list(_CANDIDATES))


def _ranks(ours: pd.Series, published: pd.Series) -> tuple[float, float]:
    """Spearman's and Kendall's correlation; NaN where one side tells nobody apart."""
    if ours.nunique() < 2 or published.nunique() < 2:
        return np.nan, np.nan
    return (
        float(stats.spearmanr(ours, published).statistic),
        float(stats.kendalltau(ours, published).statistic),
    )


def _of(counts: tuple[int, int]) -> str:
    return f"{counts[0]} of {counts[1]}"


def _nothing(heading: str, names: list[str], n: int) -> tuple[str, Section]:
    shared = ", ".join(title(name) for name in names) or "no candidate"
    told = f"{heading}: nothing to compare ({shared} and {wording.count(n, 'task')} of the kind in both)."
    return told, Section(heading, [told])


def _differs(summary: Summary, published: Published, frame: pd.DataFrame) -> Section:
    """What differs in how both were done; ours is told of the cells that were compared."""
    settings: Mapping[str, Any] = summary.study.get("settings", {})
    tried = sentences.by_trials(frame, dict.fromkeys(frame["candidate"]))
    ours: dict[str, Any] = {"n_trials": "; ".join(f"{n} ({', '.join(who)})" for n, who in tried.items())}
    if len(tried) == 1:
        ours["n_trials"] = next(iter(tried))
    ours |= {
        "tasks": frame["task"].nunique(),
        "structure": _all(frame["structure"]),
        "kind": _all(frame["kind"]),
    }
    protocol = asdict(Protocol.of(settings.get("protocol", {})))
    protocol |= {"seeds": len(protocol["seeds"]), "search_seconds": settings.get("search_seconds")}
    ours |= {key: value for key, value in protocol.items() if key not in _NAMES and value is not None}
    rules = dict.fromkeys(key for key in (*published.facts, *ours) if key not in _TOLD)
    both = [(key, published.facts.get(key, _UNTOLD), str(ours.get(key, _UNTOLD))) for key in rules]
    rows = [row for row in both if row[1] != row[2]]
    told = [
        f"{key.capitalize()}: {published.facts[key]}." for key in ("source", "note") if key in published.facts
    ]
    heading = published.facts.get("title", published.name)
    frame = pd.DataFrame(rows, columns=["rule", "published", "here"])
    columns = {"rule": "what", "published": "as published", "here": "in this study, of what is compared"}
    table = Table(
        f"{published.name}-protocol", "Rules that differ or that only one side tells.", frame, columns
    )
    return Section(f"{heading}: what differs", told, [table] if len(frame) else [])


def _all(values: pd.Series) -> str:
    return ", ".join(sorted(set(values)))
