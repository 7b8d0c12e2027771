"""A model behind the steps that bring the data into its tensors."""

from __future__ import annotations

from typing import Any, Self

from sklearn.pipeline import Pipeline


class FoldedModel(Pipeline):
    """A pipeline whose ``fit`` takes weights and groups of the rows, as a model alone does.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.preprocessing import StandardScaler
    >>> model = FoldedModel([("fold", StandardScaler()), ("model", Ridge())])
    >>> model.fit([[0.0], [1.0], [1.0]], [0.0, 1.0, 3.0], sample_weight=[1, 1, 0]).predict([[1.0]]) < 1
    array([ True])
    """

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, groups: Any = None, **params: Any
    ) -> Self:
        """Fit the steps and the model.

        Parameters
        ----------
        X : DataFrame or array-like
            The data as they are held.
        y : array-like, shape (n,)
            What to predict.
        sample_weight, groups : array-like, shape (n,), optional
            Of the rows, for the model.
        **params
            As :meth:`sklearn.pipeline.Pipeline.fit` takes them.
        """
        for name, values in (("sample_weight", sample_weight), ("groups", groups)):
            if values is not None:
                params[f"{self.steps[-1][0]}__{name}"] = values
        super().fit(X, y, **params)
        return self
