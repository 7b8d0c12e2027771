"""The networks and data that training is timed on."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advisor import architectures
from advisor.architectures._dropout import Dropout
from advisor.architectures._target import inner_split
from advisor.architectures._training import Recipe, forward, train

Around = Callable[[], contextlib.AbstractContextManager[Any]]
Data = tuple[NDArray[np.float64], NDArray[np.int64]]


def table(n: int, seed: int = 0, *, columns: int = 20) -> Data:
    """Numbers and two classes: the sign of a sum of products."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns))
    return X, (X[:, 0] * X[:, 1] + X[:, 2] + 0.3 * rng.normal(size=n) > 0).astype(np.int64)


def images(n: int, seed: int = 0) -> Data:
    """Pictures of 28 x 28, shape (n, 784): noise and a spot at one of ten places."""
    rng = np.random.default_rng(seed)
    y = rng.integers(10, size=n)
    X = rng.normal(size=(n, 28, 28))
    for place in range(10):
        at = 4 + 10 * (place // 5), 2 + 5 * (place % 5)
        X[y == place, at[0] : at[0] + 4, at[1] : at[1] + 4] += 0.7
    return X.reshape(n, -1), y


def sequences(n: int, seed: int = 0, *, steps: int = 50, channels: int = 4) -> Data:
    """Sequences, shape (n, steps * channels): noise and a wave of one of two frequencies in one channel."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    X = rng.normal(size=(n, steps, channels))
    phase = rng.uniform(0, 6.28, size=(n, 1))
    X[:, :, 0] += np.sin(np.arange(steps) * np.where(y, 0.5, 0.6)[:, None] + phase)
    return X.reshape(n, -1), y


@dataclass(frozen=True, slots=True)
class Case:
    """A network, its data and how it is trained."""

    name: str
    architecture: str
    make: Callable[[int], Data]
    n: int
    batch_size: int
    epochs: int
    layout: tuple[int, ...] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    times_skorch: float = 1.0

    def estimator(self, epochs: int) -> Any:
        """Our estimator, which trains for so many epochs whatever the score."""
        return architectures.get(self.architecture).make(
            "classification",
            layout=self.layout,
            random_state=0,
            batch_size=self.batch_size,
            max_epochs=epochs,
            patience=epochs,
            device="cpu",
            **self.config,
        )


def with_torch_dropout(module: nn.Module) -> nn.Module:
    """Replace our dropout inside a module by PyTorch's; the module itself is changed."""
    for name, child in module.named_children():
        if isinstance(child, Dropout):
            setattr(module, name, nn.Dropout(child.share))
        else:
            with_torch_dropout(child)
    return module


def bfloat16() -> torch.autocast:
    """Context in which matrix products and convolutions are done in bfloat16."""
    return torch.autocast("cpu", dtype=torch.bfloat16)


CASES = (
    Case("MLP, 10,000 x 20", "mlp", table, 10_000, 128, 4, times_skorch=1.5),
    Case("MLP, 10,000 x 20", "mlp", table, 10_000, 512, 6, times_skorch=1.5),
    Case("CNN, 10,000 of 28 x 28 x 1", "cnn", images, 10_000, 128, 1, (28, 28, 1), times_skorch=1.2),
    Case(
        "LSTM, 5,000 of 50 x 4",
        "lstm",
        sequences,
        5_000,
        64,
        1,
        (50, 4),
        {"hidden": 64},
        times_skorch=1.2,
    ),
)


class Prepared:
    """Everything that any loop needs: encoded tensors, held-out rows, the same weights to start from."""

    def __init__(self, case: Case, *, n: int | None = None) -> None:
        self.case = case
        self.X, self.y = case.make(n or case.n)
        self.fitted = case.estimator(1).fit(self.X, self.y)
        self.estimator = estimator = case.estimator(case.epochs)
        self.start: nn.Module = self.fitted.module_
        self.inputs: tuple[Tensor, ...] = self.fitted._inputs(self.X, torch.device("cpu"))
        self.target = torch.as_tensor(self.y)
        self.loss: Callable[..., Tensor] = self.fitted._loss
        self.rows, self.held = inner_split(self.y, 0.2, np.random.default_rng(0))
        self.recipe = Recipe(
            max_epochs=case.epochs,
            patience=case.epochs,
            batch_size=case.batch_size,
            learning_rate=estimator.learning_rate,
            weight_decay=estimator.weight_decay,
            schedule=estimator.schedule,
            clip=estimator.clip,
            bfloat16=estimator.bfloat16,
        )

    def module(self, *, torch_dropout: bool = False) -> nn.Module:
        """A fresh copy of the network."""
        module = copy.deepcopy(self.start)
        return with_torch_dropout(module) if torch_dropout else module

    def accuracy(self, module: nn.Module) -> float:
        """Share of the held-out rows that a trained network gets right."""
        held = torch.as_tensor(self.held)
        best = forward(module, tuple(t[held] for t in self.inputs)).argmax(dim=1)
        return float((best == self.target[held]).float().mean())

    def ours(self) -> nn.Module:
        """Train by the shared loop."""
        module = self.module()
        train(
            module,
            self.inputs,
            self.target,
            loss=self.loss,
            rows=self.rows,
            validation=self.held,
            recipe=self.recipe,
            seed=0,
        )
        return module

    def floor(
        self, module: nn.Module | None = None, *, fused: bool = True, around: Around = contextlib.nullcontext
    ) -> nn.Module:
        """Train by the least that PyTorch needs: the same steps, a look at the held-out rows, nothing else.

        ``around`` makes the context of the forward pass, such as ``torch.autocast``.
        """
        module, recipe = self.module() if module is None else module, self.recipe
        weights = list(module.parameters())
        optimiser = torch.optim.AdamW(
            weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=fused
        )
        rows, held = torch.as_tensor(self.rows), torch.as_tensor(self.held)
        for _ in range(recipe.max_epochs):
            module.train()
            for batch in rows[torch.randperm(len(rows))].tensor_split(round(len(rows) / recipe.batch_size)):
                optimiser.zero_grad()
                with around():
                    value = self.loss(module(*(t[batch] for t in self.inputs)), self.target[batch])
                value.backward()  # type: ignore[no-untyped-call]
                if recipe.clip is not None:
                    nn.utils.clip_grad_norm_(weights, recipe.clip)
                optimiser.step()
            self.held_loss(module, held)
        return module

    @torch.inference_mode()
    def held_loss(self, module: nn.Module, held: Tensor) -> float:
        """Loss of the held-out rows, in batches that a CPU's caches hold."""
        module.eval()
        batches = held.tensor_split(-(-len(held) // 256))
        outputs = torch.cat([module(*(t[batch] for t in self.inputs)) for batch in batches])
        return float(self.loss(outputs, self.target[held]))
