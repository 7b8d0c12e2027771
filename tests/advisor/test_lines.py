"""Text tables as programs write them: what stands before, between and behind the values."""

from __future__ import annotations

import numpy as np
import pytest

from advisor import advise
from advisor.intake import _text

RNG = np.random.default_rng(0)
VALUES = np.round(RNG.normal(size=(60, 5)), 3)


def load(tmp_path, content, name="x.csv"):
    path = tmp_path / name
    path.write_text(content)
    return _text.load(path, 2**30)


def lines(sep=",", end=""):
    return "".join(sep.join(map(str, row)) + end + "\n" for row in VALUES)


@pytest.mark.parametrize("sep", [",", ";"])
def test_a_separator_at_the_end_of_each_line_moves_nothing(tmp_path, sep):
    frame, notes = load(tmp_path, sep.join("abcde") + "\n" + lines(sep, end=sep))
    np.testing.assert_array_equal(frame, VALUES)
    assert (list(frame), notes) == (list("abcde"), ())


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("# made by a program\n", 1),
        ("# made by a program\n\n# on Monday\n", 3),
        ("Results of the third run\n", 1),
        ("sep=;\n", 1),
        ('"sep=;"\n', 1),
    ],
)
def test_lines_before_the_table_are_left_out(tmp_path, before, told):
    frame, notes = load(tmp_path, before + "a;b;c;d;e\n" + lines(";"))
    np.testing.assert_array_equal(frame, VALUES)
    assert list(frame) == list("abcde")
    assert notes == (f"lines before the table that were left out: {told}",)


@pytest.mark.parametrize(("sep", "name"), [(",", "x.csv"), (" ", "x.txt")])
def test_names_in_a_comment_are_names(tmp_path, sep, name):
    np.savetxt(tmp_path / name, VALUES, delimiter=sep, header=sep.join("abcde"), fmt="%.3f")
    frame, notes = _text.load(tmp_path / name, 2**30)
    np.testing.assert_allclose(frame, VALUES)
    assert (list(frame), notes) == (list("abcde"), ())


def test_columns_aligned_by_blanks(tmp_path):
    content = "".join(" ".join(f"{value:9.3f}" for value in row) + "\n" for row in VALUES)
    frame, _ = load(tmp_path, content, "housing.data")
    np.testing.assert_allclose(frame, VALUES)
    frame, _ = load(tmp_path, "    a  b c   d e\n" + content, "housing.dat")
    assert list(frame) == list("abcde")
    text = "the cat sat on the mat today\nthe dog ran to the house again\n" * 30
    assert load(tmp_path, text, "x.txt")[0].shape[1] == 1


@pytest.mark.parametrize(
    ("sep", "cells", "numbers"),
    [
        ("\t", ["1,234", "56,789", "999"], ["1,234", "56,789", "999"]),  # thousands, read from the text
        ("\t", ["1,234", "56,78", "999"], [1.234, 56.78, 999.0]),
        ("\t", ["0,234", "56,789", "999"], [0.234, 56.789, 999.0]),
        (";", ["1,234", "56,789", "999"], [1.234, 56.789, 999.0]),
        (";", ["1,234,567", "56,789", "999"], ["1,234,567", "56,789", "999"]),
    ],
)
def test_commas_in_numbers(tmp_path, sep, cells, numbers):
    frame, _ = load(tmp_path, f"city{sep}pop\n" + "".join(f"A{sep}{cell}\n" for cell in cells))
    assert frame["pop"].tolist() == numbers


@pytest.mark.parametrize(
    "names", [["400", "402", "404", "406", "408"], ["0.0", "0.1", "0.2", "0.3", "0.4"], list("12345")]
)
def test_wavelengths_are_names(tmp_path, names):
    frame, _ = load(tmp_path, ",".join(names) + "\n" + lines())
    assert list(frame) == names
    assert len(frame) == 60


def test_a_first_line_of_values_and_classes_is_a_row(tmp_path):
    content = "".join(f"{a:.1f},{b:.1f},Iris-{'ab'[i % 2]}\n" for i, (a, b, *_) in enumerate(VALUES))
    frame, notes = load(tmp_path, content)
    assert (len(frame), list(frame)) == (60, [0, 1, 2])
    assert any("first line was read as values" in note for note in notes)
    named = "x,y,Iris-a\n" + content
    assert list(load(tmp_path, named)[0]) == ["x", "y", "Iris-a"]
    joined = "x,y,kind\n" + content + "x,y,kind\n" + content
    assert list(load(tmp_path, joined)[0]) == ["x", "y", "kind"]


def test_texts_over_several_lines_are_not_short_where_the_look_ends(tmp_path):
    text = '"' + "so good\nthat I came again\n" * 20 + '"'
    frame, notes = load(tmp_path, "review,label\n" + "".join(f"{text},{i % 2}\n" for i in range(900)))
    assert (len(frame), notes) == (900, ())


def test_a_target_is_the_column_of_its_name(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("x1,x2,y\n" + "".join(f"{a},{b},{a > 0},\n" for a, b, *_ in VALUES))
    assert advise(path, "y").kind == "classification"
    assert advise(path, "x2").kind == "regression"
