"""What the networks that read steps share: inputs as steps, and which of them were observed."""

from __future__ import annotations

import torch
from torch import Tensor


def as_steps(x: Tensor) -> Tensor:
    """Rows as steps: images by their rows, tables by their columns.

    Shape: (B, T, C) -> (B, T, C); (B, H, W, C) -> (B, H, W C); (B, d) -> (B, d, 1).

    Examples
    --------
    >>> as_steps(torch.zeros(2, 28, 28, 3)).shape, as_steps(torch.zeros(2, 6)).shape
    (torch.Size([2, 28, 84]), torch.Size([2, 6, 1]))
    """
    return x.reshape(x.shape[0], x.shape[1], -1)


def observed(x: Tensor, lengths: Tensor | None) -> Tensor | None:
    """Which steps of (B, T, ...) are before the length, shape (B, T); None where all are.

    Examples
    --------
    >>> observed(torch.zeros(2, 3, 1), torch.tensor([1, 3]))
    tensor([[ True, False, False],
            [ True,  True,  True]])
    """
    return None if lengths is None else torch.arange(x.shape[1], device=x.device) < lengths[:, None]


def mean_of_steps(x: Tensor, mask: Tensor | None) -> Tensor:
    """Mean over the observed steps.

    Shape: (B, T, n), (B, T) -> (B, n).

    Examples
    --------
    >>> mean_of_steps(torch.tensor([[[1.0], [3.0], [5.0]]]), torch.tensor([[True, True, False]]))
    tensor([[2.]])
    """
    if mask is None:
        return x.mean(dim=1)
    return x.masked_fill(~mask[:, :, None], 0.0).sum(dim=1) / mask.sum(dim=1, keepdim=True)
