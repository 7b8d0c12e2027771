"""Ratings against a table with a closed solution, a general optimiser and logistic regression."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from sklearn.linear_model import LogisticRegression

from reports import statistics

RNG = np.random.default_rng


def own(frame):
    """Every task its own origin."""
    return pd.Series(frame.index.astype(str), index=frame.index)


def rated(scores, **more):
    more = {"clusters": own(scores), "rng": RNG(0), "resamples": 200} | more
    return statistics.bradley_terry(scores, **more)


def noisy(seed, n, centres):
    values = RNG(seed).normal(size=(n, len(centres))) + np.array(centres)
    return pd.DataFrame(values, columns=list("abcdef"[: len(centres)]))


def counts(scores):
    """Wins of one over the other, half a win of the prior included."""
    return {
        (a, b): (scores[a] > scores[b]).sum() + (scores[a] == scores[b]).sum() / 2 + 0.5
        for a in scores
        for b in scores
        if a != b
    }


def test_ratings_solve_the_table_worked_out_by_hand():
    # of 14 rows one is a tie of all, 5 say abc, 3 acb, 3 bac, 1 bca, 1 cab: with half a win for each, a to b
    # is 10 to 5, b to c 10 to 5 and a to c 12 to 3, which strengths of 4, 2 and 1 fit exactly
    rows = ["abc"] * 5 + ["acb"] * 3 + ["bac"] * 3 + ["bca", "cab"]
    scores = pd.DataFrame([{name: -place for place, name in enumerate(row)} for row in rows])
    scores = pd.concat([scores, pd.DataFrame([dict.fromkeys("abc", 0)])], ignore_index=True)
    step = 400 * np.log10(2)
    result = rated(scores[["c", "a", "b"]])
    assert list(result.index) == ["a", "b", "c"]
    assert result["rating"].tolist() == pytest.approx([1000 + step, 1000, 1000 - step])
    assert (result["n"] == 14).all()


def test_ratings_are_where_a_general_optimiser_ends():
    scores = noisy(0, 25, [0, 0.3, 0.9, 1.0, 2.5])
    won = counts(scores)

    def loss(theta):
        strength = dict(zip(scores, theta))
        return sum(w * np.log1p(np.exp(strength[b] - strength[a])) for (a, b), w in won.items())

    best = optimize.minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    expected = 1000 + 400 / np.log(10) * (best - best.mean())
    assert rated(scores)["rating"][list(scores)].tolist() == pytest.approx(expected, abs=0.01)


def test_ratings_equal_logistic_regression_on_the_games():
    scores = noisy(1, 30, [0, 0.5, 1.0, 0.2])
    won = counts(scores)
    games, outcomes, weights = [], [], []
    for a, b in combinations(scores, 2):
        game = (scores.columns == a).astype(float) - (scores.columns == b)
        games += [game, game]
        outcomes += [1, 0]
        weights += [won[a, b], won[b, a]]
    model = LogisticRegression(C=1e8, fit_intercept=False, tol=1e-10, max_iter=1000)
    theta = model.fit(games, outcomes, sample_weight=weights).coef_[0]
    expected = 1000 + 400 / np.log(10) * (theta - theta.mean())
    assert rated(scores)["rating"][list(scores)].tolist() == pytest.approx(expected, abs=0.05)


def test_one_who_won_or_lost_everything_has_a_finite_rating():
    scores = pd.DataFrame({"best": np.full(20, 3.0), "worst": 0.0, "mid": 1.0})
    result = rated(scores)
    assert list(result.index) == ["best", "mid", "worst"]
    assert np.isfinite(result.to_numpy()).all()
    assert (result["high"] - result["low"]).max() < 1e-6  # every resample says the same
    two = rated(scores[["best", "worst"]])
    assert two["rating"].diff().iloc[1] == pytest.approx(-400 * np.log10(20.5 / 0.5))
    wide = rated(scores, prior=1e-3)["rating"]
    assert wide["best"] - wide["worst"] > result["rating"]["best"] - result["rating"]["worst"]


def test_the_mean_is_a_thousand_and_equal_candidates_share_it():
    assert rated(noisy(2, 15, [0, 1, 2, 5]))["rating"].mean() == pytest.approx(1000)
    assert rated(pd.DataFrame(np.ones((5, 3)), columns=list("abc")))["rating"].tolist() == [1000] * 3


def test_scores_within_the_tie_are_a_draw():
    scores = pd.DataFrame({"a": [0.81] * 12, "b": [0.80] * 12})
    assert rated(scores, tie=0.011)["rating"].tolist() == [1000, 1000]
    assert rated(scores)["rating"]["a"] > 1200


def test_repeating_tasks_of_an_origin_does_not_narrow_the_interval():
    scores = noisy(3, 15, [0, 0.4, 0.8])
    again = pd.concat([scores] * 6, ignore_index=True)
    origin = pd.Series(np.tile(np.arange(15), 6).astype(str), index=again.index)
    width = {
        name: (result["high"] - result["low"]).mean()
        for name, result in {
            "once": rated(scores, resamples=1000),
            "clustered": rated(again, clusters=origin, resamples=1000),
            "naive": rated(again, resamples=1000),
        }.items()
    }
    assert (
        width["clustered"] > 0.95 * width["once"]
    )  # the prior weighs less, so that it is even a little wider
    assert width["naive"] < 0.6 * width["once"]


def test_the_interval_holds_the_rating_and_one_origin_gives_none():
    result = rated(noisy(4, 20, [0, 0.3, 0.6]))
    assert result["rating"].between(result["low"], result["high"]).all()
    scores = noisy(4, 6, [0, 1])
    alone = rated(scores, clusters=pd.Series("mnist", index=scores.index))
    assert alone[["low", "high"]].isna().all(axis=None)
    assert (alone["n"] == 1).all()


def test_what_cannot_be_rated_is_refused():
    with pytest.raises(ValueError, match="the prior must be above 0, got 0"):
        rated(noisy(0, 12, [0, 0]), prior=0)
    with pytest.raises(ValueError, match="at least 2 candidates, got 1"):
        rated(noisy(0, 12, [0]))
