"""A command whose reader goes away ends in silence."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["advisor", "benchmarks", "datasets", "reports"])
def test_a_closed_pipe_leaves_no_traceback(module):
    code = (
        "import os, sys\n"
        "reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1)\n"
        f"from {module}.__main__ import main\n"
        "from advisor.pipes import ends_with_reader\n"
        "assert hasattr(main, '__wrapped__')\n"
        "sys.exit(ends_with_reader(lambda: print('x' * 100_000) or 0)())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")
