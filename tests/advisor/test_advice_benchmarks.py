from __future__ import annotations

import json

import numpy as np
import pandas as pd

from advisor.calibration import Calibration, learned_path
from benchmarks.advisor import beside, fit_models
from benchmarks.advisor.cases import Case, shuffled_cases
from benchmarks.advisor.structure import calibrate, provenance, run, summary
from benchmarks.environment import environment


def case(name, structure, data, layout=None):
    return Case(name, "made", structure, layout, "made", lambda: (data, None))


def test_wrong_answers_are_counted_as_wrong():
    rng = np.random.default_rng(0)
    walk = pd.DataFrame(rng.normal(size=(80, 40)).cumsum(axis=1))
    right = run(case("a", "sequence", walk, (40, 1)))
    wrong = run(case("b", "tabular", walk))
    failed = run(case("c", "tabular", walk.iloc[:0]))
    assert (right.right, right.exact, wrong.right, failed.structure) == (True, True, False, "error")
    text = "\n".join(summary([right, wrong, failed]))
    assert "structure right: 1 of 3" in text
    assert "tables called image or sequence: 1 of 2" in text
    rows = calibrate([right, wrong, failed], "made").rules
    assert [(row["set"], row["predicted"], row["true"]) for row in rows] == [
        ("a", "sequence", "sequence"),
        ("b", "sequence", "tabular"),
    ]


def test_what_a_user_has_learned_is_not_written_into_the_shipped_calibration():
    own = {"set": "mine", "origin": "mine", "structure": "tabular", "n": 100, "features": {}, "scores": {}}
    learned_path().write_text(json.dumps([own]))
    assert own in Calibration.load().outcomes
    for written in (calibrate([], "made"), fit_models.calibrate({}, sets=0)):
        assert written.outcomes == Calibration.shipped().outcomes
        assert "learned" not in written.provenance


def test_the_commit_is_that_of_the_checkout_wherever_the_command_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert provenance("made")["commit"].rstrip("+") == environment()["commit"][:7]


def test_controls_hold_the_same_columns_in_another_order():
    frame = pd.DataFrame(np.arange(60.0).reshape(3, 20))
    (control,) = shuffled_cases([case("a", "tabular", frame), case("b", "image", frame)])
    data, _ = control.load()
    assert list(data.columns) != list(frame.columns)
    pd.testing.assert_frame_equal(data[frame.columns], frame)


def test_a_picture_and_a_series_are_told_from_columns_of_real_tables():
    rng = np.random.default_rng(0)
    assert beside.facts(3, rng).shape == (beside.ROWS, 3)
    walk, field = beside.series("walk", 16, rng), beside.picture(8, rng)
    assert beside.right(walk, (16, 1), (2, 1), rng) == {"structure": 1, "layout": 1, "sets": 1}
    assert beside.right(field, (8, 8, 1), (2, 1), rng) == {"structure": 1, "layout": 1, "sets": 1}
    assert beside.right(walk, (15, 1), (2, 1), rng)["layout"] == 0
