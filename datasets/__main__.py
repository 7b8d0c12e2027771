"""The commands: ``python -m datasets fetch | list | show | audit``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

import datasets
from advisor.errors import AdvisorError
from advisor.pipes import ends_with_reader
from datasets.layouts import ColumnLayout
from datasets.sources import openml
from datasets.suites import suites


@ends_with_reader
def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 1 some could not be had, 2 wrong use, 130 interrupted."""
    args = _parser().parse_args(argv)
    try:
        code: int = args.command(args)
        return code
    except AdvisorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted: what was fetched is kept", file=sys.stderr)
        return 130


def fetch(args: argparse.Namespace) -> int:
    """Fill the cache, tell what came and what did not."""
    console = _console()
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with Progress("{task.description}", *columns, console=console, transient=True) as bars:
            bar = bars.add_task("suites", total=None)

            def shown(task_id: str, done: int, total: int) -> None:
                bars.update(bar, description=task_id, completed=done, total=total)

            found = datasets.survey(args.name, refresh=args.refresh, seconds=args.seconds, progress=shown)
    rows = [
        [info.id, info.origin, info.n, info.d, info.layout or "table", info.n_splits, info.data_hash]
        for info in found.infos
    ]
    _show(console, ["task", "data", "rows", "columns", "layout", "splits", "hash"], rows)
    for task_id, reason in openml.without_splits(info.id for info in found.infos).items():
        console.print(Text(f"note: {task_id} comes without splits: {reason}"))
    for text in dict.fromkeys(str(warning.message) for warning in told):
        console.print(Text(f"warning: {text}", style="yellow"))
    for task_id, error in found.failed.items():
        console.print(Text(f"failed: {task_id}: {error}", style="red"))
    console.print(
        f"{len(found.infos)} tasks are there, {len(found.failed)} could not be had", highlight=False
    )
    return 1 if found.failed else 0


def show_list(args: argparse.Namespace) -> int:
    """Print sources, suites and what is cached."""
    console = _console()
    embedded = datasets.names()
    print(f"embedded:NAME                 {len(embedded)} sets of the checkout")
    print("file:PATH?target=COLUMN       a table of your own")
    print("folder:PATH                   pictures of your own in class folders")
    print("openml:ID, openml:d/ID        a task, a data set of OpenML; openml:s/ID is a suite")
    print("rows:N:TASK                   another task with N training rows; rows:100,300:TASK is two tasks")
    print("destroyed:TASK                another task, pixels or steps in random order, columns rotated")
    rows = [[f"suite:{name}", suite.title, ", ".join(suite.tasks)] for name, suite in suites().items()]
    _show(console, ["suite", "title", "tasks"], rows)
    cached = openml.cached()
    rows = [
        [
            *(name, facts["name"], facts.get("n", ""), facts.get("d", "")),
            str(ColumnLayout.read(facts["found"])) if "found" in facts else f"{len(facts['tasks'])} tasks",
            facts["fetched"],
        ]
        for name, facts in cached.items()
    ]
    print(f"cached of {openml.server()}: {len(rows)}")
    if rows:
        _show(console, ["name", "data", "rows", "columns", "found", "fetched"], rows)
    return 0


def show(args: argparse.Namespace) -> int:
    """Print what is known of a task; fetches it if it is not there."""
    info = datasets.describe(args.task)
    rows = [[name, getattr(info, name)] for name in info.__slots__]
    if info.id.startswith("openml:"):
        facts = openml.cached(info.id.partition(":")[2])[info.id]
        rows += [["found", str(ColumnLayout.read(facts["found"]))]]
        rows += [[name, value] for name, value in facts.items() if name not in (*info.__slots__, "found")]
    _show(_console(), ["fact", "value"], rows)
    return 0


def show_audit(args: argparse.Namespace) -> int:
    """Print what is not what it seems among the tasks; keep it as CSV if asked to."""
    from datasets import audit  # here: it loads models, and the other commands need none

    console = _console()
    with console.status("looking") as status:
        flags, looked, failed = audit.audit_all(
            args.name, progress=lambda task: status.update(f"looking at {task}")
        )
    told = audit.table_of(flags)
    if args.csv is not None:
        told.to_csv(args.csv, index=False)
    table = Table("task", "kind", "evidence", show_lines=True)
    for flag in flags:
        table.add_row(Text(f"{flag.task}\n{flag.origin}"), Text(flag.kind), Text(flag.evidence))
    if flags:
        console.print(table)
    for kind, meaning in audit.KINDS.items():
        if tasks := told.loc[told["kind"] == kind, "task"].nunique():
            console.print(Text(f"{kind}: {tasks} task{'s' if tasks > 1 else ''}, {meaning}"))
    for task_id, error in failed.items():
        console.print(Text(f"failed: {task_id}: {error}", style="red"))
    console.print(f"{told['task'].nunique()} of {len(looked)} tasks with a flag", highlight=False)
    return 1 if failed else 0


def _console() -> Console:
    """A console that does not cut tables where the output is a file."""
    return Console() if sys.stdout.isatty() else Console(width=140)


def _show(console: Console, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m datasets", description="Tasks and where they come from")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    added = commands.add_parser("fetch", help="fill the cache, so that everything runs offline")
    added.add_argument("name", nargs="+", help="task, pattern or suite, such as suite:cc18 or openml:s/337")
    added.add_argument("--refresh", action="store_true", help="fetch again what is there")
    added.add_argument("--seconds", type=float, help="hard limit on the time for one task (default: 900)")
    added.set_defaults(command=fetch)
    added = commands.add_parser("list", help="list sources, suites and what is cached")
    added.set_defaults(command=show_list)
    added = commands.add_parser("show", help="tell what is known of a task")
    added.add_argument("task", help="such as embedded:digits or openml:361110")
    added.set_defaults(command=show)
    added = commands.add_parser("audit", help="list what is not what it seems: pictures, time, leaks, copies")
    added.add_argument("name", nargs="+", help="task, pattern or suite, such as suite:cc18 or openml:s/337")
    added.add_argument("--csv", type=Path, help="file to write the list to")
    added.set_defaults(command=show_audit)
    return parser


if __name__ == "__main__":
    sys.exit(main())
