from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import beta

from advisor import advise
from advisor.calibration import FAMILIES, Belief, Calibration
from advisor.choice import choose


def row(number, rule="r", origin="a", right=True):
    return {
        "set": f"s{number}",
        "origin": origin,
        "rule": rule,
        "predicted": "image",
        "true": "image" if right else "x",
    }


def task(number, origin, structure="sequence", **scores):
    return {"task": f"t{number}", "origin": origin, "structure": structure, "scores": scores}


def test_belief_is_the_jeffreys_posterior():
    belief = Belief.of(7, 10)
    assert belief.value == pytest.approx(7.5 / 11)
    assert (belief.low, belief.high) == pytest.approx(tuple(beta.ppf([0.025, 0.975], 7.5, 3.5)))


def test_confidence_counts_the_rule_that_decided():
    calibration = Calibration({}, rules=tuple(row(i, "table", right=i > 0) for i in range(10)))
    rng = np.random.default_rng(0)
    advice = advise(rng.normal(size=(60, 5)), rng.normal(size=60), calibration=calibration)
    assert (advice.belief.right, advice.belief.sets) == (9, 10)
    assert advice.confidence == pytest.approx(9.5 / 11)


def test_an_origin_can_be_left_out_everywhere():
    calibration = Calibration({}, (row(1, origin="a"), row(2, origin="b")), (task(1, "a"), task(2, "b")))
    kept = calibration.without("a")
    assert [r["set"] for r in kept.rules] == ["s2"]
    assert [f["task"] for f in kept.families] == ["t2"]


def test_families_are_ranked_by_loss_averaged_over_origins():
    calibration = Calibration(
        {},
        families=(
            task(1, "a", cnn=0.9, lstm=0.8, gbt=0.7),
            task(2, "a", cnn=0.9, lstm=0.8, gbt=0.7),
            task(3, "a", cnn=0.9, lstm=0.8, gbt=0.7),
            task(4, "b", cnn=0.5, lstm=0.9, gbt=0.895),
            task(5, "c", "image", cnn=0.1, lstm=0.2, gbt=0.9),
        ),
    )
    ranking = calibration.results("sequence")
    # origin a counts once: losses cnn (0, .4), lstm (.1, 0), gbt (.2, .005)
    assert [r.family for r in ranking] == ["lstm", "gbt", "cnn"]
    assert [r.expected_loss for r in ranking] == pytest.approx([0.05, 0.1025, 0.2])
    assert [(r.wins, r.tasks) for r in ranking] == [(1, 4), (1, 4), (3, 4)]
    assert ranking[0].standard_error == pytest.approx(0.05)


def test_measurements_overrule_the_inductive_bias():
    calibration = Calibration(
        {}, families=tuple(task(i, f"o{i}", cnn=0.6, lstm=0.9, gbt=0.7) for i in range(4))
    )
    series = np.random.default_rng(0).normal(size=(60, 40)).cumsum(axis=1)
    assert advise(series, np.arange(60) % 2, calibration=calibration).recommendation == "lstm"
    unmeasured = advise(series, np.arange(60) % 2, calibration=Calibration({}))
    assert unmeasured.ranking[0].expected_loss is None
    assert "not measured" in repr(unmeasured)


def test_noise_does_not_overrule_the_inductive_bias():
    scores = [(0.80, 0.90), (0.90, 0.80), (0.80, 0.95), (0.90, 0.84)]  # lstm is ahead by chance
    families = [task(i, f"o{i}", cnn=c, lstm=r, gbt=0.5) for i, (c, r) in enumerate(scores)]
    choice = choose("sequence", "flat_series", Calibration({}, families=tuple(families)))
    assert [r.family for r in choice.ranking] == ["cnn", "lstm", "gbt"]
    ((family, gap, error),) = choice.rivals
    assert (family, gap) == ("lstm", pytest.approx(0.0225))
    assert error == pytest.approx(np.std([0.1, -0.1, 0.15, -0.06], ddof=1) / 2)


def test_a_clear_lead_passes_every_family_it_beats():
    families = [task(i, f"o{i}", cnn=0.5, lstm=0.6 + i / 100, gbt=0.9 + i / 50) for i in range(5)]
    choice = choose("sequence", "flat_series", Calibration({}, families=tuple(families)))
    assert [r.family for r in choice.ranking] == ["gbt", "lstm", "cnn"]
    assert not choice.rivals


def test_the_shipped_calibration_is_well_formed():
    calibration = Calibration.load()
    assert {"rules", "families", "models"} <= set(calibration.provenance)
    for r in calibration.rules:
        assert {"set", "origin", "rule", "clear", "predicted", "true"} == set(r)
    for f in calibration.families:
        assert set(FAMILIES) <= set(f["scores"])
        assert f["structure"] in {"image", "sequence", "tabular"}
    assert len(calibration.rules) >= 30


def test_text_round_trip():
    calibration = Calibration({"rules": "x"}, (row(1),), (task(1, "a", cnn=1.0, lstm=0.5, gbt=0.5),))
    content = json.loads(calibration.to_json())
    assert (
        Calibration(content["provenance"], tuple(content["rules"]), tuple(content["families"])) == calibration
    )
