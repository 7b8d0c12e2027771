"""``python -m reports build STUDY`` and ``python -m reports figure NAME STUDY --out FILE``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.store import Store, StoreError  # type: ignore[attr-defined]  # what it raises is part of it
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
    except OSError as error:
        print(
            f"error: the report must go to a place that can be written, got {error}: give another --out",
            file=sys.stderr,
        )
        return 2
    return 0


def _build(summary: Summary, folder: Path) -> None:
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    page.write_text(html.page(summary), encoding="utf-8")
    (folder / "report.md").write_text(markdown.markdown(summary), encoding="utf-8")
    table = export.results(summary.frame)
    table.to_parquet(folder / "results.parquet", index=False)
    (folder / "results.csv").write_text(export.csv(table), encoding="utf-8")
    for name, draw in html.drawings(summary).items():
        (folder / "figures" / f"{name}.svg").write_text(draw(False), encoding="utf-8")
    print(markdown.terminal(summary))
    print(f"\nReport     {page}\nDashboard  make dashboard")
    if text := next_step(summary):
        print(f"Next       {text}")


def _figure(summary: Summary, name: str, path: Path) -> None:
    draw = html.drawings(summary).get(name)
    if draw is None:
        raise ReportError(
            f"the figure {name!r} needs results that the study has",
            got="one trial of each candidate" if name == "curves" else "no timed fit",
            do=f"choose one of {', '.join(html.drawings(summary))}",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(False), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    sys.exit(main())
