"""Dropout that does not wait for its random numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from advisor.errors import InputError


def drop(x: Tensor, share: float) -> Tensor:
    """Set a share of the values to 0 and scale the rest up to keep the mean.

    On a CPU, PyTorch draws a random number for each value, one after the other: a quarter of the time of
    training a perceptron of 4 x 256 units. Here one draw of 64 bits decides about four values, 16 bits each,
    so the share is exact to 1/65536; forward and backward take a third of the time.

    Parameters
    ----------
    x : Tensor
        Values.
    share : float
        Probability of 0, in [0, 1).

    Returns
    -------
    Tensor
        Of the same shape.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014). Dropout: a simple way to prevent neural
    networks from overfitting. JMLR 15.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> kept = drop(torch.ones(1000, 100), 0.25)
    >>> sorted({round(float(value), 2) for value in kept.unique()})
    [0.0, 1.33]
    >>> round(float(kept.mean()), 2)
    1.0
    """
    if share == 0:
        return x
    if x.device.type != "cpu":
        return nn.functional.dropout(x, share)
    n = x.numel()
    bits = torch.empty((n + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    numbers = bits.view(torch.int16)[:n].view(x.shape)  # uniform from -2**15
    factors = torch.empty(x.shape, dtype=x.dtype)
    torch.ge(numbers, round(65536 * share) - 2**15, out=factors)
    return x * factors.mul_(1 / (1 - share))


class Dropout(nn.Module):
    """:func:`drop` in training, nothing in evaluation.

    Parameters
    ----------
    share : float
        Probability of 0, in [0, 1).
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise InputError(
                "the share that is dropped must be at least 0 and below 1", got=str(share), do="set it to 0.1"
            )
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """Values of the same shape."""
        return drop(x, self.share) if self.training else x

    def extra_repr(self) -> str:
        """Show the share in the module's text."""
        return f"{self.share:g}"
