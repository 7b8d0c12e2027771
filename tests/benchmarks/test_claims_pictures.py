"""What the claims on images do to pictures and count in networks, against answers known beforehand."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.claims import _images as images
from benchmarks.claims import halving
from benchmarks.claims._gabor import gabor_share, mean_frequency, separate
from benchmarks.claims._hog import hog

RNG = np.random.default_rng(0)


# ---- pictures ----


def test_permuting_keeps_the_values_and_the_channels_of_a_pixel_together():
    values = RNG.normal(size=(3, 4, 5, 3))
    order = RNG.permutation(20)
    changed = images.permute_pixels(values, order)
    assert changed.shape == values.shape
    assert not np.array_equal(changed, values)
    before, after = (v.reshape(3, 20, 3) for v in (values, changed))
    np.testing.assert_array_equal(after, before[:, order])  # the same order in every picture
    back = images.permute_pixels(changed, np.argsort(order))
    np.testing.assert_array_equal(back, values)


@pytest.mark.parametrize(("down", "right"), [(2, 0), (-2, 0), (0, 1), (0, -3), (1, -1)])
def test_a_shift_loses_nothing_within_the_margin(down, right):
    values = RNG.normal(size=(2, 5, 6, 3))
    moved = images.shift(images.widen(values, 4), down, right)
    assert moved.shape == (2, 13, 14, 3)
    np.testing.assert_array_equal(moved[:, 4 + down : 9 + down, 4 + right : 10 + right], values)
    np.testing.assert_array_equal(images.shift(moved, 0, 0), moved)


def test_columns_and_pictures_are_inverse():
    frame = pd.DataFrame(RNG.normal(size=(2, 24)))
    pd.testing.assert_frame_equal(images.columns(images.pictures(frame, (2, 4, 3))), frame)
    with pytest.raises(ValueError, match="layout"):
        images.pictures(frame, (24,))


# ---- hand-made features ----


def test_hog_of_a_slanted_edge_by_hand():
    picture = np.add.outer(np.arange(4.0), np.arange(4.0)).reshape(1, 4, 4, 1)  # falls along the diagonal
    # gradients are (1, 1) everywhere, at 45 degrees: half of each vote for 0, half for 90 degrees, and all
    # four cells of the block alike
    np.testing.assert_allclose(hog(picture, cell=2, orientations=2), np.full((1, 8), 8**-0.5), atol=1e-6)
    # of four directions it is the second alone, cut at 0.2 and divided again
    told = hog(picture, cell=2, orientations=4).reshape(4, 4)
    np.testing.assert_allclose(told, [[0, 0.5, 0, 0]] * 4, atol=1e-6)


def test_hog_takes_the_channel_with_the_largest_gradient_and_ignores_contrast():
    ramp = np.repeat([[0.0, 1.0, 2.0, 3.0]], 4, axis=0)
    colour = np.stack([0.3 * ramp.T, ramp, np.zeros((4, 4))], axis=2)[None]
    alone = hog(ramp[None, :, :, None], cell=2)
    np.testing.assert_allclose(hog(colour, cell=2), alone, atol=1e-6)
    np.testing.assert_allclose(hog(7 * colour + 1, cell=2), alone, atol=1e-6)
    assert not hog(np.ones((1, 4, 4, 1)), cell=2).any()


# ---- filters ----


def test_gabor_functions_are_found_wherever_and_however_they_are_turned():
    y, x = np.meshgrid(*[np.linspace(-1, 1, 9)] * 2, indexing="ij")
    made = []
    for angle, frequency, phase, centre in (
        (0.3, 0.8, 0.5, 0.2),
        (2.1, 0.5, 1.7, -0.3),
        (1.2, 0.0, 0.0, 0.1),
    ):
        u = (x - centre) * np.cos(angle) + y * np.sin(angle)
        v = y * np.cos(angle) - (x - centre) * np.sin(angle)
        wave = np.cos(2 * np.pi * frequency * u + phase)
        made.append(np.exp(-((u / 0.5) ** 2) / 2 - (v / 0.8) ** 2 / 2) * wave)
    assert gabor_share(np.array(made)).min() > 0.99
    assert gabor_share(RNG.normal(size=(6, 9, 9))).mean() < 0.5


def test_frequencies_and_colours():
    waves = np.stack([np.tile(np.cos(2 * np.pi * f * np.arange(10)), (10, 1)) for f in (0.1, 0.3)])
    np.testing.assert_allclose(mean_frequency(waves), [0.1, 0.3])
    filters = waves[:, :, :, None] * np.array([1.0, 1.0, 1.0])
    filters[1] *= [1.0, -0.5, -0.5]  # no mean over the channels: all colour
    maps, colours = separate(filters)
    np.testing.assert_allclose(colours, [0, 1], atol=1e-12)
    np.testing.assert_allclose(np.abs((maps * waves).sum((1, 2))), np.linalg.norm(waves, axis=(1, 2)))


# ---- networks ----


def test_ways_of_halving_have_equal_weights_and_equal_maps():
    import torch

    from benchmarks.claims._image_networks import Reduced

    nets = [
        Reduced((18, 18, 1), by=by, width=4, n_outputs=3) for by in ("max pooling", "mean pooling", "stride")
    ]
    assert len({tuple(tuple(p.shape) for p in net.parameters()) for net in nets}) == 1
    assert {net.features(torch.zeros(1, 1, 18, 18)).shape for net in nets} == {(1, 8, 5, 5)}


@pytest.mark.parametrize("way", halving._WAYS)
def test_multiply_adds_are_those_of_the_network(way):
    import torch

    from benchmarks.claims._image_networks import Staged

    layout, halves = (12, 10, 3), way != "full size"
    channels = halving.plan(layout, way, 4)
    net, counted = Staged(layout, channels=channels, halves=halves, n_outputs=2), []
    for layer in net.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(
                lambda layer, given, out: counted.append(layer.weight[0].numel() * out.numel())
            )
    net(torch.zeros(1, *layout))
    told = halving.multiply_adds(layout, channels, halves=halves)
    assert told == counted
    budget = sum(halving.multiply_adds(layout, halving.plan(layout, halving._DOUBLING, 4), halves=True))
    assert sum(told) >= budget
    fewer = tuple(n - 1 for n in channels)
    if way != halving._DOUBLING:
        assert sum(halving.multiply_adds(layout, fewer, halves=halves)) < budget
