"""``python -m benchmarks.advisor.fit_models``: fit the logistic models of ``advisor/data/calibration.json``.

Fits on the labelled sets as users may hold them (``variants``) and on simulated ones, and prints how often
each model is right on origins that were left out. With ``--write`` the coefficients become the "models" part
of the calibration; no data are kept.

- ``image_fold``: is this the line length of a picture?
- ``scrambled``: did columns without an order have one before?
- ``sheet``: if so, were they pixels?
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import lfilter
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from advisor import topology
from advisor.calibration import Calibration
from advisor.image_fold import FACTS, candidate_folds
from advisor.lags import Lags
from advisor.order import channel_steps, unit_step
from benchmarks.advisor.cases import CORPUS, Case, corpus_cases, embedded_cases
from benchmarks.advisor.structure import CALIBRATION, calibration_error, provenance
from benchmarks.advisor.variants import Items, items_of, variants

Floats = NDArray[np.float64]
PICTURES, SCRAMBLED = 0.35, 0.3  # odds are fitted for these shares: series are more frequent, and tables
FOLDS = 20


@dataclass(frozen=True)
class Rows:
    """Facts to fit a model on, one row per candidate, with what is right and where it comes from."""

    facts: Floats  # (n, number of facts)
    right: NDArray[np.bool_]
    sets: NDArray[Any]  # which set a candidate belongs to; the best of its candidates is chosen
    origins: NDArray[Any]
    asked: NDArray[np.bool_] | None = None  # whether the model is asked about a candidate; all if None


def simulated(rng: np.random.Generator) -> Iterator[tuple[str, Items]]:
    """Pictures, seasonal series and multivariate series whose layout is known.

    Parameters
    ----------
    rng : Generator
        Draws sizes, smoothness, noise and numbers.
    """
    for place in range(60):
        n, height, width = int(rng.choice([60, 200, 800])), *map(int, rng.integers(8, 33, 2))
        channels, reach = int(rng.choice([1, 1, 1, 3])), rng.uniform(0.6, 4)
        across = (0, reach, reach * rng.uniform(0.6, 1.6), 0)
        shared = gaussian_filter(rng.normal(size=(n, height, width, 1)), across)
        own = gaussian_filter(rng.normal(size=(n, height, width, channels)), across)
        tensor = (shared + 0.4 * own if channels > 1 else own) / own.std()
        if rng.random() < 0.5:  # pictures end in background
            y, x = np.mgrid[:height, :width]
            away = ((y - height / 2) / height) ** 2 + ((x - width / 2) / width) ** 2
            tensor = tensor * np.exp(-away * rng.uniform(3, 12))[None, :, :, None]
        if rng.random() < 0.3:
            tensor = np.maximum(tensor - rng.uniform(0, 1), 0)
        noise = rng.normal(size=tensor.shape) * tensor.std() * rng.choice([0, 0.2, 0.5])
        yield f"picture {place}", Items(tensor + noise, False)
    for place in range(90):
        n, period = int(rng.choice([60, 200, 800])), int(rng.choice([7, 12, 24, 48, 96]))
        seasons = int(rng.integers(4, max(5, min(40, 700 // period))))
        turn = 2 * np.pi * np.arange(period) / period
        shape = np.sin(turn + rng.uniform(0, 6)) + rng.uniform() * np.sin(2 * turn + rng.uniform(0, 6))
        shape = np.maximum(shape, 0) if rng.random() < 0.4 else shape
        from_day, memory = rng.uniform(0, 0.9), rng.uniform(0.3, 0.98)
        size = lfilter([(1 - from_day**2) ** 0.5], [1, -from_day], rng.normal(size=(n, seasons + 1)))
        whole = ((1 + 0.4 * size)[:, :, None] * shape).reshape(n, -1)
        start = np.zeros(n, int) if rng.random() < 0.6 else rng.integers(0, period, n)
        index = start[:, None] + np.arange(period * seasons)
        rest = lfilter([(1 - memory**2) ** 0.5], [1, -memory], rng.normal(size=index.shape))
        series = np.take_along_axis(whole, index, axis=1) + rng.uniform(0.1, 0.8) * rest
        yield f"season {place}", Items(series[:, :, None], False)
    for place in range(40):
        n, channels = int(rng.choice([60, 200, 800])), int(rng.integers(2, 14))
        steps = int(rng.integers(12, 80))
        tensor = rng.normal(size=(n, steps, channels))
        if rng.random() < 0.5:
            tensor = tensor.cumsum(axis=1)
        else:
            tensor = gaussian_filter(tensor, (0, rng.uniform(1, 4), 0))
        if rng.random() < 0.5:
            tensor = tensor @ rng.normal(size=(channels, channels))
        if rng.random() < 0.5:  # each channel in its own unit
            tensor = tensor * np.exp(2 * rng.normal(size=channels)) + 5 * rng.normal(size=channels)
        yield f"channels {place}", Items(tensor, False)


def simulated_lines(rng: np.random.Generator) -> Iterator[tuple[str, Items]]:
    """Series and pictures of which only the line length is hard to tell.

    Parameters
    ----------
    rng : Generator
        Draws sizes, frequencies, noise and numbers.
    """
    for place in range(40):
        yield f"cycles {place}", Items(cycles(rng), False)
    for place in range(40):
        yield f"object {place}", Items(objects(rng), False)


def cycles(rng: np.random.Generator) -> Floats:
    """Movements that repeat: sines whose frequency is the same in all rows of a class, their phase in none.

    What stands half a cycle or a whole one apart agrees in every row, as lines of a picture do.
    """
    n, steps, channels = (
        int(rng.choice([60, 200, 800])),
        int(rng.integers(24, 130)),
        int(rng.choice([1, 3, 6])),
    )
    classes = int(rng.integers(1, 5))
    kind = rng.integers(classes, size=n)[:, None]
    jitter = np.exp(rng.choice([0, 0, 0.05, 0.2]) * rng.normal(size=(n, 1)))
    turns = rng.uniform(1, steps / 6 if rng.random() < 0.7 else 5, (classes, 1))
    size, level = rng.gamma(2, 1, classes), rng.normal(size=(classes, channels)) * rng.choice([0, 2])
    tensor = np.empty((n, steps, channels))
    for channel in range(channels):
        phase = rng.uniform(0, 2 * np.pi, (n, 1))
        harmonic = int(rng.choice([1, 1, 2]))
        wave = np.sin(2 * np.pi * harmonic * turns[kind[:, 0]] * jitter * np.arange(steps) / steps + phase)
        tensor[:, :, channel] = level[kind, channel] + size[kind] * rng.uniform(0.5, 1.5, (n, 1)) * wave
    return tensor + rng.uniform(0.05, 0.5) * rng.normal(size=tensor.shape)


def objects(rng: np.random.Generator) -> Floats:
    """One object near the middle of a picture, on noise: galaxies, cells, parts on a belt."""
    n, height, width = int(rng.choice([60, 200, 800])), *map(int, rng.integers(10, 41, 2))
    if max(height, width) > 2 * min(height, width):
        width = height
    y, x = np.mgrid[:height, :width]
    side, away = min(height, width), rng.uniform(0, 0.15)
    centre = rng.normal(size=(2, n, 1, 1)) * away * side
    y, x = y - height / 2 - centre[0], x - width / 2 - centre[1]
    angle, narrow = rng.uniform(0, np.pi, (n, 1, 1)), rng.uniform(0.3, 1, (n, 1, 1))
    along, beside = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    far = np.hypot(along, beside / narrow) / (side * rng.uniform(0.05, 0.25, (n, 1, 1)))
    kind = rng.integers(3)
    bright = np.exp(-far) if kind == 0 else np.exp(-(far**2)) if kind == 1 else (far < 1).astype(float)
    bright = bright * np.exp(rng.choice([0, 0.5]) * rng.normal(size=(n, 1, 1)))
    noise = rng.normal(size=bright.shape) * rng.uniform(0.005, 0.1)
    pictures: Floats = (bright + noise)[..., None]
    return pictures


def factor_tables(rng: np.random.Generator) -> Iterator[tuple[str, Floats]]:
    """Tables whose columns share a few hidden factors: agreement without order."""
    for place in range(60):
        n, d = int(rng.choice([60, 200, 1000])), int(rng.choice([16, 40, 100, 300]))
        factors = int(rng.integers(1, 6))
        loadings = rng.normal(size=(factors, d))
        loadings = np.abs(loadings) if rng.random() < 0.5 else loadings
        loadings = loadings * (rng.random(loadings.shape) < 0.4) if rng.random() < 0.3 else loadings
        table = rng.normal(size=(n, factors)) @ loadings
        table = table / table.std() + rng.normal(size=table.shape) * rng.choice([0.1, 0.3, 1])
        table = (table - table.mean(axis=0)) / table.std(axis=0) if rng.random() < 0.5 else table
        table = np.exp(table) if rng.random() < 0.2 else table
        yield f"factors {place}", np.round(table) if rng.random() < 0.2 else table


def bounded(values: Floats) -> NDArray[np.float32]:
    """As many rows as a look reads."""
    rows = min(2048, max(512, 500_000 // values.shape[1]))
    return values[:rows].astype(np.float32)


def labelled(corpus: Path) -> list[Case]:
    """All labelled sets that are held as flat columns."""
    cases = list(embedded_cases())
    if (corpus / "manifest.csv").is_file():
        cases += corpus_cases(corpus)[0]
    return [case for case in cases if case.form in ("flat", "wide_image", "wide_series", "table")]


def fold_rows(cases: list[Case], rng: np.random.Generator) -> Rows:
    """Every candidate line length of every variant of every set that has a layout."""
    facts, right, sets, origins, asked = [], [], [], [], []
    whole = [(case.id, case.origin, items) for case in cases if (items := items_of(case)) is not None]
    whole += [(name, name, items) for name, items in simulated(rng)]
    whole += [(name, name, items) for name, items in simulated_lines(np.random.default_rng(1))]
    for name, origin, items in whole:
        made = variants(items, rng) if origin != name else [("natural", items.flat(), items.layout)]
        for variant, flat, layout in made:
            first = items.first != (variant == "other_channel_order")
            lags = Lags.of(bounded(flat.to_numpy(np.float64)))
            order, together = unit_step(lags)
            if not order.found:
                continue
            for step in sorted({1, together, *channel_steps(lags)}):
                for fold in candidate_folds(lags.coarsen(step)):
                    facts.append(fold.facts())
                    together_right = step == (1 if first else layout[-1])
                    right.append(len(layout) == 3 and fold.length == layout[1] and together_right)
                    sets.append(f"{name} {variant}")
                    origins.append(origin)
                    asked.append(fold.folds)
    return Rows(np.array(facts), np.array(right), np.array(sets), np.array(origins), np.array(asked))


def topology_rows(cases: list[Case], rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Graphs of nearest columns: had they an order (first), and were they pixels (second)?"""
    tables: list[tuple[str, str, str, Floats]] = []
    for case in cases:
        items = items_of(case)
        data, _ = case.load()
        if items is not None:
            values = items.flat().to_numpy(np.float64)
        elif case.structure == "tabular":
            values = data.select_dtypes(["number", "bool"]).to_numpy(np.float64)
        else:
            continue
        if values.shape[1] < topology.FEWEST:
            continue
        tables.append((case.id, case.origin, case.structure, values))
        if len(values) > 150:
            some = values[rng.choice(len(values), 100, replace=False)]
            tables.append((f"{case.id} few rows", case.origin, case.structure, some))
        if case.structure == "tabular":
            spread = np.nanstd(values, axis=0) + 1e-9
            standard = (values - np.nanmean(values, axis=0)) / spread
            tables.append((f"{case.id} standardised", case.origin, "tabular", standard))
    for name, items in simulated(rng):
        kind = "image" if len(items.layout) == 3 else "sequence"
        tables.append((name, name, kind, items.flat().to_numpy(np.float64)))
    tables += [(name, name, "tabular", values) for name, values in factor_tables(rng)]
    order, sheet = [], []
    for name, origin, structure, values in tables:
        found = topology.measure_topology(bounded(values), np.random.default_rng(0))
        if found is None or not found.joined:
            continue  # the model is not asked
        order.append((found.facts(), structure != "tabular", name, origin))
        if structure != "tabular":
            sheet.append((found.shape(), structure == "image", name, origin))
    return _rows(order), _rows(sheet)


def _rows(held: list[tuple[Floats, bool, str, str]]) -> Rows:
    facts, right, sets, origins = zip(*held, strict=True)
    return Rows(np.array(facts), np.array(right), np.array(sets), np.array(origins))


def fit(rows: Rows, index: NDArray[np.intp], share: float) -> LogisticRegression:
    """Fit on some rows, ``share`` of them right by weight.

    Each set counts once for what is right and once for what is wrong in it, and an origin by the square root
    of its sets, so that many variants of one origin do not decide.
    """
    keys = pd.Series(rows.sets[index]) + rows.right[index].astype(str)
    weight = 1 / keys.groupby(keys).transform("size").to_numpy(np.float64)
    per_origin = (
        pd.Series(rows.sets[index]).groupby(rows.origins[index]).transform("nunique").to_numpy(np.float64)
    )
    weight /= np.sqrt(per_origin)
    right = rows.right[index]
    for side, part in ((right, share), (~right, 1 - share)):
        weight[side] *= part * len(index) / weight[side].sum()
    return LogisticRegression(C=10, max_iter=5000).fit(rows.facts[index], right, sample_weight=weight)


def left_out(rows: Rows, share: float) -> Floats:
    """Odds of every row by a model that has not seen its origin; 0 of those it is not asked about."""
    odds = np.zeros(len(rows.right))
    folds = GroupKFold(min(FOLDS, len(set(rows.origins))))
    for train, held in folds.split(rows.facts, groups=rows.origins):
        odds[held] = fit(rows, train, share).predict_proba(rows.facts[held])[:, 1]
    return odds if rows.asked is None else np.where(rows.asked, odds, 0)


def report(name: str, rows: Rows, odds: Floats) -> list[str]:
    """How often the best candidate of a set is right, and how well odds match."""
    table = pd.DataFrame({"set": rows.sets, "odds": odds, "right": rows.right})
    best = table.loc[table.groupby("set")["odds"].idxmax()].set_index("set")
    any_right = table.groupby("set")["right"].any()
    positive = any_right[any_right].index
    hits = (best.loc[positive, "odds"] > 0.5) & best.loc[positive, "right"]
    negative = any_right[~any_right].index
    alarms = best.loc[negative, "odds"] > 0.5
    sure = best["odds"].where(best["odds"] > 0.5, 1 - best["odds"]).to_numpy()
    error = calibration_error(sure, ((best["odds"] > 0.5) == any_right.reindex(best.index)).to_numpy())
    return [
        f"{name}: found {hits.sum()} of {len(hits)}, false alarms {alarms.sum()} of {len(alarms)}, expected "
        f"calibration error {error:.3f} (origins left out)"
    ]


def calibrate(models: Mapping[str, Any], *, sets: int) -> Calibration:
    """Put the models, fitted on so many sets, into the shipped calibration."""
    held = Calibration.shipped()  # what a user has added is not written with it
    told = provenance("python -m benchmarks.advisor.fit_models --write", sets=sets)
    return replace(held, models=models, provenance=dict(held.provenance) | {"models": told})


def main(arguments: list[str] | None = None) -> int:
    """Fit the models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpus", type=Path, default=CORPUS, help=f"labelled sets (default {CORPUS})")
    parser.add_argument("--write", action="store_true", help="refresh the models part of the calibration")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    cases = labelled(options.corpus)
    folds = fold_rows(cases, rng)
    order, sheet = topology_rows(cases, rng)
    models: dict[str, Any] = {}
    lines: list[str] = []
    for name, rows, facts, share in (
        ("image_fold", folds, FACTS, PICTURES),
        ("scrambled", order, topology.FACTS, SCRAMBLED),
        ("sheet", sheet, topology.SHAPE, 0.5),
    ):
        lines += report(name, rows, left_out(rows, share))
        model = fit(rows, np.arange(len(rows.right)), share)
        models[name] = {
            "intercept": round(float(model.intercept_[0]), 4),
            "weights": {fact: round(float(w), 4) for fact, w in zip(facts, model.coef_[0], strict=True)},
        }
        lines.append("  " + ", ".join(f"{fact} {w:+.2f}" for fact, w in models[name]["weights"].items()))
    if options.write:
        calibration = calibrate(models, sets=len(set(folds.sets) | set(order.sets)))
        CALIBRATION.write_text(calibration.to_json(), encoding="utf-8")
        lines.append(f"wrote {CALIBRATION.name}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
