"""``python -m benchmarks.advisor.outcomes``: what each family scores on every labelled set, at several sizes.

The families are made as a user gets them, by ``advice.estimator(family=...)`` with their defaults, on rows
folded as the advice says; they learn from nested parts of the training rows and are judged on the same rows,
a quarter that is held out without leaks (:mod:`advisor.holdout`). Beside them stands what ``advise`` measures
on as many rows. Every cell is kept in a store, so that a run that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

import datasets
from advisor import Advice, advise
from advisor.calibration import FAMILIES
from advisor.errors import AdvisorError
from advisor.holdout import Sample, folds, mixed, row_scores, sample
from advisor.intake import read
from benchmarks.advisor.cases import CORPUS, Case, corpus_cases, of_task
from benchmarks.advisor.packages import package_cases
from benchmarks.cell import Cell, Outcome, canonical_json
from benchmarks.driver import run_cells
from benchmarks.engine import Engine, Limits
from benchmarks.engine.options import add_options, make_engine
from benchmarks.run import Facts, outcome_of, timed
from benchmarks.scores import FAILED
from benchmarks.store import Store
from datasets import TaskInfo

STORE = Path("runs/outcomes.sqlite")
STUDY, LOOK = "outcomes", "look"  # the latter stands where the others have a family
SIZES = (125, 500, 2_000)  # training rows
PARTS, HELD = 4, 2_000  # a quarter is held out, of which at most so many rows are judged on
NUMBERS = 30_000_000  # inputs times rows that are kept of a set
LIMITS = Limits(seconds=900.0)
FIT_SECONDS = 90.0  # of one training


# ---- the sets ----


@cache
def _shelves() -> dict[str, dict[str, Case]]:
    """Labelled sets at hand, by where they are from."""
    corpus = corpus_cases(CORPUS)[0] if CORPUS.exists() else []
    packages = [case for case in package_cases()[0] if case.sure]
    held: dict[str, Sequence[Case]] = {"corpus": corpus, "packages": packages}
    return {name: {case.id: case for case in cases if case.labelled} for name, cases in held.items()}


def names() -> list[str]:
    """Ids of the sets at hand: embedded tasks, the corpus, and what installed packages ship."""
    return [*datasets.names(), *(name for shelf in _shelves().values() for name in shelf)]


def case(name: str) -> Case:
    """Find a set; any task of the harness is one."""
    shelf = _shelves().get(name.partition(":")[0], {})
    return shelf[name] if name in shelf else of_task(name)


def at_hand(name: str) -> bool:
    """Whether a set that was measured can be loaded here: the corpus and the packages are not shipped."""
    shelf = _shelves().get(name.partition(":")[0])
    return shelf is None or name in shelf


@lru_cache(maxsize=2)
def _read(name: str, fold: int) -> tuple[Advice, Sample, np.ndarray, np.ndarray]:
    """Advise on all of a set, fold its rows, and hold out a quarter.

    Returns
    -------
    advice, data : Advice, Sample
        Of the whole set.
    train, held : ndarray of int
        Positions: every beginning of ``train`` has the classes in their shares.
    """
    data, target = case(name).load()
    advice = advise(data, target, seed=0)
    rng = np.random.default_rng([fold, *b"outcomes"])
    table = read(data, target, rng, None)
    most = int(np.clip(NUMBERS // max(1, int(np.prod(advice.layout))), 1_000, 12_000))
    drawn = sample(table, advice.folder(), advice.folding, rng, most)
    train, held = list(reversed(folds(drawn, PARTS, rng)))[fold]
    if len(held) > HELD:
        held = np.sort(rng.choice(held, HELD, replace=False))
    return advice, drawn, mixed(drawn, train, rng), held


def sizes_of(n: int) -> list[int]:
    """Training sizes for a set with so many training rows: the last one is all of them, where they are fewer.

    Examples
    --------
    >>> sizes_of(10_000), sizes_of(300), sizes_of(130)
    ([125, 500, 2000], [125, 300], [125])
    """
    below = [size for size in SIZES if size * 1.25 < n]
    return below if len(below) == len(SIZES) else [*below, min(n, SIZES[len(below)])]


# ---- the work ----


def measure(cell: Cell, facts: Facts) -> None:
    """Do the work of one cell: one family at all sizes, or the advice on as many rows."""
    if cell.candidate == LOOK:
        _look(cell, facts)
        return
    advice, data, train, held = _read(cell.task, cell.fold)
    scores: dict[str, float] = {}
    halves: dict[
        str, list[float]
    ] = {}  # of the rows that are judged on: one to choose by, one to be judged by
    seconds: dict[str, float] = {}
    cut: list[int] = []
    told = {"scores": scores, "halves": halves, "fit_seconds": seconds, "cut": cut, "metric": data.metric}
    facts.extra |= told
    half = np.arange(len(held)) * 2 // len(held) if data.timed else np.arange(len(held)) % 2
    for n in sizes_of(len(train)):
        model = advice.estimator(family=cell.candidate, time_limit=FIT_SECONDS)
        model = model.steps[-1][1] if hasattr(model, "steps") else model
        rows, start = train[:n], time.monotonic()
        with timed(facts, "fit_seconds"):
            model.fit(data.take(rows), data.y[rows])
        seconds[str(n)] = round(time.monotonic() - start, 3)
        with timed(facts, "predict_seconds"):
            predicted = model.predict(data.take(held))
        each = row_scores(data, held, data.coded(predicted))
        scores[str(n)] = facts.test = float(each.mean())
        halves[str(n)] = [float(each[half == side].mean()) for side in (0, 1)]
        if getattr(model, "stopped_", "") == "time_limit":
            cut.append(n)
        facts.device = str(getattr(model, "device_", "cpu"))


def _look(cell: Cell, facts: Facts) -> None:
    """Note the advice on all rows, and on as many as the families learn from."""
    advice, drawn, train, _ = _read(cell.task, cell.fold)
    facts.extra["whole"] = seen(advice)
    classes = len(np.unique(drawn.codes)) if drawn.kind == "classification" else 0
    numeric = sum(role == "numeric" for role in advice.roles.values()) / max(1, len(advice.roles))
    facts.extra["kept"] = {"timed": drawn.timed, "classes": classes, "numeric": numeric or 1.0}
    at: dict[str, Any] = {}
    facts.extra["at"] = at
    with timed(facts, "fit_seconds"):
        for n in sizes_of(len(train)):
            at[str(n)] = seen(_advice_on(cell.task, n, advice, cell.fold))


def training_part(name: str, n: int, fold: int = 0) -> tuple[Any, Any]:
    """Give a set's data and target as held, cut to training rows.

    Rows in time need their past, and folders of pictures are not cut: there it is the whole set.
    """
    data, target = case(name).load()
    whole, drawn, train, _ = _read(name, fold)
    if whole.folding.get("how") == "windows" or isinstance(data, Path) or target is None:
        return data, target
    if isinstance(target, str):
        target, data = data[target], data.drop(columns=[target])
    target = pd.Series(np.asarray(target))
    known = np.flatnonzero(target.notna().to_numpy())
    if len(known) == len(drawn):  # else some were drawn, and any rows will do
        known = known[train]
    rows = np.sort(known[:n])
    some = (
        data.iloc[rows].reset_index(drop=True) if isinstance(data, pd.DataFrame) else np.asarray(data)[rows]
    )
    return some, target.iloc[rows].reset_index(drop=True)


def _advice_on(name: str, n: int, whole: Advice, fold: int) -> Advice:
    """Advise on the training rows."""
    try:
        return advise(*training_part(name, n, fold), seed=0)
    except AdvisorError:  # so few rows that a class, or the target, is gone
        return whole


def seen(advice: Advice) -> dict[str, Any]:
    """What the advice rests on, as JSON values."""
    told = advice.to_dict()
    kept = {
        name: told[name]
        for name in ("structure", "layout", "form", "confidence", "n", "width", "kind", "features")
    }
    evidence = {
        fact["name"]: {key: fact[key] for key in ("value", "found", "details") if key in fact}
        for fact in told["evidence"]
    }
    return {**kept, "rule": advice.rule, "clear": advice.clear, "evidence": evidence}


def run_one(cell: Cell) -> Outcome:
    """Run one cell."""
    return outcome_of(cell, measure)


# ---- the study ----


def cells_of(some: Sequence[Case], families: Sequence[str], folds_: int) -> list[Cell]:
    """One cell for each set, family and part that is held out, and one for the advice."""
    protocol = canonical_json(
        {"what": STUDY, "version": 1, "sizes": SIZES, "max_train": SIZES[-1], "fit_seconds": FIT_SECONDS}
    )
    return [
        Cell(one.id, "", family, "{}", fold, 0, protocol)
        for one in some
        for family in (*families, LOOK)
        for fold in range(folds_)
    ]


def _infos(some: Iterable[Case]) -> Iterator[TaskInfo]:
    """What the order of the cells needs: a set that cannot be read is left to its cells to explain."""
    for one in some:
        layout = one.layout if one.layout is not None else (1,)
        width = int(np.prod(layout))
        yield TaskInfo(one.id, one.structure, one.layout, "classification", "", one.origin, "", 4_000, width)


def run(
    store: Store,
    some: Sequence[Case],
    *,
    engine: Engine,
    folds: int = 1,
    retry: Collection[str] = (),
    console: Console | None = None,
) -> pd.DataFrame:
    """Run what is not in the store yet; gives its outcomes, with those of other sets that were run before.

    A cell does not know which version of the advisor or of an architecture it is of: after changes to either,
    begin with a new store.
    """
    cells, infos = cells_of(some, FAMILIES, folds), list(_infos(some))
    before = store.cells(STUDY) if STUDY in store.studies() else []
    store.declare(
        STUDY,
        title="Families on labelled sets, by the number of training rows",
        declared=f"sizes = {json.dumps(SIZES)}\n",
        tasks=[asdict(info) for info in infos],
        cells=list({cell.key: cell for cell in (*before, *cells)}.values()),
    )
    run_cells(
        store,
        STUDY,
        cells,
        infos,
        engine=engine,
        function=lambda: run_one,
        limits=LIMITS,
        retry=retry,
        console=console,
    )
    return store.frame(STUDY)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code is 1 if a cell failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="sets, or what their ids begin with (default: all at hand)")
    parser.add_argument("--store", type=Path, default=STORE, help="default: %(default)s")
    parser.add_argument("--folds", type=int, default=1, help="quarters held out in turn (default: 1)")
    parser.add_argument("--retry", action="store_true", help="also run again what failed")
    add_options(parser)
    options = parser.parse_args(arguments)
    chosen = [name for name in names() if not options.names or any(name.startswith(n) for n in options.names)]
    chosen += [name for name in options.names if name.startswith("openml:")]
    console = Console(width=120)
    with Store(options.store, writable=True) as store:
        frame = run(
            store,
            [case(name) for name in chosen],
            engine=make_engine(options),
            folds=options.folds,
            retry=FAILED if options.retry else (),
            console=console,
        )
    counts = frame["status"].value_counts()
    console.print(f"{len(chosen)} sets: " + ", ".join(f"{n} {status}" for status, n in counts.items()))
    return int(bool((frame["status"] != "ok").any()))


if __name__ == "__main__":
    sys.exit(main())
