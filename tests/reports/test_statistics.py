"""Statistics against scipy, closed forms and tables worked out by hand."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reports import statistics

RNG = np.random.default_rng


def table(values, columns="abcdef"):
    values = np.asarray(values, dtype=float)
    return pd.DataFrame(
        values, index=[f"t{i}" for i in range(len(values))], columns=list(columns[: values.shape[1]])
    )


def own(frame):
    """Every task its own origin."""
    return pd.Series(frame.index, index=frame.index)


def test_means_are_those_of_the_hand_worked_table():
    ranks = table([[4, 3, 2, 1], [1, 2, 3, 4], [4, 2, 3, 1], [4, 1.5, 3, 1.5], [3, 2, 4, 1]])
    assert statistics.mean_rank(ranks).to_dict() == {"d": 1.7, "b": 2.1, "c": 3.0, "a": 3.2}
    scores = table([[1, 0], [0.5, 1], [0, 0.8]])
    assert statistics.mean_score(scores).to_dict() == pytest.approx({"b": 0.6, "a": 0.5})
    assert list(statistics.mean_score(scores).index) == ["b", "a"]


def test_win_tie_loss_counts_every_task_once():
    scores = table([[0.9, 0.8], [0.8, 0.8], [0.5, 0.51], [0.1, 0.9]])
    assert statistics.win_tie_loss(scores, "a", "b") == (1, 1, 2)
    assert statistics.win_tie_loss(scores, "b", "a") == (2, 1, 1)
    assert statistics.win_tie_loss(scores, "a", "b", tie=0.011) == (1, 2, 1)


def test_the_interval_of_single_task_clusters_is_students():
    values = table(RNG(0).gamma(2.0, size=(25, 2)))
    ours = statistics.interval(values, clusters=own(values), level=0.9)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert ours["mean"].tolist() == pytest.approx(values.mean().tolist())
    assert ours["low"].tolist() == pytest.approx(theirs.low.tolist())
    assert ours["high"].tolist() == pytest.approx(theirs.high.tolist())


def test_the_interval_of_unequal_clusters_by_hand():
    values = table([[1.0], [1.0], [0.0]])
    row = statistics.interval(values, clusters=pd.Series(list("xxy"), index=values.index)).loc["a"]
    # mean 2/3; sums less what the mean expects: 2 - 4/3 and 0 - 2/3; t of one degree of freedom
    half = 12.7062 * np.sqrt(2 * 2 * (2 / 3) ** 2) / 3
    assert row.tolist() == pytest.approx([2 / 3, 2 / 3 - half, 2 / 3 + half], rel=1e-4)
    cut = statistics.interval(values, clusters=pd.Series(list("xxy"), index=values.index), within=(0, 1)).loc[
        "a"
    ]
    assert cut.tolist() == pytest.approx([2 / 3, 0, 1])


def test_repeating_tasks_of_an_origin_does_not_narrow_the_interval():
    values = table(RNG(4).random((8, 2)))
    once = statistics.interval(values, clusters=own(values))
    again = pd.concat([values, *(values.rename(lambda t, i=i: f"{t}-{i}") for i in range(9))])
    origin = pd.Series([name.partition("-")[0] for name in again.index], index=again.index)
    pd.testing.assert_frame_equal(statistics.interval(again, clusters=origin), once)
    naive = statistics.interval(again, clusters=own(again))
    width = once["high"] - once["low"]
    assert ((naive["high"] - naive["low"]) < 0.5 * width).all()  # what ignoring origins would claim


def test_the_interval_of_a_difference_is_read_off_three_origins():
    lost = table([[0.0, 0.1], [0.1, 0.1], [0.2, 0.4], [0.0, 0.2], [0.3, 0.2], [0.1, 0.3]])
    origin = pd.Series(list("xxyyzz"), index=lost.index)
    result = statistics.interval((lost["a"] - lost["b"]).to_frame("gap"), clusters=origin).loc["gap"]
    assert result["mean"] == pytest.approx(-0.6 / 6)  # -.1, 0, -.2, -.2, .1, -.2
    # three origins of two tasks, of means -.05, -.2 and -.05: standard error .05, t of two degrees 4.303
    assert (result["low"], result["high"]) == pytest.approx(
        (-0.1 - 4.303 * 0.05, -0.1 + 4.303 * 0.05), abs=1e-4
    )


def test_a_column_of_differences_shows_what_overlapping_intervals_hide():
    hard = RNG(0).random(20)
    lost = table(np.column_stack([hard, hard + 0.02]))
    limits = statistics.interval(lost, clusters=own(lost))
    assert limits.loc["a", "high"] > limits.loc["b", "low"]
    gap = (lost["a"] - lost["b"]).to_frame("gap")
    assert statistics.interval(gap, clusters=own(lost)).loc["gap", "high"] < 0


def test_one_origin_gives_no_interval():
    values = table([[0.1], [0.2], [0.3]])
    same = pd.Series("mnist", index=values.index)
    row = statistics.interval(values, clusters=same).loc["a"]
    assert row["mean"] == pytest.approx(0.2)
    assert row[["low", "high"]].isna().all()
    assert statistics.lead(values, clusters=same, rng=RNG(0)).isna().all()


def test_a_task_of_unknown_origin_stands_for_itself():
    values = table(RNG(1).random((6, 1)))
    unknown = pd.Series([None] * 6, index=values.index, dtype=object)
    known = own(values)
    expected = statistics.interval(values, clusters=known)
    pd.testing.assert_frame_equal(statistics.interval(values, clusters=unknown), expected)


def test_lead_shares_ties_and_sums_to_one():
    values = table([[1, 1, 0], [1, 1, 0], [0, 0, 0.1]])
    shares = statistics.lead(values, clusters=own(values), rng=RNG(0), resamples=20_000)
    assert shares.sum() == pytest.approx(1)
    assert shares["a"] == pytest.approx(shares["b"])
    assert shares["c"] == pytest.approx(
        (1 / 3) ** 3, abs=0.005
    )  # only if the third task is drawn three times


def test_by_origin_averages_within_origins():
    values = table([[1, 2], [3, 4], [5, 6]])
    origin = pd.Series(["x", "y", "x"], index=values.index)
    assert statistics.by_origin(values, origin).to_dict("index") == {
        "x": {"a": 3.0, "b": 4.0},
        "y": {"a": 3.0, "b": 4.0},
    }


def test_friedman_equals_the_formula_and_scipy():
    scores = table(RNG(6).random((14, 4)) + np.array([0, 0.2, 0.1, 0.4]))
    n, k = scores.shape
    ranks = scores.rank(axis=1).mean()
    chi2 = 12 * n / (k * (k + 1)) * ((ranks**2).sum() - k * (k + 1) ** 2 / 4)
    result = statistics.friedman(scores)
    assert result.statistic == pytest.approx(chi2)
    assert result.p == pytest.approx(stats.chi2.sf(chi2, k - 1))
    assert result.n == 14


def test_friedman_of_equal_candidates_finds_nothing():
    assert statistics.friedman(table(np.ones((12, 3)))).p == 1.0


def test_wilcoxon_equals_scipy_and_is_corrected_over_all_pairs():
    scores = table(RNG(8).random((16, 3)) + np.array([0, 0.05, 0.6]))
    result = statistics.wilcoxon(scores)
    assert len(result) == 3
    for a, b in result.index:
        expected = stats.wilcoxon(scores[a] - scores[b], zero_method="pratt").pvalue
        assert result.loc[(a, b), "p"] == pytest.approx(expected)
        assert result.loc[(a, b), "difference"] == pytest.approx((scores[a] - scores[b]).median())
    assert (result["p_holm"] >= result["p"]).all()
    assert result["p_holm"].iloc[0] == pytest.approx(3 * result["p"].iloc[0])


def test_wilcoxon_of_identical_candidates_is_one():
    scores = table(np.repeat(RNG(0).random((12, 1)), 2, axis=1))
    assert statistics.wilcoxon(scores)["p"].tolist() == [1.0]


def test_wilcoxon_with_zeros_and_ties_counts_all_signs():
    differences = np.array([0, 0.1, 0.1, -0.1, 0.2, 0.3, -0.2, 0.4, 0.5, 0.5, 0.6, 0.0])
    ranks = stats.rankdata(np.abs(differences))[differences != 0]  # zeros take part in ranking, then drop out
    signs = np.array(list(product([0, 1], repeat=10)))
    positive = stats.rankdata(np.abs(differences))[differences > 0].sum()
    expected = 2 * (signs @ ranks >= positive - 1e-9).mean()
    scores = table(np.column_stack([differences, 0 * differences]))
    assert statistics.wilcoxon(scores)["p"].tolist() == pytest.approx([expected])
    more = np.concatenate([differences, [0.7, 0.8]])  # more than 13: scipy's normal approximation
    expected = stats.wilcoxon(more, zero_method="pratt").pvalue
    assert statistics.wilcoxon(table(np.column_stack([more, 0 * more])))["p"].tolist() == pytest.approx(
        [expected]
    )


def test_holm_equals_the_worked_example():
    # Holm's procedure by hand: 4 x .005, max(.02, 3 x .01), max(.03, 2 x .03), max(.06, .04)
    assert statistics.holm(np.array([0.03, 0.005, 0.04, 0.01])).tolist() == pytest.approx(
        [0.06, 0.02, 0.06, 0.03]
    )
    assert statistics.holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("test", [statistics.friedman, statistics.wilcoxon])
def test_tests_are_refused_below_twelve_sources(test):
    with pytest.raises(ValueError, match="at least 12 independent sources, got 11"):
        test(table(RNG(0).random((11, 3))))


def test_friedman_needs_three_candidates():
    with pytest.raises(ValueError, match="at least 3 candidates, got 2"):
        statistics.friedman(table(RNG(0).random((12, 2))))


@pytest.mark.parametrize(
    "use",
    [
        statistics.mean_rank,
        statistics.mean_score,
        statistics.friedman,
        statistics.wilcoxon,
        lambda t: statistics.win_tie_loss(t, "a", "b"),
        lambda t: statistics.interval(t, clusters=own(t)),
        lambda t: statistics.by_origin(t, own(t)),
        lambda t: statistics.bradley_terry(t, clusters=own(t), rng=RNG(0)),
        lambda t: statistics.critical_difference(t),
    ],
)
def test_a_table_with_a_hole_is_refused(use):
    holed = table(RNG(0).random((12, 3)))
    holed.loc["t3", "b"] = np.nan
    with pytest.raises(ValueError, match="1 missing cells, the first at 't3' x 'b'"):
        use(holed)
