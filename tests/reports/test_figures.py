"""Figures are valid SVG with the right labels and marks, the same every time, light and dark."""

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Canvas
from matplotlib.path import Path as Path2D
from matplotlib.text import Text

from advisor import architectures
from reports import drawing, figures, style
from reports.figures import critical_difference, curves, matrix, time_score
from reports.summary import summarise

SVG = "{http://www.w3.org/2000/svg}"
STUDY = {"name": "starter", "title": "Starter", "settings": {}}


def summary_of(frame):
    return summarise(frame, STUDY, rng=np.random.default_rng(0))


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_figures_are_found_by_name(searched):
    folder = Path(figures.__file__).parent
    assert set(figures.every()) == {p.stem for p in folder.glob("[!_]*.py")}
    # the study has something for each of them, but for tasks at several sizes (test_sizes.py)
    assert set(figures.of(searched)) == set(figures.every()) - {"sizes"}


def test_few_sources_lead_nowhere(drawn):
    told = ElementTree.fromstring(drawn["finding", False]).find(f"{SVG}desc").text
    assert "Images: highest mean CNN " in told
    assert "lead" not in told


def test_every_figure_is_labelled_and_well_formed(drawn):
    for (name, narrow), svg in drawn.items():
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert root.find(f"{SVG}title").text
        assert root.find(f"{SVG}desc").text
        assert int(root.get("width")) == (360 if narrow else 960)
        if name in ("matrix", "finding", "time_score", "curves"):
            assert {"Images", "Sequences", "Tables"} <= set(texts(svg)), name
        if name not in ("regret", "failures"):
            assert {"CNN", "LSTM", "Linear"} <= {t.partition("  ")[0] for t in texts(svg)} | {
                t.rpartition("  ")[2] for t in texts(svg)
            }, name


def test_figures_are_the_same_every_time(drawn, searched):
    for name in ("matrix", "critical_difference", "regret"):
        assert figures.every()[name].draw(searched, True) == drawn[name, True]


def test_the_numbers_of_a_figure_are_documented_and_told(searched):
    for name, (figure, table) in figures.of(searched).items():
        assert list(table.columns) == list(figure.columns), name
        assert all(figure.columns.values())
        caption = figure.caption(searched)
        assert re.search(r"[Ii]nterval|range", caption), name  # which kind, or that there is none
        assert re.search(r"17 tasks from 16 sources|16 independent sources|All cells", caption), name


def test_numbers_by_hand(searched):
    tables = {name: table for name, (_, table) in figures.of(searched).items()}
    tasks = tables["per_task"].set_index(["task", "candidate"])
    assert (tasks["low"] <= tasks["high"]).all()
    row = tasks.loc[("embedded:digits", "cnn")]
    cells = searched.frame.query("task == 'embedded:digits' and candidate == 'cnn'")
    assert row["test"] == pytest.approx(cells[cells["trial"] == row["trial"]]["test"].mean())
    assert tasks.loc[("embedded:plaid", "lstm"), "imputed"] == 2
    failures = tables["failures"].set_index("candidate")
    assert failures.loc["lstm", ["cells", "of"]].tolist() == [6, 17 * 3 * 2]
    regret = tables["regret"].groupby("policy")["normalised_regret"].mean()
    assert regret["advisor"] == pytest.approx(searched.policies.set_index("policy")["mean"]["advisor"])
    matrix = tables["matrix"].set_index(["candidate", "structure"])["mean"]
    assert matrix["cnn", "image"] == pytest.approx(
        searched.normalised.loc[searched.tasks["structure"] == "image", "cnn"].mean()
    )


def test_figures_ask_nothing_of_the_network_and_share_no_ids(drawn):
    for narrow in (False, True):
        page = "".join(svg for (_, small), svg in drawn.items() if small is narrow)
        assert not re.findall(r"(?:href|src)=\"(?!#)|url\((?!#)|@import", page)
        assert set(re.findall(r"https?://[^\"]*", page)) == {
            "http://www.w3.org/2000/svg"
        }  # a name, not a place
    ids = [i for (_, small), svg in drawn.items() if not small for i in set(re.findall(r' id="([^"]+)', svg))]
    assert len(ids) == len(set(ids))
    for svg in drawn.values():
        used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
        assert used <= set(re.findall(r' id="([^"]+)', svg))


def test_every_colour_has_a_counterpart_on_a_dark_page(drawn):
    for svg in drawn.values():
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
def test_marks_and_names_in_their_colours_are_readable_on_both_pages(name):
    look = style.look(name, [*style.KNOWN, *"abcdef"])
    assert contrast(look.light, drawing.PAPER) >= 4.5
    assert contrast(look.dark, drawing.DARK[drawing.PAPER]) >= 4.5


def test_text_is_readable_on_both_pages():
    for ink in (drawing.INK, drawing.MUTED):
        assert contrast(ink, drawing.PAPER) >= 4.5
        assert contrast(drawing.DARK[ink], drawing.DARK[drawing.PAPER]) >= 4.5


def test_candidates_differ_by_more_than_colour():
    everyone = [*style.KNOWN, *"abcdef"]
    assert len({style.look(name, everyone).marker for name in everyone}) == len(everyone)


def test_titles_are_those_that_architectures_declare():
    ours = {*style.KNOWN, *style.TITLES} - {"advisor"}
    assert ours <= set(architectures.names())
    assert {name: style.title(name) for name in ours} == {n: architectures.label(n).title for n in ours}


def test_titles_that_came_with_the_results_are_shown():
    labels = {"a@1": ("Mine", "other"), "b@1": ("Both", "trees"), "c@1": ("Both", "trees")}
    with style.recorded(labels):
        assert [style.look(name, list(labels)).title for name in labels] == ["Mine", "b@1", "c@1"]
    assert style.title("a@1") == "a@1"


def test_finding_orders_candidates_by_mean_and_prints_it(searched, drawn):
    place = {}
    for text in ElementTree.fromstring(drawn["finding", True]).iter(f"{SVG}text"):
        place.setdefault(text.text, float(text.get("y")))  # images stand first
    means = searched.verdict.query("structure == 'image'").set_index("candidate")["mean_normalised_score"]
    assert place["CNN"] == pytest.approx(place[f"{means['cnn']:.2f}"], abs=3)
    assert place["CNN"] < place["Boosted trees"] < place["Linear"]  # higher on the page
    assert "Dummy" not in place


def test_a_structure_of_one_source_has_no_band(make):
    one = {k: (v if v[1] != "image" else ("mnist", *v[1:])) for k, v in _tasks().items()}
    svg = figures.every()["finding"].draw(summary_of(make(tasks=one)), True)
    bands = len(re.findall(r"stroke-width: 5; stroke-linecap: round", svg))
    assert bands == 2 * 5  # sequences and tables, five candidates; images have none


def test_numbers_in_the_heat_map_are_readable():
    for ink, accent, paper in [
        (drawing.INK, drawing.ACCENT, drawing.PAPER),
        *[tuple(drawing.DARK[c] for c in (drawing.INK, drawing.ACCENT, drawing.PAPER))],
    ]:
        for share in np.linspace(0, matrix.DEEPEST, 6):
            parts = [
                round(share * int(accent[i : i + 2], 16) + (1 - share) * int(paper[i : i + 2], 16))
                for i in (1, 3, 5)
            ]
            assert contrast(ink, "#" + "".join(f"{p:02x}" for p in parts)) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_colour_of_the_page_is_readable(scheme):
    css = (Path(style.__file__).parent / "report.css").read_text()
    blocks = re.findall(r":root \{([^}]*)\}", css)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[0]))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[1]))
    used = set(re.findall(r"[^-]color: var\(--([a-z-]+)\)", css))
    grounds = set(re.findall(r"background: var\(--([a-z-]+)\)", css))
    assert {"ink", "muted", "accent", "warn"} <= used
    assert {"paper", "soft", "warn-soft"} <= grounds
    for text in used:
        for ground in grounds:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("fault", style.FAULTS)
def test_bars_of_failures_stand_out(fault):
    light, dark = style.FAULTS[fault]
    assert contrast(light, drawing.PAPER) >= 3
    assert contrast(dark, drawing.DARK[drawing.PAPER]) >= 3


def test_the_critical_difference_diagram_from_plain_arguments():
    ranks = pd.Series({"cnn": 1.5, "gbt": 1.8, "lstm": 3.0, "linear": 3.7})
    svg = critical_difference.diagram(ranks, [("cnn", "gbt"), ("lstm", "linear"), ("dummy",)])
    assert len(re.findall(r"stroke-width: 4; stroke-linecap: round", svg)) == 2  # nobody is joined to itself
    place = {t.text: float(t.get("x")) for t in ElementTree.fromstring(svg).iter(f"{SVG}text")}
    assert place["CNN  1.50"] < place["3.70  Linear"]
    assert (
        "Not separated: CNN, Boosted trees; LSTM, Linear"
        in ElementTree.fromstring(svg).find(f"{SVG}desc").text
    )


def test_the_diagram_does_not_say_that_those_without_a_bar_differ(summary):
    told = [critical_difference.caption(summary), critical_difference.COLUMNS["groups"]]
    assert all("table of pairs" in text and "differ" not in text for text in told)


def test_too_few_sources_have_no_diagram(make):
    few = make()[lambda f: f["structure"] == "image"]
    assert not len(critical_difference.data(summary_of(few)))


def test_a_long_search_is_thinned_evenly_on_its_axis():
    kept = curves.thinned(400)
    assert kept[0] == 1
    assert kept[-1] == 400
    assert len(kept) < 100
    assert max(b / a for a, b in itertools.pairwise(kept[10:])) < 1.25


def _tasks():
    import runpy

    return runpy.run_path(str(Path(__file__).parent / "conftest.py"))["TASKS"]


def test_names_stay_text(make):
    evil = "<script>alert(1)</script> $x^2$ & \"q\" 'r' \\frac{"
    tasks = {
        evil: ("o1", "image", "classification", [0.9, 0.95, 0.8, 0.7, 0.6, 0.1]),
        **dict([*_tasks().items()][::5]),
    }
    frame = make(tasks=tasks)
    frame["candidate"] = frame["candidate"].replace({"mlp": "$\\bad$<b>"})
    summary = summary_of(frame)
    for name, (figure, _) in figures.of(summary).items():
        svg = figure.draw(summary, True)
        assert "<script" not in svg
        assert "<b>" not in svg
        if name in ("matrix", "finding", "time_score"):
            assert "$\\bad$<b>" in texts(svg)  # neither markup nor mathematics
        if name == "per_task":
            assert any(t.startswith("<scr") for t in texts(svg))


def test_failed_cells_are_drawn_hollow(make, drawn):
    solid = figures.every()["per_task"].draw(summary_of(make()), True)
    mark = f"fill: {drawing.PAPER}; stroke: {style.KNOWN['lstm'].light}"
    assert mark not in solid
    assert drawn["per_task", True].count(mark) >= 1


def test_pareto_front_by_hand():
    cost = np.array([1.0, 2.0, 2.0, 3.0, 0.5])
    value = np.array([0.5, 0.6, 0.7, 0.7, 0.1])
    assert time_score.pareto(cost, value).tolist() == [True, False, True, False, True]
    assert time_score.pareto(np.ones(2), np.ones(2)).tolist() == [True, True]  # equals do not beat each other


def test_labels_are_pushed_apart_in_their_order():
    apart = drawing.spread({"a": 0.9, "b": 0.89, "c": 0.2}, 0.1)
    assert apart == pytest.approx({"a": 0.945, "b": 0.845, "c": 0.2})
    crowded = drawing.spread({"a": 0.9, "b": 0.89, "c": 0.88}, 0.1, top=0.95)
    assert crowded == pytest.approx({"a": 0.95, "b": 0.85, "c": 0.75})


def panel(width=190, height=260, *, low=0.8, high=1.0):
    figure = Canvas(figsize=(5, 5))
    ax = drawing.place(figure, 60, 40, width, height)
    ax.set(xlim=(0, 1), ylim=(low, high))
    return ax


def test_a_name_has_the_colour_of_its_line_and_a_leader_where_it_moved():
    ax, ends = panel(), {"a": 0.951, "b": 0.95, "c": 0.82}
    colours = {"a": "#c04f00", "b": "#0067a5", "c": "#007e5b"}
    drawing.label_ends(ax, 1, ends, 260, colours=colours)
    found = {note.get_text(): note for note in ax.texts}
    assert {name: note.get_color() for name, note in found.items()} == colours
    leaders = {name: note.arrow_patch for name, note in found.items()}
    assert leaders["c"] is None  # stands beside its end
    assert leaders["a"].get_edgecolor()[:3] == pytest.approx(to_rgb(colours["a"]))
    assert all(note.xy[1] == ends[name] for name, note in found.items())  # where the leader leads
    assert found["a"].xyann[1] - found["b"].xyann[1] + (0.951 - 0.95) * 1300 == pytest.approx(14)
    assert {note.xyann[0] for note in found.values()} == {drawing.LEADER}  # one column, room for leaders


# seconds and scores of ten candidates on 22 tables, drawn for a small screen
CROWD = {
    **{"Boosted trees": (0.53, 0.970), "Histogram boosting": (1.95, 0.966), "CNN": (13.1, 0.959)},
    **{"Gradient boosting": (7.5, 0.950), "FT-Transformer": (33, 0.950), "Random forest": (1.34, 0.944)},
    **{"MLP": (5.3, 0.940), "ResNet": (21.3, 0.928), "LSTM": (13.0, 0.880), "Linear": (0.028, 0.833)},
}


@pytest.mark.parametrize("width", [250, 400])
def test_no_leader_strikes_through_a_label(width):
    figure = Canvas(figsize=(14, 5), dpi=72)
    ax = drawing.place(figure, 60, 40, width, 260)
    ax.set(xscale="log", xlim=(0.015, 60), ylim=(0.75, 1.02))
    xs, ys = (pd.Series([point[i] for point in CROWD.values()]) for i in (0, 1))
    path = np.array([[0.028, 0.833], [0.53, 0.833], [0.53, 0.97], [60, 0.97]])
    drawing.label_points(ax, xs, ys, list(CROWD), colours=[drawing.INK] * len(CROWD), path=path)
    boxes = {note.get_text(): Text.get_window_extent(note) for note in ax.texts}
    moved = [note for note in ax.texts if note.arrow_patch is not None]
    assert moved  # it is so crowded that some labels had to move away
    for note in moved:
        box = boxes[note.get_text()]
        start = box.x0 if note.get_ha() == "left" else box.x1
        leader = Path2D([note.xy, (start, (box.y0 + box.y1) / 2)])
        others = [name for name in boxes if name != note.get_text()]
        struck = [name for name in others if leader.intersects_bbox(boxes[name], filled=False)]
        assert not struck, (note.get_text(), struck)


@pytest.mark.parametrize("lowest", [0.0, 0.2, 0.51, 0.7, 0.83, 0.92, 0.97, 0.999])
def test_a_score_axis_has_enough_lines_and_room_for_what_is_drawn(lowest):
    for which, most in (("y", 9), ("x", 6)):
        ax = panel()
        drawing.score_axis(ax, which, lowest)
        axis, (start, end) = (ax.yaxis, ax.get_ylim()) if which == "y" else (ax.xaxis, ax.get_xlim())
        assert start < lowest
        assert end > 1
        assert 3 <= len(axis.get_ticklocs()) <= most
        assert len({label.get_text() for label in axis.get_ticklabels()}) == len(axis.get_ticklocs())
    drawing.score_axis(ax, "y", 0.55, 0.86)  # published curves end far below 1
    assert ax.get_ylim()[1] < 0.95


def test_tasks_that_are_numbers_are_shown_by_the_name_of_their_data():
    task = "rows:300:destroyed:openml:361072"
    with style.recorded({}, {task: "cpu_act", "embedded:digits": "optdigits"}):
        assert style.task_title("openml:361072") == "cpu_act (361072)"
        assert style.task_title(task) == "cpu_act (361072), destroyed, 300 rows"
        assert style.task_title("openml:3") == "openml:3"
        assert style.task_title("embedded:digits") == "digits"
    assert style.task_title("openml:361072") == "openml:361072"
