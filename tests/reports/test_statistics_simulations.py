"""What the statistics promise, counted over simulated benchmarks of which the truth is known."""

import numpy as np
import pandas as pd

from reports import statistics

RNG = np.random.default_rng


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


def test_the_cluster_bootstrap_covers_with_twenty_origins_and_a_naive_one_does_not():
    rng, k, runs = RNG(3), 20, 300
    clustered = naive = 0
    for run in range(runs):  # 1 to 5 tasks an origin that share most of their value
        sizes = rng.integers(1, 6, size=k)
        shared = np.repeat(rng.standard_normal(k), sizes)
        table = pd.DataFrame({"a": shared + 0.4 * rng.standard_normal(len(shared)), "b": 0.0})
        origin = pd.Series(np.repeat(np.arange(k), sizes).astype(str), index=table.index)
        clustered += covers(table, origin, rng)
        if run < 100:
            naive += covers(table, pd.Series(table.index.astype(str), index=table.index), rng)
    assert (
        0.88 <= clustered / runs <= 0.975
    )  # nominal 0.95, of 20 origins a little less; standard error 0.014
    assert naive / 100 < 0.85


def covers(table, clusters, rng):
    """Does the interval hold the true difference, 0?"""
    gap = (table["a"] - table["b"]).to_frame("gap")
    result = statistics.bootstrap(gap, clusters=clusters, rng=rng, resamples=300).loc["gap"]
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
