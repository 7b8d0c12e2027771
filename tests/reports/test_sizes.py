"""The lead over boosted trees by rows to train with, on results whose leads are set by hand."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from reports import figures
from reports.figures import sizes
from reports.summary import summarise

SVG = "{http://www.w3.org/2000/svg}"
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


def test_the_caption_counts_sets_and_sizes_and_says_what_order_is_to_trees(sized):
    told = sizes.caption(sized)
    assert "Images: 2 sets at 2 sizes. Destroyed" in told
    assert "tasks" not in told
    assert "changes nothing" not in told
    assert "which boosted trees do not notice but for the columns that each of them draws at random" in told
    frame = sized.frame[
        ~sized.frame["task"].isin([sized.tasks.index[sized.tasks.index.str.contains(":300:")][0]])
    ]
    fewer = sizes.caption(summarise(frame, STUDY, rng=np.random.default_rng(0)))
    assert "Images: 2 sets at 2 sizes (1 at 300 rows)." in fewer
    texts = {e.text for e in ElementTree.fromstring(sizes.draw(sized, True)).iter(f"{SVG}text")}
    assert "2 sets" in texts


def test_the_caption_says_of_tables_that_they_are_rotated(sized):
    tables = sized.frame.assign(structure="tabular")
    told = sizes.caption(summarise(tables, STUDY, rng=np.random.default_rng(0)))
    assert "their numeric columns are rotated" in told
    assert "do not notice" not in told
    both = pd.concat([sized.frame, tables.assign(task=tables["task"] + "_table")], ignore_index=True)
    told = sizes.caption(summarise(both, STUDY, rng=np.random.default_rng(0)))
    assert "do not notice" in told
    assert "are rotated" in told


def test_no_interval_is_cut_off(sized, monkeypatch):
    drawn = []
    monkeypatch.setattr(sizes.drawing, "svg", lambda figure, *_: drawn.extend(figure.axes) or "")
    table = sizes.data(sized)
    monkeypatch.setattr(
        sizes, "data", lambda _: table.assign(low=table["mean"] - 30, high=table["mean"] + 25)
    )
    sizes.draw(sized)
    (ax,) = drawn
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    ends = np.concatenate([path.vertices for whiskers in ax.collections for path in whiskers.get_paths()])
    assert ends[:, 1].min() == pytest.approx(-50)  # the LSTM, 20 points behind
    assert ends[:, 1].min() > bottom
    assert ends[:, 1].max() < top
    assert ends[:, 0].min() > left
    assert ends[:, 0].max() < right


def test_a_study_without_sizes_or_without_trees_has_no_such_figure(searched, sized):
    assert sizes.data(searched).empty
    assert "sizes" in figures.of(sized)
    frame = sized.frame[sized.frame["candidate"] != "gbt"]
    assert sizes.data(summarise(frame, STUDY, rng=np.random.default_rng(0))).empty
