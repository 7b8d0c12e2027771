"""What is predicted for a row does not depend on the rows beside it: cells are read as those of fit were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from advisor import advise
from advisor.folding import FoldFlat, FoldWindows
from advisor.reading import ReadColumns

DAYS = pd.date_range("2023-01-01", periods=120)
NUMBERS = np.random.default_rng(0).integers(1_000, 9_999, len(DAYS)) / 1_000
CELLS = {
    "day as a number": ("time", DAYS.strftime("%Y%m%d").astype(int)),
    "day as digits": ("time", DAYS.strftime("%Y%m%d")),
    "day first": ("time", DAYS.strftime("%d/%m/%Y")),
    "minutes as a number": ("time", (DAYS.strftime("%Y%m%d") + "0730").astype(int)),
    "seconds as digits": ("time", DAYS.strftime("%Y%m%d") + "073005"),
    "months as a number": ("time", [200101 + 100 * (i // 12) + i % 12 for i in range(120)]),
    "milliseconds": ("time", (DAYS - pd.Timestamp(0)).total_seconds().astype(np.int64) * 1000),
    "quarters": ("time", [f"Q{1 + i % 4}{1990 + i // 4}" for i in range(120)]),
    "decimal commas": ("numeric", [f"{value:.3f}".replace(".", ",") for value in NUMBERS]),
    "points of thousands": ("numeric", [f"{value:.3f}" for value in NUMBERS[:-1]] + ["1.234,5"]),
}


FOLDS = [
    (fold, name)
    for fold in ("columns", "windows", "flat")
    for name, (role, _) in CELLS.items()
    if (fold, role) != ("flat", "time")  # a flat picture or series holds no times
]


@pytest.mark.parametrize(("fold", "name"), FOLDS)
def test_one_row_is_read_as_all_rows_are(fold, name):
    role, cells = CELLS[name]
    frame = pd.DataFrame({"cell": cells})
    reader = {
        "columns": ReadColumns({"cell": role}),
        "windows": FoldWindows(window=1, roles={"cell": role}),
        "flat": FoldFlat(columns=["cell"], layout=(1, 1), channel_axis="none"),
    }[fold]
    whole = np.asarray(reader.fit_transform(frame), dtype=float).ravel()
    assert np.isfinite(whole).all()
    assert len(np.unique(whole)) == frame["cell"].nunique()
    order = [5, 119, 0, 31]
    single = [np.asarray(reader.transform(frame.iloc[[row]]), dtype=float).item() for row in order]
    assert single == whole[order].tolist()


def test_times_of_numbers_are_those_meant():
    for name in ("minutes as a number", "seconds as digits"):
        role, cells = CELLS[name]
        read = ReadColumns({"cell": role}).fit_transform(pd.DataFrame({"cell": cells}))["cell"]
        assert (pd.to_datetime(read, unit="s").dt.normalize() == DAYS).all()


@pytest.mark.parametrize("name", ["day as a number", "day first"])
def test_predictions_of_single_rows_are_those_of_many(name):
    rng = np.random.default_rng(0)
    role, cells = CELLS[name]
    X = pd.DataFrame({"a": rng.normal(size=120), "day": cells})
    y = pd.Series((DAYS.day > 15).astype(int)).sample(frac=1, random_state=0)
    X = X.loc[y.index]
    advice = advise(X, y, structure="tabular")
    assert advice.roles["day"] == role
    model = advice.estimator(family="gbt").fit(X, y)
    assert model.score(X, y) > 0.9
    single = [model.predict(X.iloc[[row]]).item() for row in range(20)]
    assert single == model.predict(X.iloc[:20]).tolist()


def test_windows_are_sorted_by_days_as_all_rows_are_written():
    rows = pd.DataFrame({"who": "a", "day": ["13/01/2024", "02/02/2024", "01/03/2024"], "x": [1.0, 2.0, 3.0]})
    fold = FoldWindows(window=2, entity=["who"], time=["day"], roles={"who": "entity", "x": "numeric"}).fit(
        rows
    )
    some = rows.iloc[[2, 1]]  # month first, they would be in the other order
    assert fold.transform(some)[:, :, 0].tolist() == [[2.0, 3.0], pytest.approx([2.0, np.nan], nan_ok=True)]


def test_a_missing_moment_leaves_the_others_of_its_column():
    rows = pd.DataFrame({"when": [pd.Timestamp("2024-01-01"), pd.NaT, pd.Timestamp("2024-01-03")]})
    fold = FoldWindows(window=1, roles={"when": "time"})
    held = fold.fit_transform(rows).ravel()
    assert held[0] == 0
    assert np.isnan(held[1])
    assert held[2] == 2 * 86400
    assert np.isnan(fold.fit_transform(rows.iloc[[1]])).all()


def test_what_is_masked_is_missing():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    masked = np.ma.masked_array(X, mask=np.zeros(X.shape, bool))
    masked[::2, 1] = np.ma.masked
    for reader in (
        ReadColumns(dict.fromkeys(range(3), "numeric")),
        FoldFlat(columns=None, layout=(3, 1), channel_axis="none"),
        FoldWindows(window=1, roles=dict.fromkeys(range(3), "numeric")),
    ):
        held = np.asarray(reader.fit_transform(masked)).reshape(60, 3)
        assert np.isnan(held[::2, 1]).all()
        assert np.isfinite(held[1::2]).all()
    y = (X[:, 0] > 0).astype(int)
    model = advise(masked, y).estimator(family="gbt").fit(masked, y)
    under = masked.copy()
    under.data[::2, 1] = 1e6
    assert model.predict_proba(masked).tolist() == model.predict_proba(under).tolist()
    from advisor import architectures

    bare = architectures.get("gbt").make("classification", layout=(3,), random_state=0).fit(masked, y)
    assert bare.predict_proba(masked).tolist() == bare.predict_proba(under).tolist()


def test_days_of_an_arrow_table_are_moments():
    import pyarrow as pa

    days = pd.Series(DAYS.date).astype(pd.ArrowDtype(pa.date32()))
    walk = np.random.default_rng(0).normal(size=120).cumsum()
    assert advise(pd.DataFrame({"day": days, "y": walk}), "y").rule == "timed_rows"
    from advisor import architectures

    model = architectures.get("gbt").make("regression", layout=(1,), random_state=0)
    plain = pd.DataFrame({"day": DAYS})
    held = model.fit(pd.DataFrame({"day": days}), walk).predict(pd.DataFrame({"day": days}))
    np.testing.assert_array_equal(held, model.fit(plain, walk).predict(plain))
