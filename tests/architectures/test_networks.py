"""The networks compute what their papers say, padding has no part, and training keeps its promises."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import nn

from advisor import architectures
from advisor.architectures import _training
from advisor.architectures._target import inner_split
from advisor.architectures._training import Rate, Recipe, forward, seeded, train
from advisor.architectures.mlp import Perceptron
from advisor.errors import DivergedError, InputError

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _torch_seed():
    with seeded(0, CPU):
        yield


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


@pytest.mark.parametrize(
    ("schedule", "changes", "kept"),
    [
        ("cosine", {}, 5),  # the first epoch after a quarter of twenty
        ("cosine", {"patience": 6}, 3),  # the first after half the patience
        ("cosine", {"max_epochs": 1}, 0),  # there is no other
        ("cosine", {"settle": 0.0}, 0),
        ("constant", {}, 0),
        ("plateau", {}, 0),
    ],
)
def test_an_epoch_of_the_warm_up_is_best_only_if_no_other_is(schedule, changes, kept):
    x, y = regression_problem()
    losses = iter(range(1, 100))  # the longer, the worse

    def rising(output, target):
        return mse(output, target) * 0 + next(losses) if len(target) == 20 else mse(output, target)

    settings = {"max_epochs": 20, "patience": 20, "settle": 0.25, **changes}
    history = run(nn.Linear(3, 1), x, y, loss=rising, schedule=schedule, **settings)
    assert history.best_epoch == kept
    assert history.scores[0] == max(history.scores)


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


def test_a_late_divergence_leaves_the_best_weights():
    x, y = regression_problem()
    steps = []

    def breaks(output, target):
        steps.append(len(output))
        late = steps.count(8) > 40 and len(output) == 8  # a batch of training, after five epochs
        return mse(output, target) * (float("inf") if late else 1)

    rows, module = np.arange(64), nn.Linear(3, 1)
    with pytest.warns(
        ConvergenceWarning, match="in epoch 6: lower the learning rate.*; the weights of epoch"
    ):
        history = run(module, x, y, loss=breaks, rows=rows, validation=np.arange(64, 80))
    assert (history.stopped, len(history.scores), history.scores[-1]) == ("diverged", 6, -math.inf)
    score = -float(mse(forward(module, (x[64:],)), y[64:]))
    assert score == pytest.approx(max(history.scores), rel=1e-5)
    assert history.scores[history.best_epoch] == max(history.scores)


def test_an_evaluation_that_overflows_at_first_is_waited_for():
    x, y = regression_problem()

    class Overflows(nn.Linear):
        """As running statistics of few batches do, in evaluation alone."""

        evaluated = 0

        def forward(self, rows):
            self.evaluated += not self.training
            return super().forward(rows) * (1 if self.training or self.evaluated > bad else float("inf"))

    bad = 2
    history = run(Overflows(3, 1), x, y, max_epochs=6, patience=6)
    assert history.scores[:2] == (-math.inf, -math.inf)
    assert history.best_epoch >= 2
    bad = 100
    with pytest.raises(DivergedError, match="no finite validation loss in 6 epochs"):
        run(Overflows(3, 1), x, y, max_epochs=6, patience=6)


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
    rate, best, seen = Rate(recipe), 0, []
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


def test_plateau_divides_by_five_after_thirty_epochs_without_gain():
    seen = rates("plateau", 100, lambda epoch: epoch <= 10)
    steps = [0.1, 0.02, 0.004]
    assert sorted(set(np.round(seen, 6)), reverse=True)[:3] == pytest.approx(steps)
    assert seen[10 + 30] == 0.1
    assert seen[10 + 32] == pytest.approx(0.02)
    assert set(rates("plateau", 100, lambda epoch: True)) == {0.1}


@pytest.fixture
def stopwatch(monkeypatch):
    """A clock that a step of the optimiser moves on by a second; the rates of the steps are kept."""
    seen, original = [], torch.optim.AdamW.step

    def step(self, *args, **kwargs):
        seen.append(self.param_groups[0]["lr"])
        return original(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    monkeypatch.setattr(_training, "time", SimpleNamespace(monotonic=lambda: float(len(seen))))
    return seen


def test_cosine_falls_to_zero_within_the_time_limit(stopwatch):
    x, y = regression_problem()
    history = run(nn.Linear(3, 1), x, y, max_epochs=10**6, patience=10**6, time_limit=100)
    assert (history.stopped, history.hurried, len(stopwatch)) == ("time_limit", True, 100)
    assert max(stopwatch) == pytest.approx(0.05, rel=0.05)
    assert stopwatch[-1] < 0.02 * max(stopwatch)


def test_a_slow_first_epoch_within_the_time_limit_changes_nothing(monkeypatch):
    x, y = regression_problem()
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(_training, "time", clock)

    def trained(first_epoch, time_limit):
        waited = []

        def slow(output, target):
            if not waited:
                waited.append(first_epoch)
                clock.now += first_epoch
            return mse(output, target)

        torch.manual_seed(0)
        module = nn.Linear(3, 1)
        history = run(module, x, y, loss=slow, max_epochs=10, patience=10, time_limit=time_limit)
        return module.weight.detach().numpy(), history.hurried

    free, _ = trained(0.0, None)
    # a fifth of the limit is gone after the first of ten epochs
    same, hurried = trained(2.0, 10.0)
    np.testing.assert_array_equal(same, free)
    assert not hurried


def test_a_limit_within_the_first_epoch_warms_up_and_anneals(stopwatch):
    x, y = regression_problem()
    rows = np.tile(np.arange(60), 40)
    history = run(nn.Linear(3, 1), x, y, rows=rows, batch_size=2, max_epochs=10, time_limit=100)
    assert (history.stopped, len(history.scores), len(stopwatch)) == ("time_limit", 1, 100)
    assert max(stopwatch) == pytest.approx(0.05, rel=0.05)
    assert stopwatch[-1] < 0.02 * max(stopwatch)
    assert (np.diff(stopwatch[15:]) < 0).all()


def test_the_rates_run_on_from_the_first_epoch_to_the_second(stopwatch):
    x, y = regression_problem()
    run(nn.Linear(3, 1), x, y, batch_size=2, max_epochs=100, time_limit=100)  # 30 steps an epoch
    assert len(stopwatch) == 100
    assert stopwatch[-1] < 0.02 * max(stopwatch)
    assert (np.diff(stopwatch[15:]) <= 0).all()


def test_a_limit_that_is_not_needed_changes_no_rate(stopwatch):
    x, y = regression_problem()
    seen = []
    for limit in (None, 1000, 10**6):
        stopwatch.clear()
        run(nn.Linear(3, 1), x, y, max_epochs=20, time_limit=limit)
        seen.append(list(stopwatch))
    assert seen[0] == seen[1] == seen[2]


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


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("mlp", {"schedule": "cosin"}, "schedule must be 'cosine', 'plateau' or 'constant', got 'cosin'"),
        ("mlp", {"clip": 0.0}, "clip must be above 0, got 0.0"),
        ("mlp", {"weight_decay": -1}, "weight_decay must be at least 0, got -1"),
        ("mlp", {"weight_decay": float("nan")}, "weight_decay must be at least 0, got nan"),
        ("mlp", {"time_limit": -1}, "time_limit must be at least 0, got -1"),
        ("gbt", {"time_limit": -1}, "time_limit must be at least 0, got -1"),
        ("random_forest", {"time_limit": -1}, "time_limit must be at least 0, got -1"),
        (
            "nearest_neighbours",
            {"weights": "distanc"},
            "weights must be 'uniform' or 'distance', got 'distanc'",
        ),
    ],
)
def test_settings_that_mean_nothing_are_refused(name, setting, message):
    with pytest.raises(InputError, match=message):
        architectures.get(name).make("regression", **setting).fit(np.eye(4), np.arange(4.0))
