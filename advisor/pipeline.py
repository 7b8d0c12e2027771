"""A pipeline that tells its model which rows belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import sklearn
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from advisor.architectures._groups import Groups, InTime
from advisor.folding import ReadHeld, as_frame, in_series
from advisor.holdout import UNITS
from advisor.reading import ReadIndex


class GroupedPipeline(Pipeline):
    """Pipeline whose model holds out whole entities, or the end of a series, where it stops early.

    Single rows of an entity, or windows that share steps, would tell the rows held out what they are. Of
    fewer than six series in time the last rows of each are held out, after a gap as long as a window.

    Parameters
    ----------
    steps : list of (str, estimator)
        As of :class:`sklearn.pipeline.Pipeline`; a model whose ``fit`` takes no ``groups`` is given none.
    entity : sequence of label
        Columns that name the entity a row belongs to, together; none if all rows are one series.
    time : sequence of label
        Columns that rows of one series are sorted by, coarse to fine; none if they are held in order.
    window : int
        Rows that each row looks back; 0 where rows have no past.
    transform_input, memory, verbose
        As of :class:`sklearn.pipeline.Pipeline`.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"who": list("abcdef") * 2, "x": range(12)})
    >>> GroupedPipeline([("model", "passthrough")], entity=["who"]).groups(rows).tolist()
    [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]
    """

    def __init__(
        self,
        steps: list[tuple[str, Any]],
        *,
        entity: Sequence[Any] = (),
        time: Sequence[Any] = (),
        window: int = 0,
        transform_input: Any = None,
        memory: Any = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.entity, self.time, self.window = entity, time, window

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit all steps; the model is told the groups, unless they are among the parameters.

        Parameters
        ----------
        X : DataFrame or array-like
            What was given to ``advise``, target left out.
        y : array-like, shape (n,)
            Labels or numbers.
        **params
            As of :class:`sklearn.pipeline.Pipeline`.

        Returns
        -------
        self
            The fitted pipeline.
        """
        name, model = self.steps[-1]
        routed = sklearn.get_config()["enable_metadata_routing"]
        key = "groups" if routed else f"{name}__groups"
        if key not in params and has_fit_parameter(model, "groups"):
            groups = self.groups(X)
            if groups is not None:
                params[key] = groups
                if routed:
                    model.set_fit_request(groups=True)
        super().fit(X, y, **params)
        return self

    def groups(self, X: Any) -> Groups | None:
        """Tell which rows belong together.

        Parameters
        ----------
        X : DataFrame or array-like
            As for ``fit``.

        Returns
        -------
        ndarray of int, shape (n,), InTime or None
            The entity of each row, its place in time, or None where rows of few entities have no past.
        """
        for _, step in self.steps[:-1]:
            if isinstance(step, ReadHeld | ReadIndex):
                X = step.fit_transform(X)
        codes, order = in_series(as_frame(X), self.entity, self.time)
        sizes = np.bincount(codes)
        if len(sizes) >= UNITS:
            return codes
        if not self.window:
            return None
        left = np.empty_like(order)  # rows that follow in the series: all series end together
        left[order] = np.concatenate([np.arange(size)[::-1] for size in sizes])
        return InTime(np.argsort(np.argsort(-left, kind="stable")), gap=self.window * len(sizes))
