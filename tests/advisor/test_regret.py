"""What the advice costs, on outcomes made by hand; and one small set through all of the measurement."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from advisor.calibration import FAMILIES, Calibration
from advisor.errors import StoreError
from benchmarks.advisor import fit_times, outcomes, published, regret, reliability
from benchmarks.cell import Cell
from benchmarks.run import Facts

SCORES = {  # by structure; networks differ between origins, so that there is something to learn
    "image": {"cnn": 0.9, "lstm": 0.6, "gbt": 0.7},
    "sequence": {"cnn": 0.85, "lstm": 0.8, "gbt": 0.7},
    "tabular": {"cnn": 0.7, "lstm": 0.65, "gbt": 0.8},
}


def cells(structure, place, *, status="ok", **scores):
    """The four cells of a set measured at two sizes."""
    kept = {"task": f"{structure}{place}", "origin": f"{structure} {place}", "structure": structure}
    at = {
        n: {
            **{"structure": structure, "form": "", "rule": "r", "clear": True, "width": 8 + place},
            "features": {"size": 0.0, "fixed": 0.0, "length": 0.0, "regression": 0.0},
        }
        for n in ("125", "500")
    }
    look = {
        "at": at,
        "whole": {"structure": structure, "form": ""},
        "kept": {"timed": False, "classes": 2, "numeric": 1.0},
    }
    rows = [kept | {"candidate": "look", "status": "ok", "reason": "", "extra": look}]
    for family in FAMILIES:
        score = scores.get(family, SCORES[structure][family])
        extra = {
            "scores": {"125": score - 0.1, "500": score},
            "halves": {"125": [score - 0.1] * 2, "500": [score] * 2},
            "fit_seconds": {"125": 1.0, "500": 2.0},
            "cut": [],
            "metric": "accuracy",
        }
        state = status if family == "lstm" else "ok"
        rows.append(kept | {"candidate": family, "status": state, "reason": "slow", "extra": extra})
    return rows


@pytest.fixture
def frame():
    return pd.DataFrame([row for s in SCORES for place in range(5) for row in cells(s, place)])


def test_a_row_for_each_set_and_size_that_all_finished(frame):
    broken = pd.DataFrame(cells("image", 9, status="timeout"))
    rows, left_out = regret.rows_of(pd.concat([frame, broken]))
    assert len(rows) == 2 * 15
    assert left_out == ["image9: lstm timeout: slow"]
    assert rows[rows["set"] == "image0"]["features"].map(lambda f: f["size"]).tolist() == [-2.0, 0.0]


def test_advice_learned_from_other_origins_finds_the_best(frame):
    rows, _ = regret.rows_of(frame)
    table = regret.choices(rows, Calibration({}, outcomes=regret.outcomes_of(rows)))
    found = regret.regrets(table)
    assert found[regret.ADVICE].max() == 0
    told = regret.summary(table, found)
    assert told.loc["always gbt", "image"] == pytest.approx(20)
    assert told.loc["always gbt", "mean"] == pytest.approx((20 + 15 + 0) / 3)
    assert told.loc["textbook: image cnn, sequence lstm, table gbt", "mean"] == pytest.approx(5 / 3)
    assert told.loc[regret.ADVICE, "more"] == 0
    assert (told["low"] <= told["more"] + 1e-9).all()
    assert found[regret.ORACLE_OF_HALVES].max() == 0


def test_the_origin_itself_teaches_nothing(frame):
    odd = pd.DataFrame(cells("image", 9, cnn=0.1, gbt=0.9))
    rows, _ = regret.rows_of(pd.concat([frame, odd]))
    table = regret.choices(rows, Calibration({}, outcomes=regret.outcomes_of(rows)))
    found = regret.regrets(table)
    assert found.loc[(table["set"] == "image9").to_numpy(), regret.ADVICE].tolist() == pytest.approx(
        [0.8, 0.8]
    )


def test_probabilities_are_set_beside_what_came(frame, tmp_path):
    rows, _ = regret.rows_of(frame)
    table = regret.choices(rows, Calibration({}, outcomes=regret.outcomes_of(rows)))
    lost = regret.regrets(table)[regret.ADVICE]
    sure = reliability.reliability(table, lost)
    assert sure["cases"].sum() == 30
    assert (sure["right"] == 1).all()
    assert sure["origins"].sum() == 15
    reliability.draw(sure, tmp_path / "reliability.svg")
    for text in ((tmp_path / "reliability.svg").read_text(), reliability.FIGURE.read_text()):
        assert {"stated = observed", "observed frequency"} <= set(re.findall(r">([^<]+)</text>", text))
    worse = reliability.reliability(table, lost + 0.1)
    assert (worse["right"] == 0).all()
    assert reliability.brier(table, lost)[0] < reliability.brier(table, lost + 0.1)[0]


def test_the_page_is_written_between_its_marks(frame, tmp_path):
    rows, _ = regret.rows_of(frame)
    table = regret.choices(rows, Calibration({}, outcomes=regret.outcomes_of(rows)))
    page = tmp_path / "calibration.md"
    page.write_text("before\n<!-- regret -->\nwas here\n<!-- /regret -->\nafter\n")
    regret.write_page(regret.tables(table, regret.regrets(table)), page)
    written = page.read_text()
    assert written.startswith(
        "before\n<!-- regret -->\n**Mean regret in points: 30 cases, 15 sets, 15 origins**"
    )
    assert written.endswith("\n<!-- /regret -->\nafter\n")
    assert "| always gbt | 11.67 | 20.00 | 15.00 | 0.00 | +11.67 |" in written
    assert "was here" not in written


def test_fit_times_are_told_from_other_origins(frame):
    rows, _ = regret.rows_of(frame)
    outcomes_ = [dict(o) for o in regret.outcomes_of(rows)]
    told = fit_times.errors(outcomes_)
    assert told["cases"].tolist() == [30, 30, 30]
    assert (told["median"] < 1.2).all()  # 1 s of 125 rows, 2 s of 500, whatever the origin
    odd = [{**o, "seconds": {**o["seconds"], "lstm": 50.0}} if o["set"] == "image0" else o for o in outcomes_]
    worse = fit_times.errors(odd)
    assert worse.loc["lstm", "within"] < told.loc["lstm", "within"]


def test_coefficients_are_those_that_are_used(frame):
    rows, _ = regret.rows_of(frame)
    calibration = Calibration({}, outcomes=regret.outcomes_of(rows))
    told = regret.coefficients(calibration)
    assert told["image"]["cnn"]["constant"] == pytest.approx(0.2)
    assert set(told) == set(SCORES)


# ---- the measurement ----


def cell(candidate):
    return Cell("embedded:concrete", "", candidate, "{}", 0, 0, "{}")


def test_one_set_through_all_of_it():
    facts = Facts()
    outcomes.measure(cell("gbt"), facts)
    assert list(facts.extra["scores"]) == ["125", "500", "777"]
    assert all(0.4 < score < 1 for score in facts.extra["scores"].values())
    for n, score in facts.extra["scores"].items():
        assert np.mean(facts.extra["halves"][n]) == pytest.approx(score, abs=0.02)
    seen = Facts()
    outcomes.measure(cell("look"), seen)
    assert list(seen.extra["at"]) == ["125", "500", "777"]
    assert seen.extra["at"]["125"]["n"] == 125
    assert seen.extra["at"]["500"]["structure"] == "tabular"
    json.dumps(seen.extra, allow_nan=False)


def test_training_rows_are_those_that_are_learned_from():
    data, target = outcomes.training_part("embedded:concrete", 125)
    assert data.shape == (125, 8)
    _, drawn, train, held = outcomes._read("embedded:concrete", 0)
    learned = drawn.take(np.sort(train[:125])).reset_index(drop=True)
    assert np.allclose(learned, data)
    assert np.allclose(drawn.y[np.sort(train[:125])], target)
    assert not set(train) & set(held)


def test_published_outcomes_are_read_as_they_were_written(frame, tmp_path):
    kept = frame.assign(environment=[{"cpu": "x"}] * len(frame))
    published.write(kept, tmp_path / "new" / "results.parquet")
    read = published.read(tmp_path / "new" / "results.parquet")
    before, after = (regret.rows_of(some)[0] for some in (kept, read))
    pd.testing.assert_frame_equal(before, after)
    (tmp_path / "broken.parquet").write_text("no")
    for name in ("broken.parquet", "none.parquet"):
        with pytest.raises(StoreError, match="outcomes must be in a store"):
            published.read(tmp_path / name)


def test_without_outcomes_the_command_says_how_to_measure_them(tmp_path, capsys):
    with pytest.raises(SystemExit):
        regret.main(["--store", str(tmp_path / "none.parquet")])
    assert "python -m benchmarks.advisor.outcomes" in capsys.readouterr().err
