"""Boosted trees reach the score of a network in a fraction of its training time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import candidates
from benchmarks.cell import Cell
from benchmarks.claims._data import Data, load
from benchmarks.claims._tables import NETWORKS, SETTINGS, means, tables
from benchmarks.claims._tables import settings as settings_of
from benchmarks.claims.base import (
    Chart,
    Claim,
    Effect,
    Judgement,
    Size,
    Verdict,
    by_source,
    effect,
    grid,
    level,
    not_shown,
    records,
    rules,
)
from benchmarks.protocol import METRICS
from benchmarks.run import Facts, timed

CLAIM = Claim(
    number=5,
    name="seconds",
    sentence="Boosted trees train in seconds where networks need hours.",
    source="a slogan of lessons on tables; times: Grinsztajn, Oyallon & Varoquaux (2022), appendix A.2.1; "
    "McElfresh et al. (2023), table 1",
    design="A network is trained with its defaults, stopping early. In the same cell boosted trees of 1, 2, "
    "4, ... up to 1,024 rounds are grown, each from nothing and on all rows (the network holds out a fifth "
    "to stop by), until their test score is that of the network. The processor time of that fit is set "
    "against the network's up to its best epoch, without the epochs that it waits for a better one. A first "
    "fit of a few rows, which loads libraries, does not count.",
    data="embedded tables with at least four numeric columns, their categories too",
    refuted_by="trees that do not reach the network's score on a quarter of the tables, or need no less "
    "time; a ratio below 60, a minute for an hour, is a limit",
    matters=2.0,
)
_TREES = "gbt"
_MOST_ROUNDS = 1_024
_LITERALLY = 60.0  # an hour is so many minutes
_ENOUGH = 0.75  # of the tables must be reached
_ROWS: dict[Size, tuple[int, ...]] = {"tiny": (150,), "quick": (200, 600), "full": (250, 1_000, 3_000)}
_TABLES = {"tiny": 2, "quick": 6}


def cells(size: Size) -> list[Cell]:
    """Each network on each table, with fewer and more rows."""
    return grid(
        CLAIM,
        tasks=tables(size)[: _TABLES.get(size)],
        candidates=NETWORKS,
        levels={"rows": _ROWS[size]},
        folds=3 if size == "full" else 1,
        max_train=max(_ROWS[size]),
        most_rounds=16 if size == "tiny" else _MOST_ROUNDS,
        settings=SETTINGS["tiny"] if size == "tiny" else {},  # what a user waits for, not a narrow network
    )


def processor_seconds(work: Callable[[], Any]) -> float:
    """Processor time of all threads of this process while it works; others on the machine do not count."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(cell: Cell, facts: Facts) -> None:
    """Train one network, then boosted trees until they score as well."""
    data = load(cell)
    rows = level(cell)["rows"]
    data = replace(data, train=data.train.iloc[:rows], y_train=data.y_train.iloc[:rows])
    few = replace(data, train=data.train.iloc[:60], y_train=data.y_train.iloc[:60])

    def made(candidate: str, **config: Any) -> Any:
        return candidates.get(candidate).make(data.kind, layout=data.layout, random_state=cell.seed, **config)

    def fitted(estimator: Any, some: Data = data) -> Callable[[], Any]:
        return lambda: estimator.fit(some.train, some.y_train)

    fitted(made(cell.candidate, **{**settings_of(cell), "max_epochs": 1}), few)()
    fitted(made(_TREES, n_estimators=1), few)()

    def score(estimator: Any) -> float:
        return METRICS[data.metric](data.y_test, estimator.predict(data.test))

    network = made(cell.candidate, **settings_of(cell))
    with timed(facts, "fit_seconds"):
        whole = processor_seconds(fitted(network))
    facts.test = score(network)
    facts.device = str(network.device_)
    facts.extra |= {
        "network_seconds": whole,
        "network_to_best": whole * network.best_epoch_ / network.n_epochs_,
        "epochs": network.n_epochs_,
    }
    trees = made(_TREES)
    facts.extra["trees_default_seconds"] = processor_seconds(fitted(trees))
    facts.extra["trees_default_score"] = score(trees)
    rounds, reached = 1, False
    while not reached and rounds <= rules(cell)["most_rounds"]:
        trees = made(_TREES, n_estimators=rounds, early_stopping_rounds=None)
        spent = processor_seconds(fitted(trees))
        reached = score(trees) >= facts.test
        facts.extra |= {"reached": reached, "trees_seconds": spent, "rounds": rounds}
        rounds *= 2


def judge(frame: pd.DataFrame) -> Judgement:
    """Average the logarithm of the ratios of time; where trees do not get there, there is none."""
    told = pd.DataFrame(frame["extra"].tolist(), index=frame.index)
    frame = frame[["origin", "candidate", "rows", "test"]].join(told)
    to_same_score = (frame["network_to_best"] / frame["trees_seconds"]).where(frame["reached"])
    frame["ratio"] = to_same_score.map(np.log10)
    frame["whole"] = (frame["network_seconds"] / frame["trees_default_seconds"]).map(np.log10)
    frame["better"] = frame["trees_default_score"].clip(lower=0) - frame["test"].clip(lower=0)
    most = frame[frame["rows"] == frame["rows"].max()]
    faster = _times(effect("time of the network / of trees, to the same score", by_source(most, "ratio")))
    whole = _times(effect("the same of whole fits with defaults", by_source(most, "whole")))
    better = effect("score of trees minus that of the network, defaults", by_source(most, "better"))
    share = float(by_source(most.assign(reached=most["reached"].astype(float)), "reached").mean())
    verdict: Verdict = not_shown(CLAIM, faster) if share >= _ENOUGH else "does not hold here"
    if faster.low > 1 and share >= _ENOUGH:
        verdict = "holds" if faster.low > _LITERALLY else "holds with a limit"
    there = (
        f"there the network needs {faster.mean:.1f} times their processor time ({faster.low:.1f} to "
        f"{faster.high:.1f})"
        if faster.n
        else "so there is no ratio"
    )
    network, trees = most["network_seconds"].median(), most["trees_default_seconds"].median()
    words = (
        f"With {frame['rows'].max():,} rows boosted trees reach the score of the network in {share:.0%} of "
        f"the cases; {there}. Whole fits: network {network:.2f} s, trees {trees:.2f} s (medians), a ratio of "
        f"{whole.mean:.1f}, while trees score {better.mean:+.3f} beside. Neither takes hours at this size. "
        "Times are of one processor; a GPU would help large networks. That the number of trees is picked in "
        "sight of the test rows helps the trees a little."
    )
    by_rows = frame.groupby(["origin", "candidate", "rows"])["ratio"].mean().reset_index()
    drawn = means(by_rows.dropna(), ["candidate", "rows"], "ratio")
    for name in ("ratio", "low", "high"):
        drawn[name] = 10 ** drawn[name]
    chart = Chart(
        "lines",
        "How many times the processor time of boosted trees a network needs to the same score",
        records(drawn),
        x="rows",
        y="ratio",
        by="candidate",
        low="low",
        high="high",
        x_label="training rows",
        y_label="time of the network / time of trees (geometric mean over tables)",
        log_x=True,
    )
    return Judgement(verdict, words, (faster, whole, better), (chart,))


def _times(logarithm: Effect) -> Effect:
    """The effect of a common logarithm, as a factor."""
    mean, low, high = (10**value for value in (logarithm.mean, logarithm.low, logarithm.high))
    return replace(logarithm, mean=mean, low=low, high=high, unit="times")
