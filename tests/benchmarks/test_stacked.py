"""A stacked training does for each member what a training alone does."""

import copy

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from advisor.architectures._training import Recipe, train
from benchmarks.speed.stacked import CASES, data, members
from benchmarks.speed.stacked_training import Mapped, Step, train_stacked


@pytest.mark.parametrize(
    ("name", "mapped"), [("mlp-16", False), ("mlp-16", True), ("cnn", False), ("cnn", True), ("lstm", False)]
)
def test_equals_single_trainings(name, mapped):
    case, rates, seeds = CASES[name], (1e-4, 1e-3, 4e-3), (3, 4, 5)
    x, target = data(case, 60)
    x = x.double()  # in single precision AdamW makes much of the rounding of small gradients
    alone = [module.double() for module in members(case, 3, dropout=[0.0] * 3)]
    stacked = copy.deepcopy(alone)
    rows = [np.random.default_rng(seed).permutation(60) for seed in seeds]
    recipes = [Recipe(2, 2, 24, rate, 0.1 * rate, clip=case.clip) for rate in rates]
    stack = (Mapped if mapped else case.stack)(stacked)
    together = train_stacked(
        stack,
        x,
        target,
        rows=[r[:45] for r in rows],
        validation=[r[45:] for r in rows],
        recipes=recipes,
        seeds=seeds,
    )
    for k, module in enumerate(alone):
        history = train(
            module,
            (x,),
            target,
            loss=cross_entropy,
            rows=rows[k][:45],
            validation=rows[k][45:],
            recipe=recipes[k],
            seed=seeds[k],
        )
        np.testing.assert_allclose(together[k].scores, history.scores, rtol=1e-8)
        for a, b in zip(module.parameters(), stacked[k].parameters()):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-8)


def test_a_member_stops_by_its_own_patience():
    case = CASES["mlp-16"]
    x, target = data(case, 60)
    rows = np.arange(60)
    recipes = [Recipe(30, 2, 32, 0.1, schedule="constant"), Recipe(30, 30, 32, 1e-4, schedule="constant")]
    short, long = train_stacked(
        case.stack(members(case, 2)),
        x,
        target,
        rows=[rows[:45]] * 2,
        validation=[rows[45:]] * 2,
        recipes=recipes,
        seeds=(0, 1),
    )
    assert short.stopped == "patience"
    assert len(short.scores) == short.best_epoch + 3 < 30
    assert (long.stopped, len(long.scores)) == ("max_epochs", 30)


@pytest.mark.parametrize("by_member", [False, True])
def test_step_is_adamw(by_member):
    torch.manual_seed(0)
    start = [torch.randn(2, 5, 3), torch.randn(2, 4)]
    rates, decays = [1e-2, 1e-3], [0.1, 0.0]
    stacked = [w.clone().requires_grad_() for w in start]
    single = [[w[k].clone().requires_grad_() for w in start] for k in range(2)]
    step = Step(stacked, decays, by_member=by_member)
    optimisers = [torch.optim.AdamW(w, lr=r, weight_decay=d) for w, r, d in zip(single, rates, decays)]
    for _ in range(20):
        for place, weight in enumerate(stacked):
            weight.grad = torch.randn(weight.shape)
            for k in range(2):
                single[k][place].grad = weight.grad[k].clone()
        step(rates)
        for optimiser in optimisers:
            optimiser.step()
    for k in range(2):
        for ours, torchs in zip(stacked, single[k]):
            torch.testing.assert_close(ours[k], torchs, rtol=1e-6, atol=1e-6)
