"""Figures are valid SVG with the right labels and marks, the same every time, light and dark."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from reports import drawing, figures, html, style
from reports.summary import summarise

SVG = "{http://www.w3.org/2000/svg}"
STUDY = {"name": "starter", "title": "Starter", "settings": {}}


def summary_of(frame):
    return summarise(frame, STUDY, rng=np.random.default_rng(0))


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture
def all_figures(make, failing):
    summary = summary_of(failing(make(trials=3), "plaid", "lstm"))
    return {
        (name, narrow): draw(narrow)
        for name, draw in html.drawings(summary).items()
        for narrow in (False, True)
    }


def test_every_figure_is_labelled_well_formed_and_deterministic(all_figures, make, failing):
    assert {name for name, _ in all_figures} == {"finding", "per_task", "time_score", "curves"}
    again = html.drawings(summary_of(failing(make(trials=3), "plaid", "lstm")))
    for (name, narrow), svg in all_figures.items():
        assert svg == again[name](narrow)
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert root.find(f"{SVG}title").text
        assert "CNN" in root.find(f"{SVG}desc").text
        shown = texts(svg)
        assert {"Images", "Sequences", "Tables", "CNN", "LSTM", "Boosted trees", "Linear"} <= set(shown)
        assert int(root.get("width")) == (360 if narrow else 960)


def test_figures_ask_nothing_of_the_network_and_share_no_ids(all_figures):
    for narrow in (False, True):
        page = "".join(svg for (_, small), svg in all_figures.items() if small is narrow)
        assert not re.findall(r"(?:href|src)=\"(?!#)|url\((?!#)|@import", page)
        assert set(re.findall(r"https?://[^\"]*", page)) == {
            "http://www.w3.org/2000/svg"
        }  # a name, not a place
    ids = [
        i
        for (_, small), svg in all_figures.items()
        if not small
        for i in set(re.findall(r' id="([^"]+)', svg))
    ]
    assert len(ids) == len(set(ids))
    for svg in all_figures.values():
        used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
        assert used <= set(re.findall(r' id="([^"]+)', svg))


def test_every_colour_has_a_counterpart_on_a_dark_page(all_figures):
    for svg in all_figures.values():
        css = ElementTree.fromstring(svg).find(f"{SVG}style").text
        drawn = set(
            re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", re.sub(r"<style>.*?</style>", "", svg, flags=re.S))
        )
        assert drawn
        for colour in drawn:
            assert f'[style*="fill: {colour}"]' in css, colour


def contrast(a, b):
    def luminance(colour):
        parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    high, low = sorted([luminance(a), luminance(b)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", [*style.KNOWN, *"abcdef"])
def test_marks_stand_out_from_both_pages(name):
    look = style.look(name, [*style.KNOWN, *"abcdef"])
    assert contrast(look.light, drawing.PAPER) >= 3
    assert contrast(look.dark, drawing.DARK[drawing.PAPER]) >= 3


def test_text_is_readable_on_both_pages():
    for ink in (drawing.INK, drawing.MUTED):
        assert contrast(ink, drawing.PAPER) >= 4.5
        assert contrast(drawing.DARK[ink], drawing.DARK[drawing.PAPER]) >= 4.5


def test_candidates_differ_by_more_than_colour():
    everyone = [*style.KNOWN, *"abcdef"]
    assert len({style.look(name, everyone).marker for name in everyone}) == len(everyone)


def test_finding_orders_candidates_by_mean_and_prints_it():
    tasks = [f"t{i}" for i in range(4)]
    normalised = pd.DataFrame({"cnn": [0.5] * 4, "gbt": [0.9, 1, 0.9, 1], "dummy": [0.0] * 4}, index=tasks)
    structure = pd.Series("tabular", index=tasks)
    intervals = pd.DataFrame(
        {
            "structure": "tabular",
            "candidate": ["cnn", "gbt", "dummy"],
            "mean": [0.5, 0.95, 0],
            "low": [0.5, 0.9, 0],
            "high": [0.5, 1.0, 0],
        }
    )
    svg = figures.finding(normalised, intervals, structure=structure)
    place = {t.text: float(t.get("y")) for t in ElementTree.fromstring(svg).iter(f"{SVG}text")}
    assert place["Boosted trees"] == pytest.approx(place["0.95"], abs=3)
    assert place["Boosted trees"] < place["CNN"]  # higher on the page
    assert place["CNN"] == pytest.approx(place["0.50"], abs=3)
    assert "4 tasks" in place
    assert "Dummy" not in place


def test_a_structure_of_one_source_has_no_band(make):
    one = {k: (v if v[1] != "image" else ("mnist", *v[1:])) for k, v in _tasks().items()}
    summary = summary_of(make(tasks=one))
    svg = html.drawings(summary)["finding"](False)
    bands = len(re.findall(r"stroke-width: 5; stroke-linecap: round", svg))
    assert bands == 2 * 5  # sequences and tables, five candidates; images have none


def _tasks():
    import runpy
    from pathlib import Path

    return runpy.run_path(str(Path(__file__).parent / "conftest.py"))["TASKS"]


def test_names_stay_text(make):
    evil = "<script>alert(1)</script> $x^2$ & \"q\" 'r' \\frac{"
    tasks = {evil: ("o1", "image", "classification", [0.9, 0.95, 0.8, 0.7, 0.6, 0.1]), **_tasks()}
    frame = make(tasks=tasks)
    frame["candidate"] = frame["candidate"].replace({"mlp": "$\\bad$<b>"})
    for name, draw in html.drawings(summary_of(frame)).items():
        for narrow in (False, True):
            svg = draw(narrow)
            assert "<script" not in svg
            assert "<b>" not in svg
            assert "$\\bad$<b>" in texts(svg)  # neither markup nor mathematics
            if name == "per_task":
                assert any(t.startswith("<scr") for t in texts(svg))


def test_failed_cells_are_drawn_hollow(make, failing):
    frame = make()
    solid = html.drawings(summary_of(frame))["per_task"](False)
    hollow = html.drawings(summary_of(failing(frame, "plaid", "lstm")))["per_task"](False)
    mark = f"fill: {drawing.PAPER}; stroke: {style.KNOWN['lstm'].light}"
    assert mark not in solid
    assert hollow.count(mark) >= 1


def test_pareto_front_by_hand():
    cost = np.array([1.0, 2.0, 2.0, 3.0, 0.5])
    value = np.array([0.5, 0.6, 0.7, 0.7, 0.1])
    assert figures.pareto(cost, value).tolist() == [True, False, True, False, True]
    assert figures.pareto(np.ones(2), np.ones(2)).tolist() == [True, True]  # equals do not beat each other


def test_labels_are_pushed_apart_in_their_order():
    apart = drawing.spread({"a": 0.9, "b": 0.89, "c": 0.2}, 0.1)
    assert apart == pytest.approx({"a": 0.9, "b": 0.8, "c": 0.2})
