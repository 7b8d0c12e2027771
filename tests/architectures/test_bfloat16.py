"""Training in bfloat16: only the forward pass of training, only where asked for and where the CPU has it."""

import numpy as np
import pytest
import torch
from torch import nn

from advisor.architectures import _training
from advisor.architectures._training import Recipe, train

needs_bfloat16 = pytest.mark.skipif(not _training.has_bfloat16(), reason="no bfloat16 on this CPU")


class Watched(nn.Linear):
    def __init__(self):
        super().__init__(3, 1)
        self.seen = set()

    def forward(self, x):
        out = super().forward(x)
        self.seen.add((self.training, out.dtype))
        return out


def run(*, asked):
    torch.manual_seed(0)
    net, rows = Watched(), np.arange(40)
    x = torch.randn(40, 3)
    train(
        net,
        (x,),
        x[:, :1] * 2,
        loss=nn.functional.mse_loss,
        rows=rows,
        validation=rows,
        recipe=Recipe(30, 30, 10, 3e-2, bfloat16=asked),
        seed=0,
    )
    return net


@needs_bfloat16
def test_only_the_forward_pass_of_training():
    net = run(asked=True)
    assert net.seen == {(True, torch.bfloat16), (False, torch.float32)}
    assert net.weight.dtype == torch.float32
    torch.testing.assert_close(net.weight, run(asked=False).weight, atol=0.02, rtol=0)


@pytest.mark.parametrize("asked", [False, True])
def test_not_unless_asked_for_and_known_to_the_cpu(asked, monkeypatch):
    monkeypatch.setattr(_training, "has_bfloat16", lambda: not asked)
    assert run(asked=asked).seen == {(True, torch.float32), (False, torch.float32)}
