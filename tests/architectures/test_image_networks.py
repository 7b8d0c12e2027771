"""The image networks have the sizes, counts and receptive fields that their papers and docstrings state."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from advisor import architectures
from advisor.architectures._image import Frame, Square, receptive_fields
from advisor.architectures._training import seeded
from advisor.architectures.alexnet import AlexNet, ResponseNorm
from advisor.architectures.cnn import ImageCNN, stages
from advisor.architectures.lenet import CONNECTIONS, LeNet5, PartialConv2d, Subsampling, _squash
from advisor.errors import InputError


@pytest.fixture(autouse=True)
def _torch_seed():
    with seeded(0, torch.device("cpu")):
        yield


def count(module):
    return sum(p.numel() for p in module.parameters())


def outputs(layers, x):
    """Output of each layer in turn."""
    return list(itertools.accumulate(layers, lambda value, layer: layer(value), initial=x))[1:]


def pixels_seen(layers, size, axis):
    """How many pixels along an axis the middle position depends on, and how far apart neighbours see.

    Pixels and weights are positive, so that nothing cancels and each ReLU passes all.
    """
    x = torch.rand(1, 1, *size, dtype=torch.double, requires_grad=True)
    with torch.no_grad():
        for p in itertools.chain.from_iterable(layer.parameters() for layer in layers):
            p.abs_()
    maps = nn.Sequential(*layers).double().eval()(x).movedim(2 + axis, 0)
    middle, sides = len(maps) // 2, []
    for position in (middle, middle + 1):
        (gradient,) = torch.autograd.grad(maps[position].sum(), x, retain_graph=True)
        places = np.nonzero(gradient[0, 0].numpy())[axis]
        assert 0 < places.min() <= places.max() < size[axis] - 1  # else the image might hide a part
        sides.append((places.min(), places.max()))
    (first, last), (next_first, _) = sides
    return last - first + 1, next_first - first


def averaging(module):
    """The module with means for maxima, which would hide all pixels but one."""
    for name, child in module.named_children():
        if isinstance(child, nn.MaxPool2d):
            setattr(module, name, nn.AvgPool2d(child.kernel_size, child.stride, ceil_mode=child.ceil_mode))
        else:
            averaging(child)
    return module


# ---- cnn ----


@pytest.mark.parametrize(
    ("layout", "sizes"),
    [
        ((224, 224, 3), [(224, 224), (112, 112), (56, 56), (28, 28), (14, 14), (7, 7)]),
        ((32, 32, 3), [(32, 32), (16, 16), (8, 8), (4, 4)]),
        ((28, 28, 1), [(28, 28), (14, 14), (7, 7)]),
        ((8, 8, 1), [(8, 8), (4, 4)]),
        ((12, 40, 2), [(12, 40), (6, 20), (6, 10), (6, 5)]),
        ((9, 130, 7), [(9, 130), (5, 65), (5, 33), (5, 17), (5, 9), (5, 5)]),
        ((1, 50, 1), [(1, 50), (1, 25), (1, 13), (1, 7)]),
        ((3, 2, 1), [(3, 2), (2, 1)]),
        ((1, 1, 1), [(1, 1), (1, 1)]),
    ],
)
def test_cnn_maps_halve_while_channels_double(layout, sizes):
    net = ImageCNN(layout, width=4, dropout=0.0, n_outputs=2).eval()
    maps = outputs(net.stages, torch.randn(1, *layout).permute(0, 3, 1, 2))
    assert [tuple(m.shape[2:]) for m in maps] == sizes == [stage.size for stage in stages(layout, 4)]
    assert [m.shape[1] for m in maps] == [min(4 * 2**i, 64) for i in range(len(sizes))]
    assert net(torch.randn(3, *layout)).shape == (3, 2)


@pytest.mark.parametrize(("size", "axis"), [((120, 100), 0), ((120, 100), 1), ((6, 120), 1)])
def test_cnn_receptive_fields_are_the_stated_ones(size, axis):
    net = averaging(ImageCNN((*size, 1), width=2, dropout=0.0, n_outputs=2))
    for n, stage in enumerate(stages((*size, 1), 2)[:4]):
        seen = pixels_seen(net.stages[: n + 1], size, axis)
        assert seen == (stage.receptive_field[axis], stage.stride[axis])


def test_pixels_outside_of_the_receptive_field_change_nothing():
    """The same by perturbation, in the network as it is trained: ReLU, maxima and all."""
    net = ImageCNN((64, 64, 1), width=4, dropout=0.0, n_outputs=2).eval()
    x = torch.randn(1, 1, 64, 64)
    before = nn.Sequential(*net.stages[:3])(x)  # (1, 16, 16, 16), field 30, stride 4
    for pixel in ((0, 0), (21, 40), (63, 30)):
        changed = x.clone()
        changed[0, 0, pixel[0], pixel[1]] += 100
        moved = (nn.Sequential(*net.stages[:3])(changed) != before).any(dim=1)[0]
        rows, columns = np.nonzero(moved.numpy())
        for position, at in ((rows, pixel[0]), (columns, pixel[1])):
            # position i stands for four pixels and sees 13 more on either side
            assert 4 * position.min() + 3 + 13 >= at
            assert 4 * position.max() - 13 <= at
        assert moved.any()


def test_moving_the_image_by_the_stride_moves_the_maps():
    net = ImageCNN((96, 96, 2), width=4, dropout=0.0, n_outputs=2).eval()
    layers = nn.Sequential(*net.stages[:3])
    x = torch.randn(1, 2, 96, 96)
    moved = torch.roll(x, shifts=(4, 8), dims=(2, 3))
    expected, maps = layers(x), layers(moved)
    inner = slice(6, 18)  # away from the borders, where other pixels were rolled in
    torch.testing.assert_close(maps[:, :, 7:19, 8:20], expected[:, :, inner, inner], atol=1e-5, rtol=1e-4)
    by_one = layers(torch.roll(x, shifts=1, dims=3))[:, :, inner, inner]
    assert (by_one - expected[:, :, inner, inner]).abs().max() > 0.1


def test_convolution_is_the_sliding_dot_product_in_two_dimensions():
    net = ImageCNN((6, 7, 2), width=3, dropout=0.0, n_outputs=2).eval()
    conv = net.stages[0]
    kernel, x = conv.weight.detach().numpy(), torch.randn(1, 2, 6, 7)  # (to, n, 3, 3)
    padded = np.pad(x[0].numpy(), ((0, 0), (1, 1), (1, 1)))
    expected = [
        [[(kernel[k] * padded[:, i : i + 3, j : j + 3]).sum() for j in range(7)] for i in range(6)]
        for k in range(3)
    ]
    np.testing.assert_allclose(conv(x)[0].detach().numpy(), np.array(expected), atol=1e-5)


# ---- lenet ----


def test_lenet_has_the_published_sizes_and_parameters():
    net = LeNet5((32, 32, 1), n_outputs=10)
    layers = [net.c1, net.s2, net.c3, net.s4, net.c5]
    assert [count(layer) for layer in [*layers, net.f6]] == [156, 12, 1516, 32, 48120, 10164]
    assert count(net) - count(net.output) == 60000
    assert count(net.output) == 85 * 10
    maps = outputs(layers, torch.zeros(1, 1, 32, 32))
    shapes = [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1)]
    assert [tuple(m.shape[1:]) for m in maps] == shapes
    assert count(LeNet5((32, 32, 3), n_outputs=10).c1) == 150 * 3 + 6
    assert count(LeNet5((32, 32, 3), n_outputs=10).s2) == 12


def test_lenet_receptive_fields_reach_the_whole_image():
    fields = receptive_fields([(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)])
    assert fields == [(5, 1), (6, 2), (14, 2), (16, 4), (32, 4)]
    net = LeNet5((60, 60, 1), n_outputs=2)
    layers = [net.c1, net.s2, net.c3, net.s4, net.c5]
    for n, field in enumerate(fields):
        assert pixels_seen(layers[: n + 1], (60, 60), 0) == field


def test_lenet_connections_are_those_of_table_1():
    sizes = [len(read) for read in CONNECTIONS]
    assert sizes == [3] * 6 + [4] * 9 + [6]
    for n in range(6):  # neighbours on a circle
        assert set(CONNECTIONS[n]) == {(n + k) % 6 for k in range(3)}
        assert set(CONNECTIONS[6 + n]) == {(n + k) % 6 for k in range(4)}
    assert CONNECTIONS[12:15] == ((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5))
    assert len({frozenset(read) for read in CONNECTIONS}) == 16
    layer = PartialConv2d(CONNECTIONS, kernel=5)
    x = torch.randn(1, 6, 9, 9)
    before = layer(x)[0]
    for below in range(6):
        changed = x.clone()
        changed[:, below] += 1
        moved = (layer(changed)[0] != before).flatten(1).any(dim=1)
        assert moved.tolist() == [below in read for read in CONNECTIONS]


def test_a_partial_convolution_is_the_sum_of_those_of_the_maps_it_reads():
    layer, x = PartialConv2d(((0, 2), (1,)), kernel=3), torch.randn(2, 3, 5, 5)
    w0, w2, w1 = layer.weight[:, None, None]  # in the order of the connections
    with torch.no_grad():
        layer.bias.copy_(torch.tensor([0.5, -2.0]))
    first = nn.functional.conv2d(x[:, :1], w0) + nn.functional.conv2d(x[:, 2:], w2) + 0.5
    second = nn.functional.conv2d(x[:, 1:2], w1) - 2.0
    torch.testing.assert_close(layer(x), torch.cat([first, second], dim=1))


def test_subsampling_is_a_learned_multiple_of_the_sum_plus_a_bias():
    layer, x = Subsampling(2), torch.randn(1, 2, 4, 6)
    sums = x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]
    torch.testing.assert_close(layer(x), sums / 4)
    with torch.no_grad():
        layer.coefficient.copy_(torch.tensor([2.0, -1.0])[:, None, None])
        layer.bias.copy_(torch.tensor([0.5, 3.0])[:, None, None])
    torch.testing.assert_close(layer(x)[0], torch.stack([2 * sums[0, 0] + 0.5, 3 - sums[0, 1]]))


def test_squashing_keeps_one_and_bends_most_there():
    x = torch.tensor([-100.0, -1.0, 0.0, 1.0, 100.0])
    torch.testing.assert_close(_squash(x), torch.tensor([-1.7159, -1.0, 0.0, 1.0, 1.7159]), atol=1e-4, rtol=0)


# ---- alexnet ----


@pytest.mark.parametrize("side", [224, 227, 300])
def test_alexnet_has_the_published_sizes_and_parameters(side):
    with torch.device("meta"):  # shapes without numbers
        net = AlexNet((side, side, 3), width=1.0, dropout=0.5, n_outputs=1000)
        maps = outputs(net.features, net.frame(torch.zeros(1, 3, side, side)))
        assert net(torch.zeros(2, side, side, 3)).shape == (2, 1000)
    convolutions = [n for n, layer in enumerate(net.features) if isinstance(layer, nn.Conv2d)]
    sizes = [maps[n].numel() for n in convolutions]
    assert sizes == [55 * 55 * 96, 186624, 64896, 64896, 43264]  # the paper has 253,440 for the first
    assert [tuple(maps[n].shape[1:]) for n in convolutions] == [
        (96, 55, 55), (256, 27, 27), (384, 13, 13), (384, 13, 13), (256, 13, 13)
    ]  # fmt: skip
    pools = [n for n, layer in enumerate(net.features) if isinstance(layer, nn.MaxPool2d)]
    assert [maps[n].shape[-1] for n in pools] == [27, 13, 6]
    layers = [net.features[n] for n in convolutions] + [n for n in net.head if isinstance(n, nn.Linear)]
    expected = [
        96 * (11 * 11 * 3 + 1),
        256 * (5 * 5 * 48 + 1),
        384 * (3 * 3 * 256 + 1),
        384 * (3 * 3 * 192 + 1),
        256 * (3 * 3 * 192 + 1),
        4096 * (6 * 6 * 256 + 1),
        4096 * (4096 + 1),
        1000 * (4096 + 1),
    ]
    assert [count(layer) for layer in layers] == expected
    assert count(net) == sum(expected) == 60_965_224


def test_alexnet_receptive_fields():
    """The kernels of the published form as scaled to 113 to 168 pixels, whose fields fit into one image."""
    net = averaging(AlexNet((160, 168, 1), width=0.02, dropout=0.0, n_outputs=2))
    windows = [n for n in net.features if isinstance(n, nn.Conv2d | nn.AvgPool2d)]
    fields = receptive_fields([(9, 3), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)])
    assert fields[0] == (9, 3)
    for n, field in enumerate(fields[:5]):
        assert pixels_seen(windows[: n + 1], (160, 168), 1) == field
    published = receptive_fields([(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)])
    assert [seen for seen, _ in published] == [11, 19, 51, 67, 99, 131, 163, 195]


def test_response_normalisation_equals_the_equation_of_the_paper():
    a = torch.randn(2, 7, 3, 4) * 30
    values = a.numpy().astype(np.float64)
    expected = np.empty_like(values)
    for i in range(7):
        squares = (values[:, max(0, i - 2) : min(6, i + 2) + 1] ** 2).sum(axis=1)
        expected[:, i] = values[:, i] / (2 + 1e-4 * squares) ** 0.75
    np.testing.assert_allclose(ResponseNorm(7)(a).numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("size", "stride", "last"),
    [
        ((8, 8), (1, 1), (3, 3)),
        ((28, 28), (1, 1), (6, 6)),
        ((32, 32), (1, 1), (3, 3)),
        ((56, 56), (1, 1), (6, 6)),
        ((57, 57), (2, 2), (6, 6)),
        ((223, 223), (4, 4), (6, 6)),
        ((8, 300), (1, 6), (3, 5)),
        ((1, 5), (1, 1), (1, 5)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_alexnet_is_scaled_to_small_images(size, stride, last):
    net = AlexNet((*size, 2), width=0.05, dropout=0.5, n_outputs=3)
    first = net.features[0]
    assert first.stride == stride
    assert first.kernel_size == tuple(2 * s + 3 for s in stride)
    x = torch.randn(2, *size, 2)
    maps = outputs(net.features, x.permute(0, 3, 1, 2))
    assert maps[0].shape[2:] == tuple(-(-n // s) for n, s in zip(size, stride))
    assert max(maps[0].shape[2:]) <= 56
    assert maps[-1].shape[2:] == last
    assert net(x).shape == (2, 3)


def test_alexnet_halves_stay_apart_in_the_second_layer():
    net = AlexNet((28, 28, 1), width=0.1, dropout=0.0, n_outputs=2)
    conv = net.features[4]
    x = torch.randn(1, conv.in_channels, 5, 5)
    before, half = conv(x)[0], conv.in_channels // 2
    x[:, :half] += 1
    moved = (conv(x)[0] != before).flatten(1).any(dim=1)
    assert moved.tolist() == [n < conv.out_channels // 2 for n in range(conv.out_channels)]


# ---- frames and squares ----


def test_a_small_image_keeps_its_pixels_in_the_middle_of_the_frame():
    x = torch.randn(2, 3, 28, 20)
    framed = Frame((28, 20), side=32)(x)
    torch.testing.assert_close(framed[:, :, 2:30, 6:26], x)
    assert (framed != 0).sum() == x.numel()


def test_a_large_image_is_averaged_and_keeps_its_shape_and_mean():
    torch.testing.assert_close(
        Frame((64, 64), side=32)(torch.arange(64.0).repeat(1, 1, 64, 1))[0, 0, 5],
        torch.arange(32) * 2 + 0.5,
    )
    x = torch.randn(1, 2, 50, 41)
    framed = Frame((50, 41), side=32)(x)
    columns = (framed != 0).any(dim=2)[0, 0].nonzero()[:, 0]
    assert [columns.min(), columns.max()] == [3, 28]  # 41 * 32 / 50 = 26 columns, 3 of zeros on either side
    torch.testing.assert_close(framed[..., 3:29].mean(), x.mean())


def test_positions_fold_row_by_row():
    x = torch.randn(2, 7, 3)
    square = Square((7, 3))
    folded = square(x)
    assert folded.shape == (2, *square.layout) == (2, 3, 3, 3)
    torch.testing.assert_close(folded.reshape(2, 9, 3)[:, :7], x)
    assert not folded.reshape(2, 9, 3)[:, 7:].any()
    for d, side in ((1, 1), (4, 2), (5, 3), (9, 3), (10, 4)):
        assert Square((d,)).layout == (side, side, 1)


@pytest.mark.parametrize("name", ["alexnet", "cnn", "lenet"])
def test_channels_and_elongated_images_are_learned_from(name):
    """The class is whether the third channel is bright at the left or at the right."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(160, 9, 18, 3))
    y = rng.integers(0, 2, 160)
    X[y == 0, :, :9, 2] += 1
    X[y == 1, :, 9:, 2] += 1
    small = {"alexnet": {"width_factor": 0.1}, "cnn": {"width": 4}, "lenet": {}}[name]
    config = {"layout": (9, 18, 3), "random_state": 0, "max_epochs": 6, "batch_size": 8, **small}
    estimator = architectures.get(name).make("classification", **config).fit(X[:120], y[:120])
    assert estimator.score(X[120:], y[120:]) > 0.9


def test_the_cnn_takes_fewer_epochs_of_more_rows():
    cnn = architectures.get("cnn").classifier()
    assert [cnn._recipe(n).max_epochs for n in (100, 16_000, 24_000, 48_000, 10**6)] == [20, 20, 15, 8, 8]
    assert cnn.set_params(max_epochs=30)._recipe(48_000).max_epochs == 30
    with pytest.raises(InputError, match="max_epochs"):
        architectures.get("mlp").classifier(max_epochs=None)._recipe(100)
