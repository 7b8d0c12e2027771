"""Drives a study: plans it, runs what has no outcome yet, records each outcome as it comes."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeElapsedColumn,
)
from rich.text import Text

from advisor.errors import AdvisorError, StudyError
from benchmarks import candidates
from benchmarks.advised import ADVISOR
from benchmarks.budget import BEYOND, Budget
from benchmarks.cell import Cell, Outcome
from benchmarks.costs import Costs, Remaining
from benchmarks.engine import Engine, Limits
from benchmarks.plan import Study, plan
from benchmarks.store import Store
from benchmarks.summary import show_missing
from datasets import Survey, TaskInfo

_FINE = ("ok", "skipped", BEYOND)
_EVERY = 10.0  # seconds between lines where there is no terminal


@dataclass
class Summary:
    """What a run did."""

    planned: int
    already_done: int
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0  # wall time of the engine
    busy_seconds: float = 0.0  # fit and predict time of all cells
    missing: Mapping[str, AdvisorError] = field(default_factory=dict)  # why tasks could not be had


def run_study(
    store: Store,
    study: Study,
    *,
    engine: Engine,
    retry: Collection[str] = (),
    console: Console | None = None,
    function: Callable[[Cell], Outcome] | None = None,
) -> Summary:
    """Run every cell of a study that has no outcome yet.

    Parameters
    ----------
    store : Store
        A writable store; each outcome is in it before the next is asked for.
    study : Study
        What is declared.
    engine : Engine
        Where cells run.
    retry : collection of str
        Statuses whose cells run again although they have an outcome; it is replaced when the new one is
        there.
    console : Console, optional
        Where progress is shown; nowhere by default.
    function : callable, optional
        What runs a cell; :func:`benchmarks.run.run_cell` by default.

    Returns
    -------
    Summary
        Counts and times of this run.

    Raises
    ------
    AdvisorError
        If the study cannot be planned, no task of it can be had, or the store cannot be written.
    """
    found, cells = declare(store, study)
    if console is not None:
        show_missing(console, found.failed)
    limits = Limits(seconds=study.cell_seconds, memory_mb=study.memory_mb)
    summary = run_cells(
        store,
        study.name,
        cells,
        found.infos,
        engine=engine,
        function=lambda: _function(study, function),
        limits=limits,
        search_seconds=study.search_seconds,
        retry=retry,
        console=console,
    )
    summary.missing = found.failed
    return summary


def declare(store: Store, study: Study) -> tuple[Survey, list[Cell]]:
    """Plan a study and say in the store which cells it consists of.

    Parameters
    ----------
    store : Store
        A writable store. Cells of tasks that cannot be had now stay part of the study there.
    study : Study
        What is declared.

    Returns
    -------
    found : Survey
        Its tasks.
    cells : list of Cell
        Those of the tasks that can be had.

    Raises
    ------
    AdvisorError
        If the study cannot be planned, no task of it can be had, or the store cannot be written.
    """
    found = study.survey()
    cells = plan(study, found.infos)
    store.declare(
        study.name,
        title=study.title,
        declared=study.text,
        tasks=[asdict(info) for info in found.infos],
        cells=[*cells, *_out_of_reach(store, study, found)],
        missing={task: str(error) for task, error in found.failed.items()},
        files={path: (candidates.name_of(path, text), text) for path, text in study.files.items()},
        labels={name: candidates.label(name) for name in study.candidates},
    )
    return found, cells


def _out_of_reach(store: Store, study: Study, found: Survey) -> list[Cell]:
    """List the cells that the study has of tasks which cannot be had now and are asked for all the same."""
    if not found.failed or study.name not in store.studies():
        return []
    # which tasks a suite has is not known where it cannot be had
    suites = any("suite:" in entry or "openml:s/" in entry for entry in found.failed)
    there = {info.id for info in found.infos}
    return [
        cell
        for cell in store.cells(study.name)
        if cell.task not in there and (suites or cell.task in found.failed) and _asked_for(study, cell)
    ]


def _asked_for(study: Study, cell: Cell) -> bool:
    """Whether a cell that was planned before is one of the study still, whatever its task."""
    if cell.protocol != study.protocol.text or cell.seed not in study.protocol.seeds:
        return False
    if cell.candidate == ADVISOR:
        return study.advisor
    n_trials = study.trials.get(cell.candidate, study.n_trials)
    return cell.candidate in study.candidates and cell.trial < n_trials


def declared_study(store: Store, name: str) -> Study:
    """Give a study as it was declared, with the code that its own candidates had then.

    Raises
    ------
    StudyError
        If the cells under that name are those of a claim, which has no study file.
    """
    told = store.study(name)
    if claim := told["settings"].get("claim"):
        size = told["settings"].get("size", "quick")
        raise StudyError(
            "this command takes a study that has a file",
            got=f"{name!r}, the experiment on a claim",
            do=f"python -m benchmarks claims {claim} --size {size} --store {store.path} --retry "
            "runs its failed cells again and judges it",
        )
    where = f"the study {name!r} in {store.path}"
    return Study.parse(told["declared"], where=where, files=store.files(name))


def run_cells(
    store: Store,
    name: str,
    cells: Sequence[Cell],
    infos: Iterable[TaskInfo],
    *,
    engine: Engine,
    function: Callable[[], Callable[[Cell], Outcome]],
    limits: Limits,
    search_seconds: float | None = None,
    retry: Collection[str] = (),
    console: Console | None = None,
) -> Summary:
    """Run every cell that has no outcome yet; they must have been declared under that name.

    Parameters
    ----------
    store, engine, retry, console
        As in :func:`run_study`.
    function : callable
        Gives what runs a cell; asked only if there is one to run, since it loads much.
    name : str
        Of the study.
    cells : sequence of Cell
        What it consists of.
    infos : iterable of TaskInfo
        Facts of the tasks.
    limits : Limits
        Of each cell.
    search_seconds : float or None
        See :mod:`benchmarks.budget`.

    Returns
    -------
    Summary
        Counts and times of this run.
    """
    done = store.statuses(cell.key for cell in cells)
    todo = [cell for cell in cells if done.get(cell.key, "pending") in {"pending", *retry}]
    summary = Summary(planned=len(cells), already_done=len(cells) - len(todo))
    if not todo:
        return summary
    costs = Costs(infos, store.costs())
    # long cells first; where searches have a budget, one trial of each after the other, so that a worker asks
    # for a trial when what the one before took is known
    budgeted = search_seconds is not None
    todo.sort(key=lambda cell: (cell.trial if budgeted else 0, -costs.of(cell)))
    remaining = Remaining(todo, costs, workers=engine.workers, search_seconds=search_seconds)
    by_key = {cell.key: cell for cell in todo}
    start = time.monotonic()
    budget = _budget(store, name, search_seconds, limits, leave_out=by_key)
    with _progress(console, name, len(todo), remaining) as shown:

        def finish(cell: Cell, status: str, seconds: float | None) -> None:
            remaining.finish(cell, seconds, elapsed=time.monotonic() - start)
            summary.statuses[status] += 1
            summary.busy_seconds += seconds or 0.0
            shown(status)

        def affordable() -> Iterator[Cell]:
            for cell in todo:  # asked for one by one, when a worker comes free
                if budget.allows(cell.task, cell.candidate, cell.trial):
                    yield cell
                else:
                    finish(cell, BEYOND, None)

        with closing(engine.run(function(), affordable(), limits=limits)) as outcomes:
            for outcome in outcomes:
                store.record(outcome, replace=outcome.key in done)
                cell = by_key[outcome.key]
                budget.spend(cell.task, cell.candidate, cell.trial, outcome.status, outcome.fit_seconds)
                finish(cell, outcome.status, _cost(outcome))
    summary.seconds = time.monotonic() - start
    return summary


def _function(study: Study, function: Callable[[Cell], Outcome] | None) -> Callable[[Cell], Outcome]:
    from benchmarks.run import run_cell, run_with

    function = function or run_cell
    return partial(run_with, study.own, function) if study.own else function


def _budget(
    store: Store, name: str, search_seconds: float | None, limits: Limits, *, leave_out: Collection[str]
) -> Budget:
    """The budget of the study, less what cells took before, but for those that run (again)."""
    longest = limits.seconds or 0.0
    if search_seconds is None:
        return Budget(math.inf, cell_seconds=longest)
    budget = Budget(search_seconds, cell_seconds=longest)
    for r in store.frame(name).to_dict("records"):
        if r["key"] not in leave_out:
            budget.spend(r["task"], r["candidate"], r["trial"], r["status"], r["fit_seconds"])
    return budget


def _cost(outcome: Outcome) -> float | None:
    if outcome.fit_seconds is None:
        return None
    return outcome.fit_seconds + (outcome.predict_seconds or 0.0)


# ---- progress ----


class _Left(ProgressColumn):
    """Time left, as the cells measured so far suggest."""

    def __init__(self, remaining: Remaining) -> None:
        super().__init__()
        self._remaining = remaining

    def render(self, task: Task) -> Text:
        return Text(f"about {clock(self._remaining.seconds(task.elapsed or 0.0))} left")


def clock(seconds: float) -> str:
    """Write a duration.

    Examples
    --------
    >>> clock(7.2), clock(95), clock(7_330)
    ('7 s', '1 min 35 s', '2 h 2 min')
    """
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"


@contextmanager
def _progress(
    console: Console | None, name: str, total: int, remaining: Remaining
) -> Iterator[Callable[[str], None]]:
    if console is None:
        yield lambda status: None
    elif console.is_terminal:
        with _bar(console, name, total, remaining) as shown:
            yield shown
    else:
        with _lines(console, name, total, remaining) as shown:
            yield shown


@contextmanager
def _bar(console: Console, name: str, total: int, remaining: Remaining) -> Iterator[Callable[[str], None]]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), _Left(remaining))
    failed = 0
    with Progress("{task.description}", *columns, "{task.fields[failed]}", console=console) as progress:
        bar = progress.add_task(name, total=total, failed="")

        def shown(status: str) -> None:
            nonlocal failed
            failed += status not in _FINE
            progress.update(bar, advance=1, failed=f"{failed} failed" if failed else "")

        yield shown


@contextmanager
def _lines(console: Console, name: str, total: int, remaining: Remaining) -> Iterator[Callable[[str], None]]:
    """A plain line every ten seconds, for logs; a thread writes them because a cell may take minutes."""
    start, counts, ended = time.monotonic(), Counter[str](), threading.Event()

    def write() -> None:
        while not ended.wait(_EVERY):
            elapsed = time.monotonic() - start
            told = counts.copy()  # the other thread adds to it
            failed = sum(n for status, n in told.items() if status not in _FINE)
            console.print(
                f"{name}: {told.total()} of {total} cells, {failed} failed, {clock(elapsed)} gone, "
                f"about {clock(remaining.seconds(elapsed))} left",
                highlight=False,
            )

    thread = threading.Thread(target=write, daemon=True)
    thread.start()

    def shown(status: str) -> None:
        counts[status] += 1

    try:
        yield shown
    finally:
        ended.set()
        thread.join()
