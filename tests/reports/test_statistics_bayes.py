"""The Bayesian signed-rank test against baycomp and against what can be integrated by hand."""

import numpy as np
import pandas as pd
import pytest

from reports import statistics

RNG = np.random.default_rng


def compare(differences, rope=0.01, **more):
    """Of b over a by these differences."""
    b = pd.Series(differences, dtype=float)
    return statistics.bayesian_signed_rank(b * 0, b, rope, rng=RNG(0), **more)


def test_one_source_is_what_the_beta_distribution_says():
    # the weight of the prior is Beta(1/2, 1), with P(w < x) = sqrt(x)
    far = compare([0.03])  # above twice the rope: all but (prior, prior) speak for b, and lead if w^2 < 1/2
    assert far.right == pytest.approx(2**-0.25, abs=0.01)
    near = compare([0.015])  # between one and two ropes: only (b, b) does, and leads if (1 - w)^2 > 1/2
    assert near.right == pytest.approx(np.sqrt(1 - np.sqrt(0.5)), abs=0.01)
    within = compare([0.009])
    assert (within.left, within.rope, within.right, within.n) == (0, 1, 0, 1)
    assert compare([0.81 - 0.80]).rope == 1  # in binary a little more than 0.01


def test_without_a_rope_one_side_leads():
    assert compare([0.001] * 12, rope=0) == (0, 0, 1, 12)
    assert compare([0.0] * 12, rope=0) == pytest.approx((0.5, 0, 0.5, 12))


def test_sides_are_mirrored_and_sum_to_one():
    differences = RNG(1).normal(0.01, 0.02, size=15)
    one, other = compare(differences), compare(-differences)
    assert sum(one[:3]) == pytest.approx(1)
    assert one.left == pytest.approx(other.right, abs=1e-9)  # the same draws
    assert one.right > one.left


def test_more_of_the_same_evidence_makes_it_surer():
    differences = RNG(2).normal(0.02, 0.03, size=12)
    few, many = compare(differences), compare(np.tile(differences, 4))
    assert few.right < many.right
    assert many.right > 0.95
    same = compare(RNG(3).normal(0, 0.004, size=30))
    assert same.rope > 0.99  # a test of a null could never say that


def test_a_stronger_prior_pulls_into_the_rope():
    differences = RNG(4).normal(0.02, 0.02, size=12)
    assert compare(differences, prior=10.0).rope > compare(differences).rope + 0.1


@pytest.mark.parametrize("rope", [0.0, 0.01, 0.03])
@pytest.mark.parametrize("n", [5, 20])
def test_probabilities_equal_those_of_baycomp(rope, n):
    import baycomp

    a, b = RNG(n).uniform(0.6, 0.9, size=(2, n)) * 0.1 + [[0.80], [0.81]]
    theirs = baycomp.SignedRankTest.probs(a, b, rope, prior=0.5, nsamples=20_000, random_state=1)
    ours = statistics.bayesian_signed_rank(pd.Series(a), pd.Series(b), rope, rng=RNG(0), samples=20_000)
    expected = theirs if rope else (theirs[0], 0.0, theirs[1])
    assert ours[:3] == pytest.approx(expected, abs=0.02)  # four standard errors of their difference


def test_what_cannot_be_compared_is_refused():
    a = pd.Series([0.1, 0.2, 0.3], index=["x", "y", "z"])
    with pytest.raises(ValueError, match=r"2 missing cells, the first at 'w' x 'a'"):
        statistics.bayesian_signed_rank(a, a.rename({"z": "w"}), rng=RNG(0))
    with pytest.raises(ValueError, match=r"got rope=-0\.1 and prior=0\.5"):
        statistics.bayesian_signed_rank(a, a, -0.1, rng=RNG(0))
    with pytest.raises(ValueError, match=r"got rope=0\.01 and prior=0"):
        statistics.bayesian_signed_rank(a, a, rng=RNG(0), prior=0)
