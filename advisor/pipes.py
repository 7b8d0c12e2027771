"""Commands whose reader goes away, as in ``advisor measured SET | head``."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")
CLOSED = 141  # what a shell reports of a program that a closed pipe ended: 128 + SIGPIPE


def ends_with_reader(main: Callable[P, int]) -> Callable[P, int]:
    """End a command in silence where nobody reads its output any more, instead of with a traceback.

    Parameters
    ----------
    main : callable
        Gives an exit code.

    Returns
    -------
    callable
        The same; its exit code is 141 where the pipe was closed.

    Examples
    --------
    >>> @ends_with_reader
    ... def main() -> int:
    ...     return 0
    >>> main()
    0
    """

    @functools.wraps(main)
    def command(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            code = main(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            return _closed()
        except SystemExit as end:
            if _has_no_reader(end):
                return _closed()
            raise
        return code

    return command


def _has_no_reader(end: SystemExit) -> bool:
    """Whether a program that ends itself does so before a closed pipe.

    A Console of rich turns what a closed pipe raises into an exit with 1, as if the command had failed;
    argparse leaves its help to be flushed.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return True
    return isinstance(end.__context__, BrokenPipeError)


def _closed() -> int:
    # else Python complains once more when it flushes at its end
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CLOSED
