from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor import advise
from datasets.sources import embedded

N = 400


def plain(seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(N, 5)), columns=list("abcde"))
    return frame, rng, frame["a"] + rng.normal(size=N)


def warned(frame, target, word):
    return [w for w in advise(frame.assign(target=target), "target").warnings if word in w]


def quantity(frame, rng, y):
    counts = rng.integers(5, 90, (N, 2))
    return {
        "copy": (frame.assign(c=y), y, "'c' alone gives the target away (rank correlation 1.0000)"),
        "transformed": (frame.assign(c=-np.exp(y)), y, "'c' alone gives the target away"),
        "in part": (frame.assign(c=np.where(rng.random(N) < 0.4, y, 0)), y, "(equal in "),
        "sum": (
            frame.assign(p=counts[:, 0], q=counts[:, 1]),
            counts.sum(axis=1),
            "'p' and 'q' together are the target exactly",
        ),
        "skewed": (frame, np.exp(3 * y), "the target is skewed"),
        "far": (frame, np.where(np.arange(N) == 7, 900, y), "off the median"),
        "sorted": (frame, np.sort(y), "sorted by the target"),
        "missing": (frame, y.where(np.arange(N) % 8 > 0), "50 rows (12.5%) have no target: drop them"),
        "one missing": (frame, y.where(np.arange(N) > 0), "1 row (0.2%) has no target: drop it"),
    }


def classes(frame, rng, y):
    two = (y > 0).astype(int).map({0: "no", 1: "yes"})
    groups = rng.permutation(N) % 80
    return {
        "one value a class": (frame.assign(c=two.map({"no": 3, "yes": 8})), two, "each of its 2 values"),
        "area": (frame.assign(c=(two == "yes") * 9 + rng.normal(size=N)), two, "area under the curve"),
        "missing for one": (
            frame.assign(c=frame["b"].where(two == "yes")),
            two,
            "missing for 1 of 2 classes",
        ),
        "single": (
            frame,
            two.mask(frame.index == 3, "odd"),
            "1 of 3 classes has one row ('odd'): merge or drop it",
        ),
        "rare": (frame, two.mask(frame.index < 8, "odd"), "class 'odd' has 2.0%"),
        "sorted": (frame, np.sort(two), "2 classes one after another"),
        "copies": (pd.concat([frame[: N // 2]] * 2, ignore_index=True), two, "50% of rows repeat"),
        "constant": (frame.assign(c=4.0), two, "'c' holds one value"),
        "groups": (
            pd.DataFrame(rng.normal(size=(80, 5))[groups] + rng.normal(size=(N, 5)) / 99).assign(
                who=[f"p{g}" for g in groups]
            ),
            two,
            "rows of one 'who' (80 of them) agree in 5 of 5 columns",
        ),
    }


@pytest.mark.parametrize("name", list(quantity(*plain())))
def test_what_spoils_a_regression_is_said(name):
    frame, target, words = quantity(*plain())[name]
    assert warned(frame, target, words)


@pytest.mark.parametrize("name", list(classes(*plain())))
def test_what_spoils_a_classification_is_said(name):
    frame, target, words = classes(*plain())[name]
    assert warned(frame, target, words)


def test_nothing_is_said_of_plain_tables():
    for seed in range(20):
        frame, rng, y = plain(seed)
        frame = frame.assign(k=rng.choice(list("uvw"), N), i=rng.integers(0, 40, N))
        assert advise(frame.assign(y=y), "y").warnings == ()
        assert advise(frame.assign(y=y > 0), "y").warnings == ()


def test_real_tables_give_few_leaks_away():
    leaky = []
    for name in embedded.names():
        task = datasets.load(f"embedded:{name}")
        if task.structure == "tabular" and any(
            "gives the target away" in w for w in advise(task.X, task.y).warnings
        ):
            leaky.append(name)
    assert not leaky


@pytest.mark.parametrize(
    ("memory", "says"), [(0.9, "rows depend on the rows before"), (0.0, "rows are steps in time")]
)
def test_rows_in_time_are_said_to_depend_only_where_they_do(memory, says):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 3))
    for step in range(1, 600):
        x[step] += memory * x[step - 1]
    data = pd.DataFrame(x, columns=list("abc")).assign(day=pd.date_range("2024", periods=600))
    (warning,) = (w for w in advise(data, "c").warnings if "split by time" in w)
    assert warning.startswith(says)


def test_a_language_model_is_spoken_of_where_cells_hold_words():
    rng = np.random.default_rng(0)
    words = ["so", "it", "goes", "and", "comes", "again", "never", "once"]
    texts = pd.DataFrame({"t": [" ".join(rng.choice(words, 12)) for _ in range(200)]})
    strings = pd.DataFrame({"t": ["".join(rng.choice(list("ACGT"), 60)) for _ in range(200)]})
    target = rng.integers(0, 2, 200)
    spoken, silent = advise(texts, target), advise(strings, target)
    assert (spoken.rule, silent.rule) == ("running_text", "running_text")
    assert any("a language model trained on other text may beat" in sentence for sentence in spoken.against)
    assert "language model" not in repr(silent)


def test_one_row_is_said_in_the_singular():
    row = np.random.default_rng(0).normal(size=(1, 3))
    assert advise(row).warnings == (
        "1 row is little for gbt: compare with a linear model, over repeated splits",
    )
