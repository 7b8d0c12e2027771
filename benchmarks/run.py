"""Runs one cell: load, split, fit, score; whatever happens, an outcome comes back."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from json import loads
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.metrics  # noqa: F401  # before a worker asks for work: a cell's limit is for the cell

import datasets
from advisor import advise
from advisor.architectures import Architecture
from advisor.errors import DivergedError, StudyError
from benchmarks import candidates
from benchmarks.advised import ADVISOR
from benchmarks.cell import Cell, Outcome, Status
from benchmarks.engine.processes import give_back
from benchmarks.environment import environment, gpu
from benchmarks.protocol import METRICS
from datasets.splits import Split, given_split, inner_folds, random_split, split
from datasets.task import Task

_SPLITS = {"holdout": split, "random": random_split, "openml": given_split}
_NO_MEMORY = ("out of memory", "can't allocate memory", "bad_alloc", "unable to allocate")


class _Skip(Exception):
    """The candidate cannot take the task, for the reason given."""


@dataclass
class Facts:
    """What is measured on the way; kept also when the cell fails half way. Units as in :class:`Outcome`."""

    validation: float | None = None
    test: float | None = None
    fit_seconds: float | None = None
    predict_seconds: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    device: str = "cpu"


def run_cell(cell: Cell) -> Outcome:
    """Run one cell of a study; no exception leaves it.

    Parameters
    ----------
    cell : Cell
        What to run.

    Returns
    -------
    Outcome
        Scores if it went well; otherwise a status and the reason, with a traceback in ``extra``.
    """
    return outcome_of(cell, _advise if cell.candidate == ADVISOR else _fit_and_score)


def outcome_of(cell: Cell, work: Callable[[Cell, Facts], None]) -> Outcome:
    """Do the work of a cell and tell what came of it; no exception leaves it.

    Parameters
    ----------
    cell : Cell
        What to run.
    work : callable
        Does it, and notes what it measures in the facts that it is given.

    Returns
    -------
    Outcome
        As :func:`run_cell` gives it.
    """
    facts = Facts()
    status: Status = "ok"
    reason = ""
    _import_code(cell)
    memory = _PeakMemory()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            work(cell, facts)
        except Exception as error:
            status, reason = _explain(error)
            if status == "error":
                facts.extra["traceback"] = traceback.format_exc()[-4000:]
    if caught:
        facts.extra["warnings"] = sorted({f"{w.category.__name__}: {w.message}"[:300] for w in caught})[:5]
    outcome = Outcome(
        cell.key,
        status,
        reason,
        fit_seconds=facts.fit_seconds,
        predict_seconds=facts.predict_seconds,
        peak_mb=memory.peak_mb(),
        extra=facts.extra,
        environment={**environment(), "gpu": gpu(), "device": facts.device},
        finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
    return replace(outcome, validation=facts.validation, test=facts.test) if status == "ok" else outcome


def _import_code(cell: Cell) -> None:
    """Import what the cell needs first, so that the memory it is charged with is not that of libraries."""
    with suppress(Exception):  # the cell will tell what is wrong
        if cell.candidate != ADVISOR:
            candidates.get(cell.candidate)


def run_with(own: Mapping[str, str], function: Callable[[Cell], Outcome], cell: Cell) -> Outcome:
    """Run one cell where candidates of the user's own are known, given the text of each file by its name."""
    for name, text in own.items():
        candidates.add(name, text)
    return function(cell)


def _fit_and_score(cell: Cell, facts: Facts) -> None:
    task, rows = data_of(cell)
    architecture = candidates.get(cell.candidate)
    if reason := _misfit(architecture, task):
        raise _Skip(reason)
    parts = _inner_folds(cell.task, cell.fold, cell.protocol)
    estimator = estimator_of(cell, task)
    facts.extra |= {f"n_{side}": len(getattr(rows, side)) for side in ("train", "validation", "test")}
    with timed(facts, "fit_seconds"):
        estimator.fit(task.X.iloc[rows.train], task.y.iloc[rows.train])
    facts.device = str(getattr(estimator, "device_", "cpu"))
    told = {"epochs": "n_epochs_", "best_epoch": "best_epoch_", "trees": "n_trees_", "stopped": "stopped_"}
    facts.extra |= {say: getattr(estimator, name) for say, name in told.items() if hasattr(estimator, name)}
    _note_limit(estimator, facts)
    sides = ("test",) if parts else ("validation", "test")
    with timed(facts, "predict_seconds"):
        predicted = {side: estimator.predict(task.X.iloc[getattr(rows, side)]) for side in sides}
    scores = {side: _score(task, getattr(rows, side), values) for side, values in predicted.items()}
    if parts:
        inner = [_inner_score(cell, facts, held) for held in parts]
        facts.extra["inner_scores"] = inner
        scores["validation"] = float(np.mean(inner))
    facts.validation, facts.test = scores["validation"], scores["test"]


def estimator_of(cell: Cell, task: Task) -> Any:
    """The estimator that a cell measures, not fitted yet."""
    return candidates.get(cell.candidate).make(
        task.kind,
        layout=task.layout,
        random_state=cell.seed,
        time_limit=loads(cell.protocol)["fit_seconds"],
        **loads(cell.config),
    )


def _inner_score(cell: Cell, facts: Facts, held: np.ndarray) -> float:
    """Score on a part of the training rows of a model that is fitted to the others."""
    task, rows = data_of(cell)
    kept = rows.train[~np.isin(rows.train, held)]
    estimator = estimator_of(cell, task)
    with timed(facts, "fit_seconds"):
        estimator.fit(task.X.iloc[kept], task.y.iloc[kept])
    _note_limit(estimator, facts)  # validation comes from this fit
    with timed(facts, "predict_seconds"):
        predicted = estimator.predict(task.X.iloc[held])
    return _score(task, held, predicted)


def _note_limit(estimator: Any, facts: Facts) -> None:
    """Say of a cell that the time limit of one of its fits decided something."""
    if getattr(estimator, "stopped_", None) == "time_limit":
        facts.extra["stopped"] = "time_limit"
    if getattr(estimator, "hurried_", False):
        facts.extra["hurried"] = True


def _score(task: Task, rows: np.ndarray, predicted: Any) -> float:
    if task.kind == "regression" and not np.isfinite(np.asarray(predicted, dtype=float)).all():
        raise DivergedError("predictions must be finite", got="NaN or infinity", do="lower the learning rate")
    score = METRICS[task.metric](task.y.iloc[rows], predicted)
    if not np.isfinite(score):
        raise DivergedError(
            "scores must be finite", got=f"{task.metric} = {score}", do="lower the learning rate"
        )
    return score


def _advise(cell: Cell, facts: Facts) -> None:
    """Ask the advisor as a user would: the training rows as they came, neutral names, the origin unseen."""
    from advisor.calibration import Calibration

    task, rows = data_of(cell)
    positions = np.sort(rows.train)
    data = task.X.iloc[positions].reset_index(drop=True)
    data.columns = [f"c{i}" for i in range(data.shape[1])]
    data["target"] = task.y.iloc[positions].to_numpy()
    calibration = Calibration.shipped().without(task.origin)  # the same wherever the study runs
    with timed(facts, "fit_seconds"):
        advice = advise(data, "target", seed=cell.seed, calibration=calibration)
    told = advice.to_dict()
    names = ("structure", "layout", "form", "recommendation", "confidence", "ranking", "because", "features")
    facts.extra |= {name: told[name] for name in names}


def _misfit(architecture: Architecture, task: Task) -> str:
    """Why the candidate cannot take the task; empty if it can."""
    can, X = architecture.can, task.X
    if task.kind not in can.kinds:
        return f"{architecture.name} does not do {task.kind}"
    numbers = X.select_dtypes(["number", "bool"])
    if not can.categories and numbers.shape[1] < X.shape[1]:
        return f"{architecture.name} takes numbers only, and the task has categories"
    if not can.missing and numbers.isna().any(axis=None):
        return f"{architecture.name} takes no missing values, and the task has some"
    return ""


def _explain(error: Exception) -> tuple[Status, str]:
    text = "".join(traceback.format_exception_only(error)).strip()
    if isinstance(error, _Skip):
        return "skipped", str(error)
    if isinstance(error, DivergedError):
        return "diverged", str(error)
    if isinstance(error, MemoryError) or any(sign in text.lower() for sign in _NO_MEMORY):
        return "out_of_memory", text
    return "error", text


# ---- data ----


@lru_cache(maxsize=2)
def _task(task_id: str) -> Task:
    return datasets.load(task_id)


@lru_cache(maxsize=8)
def split_of(task_id: str, fold: int, protocol: str) -> Split:
    """The rows of a cell's sides, for its task, its fold and its protocol."""
    rules = loads(protocol)
    names = {"max_train", "train_fraction", "validation_share", "max_eval"} & set(rules)
    rule: Callable[..., Split] = _SPLITS[rules["name"]]
    return rule(_task(task_id), fold=fold, **{name: rules[name] for name in names})


@lru_cache(maxsize=8)
def _inner_folds(task_id: str, fold: int, protocol: str) -> list[np.ndarray]:
    """Parts of the training rows that choose the configuration; none where validation rows do."""
    k = loads(protocol).get("inner_folds")
    return inner_folds(_task(task_id), split_of(task_id, fold, protocol).train, k=k, seed=fold) if k else []


def task_of(cell: Cell) -> Task:
    """Give the task of a cell, the last two kept.

    Raises
    ------
    StudyError
        If its data are others than the cell was planned with.
    """
    task = _task(cell.task)
    if task.data_hash != cell.data_hash:
        _task.cache_clear()
        split_of.cache_clear()
        _inner_folds.cache_clear()
        raise StudyError(
            f"the data of {cell.task} must be those that the study was planned with ({cell.data_hash})",
            got=task.data_hash,
            do="run the study again: it is planned anew",
        )
    return task


def data_of(cell: Cell) -> tuple[Task, Split]:
    """The task of a cell and its rows; refused if the data are not those that the study was planned with."""
    return task_of(cell), split_of(cell.task, cell.fold, cell.protocol)


# ---- measuring ----


@contextmanager
def timed(facts: Facts, name: str) -> Iterator[None]:
    """Add the time of the block to ``fit_seconds`` or ``predict_seconds``, processor time to ``extra``."""
    start, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        setattr(facts, name, (getattr(facts, name) or 0.0) + time.perf_counter() - start)
        used = facts.extra.get(f"cpu_{name}", 0.0) + time.process_time() - cpu
        facts.extra[f"cpu_{name}"] = round(used, 6)  # of all threads: what a busy machine does not stretch


class _PeakMemory:
    """Peak resident memory above the level at the start, from the kernel's own high-water mark (Linux)."""

    def __init__(self) -> None:
        give_back()  # what was freed before would be used and not be seen
        try:
            Path("/proc/self/clear_refs").write_text("5")  # sets the mark back to the present level
            self.start = self._mark()
        except OSError:
            self.start = None

    def peak_mb(self) -> float | None:
        """MiB; None where the system does not tell."""
        mark = None if self.start is None else self._mark()
        return None if mark is None or self.start is None else max(mark - self.start, 0.0)

    @staticmethod
    def _mark() -> float | None:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)
