"""What a task is and where it comes from: ``datasets.load("embedded:digits")``."""

from __future__ import annotations

from datasets.sources import describe, load, names
from datasets.task import Task, TaskInfo

__all__ = ["Task", "TaskInfo", "describe", "load", "names"]
