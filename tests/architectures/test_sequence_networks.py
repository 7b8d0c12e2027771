"""The sequence networks compute what their papers say, and the steps after a sequence's end have no part."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from advisor import architectures
from advisor.architectures._convolution1d import Conv1d, SequenceCNN, places
from advisor.architectures._recurrent import Recurrent
from advisor.architectures._training import seeded
from advisor.architectures.fcn import FCN
from advisor.architectures.gru import GRU
from advisor.architectures.lstm import LSTM
from advisor.architectures.resnet1d import ResNet1d
from advisor.architectures.rnn import RNN
from advisor.architectures.transformer import MAX_TOKENS, Attention, Encoder
from advisor.errors import InputError
from benchmarks.learning.adding import adding_problem

GATES = {RNN: 1, GRU: 3, LSTM: 4}


@pytest.fixture(autouse=True)
def _torch_seed():
    with seeded(0, torch.device("cpu")):
        yield


def recurrent(cell, **changes):
    settings = {"hidden": 4, "n_layers": 1, "bidirectional": False, "dropout": 0.0, "n_outputs": 2, **changes}
    return Recurrent(cell, 3, **settings)


def encoder(**changes):
    settings = {"width": 8, "n_layers": 2, "n_heads": 2, "dropout": 0.0, "n_outputs": 2, **changes}
    return Encoder(3, **{"n_steps": 40, **settings})


NETWORKS = {
    "rnn": lambda: recurrent(RNN, n_layers=2),
    "gru": lambda: recurrent(GRU, n_layers=2, bidirectional=True),
    "lstm": lambda: recurrent(LSTM, n_layers=2, bidirectional=True),
    "cnn": lambda: SequenceCNN(3, n_steps=40, width=4, dropout=0.0, n_outputs=2),
    "fcn": lambda: FCN(3, width=4, dropout=0.0, n_outputs=2),
    "resnet1d": lambda: ResNet1d(3, width=4, dropout=0.0, n_outputs=2),
    "transformer": encoder,
    "transformer of patches": lambda: encoder(n_steps=MAX_TOKENS + 44),  # 2 steps each
}
every = pytest.mark.parametrize("name", NETWORKS)


def trained(net):
    """The network with statistics of batches that are not those of the start, as after training."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.normal_(layer.bias)
    return net.eval()


@pytest.mark.parametrize("training", [False, True])
@every
def test_steps_after_the_end_change_nothing(name, training):
    net = trained(NETWORKS[name]()).train(training)
    x, lengths = torch.randn(3, 40, 3), torch.tensor([33, 17, 6])
    output = net(x, lengths)
    junk = x.clone()
    for row, length in enumerate(lengths):
        junk[row, length:] = 1e3
    torch.testing.assert_close(net(junk, lengths), output)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", [n for n in NETWORKS if not n.startswith("transformer")])
def test_longer_padding_changes_nothing(name, training):
    net = trained(NETWORKS[name]()).train(training)
    x, lengths = torch.randn(3, 40, 3), torch.tensor([33, 17, 6])
    longer = torch.cat([x, torch.full((3, 24, 3), -7.0)], dim=1)
    torch.testing.assert_close(net(longer, lengths), net(x, lengths))


def test_longer_padding_changes_nothing_for_the_transformer():
    net, longer_net = encoder(), encoder(n_steps=64)
    longer_net.load_state_dict(net.state_dict())
    x, lengths = torch.randn(3, 40, 3), torch.tensor([33, 17, 6])
    longer = torch.cat([x, torch.full((3, 24, 3), -7.0)], dim=1)
    torch.testing.assert_close(longer_net(longer, lengths), net(x, lengths))


@every
def test_a_padded_sequence_gives_what_it_gives_alone(name):
    net = trained(NETWORKS[name]())
    x, lengths = torch.randn(3, 40, 3), torch.tensor([33, 18, 6])
    output = net(x, lengths)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(net(x[row : row + 1, :length])[0], output[row])


@every
def test_whole_sequences_give_the_same_with_and_without_lengths(name):
    net, x = trained(NETWORKS[name]()), torch.randn(3, 40, 3)
    torch.testing.assert_close(net(x, torch.tensor([40, 40, 40])), net(x))


@every
def test_the_order_of_the_steps_matters(name):
    net, x = trained(NETWORKS[name]()), torch.randn(3, 40, 3)
    assert not torch.allclose(net(x), net(x[:, torch.randperm(40)]), atol=1e-4)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn_step(x, h, c, W, U, b, b2):
    return np.tanh(W @ x + U @ h + b + b2), c


def gru_step(x, h, c, W, U, b, b2):
    (xr, xz, xg), (hr, hz, hg) = np.split(W @ x + b, 3), np.split(U @ h + b2, 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    return z * h + (1 - z) * np.tanh(xg + r * hg), c


def lstm_step(x, h, c, W, U, b, b2):
    i, f, g, o = np.split(W @ x + U @ h + b + b2, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@pytest.mark.parametrize(("cell", "step"), [(RNN, rnn_step), (GRU, gru_step), (LSTM, lstm_step)])
def test_recurrent_networks_equal_their_equations_computed_by_hand(cell, step):
    """Both directions of two layers, sequences of unequal lengths, last and mean state, the linear layer."""
    net, x, lengths = recurrent(cell, n_layers=2, bidirectional=True), torch.randn(3, 7, 3), [7, 4, 1]
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.7)
    layers = [
        [[p.detach().double().numpy() for p in direction.parameters()] for direction in layer]
        for layer in net.layers
    ]
    output = net(x, torch.tensor(lengths)).detach().numpy()
    for row, length in enumerate(lengths):
        steps = x[row, :length].double().numpy()
        for layer in layers:
            both = []
            for place, weights in enumerate(layer):
                h, c, states = np.zeros(4), np.zeros(4), []
                for value in steps[::-1] if place else steps:
                    h, c = step(value, h, c, *weights)
                    states.append(h)
                both.append(states[::-1] if place else states)
            steps = np.hstack(both)
        features = np.hstack([steps[-1, :4], steps[0, 4:], steps.mean(axis=0)])
        expected = net.head.weight.detach().double().numpy() @ features + net.head.bias.detach().numpy()
        np.testing.assert_allclose(output[row], expected, atol=1e-5)


@pytest.mark.parametrize("cell", GATES)
def test_recurrent_networks_start_orthogonal_and_the_lstm_with_open_forget_gates(cell):
    net = recurrent(cell, hidden=8, n_layers=2, bidirectional=True)
    for layer in net.layers:
        for direction in layer:
            for gate in direction.weight_hh_l0.detach().chunk(GATES[cell]):
                torch.testing.assert_close(gate @ gate.T, torch.eye(8), atol=1e-5, rtol=0)
            biases = (direction.bias_ih_l0 + direction.bias_hh_l0).detach().chunk(GATES[cell])
            for place, bias in enumerate(biases):
                forget = cell is LSTM and place == 1
                assert torch.equal(bias, torch.full((8,), float(forget)))


@pytest.mark.parametrize("kernel", [5, 8])
def test_convolution_is_the_sliding_dot_product(kernel):
    layer, x = Conv1d(2, 3, kernel=kernel).eval(), torch.randn(1, 2, 11)
    weight = layer.conv.weight.detach().numpy()  # (to, n, kernel)
    padded = np.pad(x[0].numpy(), ((0, 0), ((kernel - 1) // 2, kernel // 2)))
    expected = [[(weight[k] * padded[:, t : t + kernel]).sum() for t in range(11)] for k in range(3)]
    fresh = 1 / math.sqrt(1 + layer.norm.norm.eps)  # before training: mean 0, variance 1
    np.testing.assert_allclose(layer(x, None)[0].detach().numpy(), np.array(expected) * fresh, atol=1e-5)


def test_batch_statistics_are_those_of_the_observed_steps():
    layer, x, lengths = Conv1d(2, 3, kernel=3), torch.randn(4, 2, 9), [9, 2, 5, 1]
    mask = torch.arange(9) < torch.tensor(lengths)[:, None]
    steps = layer(x, mask).transpose(1, 2)[mask]  # (sum of the lengths, 3)
    torch.testing.assert_close(steps.mean(dim=0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(steps.var(dim=0, unbiased=False), torch.ones(3), atol=1e-3, rtol=0)


def test_places_run_from_the_first_to_the_last_observed_step():
    x, mask = torch.zeros(2, 3, 9), torch.arange(9) < torch.tensor([[9], [4]])
    for row, length in enumerate((9, 4)):
        u = np.linspace(0, 1, length)
        expected = np.cos(np.pi * np.arange(1, 6)[:, None] * u)
        seen = places(x, mask, 5)[row, :, :length]
        np.testing.assert_allclose(seen.numpy(), expected, atol=1e-5)
    torch.testing.assert_close(places(x, None, 5)[1], places(x, mask, 5)[0])
    assert places(x, mask, 0).shape == (2, 0, 9)


def test_places_let_the_cnn_tell_where_something_was():
    """The class is in which half of the sequence a peak is, far from the ends, where zeros are added."""
    rng = np.random.default_rng(0)
    X, at = rng.normal(size=(400, 120, 1)) * 0.1, rng.integers(40, 80, 400)
    X[np.arange(400), at] += 3
    y = at < 60

    def score(n_places):
        config = {"layout": (120, 1), "random_state": 0, "max_epochs": 6, "width": 8, "n_places": n_places}
        estimator = architectures.get("cnn").make("classification", **config)
        return estimator.fit(X[:300], y[:300]).score(X[300:], y[300:])

    assert score(8) > 0.95
    assert score(0) < 0.75


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_parameters_are_those_of_the_published_sizes():
    channels, classes = 5, 7

    def convolution(n, to, kernel):
        return to * (n * kernel + 2)  # two numbers of the batch normalisation for each output

    expected = (
        convolution(channels, 128, 8)
        + convolution(128, 256, 5)
        + convolution(256, 128, 3)
        + (128 + 1) * classes
    )
    assert n_parameters(FCN(channels, width=128, dropout=0.0, n_outputs=classes)) == expected

    def block(n, to):
        skip = 2 * n if n == to else convolution(n, to, 1)
        return convolution(n, to, 8) + convolution(to, to, 5) + convolution(to, to, 3) + skip

    expected = block(channels, 64) + block(64, 128) + block(128, 128) + (128 + 1) * classes
    assert n_parameters(ResNet1d(channels, width=64, dropout=0.0, n_outputs=classes)) == expected


@pytest.mark.parametrize("cell", GATES)
def test_parameters_of_the_recurrent_networks(cell):
    one = GATES[cell] * 4 * (3 + 4 + 2)  # torch has two biases
    assert n_parameters(recurrent(cell)) == one + (2 * 4 + 1) * 2
    second = GATES[cell] * 4 * (8 + 4 + 2)
    net = recurrent(cell, n_layers=2, bidirectional=True)
    assert n_parameters(net) == 2 * one + 2 * second + (2 * 8 + 1) * 2


def test_parameters_of_the_transformer():
    width = 16
    block = (3 * width + width) * (width + 1) + 2 * 4 * width**2 + 5 * width + 2 * 2 * width
    expected = (3 + 1) * width + 3 * block + 2 * width + (width + 1) * 2
    assert n_parameters(encoder(width=width, n_layers=3)) == expected


@pytest.mark.parametrize(
    ("net", "steps"),
    [(FCN(1, width=4, dropout=0.0, n_outputs=2), 14), (ResNet1d(1, width=4, dropout=0.0, n_outputs=2), 40)],
    ids=["fcn", "resnet1d"],
)
def test_a_feature_sees_as_many_steps_as_stated(net, steps):
    """By the gradient of the value in the middle, with ReLUs that let everything through."""
    x = torch.randn(1, 1, 101, requires_grad=True)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.constant_(layer.bias, 100.0)
    h = x
    for layer in net.eval().children().__next__():
        h = layer(h, None)
    h[0, :, 50].sum().backward()
    seen = torch.nonzero(x.grad[0, 0]).flatten()
    assert len(seen) == steps
    assert seen[-1] - seen[0] == steps - 1


def test_attention_is_the_softmax_of_scaled_products():
    attention, x = Attention(6, n_heads=2), torch.randn(1, 5, 6)
    qkv = attention.qkv(x)[0].detach().double().numpy()
    heads = []
    for head in range(2):
        q, k, v = (qkv[:, part * 6 + head * 3 : part * 6 + head * 3 + 3] for part in range(3))
        weights = np.exp(q @ k[:3].T / math.sqrt(3))  # the last two are not observed
        heads.append(weights / weights.sum(axis=1, keepdims=True) @ v[:3])
    expected = np.hstack(heads) @ attention.out.weight.detach().double().numpy().T
    expected += attention.out.bias.detach().numpy()
    mask = torch.tensor([[True, True, True, False, False]])
    np.testing.assert_allclose(attention(x, mask)[0].detach().numpy(), expected, atol=1e-6)


def test_without_positions_the_transformer_cannot_tell_the_order():
    net, x = encoder().eval(), torch.randn(3, 40, 3)
    shuffled = x[:, torch.randperm(40)]
    assert not torch.allclose(net(x), net(shuffled), atol=1e-3)
    net.positions.zero_()
    torch.testing.assert_close(net(x), net(shuffled))


@pytest.mark.parametrize(("n_steps", "patch"), [(1, 1), (256, 1), (257, 2), (512, 2), (2000, 8)])
def test_long_sequences_are_read_in_patches(n_steps, patch):
    net, tokens = encoder(n_steps=n_steps), []
    net.blocks[0].register_forward_hook(lambda _, inputs, __: tokens.append(inputs[0].shape[1]))
    net(torch.randn(2, n_steps, 3))
    assert net.patch == patch
    assert tokens == [math.ceil(n_steps / patch)]
    assert tokens[0] <= MAX_TOKENS


def test_a_width_that_the_heads_do_not_divide_is_refused():
    X, y = np.random.default_rng(0).normal(size=(20, 6)), np.arange(20.0)
    for config in ({"width": 30, "n_heads": 4}, {"width": 7, "n_heads": 7}):
        with pytest.raises(InputError, match="multiple of n_heads"):
            architectures.get("transformer").make("regression", layout=(6, 1), **config).fit(X, y)


def smooth_or_rough(n, rng):
    """Noise of one variance; the class is whether neighbours are alike: no single column tells."""
    smooth = rng.integers(0, 2, n)
    noise = rng.normal(size=(n, 35))
    mean = (noise[:, 3:] + noise[:, 2:-1] + noise[:, 1:-2] + noise[:, :-3]) / 2  # variance 1 again
    return np.where(smooth[:, None] == 1, mean, noise[:, 3:]), smooth


def test_permuting_the_columns_hurts_the_cnn_and_not_the_trees():
    rng = np.random.default_rng(0)
    X, y = smooth_or_rough(600, rng)
    order = rng.permutation(32)

    def score(name, columns, **config):
        estimator = architectures.get(name).make("classification", random_state=0, **config)
        return estimator.fit(X[:400][:, columns], y[:400]).score(X[400:][:, columns], y[400:])

    cnn = {"layout": (32, 1), "max_epochs": 8, "width": 8}
    assert score("cnn", np.arange(32), **cnn) > score("cnn", order, **cnn) + 0.1
    assert abs(score("gbt", np.arange(32)) - score("gbt", order)) < 0.1


def test_the_readout_is_the_last_state_with_or_without_the_mean():
    x, lengths = torch.randn(3, 9, 3), torch.tensor([9, 4, 1])
    for readout, width in (("last", 4), ("last+mean", 8)):
        net = recurrent(LSTM, readout=readout)
        states, _ = net.layers[0][0](x)
        last = states[torch.arange(3), lengths - 1]
        mean = torch.stack([row[:length].mean(dim=0) for row, length in zip(states, lengths)])
        features = last if readout == "last" else torch.cat([last, mean], dim=1)
        assert net.head.in_features == width
        torch.testing.assert_close(net(x, lengths), net.head(features))
    with pytest.raises(InputError, match="readout"):
        architectures.get("lstm").make("regression", readout="first").fit(np.eye(4), np.arange(4.0))


def test_lstm_solves_the_adding_problem():
    """Predicting the mean has a root mean squared error of 0.41, remembering two numbers far less."""
    rng = np.random.default_rng(0)
    X, y = adding_problem(2000, 50, rng)
    new, truth = adding_problem(500, 50, rng)
    config = {"hidden": 32, "bidirectional": False, "dropout": 0.0, "max_epochs": 10, "learning_rate": 0.01}
    lstm = architectures.get("lstm").make(
        "regression", layout=(50, 2), random_state=0, readout="last", **config
    )
    error = lstm.fit(X, y).predict(new) - truth
    assert np.sqrt(np.mean(error**2)) < 0.1


@pytest.mark.parametrize("name", ["cnn", "fcn", "gru", "lstm", "resnet1d", "rnn", "transformer"])
def test_padding_of_flat_columns_is_masked(name):
    """The class is the sign of the last observed steps; what comes after it is NaN."""
    rng = np.random.default_rng(0)
    n = 400
    lengths = rng.integers(4, 17, n)
    X = rng.normal(size=(n, 16, 1)) * 0.1
    y = rng.integers(0, 2, n)
    for row, length in enumerate(lengths):
        X[row, length - 3 : length] += 2 * y[row] - 1
        X[row, length:] = np.nan
    small = {"width": 16} if name in {"fcn", "resnet1d"} else {}
    config = {"layout": (16, 1), "random_state": 0, "max_epochs": 8, **small}
    estimator = architectures.get(name).make("classification", **config)
    estimator.fit(X[:300], y[:300])
    assert estimator.score(X[300:], y[300:]) > 0.95
    padded = np.concatenate([X[:20], np.full((20, 8, 1), np.nan)], axis=1)
    longer, shorter = (
        architectures.get(name).make("classification", **{**config, "layout": (steps, 1), "max_epochs": 2})
        for steps in (24, 16)
    )
    expected = shorter.fit(X[:20], y[:20]).predict_proba(X[:20])
    np.testing.assert_allclose(longer.fit(padded, y[:20]).predict_proba(padded), expected, atol=1e-5)
