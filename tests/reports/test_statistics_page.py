"""docs/statistics.md names every statistic, and its example prints what it says."""

import doctest
from pathlib import Path

from reports import statistics

PAGE = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text()


def test_the_page_names_every_statistic():
    functions = [name for name in statistics.__all__ if name.islower()]
    assert len(functions) > 10
    assert [name for name in functions if f"`{name}`" not in PAGE] == []
    assert f"{statistics.MIN_SOURCES} sources (`MIN_SOURCES`)" in PAGE


def test_the_example_prints_what_it_says():
    # the fence that closes the block would otherwise be read as expected output
    example = doctest.DocTestParser().get_doctest(PAGE.replace("```\n", "\n"), {}, "statistics", None, 0)
    assert len(example.examples) > 8
    printed: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=printed.append)
    assert not printed, "".join(printed)
