"""What makes a model of a library an estimator like the others: rows encoded, target scaled, both ways."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from advisor.architectures._checks import check_fit
from advisor.architectures._encoders import TableEncoder
from advisor.architectures._groups import Groups
from advisor.architectures._learner import Learner
from advisor.architectures._memory import encoding
from advisor.architectures._preprocessing import Rows, check_rows
from advisor.architectures._target import seed_of


@dataclass(kw_only=True, eq=False, repr=False)
class Wrapped(Learner):
    """Base of the architectures that a library trains: a subclass says the encoding and makes ``model_``.

    Parameters
    ----------
    target_transform : {"standard", "quantile", "none"}
        Scaling of a regression target; without effect for classes.
    random_state : int, RandomState or None
        Seed of everything random in the fit.
    """

    target_transform: str = "standard"
    random_state: Any = None

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, groups: Any = None) -> Self:
        """Train the model.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs; NaN is missing.
        y : array-like, shape (n,)
            Labels or numbers.
        sample_weight : array-like, shape (n,), optional
            Weight of each row, at least 0; a row of weight 0 has no part in anything.
        groups : array-like, shape (n,), optional
            Rows of one group, such as the visits of a patient, are held out together where early stopping
            holds rows out, see docs/architectures.md.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        InputError
            If the inputs, the target or a parameter cannot be used.
        """
        layout = self._layout()
        rows, labels, weight, together = check_fit(
            self, X, y, sample_weight, groups, kind=self.kind, layout=layout
        )
        seed = seed_of(self.random_state)
        target = self._fit_target(labels, seed)
        self.encoder_ = self._encoder().fit(rows)
        values = self.encoder_.transform(rows)
        del rows  # often the largest thing in memory, and never needed again
        self._train_grouped(values, target, weight, together, seed)
        return self

    def _memory(
        self, rows: Rows, which: NDArray[np.intp], labels: NDArray[Any], checked: int
    ) -> dict[str, int]:
        target = self._fit_target(labels, 0)
        self.encoder_ = self._encoder().fit(rows)
        n, some = len(labels), self.encoder_.transform(rows)
        encoded = n * some.shape[1] * getattr(some, "itemsize", 8)  # a frame holds numbers and references
        before = checked + encoding(n, rows.shape[1])
        return {"cpu": encoded + max(before, int(self._training_memory(n, some, target[which])))}

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        """Bytes that training on n rows takes beside them; some of them, encoded, and their targets.

        The figures were measured with one thread, by ``python -m benchmarks.speed.memory``.
        """
        raise NotImplementedError

    def _encoder(self) -> Any:
        """How columns become numbers: standardised and one-hot, unless a subclass says otherwise."""
        return TableEncoder(scaling="standard")

    def _train_grouped(
        self,
        values: NDArray[Any],
        target: NDArray[Any],
        weight: NDArray[np.float64] | None,
        groups: Groups | None,
        seed: int,
    ) -> None:
        """Train ``model_``; groups count where a subclass holds rows out."""
        self._train(values, target, weight, seed)

    def _train(
        self, values: NDArray[Any], target: NDArray[Any], weight: NDArray[np.float64] | None, seed: int
    ) -> None:
        """Make and train ``model_`` on encoded rows, and class codes or scaled numbers."""
        raise NotImplementedError

    def _outputs(self, values: NDArray[Any]) -> NDArray[Any]:
        """Probabilities, shape (n, n_classes), or scaled numbers, shape (n,), of encoded rows."""
        classifies = self.kind == "classification"
        return np.asarray(self.model_.predict_proba(values) if classifies else self.model_.predict(values))

    def _predicted(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        rows = check_rows(self, X, layout=self._layout(), reset=False)
        return self._outputs(self.encoder_.transform(rows)).astype(np.float64)


def threads(n_jobs: int | None) -> int:
    """Threads for a library that does not read OMP_NUM_THREADS itself: ``n_jobs``, that number, or all.

    Examples
    --------
    >>> threads(3)
    3
    """
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return n_jobs or (int(told) if told.isdigit() and int(told) else os.cpu_count() or 1)
