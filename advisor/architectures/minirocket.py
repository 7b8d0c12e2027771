"""MiniRocket: thousands of fixed convolutions of a sequence, read by a ridge regression."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.optimize
import scipy.special
import torch
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from advisor.architectures._checks import check_fit
from advisor.architectures._encoders import fold_encoder
from advisor.architectures._learner import Classifier, Learner, Regressor
from advisor.architectures._memory import encoding
from advisor.architectures._preprocessing import Layout, Rows, check_layout, check_rows
from advisor.architectures._target import seed_of
from advisor.architectures._training import pick_device
from advisor.architectures.base import Architecture, Capabilities
from advisor.errors import InputError

KERNEL = 9  # steps under a kernel: six have weight -1, three have weight 2
TRIPLES = np.array(list(itertools.combinations(range(KERNEL), 3)))  # where each of the 84 has weight 2
PART = 2**20  # results of kernels at a time: rows x 84 x steps
READ = 2**22  # features at a time that are predicted from
ALPHAS = np.logspace(-3, 3, 10)  # penalties to choose from


class MiniRocketFeatures:
    """The share of positive values of each of 84 kernels at several dilations and biases.

    A kernel of nine weights, six of them -1 and three of them 2, slides over the sequence with gaps of
    ``dilation`` steps. Each feature is the share of positions where the result is above a bias. Biases are
    quantiles of the result on one training sequence, at all positions. Half of the (dilation, kernel) pairs,
    those whose numbers add up to an even one, use positions where the kernel stands over the ends too, where
    the sequence counts as 0. With several channels, each pair adds up some of them, drawn at random. Padded
    steps have no part.

    Shape: (n, T, C) -> (n, n_features).

    Parameters
    ----------
    n_features : int
        About so many: the next lower multiple of 84.
    seed : int
        Seed of the channels and of the sequences that the biases are taken from.

    References
    ----------
    Dempster, Schmidt, Webb (2021). MiniRocket: a very fast (almost) deterministic transform for time series
    classification. KDD. Section 3.

    Examples
    --------
    >>> features = MiniRocketFeatures(n_features=840, seed=0)
    >>> x = torch.randn(6, 40, 2)
    >>> features.fit(x, None).transform(x, None).shape
    torch.Size([6, 840])
    """

    def __init__(self, *, n_features: int, seed: int) -> None:
        self.n_features, self.seed = n_features, seed

    def fit(self, x: Tensor, lengths: Tensor | None) -> MiniRocketFeatures:
        """Choose dilations, channels and biases from training sequences, shape (n, T, C)."""
        rng = np.random.default_rng(self.seed)
        n, n_steps, n_channels = x.shape
        per_kernel = max(1, self.n_features // len(TRIPLES))
        longest = math.log2(max(1, (n_steps - 1) / (KERNEL - 1)))  # a kernel may be as long as the sequence
        spread = np.logspace(0, longest, min(per_kernel, 32), base=2).astype(int)
        self.dilations, counts = np.unique(spread, return_counts=True)
        shares = np.floor(counts / counts.sum() * per_kernel).astype(int)
        shares[: per_kernel - shares.sum()] += 1  # what rounding left goes to the shortest
        golden = (math.sqrt(5) + 1) / 2
        quantiles = np.arange(1, len(TRIPLES) * per_kernel + 1) * golden % 1  # spread evenly, in any order
        self.channels, self.biases, used = [], [], 0
        for place, (dilation, n_biases) in enumerate(zip(self.dilations, shares)):
            sizes = 2 ** rng.uniform(0, math.log2(min(n_channels, KERNEL) + 1), size=len(TRIPLES))
            self.channels.append([rng.choice(n_channels, int(size), replace=False) for size in sizes])
            asked = quantiles[used : used + len(TRIPLES) * n_biases].reshape(len(TRIPLES), n_biases)
            used += asked.size
            biases = np.empty_like(asked)
            rows = rng.integers(n, size=len(TRIPLES))
            some = None if lengths is None else lengths[rows]
            results = self._convolve(
                x[rows], place, int(dilation)
            ).cpu()  # (84, 84, T): a row for each kernel
            for kernel in range(len(TRIPLES)):
                # of all positions, as the published code has it, also where features leave out the ends
                values = results[kernel, kernel, : None if some is None else some[kernel]].numpy()
                biases[kernel] = np.quantile(values, asked[kernel]) if len(values) else 0.0
            # raised a little: what equals a bias but for rounding must not count, in whatever batch it comes
            self.biases.append(
                (biases + 1e-5).astype(np.float32)
            )  # no tensors: fitted on a GPU, loaded anywhere
        return self

    @torch.inference_mode()
    def transform(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Features, shape (n, n_features), of sequences, shape (n, T, C), in parts that bound the memory."""
        size = max(1, PART // (x.shape[1] * len(TRIPLES)))
        n_features = sum(biases.size for biases in self.biases)
        # made at once: many small results between large ones that come and go would keep gaps in the heap
        features = torch.empty(len(x), n_features, device=x.device)
        for i in range(0, len(x), size):
            some = None if lengths is None else lengths[i : i + size]
            self._write(x[i : i + size], some, features[i : i + size])
        return features

    def _write(self, x: Tensor, lengths: Tensor | None, features: Tensor) -> None:
        """Write the features of (B, T, C) into (B, n_features)."""
        at = 0
        for place, dilation in enumerate(self.dilations.tolist()):
            results = self._convolve(x, place, dilation)  # (B, 84, T)
            valid = self._valid(x.shape[1], dilation, place, lengths, x.device)
            results = results.masked_fill(~valid, -math.inf)  # never above a bias
            n_valid = valid.sum(dim=2)  # (1 or B, 84)
            for bias in torch.as_tensor(self.biases[place], device=x.device).T:  # (84,)
                above = (results > bias[:, None]).sum(dim=2, dtype=torch.int32)
                torch.div(above, n_valid, out=features[:, at : at + len(bias)])
                at += len(bias)

    def _convolve(self, x: Tensor, place: int, dilation: int) -> Tensor:
        """Results of all kernels, shape (B, 84, T), with zeros beyond both ends of (B, T, C)."""
        # sums element by element, in one order: a row gives the same to the last bit alone and in any batch
        n_steps, reach, x = x.shape[1], KERNEL // 2 * dilation, x.transpose(1, 2)
        if x.shape[1] > 1:
            mixed = torch.stack(
                [_sum([x[:, channel] for channel in chosen]) for chosen in self.channels[place]], 1
            )
        else:
            mixed = x  # (B, 1, T): all kernels see the same
        padded = torch.nn.functional.pad(mixed, (reach, reach))
        taps = [padded[:, :, i * dilation : i * dilation + n_steps] for i in range(KERNEL)]
        result = -_sum(taps).repeat(1, len(TRIPLES) // mixed.shape[1], 1)  # weights of -1 ...
        for tap in range(KERNEL):  # ... and three of them 3 more
            kernels = torch.as_tensor(np.flatnonzero(np.any(tap == TRIPLES, axis=1)), device=x.device)
            result[:, kernels] += 3 * (taps[tap][:, kernels] if mixed.shape[1] > 1 else taps[tap])
        return result

    @staticmethod
    def _valid(
        n_steps: int, dilation: int, place: int, lengths: Tensor | None, device: torch.device
    ) -> Tensor:
        """Positions that count, (1 or B, 84, T): all, for every other kernel those clear of the ends."""
        steps = torch.arange(n_steps, device=device)
        ends = torch.full((1, 1, 1), n_steps, device=device) if lengths is None else lengths[:, None, None]
        clear = torch.arange(len(TRIPLES), device=device) % 2 != place % 2
        reach = (KERNEL // 2 * dilation * clear)[:, None]  # (84, 1)
        fits = ends > 2 * reach  # else the whole sequence counts
        return (steps < ends) & (~fits | ((steps >= reach) & (steps < ends - reach)))


def _sum(parts: list[Tensor]) -> Tensor:
    """Sum in the order given."""
    return functools.reduce(operator.add, parts)


@dataclass(kw_only=True, eq=False, repr=False)
class _MiniRocket(Learner):
    layout: Layout | None = None
    n_features: int = 9996
    target_transform: str = "standard"
    device: str = "auto"
    random_state: Any = None

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose biases from the training sequences and fit the ridge regression.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs; NaN is missing, or padding at the end of a sequence.
        y : array-like, shape (n,)
            Labels or numbers.
        sample_weight : array-like, shape (n,), optional
            Weight of each row in the regression.
        groups : array-like, shape (n,), optional
            Without effect: the penalty is chosen by leaving single rows out.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        InputError
            If the inputs, the target or a parameter cannot be used.
        """
        if self.n_features < len(TRIPLES):
            raise InputError("n_features must be at least 84", got=str(self.n_features), do="set it to 9996")
        layout = self._layout()
        rows, labels, weight, _ = check_fit(self, X, y, sample_weight, groups, kind=self.kind, layout=layout)
        seed = seed_of(self.random_state)
        target = self._regressed(self._fit_target(labels, seed))
        self.encoder_ = fold_encoder(layout, seed).fit(rows)
        x, lengths = self._sequences(rows)
        del rows  # never needed again
        self.features_ = MiniRocketFeatures(n_features=self.n_features, seed=seed).fit(x, lengths)
        features = self.features_.transform(x, lengths).cpu().double().numpy()
        self.feature_scaler_ = StandardScaler().fit(features)
        # with a scorer, the predictions for each row by the others are kept, not their errors
        self.ridge_ = RidgeCV(ALPHAS, scoring="neg_mean_squared_error", store_cv_results=True)
        self.ridge_.fit(self.feature_scaler_.transform(features), target, weight)
        self._calibrate(
            self.ridge_.cv_results_[..., int(np.argmin(abs(ALPHAS - self.ridge_.alpha_)))], target
        )
        del self.ridge_.cv_results_
        return self

    def _layout(self) -> Layout | None:
        return check_layout(self.layout)

    def _memory(
        self, rows: Rows, which: NDArray[np.intp], labels: NDArray[Any], checked: int
    ) -> dict[str, int]:
        n, d = len(labels), rows.shape[1]
        encoded = 4 * n * d
        convolved = 28 * min(PART, n * d * len(TRIPLES))  # a part of the rows, at most so many values
        self._fit_target(labels, 0)
        regression = n * (48 * self.n_features + 80 * self._n_outputs)  # measured
        return {"cpu": encoded + max(checked + encoding(n, d), convolved + regression)}

    def _regressed(self, target: NDArray[Any]) -> NDArray[np.float64]:
        """What the ridge regression predicts instead of class codes; scaled numbers as they are."""
        return target

    def _calibrate(self, left_out: NDArray[np.float64], target: NDArray[np.float64]) -> None:
        """Learn what the regression's outputs are worth, from the prediction for each row by the others."""

    def _sequences(self, rows: Rows) -> tuple[Tensor, Tensor | None]:
        """Steps of a series, rows of a picture or columns of a table, shape (n, T, C), and their lengths."""
        device = pick_device(self.device)
        values, lengths = self.encoder_.fold(rows)
        x = torch.as_tensor(values.reshape(len(values), values.shape[1], -1), device=device)
        return x, None if lengths is None else torch.as_tensor(lengths, device=device)

    def _predicted(self, X: Any) -> NDArray[np.float64]:
        """Outputs of the ridge regression, shape (n, n_outputs)."""
        check_is_fitted(self)
        rows = check_rows(self, X, layout=self._layout(), reset=False)
        x, lengths = self._sequences(rows)
        del rows  # as x they are there again
        size = max(1, READ // self.n_features)
        parts = [slice(start, start + size) for start in range(0, len(x), size)]
        return np.concatenate(
            [self._read(x[part], None if lengths is None else lengths[part]) for part in parts]
        )

    def _read(self, x: Tensor, lengths: Tensor | None) -> NDArray[np.float64]:
        """Outputs for a part of the rows, whose features are many times as large as themselves."""
        features = self.features_.transform(x, lengths).cpu().double().numpy()
        outputs: NDArray[np.float64] = self.ridge_.predict(
            self.feature_scaler_.transform(features, copy=False)
        )
        return outputs.reshape(len(outputs), -1)


class MiniRocketClassifier(Classifier, _MiniRocket):
    """MiniRocket classifier; parameters as :class:`MiniRocketRegressor`.

    The ridge regression predicts -1 or 1 for each class. Probabilities are the softmax of its outputs times a
    factor, fitted to the outputs for each training row by the others; the most probable class stays the same.
    """

    def _regressed(self, target: NDArray[Any]) -> NDArray[np.float64]:
        return np.where(target[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)

    def _calibrate(self, left_out: NDArray[np.float64], target: NDArray[np.float64]) -> None:
        right = target.argmax(axis=1)

        def loss(log_factor: float) -> float:
            chances = scipy.special.log_softmax(np.exp(log_factor) * left_out, axis=1)
            return -float(chances[np.arange(len(right)), right].mean())

        self.factor_ = float(np.exp(scipy.optimize.minimize_scalar(loss, bounds=(-5, 5), method="bounded").x))

    def _predicted(self, X: Any) -> NDArray[np.float64]:
        probabilities: NDArray[np.float64] = scipy.special.softmax(
            super()._predicted(X) * self.factor_, axis=1
        )
        return probabilities


class MiniRocketRegressor(Regressor, _MiniRocket):
    """MiniRocket regressor, see :class:`MiniRocketFeatures`.

    Parameters
    ----------
    layout : tuple of int or None
        ``(T, C)``; ``(H, W, C)`` is read as H steps of W C values, ``(d,)`` as one step per preprocessed
        column.
    n_features : int
        Features, at least 84; taken down to a multiple of 84.
    target_transform : {"standard", "quantile", "none"}
        Scaling of a regression target; without effect for classes.
    device : str
        "auto" (CUDA, else MPS, else CPU) or a torch device, for the features.
    random_state : int, RandomState or None
        Seed of the channels that are added up and of the sequences that biases are taken from.

    References
    ----------
    Dempster, Schmidt, Webb (2021). MiniRocket: a very fast (almost) deterministic transform for time series
    classification. KDD. The penalty is chosen from theirs, 0.001 to 1,000, by leaving one row out.
    """


ARCHITECTURE = Architecture(
    name="minirocket",
    title="MiniRocket",
    classifier=MiniRocketClassifier,
    regressor=MiniRocketRegressor,
    can=Capabilities(
        native=frozenset({"sequence"}),
        uses_layout=True,
        unequal_length=True,
        sample_weight=True,
        gpu=True,
    ),
    space={"n_features": [840, 2520, 9996, 19992], "target_transform": ["standard", "quantile"]},
    reference="Dempster, Schmidt, Webb (2021), KDD",
)
