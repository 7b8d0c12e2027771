from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from advisor import advise
from advisor.calibration import FAMILIES, Belief, Calibration, group_of
from advisor.choice import choose
from advisor.outlook import FEATURES, TIE


def row(number, rule="r", origin="a", right=True):
    return {
        "set": f"s{number}",
        "origin": origin,
        "rule": rule,
        "predicted": "image",
        "true": "image" if right else "x",
    }


def outcome(number, origin, structure="sequence", n=500, features=None, **scores):
    return {
        "set": f"t{number}",
        "origin": origin,
        "structure": structure,
        "n": n,
        "metric": "accuracy",
        "features": features or {"size": 0.0, "fixed": 0.0, "length": 0.0, "regression": 0.0},
        "scores": scores,
    }


HERE = {"size": 0.0, "fixed": 0.0, "length": 0.0, "regression": 0.0}


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
    calibration = Calibration(
        {}, (row(1, origin="a"), row(2, origin="b")), (outcome(1, "a"), outcome(2, "b"))
    )
    kept = calibration.without("a")
    assert [r["set"] for r in kept.rules] == ["s2"]
    assert [o["set"] for o in kept.outcomes] == ["t2"]


def test_each_origin_counts_once():
    outcomes = [outcome(i, "a", cnn=0.9, lstm=0.8, gbt=0.7) for i in range(3)]
    outcomes += [outcome(4, "b", cnn=0.5, lstm=0.8, gbt=0.7)]
    outlook = Calibration({}, outcomes=tuple(outcomes)).outlook("sequence")
    assert outlook.differences(HERE) == pytest.approx([0.0, 0.1])
    cnn = next(e for e in outlook.expect(HERE) if e.family == "cnn")
    assert cnn.probability == pytest.approx(0.5)
    assert cnn.loss == pytest.approx(0.15)  # 0 on one origin, 0.3 on the other
    assert cnn.if_not == pytest.approx(0.3)
    assert (cnn.low, cnn.high) == pytest.approx((0.0, 0.3))


def test_one_origin_tells_nothing():
    outcomes = tuple(outcome(i, "a", cnn=0.9, lstm=0.8, gbt=0.7) for i in range(3))
    assert Calibration({}, outcomes=outcomes).outlook("sequence") is None


def test_the_advice_follows_what_was_measured():
    outcomes = tuple(outcome(i, f"o{i}", cnn=0.6, lstm=0.9, gbt=0.7) for i in range(4))
    calibration = Calibration({}, outcomes=outcomes)
    series = np.random.default_rng(0).normal(size=(60, 40)).cumsum(axis=1)
    advice = advise(series, np.arange(60) % 2, calibration=calibration)
    assert advice.recommendation == "lstm"
    assert [m.set for m in advice.nearest] == ["t0", "t1", "t2"]
    unmeasured = advise(series, np.arange(60) % 2, calibration=Calibration({}))
    assert math.isnan(unmeasured.ranking[0].loss)
    assert "not measured" in repr(unmeasured)
    assert json.loads(unmeasured.to_json())["ranking"][0]["expected_loss"] is None


def test_the_advice_changes_with_the_rows_and_says_where():
    outcomes = [
        outcome(
            f"{i} {n}",
            f"o{i}",
            "image",
            n,
            HERE | {"size": math.log2(n / 500)},
            cnn=0.7 + 0.08 * math.log2(n / 500),
            lstm=0.1,
            gbt=0.7,
        )
        for i in range(2_000)  # fewer do not move a slope much
        for n in (125, 500, 2_000)
    ]
    calibration = Calibration({}, outcomes=tuple(outcomes))

    def at(n):
        return choose("image", "flat_image", calibration, HERE | {"size": math.log2(n / 500)})

    assert at(125).ranking[0].family == "gbt"
    assert at(2_000).ranking[0].family == "cnn"
    ((rows, family),) = at(125).changes
    assert family == "cnn"
    assert 500 <= rows <= 1_000
    assert at(2_000).changes == at(rows).changes == ()


def test_text_is_a_group_of_its_own_where_recurrence_comes_first():
    shipped = Calibration.shipped()
    assert {o["structure"] for o in shipped.of("text")} == {"sequence"}
    assert not {o["set"] for o in shipped.of("text")} & {o["set"] for o in shipped.of("sequence")}
    rng = np.random.default_rng(0)
    words = [f"{a}{b}" for a in ("sea", "ship", "north", "news", "old") for b in ("", "s", "er", "ing")]
    texts = pd.DataFrame({"told": [" ".join(rng.choice(words, 12)) for _ in range(80)]})
    advice = advise(texts, np.arange(80) % 2)
    assert (advice.form, advice.recommendation) == ("text", "lstm")
    assert all(one.set in {o["set"] for o in shipped.of("text")} for one in advice.nearest)


def test_on_text_the_advice_is_better_than_that_on_other_sequences():
    shipped, regret = Calibration.shipped(), {"lstm": [], "cnn": [], "advice": []}
    for o in shipped.of("text"):
        rest, scores = shipped.without(o["origin"]), o["scores"]
        first = choose("text", "running_text", rest, o["features"]).ranking[0].family
        for name, family in (("lstm", "lstm"), ("cnn", "cnn"), ("advice", first)):
            regret[name].append(max(scores.values()) - scores[family])
    assert np.mean(regret["advice"]) <= np.mean(regret["lstm"]) < np.mean(regret["cnn"]) - 0.02


def test_nothing_is_told_beyond_what_was_measured():
    outlook = Calibration.shipped().outlook("tabular")
    most = max(o["n"] for o in Calibration.shipped().of("tabular"))
    at, far, farther = ({**HERE, "size": math.log2(n / 500)} for n in (most, 10**4, 10**7))
    assert outlook.expect(far) == outlook.expect(farther) == outlook.expect(at)
    assert outlook.lead("cnn", "gbt", farther) == outlook.lead("cnn", "gbt", at)


@pytest.mark.parametrize("n", [2_000, 40_000])
def test_more_rows_than_were_measured_are_told(n):
    rng = np.random.default_rng(0)
    advice = advise(rng.normal(size=(n, 3)), rng.normal(size=n))
    told = [line for line in advice.against if "at most 2,000 training rows" in line]
    assert [line.endswith("these are 40,000") for line in told] == ([True] if n == 40_000 else [])


@pytest.mark.parametrize("n", [16, 64])
def test_fewer_rows_than_half_of_the_fewest_measured_are_told(n):
    outcomes = tuple(outcome(i, f"o{i}", "tabular", 120, cnn=0.7, lstm=0.5, gbt=0.8) for i in range(4))
    advice = advise(
        np.random.default_rng(0).normal(size=(n, 3)), calibration=Calibration({}, outcomes=outcomes)
    )
    told = [line for line in advice.against if "families were measured" in line]
    few = ["families were measured with at least 120 training rows, and these are 16"]
    assert told == (few if n == 16 else [])


def test_what_is_expected_of_a_rival_is_no_count_of_cases():
    outcomes = tuple(
        outcome(i, f"o{i}", "tabular", cnn=0.7, lstm=0.2, gbt=0.7 + 0.05 * (-1) ** i) for i in range(8)
    )
    X = np.random.default_rng(0).normal(size=(500, 3))
    advice = advise(X, X[:, 0], calibration=Calibration({}, outcomes=outcomes))
    (told,) = (line for line in advice.against if "cnn" in line)
    probability = next(r.probability for r in advice.ranking if r.family == "cnn")
    assert told == (
        "cnn is expected to be the best, or within 0.01 of it, with a probability of "
        f"{probability:.0%}: try both"
    )


def test_probabilities_are_no_worse_than_one_share_for_all():
    """Each case with its origin left out, of the share as well."""
    shipped = Calibration.shipped()
    rest = {origin: shipped.without(origin) for origin in {o["origin"] for o in shipped.outcomes}}
    told, right, origin = [], [], np.array([o["origin"] for o in shipped.outcomes])
    for o in shipped.outcomes:
        group = group_of(o["structure"], o.get("form", ""))
        first = choose(group, "table", rest[o["origin"]], o["features"]).ranking[0]
        scores = {family: max(0.0, score) for family, score in o["scores"].items()}
        told.append(first.probability)
        right.append(max(scores.values()) - scores[first.family] <= TIE)
    shares = [np.array(right)[origin != own].mean() for own in origin]
    assert np.mean(np.subtract(told, right) ** 2) <= np.mean(np.subtract(shares, right) ** 2)


def test_more_rows_never_help_trees_against_networks():
    outcomes = tuple(
        outcome(i, f"o{i}", n=500, features=HERE | {"size": float(i)}, cnn=0.9 - 0.02 * i, lstm=0.5, gbt=0.7)
        for i in range(6)
    )
    lines = Calibration({}, outcomes=outcomes).outlook("sequence").coefficients
    assert lines["cnn"]["size"] == 0.0


def test_noise_does_not_overrule_the_inductive_bias():
    scores = [(0.80, 0.90), (0.90, 0.80), (0.80, 0.95), (0.90, 0.84)]  # lstm is ahead by chance
    outcomes = tuple(outcome(i, f"o{i}", cnn=c, lstm=r, gbt=0.5) for i, (c, r) in enumerate(scores))
    calibration = Calibration({}, outcomes=outcomes)
    assert [e.family for e in choose("sequence", "flat_series", calibration, HERE).ranking] == [
        "cnn",
        "lstm",
        "gbt",
    ]
    lead, error = calibration.outlook("sequence").lead("lstm", "cnn", HERE)
    differences = np.array([0.1, -0.1, 0.15, -0.06])
    assert lead == pytest.approx(differences.mean())
    assert error == pytest.approx(differences.std() / 2)


def test_the_shipped_calibration_is_well_formed():
    calibration = Calibration.load()
    assert {"rules", "outcomes", "models"} <= set(calibration.provenance)
    for r in calibration.rules:
        assert {"set", "origin", "rule", "clear", "predicted", "true"} == set(r)
    for o in calibration.outcomes:
        assert set(FAMILIES) <= set(o["scores"])
        assert set(FEATURES) == set(o["features"])
        assert o["structure"] in {"image", "sequence", "tabular"}
    assert len(calibration.rules) >= 30


def test_text_round_trip():
    calibration = Calibration({"rules": "x"}, (row(1),), (outcome(1, "a", cnn=1.0, lstm=0.5, gbt=0.5),))
    content = json.loads(calibration.to_json())
    assert (
        Calibration(content["provenance"], tuple(content["rules"]), tuple(content["outcomes"])) == calibration
    )


@pytest.mark.parametrize(("seconds", "told"), [(20.0, True), (1.5, False)])
def test_who_is_as_good_and_trains_faster_by_measured_times_is_named(seconds, told):
    times = {"cnn": 1.0, "lstm": 2.0 * seconds, "gbt": seconds}
    outcomes = tuple(
        outcome(i, f"o{i}", "tabular", cnn=0.7, lstm=0.5, gbt=0.7)
        | {"inputs": 5, "classes": 0, "seconds": times}
        for i in range(4)
    )
    calibration = Calibration({"outcomes": {"machine_seconds": 0.001}}, outcomes=outcomes)
    rng = np.random.default_rng(0)
    advice = advise(rng.normal(size=(500, 5)), rng.normal(size=500), calibration=calibration)
    assert advice.recommendation == "gbt"
    faster = [doubt for doubt in advice.against if "it hardly matters here: cnn" in doubt]
    assert faster == (
        ["it hardly matters here: cnn is expected to be as good, and trains 20 times as fast"] if told else []
    )
