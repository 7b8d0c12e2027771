"""Power from measured differences against what is known of normal ones."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reports import statistics

RNG = np.random.default_rng
# as normal as 500 values can be, but no two of one size with different signs, which nobody measures
NORMAL = pd.Series(stats.norm.ppf((np.arange(500) + 0.4) / 500))


def t_power(effect, n, alpha=0.05):
    """Power of the two-sided paired t-test for normal differences of unit variance."""
    df, shift = n - 1, effect * np.sqrt(n)
    limit = stats.t.ppf(1 - alpha / 2, df)
    return stats.nct.sf(limit, df, shift) + stats.nct.cdf(-limit, df, shift)


@pytest.mark.parametrize(("effect", "n"), [(0.4, 24), (0.6, 16), (0.5, 40), (0.35, 80)])
def test_power_is_that_of_the_t_test_at_three_over_pi_of_the_sources(effect, n):
    measured = statistics.power(NORMAL, effect=effect, n=n, rng=RNG(0), simulations=4000)
    # the ratio 3/pi is exact for large n; 0.03 is four standard errors of the simulation
    assert measured == pytest.approx(t_power(effect, n * 3 / np.pi), abs=0.03)


def centre(values):
    """The Hodges-Lehmann estimate, the slow way."""
    return np.median([(x + y) / 2 for i, x in enumerate(values) for y in values[i:]])


def test_power_for_skewed_differences_is_the_share_of_studies_that_find_them():
    measured = stats.gamma.ppf((np.arange(400) + 0.5) / 400, 2.0)
    studies = RNG(1).gamma(2.0, size=(4000, 16)) - centre(measured.tolist()) + 0.7
    found = (stats.wilcoxon(studies, axis=1).pvalue <= 0.05).mean()
    assert 0.3 < found < 0.9
    ours = statistics.power(pd.Series(measured), effect=0.7, n=16, rng=RNG(2))
    assert ours == pytest.approx(found, abs=0.04)  # three standard errors


def test_without_an_effect_it_is_the_level_of_the_test():
    # the discrete test's own: two-sided P(W <= 13) of 12 sources, P(W <= 29) of 16
    for n, level in [(12, 0.0425), (16, 0.0443), (100, 0.05)]:
        found = statistics.power(NORMAL, effect=0, n=n, rng=RNG(3), simulations=6000)
        assert found == pytest.approx(level, abs=0.008)  # three standard errors


def test_power_does_not_depend_on_where_the_measured_differences_lie():
    here, there = (statistics.power(NORMAL + at, effect=0.5, n=20, rng=RNG(4)) for at in (0, 7))
    assert here == there
    assert statistics.power(-NORMAL, effect=-0.5, n=20, rng=RNG(4)) == pytest.approx(here, abs=0.03)


def test_power_grows_with_effect_sources_and_level():
    def power(effect=0.4, n=20, alpha=0.05):
        return statistics.power(NORMAL, effect=effect, n=n, alpha=alpha, rng=RNG(5))

    assert power(0.2) < power(0.4) < power(0.8)
    assert power(n=12) < power(n=20) < power(n=60)
    assert power(alpha=0.05 / 6) < power() - 0.1  # the price of six pairs


def test_needed_is_the_first_number_that_reaches_the_target():
    n = statistics.needed(NORMAL, effect=0.5, rng=RNG(6), simulations=4000)
    known = next(m for m in range(12, 200) if t_power(0.5, m * 3 / np.pi) >= 0.8)
    assert n == pytest.approx(known, abs=2)
    assert statistics.power(NORMAL, effect=0.5, n=n, rng=RNG(7), simulations=4000) == pytest.approx(
        0.8, abs=0.03
    )
    assert statistics.needed(NORMAL, effect=0.5, rng=RNG(6), target=0.95) > n


@pytest.mark.parametrize("effect", [0.4, 0.5, 0.7])
def test_needed_ends_where_counting_up_one_by_one_does(effect):
    measured = NORMAL[::10]
    drawn = (measured - centre(measured.tolist()) + effect).to_numpy()[RNG(8).integers(50, size=(500, 50))]
    found = [
        (stats.wilcoxon(drawn[:, :n], axis=1, method="exact").pvalue <= 0.05).mean() for n in range(12, 51)
    ]
    first = 12 + next(i for i, share in enumerate(found) if share >= 0.7)
    more = {"target": 0.7, "most": 50, "simulations": 500}
    assert statistics.needed(measured, effect=effect, rng=RNG(8), **more) == pytest.approx(first, abs=1)


def test_needed_has_a_floor_and_an_end():
    assert statistics.needed(NORMAL, effect=10, rng=RNG(0)) == statistics.MIN_SOURCES
    assert statistics.needed(NORMAL, effect=0.1, rng=RNG(0), most=100) is None


@pytest.mark.parametrize("n", [12, 60])
def test_differences_without_spread_are_found_always_or_never(n):
    same = pd.Series(np.full(12, 0.3))
    assert statistics.power(same, effect=0, n=n, rng=RNG(0)) == 0
    assert statistics.power(same, effect=0.01, n=n, rng=RNG(0)) == 1


def test_what_cannot_be_planned_is_refused():
    with pytest.raises(ValueError, match="at least 12 independent sources, got 11"):
        statistics.power(NORMAL[:11], effect=0.1, n=20, rng=RNG(0))
    with pytest.raises(ValueError, match="at least 12 independent sources, got 8"):
        statistics.power(NORMAL, effect=0.1, n=8, rng=RNG(0))
    with pytest.raises(ValueError, match="must be dense, got 1 missing"):
        statistics.needed(NORMAL.mask(NORMAL.index == 3), effect=0.1, rng=RNG(0))
