from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.advisor.cases import Case, shuffled_cases
from benchmarks.advisor.families import measured
from benchmarks.advisor.structure import calibrate, run, summary


def cell(task, candidate, fold, test, status="ok", config="{}"):
    return {
        "task": task,
        "origin": "o",
        "structure": "image",
        "candidate": candidate,
        "config": config,
        "fold": fold,
        "seed": 0,
        "status": status,
        "test": test,
    }


def test_families_are_compared_on_folds_that_all_finished():
    rows, left_out = measured(
        pd.DataFrame(
            [
                *(
                    cell("a", family, 0, score)
                    for family, score in (("cnn", 0.9), ("lstm", 0.7), ("gbt", 0.8))
                ),
                cell("a", "cnn", 1, 0.1),
                cell("a", "gbt", 1, 0.2),
                cell("a", "lstm", 1, None, status="timeout"),
                cell("a", "mlp", 0, 0.99),
                cell("a", "cnn", 0, 0.99, config='{"depth":3}'),
                cell("b", "cnn", 0, 0.5),
                cell("b", "gbt", 0, 0.5),
                cell("b", "lstm", 0, None, status="error"),
            ]
        )
    )
    assert [row["scores"] for row in rows] == [{"cnn": 0.9, "lstm": 0.7, "gbt": 0.8}]
    assert len(left_out) == 1
    assert left_out[0].startswith("b: ")
    assert "lstm" in left_out[0]


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


def test_controls_hold_the_same_columns_in_another_order():
    frame = pd.DataFrame(np.arange(60.0).reshape(3, 20))
    (control,) = shuffled_cases([case("a", "tabular", frame), case("b", "image", frame)])
    data, _ = control.load()
    assert list(data.columns) != list(frame.columns)
    pd.testing.assert_frame_equal(data[frame.columns], frame)
