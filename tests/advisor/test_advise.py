from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

from advisor import Advice, advise
from advisor.calibration import Calibration

EMPTY = Calibration({})


def blurred(rng, *shape):
    sigma = (0, 1.2, 1.2, 0)[: len(shape)]
    return gaussian_filter(rng.normal(size=shape), sigma, mode="nearest").astype(np.float32)


def drifting(rng, n, steps, channels):
    return rng.normal(size=(n, steps, channels)).cumsum(axis=1).astype(np.float32)


def hours(rng, n=300):
    """One series: rows are hours."""
    x = rng.normal(size=(n, 3)).cumsum(axis=0)
    return pd.DataFrame(x, columns=["a", "b", "c"]).assign(
        when=pd.date_range("2024-01-01", periods=n, freq="h").astype(str), y=x[:, 0] + rng.normal(size=n)
    )


def shops(rng, entities=12, days=30):
    """A panel: each shop has its own days."""
    parts = [
        pd.DataFrame(
            {
                "shop": f"shop {e}",
                "day": np.arange(days) + e % 3,
                "visits": rng.normal(size=days).cumsum(),
                "y": rng.normal(size=days),
            }
        )
        for e in range(entities)
    ]
    return pd.concat(parts, ignore_index=True)


def letters(rng, n=80):
    words = np.array(["the", "a", "cat", "dog", "sat", "ran", "on", "mat", "house", "quickly", "today"])
    return pd.DataFrame(
        {"t": [" ".join(rng.choice(words, rng.integers(4, 12))) for _ in range(n)], "y": np.arange(n) % 2}
    )


def forms():
    """Every way of holding data: data, target, form, structure, layout."""
    rng = np.random.default_rng(0)
    n = 120
    y = np.arange(n) % 2
    image, colour, series = blurred(rng, n, 16, 16, 1), blurred(rng, n, 16, 14, 3), drifting(rng, n, 30, 3)
    cells = [list(map(float, s[: 10 + i % 20, 0])) for i, s in enumerate(series)]
    flat = pd.DataFrame(np.moveaxis(colour, -1, 1).reshape(n, -1))
    return {
        "nhw": (image[..., 0], y, "array", "image", (16, 16, 1)),
        "nhwc": (colour, y, "array", "image", (16, 14, 3)),
        "nchw": (colour.transpose(0, 3, 1, 2), y, "array", "image", (16, 14, 3)),
        "ntc": (series, y, "array", "sequence", (30, 3)),
        "nct": (series.transpose(0, 2, 1), y, "array", "sequence", (30, 3)),
        "nd": (image.reshape(n, -1), y, "wide_image", "image", (16, 16, 1)),
        "channels first": (flat, y, "wide_image", "image", (16, 14, 3)),
        "cells": (pd.DataFrame({"s": cells, "y": y}), "y", "list_cells", "sequence", (29, 1)),
        "cells of pictures": (
            pd.DataFrame({"p": list(image[..., 0]), "y": y}),
            "y",
            "list_cells",
            "image",
            (16, 16, 1),
        ),
        "cells per channel": (
            pd.DataFrame({"u": [s[:, 0] for s in series], "v": [s[:, 1].tolist() for s in series], "y": y}),
            "y",
            "list_cells",
            "sequence",
            (30, 2),
        ),
        "text": (letters(rng), "y", "text", "sequence", (64, 32)),
        "long series": (hours(rng), "y", "long_series", "sequence", None),
        "panel": (shops(rng), "y", "panel", "sequence", None),
        "table": (
            pd.DataFrame(rng.normal(size=(n, 5)) * [1, 10, 100, 3, 30]).assign(k=rng.choice(list("uvw"), n)),
            rng.normal(size=n),
            "table",
            "tabular",
            (6,),
        ),
    }


@pytest.mark.parametrize("name", forms())
def test_every_form_is_recognised(name):
    data, target, form, structure, layout = forms()[name]
    advice = advise(data, target)
    assert (advice.form, advice.structure) == (form, structure)
    if layout is not None:
        assert advice.layout == layout
    json.loads(advice.to_json())


@pytest.mark.parametrize("name", forms())
def test_the_estimator_fits_what_was_passed(name):
    data, target, *_ = forms()[name]
    advice = advise(data, target, calibration=EMPTY)
    X, y = (data.drop(columns=[target]), data[target]) if isinstance(target, str) else (data, target)
    config = {} if advice.recommendation == "gbt" else {"max_epochs": 2}
    estimator = advice.estimator(**config).fit(X, y)
    assert len(estimator.predict(X)) == len(X)


def test_the_estimator_has_the_seed_of_the_advice_unless_told_another():
    data, target, *_ = next(iter(forms().values()))
    advice = advise(data, target, seed=3)
    seeds = [advice.estimator(**given)[-1].random_state for given in ({}, {"random_state": 7})]
    assert seeds == [3, 7]


def test_a_panel_says_which_columns_are_entity_and_time():
    advice = advise(shops(np.random.default_rng(1)), "y")
    details = next(fact.details for fact in advice.evidence if fact.name == "panel")
    assert (details["entity"], details["time"]) == ("shop", "day")
    assert any("split by it" in warning for warning in advice.warnings)


def test_a_series_without_a_clock_shows_in_the_rows():
    rng = np.random.default_rng(2)
    x = np.zeros((600, 4))
    for t in range(1, 600):
        x[t] = 0.9 * x[t - 1] + rng.normal(size=4)
    data = pd.DataFrame(x, columns=list("abcd"))
    assert advise(data, "a").form == "long_series"
    assert advise(data.sample(frac=1, random_state=0), "a").form == "table"


@pytest.mark.parametrize("way", ["sorted", "grouped", "dated"])
def test_sorted_grouped_and_dated_tables_stay_tables(way):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(900, 5)) + rng.normal(size=(900, 1))
    frame = pd.DataFrame(x, columns=list("abcde"))
    if way == "sorted":
        frame = frame.sort_values("a")
    elif way == "grouped":
        frame += np.repeat(rng.normal(size=(30, 5)), 30, axis=0)
    else:
        frame["date"] = pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, 900), unit="D")
    assert advise(frame, "e").structure == "tabular"


@pytest.mark.parametrize("load", [load_breast_cancer, load_diabetes, load_wine])
def test_well_known_tables_are_tables(load):
    advice = advise(load(as_frame=True).frame, "target")
    assert (advice.structure, advice.recommendation) == ("tabular", "gbt")


def test_names_do_not_matter():
    digits = load_digits(as_frame=True).frame
    plain = digits.set_axis([f"x{j}" for j in range(64)] + ["t"], axis=1)
    misleading = digits.set_axis([f"lag_{j}" for j in range(64)] + ["label"], axis=1)
    first = advise(digits, "target").to_dict()
    for frame, target in ((plain, "t"), (misleading, "label")):
        other = advise(frame, target).to_dict()
        for key in ("structure", "layout", "form", "recommendation", "because"):
            assert other[key] == first[key]


def test_same_seed_same_advice():
    X, y = load_digits(return_X_y=True)
    first, second = (advise(X, y, seed=4).to_dict() for _ in range(2))
    for facts in (first, second):
        for fact in facts["evidence"]:
            del fact["seconds"]
    assert first == second


def test_row_order_does_not_matter_to_columns():
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    assert advise(X[order], y[order]).layout == advise(X, y).layout == (8, 8, 1)


def test_the_data_are_not_changed():
    frame = load_digits(as_frame=True).frame
    before = frame.copy()
    advise(frame, "target")
    pd.testing.assert_frame_equal(frame, before)


def test_the_caller_knows_better():
    digits = load_digits(as_frame=True).frame
    advice = advise(digits, "target", structure="tabular")
    assert (advice.structure, advice.layout, advice.form) == ("tabular", (64,), "table")
    assert "you said so" in advice.because
    assert any("flat_image" in sentence for sentence in advice.against)


def test_torch_tensors_are_arrays():
    import torch

    images = blurred(np.random.default_rng(0), 60, 12, 12, 1)[..., 0]
    advice = advise(torch.from_numpy(images), torch.arange(60) % 2)
    assert (advice.structure, advice.layout) == ("image", (12, 12, 1))


def test_files_are_read(tmp_path):
    digits = load_digits(as_frame=True).frame
    digits.to_csv(tmp_path / "digits.csv", index=False)
    digits.to_parquet(tmp_path / "digits.parquet")
    for ending in ("csv", "parquet"):
        assert advise(tmp_path / f"digits.{ending}", "target").layout == (8, 8, 1)


def test_warnings_that_save_a_project():
    rng = np.random.default_rng(5)
    y = (rng.random(400) < 0.03).astype(int)
    X = pd.DataFrame({"a": rng.normal(size=400), "b": rng.normal(size=400), "code": np.where(y == 1, 7, 3)})
    X = pd.concat([X, X.iloc[:60]], ignore_index=True)
    warnings = " | ".join(advise(X, np.concatenate([y, y[:60]])).warnings)
    assert "'code' alone gives the target away" in warnings
    assert "repeat an earlier one" in warnings
    assert "class '1' has" in warnings
    clean = advise(pd.DataFrame(rng.normal(size=(800, 4)) * [1, 9, 3, 50]), rng.normal(size=800)).warnings
    assert clean == ()


def test_importing_and_advising_loads_nothing_heavy():
    code = """
import sys, numpy as np, pandas as pd
from advisor import advise
heavy = {"torch", "xgboost", "mlflow", "openml", "matplotlib"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
rng = np.random.default_rng(0)
advise(pd.DataFrame(rng.normal(size=(200, 30))), rng.normal(size=200)).to_json()
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_advice_is_a_value():
    advice = advise(*load_digits(return_X_y=True))
    assert isinstance(advice, Advice)
    with pytest.raises(AttributeError):
        advice.structure = "tabular"


def test_the_same_data_give_equal_advice():
    X, y = load_digits(return_X_y=True)
    assert advise(X, y) == advise(X, y)
    assert advise(X, y) != advise(X, y, seed=1)
