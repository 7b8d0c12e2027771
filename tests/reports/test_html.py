"""The page: every text stays text, nothing is fetched, everything can be read without seeing colours."""

import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from benchmarks.budget import BEYOND
from reports import flags, html, style, tables
from reports.summary import summarise

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
FORMULA = '=HYPERLINK("http://example.com","click")'


def page_of(frame, *, drawn=False, without=None, **study):
    """The page of a frame, by default without its drawings, which take seconds."""
    study = {"name": "starter", "title": "Starter", "settings": {}, **study}
    summary = summarise(frame, study, rng=np.random.default_rng(0), without=without)
    if drawn:
        return html.page(summary)
    with mock.patch.object(html, "drawing", undrawn):
        return html.page(summary)


def undrawn(name, figure, table, summary):
    blank = "svg"
    return {
        **{"name": name, "title": figure.title, "wide": blank, "narrow": blank, "csv": "data:,"},
        **{"caption": figure.caption(summary), "numbers": tables.numbers(table, figure.columns)},
    }


class Page(HTMLParser):
    """Elements, their attributes and texts."""

    VOID = ("meta", "link", "br", "img", "input", "hr")

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.ids, self.open = [], [], [], []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def evil_page():
    import runpy
    from pathlib import Path

    conftest = runpy.run_path(str(Path(__file__).parent / "conftest.py"))
    tasks = {EVIL: ("o1", "image", "classification", [0.9, 0.95, 0.8, 0.7, 0.6, 0.1]), **conftest["TASKS"]}
    tasks[FORMULA] = (FORMULA, "tabular", "classification", [0.9, 0.8, 0.8, 0.7, 0.6, 0.1])
    frame = conftest["make_frame"](tasks=tasks, trials=2)
    frame = conftest["fail"](frame, "plaid", "lstm", "error", f"ValueError: class {EVIL!r} is not in y")
    frame["task"] = frame["task"].str.removeprefix("embedded:")
    frame["candidate"] = frame["candidate"].replace({"mlp": f"my {EVIL}"})
    frame["metric"] = frame["metric"].replace({"r2": EVIL})
    frame["environment"] = [{**e, "cpu": EVIL} for e in frame["environment"]]
    text = page_of(frame, drawn=True, title=EVIL, name=EVIL, declared=f"# {EVIL}", settings={"next": EVIL})
    return text, Page(text)


def test_what_users_name_stays_text(evil_page):
    _, page = evil_page
    assert not page.all("script")
    assert not page.all("img")
    assert not [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)]
    assert (
        sum(EVIL in t for t in page.texts) >= 6
    )  # title, tasks, candidate, metric, environment, declaration
    assert any(f"ValueError: class {EVIL!r}" in t for t in page.texts)


def test_the_page_fetches_nothing(evil_page):
    text, page = evil_page
    for tag, attrs in page.elements:
        for name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            assert attrs.get(name, "#").startswith(("#", "data:")), (tag, attrs)
    assert not re.search(r"@import|url\((?!#)", text)
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert len(text.encode()) < 5_000_000


def test_tables_behind_figures_are_one_click_away_and_harmless(evil_page):
    _, page = evil_page
    links = {a["download"]: a["href"] for a in page.all("a") if "download" in a}
    assert len(links) >= 5
    for address in links.values():
        content = base64.b64decode(address.partition("base64,")[2]).decode()
        table = pd.read_csv(io.StringIO(content), dtype=str)
        for text in [*table.columns, *table.to_numpy().ravel()]:
            assert not re.match(r"[=+@\t\r]|-(?![\d.])", str(text))
    assert any(
        FORMULA.replace('"', '""') in base64.b64decode(a.partition(",")[2]).decode() for a in links.values()
    )


def test_structure_that_nobody_declared_is_not_counted_as_wrong(make):
    frame = make().assign(structure=None)
    text = page_of(frame)
    assert "Nobody declared the structure of a task; on " in text
    assert "took unknown for" not in text
    frame.loc[frame["task"] == "embedded:bike", "structure"] = "image"
    text = page_of(frame)
    assert "The structure was not the declared one on 1 of 1 tasks of which it is known; on " in text
    assert text.count("took image for tabular") == 1


def test_the_page_is_accessible(evil_page):
    _, page = evil_page
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert len(page.ids) == len(set(page.ids))
    used = {attrs.get("href", "#")[1:] for tag, attrs in page.elements if tag == "use"}
    assert used
    assert used <= set(page.ids)
    assert all("scope" in th for th in page.all("th"))
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in page.all("svg"))
    targets = {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")}
    assert targets <= set(page.ids)
    regions = [attrs for _, attrs in page.elements if attrs.get("role") == "region"]
    assert all("aria-label" in r and r.get("tabindex") == "0" for r in regions)
    assert any(":root" in t and "prefers-color-scheme: dark" in t for t in page.texts)


def test_best_and_failed_are_told_without_colour(frame, failing):
    text = page_of(failing(frame, "plaid", "lstm"))
    row = re.search(r"<tr><th scope=\"row\" class=\"name\">plaid</th>.*?</tr>", text, flags=re.S).group(0)
    assert 'class="failed">time limit<' in row
    assert row.count('class="best"') == 1
    assert "took more than 60 s" in text
    css = text[: text.index("</style>")]
    assert re.search(r"\.best::before \{ content: \"\S", css)  # a mark beside the weight


def test_a_partly_failed_task_says_how_much(frame):
    frame = frame.copy()
    hit = (frame["task"] == "embedded:adult") & (frame["candidate"] == "cnn") & (frame["fold"] == 1)
    frame.loc[hit, ["validation", "test"]], frame.loc[hit, "status"] = np.nan, "out_of_memory"
    assert "1 of 2 out of memory" in page_of(frame)


def test_an_unfinished_study_says_so_at_the_top(frame):
    frame = frame.copy()
    hit = (frame["task"] == "embedded:bike") & (frame["candidate"] == "lstm")
    frame.loc[hit, ["validation", "test"]], frame.loc[hit, "status"] = np.nan, "pending"
    text = page_of(frame)
    assert text.index("Unfinished study: 1 of 17 tasks") < text.index("<nav")
    assert "embedded:bike: 2 of 14 cells are not finished" in text


def test_the_rule_and_who_stopped_early_are_told(make):
    frame = make(trials=3)
    late = (frame["candidate"] == "mlp") & (frame["trial"] == 2) & (frame["task"] == "embedded:bike")
    frame.loc[late, ["status", "validation", "test", "fit_seconds"]] = [BEYOND, np.nan, np.nan, np.nan]
    text = page_of(frame, settings={"protocol": {"name": "paper", "early_stopping": "sensible"}})
    assert "Protocol paper: rows split at random, one by one; at most 10,000 to train" in text
    assert "spaces of the paper; boosted trees stop early." in text
    assert "Beyond the budget of a search, and no part of it: mlp 1 of 51 trials." in text
    assert "Scale: 1 the best test score of all candidates and trials" in text
    assert "beyond budget" not in text.partition('id="failures"')[2].partition('id="environment"')[0]
    assert "XGBoost grows all trees, as published." in page_of(
        frame, settings={"protocol": {"name": "paper"}}
    )


def test_the_odds_of_a_pair_speak_of_the_population_and_not_of_one_more_source(frame):
    section = page_of(frame).partition("<h3>Pairs</h3>")[2].partition("<h3>Ratings</h3>")[0]
    assert "posterior probabilities about the population of tasks" in section
    assert "First mostly better" in section
    assert "further source" not in section


def test_unequal_searches_are_told_where_means_and_pairs_stand(make):
    frame = make(trials=3)
    same = page_of(frame)
    assert "p at k each" not in same
    assert "Each candidate tried 3 configurations on a task" in same
    text = page_of(frame[~(frame["candidate"].isin(["cnn", "lstm"]) & (frame["trial"] > 0))])
    told = "3 of Boosted trees, MLP and Linear; 1 of CNN and LSTM."
    assert told in text.partition("Means, ranks and wins")[2].partition("<table")[0]
    assert told in text.partition("<dt>Protocol</dt>")[2].partition("</dd>")[0]
    pairs = text.partition("<h3>Pairs</h3>")[2].partition("<h3>Ratings</h3>")[0]
    assert "did not try equally many configurations" in pairs
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", pairs)
    k = {pair: re.findall(r"<td[^>]*>(.*?)</td>", cells)[4] for pair, cells in rows}
    assert k["Boosted trees against CNN"] == k["CNN against LSTM"] == "1"
    assert k["Boosted trees against MLP"] == "3"
    assert "p at k each" in pairs
    widths = {len(re.findall(r"<t[dh]", cells)) for _, cells in rows}
    assert widths == {pairs.partition("</thead>")[0].count("<th ") - 1}


def test_sections_follow_what_the_study_has(make):
    frame = make(trials=3)
    few = frame[frame["task"].isin(["embedded:digits", "embedded:textures"])]
    searched = page_of(few)
    assert 'id="search"' in searched
    assert 'id="advisor"' in searched
    assert "at least 12 independent sources" in searched
    assert "All tasks" not in searched  # one structure is all tasks
    bare = page_of(few[(few["candidate"].isin(["gbt", "linear", "dummy"])) & (few["trial"] == 0)])
    assert 'id="search"' not in bare
    assert 'id="advisor"' not in bare


@pytest.mark.parametrize("structure", ["image", "tabular"])
def test_one_task_is_enough(frame, structure):
    task = frame.loc[frame["structure"] == structure, "task"].iloc[0]
    text = page_of(frame[frame["task"] == task])
    assert "1 task from 1 source" in text
    assert "nan" not in re.sub(r"data:[^\"]*", "", text).lower()


def test_leaving_tasks_out_tells_both_verdicts(frame):
    text = page_of(frame, without=flags.chosen("bike,embedded:digits", frame))
    assert "15 tasks from 14 sources" in text
    note = text[: text.index("<nav")]
    assert "With 2 tasks left out" in note
    section = text[text.index('id="flags"') : text.index('id="tasks"')]
    assert "(3 tasks from 3 sources)" in section
    assert "(4 tasks from 4 sources)" in section
    assert "embedded:bike: asked for" in section


def test_flagged_tasks_are_told_with_their_source(frame):
    frame = frame.assign(task=frame["task"].str.replace("embedded:bike", "openml:361110"))
    frame.loc[frame["task"] == "openml:361110", "origin"] = "electricity"
    text = page_of(frame)
    assert "--without @leaks" in text[: text.index("<nav")]
    assert "@leaks: openml:361110: named among" in text
    with style.recorded({}, {"openml:361110": "electricity"}):
        assert "@leaks: electricity (361110): named among" in page_of(frame)
    assert "arXiv:2406.19380" in text


def test_where_the_advice_was_wrong_says_why(frame):
    section = page_of(frame).partition("Where the advice was wrong, and why")[2].partition("All advice")[0]
    row = re.search(r"<tr><th[^>]*>plaid</th>.*?</tr>", section, flags=re.S).group(0)
    assert "advised LSTM, best was Boosted trees" in row
    assert "neighbouring columns agree by 0.21" in row


def test_every_number_says_how_it_was_made(frame):
    page = Page(page_of(frame))
    titles = [attrs.get("title", "") for tag, attrs in page.elements if tag == "td" and attrs.get("class")]
    assert any(re.search(r"Images: 4 tasks, 4 sources, up to 2 splits each", t) for t in titles)
    assert any(t.startswith("95%, Student’s, from how much sources differ") for t in titles)
    assert any(re.match(r"2 splits: 0\.\d+ to 0\.\d+", t) for t in titles)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_runs_and_fetches_nothing(evil_page, tmp_path):
    text, _ = evil_page
    trap = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    (tmp_path / "page.html").write_text(text.replace("alert(1)", "document.title='owned'"))
    (tmp_path / "trap.html").write_text(f"<title>fine</title>{trap}")

    def title_of(name):
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        address = (tmp_path / name).as_uri()
        run = subprocess.run(
            [CHROMIUM, *options, "--dump-dom", address], capture_output=True, text=True, timeout=120
        )
        return re.search(r"<title>(.*?)</title>", run.stdout, flags=re.S).group(1)

    assert title_of("trap.html") == "owned"  # the browser does run scripts
    assert title_of("page.html").endswith(": report")


@pytest.mark.slow
def test_a_study_as_large_as_the_papers_stays_small(large):
    summary = summarise(
        large(60, 10, 400), {"name": "big", "title": "Big", "settings": {}}, rng=np.random.default_rng(0)
    )
    text = html.page(summary)
    assert len(text.encode()) < 5_000_000
    assert len(Page(text).all("svg")) == 2 * 7
