"""docs/statistics.md names every statistic; tests/project/test_docs.py runs its example."""

from pathlib import Path

from reports import statistics

PAGE = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text()


def test_the_page_names_every_statistic():
    functions = [name for name in statistics.__all__ if name.islower()]
    assert len(functions) > 10
    assert [name for name in functions if f"`{name}`" not in PAGE] == []
    assert f"{statistics.MIN_SOURCES} sources (`MIN_SOURCES`)" in PAGE
