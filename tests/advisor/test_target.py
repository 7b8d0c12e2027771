"""The rule that tells labels from quantities."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from advisor.errors import TargetError
from advisor.target import infer_kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b", "a"], "classification"),
        (pd.Categorical([1.5, 2.5, 3.5]), "classification"),
        ([True, False, True], "classification"),
        ([True, None, False], "classification"),
        ([0.1, 0.9] * 5, "classification"),  # two values are two classes, whatever they are called
        ([1.0, 2.0, 3.0, np.nan] * 3, "classification"),  # codes that became float because one is missing
        (pd.array([1, 2, 3, None] * 3, dtype="Int64"), "classification"),
        (list(range(20)) * 2, "classification"),
        (list(range(21)) * 2, "regression"),
        (list(range(20)) + list(range(19)), "regression"),  # seen less than twice on average
        ([1, 2, 3, 4, 5], "regression"),
        ([0.5, 1.5, 2.5] * 10, "regression"),
        ([Decimal("0.5"), Decimal("1.5"), Decimal("2.5")], "regression"),
        (pd.Series([1, 2.5, 3.5, 7], dtype=object), "regression"),
    ],
)
def test_kind(values, kind):
    assert infer_kind(pd.Series(values)) == kind


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "the target must have values, got none in 0 rows"),
        ([None, np.nan], "got none in 2 rows"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "got times"),
        ([1 + 2j, 3j], "got complex numbers"),
        ([[1, 2], [3, 4]], "got cells of type list"),
    ],
)
def test_what_cannot_be_learned_is_refused(values, message):
    with pytest.raises(TargetError, match=message):
        infer_kind(pd.Series(values))


def test_whole_numbers_that_no_float_tells_apart_are_one_value():
    assert infer_kind(pd.Series([2**60 + i for i in range(40)])) == "classification"
