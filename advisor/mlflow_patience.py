"""How long MLflow waits for a server: seconds for the first answer, not its own minutes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# of the first request, which decides whether there is a server; later ones may find it busy
FIRST = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


@contextmanager
def unless_set(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for a block, but for those that are set already.

    Parameters
    ----------
    values : mapping of str to str
        By name.

    Examples
    --------
    >>> with unless_set({"ARCH_ADVISOR_EXAMPLE": "1"}):
    ...     os.environ["ARCH_ADVISOR_EXAMPLE"]
    '1'
    >>> "ARCH_ADVISOR_EXAMPLE" in os.environ
    False
    """
    added = [name for name in values if name not in os.environ]
    os.environ.update({name: values[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
