"""Score over trials, as Grinsztajn, Oyallon & Varoquaux (2022) draw it: what search buys, in any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from benchmarks.advised import ADVISOR
from benchmarks.protocol import Protocol
from benchmarks.scores import BASELINE, selected, trials

SHUFFLES = 15
# section 3.3 of the paper and its code: where 0 lies among the scores of all trials on a task
PUBLISHED_QUANTILE = {"classification": 0.1, "regression": 0.5}
SCALES = {
    "dummy": "0 the dummy, 1 the best candidate after its whole search, cut to 0…1",
    "published": "1 the best test score of all candidates and trials, 0 their 10% quantile (classes) or "
    "their median (numbers, cut at 0)",
    "min-max": "0 the worst and 1 the best candidate after its whole search, without the dummy, cut to 0…1",
}
_COLUMNS = ["candidate", "trials", "normalised_score", "low", "high", "ended"]


def curve(
    frame: pd.DataFrame, *, normalisation: str = "dummy", shuffles: int = SHUFFLES, seed: int = 0
) -> pd.DataFrame:
    """Mean normalised test score after 1, 2, ... trials of the best so far by validation.

    The trials of each search are put into random orders, the default configuration first in all of them; at
    each step the configuration with the best mean validation score so far counts with its mean test score (of
    equal ones that of the smaller trial number, so that every order ends at the same one). On a task where a
    search ended before its last trial, all are cut to the trials of the shortest; what comes after the end of
    a search is its last value. Means are taken over tasks, then over orders.

    Parameters
    ----------
    frame : DataFrame
        Results, as :meth:`benchmarks.store.Store.frame` gives them.
    normalisation : {"dummy", "published", "min-max"}
        The scale of each task, see :data:`SCALES`. It is that of the finished search.
    shuffles : int
        How many orders; 0 for the one of the search itself.
    seed : int
        Seed of the orders. Those of a search do not depend on what else is in the frame.

    Returns
    -------
    DataFrame
        ``candidate``, ``trials``, ``normalised_score`` (mean), ``low`` and ``high``: the lowest and the
        highest order. They tell of the luck of the search, and nothing of which tasks were chosen. ``ended``:
        the share of tasks on which the search had fewer trials, so that its last value counts.
    """
    rows = normalised(frame, normalisation)
    if not len(rows):
        return pd.DataFrame(columns=_COLUMNS)
    lengths = _lengths(frame, rows)
    last = max(lengths.values())
    lines: dict[str, list[np.ndarray]] = {}
    lasts: dict[str, list[int]] = {}
    for key, search in rows.groupby(["task", "candidate"], sort=False):
        task, candidate = map(str, key)
        orders = _orders(len(search), shuffles, np.random.default_rng([seed, *_codes(task, candidate)]))
        values = _carried(search.sort_values("trial"), orders[:, : lengths[task]])
        rest = last - values.shape[1]
        lines.setdefault(candidate, []).append(np.pad(values, ((0, 0), (0, rest)), mode="edge"))
        lasts.setdefault(candidate, []).append(values.shape[1])
    parts = []
    for candidate, found in lines.items():
        means = np.mean(found, axis=0)  # (orders, trials)
        told = {"normalised_score": means.mean(axis=0), "low": means.min(axis=0), "high": means.max(axis=0)}
        steps = np.arange(1, last + 1)
        told["ended"] = np.mean(steps > np.array(lasts[candidate])[:, None], axis=0)
        parts.append(pd.DataFrame({"candidate": candidate, "trials": steps, **told}))
    return pd.concat(parts, ignore_index=True)[_COLUMNS]


def best_so_far(frame: pd.DataFrame, *, normalisation: str = "dummy") -> pd.DataFrame:
    """Normalised test score of every search after 1, 2, ... trials, in the order in which they were run.

    Parameters
    ----------
    frame : DataFrame
        Results.
    normalisation : {"dummy", "published", "min-max"}
        The scale of each task, that of the finished search.

    Returns
    -------
    DataFrame, indexed by (task, candidate)
        A column per number of trials, with the score of the best of them by validation; missing after the
        last trial of a search.
    """
    searches = (
        normalised(frame, normalisation).sort_values("trial").groupby(["task", "candidate"], sort=False)
    )
    lines = {key: _carried(search, np.arange(len(search))[None])[0] for key, search in searches}
    last = max(map(len, lines.values()), default=0)
    rows = [np.pad(line, (0, last - len(line)), constant_values=np.nan) for line in lines.values()]
    index = pd.MultiIndex.from_tuples(list(lines), names=["task", "candidate"])
    return pd.DataFrame(rows, index=index, columns=np.arange(1, last + 1))


def of_study(frame: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Give the curves of a study on the scale that its file asks for."""
    return curve(frame, normalisation=Protocol.of(settings.get("protocol", {})).normalisation)


def normalised(frame: pd.DataFrame, normalisation: str) -> pd.DataFrame:
    """Put the test score of every trial on a scale.

    Parameters
    ----------
    frame : DataFrame
        Results.
    normalisation : {"dummy", "published", "min-max"}
        Which scale, see :data:`SCALES`. The dummy and the advisor define none but the first's zero.

    Returns
    -------
    DataFrame
        :func:`benchmarks.scores.trials` with the column ``normalised``; 0 where a task tells nobody apart.
    """
    rows, chosen = trials(frame), selected(frame)
    every, ends = (f[~f["candidate"].isin([BASELINE, ADVISOR])] for f in (rows, chosen))
    if not len(rows):
        return rows.assign(normalised=0.0)
    regression = rows["kind"] == "regression"
    if normalisation == "published":
        scores = every.groupby("task")["test"]
        lows = {kind: rows["task"].map(scores.quantile(q)) for kind, q in PUBLISHED_QUANTILE.items()}
        low = lows["regression"].where(regression, lows["classification"])
        high = rows["task"].map(scores.max())
        floor, ceiling = np.where(regression, 0.0, -np.inf), np.inf
    else:
        zero = chosen[chosen["candidate"] == BASELINE] if normalisation == "dummy" else ends
        low = rows["task"].map(zero.groupby("task")["test"].min())
        best = chosen[chosen["candidate"] != ADVISOR] if normalisation == "dummy" else ends
        high = rows["task"].map(best.groupby("task")["test"].max())
        floor, ceiling = np.zeros(len(rows)), 1.0
    z = (rows["test"] - low) / (high - low).where(high > low)
    return rows.assign(normalised=z.clip(lower=pd.Series(floor, rows.index), upper=ceiling).fillna(0.0))


def _lengths(frame: pd.DataFrame, rows: pd.DataFrame) -> dict[str, int]:
    """Trials of a task that count, by task: those of the shortest search that ended before its last trial."""
    keys = ["task", "candidate"]
    done = rows.groupby(keys, sort=False).size()
    declared = frame.groupby(keys, sort=False)["trial"].nunique().reindex(done.index)
    longest, shortest = (d.groupby(level="task") for d in (done, done[done < declared]))
    lengths = {**longest.max().to_dict(), **shortest.min().to_dict()}
    return {str(task): length for task, length in lengths.items()}


def _orders(n: int, shuffles: int, rng: np.random.Generator) -> np.ndarray:
    """Orders of n trials with the first one in front, shape (shuffles, n)."""
    orders = np.tile(np.arange(n), (max(shuffles, 1), 1))
    if shuffles:
        orders[:, 1:] = rng.permuted(orders[:, 1:], axis=1)
    return orders


def _carried(search: pd.DataFrame, orders: np.ndarray) -> np.ndarray:
    """Normalised score of the best by validation so far, carried forward; the shape of the orders."""
    best_first = np.lexsort((search["trial"], -search["validation"]))
    rank = np.empty(len(search), dtype=int)
    rank[best_first] = np.arange(len(search))
    scores: np.ndarray = search["normalised"].to_numpy()[best_first]
    return scores[np.minimum.accumulate(rank[orders], axis=1)]


def _codes(*texts: str) -> list[int]:
    return [crc32(text.encode()) for text in texts]
