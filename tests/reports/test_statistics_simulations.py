"""What the statistics promise, counted over simulated benchmarks of which the truth is known."""

from pathlib import Path

import numpy as np
import pandas as pd

from reports import statistics

RNG = np.random.default_rng
PAGE = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text()
SOURCES = (2, 3, 5, 8, 12, 20, 30)
MADE = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "skewed": lambda rng, shape: rng.exponential(size=shape),
    "near the best": lambda rng, shape: 1 - np.clip(rng.exponential(0.15, size=shape) - 0.05, 0, 1),
}


def benchmark(rng, n, centres):
    """Sources differ in difficulty, which all candidates share."""
    values = rng.normal(size=(n, 1)) * 3 + rng.normal(size=(n, len(centres))) + np.array(centres)
    return pd.DataFrame(values, columns=list("abcdef"[: len(centres)]))


def test_holm_keeps_false_alarms_at_the_level_and_no_correction_does_not():
    rng = RNG(0)
    runs = [statistics.wilcoxon(benchmark(rng, 15, [0, 0, 0, 0])) for _ in range(250)]
    corrected = np.mean([(run["p_holm"] <= 0.05).any() for run in runs])
    bare = np.mean([(run["p"] <= 0.05).any() for run in runs])
    # standard error 0.014; Holm is a little cautious, since the six pairs hang together
    assert 0.005 <= corrected <= 0.085
    assert bare > 0.12


def test_holm_keeps_them_also_where_one_candidate_does_differ():
    rng = RNG(1)
    true = [("a", "b"), ("a", "c"), ("b", "c")]
    false_alarms, found = 0, 0
    for _ in range(250):
        p = statistics.wilcoxon(benchmark(rng, 15, [0, 0, 0, 3]))["p_holm"]
        false_alarms += (p[true] <= 0.05).any()
        found += (p.drop(true) <= 0.05).all()
    assert 0.01 <= false_alarms / 250 <= 0.095
    assert found / 250 > 0.95


def test_nemenyi_splits_equal_candidates_no_more_often_than_the_level_says():
    rng = RNG(2)
    tables = [benchmark(rng, 15, [0, 0, 0, 0]) for _ in range(150)]
    results = [statistics.critical_difference(table, method="nemenyi") for table in tables]
    split = np.mean([[len(clique) for clique in result.cliques] != [4] for result in results])
    assert 0.005 <= split <= 0.105  # standard error 0.018


def test_the_page_tells_how_often_intervals_of_few_sources_hold_the_truth():
    rng, runs = RNG(0), 4_000
    rows = []
    for name, make in MADE.items():
        truth, told = float(make(rng, 2_000_000).mean()), []
        for k in SOURCES:
            values = pd.DataFrame(make(rng, (k, runs)))  # a column is a study
            found = statistics.interval(values, clusters=pd.Series(range(k)))
            held = (found["low"] <= truth) & (truth <= found["high"])
            told.append(f"{held.mean():.0%}{percentiles(values, rng, truth)}")
        rows.append(f"| {name} | {' | '.join(told)} |")
    missing = [row for row in rows if row not in PAGE]
    assert not missing, "docs/statistics.md has not\n" + "\n".join(missing)


def percentiles(values, rng, truth):
    """How often the percentile bootstrap holds it, in brackets; too seldom below 20 sources to be used."""
    k, few = len(values), values.to_numpy()[:, :1_000]
    means = rng.multinomial(k, np.full(k, 1 / k), size=1_000) @ few / k
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return f" ({((low <= truth) & (truth <= high)).mean():.0%})"


def test_intervals_cover_with_twenty_origins_and_naive_ones_do_not():
    rng, k, runs = RNG(3), 20, 300
    clustered = naive = 0
    for run in range(runs):  # 1 to 5 tasks an origin that share most of their value
        sizes = rng.integers(1, 6, size=k)
        shared = np.repeat(rng.standard_normal(k), sizes)
        table = pd.DataFrame({"a": shared + 0.4 * rng.standard_normal(len(shared)), "b": 0.0})
        origin = pd.Series(np.repeat(np.arange(k), sizes).astype(str), index=table.index)
        clustered += covers(table, origin)
        if run < 100:
            naive += covers(table, pd.Series(table.index.astype(str), index=table.index))
    text = " ".join(PAGE.split())
    assert f"{clustered} of 300 intervals of a difference hold the truth" in text
    assert f"of those that take tasks for origins {naive} of 100." in text


def covers(table, clusters):
    """Does the interval hold the true difference, 0?"""
    gap = (table["a"] - table["b"]).to_frame("gap")
    result = statistics.interval(gap, clusters=clusters).loc["gap"]
    return result["low"] <= 0 <= result["high"]


def test_ratings_cover_the_strengths_that_made_the_scores():
    # the gaps of two Gumbel draws are logistic, so that the scores follow the model itself
    truth = np.array([0.0, 0.4, 1.0])
    expected = 1000 + 400 / np.log(10) * (truth - truth.mean())
    rng = RNG(4)
    covered = np.zeros(3)
    for _ in range(120):
        table = pd.DataFrame(truth + rng.gumbel(size=(30, 3)), columns=list("abc"))
        own = pd.Series(table.index.astype(str), index=table.index)
        result = statistics.bradley_terry(table, clusters=own, rng=rng, resamples=150).loc[list("abc")]
        covered += (result["low"].to_numpy() <= expected) & (expected <= result["high"].to_numpy())
    assert ((covered / 120 >= 0.85) & (covered / 120 <= 0.995)).all()  # standard error 0.02
