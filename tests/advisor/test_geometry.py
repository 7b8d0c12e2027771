from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import binom

from advisor.geometry import block_length, recover
from advisor.lags import Lags, pooled_ranks
from advisor.order import order_at


def pictures(rng, n, height, width, channels=1):
    """Blurred noise whose colours share part of it, shape (n, height, width, channels)."""
    shared = gaussian_filter(rng.normal(size=(n, height, width, 1)), (0, 1.2, 1.2, 0), mode="nearest")
    own = gaussian_filter(rng.normal(size=(n, height, width, channels)), (0, 1.2, 1.2, 0), mode="nearest")
    return (shared + 0.5 * own if channels > 1 else shared) * 40 + 128


def walks(rng, n, steps, channels=1, memory=0.9):
    """Autoregressive series, each channel in its own unit, shape (n, steps, channels)."""
    out = np.empty((n, steps, channels))
    out[:, 0] = rng.normal(size=(n, channels))
    for t in range(1, steps):
        out[:, t] = memory * out[:, t - 1] + np.sqrt(1 - memory**2) * rng.normal(size=(n, channels))
    return out * 10.0 ** np.arange(channels) + 5 * np.arange(channels)


def blocks(rng, n, d, size):
    level = rng.normal(size=(n, -(-d // size))).repeat(size, axis=1)[:, :d]
    return 1.5 * level + rng.normal(size=(n, d))


def one_hot(rng, n, categories, levels):
    shares = rng.dirichlet(np.ones(levels), size=categories)
    return np.hstack([np.eye(levels)[rng.choice(levels, n, p=share)] for share in shares])


def repeats(rng, n, measures, times):
    """Several measures, each in its own unit, taken several times: mean, error, worst."""
    true = rng.normal(size=(n, measures))
    parts = [true + 0.4 * rng.normal(size=(n, measures)) for _ in range(times)]
    return np.hstack([part * 10.0 ** np.linspace(-1, 2, measures) for part in parts])


TABLES = {
    "noise": lambda rng: rng.normal(size=(150, 48)),
    "factors": lambda rng: rng.normal(size=(150, 5)) @ rng.normal(size=(5, 40)) + rng.normal(size=(150, 40)),
    "blocks of two": lambda rng: blocks(rng, 150, 36, 2),
    "blocks of eight": lambda rng: blocks(rng, 150, 64, 8),
    "one-hot": lambda rng: one_hot(rng, 200, 10, 4),
    "repeats": lambda rng: repeats(rng, 150, 10, 3),
}


@pytest.mark.parametrize(
    ("height", "width", "channels"),
    [(8, 8, 1), (16, 16, 1), (12, 20, 1), (28, 28, 1), (16, 16, 3), (12, 18, 3)],
)
@pytest.mark.parametrize("first", [False, True], ids=["channels last", "channels first"])
def test_pictures_are_folded_back(height, width, channels, first):
    images = pictures(np.random.default_rng(height * width), 400, height, width, channels)
    flat = np.moveaxis(images, -1, 1).reshape(400, -1) if first else images.reshape(400, -1)
    geometry = recover(Lags.of(flat))
    assert geometry.layout == (height, width, channels)
    if channels > 1:
        assert geometry.channel_axis == ("first" if first else "last")


@pytest.mark.parametrize(("steps", "channels"), [(24, 1), (64, 1), (100, 1), (50, 3), (40, 6)])
@pytest.mark.parametrize("major", ["time", "channel"])
def test_series_are_folded_back(steps, channels, major):
    series = walks(np.random.default_rng(steps), 400, steps, channels)
    flat = (series if major == "time" else series.transpose(0, 2, 1)).reshape(400, -1)
    geometry = recover(Lags.of(flat))
    assert geometry.layout == (steps, channels)
    if channels > 1:
        assert geometry.channel_axis == ("last" if major == "time" else "first")


@pytest.mark.parametrize("phase", ["fixed", "free"])
def test_a_season_is_not_taken_for_the_width_of_a_picture(phase):
    rng = np.random.default_rng(3)
    hours = np.arange(168) + (rng.integers(0, 24, (400, 1)) if phase == "free" else 0)
    level = rng.normal(size=(400, 1))
    shape = np.sin(hours * 2 * np.pi / 24) * (1 + 0.3 * level) + 0.3 * walks(rng, 400, 168)[..., 0]
    geometry = recover(Lags.of(shape))
    assert geometry.layout == (168, 1)


@pytest.mark.parametrize("kind", TABLES)
def test_tables_without_order_are_not_folded(kind):
    wrong = sum(
        recover(Lags.of(TABLES[kind](np.random.default_rng(seed)))).layout is not None for seed in range(60)
    )
    # the level is 1%: at most 3 of 60 unless the true rate is above it (binomial, 99.7%)
    assert wrong <= binom.ppf(0.997, 60, 0.01)


def test_false_alarms_of_the_order_test_stay_below_its_level():
    p_values = []
    for seed in range(240):
        rng = np.random.default_rng(seed)
        table = list(TABLES.values())[seed % len(TABLES)](rng)
        p_values.append(order_at(Lags.of(table), 1).p_value)
    for level in (0.01, 0.05):
        assert np.sum(np.array(p_values) < level) <= binom.ppf(0.999, 240, level)


def test_the_order_test_has_power_where_blocks_have_none():
    rng = np.random.default_rng(0)
    ordered, in_blocks = walks(rng, 300, 40)[..., 0], blocks(rng, 300, 40, 8)
    assert order_at(Lags.of(ordered), 1).share > 0.9
    assert order_at(Lags.of(in_blocks), 1).share <= 0.6


def test_columns_in_another_order_are_a_table():
    rng = np.random.default_rng(5)
    images = pictures(rng, 400, 16, 16).reshape(400, -1)
    assert recover(Lags.of(images[:, rng.permutation(256)])).layout is None


def test_values_shuffled_within_each_row_are_a_table():
    rng = np.random.default_rng(6)
    images = rng.permuted(pictures(rng, 400, 16, 16).reshape(400, -1), axis=1)
    assert recover(Lags.of(images)).layout is None


@pytest.mark.parametrize(
    ("front", "steps", "back"), [(0, 12, 2), (3, 12, 0), (2, 24, 3), (5, 24, 0), (4, 48, 8), (12, 96, 0)]
)
def test_columns_beside_a_series_short_or_long_are_set_aside(front, steps, back):
    rng = np.random.default_rng(steps + front)
    series = walks(rng, 300, steps)[..., 0]
    geometry = recover(
        Lags.of(np.hstack([rng.normal(3, 5, (300, front)), series, rng.normal(3, 5, (300, back))]))
    )
    assert (geometry.start, geometry.stop) == (front, front + steps)
    assert geometry.layout == (steps, 1)


def test_more_columns_beside_a_picture_than_are_looked_for_at_a_time_are_set_aside():
    rng = np.random.default_rng(9)
    images, facts = pictures(rng, 400, 16, 16).reshape(400, -1), rng.normal(3, 5, (400, 19))
    geometry = recover(Lags.of(np.hstack([facts[:, :15], images, facts[:, 15:]])))
    assert (geometry.start, geometry.stop, geometry.layout) == (15, 15 + 256, (16, 16, 1))


def test_short_tables_with_odd_columns_at_their_ends_are_not_folded():
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        related = blocks(rng, 300, int(rng.integers(6, 20)), int(rng.integers(2, 7)))
        ends = [rng.normal(size=(300, int(rng.integers(0, 5)))) for _ in range(2)]
        wrong += recover(Lags.of(np.hstack([ends[0], related, ends[1]]))).layout is not None
    assert wrong <= binom.ppf(0.997, 200, 0.01)


def test_padding_that_begins_anew_separates_the_channels():
    rng = np.random.default_rng(7)
    series = walks(rng, 300, 20, 4).transpose(0, 2, 1)
    lengths = rng.integers(8, 21, 300)
    series[np.arange(20) >= lengths[:, None, None] + np.zeros((1, 4, 1))] = np.nan
    assert recover(Lags.of(series.reshape(300, -1))).layout == (20, 4)


def test_blank_borders_do_not_hide_the_width():
    images = pictures(np.random.default_rng(8), 400, 12, 14)
    framed = np.zeros((400, 16, 18, 1))
    framed[:, 2:-2, 2:-2] = images
    assert recover(Lags.of(framed.reshape(400, -1))).layout == (16, 18, 1)


def test_lags_agree_with_a_direct_computation():
    rng = np.random.default_rng(9)
    values = rng.normal(size=(80, 7)) + np.arange(7) * 0.3
    ranks = pooled_ranks(values).astype(float)
    lags = Lags.of(values)
    for k in (1, 3):
        expected = [
            2
            * np.cov(ranks[:, j], ranks[:, j + k], bias=True)[0, 1]
            / (ranks[:, j].var() + ranks[:, j + k].var() + (ranks[:, j].mean() - ranks[:, j + k].mean()) ** 2)
            for j in range(7 - k)
        ]
        np.testing.assert_allclose(lags.at(k), expected, rtol=1e-4, atol=1e-5)


def test_coarse_lags_average_over_the_starting_points():
    values = walks(np.random.default_rng(10), 100, 12, 3).reshape(100, -1)
    lags = Lags.of(values)
    np.testing.assert_allclose(lags.coarsen(3).at(2), lags.at(6).reshape(-1, 3).mean(axis=1), rtol=1e-5)


def test_agreement_needs_one_unit():
    x = np.random.default_rng(11).normal(size=500)
    same, other = np.column_stack([x, x + 0.01]), np.column_stack([x, 1000 * x])
    assert Lags.of(same).mean(1) > 0.99
    assert Lags.of(other).mean(1) < 0.9


def test_a_single_line_has_no_blocks():
    assert block_length(Lags.of(walks(np.random.default_rng(12), 300, 60)[..., 0])) is None


@pytest.mark.parametrize("shape", [(5, 1), (1, 20), (10, 5), (2, 2)])
def test_small_tables_are_answered(shape):
    assert recover(Lags.of(np.random.default_rng(0).normal(size=shape))).layout is None


def test_constant_tables_are_answered():
    assert recover(Lags.of(np.ones((50, 64)))).layout is None


def spots(rng, n, height, width):
    """One bright spot of varying width near the middle, on noise."""
    y, x = np.mgrid[:height, :width]
    place = rng.normal(0, 0.03, (2, n, 1, 1)) + 0.5
    far = np.hypot(y - height * place[0], x - width * place[1]) / rng.uniform(2, 6, (n, 1, 1))
    return (np.exp(-far) + 0.03 * rng.normal(size=far.shape)).reshape(n, -1)


@pytest.mark.parametrize(("height", "width"), [(24, 24), (32, 32)])
def test_objects_on_noise_are_pictures(height, width):
    geometry = recover(Lags.of(spots(np.random.default_rng(19), 300, height, width)))
    assert geometry.layout == (height, width, 1)


@pytest.mark.parametrize(("height", "width"), [(12, 20), (20, 12), (15, 24)])
def test_pictures_wider_than_high_are_not_taken_for_series(height, width):
    """Squares and discs of any brightness, as their shape says no more than the pixels do."""
    rng = np.random.default_rng(20)
    y, x = np.mgrid[:height, :width]
    place, radius = rng.uniform(0.3, 0.7, (2, 500, 1, 1)), rng.uniform(0.15, 0.3, (500, 1, 1))
    down, across = np.abs(y - height * place[0]), np.abs(x - width * place[1])
    round_ = rng.random((500, 1, 1)) < 0.5
    far = np.where(round_, np.hypot(down, across), np.maximum(down, across))
    light, dark = rng.uniform(0.5, 1, (500, 1, 1)), rng.uniform(0, 0.4, (500, 1, 1))
    images = np.where(far < radius * min(height, width), light, dark) + rng.normal(0, 0.05, far.shape)
    assert recover(Lags.of(images.reshape(500, -1))).layout == (height, width, 1)


@pytest.mark.parametrize("seed", range(3))
def test_movements_that_repeat_at_one_pace_are_series(seed):
    rng, n = np.random.default_rng(seed), 500
    kind = rng.integers(4, size=n)
    pace, size = np.array([0, 1.6, 2.6, 0.5])[kind, None], np.array([0.1, 2, 5, 1])[kind, None]
    level = np.array([[0, 0, 9.8], [9.8, 0, 0], [0, 9.8, 0], [5, 5, 6]])[kind]
    turn = 2 * np.pi * pace[:, :, None] * np.arange(50)[:, None] / 25 * np.array([1, 1, 2])
    wave = np.sin(turn + rng.uniform(0, 6, (n, 1, 3))) * rng.uniform(0.5, 1.3, (n, 1, 3))
    tensor = level[:, None] + size[:, :, None] * wave + 0.3 * rng.normal(size=(n, 50, 3))
    assert recover(Lags.of(tensor.reshape(n, -1))).layout == (50, 3)


@pytest.mark.parametrize(("before", "behind"), [(0, 2), (2, 0), (0, 10), (3, 2)])
@pytest.mark.parametrize("frame", [0, 1], ids=["no border", "dark border"])
def test_constant_columns_beside_a_picture_do_not_hide_it(before, behind, frame):
    rng = np.random.default_rng(13)
    images = pictures(rng, 300, 16, 16)
    images[:, [*range(frame), *range(16 - frame, 16)]] = 0
    padded = np.pad(images.reshape(300, -1), ((0, 0), (before, behind)))
    geometry = recover(Lags.of(padded))
    assert geometry.layout == (16, 16, 1)
    if not frame:
        assert (geometry.start, geometry.stop) == (before, before + 256)


@pytest.mark.parametrize("first", [False, True], ids=["channels last", "channels first"])
def test_constant_columns_beside_a_picture_in_colour_do_not_hide_it(first):
    images = pictures(np.random.default_rng(14), 300, 14, 14, 3)
    flat = np.moveaxis(images, -1, 1).reshape(300, -1) if first else images.reshape(300, -1)
    geometry = recover(Lags.of(np.pad(flat, ((0, 0), (1, 4)))))
    assert (geometry.start, geometry.layout) == (1, (14, 14, 3))


def test_constant_columns_behind_a_series_are_steps():
    series = walks(np.random.default_rng(15), 300, 60)[..., 0]
    assert recover(Lags.of(np.pad(series, ((0, 0), (0, 12))))).layout == (72, 1)


def test_channels_that_follow_one_another_are_cut_where_neighbours_alternate():
    rng = np.random.default_rng(16)
    symbols = np.repeat(np.exp(0.5j * np.pi * (0.5 + rng.integers(4, size=(400, 8)))), 8, axis=1)
    symbols[::2] = np.repeat(rng.choice([1.0, -1.0], (200, 8)), 8, axis=1)
    wave = np.stack([np.convolve(row, np.hanning(7) / 3, "same") for row in symbols])
    wave = wave * np.exp(1j * rng.uniform(0, 6, (400, 1)))
    flat = np.hstack([wave.real, wave.imag]) + 0.1 * rng.normal(size=(400, 128))
    geometry = recover(Lags.of(flat))
    assert geometry.order.step > 1
    assert (geometry.layout, geometry.channel_axis) == ((64, 2), "first")


def test_a_curve_that_dips_is_not_cut_into_channels():
    rng, age = np.random.default_rng(1), np.arange(18)
    bump = np.exp(-(((age - rng.uniform(3, 7, (200, 1))) / 2) ** 2)) * rng.uniform(-1, 1, (200, 1))
    curve = np.exp(-((age / rng.uniform(10, 18, (200, 1))) ** 2)) * (1 + 0.3 * bump)
    geometry = recover(Lags.of(100 * curve / curve.sum(axis=1, keepdims=True)))
    assert geometry.layout == (18, 1)


def sizes(rng, rows, columns, *, spread):
    """Columns from the smallest to the largest, all of them in proportion to the size of the row."""
    level, size = np.sort(rng.normal(0, 1, columns)), rng.normal(0, spread, (rows, 1))
    return np.exp(level + size + 0.3 * rng.normal(size=(rows, columns)))


@pytest.mark.parametrize("spread", [0.3, 2])
def test_columns_sorted_by_their_size_are_no_series(spread):
    for seed in range(6):
        table = sizes(np.random.default_rng(seed), 400, 14, spread=spread)
        geometry = recover(Lags.of(table))
        assert geometry.layout is None
        assert geometry.order.share < 0.6


@pytest.mark.parametrize("steps", [8, 24, 80])
def test_series_that_grow_are_series(steps):
    series = walks(np.random.default_rng(steps), 400, steps)[..., 0] + 0.5 * np.arange(steps)
    assert recover(Lags.of(series)).layout == (steps, 1)


def test_words_of_a_padded_text_stay_with_it():
    rng = np.random.default_rng(17)
    words = np.minimum(rng.zipf(1.3, (600, 48)), 500) + 1
    words[np.arange(48) >= rng.integers(8, 49, (600, 1))] = 0
    geometry = recover(Lags.of(words.astype(float)))
    assert (geometry.start, geometry.layout) == (0, (48, 1))


def test_numbers_beside_a_padded_series_are_set_aside():
    rng = np.random.default_rng(18)
    series = np.exp(walks(rng, 600, 48)[..., 0])
    series[np.arange(48) >= rng.integers(8, 49, (600, 1))] = 0
    beside = rng.normal(40, 15, (600, 2))
    geometry = recover(Lags.of(np.hstack([beside, series])))
    assert (geometry.start, geometry.layout) == (2, (48, 1))


@pytest.mark.parametrize("colours", [3, 4])
def test_colours_that_follow_one_another_line_by_line_are_found(colours):
    rng = np.random.default_rng(colours)
    y, x = np.mgrid[:16, :16]
    place, radius = rng.uniform(5, 11, (2, 400, 1, 1)), rng.uniform(2.5, 5, (400, 1, 1))
    inside = np.maximum(np.abs(y - place[0]), np.abs(x - place[1])) < radius
    light, dark = rng.uniform(0.5, 1, (400, 1, 1, colours)), rng.uniform(0, 0.4, (400, 1, 1, colours))
    images = np.where(inside[..., None], light, dark) + rng.normal(0, 0.05, (400, 16, 16, colours))
    geometry = recover(Lags.of(images.transpose(0, 1, 3, 2).reshape(400, -1)))
    assert (geometry.layout, geometry.channel_axis) == ((16, 16, colours), "line")
