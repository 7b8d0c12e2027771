from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter1d

from advisor import advise
from advisor.intake import read
from advisor.probes import profile_shape


def fact_of(data):
    rng = np.random.default_rng(0)
    return profile_shape.measure(read(data, None, rng), rng)


def spectra(rng, rows=60, columns=120, own=0.1):
    places = np.linspace(0, 1, columns)
    peaks = sum(h * np.exp(-(((places - c) / 0.05) ** 2)) for h, c in ((1, 0.2), (0.6, 0.5), (0.8, 0.75)))
    noise = gaussian_filter1d(rng.normal(size=(rows, columns)), 4, axis=1)
    return (peaks + own * noise / noise.std()) * rng.uniform(0.5, 2, (rows, 1)) + rng.normal(size=(rows, 1))


def walks(rng, rows=60, columns=120):
    return rng.normal(size=(rows, columns)).cumsum(axis=1)


def counts(rng, rows=80, bins=24):
    centres = rng.uniform(6, 18, size=(rows, 1))
    chances = np.exp(-(((np.arange(bins) - centres) / 5) ** 2)) + 0.01
    return np.stack([rng.multinomial(500, p / p.sum()) for p in chances])


@pytest.mark.parametrize(
    ("make", "kind"), [(spectra, "aligned curve"), (walks, "series"), (counts, "histogram")]
)
def test_the_kind_is_told_apart(make, kind):
    for seed in range(10):
        assert fact_of(make(np.random.default_rng(seed))).details["kind"] == kind


@pytest.mark.parametrize(("noise", "share"), [(0.3, 1 / 1.09), (1.0, 1 / 2), (3.0, 1 / 10)])
def test_the_share_is_that_of_the_curve(noise, share):
    rng = np.random.default_rng(1)
    curve = np.sin(np.linspace(0, 4 * np.pi, 400))
    own = gaussian_filter1d(rng.normal(size=(300, 400)), 1, axis=1, mode="wrap")
    shape = profile_shape.describe((curve / curve.std() + noise * own / own.std())[:, None])
    assert shape.common == pytest.approx(share, abs=0.02)


def test_the_interval_covers_nothing_in_common():
    covered = 0
    for seed in range(100):
        shape = profile_shape.describe(np.random.default_rng(seed).normal(size=(40, 1, 30)).cumsum(axis=2))
        covered += abs(shape.common) <= 1.96 * shape.error
    assert covered >= 85


def test_levels_of_rows_are_told_and_do_not_hide_the_curve():
    rng = np.random.default_rng(0)
    rows = (spectra(rng, own=0.02) + 5) * 10 ** rng.uniform(0, 4, (60, 1))
    fact = fact_of(rows)
    assert fact.details["kind"] == "aligned curve"
    assert 2.5 < fact.details["orders_of_magnitude"] < 4.5
    assert any("orders of magnitude" in sentence for sentence in advise(pd.DataFrame(rows)).against)


def test_channels_are_compared_each_by_itself():
    rng = np.random.default_rng(0)
    both = np.stack([walks(rng), 1000 * walks(rng) + 5000], axis=1)
    assert profile_shape.describe(both).kind == "series"
    lifted = np.stack([spectra(rng), 1000 * spectra(rng) + 5000], axis=1)
    assert profile_shape.describe(lifted).kind == "aligned curve"


def test_a_spectrum_says_against_itself_that_positions_are_aligned():
    rng = np.random.default_rng(0)
    found, other = advise(pd.DataFrame(spectra(rng))), advise(pd.DataFrame(walks(rng)))
    assert found.form == other.form == "wide_series"
    assert any("a position means the same in every row" in sentence for sentence in found.against)
    assert any("another aligned curve" in sentence for sentence in found.because)
    assert not any("a position means the same" in sentence for sentence in other.against)


def test_tables_and_pictures_are_not_asked():
    rng = np.random.default_rng(0)
    assert fact_of(rng.normal(size=(60, 20))) is None
    assert fact_of(rng.normal(size=(60, 9, 9))) is None


def test_missing_ends_and_constant_rows_are_no_obstacle():
    rows = walks(np.random.default_rng(0))
    rows[::3, 90:] = np.nan
    rows[:5] = 1.0
    assert fact_of(rows).details["kind"] == "series"
    assert profile_shape.describe(np.ones((20, 1, 30))) is None


def test_few_columns_of_another_level_are_no_curve():
    rng = np.random.default_rng(0)
    rows = np.column_stack([7 + walks(rng, columns=24) / 10, rng.uniform(0.1, 0.3, 60)])
    assert profile_shape.describe(rows[:, None]).kind == "series"


def test_series_on_a_high_level_are_no_composition():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(300, 96))
    walk = np.zeros_like(noise)
    for step in range(1, 96):
        walk[:, step] = 0.8 * walk[:, step - 1] + noise[:, step]
    advice = advise(2048 + 10 * walk)
    (fact,) = [fact for fact in advice.evidence if fact.name == "profile_shape"]
    assert not fact.found
    assert "composition" not in fact.summary
    assert not any("a position means the same" in reason for reason in advice.against)
