"""The parent's side of the OpenML client: a process that answers, and is killed if it does not."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from advisor import errors
from advisor.errors import InputError, MissingDependency

_ROOT = Path(__file__).parents[2]
_START = 120.0  # seconds for the client to be imported


@dataclass
class Limits:
    """How long a server is waited for.

    Parameters
    ----------
    total : float
        Seconds for one task, data set or suite, with all its requests and tries; then the client is killed.
    silence : float
        Seconds in which a server must begin to answer, or send the next part.
    tries : int
        Of each request, and of the whole.
    pause : float
        Seconds before the second try; longer before each further one.
    """

    total: float = 900.0
    silence: float = 30.0
    tries: int = 5
    pause: float = 1.0


LIMITS = Limits()


class Client:
    """The real client in a process of its own, started when first needed.

    Parameters
    ----------
    limits : Limits
        How long a server is waited for.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._process: subprocess.Popen[str] | None = None
        self._down = ""  # a server whose requests are tried once: many tasks should not wait for nothing

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def fetch(self, key: str, folder: Path, server: str) -> dict[str, Any]:
        """Fetch a task ("t1"), a data set ("d1") or a suite ("s1").

        Parameters
        ----------
        key : str
            Letter and number; a suite may be named.
        folder : Path
            A private folder; the values are left there as ``data.parquet``.
        server : str
            Address of the API.

        Returns
        -------
        dict
            Facts for the cache.

        Raises
        ------
        AdvisorError
            Whatever :func:`datasets.openml.child.fetch` raises, and InputError if the time is over.
        """
        process, limits = self._started(), self.limits
        tries = 1 if self._down == server else limits.tries
        request = {
            **{"kind": key[0], "name": key[1:], "server": server, "folder": str(folder)},
            **{"silence": limits.silence, "tries": tries, "pause": limits.pause},
        }
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended: there will be no line
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        line, in_time = self._line(process, limits.total)
        if not line and in_time:
            raise InputError(
                f"the client of OpenML must live until it has {key[0]}/{key[1:]} of {server}",
                got=f"an end of its process (code {process.returncode})",
                do="see whether memory ran out: all values of a data set are held in it at once",
            )
        if not line:
            raise InputError(
                f"{server} must give {key[0]}/{key[1:]} within {limits.total:g} s",
                got=f"no answer, and the client is ended (code {process.returncode})",
                do="try again later, or give it more time: python -m datasets fetch --seconds N",
            )
        answer: dict[str, Any] = json.loads(line)
        error = answer.pop("error", None)
        self._down = server if error == "Outage" else ""
        if error is not None:
            raise getattr(errors, error, InputError)(answer["required"], got=answer["got"], do=answer["do"])
        return answer

    def _line(self, process: subprocess.Popen[str], seconds: float) -> tuple[str, bool]:
        """Read a line, and tell whether the time was enough; empty if none came, and the process is gone."""
        assert process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            line = process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            self.close()
        return line, not late.is_set()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            import importlib.util

            if importlib.util.find_spec("openml") is None:
                raise MissingDependency(
                    "fetching from OpenML needs the package 'openml'",
                    got="no such package",
                    do="pip install 'arch-advisor[bench]'; what is in the cache works without it",
                )
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "datasets.openml.child"],
                cwd=_ROOT,  # the packages of the checkout are found from its root
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
            if not self._line(self._process, _START)[0]:
                raise MissingDependency(
                    f"the client of OpenML must start within {_START:g} s",
                    got="no sign of life",
                    do="see what it says: python -m datasets.openml.child",
                )
        return self._process
