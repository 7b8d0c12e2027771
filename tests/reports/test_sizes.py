"""The lead over boosted trees by rows to train with, on results whose leads are set by hand."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from reports import figures
from reports.figures import sizes
from reports.summary import summarise

STUDY = {"name": "sized", "title": "Sized", "settings": {}}
LEAD = {(100, False): 0.10, (300, False): 0.02, (100, True): -0.05, (300, True): -0.04}


@pytest.fixture
def sized(make):
    """Two sources of pictures at two sizes, as they are and destroyed: the CNN leads by what LEAD says."""
    frame = make()
    pictures = frame[(frame["structure"] == "image") & (frame["trial"] == 0)]
    pictures = pictures[pictures["origin"].isin(pictures["origin"].unique()[:2])]
    parts = []
    for (rows, destroyed), lead in LEAD.items():
        part = pictures.assign(task=f"rows:{rows}:{'destroyed:' * destroyed}" + pictures["task"])
        part["test"] = part["candidate"].map({"dummy": 0.1, "gbt": 0.7, "cnn": 0.7 + lead}).fillna(0.5)
        parts.append(part.assign(key=part["key"] + f"{rows}{destroyed}"))
    return summarise(pd.concat(parts, ignore_index=True), STUDY, rng=np.random.default_rng(0))


def test_leads_are_those_set_by_hand(sized):
    table = sizes.data(sized).set_index(["candidate", "rows", "destroyed"])
    for (rows, destroyed), lead in LEAD.items():
        row = table.loc[("cnn", rows, destroyed)]
        assert row["mean"] == pytest.approx(100 * lead)
        assert row["low"] <= row["mean"] <= row["high"]
        assert table.loc[("lstm", rows, destroyed), "mean"] == pytest.approx(-20)
    assert {"gbt", "dummy"}.isdisjoint(table.index.get_level_values("candidate"))


def test_the_drawing_names_each_line_and_tells_the_leads(sized):
    for narrow in (False, True):
        root = ElementTree.fromstring(sizes.draw(sized, narrow))
        texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
        assert {"Images", "CNN", "CNN destroyed", "LSTM", "100", "300"} <= texts
        assert "CNN: +10.0 at 100, +2.0 at 300" in root.find("{http://www.w3.org/2000/svg}desc").text
    assert "tasks at 100 rows" in sizes.caption(sized)


def test_a_study_without_sizes_or_without_trees_has_no_such_figure(searched, sized):
    assert sizes.data(searched).empty
    assert "sizes" in figures.of(sized)
    frame = sized.frame[sized.frame["candidate"] != "gbt"]
    assert sizes.data(summarise(frame, STUDY, rng=np.random.default_rng(0))).empty
