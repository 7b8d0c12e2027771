"""Critical differences against Demšar's published example, scikit-posthocs, autorank and hand-made tables."""

import numpy as np
import pandas as pd
import pytest

from reports import statistics

# AUC of Demšar (2006), table 6; his mean ranks are 3.143, 2.000, 2.893 and 1.964. He ranked before rounding:
# in the last row but one, cf and m+cf are both printed as 0.975 and have ranks 2 and 3
DEMSAR = pd.DataFrame(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.975, 0.9749],
        [0.957, 0.978, 0.946, 0.970],
    ],
    columns=["C4.5", "m", "cf", "m+cf"],
)


def scattered(seed, n, centres):
    noise = np.random.default_rng(seed).normal(size=(n, len(centres)))
    return pd.DataFrame(noise + np.array(centres), columns=list("abcdefgh"[: len(centres)]))


def test_nemenyi_gives_what_demsar_published():
    strict = statistics.critical_difference(DEMSAR, 0.05, method="nemenyi")
    assert list(strict.ranks) == ["m+cf", "m", "cf", "C4.5"]
    assert list(strict.ranks.values()) == pytest.approx([1.964, 2.000, 2.893, 3.143], abs=0.0005)
    assert strict.distance == pytest.approx(1.25, abs=0.005)
    assert strict.cliques == [("m+cf", "m", "cf", "C4.5")]  # "not powerful enough"
    loose = statistics.critical_difference(DEMSAR, 0.10, method="nemenyi")
    assert loose.distance == pytest.approx(1.12, abs=0.005)
    assert loose.cliques == [("m+cf", "m", "cf"), ("cf", "C4.5")]  # C4.5 is worse than two of the three
    assert loose.n == 14
    omnibus = statistics.friedman(DEMSAR)
    assert loose.p == omnibus.p
    # he has 9.28 without a correction for the ties of two, two, four and two
    assert omnibus.statistic * (1 - 78 / (14 * 60)) == pytest.approx(9.28, abs=0.005)


def test_wilcoxon_cliques_of_a_table_made_by_hand():
    # a is above b and b above c on all 16 sources; d is above c on 8 and below it on 8 by equal amounts
    level = np.arange(16) / 100
    sign = np.where(np.arange(16) % 2, 1, -1) * (1 + np.arange(16) // 2)
    scores = pd.DataFrame({"d": level + sign / 1000, "c": level, "a": level + 0.2, "b": level + 0.1})
    result = statistics.critical_difference(scores)
    assert result.ranks == {"a": 1.0, "b": 2.0, "d": 3.5, "c": 3.5}
    assert result.cliques == [("d", "c")]
    assert result.distance is None
    assert (result.n, result.alpha, result.method) == (16, 0.05, "wilcoxon")


def test_overlapping_cliques_are_both_told():
    # steps of one sixth of the spread: neighbours are alike, the ends are not
    scores = scattered(3, 20, [1.4, 0.7, 0.0])
    differ = statistics.wilcoxon(scores)["p_holm"] <= 0.05
    assert differ.to_dict() == {("a", "c"): True, ("b", "c"): False, ("a", "b"): False}
    assert statistics.critical_difference(scores).cliques == [("a", "b"), ("b", "c")]


def test_no_clique_holds_a_pair_that_differs_and_none_could_be_longer():
    for seed in range(15):
        scores = scattered(seed, 14, np.linspace(0, 1.5, 5))
        result = statistics.critical_difference(scores)
        differ = {frozenset(p) for p in statistics.wilcoxon(scores).query("p_holm <= 0.05").index}
        order = list(result.ranks)
        alike = {
            tuple(order[i:j])
            for i in range(5)
            for j in range(i + 2, 6)
            if not any(pair <= set(order[i:j]) for pair in differ)
        }
        longest = {run for run in alike if not any(set(run) < set(other) for other in alike)}
        assert set(result.cliques) == longest
        assert len(result.cliques) == len(longest)


def test_equal_candidates_are_one_clique_by_either_method():
    scores = pd.DataFrame(np.ones((12, 4)), columns=list("abcd"))
    for method in ("wilcoxon", "nemenyi"):
        assert statistics.critical_difference(scores, method=method).cliques == [("a", "b", "c", "d")]


def test_nemenyi_depends_on_who_else_takes_part_and_wilcoxon_does_not():
    # Benavoli et al. (2016): b is a shade below a everywhere; fillers between the two drive their ranks apart
    rng = np.random.default_rng(5)
    a = rng.normal(size=14)
    b = a - np.where(np.arange(14) < 11, 0.02, -0.02)
    alone = pd.DataFrame({"a": a, "b": b, "z": a - 9})
    between = pd.DataFrame({f"f{i}": (a + b) / 2 + (i - 3) / 1000 for i in range(7)})
    crowd = pd.concat([alone, between], axis=1)

    def apart(scores, **how):
        return not any({"a", "b"} <= set(c) for c in statistics.critical_difference(scores, **how).cliques)

    assert apart(crowd, method="nemenyi")
    assert not apart(alone, method="nemenyi")
    p = [statistics.wilcoxon(scores)["p"] for scores in (alone, crowd)]
    assert p[0][("a", "b")] == p[1][("a", "b")]


def test_nemenyi_equals_scikit_posthocs():
    import scikit_posthocs as posthocs

    decided = 0
    for seed in range(10):
        scores = scattered(seed, 15, [0, 0.4, 0.8, 1.2])
        p = posthocs.posthoc_nemenyi_friedman(scores)
        result = statistics.critical_difference(scores, method="nemenyi")
        for a in scores:
            for b in scores:
                far = abs(result.ranks[a] - result.ranks[b]) >= result.distance
                assert far == (p.loc[a, b] <= 0.05)
                decided += far
    assert 20 <= decided <= 100  # both answers were seen


def test_ranks_and_distance_equal_those_of_autorank():
    import autorank

    rng = np.random.default_rng(0)
    scores = pd.DataFrame(rng.exponential(size=(18, 4)) + np.array([0, 0.5, 1, 2]), columns=list("abcd"))
    theirs = autorank.autorank(scores, alpha=0.05, force_mode="nonparametric", order="descending")
    ours = statistics.critical_difference(scores, method="nemenyi")
    assert ours.distance == pytest.approx(theirs.cd, rel=1e-3)
    assert ours.p == pytest.approx(theirs.pvalue)
    assert ours.ranks == pytest.approx(theirs.rankdf["meanrank"].to_dict())


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(ValueError, match="at least 12 independent sources, got 11"):
        statistics.critical_difference(scattered(0, 11, [0, 0, 0]))
    with pytest.raises(ValueError, match="at least 3 candidates, got 2"):
        statistics.critical_difference(scattered(0, 12, [0, 0]))
    with pytest.raises(ValueError, match="one of wilcoxon, nemenyi, got 'bonferroni'"):
        statistics.critical_difference(scattered(0, 12, [0, 0, 0]), method="bonferroni")
    with pytest.raises(ValueError, match="between 0 and 1, got 5"):
        statistics.critical_difference(scattered(0, 12, [0, 0, 0]), 5)
    with pytest.raises(ValueError, match="1 missing cells, the first at 3 x 'b'"):
        statistics.critical_difference(scattered(0, 12, [0, 0, 0]).mask(lambda s: s == s.loc[3, "b"]))
