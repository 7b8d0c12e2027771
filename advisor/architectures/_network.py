"""What makes a torch module a scikit-learn estimator: encode, train with the shared loop, predict."""

from __future__ import annotations

import copy
import math
import time
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from advisor.architectures._preprocessing import (
    Layout,
    Learner,
    Rows,
    TableEncoder,
    TensorEncoder,
    check_rows,
)
from advisor.architectures._target import check_target, inner_split, seed_of, target_scaler
from advisor.architectures._training import Recipe, check_recipe, forward, pick_device, seeded, train
from advisor.architectures.base import Kind
from advisor.errors import InputError


class Network(Learner):
    """Base of all networks: a subclass names its parameters and builds its module.

    The parameters of training, which every subclass has:

    layout : tuple of int or None
        ``(H, W, C)``, ``(T, C)`` or ``(d,)``; None means ``(d,)``. How a row folds into a tensor.
    max_epochs, patience, batch_size, learning_rate, weight_decay, schedule, clip, time_limit
        See :class:`advisor.architectures._training.Recipe`. A ``batch_size`` of None is the square root of
        the number of training rows, from 8 to 128, so that little data still gives many steps.
    validation_fraction : float
        Share of the rows given to ``fit`` that is held out, stratified, to choose the best epoch.
    device : str
        "auto" (CUDA, else MPS, else CPU) or a torch device.
    random_state : int, RandomState or None
        Seed of the held-out rows, the initial weights, dropout and the order of the batches.

    Attributes
    ----------
    module_ : torch.nn.Module
        The trained network with its best weights.
    n_epochs_ : int
        Epochs trained.
    validation_curve_ : list of float
        Validation score after each epoch: minus the loss, higher is better.
    stopped_ : {"patience", "max_epochs", "time_limit"}
        Why training ended.
    fit_seconds_ : float
        Wall time of ``fit``.
    n_features_in_ : int
        Columns of the inputs.
    """

    kind: ClassVar[Kind]
    layout: Layout | None
    max_epochs: int
    patience: int
    batch_size: int | None
    learning_rate: float
    weight_decay: float
    schedule: Any
    clip: float | None
    validation_fraction: float
    time_limit: float | None
    device: str
    random_state: Any

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        """Make the module for rows of a shape ``(H, W, C)``, ``(T, C)`` or ``(d,)``."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs; NaN is missing, or padding at the end of a sequence.
        y : array-like, shape (n,)
            Labels or numbers.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        InputError
            If the inputs, the target or a parameter cannot be used.
        DivergedError
            If the loss is not finite.
        """
        start = time.monotonic()
        if not 0 < self.validation_fraction <= 0.5:
            raise InputError(
                "validation_fraction must be in (0, 0.5]",
                got=str(self.validation_fraction),
                do="set it to 0.2",
            )
        layout = self._layout()
        rows = check_rows(self, X, layout=layout, reset=True)
        seed = seed_of(self.random_state)
        target = self._fit_target(check_target(y, self.kind, len(rows)), seed)
        self.encoder_ = (
            TensorEncoder(layout).fit(rows)
            if layout is not None and len(layout) > 1
            else TableEncoder(scaling="quantile", seed=seed).fit(rows)
        )
        held = inner_split(target, self.validation_fraction, np.random.default_rng(seed))
        recipe = Recipe(
            max_epochs=self.max_epochs,
            patience=self.patience,
            batch_size=min(128, max(8, math.isqrt(len(held[0]))))
            if self.batch_size is None
            else self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            schedule=self.schedule,
            clip=self.clip,
            time_limit=self.time_limit,
        )
        check_recipe(recipe)
        device = pick_device(self.device)
        with seeded(seed, device):
            inputs = self._inputs(rows, device)
            self.module_ = self._build(tuple(inputs[0].shape[1:]), self._n_outputs).to(device)
            history = train(
                self.module_,
                inputs,
                torch.as_tensor(target, device=device),
                loss=self._loss,
                rows=held[0],
                validation=held[1],
                recipe=recipe,
                seed=seed,
            )
        self.n_epochs_ = len(history.scores)
        self.best_epoch_ = history.best_epoch + 1
        self.validation_curve_ = list(history.scores)
        self.stopped_ = history.stopped
        self.fit_seconds_ = time.monotonic() - start
        return self

    _n_outputs: int

    def _fit_target(self, y: NDArray[Any], seed: int) -> NDArray[Any]:
        raise NotImplementedError

    @staticmethod
    def _loss(output: Tensor, target: Tensor) -> Tensor:
        raise NotImplementedError

    def _layout(self) -> Layout | None:
        if self.layout is None:
            return None
        layout = tuple(int(size) for size in self.layout)
        if not 1 <= len(layout) <= 3 or min(layout) < 1:
            raise InputError(
                "the layout must be (H, W, C), (T, C) or (d,) with sizes of at least 1",
                got=str(self.layout),
                do="pass the sizes that a row folds into",
            )
        return layout

    def _inputs(self, rows: Rows, device: torch.device) -> tuple[Tensor, ...]:
        """Encoded rows on the device: ``(x,)``, or ``(x, lengths)`` where sequences are padded."""
        if isinstance(self.encoder_, TableEncoder):
            return (torch.as_tensor(self.encoder_.transform(rows), device=device),)
        values, lengths = self.encoder_.transform(rows)
        x = torch.as_tensor(values, device=device)
        return (x,) if lengths is None else (x, torch.as_tensor(lengths, device=device))

    def _outputs(self, X: Any) -> Tensor:
        check_is_fitted(self)
        rows = check_rows(self, X, layout=self._layout(), reset=False)
        device = pick_device(self.device)
        return forward(self.module_.to(device), self._inputs(rows, device)).cpu()

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if "module_" in state:  # trained on a GPU, loaded anywhere
            state["module_"] = copy.deepcopy(state["module_"]).cpu()
        return state


class NetworkClassifier(ClassifierMixin, Network):
    """Classification with a network: cross-entropy of a softmax.

    Attributes
    ----------
    classes_ : ndarray
        Sorted labels.
    """

    kind: ClassVar[Kind] = "classification"

    def _fit_target(self, y: NDArray[Any], seed: int) -> NDArray[np.int64]:
        self.labels_ = LabelEncoder().fit(y)
        self.classes_ = self.labels_.classes_
        self._n_outputs = len(self.classes_)
        codes: NDArray[np.int64] = self.labels_.transform(y).astype(np.int64)
        return codes

    @staticmethod
    def _loss(output: Tensor, target: Tensor) -> Tensor:
        return nn.functional.cross_entropy(output, target)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the classes.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs.

        Returns
        -------
        ndarray, shape (n, n_classes)
            Rows sum to 1; columns as in ``classes_``.
        """
        probabilities: NDArray[np.float64] = self._outputs(X).double().softmax(dim=1).numpy()
        return probabilities

    def predict(self, X: Any) -> NDArray[Any]:
        """Most probable labels.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs.

        Returns
        -------
        ndarray, shape (n,)
            Labels as they were given to ``fit``.
        """
        best = self._outputs(X).argmax(dim=1).numpy()
        labels: NDArray[Any] = self.classes_[best]
        return labels


class NetworkRegressor(RegressorMixin, Network):
    """Regression with a network: squared error of the transformed target.

    The target is standardised (``target_transform="standard"``) or mapped to a normal distribution by its
    quantiles (``"quantile"``) for training, and predictions are mapped back.
    """

    kind: ClassVar[Kind] = "regression"
    target_transform: str

    def _fit_target(self, y: NDArray[Any], seed: int) -> NDArray[np.float32]:
        self.scaler_ = target_scaler(self.target_transform, len(y), seed).fit(y[:, None])
        self._n_outputs = 1
        scaled: NDArray[np.float32] = self.scaler_.transform(y[:, None])[:, 0].astype(np.float32)
        return scaled

    @staticmethod
    def _loss(output: Tensor, target: Tensor) -> Tensor:
        return nn.functional.mse_loss(output[:, 0], target)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predicted numbers, in the unit of the target.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs.

        Returns
        -------
        ndarray, shape (n,)
            Predictions.
        """
        output = self._outputs(X).double().numpy()
        values: NDArray[np.float64] = self.scaler_.inverse_transform(output)[:, 0]
        return values
