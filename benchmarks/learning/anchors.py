"""``python -m benchmarks.learning.anchors``: tuned XGBoost beside the scores that others measured.

Reads a results store, in which ``benchmarks/studies/anchors.toml`` has tuned boosted trees and
``anchors_networks.toml`` has trained networks, on the data sets of ``anchors.csv`` beside this file, with the
split of Grinsztajn et al. Ours must be within 0.01 accuracy or 0.02 R2 of the independent score. A network
below the linear model on the same rows is named: that is a fault of preprocessing until it is explained.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from advisor import AdvisorError, architectures
from benchmarks import pages, scores
from benchmarks.learning import PAGE
from benchmarks.store import Store
from benchmarks.summary import show, show_failures

STORE = Path("runs/store.sqlite")
ANCHORS = Path(__file__).with_name("anchors.csv")
STUDIES = ("anchors", "anchors_networks")
TOLERANCE = {"accuracy": 0.01, "r2": 0.02}
COLUMNS = ["name", "metric", "published", "ours", "difference", "folds", "sd of folds", "trials", "told"]


def anchors(path: Path = ANCHORS) -> pd.DataFrame:
    """Read the published scores: ``task, name, setting, xgboost, mlp, ft_transformer``."""
    return pd.read_csv(path, comment="#")


def trees(frame: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Put the tuned trees of a study beside the published ones.

    Parameters
    ----------
    frame : DataFrame
        As :meth:`benchmarks.store.Store.frame` gives it.
    published : DataFrame
        As :func:`anchors` gives it.

    Returns
    -------
    DataFrame
        One row per published task, with :data:`COLUMNS`; ``told`` is "within", "OUTSIDE", how far the search
        is, or what the task holds instead. The folds differ by the rows drawn, as ours do from those of the
        published score: their standard deviation says how much of a difference may be luck.
    """
    chosen = scores.selected(frame).query("candidate == 'gbt'").set_index("task")
    rows: list[dict[str, Any]] = []
    for anchor in published.to_dict("records"):
        task, name = anchor["task"], anchor["name"]
        cells = frame[(frame["task"] == task) & (frame["candidate"] == "gbt")]
        row = {"name": name, "published": anchor["xgboost"], "trials": cells["trial"].nunique()}
        if cells.empty:
            row["told"] = "not in the study"
        elif (origin := cells["origin"].iloc[0]) != name:
            row["told"] = f"{task} is {origin!r}"
        elif task not in chosen.index:
            done = frame.loc[frame["task"] == task, "status"] != "pending"
            row["told"] = f"{done.sum()} of {len(done)} cells done"
        else:
            metric, ours = str(chosen.at[task, "metric"]), chosen.at[task, "test"]
            difference = ours - anchor["xgboost"]
            told = "within" if abs(difference) <= TOLERANCE[metric] else "OUTSIDE"
            row |= {"metric": metric, "ours": ours, "difference": difference, "told": told}
            folds = cells.loc[cells["trial"] == chosen.at[task, "trial"], "test"]
            row |= {"folds": len(folds), "sd of folds": folds.std()}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"folds": "Int64"})


def networks(frame: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Put the candidates of a study beside its linear model.

    Parameters
    ----------
    frame : DataFrame
        As :meth:`benchmarks.store.Store.frame` gives it; with the candidate "linear".
    published : DataFrame
        As :func:`anchors` gives it.

    Returns
    -------
    DataFrame
        One row per task of the study that is published and finished: ``name``, the published ``mlp`` and
        ``ft_transformer``, the score of each candidate, and ``below``: the networks below the linear model.
    """
    chosen = scores.selected(frame)
    table = chosen.pivot(index="task", columns="candidate", values="test")
    names = [name for name in frame["candidate"].unique() if name in table and name != scores.BASELINE]
    table = table[names]
    trained = [name for name in names if name != scores.ADVISOR and architectures.get(name).can.iterative]
    if "linear" in names:
        worse = table[trained].lt(table["linear"], axis=0)
        table["below"] = [", ".join(name for name in trained if worse.at[task, name]) for task in table.index]
    known = published.set_index("task")[["name", "mlp", "ft_transformer"]]
    known = known.rename(columns={name: f"{name}, published" for name in ("mlp", "ft_transformer")})
    return known.join(table, how="inner").reset_index(drop=True)


def _cells(table: pd.DataFrame) -> list[list[str]]:
    def text(name: str, value: Any) -> str:
        if pd.isna(value):
            return ""
        return f"{value:{'+' * (name == 'difference')}.4f}" if isinstance(value, float) else str(value)

    return [[text(name, value) for name, value in zip(table.columns, row)] for row in table.to_numpy(object)]


def _summary(table: pd.DataFrame) -> str:
    """One sentence on either table."""
    if "told" in table:
        judged = table[table["told"].isin(["within", "OUTSIDE"])]
        n = (judged["told"] == "within").sum()
        limits = f"{TOLERANCE['accuracy']} accuracy or {TOLERANCE['r2']} R2"
        return f"tuned trees: {n} of {len(judged)} within {limits}"
    flagged = table[table["below"] != ""]
    names = [f"{name} ({below})" for name, below in zip(flagged["name"], flagged["below"])]
    return f"networks below the linear model: {', '.join(names) or 'none'}, of {len(table)} data sets"


def main(arguments: list[str] | None = None) -> int:
    """Compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("studies", nargs="*", default=STUDIES, help=f"default: {' '.join(STUDIES)}")
    parser.add_argument("--store", type=Path, default=STORE, help=f"results store (default {STORE})")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    options = parser.parse_args(arguments)
    console = Console() if sys.stdout.isatty() else Console(width=140)
    try:
        with Store(options.store) as store:
            frames = {name: store.frame(name) for name in options.studies if name in store.studies()}
            for name in set(options.studies) - set(frames):
                store.study(name)  # says what there is instead
    except AdvisorError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    published, lines, sentences = anchors(), list[str](), list[str]()
    for study, frame in frames.items():
        searched = frame.loc[frame["candidate"] == "gbt", "trial"].nunique() > 1
        tables = {"tuned boosted trees": trees(frame, published)} if searched else {}
        if "linear" in set(frame["candidate"]):
            tables["beside the linear model"] = networks(frame, published)
        for title, table in tables.items():
            if len(table):
                show(console, f"{study}: {title}", table.columns, _cells(table))
                lines += [*pages.markdown(list(table.columns), _cells(table)), ""]
                sentences.append(f"{study}: {_summary(table)}")
        show_failures(console, frame)
    for sentence in sentences:
        console.print(sentence, highlight=False)
    if options.write:
        done = pd.concat(frames.values())
        done = done[done["status"] != "pending"]
        records = [{"environment": e, "finished": f} for e, f in zip(done["environment"], done["finished"])]
        judged = [f"- {sentence}" for sentence in sentences]
        pages.write(PAGE, "anchors", [*lines, *judged, "", pages.measured_with(records)])
        console.print(f"wrote {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
