"""The verdict as Markdown and for the terminal."""

import numpy as np

from reports import flags, markdown
from reports.summary import summarise

STUDY = {"name": "starter", "title": "Starter", "settings": {"next": "Run the full study."}}


def summary_of(frame, **study):
    return summarise(frame, {**STUDY, **study}, rng=np.random.default_rng(0))


def test_verdict_table_marks_the_highest_of_each_column(summary):
    table = markdown.verdict_table(summary).set_index("candidate")
    assert list(table.columns) == ["images (4)", "sequences (5)", "tables (8)", "all (17)", "mean rank"]
    assert table.index[-1] == "Advisor’s choice"
    for column in table.columns[:-1]:
        marked = table.index[table[column].str.endswith("*")]
        values = table.loc[table.index != "Advisor’s choice", column].str.rstrip("* ").astype(float)
        assert list(marked) == [values.idxmax()]


def test_terminal_text_is_aligned_and_at_most_100_columns(frame, failing):
    frame = failing(frame, "plaid", "lstm", reason="\x1b[31mred")
    frame["candidate"] = frame["candidate"].replace({"mlp": "\x1b[2Jcleared"})
    text = markdown.terminal(summary_of(frame))
    lines = text.split("\n")
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in text
    header = next(i for i, line in enumerate(lines) if line.startswith("candidate"))
    ends = {line.rstrip("* ").rfind(".") for line in lines[header + 2 : header + 9]}
    assert len(ends) == 1  # decimal points of the last column stand below each other
    assert "2 cells without a score" in text
    assert "boosted trees are ahead on tables" in text.replace("\n", " ")


def test_markdown_escapes_names(frame, failing):
    frame = failing(frame, "plaid", "lstm", "error", "<script>alert(1)</script> | [x](http://e.com) `c`")
    frame["candidate"] = frame["candidate"].replace({"mlp": "a|b<i>*"})
    text = markdown.markdown(summary_of(frame, title="<b>_x_"))
    assert "<script" not in text
    assert "<i>" not in text
    assert "<b>" not in text
    assert "\\[x\\](http" in text  # brackets that make no link
    rows = [line for line in text.split("\n") if line.startswith("|")]
    bars = {line.replace("\\|", "").count("|") for line in rows}
    assert bars == {7}  # six columns, also where a name holds a bar
    assert "Run the full study." in text


def test_what_was_left_out_flagged_and_lost_is_told(frame):
    frame = frame.assign(task=frame["task"].str.replace("embedded:bike", "openml:361110"))
    frame.loc[frame["task"] == "openml:361110", "origin"] = "electricity"
    out = flags.chosen("digits", frame)
    study = {**STUDY, "name": "s"}
    text = markdown.markdown(summarise(frame, study, rng=np.random.default_rng(0), without=out))
    assert "> With 1 task left out" in text
    assert "- embedded:digits: asked for" in text
    assert "- @leaks: openml:361110: named among the data sets" in text
    assert "- embedded:plaid: advised LSTM, best Boosted trees, lost 0.3" in text
    assert "neighbouring columns agree by 0.21" in text
    assert "16 tasks from 15 sources, 2 splits and 1 seed each." in text
