"""Claims on images: what each verdict takes, and one small run of each."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.claims import (
    fewer_examples,
    gabor_filters,
    halving,
    hand_made_features,
    pixel_permutation,
    pooling_invariance,
)
from benchmarks.run import Facts

EXPERIMENTS = (
    pixel_permutation,
    fewer_examples,
    pooling_invariance,
    halving,
    gabor_filters,
    hand_made_features,
)
SOURCES = ("a", "b", "c", "d")
RNG = np.random.default_rng(0)


def spread(source):
    """Sources differ a little, so that intervals have a width."""
    return 0.002 * SOURCES.index(source)


# ---- verdicts ----


def permutation_frame(cnn, mlp, gbt, *, noise=0.0):
    """Scores in place and permuted of each candidate."""
    return pd.DataFrame(
        [
            {
                "origin": s,
                "task": s,
                "candidate": name,
                "pixels": pixels,
                "test": score + i * spread(s) * noise,
            }
            for s in SOURCES
            for name, scores in (("cnn", cnn), ("mlp", mlp), ("gbt", gbt))
            for i, (pixels, score) in enumerate(zip(("in place", "permuted"), scores))
        ]
    )


@pytest.mark.parametrize(
    ("scores", "noise", "verdict"),
    [
        (((0.9, 0.6), (0.8, 0.8), (0.7, 0.7)), 1, "holds"),
        (((0.9, 0.6), (0.8, 0.7), (0.7, 0.7)), 1, "does not hold here"),  # the perceptron changes too
        (((0.9, 0.85), (0.8, 0.8), (0.7, 0.7)), 1, "holds with a limit"),  # some advantage is left
        (((0.9, 0.6), (0.8, 0.8), (0.7, 0.7)), 9, "holds with a limit"),  # too noisy to show no change
        (((0.7, 0.6), (0.8, 0.8), (0.7, 0.7)), 1, "holds with a limit"),  # there was no advantage to take
        (((0.9, 0.9), (0.8, 0.8), (0.7, 0.7)), 1, "does not hold here"),
        (((0.9, 0.8), (0.8, 0.7), (0.7, 0.6)), 1, "does not hold here"),
    ],
)
def test_verdicts_on_permuted_pixels(scores, noise, verdict):
    assert pixel_permutation.judge(permutation_frame(*scores, noise=noise)).verdict == verdict


def test_that_an_advantage_is_gone_is_shown_by_its_interval():
    frame = permutation_frame((0.9, 0.73), (0.8, 0.8), (0.7, 0.7))
    turned = (frame["candidate"] == "cnn") & (frame["pixels"] == "permuted")
    frame.loc[turned, "test"] += [0.0, 0.04, -0.04, 0.02]
    finding = pixel_permutation.judge(frame)
    more, *_, after = finding.effects
    assert more.low > 0 > after.low
    assert after.high > 0.02
    assert finding.verdict == "holds with a limit"
    assert "It is not shown that less than 0.02 of it is left, and shown that the two change" in finding.words


def curves_frame(**curves):
    return pd.DataFrame(
        [
            {"origin": s, "task": s, "candidate": name, "pictures": n, "test": score - spread(s) * (n == 400)}
            for s in SOURCES
            for name, scores in curves.items()
            for n, score in zip((100, 200, 400), scores)
        ]
    )


@pytest.mark.parametrize(
    ("cnn", "mlp", "gbt", "verdict"),
    [
        ((0.5, 0.7, 0.9), (0.3, 0.5, 0.7), (0.3, 0.4, 0.6), "holds"),
        ((0.5, 0.7, 0.9), (0.3, 0.5, 0.7), (0.5, 0.7, 0.9), "holds with a limit"),
        ((0.5, 0.7, 0.9), (0.3, 0.5, 0.7), (0.6, 0.8, 1.0), "does not hold here"),
        ((0.3, 0.5, 0.7), (0.5, 0.7, 0.9), (0.5, 0.7, 0.9), "does not hold here"),
    ],
)
def test_verdicts_on_learning_curves(cnn, mlp, gbt, verdict):
    found = fewer_examples.judge(curves_frame(cnn=cnn, mlp=mlp, gbt=gbt))
    assert found.verdict == verdict


def test_savings_are_symmetric_and_bounded():
    n = pd.Index([100, 200, 400])
    high, low = pd.Series([0.5, 0.8, 0.9]), pd.Series([0.1, 0.2, 0.3])
    # the smallest number is enough: at least that
    assert fewer_examples.saving(n, high, low) == pytest.approx(2.0)
    assert fewer_examples.saving(n, low, high) == pytest.approx(-2.0)
    assert fewer_examples.saving(n, high, high) == 0.0
    assert np.isnan(fewer_examples.saving(n, high, pd.Series([0.1, np.nan, 0.3])))
    # a curve that falls again counts by its best, and between sizes the logarithm counts
    falling, other = pd.Series([0.5, 0.9, 0.8]), pd.Series([0.1, 0.1, 0.7])
    assert fewer_examples.saving(n, falling, other) == pytest.approx(1.5)


def moved_frame(pooled, strided):
    return pd.DataFrame(
        [
            {
                "origin": s,
                "halved_by": way,
                "extra": {"moved": [a - i * spread(s) for i, a in enumerate(accuracy)]},
            }
            for s in SOURCES
            for way, accuracy in (("max pooling", pooled), ("stride", strided), ("mean pooling", strided))
        ]
    )


@pytest.mark.parametrize(
    ("pooled", "strided", "verdict"),
    [
        ((0.9, 0.88, 0.8, 0.6, 0.4), (0.9, 0.7, 0.5, 0.4, 0.3), "holds"),
        ((0.9, 0.89, 0.7, 0.6, 0.4), (0.9, 0.85, 0.80, 0.4, 0.3), "holds with a limit"),
        ((0.9, 0.8, 0.6, 0.4, 0.3), (0.9, 0.8, 0.6, 0.4, 0.3), "does not hold here"),
        ((0.9, 0.7, 0.5, 0.4, 0.3), (0.9, 0.88, 0.8, 0.6, 0.4), "does not hold here"),
    ],
)
def test_verdicts_on_pooling(pooled, strided, verdict):
    assert pooling_invariance.judge(moved_frame(pooled, strided)).verdict == verdict


def halving_frame(doubling, constant, full, *, layout=(8, 8, 1)):
    rows = []
    for s in SOURCES:
        for way, score in zip(halving._WAYS, (doubling, constant, full)):
            channels = halving.plan(layout, way, 4)
            costs = halving.multiply_adds(layout, channels, halves=way != "full size")
            rows.append(
                {
                    "origin": s,
                    "maps": way,
                    "test": score + spread(s) * (way == halving._DOUBLING),
                    "extra": {"multiply_adds": costs},
                    "fit_seconds": 1.0,
                }
            )
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("scores", "layout", "verdict"),
    [
        ((0.9, 0.8, 0.7), (8, 8, 1), "holds"),
        ((0.9, 0.8, 0.9), (8, 8, 1), "holds with a limit"),
        ((0.8, 0.9, 0.7), (8, 8, 1), "does not hold here"),
        ((0.8, 0.9, 0.9), (8, 8, 1), "does not hold here"),
        ((0.9, 0.8, 0.7), (5, 5, 1), "does not hold here"),  # rounded up, the layers cost unequal amounts
    ],
)
def test_verdicts_on_halving(scores, layout, verdict):
    assert halving.judge(halving_frame(*scores, layout=layout)).verdict == verdict


def features_frame(cnn, linear, gbt):
    return pd.DataFrame(
        [
            {
                "origin": s,
                "task": s,
                "candidate": name,
                "pictures": n,
                "test": score + spread(s) * (name == "cnn"),
            }
            for s in SOURCES
            for n in (100, 200)
            for name, score in (("cnn", cnn), ("linear", linear), ("gbt", gbt))
        ]
    )


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ((0.9, 0.8, 0.7), "holds"),
        ((0.9, 0.903, 0.7), "holds with a limit"),
        ((0.8, 0.9, 0.7), "does not hold here"),
        ((0.7, 0.8, 0.9), "does not hold here"),
    ],
)
def test_verdicts_on_hand_made_features(scores, verdict):
    assert hand_made_features.judge(features_frame(*scores)).verdict == verdict


def filters_frame(trained, permuted, *, first=None, colour_apart=True, edges=True):
    """Four runs; the first may differ in what Gabor functions explain of its trained filters."""
    rows = []
    for fold in range(4):
        in_place = first if first and fold == 0 else trained
        for pixels, explained in (("in place", in_place), ("permuted", permuted)):
            frequency = [0.4, 0.3, 0.2, 0.1]
            colour = [0.1, 0.2, 0.3, 0.4 + 0.01 * fold]
            after = {
                "gabor": [explained + 0.01 * fold] * 4,
                "colour": colour if colour_apart else colour[::-1],
                "frequency": frequency,
                "level": [0.1, 0.1, 0.9, 0.9] if edges else [0.9] * 4,
                "group": [0, 0, 1, 1],
                "died": 0,
                "pixels": np.full((2, 9, 9, 3), 0.5).tolist(),
            }
            rows.append(
                {
                    "task": "embedded:emoji",
                    "fold": fold,
                    "pixels": pixels,
                    "test": 0.5,
                    "extra": {"after": after, "before": {**after, "gabor": [0.3] * 4}},
                }
            )
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("frame", "verdict"),
    [
        (filters_frame(0.8, 0.3), "holds"),
        (filters_frame(0.6, 0.3), "holds with a limit"),  # more than noise, yet no Gabor functions
        (filters_frame(0.8, 0.3, first=0.69), "holds with a limit"),  # in the mean, and not in every run
        (filters_frame(0.8, 0.3, colour_apart=False), "holds with a limit"),
        (filters_frame(0.8, 0.3, edges=False), "holds with a limit"),  # blobs alone
        (filters_frame(0.8, 0.8), "does not hold here"),  # not for the sake of neighbouring pixels
        (filters_frame(0.28, 0.2), "does not hold here"),  # no more than untrained ones
    ],
)
def test_verdicts_on_filters(frame, verdict):
    found = gabor_filters.judge(frame)
    assert found.verdict == verdict
    assert found.charts[0].kind == "tiles"


# ---- small runs ----


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.CLAIM.name)
def test_a_small_run_gives_the_same_twice(experiment):
    cell = experiment.cells("tiny")[-1]
    first, again = Facts(), Facts()
    experiment.measure(cell, first)
    experiment.measure(cell, again)
    assert 0 <= first.test <= 1
    assert first.test == again.test
    told = [{k: v for k, v in facts.extra.items() if "seconds" not in k} for facts in (first, again)]
    assert told[0] == told[1]


def test_candidates_see_the_same_permutation_and_training_pictures_are_nested(monkeypatch):
    seen = {}
    for module in (pixel_permutation, fewer_examples):
        kept = seen.setdefault(module, [])
        monkeypatch.setattr(
            module, "fit_and_score", lambda cell, facts, data, kept=kept, **_: kept.append(data)
        )
        for cell in module.cells("tiny"):
            if cell.task == "embedded:digits":
                module.measure(cell, Facts())
    place, permuted, *others = (data.train.to_numpy() for data in seen[pixel_permutation])
    assert not np.array_equal(place, permuted)
    np.testing.assert_array_equal(np.sort(place, axis=1), np.sort(permuted, axis=1))
    for one, other in zip(others, [place, permuted] * 2):
        np.testing.assert_array_equal(one, other)
    few, more = seen[fewer_examples][:2]
    assert len(few.train) == 30
    np.testing.assert_array_equal(few.train, more.train[:30])
    np.testing.assert_array_equal(few.test, more.test)


def test_photographs_are_used_where_they_are_named(tmp_path, monkeypatch):
    monkeypatch.delenv("ARCH_ADVISOR_CORPUS", raising=False)
    assert {c.task for c in gabor_filters.cells("quick")} == {"embedded:emoji"}
    (tmp_path / "data").mkdir()
    values = RNG.integers(0, 255, size=(20, 3, 32, 32)).astype(np.uint8)
    np.savez(tmp_path / "data" / "photo_nchw.npz", X=values, y=np.array(["a", "b"] * 10))
    monkeypatch.setenv("ARCH_ADVISOR_CORPUS", str(tmp_path))
    cell = gabor_filters.cells("quick")[-1]
    assert cell.task == "synthetic:photographs"
    train, labels, test, truth = gabor_filters._rows(cell)
    assert train.shape == (16, 32, 32, 3)
    assert (len(labels), len(test), len(truth)) == (16, 4, 4)
    np.savez(tmp_path / "data" / "photo_nchw.npz", X=values + 1, y=np.array(["a", "b"] * 10))
    with pytest.raises(FileNotFoundError, match="planned with"):
        gabor_filters._rows(cell)
