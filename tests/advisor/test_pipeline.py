"""The estimator of an advice tells its model which rows belong together."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline

from advisor import advise
from advisor.architectures._groups import InTime
from advisor.architectures._target import inner_split
from advisor.folding import FoldWindows
from advisor.pipeline import GroupedPipeline


class Told(ClassifierMixin, BaseEstimator):
    """Remembers the groups that it was told."""

    def fit(self, X, y, groups=None):
        self.classes_, self.groups_ = np.unique(y), groups
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def panel(n=12, steps=40):
    """Shops over months, in a random order of rows."""
    values = np.random.default_rng(0).normal(size=(n, steps, 3)).cumsum(axis=1).reshape(-1, 3)
    frame = pd.DataFrame(values, columns=["a", "b", "y"])
    frame.insert(0, "who", np.repeat([f"s{j}" for j in range(n)], steps))
    frame.insert(1, "t", np.tile(np.arange(steps), n))
    return frame.sample(frac=1, random_state=0).reset_index(drop=True)


def told(pipeline):
    """The pipeline with a model that remembers what it is told."""
    name, _ = pipeline.steps[-1]
    return pipeline.set_params(**{name: Told()})


def test_the_estimator_of_a_panel_holds_out_whole_entities():
    frame = panel()
    pipeline = told(advise(frame, "y").estimator())
    X = frame.drop(columns="y")
    groups = pipeline.fit(X, frame["y"] > 0).named_steps["model"].groups_
    pd.testing.assert_series_equal(pd.Series(groups), pd.Series(pd.factorize(frame["who"])[0]))


def test_a_user_who_passes_groups_is_followed():
    frame = panel()
    pipeline = told(advise(frame, "y").estimator())
    pipeline.fit(frame.drop(columns="y"), frame["y"] > 0, model__groups=np.arange(len(frame)))
    np.testing.assert_array_equal(pipeline[-1].groups_, np.arange(len(frame)))


@pytest.mark.parametrize("n", [1, 3])
def test_of_a_few_series_no_window_lies_on_both_sides(n):
    """Every number of the panel is its place in its series: windows that share a step share a number."""
    frame = panel(n)
    frame["step"] = frame["t"] + 1000 * pd.factorize(frame["who"])[0]
    entity = ["who"] if n > 1 else []
    X, y = frame[["who", "t", "step"]], frame["y"] > 0
    steps = [("fold", FoldWindows(4, entity, ["t"], {"step": "numeric"})), ("model", Told())]
    pipeline = GroupedPipeline(steps, entity=entity, time=["t"], window=4).fit(X, y)
    time = pipeline[-1].groups_
    assert isinstance(time, InTime)
    windows = pipeline[:-1].transform(X)
    sides = inner_split(np.zeros(len(X)), 0.2, np.random.default_rng(0), time)
    kept, held = (set(windows[side][np.isfinite(windows[side])]) for side in sides)
    assert not kept & held
    assert len(sides[1]) == len(X) // 5
    assert len(sides[0]) >= len(X) * 0.8 - 5 * n


def test_an_entity_that_was_told_of_a_table_is_held_out_whole():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"patient": rng.integers(0, 30, 300), "x": rng.normal(size=300), "y": "no"})
    frame.loc[frame["x"] > 0, "y"] = "yes"
    advice = advise(frame, "y", roles={"patient": "entity"}, structure="tabular")
    pipeline = told(advice.estimator()).fit(frame.drop(columns="y"), frame["y"])
    assert len(np.unique(pipeline[-1].groups_)) == 30
    few = frame.assign(patient=frame["patient"] % 2)
    assert told(clone(pipeline)).fit(few.drop(columns="y"), few["y"])[-1].groups_ is None


def test_other_estimators_stay_what_they_are():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(100, 3)), columns=list("abc")).assign(y=rng.integers(0, 2, 100))
    assert type(advise(frame, "y").estimator()) is Pipeline


def test_the_levels_of_an_index_and_foreign_frames_are_read():
    frame = panel()
    indexed = frame.set_index(["who", "t"])
    pipeline = told(advise(indexed, "y").estimator()).fit(indexed[["a", "b"]], frame["y"] > 0)
    assert len(np.unique(pipeline[-1].groups_)) == 12


def test_it_is_cloned_and_pickled_and_fits_alike():
    frame = panel()
    X, y = frame.drop(columns="y"), frame["y"]
    pipeline = advise(frame, "y").estimator(family="gbt", n_estimators=30)
    assert isinstance(pipeline, GroupedPipeline)
    copies = [clone(pipeline), pickle.loads(pickle.dumps(pipeline))]
    fitted = pickle.loads(pickle.dumps(pipeline.fit(X, y)))
    for copy in [fitted, *(c.fit(X, y) for c in copies)]:
        np.testing.assert_array_equal(copy.predict(X), pipeline.predict(X))
    explicit = clone(pipeline).fit(X, y, model__groups=frame["who"])
    np.testing.assert_array_equal(explicit.predict(X), pipeline.predict(X))


def test_groups_reach_the_model_where_metadata_are_routed():
    frame = panel()
    pipeline = told(advise(frame, "y").estimator())
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline.fit(frame.drop(columns="y"), frame["y"] > 0)
    assert len(np.unique(pipeline[-1].groups_)) == 12


def test_a_model_that_takes_no_groups_is_given_none():
    frame = panel()
    pipeline = advise(frame, "y").estimator()
    pipeline.set_params(fold="passthrough", model=sklearn.dummy.DummyClassifier())
    pipeline.fit(frame.drop(columns="y"), frame["y"] > 0)
