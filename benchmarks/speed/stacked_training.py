"""Several trainings of one architecture and shape as one: weights stacked in a first axis, one step for all.

Letters: K members, B rows of a batch. Not part of the package: it does not pay where it is needed, see
docs/decisions/0007-one-training-at-a-time.md. ``python -m benchmarks.speed.stacked`` measures it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.adamw import adamw

from advisor.architectures._dropout import Dropout
from advisor.architectures._training import History, Rate, Recipe, Stopped
from benchmarks.speed._cases import with_torch_dropout

BETAS, EPS = (0.9, 0.999), 1e-8  # as torch.optim.AdamW has them


class Stack:
    """Members of one architecture and shape, run side by side: (K, B, ...) -> (K, B, n_outputs).

    Parameters
    ----------
    members : sequence of Module
        With their initial weights; they may differ in dropout.

    Attributes
    ----------
    state : dict of Tensor
        The members' parameters and buffers by name, each (K, ...).
    weights : list of Tensor
        Those that are trained.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        self.members, self.training = members, True
        states = [member.state_dict() for member in members]
        self.state = {name: torch.stack([state[name] for state in states]) for name in states[0]}
        self.weights = [self.state[name].requires_grad_() for name, _ in members[0].named_parameters()]
        shares = [next(m.share for m in member.modules() if isinstance(m, Dropout)) for member in members]
        self.keep = 1 - torch.tensor(shares, device=self.weights[0].device)  # (K,)
        self.drops = any(shares)

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs of each member for its own batch."""
        raise NotImplementedError

    def linear(self, x: Tensor, name: str) -> Tensor:
        """(K, B, n) -> (K, B, to)."""
        return torch.baddbmm(self.state[f"{name}.bias"][:, None], x, self.state[f"{name}.weight"].mT)

    def dropout(self, x: Tensor) -> Tensor:
        """Each member at its own rate; drawn for all at once, so other draws than single trainings have."""
        if not (self.training and self.drops):
            return x
        keep = self.keep[:, None, None]
        return x * ((torch.rand_like(x) < keep) / keep)

    def unstack(self) -> None:
        """Give the members their weights."""
        for k, member in enumerate(self.members):
            member.load_state_dict({name: stacked[k] for name, stacked in self.state.items()})


class Mapped(Stack):
    """Any module that torch.func.vmap can map; it has no rule for nn.LSTM."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__(members)
        self.skeleton = with_torch_dropout(copy.deepcopy(members[0])).to("meta")  # ours has no rule either

    def __call__(self, x: Tensor) -> Tensor:  # noqa: D102
        self.skeleton.train(self.training)

        def call(state: dict[str, Tensor], x: Tensor) -> Tensor:
            output: Tensor = torch.func.functional_call(self.skeleton, state, (x,))
            return output

        # dropout at the rate of the first member: a rate is no tensor
        output: Tensor = torch.func.vmap(call, randomness="different")(self.state, x)
        return output


class Perceptrons(Stack):
    """:class:`advisor.architectures.mlp.Perceptron` of numbers, by batched products of matrices."""

    def __call__(self, x: Tensor) -> Tensor:  # noqa: D102
        *hidden, last = [name[:-7] for name in self.state if name.endswith(".weight")]
        for name in hidden:
            x = self.dropout(self.linear(x, name).relu_())
        return self.linear(x, last)


class ImageCNNs(Stack):
    """:class:`advisor.architectures.cnn.ImageCNN`, by convolutions with one group of channels per member."""

    def __call__(self, x: Tensor) -> Tensor:  # noqa: D102
        n_members, n_rows, height, width, channels = x.shape
        x = x.permute(1, 0, 4, 2, 3).reshape(n_rows, n_members * channels, height, width)
        x = self.convolution(x.contiguous(memory_format=torch.channels_last), "stages.0")
        for place, stage in enumerate(self.members[0].stages[1:], start=1):  # type: ignore[index]
            for part, layer in enumerate(stage):
                name = f"stages.{place}.{part}"
                if isinstance(layer, nn.MaxPool2d):
                    x = F.max_pool2d(x, layer.kernel_size, ceil_mode=True)
                elif isinstance(layer, nn.BatchNorm2d):
                    x = self.normal(x, name)
                elif isinstance(layer, nn.ReLU):
                    x = x.relu()
                else:
                    x = self.residual(x, name)
        pooled = x.mean(dim=(2, 3)).view(n_rows, n_members, -1).transpose(0, 1)  # (K, B, n)
        return self.linear(self.dropout(pooled), "head.1")

    def residual(self, x: Tensor, name: str) -> Tensor:
        """Block output, (B, K n, H, W) -> (B, K to, H, W)."""
        y = self.normal(self.convolution(x, f"{name}.body.0"), f"{name}.body.1").relu_()
        y = self.normal(self.convolution(y, f"{name}.body.3"), f"{name}.body.4")
        if f"{name}.skip.0.weight" in self.state:
            x = self.normal(self.convolution(x, f"{name}.skip.0"), f"{name}.skip.1")
        return torch.relu(x + y)

    def convolution(self, x: Tensor, name: str) -> Tensor:
        """Convolution, (B, K n, H, W) -> (B, K to, H, W)."""
        kernels = self.state[f"{name}.weight"]
        return F.conv2d(x, kernels.flatten(0, 1), padding=kernels.shape[-1] // 2, groups=len(kernels))

    def normal(self, x: Tensor, name: str) -> Tensor:
        """Batch normalisation, (B, K n, H, W) -> (B, K n, H, W)."""
        names = ("running_mean", "running_var", "weight", "bias")
        mean, variance, weight, bias = (self.state[f"{name}.{value}"].view(-1) for value in names)
        return F.batch_norm(x, mean, variance, weight, bias, self.training)


class Recurrents(Stack):
    """:class:`advisor.architectures._recurrent.Recurrent` of one LSTM layer, by steps through time."""

    def __call__(self, x: Tensor) -> Tensor:  # noqa: D102
        n_members, n_rows, n_steps, channels = x.shape

        def both(name: str) -> Tensor:  # directions are stacked, too: (2 K, ...)
            pair = self.state[f"layers.0.0.{name}_l0"], self.state[f"layers.0.1.{name}_l0"]
            return torch.stack(pair, dim=1).flatten(0, 1)

        def together(states: Tensor) -> Tensor:  # (2 K, B, h) -> (K, B, 2 h)
            return states.view(n_members, 2, n_rows, -1).transpose(1, 2).flatten(2)

        inputs = torch.stack([x, x.flip(2)], dim=1).transpose(2, 3).reshape(2 * n_members, -1, channels)
        bias = (both("bias_ih") + both("bias_hh"))[:, None]
        gates = torch.baddbmm(bias, inputs, both("weight_ih").mT).view(2 * n_members, n_steps, n_rows, -1)
        recurrent = both("weight_hh").mT  # (2 K, h, 4 h)
        hidden = x.new_zeros(2 * n_members, n_rows, recurrent.shape[1])
        total = cell = hidden
        for step in gates.unbind(1):
            i, f, g, o = torch.baddbmm(step, hidden, recurrent).chunk(4, dim=-1)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
            total = total + hidden
        features = torch.cat([together(hidden), together(total) / n_steps], dim=2)
        return self.linear(self.dropout(features), "head")


class Step:
    """AdamW with a learning rate and a decay for each member.

    On the CPU torch's fused kernel takes each member's views in turn, which is the update of a single
    training and spares memory traffic. Elsewhere few launches count: one update of all, rates broadcast.

    Parameters
    ----------
    weights : list of Tensor, each (K, ...)
        Changed in place.
    decays : list of float
        Weight decay of each member.
    by_member : bool, optional
        The first way; None means on the CPU.
    """

    def __init__(self, weights: list[Tensor], decays: list[float], *, by_member: bool | None = None) -> None:
        self.weights, self.decays, self.n_steps = weights, decays, 0
        self.by_member = weights[0].device.type == "cpu" if by_member is None else by_member
        self.means = [torch.zeros_like(w) for w in weights]
        self.squares = [torch.zeros_like(w) for w in weights]
        detached = [w.detach() for w in weights]
        self.views = [
            [[t[k] for t in tensors] for tensors in (detached, self.means, self.squares)]
            for k in range(len(decays))
        ]
        self.counts = [[torch.zeros((), device=w.device) for w in weights] for _ in decays]

    @torch.no_grad()
    def __call__(self, rates: list[float]) -> None:
        """Update with the gradients that the weights hold."""
        gradients = [w.grad for w in self.weights if w.grad is not None]
        if not self.by_member:
            self._broadcast(gradients, rates)
            return
        for k, (weights, means, squares) in enumerate(self.views):
            adamw(
                weights,
                [g[k] for g in gradients],
                means,
                squares,
                [],
                self.counts[k],
                fused=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=rates[k],
                weight_decay=self.decays[k],
                eps=EPS,
                maximize=False,
            )

    def _broadcast(self, gradients: list[Tensor], rates: list[float]) -> None:
        self.n_steps += 1
        first, second = (1 - beta**self.n_steps for beta in BETAS)
        torch._foreach_lerp_(self.means, gradients, 1 - BETAS[0])
        torch._foreach_mul_(self.squares, BETAS[1])
        torch._foreach_addcmul_(self.squares, gradients, gradients, 1 - BETAS[1])
        roots = torch._foreach_sqrt(self.squares)
        torch._foreach_div_(roots, math.sqrt(second))
        torch._foreach_add_(roots, EPS)
        device = gradients[0].device
        sizes = torch.tensor(rates, device=device) / first
        shrink = torch.tensor([1 - r * d for r, d in zip(rates, self.decays)], device=device)
        for weight, mean, root in zip(self.weights, self.means, roots):
            weight.mul_(_over(shrink, weight)).addcmul_(mean / root, _over(sizes, weight), value=-1)


def train_stacked(
    stack: Stack,
    x: Tensor,
    target: Tensor,
    *,
    rows: Sequence[NDArray[np.intp]],
    validation: Sequence[NDArray[np.intp]],
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
) -> list[History]:
    """Train classifiers together as :func:`advisor.architectures._training.train` trains each alone.

    A member that has stopped runs on without being looked at until the last one stops.

    Parameters
    ----------
    stack : Stack
        On the device of the data.
    x : Tensor, shape (n, ...)
        Inputs.
    target : Tensor, shape (n,)
        Class codes.
    rows, validation : sequence of ndarray of int
        For each member as many rows to learn from, and to stop by.
    recipes : sequence of Recipe
        Alike in epochs, rows per step and clip; time limits are not kept.
    seeds : sequence of int
        Seeds of the order of the batches.

    Returns
    -------
    list of History
        One for each member; the members hold their best weights.
    """
    device, recipe, n_rows = target.device, recipes[0], len(rows[0])
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    index = [torch.as_tensor(r) for r in rows]
    held = torch.stack([torch.as_tensor(v) for v in validation]).to(device)  # (K, n)
    size = max(16, min(2048, 2**20 // x[0].numel()) // len(recipes))
    n_batches = max(1, min(round(n_rows / recipe.batch_size), n_rows // 2))
    step, rates = Step(stack.weights, [r.weight_decay for r in recipes]), [Rate(r) for r in recipes]
    scores: list[list[float]] = [[] for _ in recipes]
    best, stopped = [0] * len(recipes), dict[int, Stopped]()
    kept = [t.detach().clone() for t in stack.state.values()]
    n_steps, settled = 0, False
    for epoch in range(recipe.max_epochs):
        stack.training = True
        order = torch.stack([i[torch.randperm(n_rows, generator=g)] for i, g in zip(index, generators)])
        for batch in order.to(device).tensor_split(n_batches, dim=1):
            for weight in stack.weights:
                weight.grad = None
            # members share no weight: the gradient of the sum is each one's own
            _losses(stack(x[batch]), target[batch]).sum().backward()  # type: ignore[no-untyped-call]
            if recipe.clip is not None:
                _clip(stack.weights, recipe.clip)
            progress = n_steps / (recipe.max_epochs * n_batches)
            step([rate(progress, epoch - b) for rate, b in zip(rates, best)])
            n_steps += 1
        stack.training = False
        first = not settled and recipe.settled(progress, epoch)  # of those that can be the best
        settled |= first
        with torch.no_grad():
            outputs = torch.cat([stack(x[part]) for part in torch.split(held, size, dim=1)], dim=1)
            losses = _losses(outputs, target[held]).tolist()
            for k in [k for k in range(len(recipes)) if k not in stopped]:
                if first or not scores[k] or -losses[k] > scores[k][best[k]]:
                    best[k] = epoch
                    for a, b in zip(kept, stack.state.values()):
                        a[k].copy_(b[k])
                scores[k].append(-losses[k])
                if epoch - best[k] >= recipes[k].patience:
                    stopped[k] = "patience"
        if len(stopped) == len(recipes):
            break
    with torch.no_grad():
        for a, b in zip(stack.state.values(), kept):
            a.copy_(b)
    stack.unstack()
    whys = [stopped.get(k, "max_epochs") for k in range(len(recipes))]
    return [History(tuple(s), b, why, hurried=False) for s, b, why in zip(scores, best, whys)]


def _losses(outputs: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of each member, shape (K,)."""
    losses = F.cross_entropy(outputs.flatten(0, 1), target.flatten(), reduction="none")
    return losses.view(target.shape).mean(dim=1)


def _clip(weights: list[Tensor], most: float) -> None:
    gradients = [w.grad for w in weights if w.grad is not None]
    norms = torch.stack([g.flatten(1).square().sum(dim=1) for g in gradients]).sum(dim=0).sqrt()  # (K,)
    scale = (most / (norms + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(_over(scale, gradient))


def _over(members: Tensor, stacked: Tensor) -> Tensor:
    """Shape (K,) made to multiply (K, ...)."""
    return members.view(-1, *(1,) * (stacked.dim() - 1))
