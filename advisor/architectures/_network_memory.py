"""How much memory it takes to train a network: counted on a few rows, for any module."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from advisor.architectures._memory import encoding
from advisor.architectures._preprocessing import Rows
from advisor.architectures._target import inner_split
from advisor.architectures._training import (
    Recipe,
    batches,
    pick_device,
    precision,
    rows_at_once,
    seeded,
)

CONVOLUTIONS = (torch.ops.aten.convolution.default, torch.ops.aten.convolution_backward.default)
SIZES = (8, 16, 32)  # rows that are tried; with fewer, kernels of recurrent networks round up too much

# a CPU's memory comes from the heap of the C library below 32 MiB; gaps that nothing fits into stay behind
# (glibc 2.36, convolutions, perceptrons and Transformers: 1.3 to 2.2 times what lives)
HEAP, GAPS = 2**25, 1.7


def fit_memory(
    network: Any, rows: Rows, which: NDArray[np.intp], labels: NDArray[Any], checked: int
) -> dict[str, int]:
    """Predict what the fit of a network takes; it is trained a little, so give one to spare.

    Parameters
    ----------
    network : Network
        Unfitted.
    rows : ndarray or DataFrame, shape (m, d)
        Some of the rows.
    which : ndarray of int, shape (m,)
        Their positions.
    labels : ndarray, shape (n,)
        All targets.
    checked : int
        Bytes of all rows once they are checked.

    Returns
    -------
    dict
        Bytes by device.
    """
    n, device = len(labels), pick_device(network.device)
    target = network._fit_target(labels, 0)
    kept, held = inner_split(target, network.validation_fraction, np.random.default_rng(0))
    network._fit_encoder(rows, 0)
    recipe = network._recipe(len(kept))
    network.batch_size = recipe.batch_size  # of all rows, also where a module asks for those looked at
    with seeded(0, device):
        inputs = network._inputs(rows, device)
        training = training_memory(
            network._module(inputs, np.arange(len(rows))).to(device),
            inputs,
            torch.as_tensor(target[which], device=device),
            loss=network._loss,
            rows=len(kept),
            held=len(held),
            recipe=recipe,
        )
    encoded = int(sum(t.nbytes / len(rows) for t in inputs) * n)
    before = checked + encoded + encoding(n, rows.shape[1])
    if device.type == "cpu":
        return {"cpu": max(before, training)}
    return {"cpu": before, str(device): training}


def training_memory(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    target: Tensor,
    *,
    loss: Callable[..., Tensor],
    rows: int,
    held: int,
    recipe: Recipe,
) -> int:
    """Predict the peak of what :func:`advisor.architectures._training.train` puts on the device.

    Parameters
    ----------
    module : Module
        Its buffers change and so does the state of the generator: give a module and a seed to spare.
    inputs : tuple of Tensor, each (m, ...)
        Some of the rows, on the device of the module.
    target : Tensor, shape (m,)
        Their targets.
    loss : callable
        Mean loss of (output, target).
    rows, held : int
        Rows to learn from, rows to stop by.
    recipe : Recipe
        How to train.

    Returns
    -------
    int
        Bytes: the data and the copy of the rows held out, the weights with two moments, gradients and the
        best values, and what one step or one look at the rows held out takes, whichever is more.
    """
    per_row: float = sum(t.nbytes / len(t) for t in (*inputs, target))
    weights: int = sum(p.nbytes for p in module.parameters() if p.requires_grad)
    state: int = sum(t.nbytes for t in module.state_dict().values())
    batch_size = math.ceil(rows / batches(rows, recipe.batch_size))
    step = step_memory(module, inputs, target, loss=loss, batch_size=batch_size, recipe=recipe)
    look = weights + look_memory(module, inputs, batch_size=min(held, rows_at_once(module, inputs)))
    return int(per_row * (rows + 2 * held)) + 2 * state + 2 * weights + max(step, look)


def step_memory(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    target: Tensor,
    *,
    loss: Callable[..., Tensor],
    batch_size: int,
    recipe: Recipe,
) -> int:
    """Predict the peak of what one step of training adds to the weights: the batch, activations, gradients.

    It is written down when each tensor is made and freed in a forward and a backward pass of 8, 16 and 32
    rows. The size of each is a polynomial in the number of rows, of second degree where rows attend to rows,
    so the course of the memory is known for any number.

    Parameters
    ----------
    module, inputs, target, loss, recipe
        As for :func:`training_memory`.
    batch_size : int
        Rows in a step.

    Returns
    -------
    int
        Bytes.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(4, 1000, bias=False), nn.ReLU(), nn.Linear(1000, 1, bias=False))
    >>> def loss(output, target):
    ...     return (output[:, 0] - target).square().mean()
    >>> recipe = Recipe(max_epochs=1, patience=1, batch_size=10_000, learning_rate=1e-3)
    >>> x, target = torch.zeros(2, 4), torch.zeros(2)
    >>> step = step_memory(net, (x,), target, loss=loss, batch_size=10_000, recipe=recipe)
    >>> round(step / (10_000 * 1000 * 4))  # what comes out of the ReLU and two gradients
    3
    """
    module.train()

    def step(rows: Tensor) -> None:
        with torch.enable_grad():
            with precision(recipe, target.device):
                value: Tensor = loss(module(*(t[rows] for t in inputs)), target[rows])
            value.backward()  # type: ignore[no-untyped-call]
        module.zero_grad()

    return _peak(step, _typical(inputs), batch_size)


def look_memory(module: nn.Module, inputs: tuple[Tensor, ...], *, batch_size: int) -> int:
    """Predict the peak of what a batch in evaluation mode adds, likewise."""
    module.eval()

    @torch.no_grad()  # in inference mode the parts of an operation such as nn.LSTM are not seen one by one
    def look(rows: Tensor) -> None:
        module(*(t[rows] for t in inputs))

    return _peak(look, _typical(inputs), batch_size)


def _peak(run: Callable[[Tensor], None], rows: Tensor, batch_size: int) -> int:
    tried = [batch_size] if batch_size <= max(SIZES) else list(SIZES)
    ledgers = []
    for size in tried:
        with _Ledger() as ledger:
            run(rows.repeat(size)[:size])
        ledgers.append(ledger)
    if any(ledger.events != ledgers[0].events for ledger in ledgers):  # other operations for other rows
        peaks = [_highest(ledger.events, ledger.sizes, rows.device) for ledger in ledgers]
        return int(_extrapolate(tried, peaks, batch_size))
    sizes = _extrapolate(tried, [ledger.sizes for ledger in ledgers], batch_size)
    peak = _highest(ledgers[0].events, sizes, rows.device)
    return round(peak)


def _extrapolate(tried: list[int], values: Any, size: int) -> Any:
    if len(tried) == 1:
        return np.array(values[0], dtype=np.float64)
    return (np.vander([size], 3) @ np.polyfit(tried, np.array(values, dtype=np.float64), 2))[0]


def _highest(events: list[int], sizes: Any, device: torch.device) -> float:
    """Most bytes in use at any time."""
    sizes, events_ = np.asarray(sizes, dtype=np.float64), np.array(events)
    if device.type == "cpu":
        sizes = np.where(sizes < HEAP, GAPS * sizes, sizes)
    changes = np.where(events_ >= 0, sizes[events_], -sizes[~events_])
    return float(changes.cumsum().max(initial=0))


def _typical(inputs: tuple[Tensor, ...]) -> Tensor:
    """Two rows that on average are as long as all are: the longest sequence, and one to make up for it."""
    lengths = next((t for t in inputs if t.ndim == 1), None)
    if lengths is None:
        return torch.zeros(2, dtype=torch.int64, device=inputs[0].device)
    longest = lengths.argmax()
    rest = 2 * lengths.float().mean() - lengths[longest]
    return torch.stack([longest, (lengths - rest).abs().argmin()])


class _Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Bytes of each tensor made since it began; k where the k-th is made, ~k where it is freed, in order."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.sizes: list[int] = []
        self.events: list[int] = []
        self.known: weakref.WeakSet[torch.UntypedStorage] = weakref.WeakSet()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        # a view of what was there takes no memory
        self.known.update(t.untyped_storage() for t in _tensors((args, kwargs)))
        out = func(*args, **(kwargs or {}))
        for tensor in _tensors(out):
            storage = tensor.untyped_storage()
            if storage not in self.known:
                self.known.add(storage)
                size, place = storage.nbytes(), len(self.sizes)
                if tensor.dtype == torch.uint8 and func is torch.ops.aten.mkldnn_rnn_layer.default:
                    size //= 2  # the workspace of oneDNN, of which a third to three fifths are ever written
                self.sizes.append(size)
                self.events.append(place)
                weakref.finalize(storage, self.events.append, ~place).atexit = False
        if func in CONVOLUTIONS and (blocks := [t for t in _tensors((args, out)) if t.ndim == 3]):
            # oneDNN has sequences in its own order of values while it works: a copy of all it takes and gives
            self.sizes.append(sum(t.nbytes for t in blocks))
            self.events += [len(self.sizes) - 1, ~(len(self.sizes) - 1)]
        return out


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]
