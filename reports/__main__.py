"""``python -m reports``: ``build STUDY``, ``build --compare A B``, ``figure``, ``agreement``, ``claims``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from advisor.errors import StoreError
from advisor.pipes import ends_with_reader
from benchmarks.store import Store
from reports import (
    agreement,
    claims,
    compare,
    document,
    export,
    figures,
    flags,
    html,
    markdown,
    published,
    style,
)
from reports.sentences import next_step
from reports.summary import ReportError, Summary, summarise

SEED = 20220718  # of the resamples: the same store gives the same report


@ends_with_reader
def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit code: 0, or 2 if something was asked that cannot be done.
    """
    args = _parser().parse_args(argv)
    try:
        if args.command == "build" and args.compare:
            _compare(args.compare, args.store, args.without, args.out)
        elif args.command == "build":
            if args.study is None:
                raise ReportError(
                    "build needs a study", got="none", do="name one, or two after --compare: build starter"
                )
            with _summary(args.study, args.store, args.without) as summary:
                _build(summary, args.out or args.store.parent / args.study)
        elif args.command == "claims":
            _write(claims.told(claims.read(args.folder)), args.out or args.folder, "claims")
        elif args.command == "figure":
            with _summary(args.study, args.store, args.without) as summary:
                _figure(summary, args.figure, args.out)
        else:
            with _summary(args.study, args.store, args.without) as summary:
                told = agreement.told(summary, args.published or published.shipped())
                _write(told, args.out or args.store.parent / args.study, "agreement")
    except StoreError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="write the report of a study, or of two side by side")
    build.add_argument("study", nargs="?", help="name of a study in the store")
    build.add_argument(
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="two studies; one of another store is NAME@other.sqlite",
    )
    figure = commands.add_parser("figure", help="write one figure as SVG")
    figure.add_argument("figure", choices=list(figures.every()))
    figure.add_argument("study", help="name of a study in the store")
    agree = commands.add_parser("agreement", help="compare a study with published numbers")
    agree.add_argument("study", help="name of a study in the store")
    agree.add_argument(
        "--published", type=Path, nargs="+", help="CSV files (default: those of reports/published)"
    )
    page = commands.add_parser("claims", help="write the page of claims that were put to the test")
    page.add_argument("folder", type=Path, help="findings, as python -m benchmarks claims writes them")
    page.add_argument("--out", type=Path, help="folder (default: that of the findings)")
    for command in (build, agree):
        command.add_argument("--out", type=Path, help="folder (default: that of the study beside the store)")
    figure.add_argument("--out", type=Path, required=True, help="file to write")
    for command in (build, figure, agree):
        command.add_argument("--store", type=Path, default=Path("runs/store.sqlite"), help="results store")
        command.add_argument(
            "--without", default="", metavar="TASK,...|@FLAG", help="tasks, or a group of flags, to leave out"
        )
    return parser


@contextmanager
def _summary(study: str, path: Path, without: str) -> Iterator[Summary]:
    """The findings of a study, whose candidates go by their recorded titles meanwhile."""
    with Store(path) as store:
        frame, facts = store.frame(study), store.study(study)
    out = flags.chosen(without, frame) if without else None
    if without and out is not None and out.empty:
        print(f"note: no task of the study is flagged {without}", file=sys.stderr)
    with style.recorded(facts["labels"], _origins(frame)):
        yield summarise(frame, facts, rng=np.random.default_rng(SEED), without=out)


def _build(summary: Summary, folder: Path) -> None:
    page, results = folder / "report.html", export.results(summary)
    with _writing():
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        page.write_text(html.page(summary), encoding="utf-8")
        (folder / "report.md").write_text(markdown.markdown(summary), encoding="utf-8")
        results.to_parquet(folder / "results.parquet", index=False)
        (folder / "results.csv").write_text(export.csv(results), encoding="utf-8")
        for name, (figure, table) in figures.of(summary).items():
            at = folder / "figures" / name
            at.with_suffix(".svg").write_text(figure.draw(summary, False), encoding="utf-8")
            at.with_suffix(".csv").write_text(export.csv(table), encoding="utf-8")
    print(f"{markdown.terminal(summary)}\n\nReport     {page}\nDashboard  make dashboard")
    if text := next_step(summary):
        print(f"\n{text}")


def _figure(summary: Summary, name: str, path: Path) -> None:
    found = figures.of(summary)
    if name not in found:
        raise ReportError(
            f"the figure {name!r} needs {figures.every()[name].needs}",
            got="a study without",
            do=f"choose one of {', '.join(found)}",
        )
    with _writing():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found[name][0].draw(summary, False), encoding="utf-8")
    print(path)


def _origins(frame: pd.DataFrame) -> dict[str, str]:
    return dict(zip(frame["task"], frame["origin"]))


def _compare(names: list[str], path: Path, without: str, out: Path | None) -> None:
    sides = []
    for given in names:
        name, _, other = given.partition("@")
        with Store(Path(other) if other else path) as store:
            frame, study, tasks = store.frame(name), store.study(name), store.tasks(name)
        if without:
            frame = frame[~frame["task"].isin(flags.chosen(without, frame)["task"])]
        sides.append(compare.Side(given, frame, study, tasks))
    folder = "-".join(side.name.partition("@")[0] for side in sides)
    labels = sides[0].study["labels"] | sides[1].study["labels"]
    with style.recorded(labels, _origins(sides[0].frame) | _origins(sides[1].frame)):
        told = compare.told(sides[0], sides[1], rng=np.random.default_rng(SEED))
        _write(told, out or path.parent / f"compare-{folder}", "compare")


def _write(told: document.Document, folder: Path, name: str) -> None:
    with _writing():
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / f"{name}.html"
        page.write_text(document.to_html(told), encoding="utf-8")
        (folder / f"{name}.md").write_text(document.to_markdown(told), encoding="utf-8")
        for key, table in document.files(told).items():
            (folder / f"{name}-{key}.csv").write_text(export.csv(table), encoding="utf-8")
    print(f"{document.to_text(told)}\n\nReport     {page}")


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReportError(
            "the report must go to a place that can be written", got=str(error), do="give another --out"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
