"""Our dropout is dropout: the share, the mean, the gradient, nothing in evaluation."""

import pytest
import torch

from advisor.architectures._dropout import Dropout
from advisor.errors import InputError


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_share_and_scale(share):
    torch.manual_seed(0)
    out = Dropout(share)(torch.ones(1001, 333))  # not a multiple of four
    dropped = float((out == 0).float().mean())
    assert dropped == pytest.approx(share, abs=0.003)  # five standard deviations
    assert out[out != 0].unique().tolist() == pytest.approx([1 / (1 - share)])


def test_values_are_dropped_independently():
    torch.manual_seed(0)
    kept = (Dropout(0.5)(torch.ones(200_000, 4)) != 0).double()  # the four that share a draw
    assert torch.corrcoef(kept.T).fill_diagonal_(0).abs().max() < 0.01


def test_gradient_is_the_mask():
    torch.manual_seed(0)
    x = torch.randn(7, 5, requires_grad=True)
    out = Dropout(0.4)(x)
    out.sum().backward()
    torch.testing.assert_close(x.grad, (out / x).detach())


def test_nothing_in_evaluation():
    x = torch.randn(7, 5)
    assert Dropout(0.4).eval()(x) is x


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InputError, match="share that is dropped"):
        Dropout(share)


def test_seeded():
    net = Dropout(0.5)
    torch.manual_seed(3)
    first = net(torch.ones(50))
    torch.manual_seed(3)
    assert torch.equal(first, net(torch.ones(50)))
    assert not torch.equal(first, net(torch.ones(50)))
