"""What a task is and where it comes from: ``datasets.load("embedded:digits")``."""

from __future__ import annotations

from datasets._survey import Survey, survey
from datasets.sources import describe, load, names
from datasets.suites import expand
from datasets.task import Task, TaskInfo

__all__ = ["Survey", "Task", "TaskInfo", "describe", "expand", "load", "names", "survey"]
