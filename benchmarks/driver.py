"""Drives a study: plans it, runs what has no outcome yet, records each outcome as it comes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field

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

from advisor.errors import AdvisorError
from benchmarks.cell import Cell, Outcome
from benchmarks.costs import Costs, Remaining
from benchmarks.engine import Engine, Limits
from benchmarks.plan import Study, plan
from benchmarks.run import run_cell
from benchmarks.store import Store
from benchmarks.summary import show_missing

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
    function: Callable[[Cell], Outcome] = run_cell,
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
    function : callable
        What runs a cell.

    Returns
    -------
    Summary
        Counts and times of this run.

    Raises
    ------
    AdvisorError
        If the study cannot be planned, no task of it can be had, or the store cannot be written.
    """
    found = study.survey()
    infos = found.infos
    if console is not None:
        show_missing(console, found.failed)
    cells = plan(study, infos)
    store.declare(
        study.name,
        title=study.title,
        declared=study.text,
        tasks=[{**asdict(info), "n": info.n, "d": info.d} for info in infos],
        cells=cells,
    )
    done = store.statuses(cell.key for cell in cells)
    todo = [cell for cell in cells if done.get(cell.key, "pending") in {"pending", *retry}]
    summary = Summary(planned=len(cells), already_done=len(cells) - len(todo), missing=found.failed)
    if not todo:
        return summary
    costs = Costs(infos, store.costs())
    todo.sort(key=costs.of, reverse=True)
    remaining = Remaining(todo, costs, workers=engine.workers)
    by_key = {cell.key: cell for cell in todo}
    start = time.monotonic()
    limits = Limits(seconds=study.cell_seconds, memory_mb=study.memory_mb)
    outcomes = engine.run(function, todo, limits=limits)
    with _progress(console, study, len(todo), remaining) as shown, closing(outcomes):
        for outcome in outcomes:
            store.record(outcome, replace=outcome.key in done)
            seconds = _cost(outcome)
            remaining.finish(by_key[outcome.key], seconds, elapsed=time.monotonic() - start)
            summary.statuses[outcome.status] += 1
            summary.busy_seconds += seconds or 0.0
            shown(outcome.status)
    summary.seconds = time.monotonic() - start
    return summary


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
    console: Console | None, study: Study, total: int, remaining: Remaining
) -> Iterator[Callable[[str], None]]:
    if console is None:
        yield lambda status: None
    elif console.is_terminal:
        with _bar(console, study, total, remaining) as shown:
            yield shown
    else:
        with _lines(console, study, total, remaining) as shown:
            yield shown


@contextmanager
def _bar(console: Console, study: Study, total: int, remaining: Remaining) -> Iterator[Callable[[str], None]]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), _Left(remaining))
    failed = 0
    with Progress("{task.description}", *columns, "{task.fields[failed]}", console=console) as progress:
        bar = progress.add_task(study.name, total=total, failed="")

        def shown(status: str) -> None:
            nonlocal failed
            failed += status not in ("ok", "skipped")
            progress.update(bar, advance=1, failed=f"{failed} failed" if failed else "")

        yield shown


@contextmanager
def _lines(
    console: Console, study: Study, total: int, remaining: Remaining
) -> Iterator[Callable[[str], None]]:
    """A plain line every ten seconds, for logs; a thread writes them because a cell may take minutes."""
    start, counts, ended = time.monotonic(), Counter[str](), threading.Event()

    def write() -> None:
        while not ended.wait(_EVERY):
            elapsed = time.monotonic() - start
            failed = sum(n for status, n in counts.items() if status not in ("ok", "skipped"))
            console.print(
                f"{study.name}: {counts.total()} of {total} cells, {failed} failed, {clock(elapsed)} gone, "
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
