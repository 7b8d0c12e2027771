"""The commands, told by ``python -m benchmarks --help``: studies, claims, the dashboard."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from advisor import architectures
from advisor.errors import AdvisorError, StoreError, StudyError
from advisor.pipes import ends_with_reader
from benchmarks import scores, tracking
from benchmarks.claims.running import add_command as add_claims
from benchmarks.costs import Costs, Remaining
from benchmarks.driver import clock, declared_study, run_study
from benchmarks.engine.options import add_options, add_workers, make_engine, places, positive
from benchmarks.importing import add_command as add_import
from benchmarks.plan import Study, plan
from benchmarks.protocol import VARIANTS, Protocol
from benchmarks.settling import add_command as add_settle
from benchmarks.store import Store
from benchmarks.summary import show, show_advice, show_failures, show_missing, show_progress, show_verdict
from benchmarks.tracking.connection import EMBEDDED

STORE = Path("runs/store.sqlite")
_RETRIED = scores.FAILED


@ends_with_reader
def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code.

    It is 0 if all went well, 1 if a check failed or some tasks could not be had, 2 after wrong use or input,
    and 130 after an interrupt.
    """
    args = _parser().parse_args(argv)
    runs_cells = getattr(args, "runs_cells", False)
    try:
        with _stopped_in_good_order() if runs_cells else nullcontext():
            code: int = args.command(args)
            return code
    except AdvisorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        kept = ": finished cells are kept; the same command goes on from there" if runs_cells else ""
        print(f"\ninterrupted{kept}", file=sys.stderr)
        return 130


# ---- commands ----


def run(args: argparse.Namespace) -> int:
    """Run what has no outcome yet, log it, print the verdict."""
    return _run(args, _study(args))


def retry(args: argparse.Namespace) -> int:
    """Run failed cells again; their old outcomes stay until the new ones are there.

    Given the study's file, the limits that stand there now hold, and are part of the study from then on.
    """
    with Store(args.store) as store:
        name = _study_name(args.study, store)
        study = declared_study(store, name)
        _refuse_other_code(study, {cell.candidate for cell in store.cells(name)})
    if args.study.endswith(".toml"):
        now = Study.read(args.study)
        study = study.with_limits(now.cell_seconds, now.memory_mb)
    return _run(args, study, retried=args.status or _RETRIED)


def _refuse_other_code(study: Study, ran: Collection[str]) -> None:
    """A store of an older version does not hold the code of own candidates, which may have changed since."""
    for name in study.own:
        if name not in ran:
            stem = name.partition("@")[0]
            before = ", ".join(sorted(other for other in ran if other.startswith(f"{stem}@")))
            raise StudyError(
                "the file of a candidate must hold the code whose cells are run again",
                got=f"{name} in place of {before or 'none'}",
                do="restore the file, or run the new code: python -m benchmarks run STUDY.toml",
            )


def show_plan(args: argparse.Namespace) -> int:
    """Print how many cells a study has and what they should take."""
    study = _study(args)
    found = study.survey()
    infos = found.infos
    cells = plan(study, infos)
    known = {}
    if args.store.exists():
        with Store(args.store) as store:
            known, done = store.costs(), store.statuses(cell.key for cell in cells)
        cells = [cell for cell in cells if cell.key not in done]
        print(f"{len(done)} cells have an outcome already")
    workers = args.workers or places()
    remaining = Remaining(cells, Costs(infos, known), workers=workers, search_seconds=study.search_seconds)
    counts = Counter(cell.candidate for cell in cells)
    hours = {name: seconds / 3_600 for name, seconds in remaining.busy().items()}
    rows = [[name, n, f"{hours[name]:.2f}"] for name, n in counts.items()]
    rows.append(["all", counts.total(), f"{sum(hours.values()):.2f}"])
    columns = ["candidate", "cells", "hours expected (one worker)"]
    show(_console(), f"{study.title}: {len(infos)} tasks", columns, rows)
    print(
        f"about {clock(remaining.seconds(0.0))} with {workers} workers"
        + ("" if known else "; a guess, nothing is measured yet")
    )
    show_missing(_console(), found.failed)
    return 1 if found.failed else 0


def status(args: argparse.Namespace) -> int:
    """Print what is done, also while another process runs it."""
    with Store(args.store) as store:
        for name in [_study_name(args.study, store)] if args.study else store.studies():
            frame = store.frame(name)
            title = f"{name}: {store.study(name)['title']}"
            show_progress(_console(), frame, title=title)
            show_missing(_console(), store.study(name)["missing"])
            show_failures(_console(), frame)
    return 0


def log(args: argparse.Namespace) -> int:
    """Bring MLflow up to date with the store."""
    with Store(args.store) as store:
        name = _study_name(args.study, store)
        uri = tracking.default_uri(args.store)
        link = tracking.log(store, name, uri=uri, attach=args.attach)
        if args.log_models:
            from benchmarks.tracking.models import log_models

            for task, candidate, place in log_models(store, name, uri=uri, which=args.log_models):
                print(f"{task}: {candidate} is {place}")
    print(f"MLflow: {name} is up to date; open {tracking.address(uri, link, store=args.store)}")
    return 0


def verify(args: argparse.Namespace) -> int:
    """Check a study as a stranger would; 1 if something must not be so."""
    from benchmarks import verify as verification

    findings = []
    with Store(args.store) as store:
        name = _study_name(args.study, store)
        for finding in verification.verify(store, name, again=args.again):
            findings.append(finding)
    if args.json:
        print(verification.as_json(findings))
    else:
        rows = [[f.check, f.verdict, f.told] for f in findings]
        show(_console(), f"{name}: {store.path}", ["check", "verdict", "what was found"], rows)
    return int(any(finding.verdict == "failed" for finding in findings))


def dashboard(args: argparse.Namespace) -> int:
    """Serve MLflow on this machine, or tell where the server is that studies are logged to."""
    uri = tracking.default_uri(args.store)
    database = Path(uri.removeprefix(EMBEDDED))
    if uri.startswith(EMBEDDED) and not database.exists():
        raise StoreError(
            "something must have been logged to MLflow",
            got=f"no database {database}",
            do="run a study first: python -m benchmarks run benchmarks/studies/starter.toml",
        )
    found = tracking.connect(uri).search_experiments()
    links = {e.name: tracking.LINK.format(id=e.experiment_id) for e in found if e.name != "Default"}
    if not uri.startswith(EMBEDDED):
        for name, link in links.items():
            print(f"{name}: {tracking.address(uri, link, store=args.store)}")
        return 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", args.port))
        except OSError as error:
            raise StoreError(
                f"port {args.port} of 127.0.0.1 must be free",
                got=error.strerror or str(error),
                do=f"stop what listens there, or: python -m benchmarks dashboard --port {args.port + 1}",
            ) from error
    for name, link in links.items():
        print(f"{name}: http://127.0.0.1:{args.port}/{link}")
    sys.stdout.flush()
    # jobs are for judging texts by language models: four processes that a benchmark has no use for
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(args.port)]
    os.execv(sys.executable, [*command, "--backend-store-uri", uri, "--workers", "1"])


def show_spaces(args: argparse.Namespace) -> int:
    """Print the first configuration of candidates and what the others are drawn from."""
    from benchmarks import spaces

    protocol = Protocol.of({"name": args.protocol})
    for name in args.names or architectures.names(installed=True):
        rows = spaces.table(name, protocol)
        if rows or args.names:
            columns = ["parameter", "first trial", "later trials"]
            show(_console(), f"{name}, protocol {args.protocol}", columns, rows)
    return 0


# ---- running ----


def _run(args: argparse.Namespace, study: Study, *, retried: Collection[str] = ()) -> int:
    with Store(args.store, writable=True) as store:
        try:
            summary = run_study(store, study, engine=make_engine(args), retry=retried, console=_console())
        except KeyboardInterrupt:
            cells = store.cells(study.name) if study.name in store.studies() else []
            done = len(store.statuses(cell.key for cell in cells))
            print(
                f"\ninterrupted: {done} finished cells are kept; the same command goes on from there",
                file=sys.stderr,
            )
            return 130
        if summary.statuses:
            counts = ", ".join(f"{n} {name}" for name, n in summary.statuses.most_common())
            print(f"{study.name}: {counts} in {clock(summary.seconds)}", end="")
            print(f"; {summary.already_done} were done before" if summary.already_done else "")
        else:
            print(f"{study.name}: all {summary.planned} cells were done before")
        frame = store.frame(study.name)
        show_verdict(_console(), frame, title=study.title)
        print(study.protocol.words)
        show_advice(_console(), frame)
        show_failures(_console(), frame)
        if args.mlflow:
            try:
                uri = tracking.default_uri(args.store)
                link = tracking.log(store, study.name, uri=uri)
                print(f"MLflow: open {tracking.address(uri, link, store=args.store)}")
            except StoreError as error:
                print(f"warning: nothing was logged to MLflow: {error}", file=sys.stderr)
                print(f"log it later with: python -m benchmarks log {study.name}", file=sys.stderr)
    if study.next:
        print(study.next)
    show_missing(_console(), summary.missing)
    return 1 if summary.missing else 0


@contextmanager
def _stopped_in_good_order() -> Iterator[None]:
    """End in good order on SIGTERM too, and on SIGINT where a shell has a background job ignore it."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _console() -> Console:
    """A console that does not cut tables where the output is a file."""
    return Console() if sys.stdout.isatty() else Console(width=120)


def _study(args: argparse.Namespace) -> Study:
    """The study of the file, with what the command line adds to it."""
    study = Study.read(args.study)
    for key, entries in (("candidates", args.candidate), ("tasks", args.task)):
        for entry in entries:
            study = study.with_entry(key, entry)
    return study


def _study_name(study: str, store: Store) -> str:
    """The name of a study, given it or its file."""
    return Study.read(study).name if study.endswith(".toml") else store.study(study)["name"]


# ---- arguments ----


def _port(text: str) -> int:
    if (port := positive(text)) > 65_535:
        raise argparse.ArgumentTypeError(f"must be at most 65535, got {text!r}")
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Benchmark studies")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(  # type: ignore[no-untyped-def]
        name: str, function, text: str, *, stored: bool = True
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=function)
        if stored:
            added.add_argument(
                "--store", type=Path, default=STORE, help="results file (default: %(default)s)"
            )
        return added

    for name, function, text in (
        ("run", run, "run a study: what is done already is not done again"),
        ("retry", retry, "run failed cells of a study again"),
        ("plan", show_plan, "tell how many cells a study has and what they should take"),
    ):
        added = command(name, function, text)
        added.add_argument(
            "study", help="a study file" + (", or the name of a study that was run" * (name == "retry"))
        )
        if name != "retry":
            for option, text in (("candidate", "an architecture, or a Python file"), ("task", "a task")):
                added.add_argument(
                    f"--{option}", action="append", default=[], metavar="NAME", help=f"{text} to add"
                )
        if name == "plan":
            add_workers(added)
        else:
            add_options(added)
            added.add_argument(
                "--no-mlflow", dest="mlflow", action="store_false", help="do not log to MLflow"
            )
        if name == "retry":
            added.add_argument("--status", nargs="+", choices=_RETRIED, help="only cells that ended so")
    added = command("status", status, "tell what is done and what failed")
    added.add_argument("study", nargs="?", help="name or file of a study (default: all)")
    added = command("log", log, "bring MLflow up to date with the results")
    added.add_argument("study", help="name or file of a study")
    added.add_argument("--attach", nargs="+", default=[], metavar="FILE", help="files for the run 'report'")
    added.add_argument(
        "--log-models",
        nargs="?",
        const="best",
        metavar="CANDIDATE",
        help="also fit the chosen configuration of a candidate on each task and log it (default: the best)",
    )
    added = command(
        "verify", verify, "check a study as a stranger would: data, splits, seeds, what is missing"
    )
    added.add_argument("study", help="name or file of a study")
    added.add_argument(
        "--again", type=positive, default=0, metavar="N", help="compute N finished cells again and compare"
    )
    added.add_argument("--json", action="store_true", help="print JSON")
    added = command("spaces", show_spaces, "print search spaces", stored=False)
    added.add_argument("names", nargs="*", metavar="NAME", help="candidates (default: all)")
    added.add_argument("--protocol", choices=VARIANTS, default="holdout", help="(default: holdout)")
    add_settle(command)
    add_import(command)
    add_claims(command)
    added = command("dashboard", dashboard, "serve MLflow on 127.0.0.1")
    added.add_argument("--port", type=_port, default=5000, help="(default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
