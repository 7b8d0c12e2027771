"""How long a fit takes: lines through measured times."""

import math

import pytest

from advisor.calibration import Calibration
from advisor.fit_time import fit_times, machine_seconds


def timed(i, n, *, factor=1.0):
    seconds = {"cnn": 0.01 * n * factor, "lstm": 0.02 * n * factor, "gbt": 0.001 * n * factor}
    return {
        **{"set": f"s{i}", "origin": f"o{i}", "structure": "tabular", "n": n, "inputs": 8, "classes": 2},
        **{"metric": "accuracy", "features": {}, "scores": dict.fromkeys(seconds, 0.5), "seconds": seconds},
    }


MEASURED = [
    timed(i, n, factor=factor)
    for i, factor in enumerate((0.5, 0.7, 1.0, 1.0, 1.4, 2.0))
    for n in (125, 500, 2_000)
]


def test_times_grow_with_the_rows_and_lie_within_what_was_measured():
    small, large = (fit_times(MEASURED, n, 8, 2) for n in (250, 4_000))
    assert [t.family for t in small] == ["gbt", "cnn", "lstm"]
    for before, after, rate in zip(small, large, (0.001, 0.01, 0.02)):
        assert before.seconds == pytest.approx(250 * rate, rel=0.2)
        assert 8 < after.seconds / before.seconds < 17  # 16 times the rows; slopes are drawn to zero
        assert before.low < before.seconds < before.high
        assert 0.4 < before.low / (250 * rate) < 0.8
        assert 1.2 < before.high / (250 * rate) < 2.4


def test_a_slower_machine_takes_longer_by_its_factor():
    here, there = (fit_times(MEASURED, 500, 8, 2, slower=factor) for factor in (1.0, 3.0))
    for a, b in zip(here, there):
        assert math.isclose(3 * a.seconds, b.seconds)
        assert math.isclose(3 * a.high, b.high)


def test_nothing_is_told_of_what_was_not_timed():
    untimed = [{k: v for k, v in o.items() if k != "seconds"} for o in MEASURED]
    assert fit_times(untimed, 500, 8, 2) == ()
    assert fit_times(MEASURED[:3], 500, 8, 2) == ()  # one origin
    assert (
        Calibration({}, outcomes=tuple(MEASURED)).fit_times("tabular", 500, 8, 2) == ()
    )  # on which machine?


def test_a_calibration_compares_the_machines():
    told = Calibration({"outcomes": {"machine_seconds": machine_seconds() / 2}}, outcomes=tuple(MEASURED))
    twice = told.fit_times("tabular", 500, 8, 2)
    once = fit_times(MEASURED, 500, 8, 2)
    for a, b in zip(once, twice):
        assert math.isclose(2 * a.seconds, b.seconds)
    assert 0 < machine_seconds() < 1
