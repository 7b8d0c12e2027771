"""A command whose reader goes away ends in silence, with the exit code of a closed pipe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.pipes import ends_with_reader

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        "advisor measured",
        "advisor learn --help",
        "benchmarks spaces gbt",  # a table of rich
        "datasets list",  # print and rich by turns
        "reports --help",
    ],
)
def test_a_closed_pipe_leaves_no_traceback(command):
    # buffered, as a shell has it: short texts meet the closed pipe only when they are flushed
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            cwd=ROOT,
            env=environment,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_command_that_ends_itself_keeps_its_exit_code(code):
    with pytest.raises(SystemExit) as caught:
        ends_with_reader(lambda: sys.exit(code))()
    assert caught.value.code == code
