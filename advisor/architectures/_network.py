"""What makes a torch module a scikit-learn estimator: encode, train with the shared loop, predict."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from advisor.architectures._checks import check_fit
from advisor.architectures._encoders import TableEncoder, fold_encoder
from advisor.architectures._learner import Classifier, Learner, Regressor
from advisor.architectures._network_memory import fit_memory
from advisor.architectures._preprocessing import Layout, Rows, check_layout, check_rows
from advisor.architectures._target import inner_split, seed_of
from advisor.architectures._training import (
    Recipe,
    Schedule,
    check_recipe,
    forward,
    pick_device,
    seeded,
    train,
)
from advisor.errors import InputError

TRAINING = """max_epochs, patience : int
        Most epochs (where the default is None, as many as suit the number of rows), epochs without a better
        validation loss before stopping.
    batch_size : int or None
        Rows per step; None is as many as suit the number of training rows, from 8 on: for networks that read
        tensors its square root, at most 128; for those of tables a tenth, at most 64.
    learning_rate, weight_decay, validation_fraction : float
        Peak step size and decay of AdamW; share of the rows held out to choose the best epoch.
    schedule : {"cosine", "plateau", "constant"}
        Course of the learning rate, see :class:`advisor.architectures._training.Recipe`.
    clip, time_limit : float or None
        Largest norm of the gradient; seconds of training after which it ends with the best weights.
    target_transform : {"standard", "quantile", "none"}
        Scaling of a regression target; without effect for classes.
    device : str
        "auto" (CUDA, else MPS, else CPU) or a torch device.
    random_state : int, RandomState or None
        Seed of the held-out rows, the initial weights, dropout and the order of the batches."""


@dataclass(kw_only=True, eq=False, repr=False)
class Network(Learner):
    """Base of all networks: a subclass adds its parameters as fields and builds its module.

    ``{training}`` in a subclass's docstring stands for the text on the parameters that all of them share.

    Parameters
    ----------
    {training}

    Attributes
    ----------
    module_ : torch.nn.Module
        The trained network with its best weights.
    n_epochs_, best_epoch_ : int
        Epochs trained; the one (from 1) whose weights were kept.
    validation_curve_ : list of float
        Validation score after each epoch: minus the loss, higher is better.
    stopped_ : {"patience", "max_epochs", "time_limit", "diverged"}
        Why training ended; "diverged" if the loss was not finite any more, after the epoch that was kept.
    hurried_ : bool
        Whether the time limit made the learning rate fall faster, on which the weights then depend.
    fit_seconds_ : float
        Wall time of ``fit``.
    device_ : torch.device
        Where it was trained.
    n_features_in_ : int
        Columns of the inputs.
    """

    max_epochs: int | None = 100
    patience: int = 20
    batch_size: int | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    schedule: Schedule = "cosine"
    clip: float | None = None
    validation_fraction: float = 0.2
    target_transform: str = "standard"
    time_limit: float | None = None
    device: str = "auto"
    random_state: Any = None

    # set where it was measured to train faster to the same scores: ``python -m benchmarks.speed.options``
    bfloat16: ClassVar[bool] = False
    settle: ClassVar[float] = 0.0

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__doc__:
            cls.__doc__ = cls.__doc__.replace("{training}", TRAINING)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, groups: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs; NaN is missing, or padding at the end of a sequence.
        y : array-like, shape (n,)
            Labels or numbers.
        sample_weight : array-like, shape (n,), optional
            Weight of each row in the loss, at least 0; a row of weight 0 has no part in anything.
        groups : array-like, shape (n,), optional
            Rows of one group, such as the visits of a patient, are held out together for early
            stopping: for where rows of a group are copies of each other, see docs/architectures.md.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        InputError
            If the inputs, the target or a parameter cannot be used.
        DivergedError
            If the loss is not finite before any epoch could be kept.
        """
        start = time.monotonic()
        layout = self._layout()
        rows, labels, weight, together = check_fit(
            self, X, y, sample_weight, groups, kind=self.kind, layout=layout
        )
        seed = seed_of(self.random_state)
        target = self._fit_target(labels, seed)
        self._fit_encoder(rows, seed)
        kept, held = inner_split(target, self.validation_fraction, np.random.default_rng(seed), together)
        recipe = self._recipe(len(kept))
        self.device_ = pick_device(self.device)
        with seeded(seed, self.device_):
            inputs = self._inputs(rows, self.device_)
            del rows  # the largest thing in memory, and never needed again
            self.module_ = self._module(inputs, kept).to(self.device_)
            history = train(
                self.module_,
                inputs,
                torch.as_tensor(target, device=self.device_),
                loss=self._loss,
                weight=None
                if weight is None
                else torch.as_tensor(weight, dtype=torch.float32, device=self.device_),
                rows=kept,
                validation=held,
                recipe=recipe,
                seed=seed,
            )
        self.n_epochs_ = len(history.scores)
        self.best_epoch_ = history.best_epoch + 1
        self.validation_curve_ = list(history.scores)
        self.stopped_ = history.stopped
        self.hurried_ = history.hurried
        self.fit_seconds_ = time.monotonic() - start
        return self

    def _recipe(self, n_rows: int) -> Recipe:
        """How to train on so many rows."""
        batch_size = self._batch(n_rows) if self.batch_size is None else self.batch_size
        recipe = Recipe(
            max_epochs=self._epochs(math.ceil(n_rows / max(1, batch_size))),
            patience=self.patience,
            batch_size=batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            schedule=self.schedule,
            settle=self.settle,
            clip=self.clip,
            time_limit=self.time_limit,
            bfloat16=self.bfloat16,
        )
        check_recipe(recipe)
        return recipe

    def _batch(self, n_rows: int) -> int:
        """Rows per step: little data still gives many steps."""
        return min(128, max(8, math.isqrt(n_rows)))

    def _epochs(self, n_steps: int) -> int:
        """Most epochs, of so many steps each."""
        if self.max_epochs is None:
            raise InputError("max_epochs must be at least 1", got="None", do="set a number")
        return self.max_epochs

    def _memory(
        self, rows: Rows, which: NDArray[np.intp], labels: NDArray[Any], checked: int
    ) -> dict[str, int]:
        return fit_memory(self, rows, which, labels, checked)

    def _fit_encoder(self, rows: Rows, seed: int) -> None:
        """Learn how rows become tensors."""
        raise NotImplementedError

    def _inputs(self, rows: Rows, device: torch.device) -> tuple[Tensor, ...]:
        """Encoded rows on the device: the arguments of the module."""
        raise NotImplementedError

    def _module(self, inputs: tuple[Tensor, ...], rows: NDArray[np.intp]) -> nn.Module:
        """Make the module for inputs of these shapes, of which these rows are learned from."""
        raise NotImplementedError

    @staticmethod
    def _loss(output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Mean loss of outputs, shape (n, n_outputs)."""
        raise NotImplementedError

    @staticmethod
    def _link(output: Tensor) -> Tensor:
        """Predictions from outputs, shape (n, n_outputs): as they are, unless a subclass says otherwise."""
        return output

    def _predicted(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        rows = check_rows(self, X, layout=self._layout(), reset=False)
        device = pick_device(self.device)
        outputs = forward(self.module_.to(device), self._inputs(rows, device)).cpu()
        values: NDArray[np.float64] = self._link(outputs.double()).numpy()
        return values

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())  # else that of the living estimator
        if "module_" in state:  # trained on a GPU, loaded anywhere
            state["module_"] = copy.deepcopy(state["module_"]).cpu()
        return state


@dataclass(kw_only=True, eq=False, repr=False)
class TensorNetwork(Network):
    """Base of the networks that read rows as images or sequences, and columns as a sequence of one channel.

    Parameters
    ----------
    layout : tuple of int or None
        ``(H, W, C)``, ``(T, C)`` or ``(d,)``; None means ``(d,)``. How a row folds into a tensor.
    {training}
    """

    layout: Layout | None = None

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        """Make the module for rows of a shape ``(H, W, C)``, ``(T, C)`` or ``(d,)``."""
        raise NotImplementedError

    def _layout(self) -> Layout | None:
        return check_layout(self.layout)

    def _fit_encoder(self, rows: Rows, seed: int) -> None:
        # a class is often the form of a sequence, a number that is predicted often its level
        forms = self.kind == "classification"
        self.encoder_ = fold_encoder(self._layout(), seed, forms=forms).fit(rows)

    def _inputs(self, rows: Rows, device: torch.device) -> tuple[Tensor, ...]:
        """``(x,)``, or ``(x, lengths)`` where sequences are padded."""
        values, lengths = self.encoder_.fold(rows)
        x = torch.as_tensor(values, device=device)
        return (x,) if lengths is None else (x, torch.as_tensor(lengths, device=device))

    def _module(self, inputs: tuple[Tensor, ...], rows: NDArray[np.intp]) -> nn.Module:
        return self._build(tuple(inputs[0].shape[1:]), self._n_outputs)


class TableNetwork(Network):
    """Base of the networks for tables, which embed the categories: any tensor is read as flat columns.

    The module is called with ``numbers``, shape (B, p), and, where there are categories, ``codes``, int64,
    shape (B, q): 0 for a category that was not seen in training, else from 1.
    """

    def _batch(self, n_rows: int) -> int:
        return min(64, max(8, n_rows // 10))

    def _build(self, n_numbers: int, cardinalities: tuple[int, ...], n_outputs: int) -> nn.Module:
        """Make the module for p numbers and q categories with so many codes each."""
        raise NotImplementedError

    def _fit_encoder(self, rows: Rows, seed: int) -> None:
        self.encoder_ = TableEncoder(scaling="quantile", categories="codes", seed=seed).fit(rows)

    def _inputs(self, rows: Rows, device: torch.device) -> tuple[Tensor, ...]:
        numbers = torch.as_tensor(self.encoder_.transform(rows), device=device)
        if not self.encoder_.cardinalities:
            return (numbers,)
        return numbers, torch.as_tensor(self.encoder_.codes(rows), device=device)

    def _module(self, inputs: tuple[Tensor, ...], rows: NDArray[np.intp]) -> nn.Module:
        return self._build(inputs[0].shape[1], self.encoder_.cardinalities, self._n_outputs)


class NetworkClassifier(Classifier, Network):
    """Classification with a network: cross-entropy of a softmax."""

    # weights of the warm-up, sure of nothing, can have the least cross-entropy of all and a poor accuracy
    settle: ClassVar[float] = 0.25

    @staticmethod
    def _loss(output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        if weight is None:
            return nn.functional.cross_entropy(output, target)
        return (nn.functional.cross_entropy(output, target, reduction="none") * weight).mean()

    @staticmethod
    def _link(output: Tensor) -> Tensor:
        return output.softmax(dim=1)


class NetworkRegressor(Regressor, Network):
    """Regression with a network: squared error of the scaled target."""

    def _fit_target(self, y: NDArray[Any], seed: int) -> NDArray[Any]:
        return super()._fit_target(y, seed).astype(np.float32)

    @staticmethod
    def _loss(output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        if weight is None:
            return nn.functional.mse_loss(output[:, 0], target)
        return ((output[:, 0] - target).square() * weight).mean()
