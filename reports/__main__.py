"""``python -m reports build STUDY`` and ``python -m reports figure NAME STUDY --out FILE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from advisor.errors import StoreError
from benchmarks.store import Store
from reports import export, html, markdown
from reports.sentences import next_step
from reports.summary import ReportError, Summary, summarise

SEED = 20220718  # of the bootstrap: the same store gives the same report
FIGURES = ("finding", "per_task", "time_score", "curves")


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
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="write the report of a study")
    build.add_argument("study", help="name of a study in the store")
    build.add_argument("--out", type=Path, help="folder (default: runs/STUDY)")
    figure = commands.add_parser("figure", help="write one figure as SVG")
    figure.add_argument("figure", choices=FIGURES)
    figure.add_argument("study", help="name of a study in the store")
    figure.add_argument("--out", type=Path, required=True, help="file to write")
    for command in (build, figure):
        command.add_argument("--store", type=Path, default=Path("runs/store.sqlite"), help="results store")
    args = parser.parse_args(argv)
    try:
        with Store(args.store) as store:
            summary = summarise(
                store.frame(args.study), store.study(args.study), rng=np.random.default_rng(SEED)
            )
        if args.command == "build":
            _build(summary, args.out or Path("runs") / args.study)
        else:
            _figure(summary, args.figure, args.out)
    except StoreError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _build(summary: Summary, folder: Path) -> None:
    page, results = folder / "report.html", export.results(summary.frame)
    with _writing():
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        page.write_text(html.page(summary), encoding="utf-8")
        (folder / "report.md").write_text(markdown.markdown(summary), encoding="utf-8")
        results.to_parquet(folder / "results.parquet", index=False)
        (folder / "results.csv").write_text(export.csv(results), encoding="utf-8")
        for name, draw in html.drawings(summary).items():
            (folder / "figures" / f"{name}.svg").write_text(draw(False), encoding="utf-8")
    print(f"{markdown.terminal(summary)}\n\nReport     {page}\nDashboard  make dashboard")
    if text := next_step(summary):
        print(f"\n{text}")


def _figure(summary: Summary, name: str, path: Path) -> None:
    draw = html.drawings(summary).get(name)
    if draw is None:
        raise ReportError(
            f"the figure {name!r} needs results that the study has",
            got="one trial of each candidate" if name == "curves" else "no timed fit",
            do=f"choose one of {', '.join(html.drawings(summary))}",
        )
    with _writing():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(draw(False), encoding="utf-8")
    print(path)


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
