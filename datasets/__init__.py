"""What a task is and where it comes from: ``datasets.load("embedded:digits")``."""

from __future__ import annotations

from datasets.sources import load
from datasets.task import Task

__all__ = ["Task", "load"]
