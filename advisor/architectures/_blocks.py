"""Parts of more than one network: gated activations, attention."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from advisor.architectures._dropout import drop

# on the CPU torch's fused attention has no dropout, and below this it is slower than two products (21 tokens,
# 8 heads of 24, batch of 256: 28 ms forward and backward, 19 ms as products; 65 tokens: 110 and 153 ms)
FEW_TOKENS = 40


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
        gates: dict[str, Callable[[Tensor], Tensor]] = {"relu": functional.relu, "gelu": functional.gelu}
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
