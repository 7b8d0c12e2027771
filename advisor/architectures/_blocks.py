"""Parts of more than one network: dropout, gated activations, attention."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

# on the CPU torch's fused attention has no dropout, and below this it is slower than two products (21 tokens,
# 8 heads of 24, batch of 256: 28 ms forward and backward, 19 ms as products; 65 tokens: 110 and 153 ms)
FEW_TOKENS = 40


def drop(x: Tensor, share: float) -> Tensor:
    """Set a share of the values to zero and scale the others up so that the expectation stays.

    On the CPU the share is rounded to 256ths, because random bytes are drawn: 2.4 ns a value where torch's
    own dropout takes 8.2 (256 x 21 x 192 values, one thread).

    Parameters
    ----------
    x : Tensor
        Values.
    share : float
        From 0 to below 1.

    Returns
    -------
    Tensor
        Of the same shape.

    Examples
    --------
    >>> torch.equal(drop(torch.ones(3), 0.0), torch.ones(3))
    True
    """
    if not share:
        return x
    if x.device.type != "cpu":
        return functional.dropout(x, share)
    n, dropped = x.numel(), min(255, round(256 * share))
    noise = torch.empty((n + 7) // 8, dtype=torch.int64).random_(-(2**63), None).view(torch.uint8)
    return x * (noise[:n] >= dropped).view(x.shape).to(x.dtype).mul_(256 / (256 - dropped))


class Dropout(nn.Dropout):
    """As torch's, faster on the CPU: see :func:`drop`."""

    def forward(self, x: Tensor) -> Tensor:
        """Values, of which a share is zero in training."""
        return drop(x, self.p) if self.training else x


class GLU(nn.Module):
    """One half of the values gated by the other: a * g(b), shape (..., 2 h) -> (..., h).

    Parameters
    ----------
    gate : {"relu", "gelu"}
        g: ReGLU or GEGLU.

    References
    ----------
    Shazeer (2020). GLU variants improve Transformer. arXiv:2002.05202.

    Examples
    --------
    >>> import torch
    >>> GLU("relu")(torch.tensor([-2.0, 3.0, 1.0, 4.0]))
    tensor([-2., 12.])
    """

    def __init__(self, gate: str) -> None:
        super().__init__()
        gates: dict[str, Callable[[Tensor], Tensor]] = {"relu": torch.relu, "gelu": functional.gelu}
        self.gate = gates[gate]

    def forward(self, x: Tensor) -> Tensor:
        """Gated values."""
        a, b = x.chunk(2, dim=-1)
        return a * self.gate(b)


def attend(q: Tensor, k: Tensor, v: Tensor, *, n_heads: int, dropout: float = 0.0) -> Tensor:
    """softmax(q k' / sqrt(d / n_heads)) v in each head, the heads side by side.

    Parameters
    ----------
    q : Tensor, shape (B, T, d)
        Who asks.
    k, v : Tensor, shape (B, S, d)
        Who answers, and what.
    n_heads : int
        Parts of d that attend each on their own.
    dropout : float
        Share of the attention that is dropped.

    Returns
    -------
    Tensor, shape (B, T, d)
        Weighted sums of the values.

    References
    ----------
    Vaswani et al. (2017). Attention is all you need. NeurIPS. Equation 1, section 3.2.2.

    Examples
    --------
    >>> import torch
    >>> attend(torch.zeros(2, 1, 8), torch.ones(2, 5, 8), torch.ones(2, 5, 8), n_heads=4).shape
    torch.Size([2, 1, 8])
    """
    q, k, v = (t.reshape(*t.shape[:2], n_heads, -1).transpose(1, 2) for t in (q, k, v))  # (B, heads, T, ...)
    if q.device.type == "cpu" and (dropout or k.shape[2] < FEW_TOKENS):
        weight = (q / math.sqrt(q.shape[-1]) @ k.mT).softmax(dim=-1)
        mixed = drop(weight, dropout) @ v
    else:
        mixed = functional.scaled_dot_product_attention(q, k, v, dropout_p=dropout)
    return mixed.transpose(1, 2).flatten(2)
