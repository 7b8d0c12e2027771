"""Read the columns of a table as understood: numbers from strings, seconds from dates, names left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from advisor.cells import filled
from advisor.errors import InputError
from advisor.index import with_levels
from advisor.reader import Reader
from advisor.roles import LEFT_OUT, Role, left_out


class ReadIndex(TransformerMixin, BaseEstimator):
    """Make columns of levels of the index, such as the days of a series.

    Parameters
    ----------
    labels : sequence of label
        Of the levels, see :func:`advisor.index.levels_of`; those that are columns already stay as they are.

    Examples
    --------
    >>> rows = pd.DataFrame({"x": [1, 2]}, index=pd.date_range("2024", periods=2, name="day"))
    >>> ReadIndex(["day"]).fit_transform(rows).columns.tolist()
    ['day', 'x']
    """

    def __init__(self, labels: Sequence[Any]) -> None:
        self.labels = labels

    def fit(self, X: Any, y: Any = None) -> ReadIndex:
        """Remember that it was fitted; nothing is learned."""
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        """Add the columns."""
        return with_levels(X, self.labels) if isinstance(X, pd.DataFrame) else X


class ReadColumns(TransformerMixin, BaseEstimator):
    """Give a table as numbers and categories.

    Parameters
    ----------
    roles : mapping of label to role
        Other columns, such as the target, are left out; so are identifiers, text, ignored columns and paths
        of files. Numbers written as text become numbers, dates become seconds since 1970; what the caller
        called categorical or an entity becomes a category even if it is a number.

    Examples
    --------
    >>> rows = pd.DataFrame({"id": [7, 8], "price": ["$1,200", "n/a"], "day": ["1970-01-02", None]})
    >>> roles = {"id": "identifier", "price": "numeric", "day": "time"}
    >>> ReadColumns(roles).fit_transform(rows).to_numpy().tolist()
    [[1200.0, 86400.0], [nan, nan]]
    """

    def __init__(self, roles: Mapping[Any, Role]) -> None:
        self.roles = roles

    def fit(self, X: Any, y: Any = None) -> ReadColumns:
        """Remember the names, and how each column is written."""
        frame = self._frame(X)
        self.readers_ = {label: Reader.of(frame[label], self.roles[label]) for label in self._kept()}
        self.feature_names_in_ = np.array([str(label) for label in self.roles], dtype=object)
        self.n_features_in_ = len(self.roles)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Read; labels become text, as scikit-learn wants them."""
        frame, labels = self._frame(X), self._kept()
        columns = {place: self.readers_[label](frame[label]) for place, label in enumerate(labels)}
        names = pd.Index(self.get_feature_names_out(), dtype=object)  # which may be no valid text
        return pd.DataFrame(columns, index=frame.index).set_axis(names, axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Names of the columns that are not left out."""
        return np.array([str(label) for label in self._kept()], dtype=object)

    def _kept(self) -> list[Any]:
        some = left_out(self.roles)
        kept = [label for label, role in self.roles.items() if not (some and role in LEFT_OUT)]
        return [label for label in kept if self.roles[label] != "text"] or kept  # trees cannot split on text

    def _frame(self, X: Any) -> pd.DataFrame:
        frame = X if isinstance(X, pd.DataFrame) else self._named(np.asarray(filled(X)))
        missing = [label for label in self._kept() if label not in frame.columns]
        if missing:
            raise InputError(
                "the data must have the columns it was advised on",
                got=f"no {missing[0]!r}",
                do="pass the same columns, the target left out",
            )
        return frame

    def _named(self, array: NDArray[Any]) -> pd.DataFrame:
        """Of an array columns are known by their place alone."""
        if array.ndim != 2 or array.shape[1] != len(self.roles):
            raise InputError(
                f"an array must have the {len(self.roles)} columns that were advised on",
                got=f"shape {array.shape}",
                do="pass the same columns, the target left out",
            )
        return pd.DataFrame(array, columns=list(self.roles))
