"""Numbers that README and docs/studies.md quote of published studies, computed again from their results."""

import json
import re
import tomllib
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from benchmarks import curves, scores
from benchmarks.advisor.published import PUBLISHED
from benchmarks.advisor.published import read as read_outcomes
from benchmarks.advisor.regret import rows_of
from benchmarks.claims.base import Verdict, effect, with_limits
from reports import agreement, published, statistics
from reports.figures import sizes
from reports.significance import significance
from reports.summary import summarise

ROOT = Path(__file__).parents[2]
README, STUDIES = ((ROOT / name).read_text() for name in ("README.md", "docs/studies.md"))
NAMES = {
    **{"hist_gradient_boosting": "histogram boosting", "gradient_boosting": "gradient boosting"},
    **{"random_forest": "random forest", "cnn": "CNN over columns", "ft_transformer": "FT-Transformer"},
    **{"mlp": "perceptron", "resnet": "ResNet", "lstm": "LSTM over columns", "linear": "linear model"},
}
TREES = ["gbt", "random_forest", "gradient_boosting", "hist_gradient_boosting"]
NETWORKS = ["mlp", "resnet", "ft_transformer", "cnn", "lstm"]


def published_study(name):
    """What the report of a published study says, from its results file."""
    frame = pd.read_parquet(ROOT / "reports" / "published" / name / "results.parquet")
    for column in ("extra", "environment"):
        frame[column] = frame[column].map(json.loads)
    frame["structure"] = frame["structure"].str.removesuffix(" destroyed")
    settings = tomllib.loads((ROOT / "benchmarks" / "studies" / f"{name}.toml").read_text())
    study = {"name": name, "title": settings["title"], "settings": settings}
    return summarise(frame, study, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def finding():
    return published_study("finding")


@pytest.mark.parametrize(
    ("shown", "study", "figure"),
    [
        ("finding", "finding", "finding"),
        ("curves", "finding", "curves"),
        ("sizes", "structures", "sizes"),
        ("starter", "starter", "finding"),
    ],
)
def test_figures_of_the_pages_are_those_of_the_published_studies(shown, study, figure):
    page = ROOT / "docs" / "figures" / f"{shown}.svg"
    assert (
        page.read_bytes()
        == (ROOT / "reports" / "published" / study / "figures" / f"{figure}.svg").read_bytes()
    )


def test_the_readme_quotes_the_starter_study_as_it_is():
    starter = published_study("starter")
    text = " ".join(README.partition("**By structure.**")[2].partition("![Lead over")[0].split())
    table = starter.verdict.set_index(["structure", "candidate"])
    mean, wins = table["mean_normalised_score"], table["wins"]
    trees, network = mean["tabular", "gbt"], mean["tabular", "cnn"]
    assert f"with a mean of {trees:.2f} where the convolution over the columns has {network:.2f}" in text
    words = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
    assert f"The convolution is best on all {words[wins['image', 'cnn']]} sets of pictures" in text
    counts = [words[wins["sequence", name]] for name in ("cnn", "gbt", "lstm")]
    assert "best on {}, boosted trees on {}, the LSTM on {}".format(*counts) in text
    assert f"On the eight tables boosted trees are best on {words[wins['tabular', 'gbt']]}" in text


def section(text, heading):
    """The part of a page below a heading, up to the next of its level or a higher one."""
    level = heading.partition(" ")[0]
    return re.split(rf"^#{{1,{len(level)}}} ", text.partition(f"{heading}\n")[2], flags=re.M)[0]


def assert_told(rows, heading):
    """Rows of a table stand below that heading of docs/studies.md."""
    missing = [row for row in rows if row not in section(STUDIES, heading)]
    assert not missing, "docs/studies.md has not\n" + "\n".join(missing)


def p_text(p):
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def holm_text(p):
    return "1" if p == 1 else p_text(p)


@pytest.fixture(scope="module")
def pairs(finding):
    """Boosted trees against each: tables ahead, level and behind, median of test scores, p and that of Holm.

    With ``again`` the last two after as many configurations of both.
    """
    names = [c for c in finding.candidates if c != scores.BASELINE]
    found = {}
    whole = statistics.wilcoxon(finding.normalised[names])
    tried = scores.searched(finding.frame).groupby("candidate").min()
    best = curves.best_so_far(finding.frame)
    again = {}
    for a, b in whole.index:
        k = min(tried[a], tried[b])
        both = pd.DataFrame({c: best.xs(c, level="candidate")[k] for c in (a, b)})
        again[a, b] = statistics.wilcoxon(both).iloc[0]["p"]
    again_holm = dict(zip(again, statistics.holm(np.array(list(again.values())))))
    for name in NAMES:
        apart = finding.test["gbt"] - finding.test[name]
        pair = ("gbt", name)
        found[name] = {
            "ahead": int((apart > 0).sum()),
            "level": int((apart == 0).sum()),
            "behind": int((apart < 0).sum()),
            "median": f"{apart.median():+.3f}",
            "p": p_text(whole.loc[pair, "p"]),
            "holm": holm_text(whole.loc[pair, "p_holm"]),
            "k": int(min(tried["gbt"], tried[name])),
            "p_k": p_text(again[pair]),
            "holm_k": holm_text(again_holm[pair]),
        }
    return found


def test_the_table_of_the_finding_is_that_of_its_results(pairs):
    rows = [
        f"| {NAMES[name]} | {' | '.join(str(value) for value in row.values())} |"
        for name, row in pairs.items()
    ]
    assert_told(rows, "## The finding")


def test_the_readme_quotes_the_finding_as_it_is(finding, pairs):
    text = " ".join(section(README, "## The finding").partition("**And on the paper's")[0].split())
    means = finding.verdict.query("structure == 'overall'").set_index("candidate")["mean_normalised_score"]
    assert f"Boosted trees (XGBoost) are first with {means['gbt']:.3f}" in text
    assert means.idxmax() == "gbt"
    assert f"{len(finding.frame):,} fits" in text
    hours = finding.frame["fit_seconds"].sum() / 3600
    assert f"{hours:.1f} hours of fits" in text
    quoted = re.findall(r"p (?:= )?(< 0\.001|\d\.\d+)", text)
    assert quoted
    true = {value for row in pairs.values() for value in (row["p"], row["holm"], row["p_k"], row["holm_k"])}
    true |= {f"{float(value):.2f}" for value in true if "<" not in value}
    assert set(quoted) <= true
    # a name, on how many of the tables trees are ahead of it, and the p-value that belongs to it
    known = "|".join(map(re.escape, NAMES.values()))
    told = re.findall(rf"({known}) on (\d+)(?: of 22 tables)? \(p (?:= )?(< 0\.001|\d\.\d+)", text)
    assert told
    by_title = {title: pairs[name] for name, title in NAMES.items()}
    for title, ahead, p in told:
        assert (int(ahead), p) in [(by_title[title]["ahead"], by_title[title][key]) for key in ("p", "p_k")]


def best_of_kinds(study):
    """Test score on each task of the tree ensemble and of the network that validation prefers."""
    chosen = scores.selected(study.frame)
    kinds = (chosen[chosen["candidate"].isin(group)] for group in (TREES, NETWORKS))
    return [kind.loc[kind.groupby("task")["validation"].idxmax()].set_index("task")["test"] for kind in kinds]


def assert_limits_are_told(study, text):
    for ended, of in re.findall(r"(\d+) of (\d+)", scores.cut_short(study.frame)):
        assert re.search(rf"\b{ended}\b", text), f"{ended} of {of} fits that the time limit ended"


def test_what_else_is_told_of_the_finding_is_so(finding):
    text = " ".join(section(STUDIES, "## The finding").split())
    trees, networks = best_of_kinds(finding)
    told = "the best of the four tree ensembles beats the best of the five networks on"
    assert f"{told} {(trees > networks).sum()} of" in text
    headline = agreement.told(finding, published.shipped()).headline
    trials, same, low, high = re.search(
        r"at (\d+) trials, .*?, (\d+ of \d+) pairs .*?; from (\d+) of \d+ to (\d+ of \d+) over", headline
    ).groups()
    assert f"at {trials} trials" in text
    assert f"{same} pairs" in text
    assert f"{low} to {high}" in text
    assert_limits_are_told(finding, text)
    assert f"all {(finding.frame['status'] == 'ok').sum():,} cells ok" in text


@pytest.fixture(scope="module")
def openml():
    return published_study("finding_openml")


def by_source(values, study):
    """Means over the tasks of a source, of which some data sets give several."""
    return values.groupby(study.tasks["origin"].loc[values.index]).mean()


def counted(apart):
    return f"{(apart > 0).sum()} | {(apart == 0).sum()} | {(apart < 0).sum()} | {apart.median():+.3f}"


def test_the_table_on_the_papers_tables_is_that_of_its_results(openml):
    tested = significance(openml).pairs.loc["gbt"]
    rows = []
    for name, title in NAMES.items():
        pair = tested.loc[name]
        told = [counted(openml.test["gbt"] - openml.test[name]), p_text(pair["p"]), holm_text(pair["p_holm"])]
        told += [f"{pair['k_low']:.0f}", p_text(pair["p_k"])]
        rows.append(f"| {title} | {' | '.join(told)} |")
    assert_told(rows, "## The same on the paper's tables")


def test_the_table_by_kind_of_target_is_that_of_its_results(openml):
    rows = []
    for name in NETWORKS:
        row = f"| {NAMES[name]} |"
        for kind in ("classification", "regression"):
            tasks = openml.tasks.index[openml.tasks["kind"] == kind]
            apart = (openml.test["gbt"] - openml.test[name]).loc[tasks]
            z = by_source((openml.normalised["gbt"] - openml.normalised[name]).loc[tasks], openml)
            ahead = f"{(apart > 0).sum()} to {(apart < 0).sum()}"
            row += f" {ahead} | {apart.median():+.3f} | {wilcoxon(z).pvalue:.3f} |"
        rows.append(row)
    assert_told(rows, "## The same on the paper's tables")


def test_what_else_is_told_of_the_papers_tables_is_so(openml):
    told = [" ".join(text.split()) for text in (README.partition("**And on the paper's")[2], STUDIES)]
    means = openml.verdict.query("structure == 'overall'").set_index("candidate")["mean_normalised_score"]
    trees, networks = best_of_kinds(openml)
    scale = openml.test.drop(columns="dummy").max(axis=1) - openml.test["dummy"]
    z = by_source((trees - networks) / scale, openml)
    same = re.search(r" (\d+) of 15 pairs", agreement.told(openml, published.shipped()).headline)[1]
    for text in told:
        for name in ("gbt", "hist_gradient_boosting", "ft_transformer"):
            assert f"({means[name]:.3f})" in text
        assert f"on {(trees > networks).sum()} of {len(trees)} tasks" in text
        assert f"p = {wilcoxon(z).pvalue:.3f}" in text
        assert f"by {(trees - networks).median():.3f} at the median" in text
        assert re.search(rf"\b{same} of (the )?15 pairs", text)
    assert f"{(z > 0).sum()} of {len(z)} sources" in told[1]
    assert f"{len(openml.frame):,} cells, all ok" in told[1]
    assert set(openml.frame["status"]) == {"ok"}
    assert f"{openml.frame['fit_seconds'].sum() / 3600:.1f} hours of fits" in told[1]
    assert_limits_are_told(openml, told[1])


def grown_anew():
    """Rows of the table: accuracy or R2 gained by growing boosted trees anew, mean over tables, interval."""
    kept, anew = (
        published_study(name).frame.set_index(["candidate", "task", "trial"])
        for name in ("finding", "finding_refit")
    )
    rows = []
    for name, title in (("gbt", "boosted trees (XGBoost)"), ("hist_gradient_boosting", "histogram boosting")):
        apart = (anew["test"] - kept["test"])[name]
        chosen = [
            f.loc[[name]].loc[f.loc[[name]].groupby("task")["validation"].idxmax(), "test"]
            for f in (anew, kept)
        ]
        best = np.subtract(*(c.droplevel(["candidate", "trial"]).sort_index() for c in chosen))
        effects = (effect("", of) for of in (apart.xs(0, level="trial"), best, apart.groupby("task").mean()))
        rows.append(f"| {title} | {' | '.join(map(with_limits, effects))} |")
    return rows


def test_what_growing_anew_is_worth_is_that_of_its_results():
    rows = grown_anew()
    assert_told(rows, "## The finding")
    chosen = re.match(r"\+(\S+) \[(\S+), (\S+)\]", rows[0].split(" | ")[2])
    assert "score {} more (95% {} to {})".format(*chosen.groups()) in " ".join(README.split())


def test_the_table_of_sizes_is_that_of_its_results():
    table = sizes.data(published_study("structures")).set_index(
        ["structure", "candidate", "destroyed", "rows"]
    )
    text = section(STUDIES, "## From what size a bias pays")
    columns = [("image", "cnn"), ("image", "lstm"), ("sequence", "cnn"), ("sequence", "lstm")]
    labels = re.findall(r"^\| ([\d,]+)(, destroyed)? \|", text, flags=re.M)
    assert len(labels) == 6
    rows = []
    for size, destroyed in labels:
        at = [(*column, bool(destroyed), int(size.replace(",", ""))) for column in columns]
        cells = [
            f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"
            for mean, low, high in (table.loc[key, ["mean", "low", "high"]] for key in at)
        ]
        rows.append(f"| {size}{destroyed} | {' | '.join(cells)} |")
    assert_told(rows, "## From what size a bias pays")
    means = table["mean"].sort_index().round().astype(int)
    pictures = (means["image", "cnn", False, size] for size in (100, 3000))
    readme = " ".join(README.split())
    assert "by {} points of accuracy there and by {} at 3,000".format(*pictures) in readme
    ahead = means["sequence", "cnn", False]
    assert f"it is {ahead.min()} to {ahead.max()} points ahead" in readme


# ---- what the advice costs, and the claims ----

CALIBRATION, CLAIMS = ((ROOT / "docs" / name).read_text() for name in ("calibration.md", "claims.md"))
COSTS = {
    "advice": r"the family advised is ([\d.]+) points",
    "train all three, choose on half of the held-out rows": r"choosing on held-out rows loses ([\d.]+),",
    "textbook: image cnn, sequence lstm, table gbt": r"the textbook's LSTM for sequences ([\d.]+),",
    "random forest on meta-features": r"a random forest on meta-features ([\d.]+),",
    "always cnn": r"always the CNN loses ([\d.]+),",
    "always gbt": r"always boosted trees ([\d.]+)\.",
}


def cost(chooser):
    return float(re.search(rf"^\| {re.escape(chooser)} \| ([\d.]+) \|", CALIBRATION, re.M)[1])


@pytest.mark.parametrize("chooser", COSTS)
def test_the_readme_quotes_what_the_advice_costs(chooser):
    text = " ".join(README.partition("**What the advice costs.**")[2].split())
    assert float(re.search(COSTS[chooser], text)[1]) == pytest.approx(cost(chooser), abs=0.0501)


@pytest.mark.parametrize("family", ["cnn", "gbt"])
def test_what_one_family_costs_is_that_of_the_published_outcomes(family):
    measured = rows_of(read_outcomes(PUBLISHED))[0]
    assert (len(measured), measured["set"].nunique(), measured["origin"].nunique()) == (455, 170, 113)
    scores_ = measured[["cnn", "lstm", "gbt"]].clip(lower=0)  # an R2 below 0 counts as 0
    lost = (scores_.max(axis=1) - scores_[family]).groupby(measured["origin"]).mean().mean()
    assert 100 * lost == pytest.approx(cost(f"always {family}"), abs=0.00501)


def test_the_readme_counts_the_verdicts_of_the_claims():
    verdicts = re.findall(r"^\| \d+ [^|]+ \| ([^|]+) \|", CLAIMS, re.M)
    words = [
        "none",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    ]
    counts = [verdicts.count(verdict) for verdict in get_args(Verdict)]
    assert (len(verdicts), sum(counts)) == (17, 17)
    text = " ".join(README.partition("**Seventeen claims put to the test.**")[2].split())
    told = re.search(
        r"(\w+) holds?, (\w+) holds? with a limit, (\w+) do(?:es)? not hold, and (\w+) are not decided", text
    )
    held, limited, refuted, undecided = (words.index(word) for word in told.groups())
    assert [held, limited, undecided, refuted] == counts
