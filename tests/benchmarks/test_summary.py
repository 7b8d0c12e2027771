"""What the tables at the end of a command say."""

from rich.console import Console

from benchmarks.summary import show_verdict
from tests.benchmarks.test_scores import TABLE, make


def shown(frame):
    console = Console(width=120, record=True)
    show_verdict(console, frame, title="T")
    return console.export_text()


def test_times_of_two_machines_are_not_added_up_in_silence():
    frame = make(TABLE, finished="2026-11-28T12:00:00+00:00")
    frame["environment"] = [{"cpu": "one", "threads": 1} for _ in range(len(frame))]
    assert "hardware" not in shown(frame)
    frame["environment"] = [{"cpu": "one" if i else "other", "threads": 1} for i in range(len(frame))]
    assert "fit s adds up times of 2 kinds of hardware" in shown(frame)
