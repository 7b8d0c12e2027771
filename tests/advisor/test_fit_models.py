from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from advisor.image_fold import FACTS
from advisor.logistic import Logistic
from benchmarks.advisor import fit_models
from benchmarks.advisor.cases import Case
from benchmarks.advisor.structure import calibration_error
from benchmarks.advisor.variants import Items, beside, items_of, variants


def case(structure, layout, values, *, first=False):
    frame = pd.DataFrame(values)
    return Case("made", "made", structure, layout, "flat", lambda: (frame, None), first)


@pytest.mark.parametrize("first", [False, True])
def test_items_and_their_flat_columns_are_the_same(first):
    rng = np.random.default_rng(0)
    tensor = rng.normal(size=(20, 6, 5, 3))
    items = Items(tensor, first)
    back = items_of(case("image", (6, 5, 3), items.flat().to_numpy(), first=first))
    np.testing.assert_allclose(back.tensor, tensor)


def test_every_variant_has_the_columns_of_its_layout():
    rng = np.random.default_rng(0)
    for shape in ((150, 20, 18, 3), (150, 60, 4)):
        items = Items(rng.normal(size=shape), False)
        made = {name: (flat, layout) for name, flat, layout in variants(items, rng)}
        assert len(made) >= 8
        for name, (flat, layout) in made.items():
            assert flat.shape[1] == np.prod(layout), name
        for _, flat, layout in beside(items, rng):
            assert flat.shape[1] > np.prod(layout)


def test_variants_change_what_they_say():
    rng = np.random.default_rng(0)
    items = Items(rng.normal(size=(150, 16, 16, 1)).cumsum(axis=1), False)
    made = {name: flat for name, flat, _ in variants(items, rng)}
    assert len(made["few_rows"]) == 100
    assert set(np.unique(made["two_levels"])) == {0.0, 1.0}
    np.testing.assert_allclose(made["standardised"].std(ddof=0), 1, atol=1e-6)
    np.testing.assert_allclose(
        made["transposed"].to_numpy().reshape(-1, 16, 16), items.tensor[..., 0].transpose(0, 2, 1)
    )


def test_simulated_sets_are_what_they_say():
    rng = np.random.default_rng(0)
    made = dict(fit_models.simulated(rng)) | dict(fit_models.simulated_lines(rng))
    pictures = {"picture", "object"}
    assert {name.split()[0] for name in made} == pictures | {"season", "channels", "cycles"}
    for name, items in made.items():
        assert len(items.layout) == (3 if name.split()[0] in pictures else 2)
        assert np.isfinite(items.tensor).all()


def test_a_model_has_no_odds_for_what_it_is_not_asked():
    rng = np.random.default_rng(0)
    right = rng.random(60) < 0.5
    names = np.arange(60).astype(str)
    rows = fit_models.Rows(right[:, None] + rng.normal(size=(60, 1)), right, names, names, right)
    odds = fit_models.left_out(rows, 0.5)
    assert (odds[~right] == 0).all()
    assert (odds[right] > 0).all()


def test_a_fit_finds_what_tells_and_leaves_origins_out():
    rng = np.random.default_rng(0)
    right = rng.random(400) < 0.4
    facts = np.column_stack([right + 0.6 * rng.normal(size=400), rng.normal(size=400)])
    origins = rng.integers(0, 40, 400).astype(str)
    rows = fit_models.Rows(facts, right, np.arange(400).astype(str), origins)
    weights = fit_models.fit(rows, np.arange(400), 0.5).coef_[0]
    assert weights[0] > 5 * abs(weights[1])
    odds = fit_models.left_out(rows, 0.5)
    assert ((odds > 0.5) == right).mean() > 0.7
    assert any("false alarms" in line for line in fit_models.report("made", rows, odds))


def test_the_share_of_what_is_right_moves_the_odds():
    rng = np.random.default_rng(0)
    right = rng.random(300) < 0.5
    facts = (right + rng.normal(size=300))[:, None]
    rows = fit_models.Rows(facts, right, np.arange(300).astype(str), np.arange(300).astype(str))
    rare, usual = (
        fit_models.fit(rows, np.arange(300), share).predict_proba([[0.5]])[0, 1] for share in (0.1, 0.5)
    )
    assert rare < usual - 0.2


def test_the_shipped_models_are_monotone_where_theory_says():
    fold = dict(zip(FACTS, Logistic.load("image_fold").weights, strict=True))
    assert min(fold["peak"], fold["across"], fold["along"], fold["breaks"]) > 0
    assert max(fold["uneven"], fold["anisotropic"], fold["aspect"]) < 0
    graph = Logistic.load("scrambled")
    weights = dict(zip(graph.facts, graph.weights, strict=True))
    assert weights["hubs"] < 0 < weights["reach"]
    assert min(weights["contrast"], weights["weakest"]) >= 0


def test_calibration_error_is_the_gap_between_stated_and_true():
    stated = np.repeat([0.95, 0.75], 100)
    right = np.concatenate([np.arange(100) < 95, np.arange(100) < 55])
    assert calibration_error(stated, right) == pytest.approx(0.1)
    assert calibration_error(stated[:100], right[:100]) == pytest.approx(0, abs=1e-9)
