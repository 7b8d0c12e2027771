from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from advisor import advise


def data(held):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    frame = pd.DataFrame(x, columns=list("abc"))
    y = np.where(np.arange(300) % 2, x[:, 0], -x[:, 0])
    target = {"frame": y, "array": y, "array with its target": 3}[held]
    rows = {"frame": frame, "array": x, "array with its target": np.column_stack([x, y])}[held]
    return rows, y, advise(rows, target)


@pytest.mark.parametrize("held", ["frame", "array", "array with its target"])
def test_weights_count_whatever_holds_the_data(held):
    rows, y, advice = data(held)
    model = advice.estimator(n_estimators=30)
    odd = np.arange(300) % 2 == 1
    rising = y * np.where(odd, 1, -1)

    def agreement(heavy):
        fitted = clone(model).fit(rows, y, sample_weight=np.where(heavy, 9, 1))
        return np.corrcoef(fitted.predict(rows), rising)[0, 1]

    assert agreement(odd) > 0.5
    assert agreement(~odd) < -0.5


def test_groups_and_parameters_of_steps_reach_the_model():
    rows, y, advice = data("frame")
    model = advice.estimator(n_estimators=30)
    odd = np.arange(300) % 2
    weighted = clone(model).fit(rows, y, sample_weight=odd).predict(rows)
    np.testing.assert_array_equal(clone(model).fit(rows, y, model__sample_weight=odd).predict(rows), weighted)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).fit(rows, y, odd).predict(rows), weighted)
    fitted = clone(model).fit(rows, y, groups=np.arange(300) // 10)
    assert len(fitted.predict(rows)) == 300
    scores = cross_val_score(model, rows, y, cv=2, params={"sample_weight": odd})
    assert len(scores) == 2
