"""``python -m benchmarks.advisor.regret``: what the advice costs, beside rules of thumb and other learners.

Reads the outcomes that :mod:`benchmarks.advisor.outcomes` measured. Each set, at each number of training
rows, is advised on with a calibration that leaves out all sets of its origin; regret is the best score of the
three families minus that of the one that was chosen, in points of accuracy or R2, which counts as 0 where it
is less. Means are over origins, each counting once. ``--write`` puts the outcomes, and what is fitted to
them, into ``advisor/data/calibration.json`` and ``reports/published/outcomes``, and these tables into
``docs/calibration.md``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from advisor.calibration import FAMILIES, Calibration, group_of
from advisor.choice import BIAS, choose
from advisor.errors import StoreError
from advisor.fit_time import machine_seconds
from advisor.outlook import FEATURES, FLOOR, NETWORKS, size_of
from benchmarks import pages
from benchmarks.advisor.fit_times import errors
from benchmarks.advisor.outcomes import LOOK, STORE, STUDY
from benchmarks.advisor.published import PUBLISHED, read, write
from benchmarks.advisor.reliability import FIGURE, brier, draw, reliability
from benchmarks.advisor.structure import CALIBRATION, STRUCTURES, provenance
from benchmarks.scores import TEXTBOOK
from benchmarks.summary import show

PAGE = Path("docs/calibration.md")
ADVICE = "advice"  # by the calibration without the origin
WORST = 12  # sets that are shown
ORACLE_OF_HALVES = "train all three, choose on half of the held-out rows"


def rows_of(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Bring the cells of a store together: a row for each set and size that all families finished.

    Returns
    -------
    rows : DataFrame
        ``set, origin, true, n, structure, features, metric, classes, numeric, width``, the score of each
        family under its name, and ``halves``.
    left_out : list of str
        Sets that lack something, with the reason.
    """
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    for name, part in frame.groupby("task", sort=True):
        cells = {cell["candidate"]: cell for cell in part.to_dict("records")}
        bad = [c for c in (*FAMILIES, LOOK) if c not in cells or cells[c]["status"] != "ok"]
        if bad:
            cell = cells.get(bad[0], {})
            left_out.append(
                f"{name}: {bad[0]} {cell.get('status', 'missing')}: {cell.get('reason', '')}"[:150]
            )
            continue
        look = cells[LOOK]["extra"]
        first = part.iloc[0]
        for n, seen in look["at"].items():
            scores = {family: cells[family]["extra"]["scores"].get(n) for family in FAMILIES}
            if None in scores.values():
                continue
            halves = {family: cells[family]["extra"]["halves"][n] for family in FAMILIES}
            rows.append(
                {
                    "set": str(name),
                    "origin": str(first["origin"]),
                    "true": str(first["structure"]),
                    "n": int(n),
                    "structure": seen["structure"],
                    "found": look["whole"]["structure"],
                    "form": look["whole"]["form"],
                    "group": group_of(seen["structure"], seen["form"]),
                    "rule": seen["rule"],
                    "clear": seen["clear"],
                    "width": seen["width"],
                    "features": {**seen["features"], "size": size_of(int(n))},
                    "metric": cells["gbt"]["extra"]["metric"],
                    **look["kept"],
                    **{family: float(score) for family, score in scores.items()},
                    "halves": halves,
                    "seconds": {f: cells[f]["extra"]["fit_seconds"][n] for f in FAMILIES},
                    "cut": [f for f in FAMILIES if int(n) in cells[f]["extra"]["cut"]],
                }
            )
    return pd.DataFrame(rows), left_out


def outcomes_of(rows: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """Rows as the calibration keeps them; the structure is the one found on all rows."""
    return tuple(
        {
            "set": row["set"],
            "origin": row["origin"],
            "structure": row["found"],
            **({"form": "text"} if row["form"] == "text" else {}),
            "n": row["n"],
            "metric": row["metric"],
            "features": {name: round(value, 4) for name, value in row["features"].items()},
            "scores": {family: round(row[family], 5) for family in FAMILIES},
            "inputs": row["width"],
            "classes": row["classes"],
            "seconds": {family: round(row["seconds"][family], 2) for family in FAMILIES},
        }
        for row in rows.to_dict("records")
    )


# ---- who chooses ----


def choices(rows: pd.DataFrame, calibration: Calibration) -> pd.DataFrame:
    """Which family each chooser takes, a column each, and what the advice expects.

    Returns
    -------
    DataFrame
        ``rows`` with the choices, and ``probability`` and ``expected_loss`` of the advice.
    """
    table = rows.copy()
    learned = {origin: calibration.without(origin) for origin in rows["origin"].unique()}
    advised = [
        choose(r["group"], r["rule"], learned[r["origin"]], r["features"], clear=r["clear"])
        for r in rows.to_dict("records")
    ]
    table[ADVICE] = [choice.ranking[0].family for choice in advised]
    table["probability"] = [choice.ranking[0].probability for choice in advised]
    table["expected_loss"] = [choice.ranking[0].loss for choice in advised]
    rules: dict[str, Mapping[str, str]] = {
        "always gbt": dict.fromkeys(STRUCTURES, "gbt"),
        "always cnn": dict.fromkeys(STRUCTURES, "cnn"),
        "textbook: image cnn, sequence lstm, table gbt": TEXTBOOK,
        "textbook with cnn for sequences": {**TEXTBOOK, "sequence": "cnn"},
    }
    for name, rule in rules.items():
        table[name] = table["structure"].map(rule)
    table["nearest neighbour on four meta-features"] = _nearest(rows)
    table["random forest on meta-features"] = _forest(rows)
    return table


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Scores of the families as they count: not below the floor."""
    return rows[list(FAMILIES)].clip(lower=FLOOR)


def _meta(rows: pd.DataFrame) -> np.ndarray:
    """Rows, columns, classes and the share of numbers, as zero-shot AutoML describes a set [1]_.

    References
    ----------
    .. [1] Wang, Wu, Liu (2023). Mining robust default configurations for resource-constrained AutoML (the
       meta-features of FLAML's zero-shot). arXiv:2202.09927.
    """
    columns = [np.log2(rows["n"]), np.log2(rows["width"]), np.log2(1 + rows["classes"]), rows["numeric"]]
    values = np.column_stack(columns).astype(float)
    spread = values.std(axis=0)
    scaled: np.ndarray = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled


def _nearest(rows: pd.DataFrame) -> list[str]:
    meta, origin = _meta(rows), rows["origin"].to_numpy()
    best = _counted(rows).idxmax(axis=1).to_numpy()
    distance = np.linalg.norm(meta[:, None] - meta[None], axis=2)
    distance[origin[:, None] == origin[None]] = np.inf
    return [str(best[place]) for place in distance.argmin(axis=1)]


def _forest(rows: pd.DataFrame) -> list[str]:
    """Predict each family's distance to the best from meta-features, the structure and our features."""
    from sklearn.ensemble import RandomForestRegressor

    ours = np.array([[f[name] for name in FEATURES] for f in rows["features"]])
    structure = np.column_stack([rows["structure"] == s for s in STRUCTURES])
    X = np.column_stack([_meta(rows), ours, structure])
    scores = _counted(rows).to_numpy()
    losses, origin = scores.max(axis=1, keepdims=True) - scores, rows["origin"].to_numpy()
    chosen = np.empty(len(rows), dtype=object)
    for part in np.array_split(
        np.unique(origin), 10
    ):  # whole origins, ten parts: a forest for each would take long
        held = np.isin(origin, part)
        forest = RandomForestRegressor(200, min_samples_leaf=3, random_state=0, n_jobs=1)
        predicted = forest.fit(X[~held], losses[~held]).predict(X[held])
        chosen[held] = np.array(FAMILIES)[predicted.argmin(axis=1)]
    return list(chosen)


def regrets(table: pd.DataFrame) -> pd.DataFrame:
    """Score of the best family minus that of the chosen one: a column for each chooser."""
    scores = _counted(table)
    best = scores.max(axis=1)
    chosen = [c for c in table.columns if table[c].isin(FAMILIES).all()]
    found = pd.DataFrame(
        {
            name: best - [row[family] for row, family in zip(scores.to_dict("records"), table[name])]
            for name in chosen
        }
    )
    halves = []
    for row in table["halves"]:
        sides = np.maximum([row[family] for family in FAMILIES], FLOOR)  # families x halves
        halves.append(np.mean([sides[:, 1 - a].max() - sides[sides[:, a].argmax(), 1 - a] for a in (0, 1)]))
    found[ORACLE_OF_HALVES] = halves
    return found


def summary(table: pd.DataFrame, found: pd.DataFrame, *, resamples: int = 4_000) -> pd.DataFrame:
    """Mean regret of each chooser over origins, and how much more it is than that of the advice.

    Returns
    -------
    DataFrame
        Indexed by chooser, in points (hundredths of the score): ``mean``, by true structure, ``more`` than
        the advice with its bootstrapped 95% limits ``low`` and ``high``.
    """
    by_origin = found.groupby(table["origin"].to_numpy()).mean()
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(by_origin), size=(resamples, len(by_origin)))
    rows = {}
    for name in found:
        values = by_origin[name].to_numpy()
        more = values - by_origin[ADVICE].to_numpy()
        low, high = np.quantile(more[drawn].mean(axis=1), [0.025, 0.975])
        apart = {}
        for structure in STRUCTURES:
            part = (table["true"] == structure).to_numpy()
            of = found[name].to_numpy()[part]
            apart[structure] = pd.Series(of).groupby(table["origin"].to_numpy()[part]).mean().mean()
        rows[name] = {"mean": values.mean(), **apart, "more": more.mean(), "low": low, "high": high}
    return 100 * pd.DataFrame(rows).T.sort_values("mean")


def worst(table: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Where the advice lost most, a row for each set."""
    lost = table.assign(regret=found[ADVICE].to_numpy()).sort_values("regret", ascending=False)
    return lost.drop_duplicates("set").head(WORST)


# ---- the command ----


def coefficients(calibration: Calibration) -> dict[str, Any]:
    """The fitted lines, rounded, to be read; they are fitted again from the outcomes where they are used."""
    told: dict[str, Any] = {}
    for group in BIAS:
        outlook = calibration.outlook(group)
        if outlook is not None:
            told[group] = {
                network: {name: round(value, 4) for name, value in outlook.coefficients[network].items()}
                for network in NETWORKS
            }
    return told


def tables(table: pd.DataFrame, found: pd.DataFrame) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Titles, headings and lines of what is printed, and written to the page."""
    told, sure = summary(table, found), reliability(table, found[ADVICE])
    error, constant = brier(table, found[ADVICE])
    sets, origins = table["set"].nunique(), table["origin"].nunique()
    lost = [
        [
            *(str(row[c]) for c in ("set", "n", "true", "structure", ADVICE)),
            ", ".join(f"{family} {row[family]:.3f}" for family in FAMILIES),
            f"{row['regret']:.3f}",
        ]
        for row in worst(table, found).to_dict("records")
    ]
    return {
        f"Mean regret in points: {len(table)} cases, {sets} sets, {origins} origins": (
            ["chooser", "all", *STRUCTURES, "more than the advice", "95%"],
            [
                [
                    str(name),
                    *(f"{row[c]:.2f}" for c in ("mean", *STRUCTURES)),
                    f"{row['more']:+.2f}",
                    f"{row['low']:+.2f} to {row['high']:+.2f}",
                ]
                for name, row in told.iterrows()
            ],
        ),
        f"What was told, and what came (Brier score {error:.3f}; of other origins' share {constant:.3f})": (
            ["told between", "told", "came true", "loss expected", "regret", "cases", "origins"],
            [
                [
                    f"{max(0.0, place.left):.1f} and {place.right:.1f}",
                    *(f"{row[c]:.0%}" for c in ("told", "right")),
                    *(f"{row[c]:.3f}" for c in ("expected", "regret")),
                    *(f"{row[c]:.0f}" for c in ("cases", "origins")),
                ]
                for place, row in zip(sure.index, sure.to_dict("records"))
            ],
        ),
        "Fit times on origins left out": (
            ["family", "off by a factor of, median", "four in five within", "inside the 80% told", "cases"],
            [
                [
                    str(family),
                    *(f"{row[c]:.1f}" for c in ("median", "80%")),
                    *(f"{row['within']:.0%}", f"{row['cases']:.0f}"),
                ]
                for family, row in errors(outcomes_of(table)).iterrows()
            ],
        ),
        "Where the advice lost most": (
            ["set", "rows", "is", "seen as", "advised", "scores", "regret"],
            lost,
        ),
    }


def write_page(told: Mapping[str, tuple[list[str], list[list[str]]]], page: Path = PAGE) -> None:
    """Put the tables between the marks of the page on calibration."""
    parts = []
    for title, (headings, lines) in told.items():
        cells = list(zip(*lines))
        numbers = [p for p, column in enumerate(cells) if p and all(c[0] in "+-0123456789" for c in column)]
        parts.append("\n".join([f"**{title}**", "", *pages.markdown(headings, lines, numbers=numbers)]))
    pages.write(page, "regret", ["\n\n".join(parts)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; write the calibration, the page and its figure if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--store",
        type=Path,
        help=f"outcomes: a store, or a file as {PUBLISHED} (default: {STORE}, else that)",
    )
    parser.add_argument("--names", nargs="+", default=[], help="what ids of sets begin with (default: all)")
    parser.add_argument("--least", type=int, default=0, help="only cases of at least so many rows")
    parser.add_argument(
        "--write", action="store_true", help=f"write {CALIBRATION.name}, {PAGE.name}, {FIGURE.name}"
    )
    options = parser.parse_args(arguments)
    if options.write and (options.names or options.least):
        parser.error("--write takes all cases: leave out --names and --least")
    console = Console(width=150)
    try:
        frame = read(options.store)
    except StoreError as error:
        parser.error(str(error))
    rows, left_out = rows_of(frame)
    calibration = replace(Calibration.shipped(), outcomes=outcomes_of(rows))
    table = choices(rows, calibration)
    found = regrets(table)
    named = np.array([not options.names or s.startswith(tuple(options.names)) for s in table["set"]])
    kept = named & (table["n"] >= options.least).to_numpy()
    told = tables(table[kept].reset_index(drop=True), found[kept].reset_index(drop=True))
    for title, (headings, lines) in told.items():
        show(console, title, headings, lines)
    for reason in left_out:
        console.print(f"left out {reason}", highlight=False)
    if options.write:
        told_of_it = provenance(
            "python -m benchmarks.advisor.regret --write",
            study=STUDY,
            sets=int(rows["set"].nunique()),
            origins=int(rows["origin"].nunique()),
            cases=len(rows),
            note="scores of default configurations on a quarter of the rows",
            coefficients=coefficients(calibration),
            machine_seconds=machine_seconds(),
        )
        new = replace(calibration, provenance={**calibration.provenance, "outcomes": told_of_it})
        CALIBRATION.write_text(new.to_json(), encoding="utf-8")
        write(frame)
        write_page(told)
        draw(reliability(table, found[ADVICE]))
        console.print(f"wrote {CALIBRATION.name}: {len(rows)} outcomes; {PAGE.name}, {FIGURE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
