"""From a results frame to who wins: normalised scores, ranks, verdict and the advisor's regret.

Every function takes the frame of :meth:`benchmarks.store.Store.frame`. The rules are the same everywhere:

- A task with a cell that has no outcome yet is left out; so is one where the dummy failed, for it has no
  zero.
- A failed or skipped cell counts with the scores of the dummy in the same fold and seed.
- A trial beyond the budget of a search is no part of it, see :mod:`benchmarks.budget`.
- Scores are averaged over folds and seeds first, then over tasks.
- The configuration of a candidate is the one with the best mean validation score; the test score never
  chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from advisor.outlook import FAMILIES as FAMILIES
from benchmarks.advised import ADVISOR as ADVISOR
from benchmarks.budget import BEYOND as BEYOND

BASELINE = "dummy"  # the zero of normalised scores and the score of a failed cell
NOTHING = "nothing"  # what an advisor advised that failed
TEXTBOOK = {"image": "cnn", "sequence": "lstm", "tabular": "gbt"}
FAILED = ("timeout", "out_of_memory", "diverged", "error")
SECONDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
UNKNOWN, DESTROYED = "unknown", " destroyed"
_TASK = ["task", "origin", "structure", "kind", "metric"]
_VERDICT = [
    *("candidate", "tasks", "mean_normalised_score", "mean_rank", "wins", "ok", "failed", "skipped"),
    "fit_seconds",
]
_SPLIT = ["task", "fold", "seed"]


def complete(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the tasks that can be judged, and give failed cells the scores of the dummy.

    Returns
    -------
    DataFrame
        The rows of tasks without pending cells whose dummy is "ok" everywhere, with the column ``imputed``;
        those beyond the budget are left out.
    """
    frame = frame[frame["status"] != BEYOND]
    baseline = frame[frame["candidate"] == BASELINE]
    unusable = set(frame.loc[frame["status"] == "pending", "task"])
    unusable |= set(frame["task"]) - set(baseline["task"]) | set(
        baseline.loc[baseline["status"] != "ok", "task"]
    )
    frame = frame[~frame["task"].isin(unusable)]
    zero = baseline[baseline["trial"] == 0].set_index(_SPLIT)[["validation", "test"]]
    filled = frame.join(zero.add_suffix("_dummy"), on=_SPLIT).assign(imputed=frame["status"] != "ok")
    for side in ("validation", "test"):
        filled[side] = filled[side].mask(filled["imputed"], filled.pop(f"{side}_dummy"))
    return filled


def trials(frame: pd.DataFrame) -> pd.DataFrame:
    """Average over folds and seeds.

    Returns
    -------
    DataFrame
        One row per (task, candidate, trial): ``validation``, ``test`` (means), ``fit_seconds`` and
        ``predict_seconds`` (sums), ``cells``, ``imputed`` (cells that count with the dummy's score).
    """
    keys = [*_TASK, "candidate", "trial"]
    return (
        complete(frame)
        .groupby(keys, sort=False, dropna=False)
        .agg(
            validation=("validation", "mean"),
            test=("test", "mean"),
            fit_seconds=("fit_seconds", "sum"),
            predict_seconds=("predict_seconds", "sum"),
            cells=("test", "size"),
            imputed=("imputed", "sum"),
        )
        .reset_index()
    )


def selected(frame: pd.DataFrame) -> pd.DataFrame:
    """Choose each candidate's configuration by validation; the earlier trial wins a tie.

    Parameters
    ----------
    frame : DataFrame
        Results.

    Returns
    -------
    DataFrame
        One row per (task, candidate), as :func:`trials` gives them.
    """
    rows = trials(frame).sort_values("trial", kind="stable")
    rows = rows.sort_values("validation", ascending=False, kind="stable")
    return rows.drop_duplicates(["task", "candidate"]).sort_index().reset_index(drop=True)


def normalise(frame: pd.DataFrame) -> pd.DataFrame:
    """Put the scores of a task on the scale from the dummy (0) to the best candidate (1).

    ``z = (s - dummy) / (best - dummy)``, clipped to [0, 1]; where no candidate beats the dummy, every ``z``
    is 0. The advisor is placed on this scale and does not define it.

    Returns
    -------
    DataFrame
        :func:`selected` with the columns ``dummy``, ``best`` and ``normalised``.
    """
    return _on_scale(selected(frame), _scale(frame))


def ranks(frame: pd.DataFrame) -> pd.DataFrame:
    """Rank the candidates on each task by test score: 1 is the best, ties share the mean rank.

    The advisor gets the rank that its score would have among the candidates, and moves nobody.

    Returns
    -------
    DataFrame
        :func:`normalise` with the column ``rank``.
    """
    rows = normalise(frame)
    scores = rows[rows["candidate"] != ADVISOR].groupby("task")["test"].apply(np.asarray)
    better = [(scores[t] > s).sum() for t, s in zip(rows["task"], rows["test"])]
    equal = [(scores[t] == s).sum() for t, s in zip(rows["task"], rows["test"])]
    # an advisor that ties with nobody stands on a place of its own
    return rows.assign(rank=np.array(better) + (np.maximum(equal, 1) + 1) / 2)


def groups(frame: pd.DataFrame) -> pd.Series:
    """Name the group of tasks that each row counts with: a structure, "unknown", or one that was destroyed.

    Parameters
    ----------
    frame : DataFrame
        With the columns ``task`` and ``structure``, in which groups may stand already.

    Returns
    -------
    Series of str

    Examples
    --------
    >>> tasks = ["embedded:digits", "destroyed:embedded:digits", "openml:7"]
    >>> groups(pd.DataFrame({"task": tasks, "structure": ["image", "image", None]})).tolist()
    ['image', 'image destroyed', 'unknown']
    """
    named: pd.Series = frame["structure"].astype(object).fillna(UNKNOWN)
    gone = frame["task"].str.contains(r"(?:^|:)destroyed:") & ~named.str.endswith(DESTROYED)
    return named.where(~gone, named + DESTROYED)


def verdict(frame: pd.DataFrame) -> pd.DataFrame:
    """Sum up each candidate, over all tasks and over those of each structure.

    Returns
    -------
    DataFrame
        One row per (structure, candidate), structure "overall" first, best mean first: ``tasks``,
        ``mean_normalised_score``, ``mean_rank``, ``wins`` (tasks where nobody is better; ties win
        together), ``ok``, ``failed`` and ``skipped`` (cells), ``fit_seconds`` (all cells).
    """
    rows = ranks(frame)
    cells = frame[frame["task"].isin(rows["task"])]
    rows, cells = (part.assign(structure=groups(part)) for part in (rows, cells))
    parts = []
    for structure in ["overall", *sorted(rows["structure"].unique())]:
        of = rows if structure == "overall" else rows[rows["structure"] == structure]
        its = cells if structure == "overall" else cells[cells["structure"] == structure]
        statuses = its["status"].groupby(its["candidate"])
        part = of.groupby("candidate", sort=False).agg(
            tasks=("task", "nunique"),
            mean_normalised_score=("normalised", "mean"),
            mean_rank=("rank", "mean"),
        )
        part["wins"] = (of["test"] >= of["best"]).groupby(of["candidate"]).sum()
        part["ok"] = statuses.agg(lambda s: (s == "ok").sum())
        part["failed"] = statuses.agg(lambda s: s.isin(FAILED).sum())
        part["skipped"] = statuses.agg(lambda s: (s == "skipped").sum())
        part["fit_seconds"] = its["fit_seconds"].groupby(its["candidate"]).sum()
        part = part.reset_index().sort_values("mean_normalised_score", ascending=False, kind="stable")
        parts.append(part.assign(structure=structure))
    table: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return table[["structure", *_VERDICT]]


def anytime(frame: pd.DataFrame, seconds: Sequence[float] = SECONDS) -> pd.DataFrame:
    """Mean normalised score within a budget of fitting time per task.

    Trials are fitted one after the other; a trial takes the mean of its folds. Of those done in time the
    best by validation counts; before the first is done, the dummy's score (0).

    Parameters
    ----------
    frame : DataFrame
        Results.
    seconds : sequence of float
        Budgets; those beyond the first that is enough for everything are left out.

    Returns
    -------
    DataFrame
        ``candidate``, ``seconds``, ``normalised_score``.
    """
    scale = _scale(frame)
    rows = trials(frame).sort_values(["task", "candidate", "trial"], kind="stable")
    per_fold = rows["fit_seconds"] / rows["cells"]
    rows["until"] = per_fold.groupby([rows["task"], rows["candidate"]]).cumsum()
    rows = _on_scale(rows, scale)
    enough = next((s for s in seconds if not len(rows) or s >= rows["until"].max()), seconds[-1])
    n_tasks = rows["task"].nunique()
    parts = []
    for budget in (s for s in seconds if s <= enough):
        done = rows[rows["until"] <= budget].sort_values("validation", ascending=False, kind="stable")
        total = done.drop_duplicates(["task", "candidate"]).groupby("candidate")["normalised"].sum()
        for candidate in rows["candidate"].unique():
            parts.append((candidate, budget, total.get(candidate, 0.0) / n_tasks))
    return pd.DataFrame(parts, columns=["candidate", "seconds", "normalised_score"])


def machines(frame: pd.DataFrame) -> int:
    """Count the kinds of hardware and thread numbers that cells ran on; times of one kind alone compare.

    Returns
    -------
    int
        0 if nothing is known.
    """
    told = ("platform", "cpu", "cores", "threads")  # a worker without torch does not know the GPU
    done = frame.loc[frame["finished"] != "", "environment"]
    # what a killed cell ran on is not known
    return len({tuple(str(e.get(name)) for name in told) for e in done if e})


def searched(frame: pd.DataFrame) -> pd.Series:
    """Count the configurations that were tried; those beyond the budget of a search were not.

    Returns
    -------
    Series of int, indexed by (task, candidate)
        Trials of each search.
    """
    within = frame[frame["status"] != BEYOND]
    counts: pd.Series = within.groupby(["task", "candidate"], sort=False)["trial"].nunique()
    return counts


def cut_short(frame: pd.DataFrame) -> str:
    """Say whose searches the budget ended early, and whose fits the time limit; empty if nobody's."""
    searches = frame.drop_duplicates(["task", "candidate", "trial"])
    left_out = _shares(searches, searches["status"] == BEYOND)
    fits = frame[frame["status"] == "ok"]
    ended = _shares(fits, [on_the_clock(extra) for extra in fits["extra"]])
    told = [
        f"Beyond the budget of a search, and no part of it: {left_out} trials." if left_out else "",
        f"Ended or hurried by the time limit of a fit: {ended} fits." if ended else "",
    ]
    return " ".join(filter(None, told))


def on_the_clock(extra: Mapping[str, Any]) -> bool:
    """Whether a fit depends on the machine: its time limit ended it, or made its learning rate fall faster.

    Examples
    --------
    >>> on_the_clock({"stopped": "patience"}), on_the_clock({"stopped": "patience", "hurried": True})
    (False, True)
    """
    return extra.get("stopped") == "time_limit" or bool(extra.get("hurried"))


def _shares(rows: pd.DataFrame, hit: Sequence[bool] | pd.Series) -> str:
    """How many rows of each candidate are hit, of how many; those without are left out."""
    counts = rows.assign(hit=hit).groupby("candidate", sort=False)["hit"].agg(["sum", "count"])
    return ", ".join(f"{name} {n} of {of}" for name, (n, of) in counts.iterrows() if n)


def regret(frame: pd.DataFrame) -> pd.DataFrame:
    """Compare ways to choose a family: best test score among the families minus that of the chosen one.

    Every family stands with its default configuration. The policies are the advisor, always trees, always
    the CNN and the textbook rule (image: CNN, sequence: LSTM, table: trees) told the true structure.

    Returns
    -------
    DataFrame
        One row per (task, policy): ``chosen`` (families of the folds), ``regret`` (in units of the metric,
        mean over folds and seeds, 0 is the best choice) and ``normalised_regret`` (in [0, 1], of the
        distance from the dummy to the best family).
    """
    rows = complete(frame)
    rows = rows[rows["trial"] == 0]
    table = rows.pivot(index=_SPLIT, columns="candidate", values="test")
    columns = [*_TASK, "policy", "chosen", "regret", "normalised_regret"]
    if not len(table) or not set(FAMILIES) <= set(table.columns):
        return pd.DataFrame(columns=columns)
    facts = rows.drop_duplicates("task").set_index("task")[_TASK[1:]]
    families = table[list(FAMILIES)]
    structures = facts.loc[table.index.get_level_values("task"), "structure"].to_numpy()
    choices = {
        "always gbt": np.full(len(table), "gbt", dtype=object),
        "always cnn": np.full(len(table), "cnn", dtype=object),
        "textbook": np.array([TEXTBOOK.get(s, "gbt") for s in structures], dtype=object),
    }
    advice = rows[rows["candidate"] == ADVISOR].set_index(_SPLIT)["extra"].reindex(table.index)
    if advice.notna().all():
        advised = [told.get("recommendation", NOTHING) for told in advice]
        choices = {ADVISOR: np.array(advised, dtype=object), **choices}
    best, zero = families.max(axis=1), table[BASELINE]
    table = table.assign(**{NOTHING: zero})  # an advisor that failed is charged the dummy
    parts = []
    for policy, chosen in choices.items():
        got = np.array([table[c].iloc[i] for i, c in enumerate(chosen)])
        lost = best - got
        span = (best - zero).where(best > zero)
        part = pd.DataFrame({"lost": lost, "share": (lost / span).clip(0, 1).fillna(0.0), "chosen": chosen})
        part = part.groupby("task", sort=False).agg(
            chosen=("chosen", lambda c: " ".join(dict.fromkeys(c))),
            regret=("lost", "mean"),
            normalised_regret=("share", "mean"),
        )
        parts.append(part.join(facts).assign(policy=policy).reset_index())
    return pd.concat(parts, ignore_index=True)[columns]


def _scale(frame: pd.DataFrame) -> pd.DataFrame:
    """Zero and one of each task."""
    rows = selected(frame)
    dummy = rows[rows["candidate"] == BASELINE].set_index("task")["test"]
    best = rows[rows["candidate"] != ADVISOR].groupby("task")["test"].max()
    return pd.DataFrame({"dummy": dummy, "best": best})


def _on_scale(rows: pd.DataFrame, scale: pd.DataFrame) -> pd.DataFrame:
    rows = rows.join(scale, on="task")
    span = (rows["best"] - rows["dummy"]).where(rows["best"] > rows["dummy"])
    return rows.assign(normalised=((rows["test"] - rows["dummy"]) / span).clip(0, 1).fillna(0.0))
