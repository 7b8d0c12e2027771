"""Series, one a row: recordings, daily and yearly courses, windows, paths, spectra, histograms over ages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import (
    Data,
    beside,
    csv,
    flat,
    keel,
    path,
    r,
    some,
    split,
    ts,
    windows,
)


def _ts(module: str, name: str, labelled: bool = True) -> Data:
    folder = f"{module}/datasets/data/{name}/{name}"
    X, y = ts([f"{folder}_TRAIN.ts", f"{folder}_TEST.ts"], labelled)
    return X, y


def _channel_major(load: Callable[[], Data], change: Any = None, rows: int | None = None) -> Data:
    """``load`` gives (n, C, T)."""
    X, y = load()
    if rows is not None:
        X, y = some(X, y, rows)
    return flat(X if change is None else change(X)), None if y is None else pd.Series(np.asarray(y))


def _time_major(load: Callable[[], Data]) -> Data:
    X, y = load()
    return flat(X.transpose(0, 2, 1)), y


def _reversed(X: np.ndarray) -> np.ndarray:
    return X[..., ::-1]


def _tenths(X: np.ndarray) -> np.ndarray:
    return np.round(X, 1)


def _described(load: Callable[[], Data]) -> Data:
    """An identifier in front, group and age behind."""
    X, y = load()
    rng = np.random.default_rng(4)
    return beside(
        flat(X),
        [np.arange(1, len(X) + 1)],
        [rng.choice(["control", "case"], len(X)), rng.integers(20, 80, len(X))],
    ), y


def _csv_windows(
    file: str,
    columns: list[str] | None,
    width: int,
    step: int | None = None,
    channel_major: bool = False,
    limit: int = 3000,
    **options: Any,
) -> Data:
    """Windows of a shipped recording; the target is whether the first channel rises in the next step."""
    held = csv(file, **options)
    values = held[columns].to_numpy(dtype=float) if columns else held.to_numpy(dtype=float)
    cut = windows(values, width + 1, step or width)[:limit]
    X, y = cut[:, :width], pd.Series((cut[:, width, 0] > cut[:, width - 1, 0]).astype(int))
    return flat(X.transpose(0, 2, 1) if channel_major else X), y


def _r_windows(item: str, columns: list[str], width: int, step: int | None = None) -> Data:
    cut = windows(r(item)[columns].to_numpy(dtype=float), width + 1, step or width)
    return flat(cut[:, :width]), pd.Series((cut[:, width, 0] > cut[:, width - 1, 0]).astype(int))


def _days(values: Any, width: int) -> Data:
    """One row a day; the target is whether the next day is higher on average."""
    X = windows(np.asarray(values, dtype=float), width)[:, :, 0]
    mean = X.mean(axis=1)
    return flat(X[:-1]), pd.Series((mean[1:] > mean[:-1]).astype(int))


def _hours(file: str) -> Data:
    return _days(csv(file)["temp"].to_numpy()[: 364 * 24], 24)


def _calls() -> Data:
    X = windows(r("fpp2/calls")["x"].to_numpy(), 169)[:, :, 0]
    return flat(X), pd.Series(np.arange(len(X)) % 5)


def _wide(item: str | pd.DataFrame, index: str | list[str], columns: str, values: str) -> pd.DataFrame:
    frame = r(item) if isinstance(item, str) else item
    return frame.pivot_table(index=index, columns=columns, values=values)


def _growth(item: str, index: list[str], columns: str, values: str, target: str) -> Data:
    held = _wide(item, [*index, target], columns, values)
    return held.reset_index(drop=True), pd.Series(held.index.get_level_values(target))


def _fertility() -> Data:
    held = csv("statsmodels/datasets/fertility/fertility.csv")
    years = [str(c) for c in held if str(c).isdigit() and held[c].notna().any()]
    return held[["Country Name", *years]], None


def _elnino() -> Data:
    held = csv("statsmodels/datasets/elnino/elnino.csv")
    return held.drop(columns="YEAR"), pd.Series(held["DEC"].shift(-1).ffill() > held["DEC"])


def _unemployment() -> Data:
    held = csv("bokeh_sampledata/_data/unemployment1948.csv")
    return held.drop(columns=["Year", "Annual"], errors="ignore"), None


def _votes() -> Data:
    held = r("cluster/votes.repub")
    return held, None


def _world_bank() -> Data:
    held = r("tidyr/world_bank_pop")
    return split(held.drop(columns="country"), "indicator")


def _ages(both: bool) -> Data:
    """People per age group of five years, one row per country and year, as shares."""
    held = csv("bokeh_sampledata/_data/population.csv.gz")
    held = held[held["Year"] % 10 == 0]
    held = held if both else held[held["Sex"] == "Female"]
    wide = held.pivot_table(index=["Location", "Year"], columns=["Sex", "AgeGrpStart"], values="Value")
    share = wide.div(wide.sum(axis=1), axis=0).dropna()
    return share.reset_index(drop=True), pd.Series(share.index.get_level_values("Year") >= 2000).astype(int)


def _cigars() -> Data:
    held = _wide("plm/Cigar", "state", "year", "sales")
    return held.reset_index(drop=True), None


def _simulated() -> Data:
    held = r("itsadug/simdat")
    wide = held.pivot_table(index=["Subject", "Group", "Trial"], columns="Time", values="Y")
    return wide.reset_index(drop=True), pd.Series(wide.index.get_level_values("Group"))


def _temperatures() -> Data:
    held = r("stevedata/clemson_temps")
    date = pd.to_datetime(held["date"])
    wide = held.assign(year=date.dt.year, day=date.dt.dayofyear).pivot_table(
        index="year", columns="day", values="tmax"
    )
    wide = wide[[*range(1, 366)]].dropna(thresh=330)
    return wide.reset_index(drop=True), None


def _temperatures_dated() -> Data:
    X, _ = _temperatures()
    return beside(X, [1930 + np.arange(len(X))]), None


def _votes_named() -> Data:
    held = r("cluster/votes.repub", names=True)
    return held, None


def _depth_in_front(load: Callable[[], Data]) -> Data:
    X, y = load()
    return beside(flat(X), [np.random.default_rng(5).gamma(3.0, 4.0, len(X))]), y


def _chemistry_behind() -> Data:
    """60 spectra of coffee beside what a laboratory would add."""
    X, y = _coffee()
    rng = np.random.default_rng(6)
    return beside(X.iloc[:, ::8], [], [rng.normal(10, 2, len(X)), rng.normal(1.2, 0.1, len(X))]), y


def _glucose() -> Data:
    held = (
        pd.to_numeric(csv("bokeh_sampledata/_data/CGM.csv.gz")["glucose"], errors="coerce")
        .dropna()
        .to_numpy()
    )
    cut = windows(held, 61, 60)[:, :, 0]
    return flat(cut[:, :48]), pd.Series(cut[:, 60] - cut[:, 47])


def _alpha(columns: str) -> Data:
    held = pd.read_csv(path("Orange/datasets/brown-selected.tab"), sep="\t", skiprows=[1, 2], na_values="?")
    label = held["function"]
    held = held[[c for c in held if str(c).startswith(columns)]] if columns else held.select_dtypes("number")
    return held, label


def _letters() -> Data:
    held = keel("balanced/splice")
    return split(held, "class")


def _collagen() -> Data:
    return split(
        pd.read_csv(path("orangecontrib/spectroscopy/datasets/collagen.csv"), skiprows=[1, 2]), "type"
    )


def _coffee() -> Data:
    return csv("chemotools/datasets/data/coffee_spectra.csv"), csv(
        "chemotools/datasets/data/coffee_labels.csv"
    )["labels"]


def _raman() -> Data:
    return csv("chemotools/datasets/data/train_spectra.csv"), csv("chemotools/datasets/data/train_hplc.csv")[
        "glucose"
    ]


def _fermentation() -> Data:
    return csv("chemotools/datasets/data/fermentation_spectra.csv"), None


def _every(load: Callable[[], Data], step: int) -> Data:
    X, y = load()
    return X.iloc[:, ::step], y


def _first_last(load: Callable[[], Data]) -> Data:
    """A mean and a deviation behind the series."""
    X, y = load()
    X = flat(X)
    return beside(X, [], [X.mean(axis=1), X.std(axis=1)]), y


def _flipped(X: np.ndarray) -> np.ndarray:
    return np.asarray(X)[:, ::-1]


def _keel(item: str) -> Data:
    X, y = split(keel(item), "class")
    return X.to_numpy(dtype=float), y


def _libras() -> Data:
    X, y = split(keel("balanced/movement_libras"), "class")
    return X, y


def _taylor() -> Data:
    return _days(r("forecast/taylor")["x"].to_numpy(), 48)


def _vocabulary() -> Data:
    return r("heplots/VocabGrowth"), None


motions, leaf = partial(_ts, "aeon", "BasicMotions"), partial(_ts, "aeon", "OSULeaf")
gun = partial(_ts, "aeon", "GunPoint")
covid, town = partial(_ts, "aeon", "Covid3Month"), partial(_ts, "aeon", "UnitTest")
cardano = partial(_ts, "aeon", "CardanoSentiment")
vowel_files = partial(
    ts, [f"aeon/datasets/data/JapaneseVowels/JapaneseVowels_eq_{p}.ts" for p in ("TRAIN", "TEST")]
)
wii_files = partial(
    ts,
    [f"aeon/datasets/data/PickupGestureWiimoteZ/PickupGestureWiimoteZ_{p}.ts" for p in ("TRAIN", "TEST")],
)
gait = [
    "ankle_horiz_fwd",
    "ankle_vert",
    "ankle_horiz_lateral",
    "leg_horiz_fwd",
    "leg_vert",
    "leg_horiz_lateral",
]
daphnet = "aeon/datasets/data/Daphnet_S06R02E0/S06R02E0.csv"
ecg = "aeon/datasets/data/UnitTest/ecg-diff-count-3_TRAIN_NA.csv"
pressure = "aeon/datasets/data/KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16_TEST.csv"
ride = ["altitude", "power", "cadence", "speed"]
libras = _libras
sonar = partial(_keel, "balanced/sonar")
MADE: dict[str, Callable[[], Data]] = {
    "motions_channel_major": partial(_channel_major, motions),
    "motions_time_major": partial(_time_major, motions),
    "motions_array": motions,
    "motions_described": partial(_described, motions),
    "osu_leaf": partial(_channel_major, leaf),
    "osu_leaf_60_rows": partial(_channel_major, leaf, None, 60),
    "gun_point_reversed": partial(_channel_major, gun, _reversed),
    "gun_point_tenths": partial(_channel_major, gun, _tenths),
    "gun_point_described": partial(_described, gun),
    "wiimote_nan_padded": partial(_channel_major, wii_files),
    "covid_deaths": partial(_channel_major, covid),
    "chinatown": partial(_channel_major, town),
    "cardano": partial(_channel_major, cardano),
    "vowels_time_major": partial(_time_major, vowel_files),
    "gait_channel_major": partial(_csv_windows, daphnet, gait, 64, 32, True),
    "gait_time_major": partial(_csv_windows, daphnet, gait, 40, 40),
    "gait_scrambled": partial(_csv_windows, daphnet, gait, 30, 15),
    "ecg_made": partial(_csv_windows, ecg, ["value-0"], 120, 60),
    "bleeding_pressure": partial(_csv_windows, pressure, ["value"], 90, 45),
    "mitdb_beats": partial(_csv_windows, "sktime/datasets/data/mitdb/mitdb.csv", ["data"], 72, 36),
    "libras": libras,
    "sonar": sonar,
    "sonar_150_reversed": partial(_channel_major, sonar, _flipped, 150),
    "splice_letters": _letters,
    "coffee_infrared": _coffee,
    "fermentation_raman": _fermentation,
    "coffee_chemistry_behind": _chemistry_behind,
    "raman_21_rows": _raman,
    "raman_every_tenth": partial(_every, _fermentation, 10),
    "collagen_infrared": _collagen,
    "yeast_alpha": partial(_alpha, "alpha"),
    "yeast_conditions": partial(_alpha, ""),
    "sonar_depth_in_front": partial(_depth_in_front, sonar),
    "elnino_months": _elnino,
    "fertility_years": _fertility,
    "unemployment_months": _unemployment,
    "republican_votes_named": _votes_named,
    "republican_votes": _votes,
    "world_bank_years": _world_bank,
    "age_pyramid": partial(_ages, False),
    "age_pyramid_both": partial(_ages, True),
    "cigarette_years": _cigars,
    "simulated_trials": _simulated,
    "clemson_days_dated": _temperatures_dated,
    "clemson_days": _temperatures,
    "pigs_weeks": partial(_growth, "geepack/dietox", ["Pig"], "Time", "Weight", "Cu"),
    "spruce_growth": partial(_growth, "nlme/Spruce", ["Tree"], "days", "logSize", "plot"),
    "children_vocabulary": _vocabulary,
    "seattle_hours": partial(_hours, "vega_datasets/_data/seattle-temps.csv"),
    "san_francisco_hours_scrambled": partial(_hours, "vega_datasets/_data/sf-temps.csv"),
    "electricity_half_hours": _taylor,
    "call_centre": _calls,
    "glucose_windows": _glucose,
    "ride_windows": partial(_csv_windows, "bokeh_sampledata/_data/cycling.csv.gz", ride, 40, 20),
    "sea_temperature_windows": partial(
        _csv_windows,
        "bokeh_sampledata/_data/sea_surface_temperature.csv.gz",
        ["temperature (celsius)"],
        36,
        36,
    ),
    "stock_indices_windows": partial(
        _r_windows, "datasets/EuStockMarkets", ["DAX", "SMI", "CAC", "FTSE"], 20, 10
    ),
    "tree_ring_windows": partial(_r_windows, "datasets/treering", ["value"], 50, 25),
    "gasoline_summaries": partial(_first_last, partial(_r_windows, "fpp2/gasoline", ["value"], 24, 4)),
}
