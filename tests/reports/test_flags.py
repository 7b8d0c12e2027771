"""Flags name tasks by id or by the name of their data set; what a reader asks to leave out must exist."""

import pandas as pd
import pytest

from reports import flags
from reports.summary import ReportError

TASKS = pd.DataFrame(
    {
        "task": ["openml:361110", "openml:44142", "embedded:bike", "file:sulfur", "openml:7"],
        "origin": ["electricity", "Bike_Sharing_Demand", "bike", "sulfur", "elevators"],
    }
)


def test_every_flag_has_a_reason_and_a_source():
    for group in flags.groups().values():
        assert group["reason"].strip()
        assert group["source"].strip()
        assert all(pattern.startswith("openml:") for pattern in group["tasks"])


def test_tasks_are_flagged_by_source_and_name():
    found = flags.flagged(TASKS).groupby("flag")["task"].agg(list).to_dict()
    # a file that is called sulfur is not the set of OpenML
    assert found == {"leaks": ["openml:361110", "openml:44142"], "preprocessing": ["openml:7"]}


def test_groups_and_names_can_be_mixed():
    chosen = flags.chosen("@leaks, bike", TASKS).set_index("task")["why"]
    assert list(chosen.index) == ["openml:361110", "openml:44142", "embedded:bike"]
    assert "arXiv:2406.19380" in chosen["openml:361110"]
    assert chosen["embedded:bike"] == "asked for"
    assert flags.chosen("@leaks", TASKS[TASKS["task"] == "embedded:bike"]).empty


def test_all_tasks_are_too_many_to_leave_out():
    with pytest.raises(ReportError, match="got all 2 of the study left out: leave out fewer"):
        flags.chosen("bike, @leaks", TASKS[TASKS["task"].isin(["embedded:bike", "openml:361110"])])


@pytest.mark.parametrize(
    ("asked", "words"), [("@leak", "@leaks"), ("bikes", "did you mean 'bike'?"), ("zzz", "choose among")]
)
def test_what_is_not_there_is_an_error(asked, words):
    with pytest.raises(ReportError, match=words.replace("?", r"\?")):
        flags.chosen(asked, TASKS)
