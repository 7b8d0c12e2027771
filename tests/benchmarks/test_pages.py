"""A part of a page is replaced between its marks; a page without both of them is left as it is."""

import pytest

from advisor.errors import InputError
from benchmarks.pages import write


def test_a_part_is_replaced_as_it_is_given_and_the_rest_stays(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- one -->\nold\n<!-- /one -->\nb\n<!-- two -->\nkept\n<!-- /two -->\nc")
    write(page, "one", ["new \\1", "line"])
    assert page.read_text() == (
        "a\n<!-- one -->\nnew \\1\nline\n<!-- /one -->\nb\n<!-- two -->\nkept\n<!-- /two -->\nc"
    )


@pytest.mark.parametrize(
    ("marks", "got"),
    [
        ("", "neither of its marks"),
        ("<!-- one -->\n", "<!-- one -->"),
        ("<!-- /one -->\n", "<!-- /one -->"),
        ("<!-- /one -->\n<!-- one -->\n", "<!-- /one --> <!-- one -->"),
        ("<!-- one -->\n<!-- one -->\n<!-- /one -->\n", "<!-- one --> <!-- one --> <!-- /one -->"),
    ],
)
def test_a_page_without_both_marks_is_refused_and_left_alone(tmp_path, marks, got):
    page = tmp_path / "page.md"
    page.write_text(before := f"a\n{marks}b\n")
    with pytest.raises(InputError, match=f"page.md must hold a part called 'one', got {got}: add"):
        write(page, "one", ["new"])
    assert page.read_text() == before
