"""Tables, long series and panels that take more than reading a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import DEBIAN, Data, csv, path, r, split


def _nci() -> Data:
    held = np.load(path("ISLP/data/NCI60data.npy"))
    return pd.DataFrame(held), csv("ISLP/data/NCI60labs.csv")["label"]


def _khan() -> Data:
    return csv("ISLP/data/Khan_xtrain.csv"), csv("ISLP/data/Khan_ytrain.csv")["x"]


def _funds() -> Data:
    """50 months of 2,000 fund managers, simulated without memory."""
    return csv("ISLP/data/Fund.csv").T.reset_index(drop=True), None


def _words(kind: str, limit: int) -> Data:
    """Bag of words of the fortunes of three collections."""
    from sklearn.feature_extraction.text import CountVectorizer

    rows, labels = [], []
    for name in ("computers", "men-women", "law", "people"):
        quotes = (DEBIAN / "games/fortunes" / f"{name}.u8").read_text(encoding="utf-8").split("\n%\n")
        rows += quotes[:400]
        labels += [name] * len(quotes[:400])
    counter = CountVectorizer(max_features=limit)
    held = counter.fit_transform(rows)
    counts = held.toarray()
    frame = pd.DataFrame(
        counts if kind == "counts" else counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    )
    order = np.random.default_rng(0).permutation(len(labels))
    return frame.iloc[order], pd.Series(labels).iloc[order]


def _verbal() -> Data:
    """Answers of 316 people to 24 questions, coded 0, 1, 2."""
    held = r("lme4/VerbAgg")
    wide = held.assign(code=held["resp"].astype(str).map({"no": 0, "perhaps": 1, "yes": 2})).pivot(
        index="id", columns="item", values="code"
    )
    who = held.drop_duplicates("id").set_index("id").loc[wide.index]
    return wide.reset_index(drop=True), who["Anger"]


def _forest_votes() -> Data:
    """Class probabilities of 100 small trees on the wine data: 300 columns in blocks of three."""
    from sklearn.datasets import load_wine
    from sklearn.ensemble import RandomForestClassifier

    X, y = load_wine(return_X_y=True, as_frame=True)
    forest = RandomForestClassifier(100, max_depth=2, random_state=0).fit(X, y)
    held = np.stack([tree.predict_proba(X.to_numpy()) for tree in forest.estimators_], axis=1)
    return pd.DataFrame(held.reshape(len(X), -1)), y


def _cars() -> Data:
    held = pd.DataFrame(json.loads(path("vega_datasets/_data/cars.json").read_text(encoding="utf-8")))
    return split(held, "Miles_per_Gallon")


def _employment() -> Data:
    held = csv("vega_datasets/_data/us-employment.csv").drop(columns=["nonfarm_change"], errors="ignore")
    return held, None


def _calls() -> Data:
    return pd.DataFrame(
        {"time": np.arange(5000) * 300, "calls": r("fpp2/calls")["x"].to_numpy()[:5000]}
    ), None


def _population() -> Data:
    held = csv("bokeh_sampledata/_data/population.csv.gz")
    held = held[(held["Sex"] == "Female") & held["AgeGrpStart"].isin([0, 20, 60])]
    wide = held.pivot_table(index=["LocID", "Year"], columns="AgeGrpStart", values="Value").reset_index()
    return wide.iloc[:4000], None


def _emissions() -> Data:
    return split(csv("bokeh_sampledata/_data/emissions.csv.gz"), "emissions")


MADE: dict[str, Callable[[], Data]] = {
    "nci60_genes": _nci,
    "khan_genes": _khan,
    "wine_forest_votes": _forest_votes,
    "fund_managers": _funds,
    "verbal_aggression": _verbal,
    "cars": _cars,
    "fortune_words": partial(_words, "counts", 400),
    "fortune_word_shares": partial(_words, "shares", 120),
    "us_employment": _employment,
    "call_centre_long": _calls,
    "emissions": _emissions,
    "population": _population,
}
