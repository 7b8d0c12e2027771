"""The networks compute what their papers say, padding has no part, and training keeps its promises."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from advisor import architectures
from advisor.architectures._convolution1d import Conv1d, SequenceCNN
from advisor.architectures._target import inner_split
from advisor.architectures._training import Recipe, _Rate, forward, seeded, train
from advisor.architectures.lstm import Recurrent
from advisor.architectures.mlp import Perceptron
from advisor.errors import DivergedError, InputError
from benchmarks.learning.adding import adding_problem, read_last_state

CPU = torch.device("cpu")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def recurrent(**changes):
    settings = {"hidden": 4, "n_layers": 1, "bidirectional": False, "dropout": 0.0, "n_outputs": 2, **changes}
    torch.manual_seed(0)
    return Recurrent(3, **settings).eval()


@pytest.fixture(autouse=True)
def _torch_seed():
    with seeded(0, CPU):
        yield


def test_lstm_equals_the_equations_computed_by_hand():
    net, x = recurrent(), torch.randn(5, 7, 3)
    W, U, b, b2 = (p.detach().double().numpy() for p in net.lstm.parameters())
    head = net.head[1]
    h, c, states = np.zeros((5, 4)), np.zeros((5, 4)), []
    for t in range(7):
        gates = x[:, t].double().numpy() @ W.T + h @ U.T + b + b2
        i, f, g, o = np.split(gates, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    features = np.hstack([h, np.mean(states, axis=0)])
    expected = features @ head.weight.detach().double().numpy().T + head.bias.detach().double().numpy()
    np.testing.assert_allclose(net(x).detach().numpy(), expected, atol=1e-6)


def test_lstm_starts_with_open_forget_gates_and_orthogonal_recurrence():
    net = recurrent(hidden=8, n_layers=2, bidirectional=True)
    for name, parameter in net.lstm.named_parameters():
        gates = parameter.detach().chunk(4)
        if name.startswith("bias_ih"):
            assert torch.equal(gates[1], torch.ones(8))
            assert not gates[0].any()
            assert not gates[3].any()
        elif name.startswith("bias_hh"):
            assert not parameter.any()
        elif name.startswith("weight_hh"):
            for gate in gates:
                torch.testing.assert_close(gate @ gate.T, torch.eye(8), atol=1e-5, rtol=0)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_padded_steps_change_nothing_for_the_lstm(bidirectional):
    net = recurrent(bidirectional=bidirectional, n_layers=2)
    x, lengths = torch.randn(3, 9, 3), torch.tensor([4, 9, 1])
    output = net(x, lengths)
    junk = x.clone()
    for row, length in enumerate(lengths):
        junk[row, length:] = 1e3
        torch.testing.assert_close(output[row], net(x[row : row + 1, :length])[0])
    torch.testing.assert_close(net(junk, lengths), output)


@pytest.mark.parametrize("training", [False, True])
def test_padded_steps_change_nothing_for_the_convolution(training):
    net = SequenceCNN(3, n_steps=40, width=4, dropout=0.0, n_outputs=2).train(training)
    x, lengths = torch.randn(3, 40, 3), torch.tensor([33, 17, 6])
    output = net(x, lengths)
    junk = x.clone()
    for row, length in enumerate(lengths):
        junk[row, length:] = 1e3
    torch.testing.assert_close(net(junk, lengths), output)
    longer = torch.cat([x, torch.full((3, 24, 3), -7.0)], dim=1)
    torch.testing.assert_close(net(longer, lengths), output)


def test_whole_sequences_give_the_same_with_and_without_lengths():
    net = SequenceCNN(2, n_steps=40, width=4, dropout=0.0, n_outputs=2).eval()
    x = torch.randn(3, 40, 2)
    torch.testing.assert_close(net(x, torch.tensor([40, 40, 40])), net(x))


def test_convolution_is_the_sliding_dot_product():
    layer, x = Conv1d(2, 3, kernel=5).eval(), torch.randn(1, 2, 11)
    kernel = layer.conv.weight.detach().numpy()  # (to, n, 5)
    padded = np.pad(x[0].numpy(), ((0, 0), (2, 2)))
    expected = [[(kernel[k] * padded[:, t : t + 5]).sum() for t in range(11)] for k in range(3)]
    fresh = 1 / math.sqrt(1 + layer.norm.eps)  # batch normalisation before training: mean 0, variance 1
    np.testing.assert_allclose(layer(x, None)[0].detach().numpy(), np.array(expected) * fresh, atol=1e-5)


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
    assert score("cnn", np.arange(32), **cnn) > score("cnn", order, **cnn) + 0.2
    assert abs(score("gbt", np.arange(32)) - score("gbt", order)) < 0.1


def test_permuting_the_columns_permutes_the_first_layer_of_the_mlp():
    """With the weights of the first layer permuted alike, the outputs are equal: order means nothing."""

    net, x, order = (
        Perceptron(6, (), embedding_size=1, n_layers=2, width=5, dropout=0.0, n_outputs=2),
        torch.randn(4, 6),
        [3, 1, 0, 5, 2, 4],
    )
    expected = net(x)
    net.layers[0].weight.data = net.layers[0].weight.data[:, order]
    torch.testing.assert_close(net(x[:, order]), expected)


def regression_problem(n=80):
    x = torch.randn(n, 3)
    return x, (x[:, 0] - x[:, 1]).contiguous()


def mse(output, target):
    return nn.functional.mse_loss(output[:, 0], target)


def run(module, x, y, *, rows=None, validation=None, loss=mse, **changes):
    recipe = Recipe(**{"max_epochs": 30, "patience": 30, "batch_size": 8, "learning_rate": 0.05, **changes})
    rows = np.arange(0, 60) if rows is None else rows
    validation = np.arange(60, 80) if validation is None else validation
    return train(module, (x,), y, loss=loss, rows=rows, validation=validation, recipe=recipe, seed=0)


def test_the_best_weights_are_restored():
    x, y = regression_problem()
    module = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    history = run(module, x, y, learning_rate=0.3, schedule="constant")
    score = -float(mse(forward(module, (x[60:],)), y[60:]))
    assert history.best_epoch < len(history.scores) - 1  # else there was nothing to restore
    assert score == pytest.approx(max(history.scores), rel=1e-5)
    assert history.scores[history.best_epoch] == max(history.scores)


def test_validation_rows_are_not_learned_from():
    x, y = regression_problem()
    states = []
    for spoiled in (False, True):
        with seeded(1, CPU):
            module = nn.Linear(3, 1)
        target = y.clone()
        if spoiled:
            target[60:] = 100 * torch.randn(20)
        run(module, x, target, max_epochs=1)
        states.append(module.weight.detach().clone())
    assert torch.equal(*states)


def test_patience_ends_training():
    x, _ = regression_problem()
    history = run(nn.Linear(3, 1), x, torch.randn(80) * 10, patience=3, max_epochs=500, learning_rate=0.5)
    assert history.stopped == "patience"
    assert len(history.scores) == history.best_epoch + 1 + 3


def test_a_loss_that_is_not_finite_is_an_error():
    x, y = regression_problem()
    with pytest.raises(DivergedError, match="lower the learning rate"):
        run(nn.Linear(3, 1), x, y, learning_rate=1e30)
    with pytest.raises(DivergedError, match="epoch 1"):
        run(nn.Linear(3, 1), x, y, loss=lambda output, target: mse(output, target) * float("nan"))


def test_the_gradient_is_clipped():
    x, y = regression_problem()
    norms = []

    def steep(output, target):
        return mse(output, target) * 1e6

    module = nn.Linear(3, 1)
    original = torch.optim.AdamW.step

    def step(self, *args, **kwargs):
        norms.append(math.sqrt(sum(float((p.grad**2).sum()) for p in module.parameters())))
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        run(module, x, y, loss=steep, clip=0.5, max_epochs=2)
    assert len(norms) > 4
    assert max(norms) <= 0.5 + 1e-5


def rates(schedule, epochs, score):
    """Learning rates of a training whose validation score is given per epoch; one batch an epoch."""
    recipe = Recipe(epochs, epochs, 8, 0.1, schedule=schedule)
    rate, best, seen = _Rate(recipe), 0, []
    for epoch in range(epochs):
        seen.append(rate(epoch / epochs, epoch - best))
        if score(epoch):
            best = epoch
    return seen


def test_cosine_warms_up_then_falls_to_zero():
    seen = rates("cosine", 100, lambda epoch: True)
    assert np.argmax(seen) in (9, 10)
    assert max(seen) == pytest.approx(0.1)
    assert seen[0] == pytest.approx(0.01)
    assert seen[-1] < 1e-4
    assert (np.diff(seen[10:]) < 0).all()


def test_cosine_falls_to_zero_within_the_time_limit():
    x, y = regression_problem()
    seen, original = [], torch.optim.AdamW.step

    def step(self, *args, **kwargs):
        seen.append(self.param_groups[0]["lr"])
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        history = run(nn.Linear(3, 1), x, y, max_epochs=10**6, patience=10**6, time_limit=0.5)
    assert history.stopped == "time_limit"
    assert max(seen) == pytest.approx(0.05, rel=0.2)
    assert seen[-1] < 0.2 * max(seen)


def test_plateau_divides_by_five_after_thirty_epochs_without_gain():
    seen = rates("plateau", 100, lambda epoch: epoch <= 10)
    steps = [0.1, 0.02, 0.004]
    assert sorted(set(np.round(seen, 6)), reverse=True)[:3] == pytest.approx(steps)
    assert seen[10 + 30] == 0.1
    assert seen[10 + 32] == pytest.approx(0.02)
    assert set(rates("plateau", 100, lambda epoch: True)) == {0.1}


@pytest.mark.parametrize("n", [2, 3, 7, 10, 101, 1000])
def test_inner_split_is_a_partition_that_keeps_class_shares(n):
    rng = np.random.default_rng(0)
    target = rng.permutation(np.arange(n) % 3 == 0).astype(np.int64)
    rows, held = inner_split(target, 0.2, rng)
    if n >= 7:
        assert np.array_equal(np.sort(np.concatenate([rows, held])), np.arange(n))
        assert abs(len(held) - 0.2 * n) <= 2
        assert abs(target[held].sum() - 0.2 * target.sum()) <= 1
    assert len(rows) >= 2
    assert len(held) >= 1


def test_inner_split_never_takes_the_only_row_of_a_class():
    target = np.arange(50)
    target[:20] = 0
    rows, held = inner_split(target, 0.5, np.random.default_rng(0))
    assert set(target[rows]) == set(target)
    assert len(held) > 0


@pytest.mark.parametrize("setting", ["max_epochs", "patience", "batch_size", "learning_rate"])
def test_settings_that_cannot_train_are_refused(setting):
    with pytest.raises(InputError, match=f"{setting} must be above 0"):
        architectures.get("mlp").make("regression", **{setting: 0}).fit(np.eye(4), np.arange(4.0))


def test_lstm_solves_the_adding_problem():
    """Predicting the mean has a root mean squared error of 0.41, remembering two numbers far less."""
    rng = np.random.default_rng(0)
    X, y = adding_problem(2000, 50, rng)
    new, truth = adding_problem(500, 50, rng)
    config = {"hidden": 32, "bidirectional": False, "dropout": 0.0, "max_epochs": 10, "learning_rate": 0.01}
    lstm = architectures.get("lstm").make("regression", layout=(50, 2), random_state=0, **config)
    error = read_last_state(lstm).fit(X, y).predict(new) - truth
    assert np.sqrt(np.mean(error**2)) < 0.1


@pytest.mark.parametrize("name", ["cnn", "lstm"])
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
    config = {"layout": (16, 1), "random_state": 0, "max_epochs": 8}
    estimator = architectures.get(name).make("classification", **config)
    estimator.fit(X[:300], y[:300])
    assert estimator.score(X[300:], y[300:]) > 0.95
    padded = np.concatenate([X[:20], np.full((20, 8, 1), np.nan)], axis=1)
    longer, shorter = (
        architectures.get(name).make("classification", layout=(steps, 1), random_state=0, max_epochs=2)
        for steps in (24, 16)
    )
    expected = shorter.fit(X[:20], y[:20]).predict_proba(X[:20])
    np.testing.assert_allclose(longer.fit(padded, y[:20]).predict_proba(padded), expected, atol=1e-5)
