"""Files in the order of time, one moment of which takes more rows than a look reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor import advise
from advisor.intake import read
from advisor.table import RUN
from advisor.thinning import covered_again, of_few_entities, of_recordings

ENTITIES, STEPS = 3_000, 12


@pytest.fixture(scope="module")
def crowd():
    """Twelve months of 3,000 shops, month by month: the first rows hold three of them."""
    rng = np.random.default_rng(0)
    sales = rng.normal(size=(STEPS, ENTITIES)).cumsum(axis=0)
    return pd.DataFrame(
        {
            "x0": np.repeat(pd.date_range("2020-01-31", periods=STEPS, freq="ME"), ENTITIES),
            "x1": np.tile([f"shop {j}" for j in rng.permutation(ENTITIES)], STEPS),
            "x2": sales.ravel() + rng.normal(size=STEPS * ENTITIES),
            "y": sales.ravel(),
        }
    )


FORMS = {
    "dates": lambda frame: frame,
    "dates as text": lambda frame: frame.assign(x0=frame["x0"].astype(str)),
    "months as numbers": lambda frame: frame.assign(x0=frame["x0"].dt.month + 10),
    "numbered shops": lambda frame: frame.assign(x1=frame["x1"].str[5:].astype(int) * 17),
    "numbers as text": lambda frame: frame.assign(x2=frame["x2"].map("{:.3f}".format)),
    "newest first": lambda frame: frame[::-1].reset_index(drop=True),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_panel_of_many_entities_is_found_in_the_order_of_time(crowd, form):
    advice = advise(FORMS[form](crowd), "y")
    assert advice.rule == "panel"
    assert advice.roles["x1"] == "entity"
    assert advice.roles["x0"] == "time"


def test_two_columns_that_name_an_entity_together_are_found(crowd):
    number = crowd["x1"].str[5:].astype(int)
    advice = advise(crowd.assign(x1=number % 60, x3=number // 60), "y")
    assert advice.rule == "panel"
    assert {label for label, role in advice.roles.items() if role == "entity"} == {"x1", "x3"}


@pytest.mark.parametrize("order", ["time", "shops"])
def test_names_and_values_without_memory_stay_a_table(crowd, order):
    rng = np.random.default_rng(1)
    dealt = crowd.assign(x1=rng.permutation(crowd["x1"]), x2=rng.normal(size=len(crowd)))
    dealt["y"] = rng.normal(size=len(crowd))
    dealt = dealt if order == "time" else dealt.sort_values("x1", ignore_index=True)
    assert advise(dealt, "y").structure == "tabular"


def thinned(frame):
    rng = np.random.default_rng(0)
    return list(of_few_entities(read(frame, "y", rng), rng))


def test_rows_are_those_of_a_few_entities_in_the_order_of_the_file(crowd):
    part = thinned(crowd)[0]
    assert len(part.run) <= RUN
    assert part.run["x0"].nunique() == STEPS
    assert part.run.groupby("x1").size().eq(STEPS).all()
    assert part.run.index.is_monotonic_increasing
    assert part.run.iloc[:, -1].tolist() == crowd["y"].iloc[part.run.index].tolist()


def test_other_files_are_left_as_they_are(crowd):
    rng = np.random.default_rng(2)
    by_shop = crowd.sort_values(["x1", "x0"], ignore_index=True)
    shuffled = crowd.sample(frac=1, random_state=0, ignore_index=True)
    short = crowd[: RUN - 1]
    sorted_by_class = crowd.assign(x0=np.sort(rng.integers(0, 2, len(crowd))))
    for frame in (by_shop, shuffled, short, sorted_by_class):
        assert thinned(frame) == []
        assert list(of_recordings(read(frame, "y", rng))) == []


def recordings(overlap=True, people=4, steps=9_000):
    """Long recordings of four people, one after another: the first rows hold a part of the first."""
    rng = np.random.default_rng(3)
    every = 30 if overlap else 1  # seconds: three days of recording, or a few hours
    days = [pd.Timestamp("2024") + pd.Timedelta(days=day) for day in (0, 2, 1, 3)]
    seconds = [day + pd.to_timedelta(np.arange(steps) * every, unit="s") for day in days]
    frame = pd.DataFrame({"who": np.repeat([7, 3, 5, 4], steps), "t": np.concatenate(seconds)})
    frame["v"], frame["w"] = rng.normal(size=(2, people * steps)).cumsum(axis=1)
    return frame.assign(y=rng.integers(0, 2, people * steps))


@pytest.mark.parametrize("time", ["own dates", "seconds"])
def test_long_recordings_one_after_another_are_a_panel(time):
    frame = recordings()
    if time == "seconds":
        frame["t"] = np.tile(np.arange(9_000) * 0.5, 4)
    advice = advise(frame, "y")
    assert (advice.rule, advice.folding["entity"], advice.folding["time"]) == ("panel", ["who"], ["t"])


def test_recordings_that_nobody_names_are_not_mixed_by_their_time():
    unnamed = recordings().drop(columns="who")
    assert covered_again(read(unnamed, "y", np.random.default_rng(0)), ["t"])
    advice = advise(unnamed, "y")
    assert (advice.rule, advice.folding["time"]) == ("moving_rows", [])
    told = advise(unnamed, "y", roles={"t": "time"})
    assert (told.rule, told.folding["time"]) == ("timed_rows", ["t"])


def test_parts_of_a_series_in_another_order_are_put_in_the_order_of_their_time():
    parts = recordings(overlap=False).drop(columns="who")
    assert advise(parts, "y").rule == "timed_rows"


def test_windows_reach_no_further_than_an_entity_does(crowd):
    by_shop = crowd.sort_values(["x1", "x0"], ignore_index=True)
    assert advise(crowd, "y").layout == advise(by_shop, "y").layout


def test_a_target_that_is_not_among_the_first_rows_takes_no_column_away(crowd):
    rng = np.random.default_rng(0)
    table = replace(read(crowd.drop(columns="y"), None, rng), target=crowd["y"])
    part = next(of_few_entities(table, rng))
    assert list(part.run.columns) == ["x0", "x1", "x2"]
    assert part.run["x2"].tolist() == crowd["x2"].iloc[part.run.index].tolist()


def test_labels_may_be_no_valid_text_and_tuples(crowd):
    odd = crowd.rename(columns={"x0": "d\udc80", "x1": ("a", 1)})
    assert advise(odd, "y").roles["a", 1] == "entity"
