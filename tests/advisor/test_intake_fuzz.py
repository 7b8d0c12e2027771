from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor import AdvisorError, advise
from benchmarks.advisor.fuzz import Hostile, frame_of, outcome


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_strange_frames_are_answered_or_refused_in_words(first):
    escaped = {seed: said for seed in range(first, first + 20) if (said := outcome(seed)).startswith("esc")}
    assert not escaped


# each of these once escaped as an error of pandas, numpy or Python
@pytest.mark.parametrize("seed", [23, 42, 218, 268, 351, 1584, 2415, 2551, 3307, 4033])
def test_frames_that_once_escaped(seed):
    assert not outcome(seed).startswith("escaped")


def test_frames_are_made_from_their_number():
    first, again = frame_of(11)[0], frame_of(11)[0]
    assert first.shape == again.shape
    assert first.dtypes.tolist() == again.dtypes.tolist()


def test_the_fuzz_sees_what_escapes(monkeypatch):
    monkeypatch.setattr("benchmarks.advisor.fuzz.advise", lambda *_: 1 / 0)
    assert outcome(11).startswith("escaped: ZeroDivisionError")


def answered(data) -> str:
    """The structure, or the words of the refusal; anything else is raised."""
    try:
        advice = advise(data)
    except AdvisorError as error:
        return str(error)
    advice.to_json()
    assert repr(advice)
    return advice.structure


cells = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(cells, max_size=8)
    | st.dictionaries(st.text(max_size=3), st.lists(cells, max_size=4), max_size=3)
)
def test_any_containers_of_anything(data):
    said = answered(data)
    assert "\n" not in said


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=5),
    st.sampled_from(["f2", "f4", "f8", "u1", "i8", "?", "c8", "M8[s]", "U3", "O"]),
    st.integers(0, 2**32 - 1),
)
def test_arrays_of_any_shape_and_type(shape, dtype, seed):
    array = np.random.default_rng(seed).integers(0, 9, shape).astype(dtype)
    assert "\n" not in answered(array)


def test_objects_whose_every_method_fails():
    with pytest.raises(AdvisorError, match="a cell of type Hostile"):
        advise({"a": [Hostile(), Hostile()], "b": [1, 2]})


@pytest.mark.parametrize("seed", [531, 1105, 1150, 1305, 1667, 3582, 6747, 7159, 8653])
def test_frames_that_escaped_a_long_run(seed):
    assert not outcome(seed).startswith("escaped")
