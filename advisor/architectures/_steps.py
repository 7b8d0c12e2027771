"""What the networks that read steps share: inputs as steps, and which of them were observed."""

from __future__ import annotations

import torch
from torch import Tensor


def as_steps(x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Rows as steps, up to the end of the longest sequence, and which steps were observed.

    Images are read by their rows, tables by their columns.

    Shape: (B, T, C), (B,) -> (B, T', C), (B, T'), or None where all were observed; (B, H, W, C) -> (B, H,
    W C), None; (B, d) -> (B, d, 1), None.

    Examples
    --------
    >>> as_steps(torch.zeros(2, 28, 28, 3), None)[0].shape, as_steps(torch.zeros(2, 6), None)[0].shape
    (torch.Size([2, 28, 84]), torch.Size([2, 6, 1]))
    >>> x, mask = as_steps(torch.zeros(2, 9, 1), torch.tensor([1, 3]))
    >>> mask
    tensor([[ True, False, False],
            [ True,  True,  True]])
    """
    x = x.reshape(x.shape[0], x.shape[1], -1)
    if lengths is None:
        return x, None
    longest = int(lengths.max())
    return x[:, :longest], torch.arange(longest, device=x.device) < lengths[:, None]


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
