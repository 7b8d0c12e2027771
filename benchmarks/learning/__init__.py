"""Does each architecture learn what it is known to learn? Printed figures beside published ones."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "learning.md"
