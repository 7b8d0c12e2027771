"""The parent's side of the OpenML client: a process that answers, and is killed if it does not."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from advisor import errors
from advisor.errors import InputError, MissingDependency

_ROOT = Path(__file__).parents[2]


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
    server : str
        Address of the API.
    limits : Limits
        How long it is waited for.
    """

    def __init__(self, server: str, limits: Limits) -> None:
        self.server, self.limits = server, limits
        self._process: subprocess.Popen[str] | None = None

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

    def fetch(self, key: str, folder: Path) -> dict[str, Any]:
        """Fetch a task ("t1"), a data set ("d1") or a suite ("s1").

        Parameters
        ----------
        key : str
            Letter and number; a suite may be named.
        folder : Path
            A private folder; the values are left there as ``data.parquet``.

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
        request = {"kind": key[0], "name": key[1:], "server": self.server, "folder": str(folder)}
        request |= {"silence": limits.silence, "tries": limits.tries, "pause": limits.pause}  # type: ignore[dict-item]
        over = threading.Event()

        def kill() -> None:
            over.set()
            process.kill()

        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(limits.total, kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            self.close()
            raise InputError(
                f"{self.server} must give {key[0]}/{key[1:]} within {limits.total:g} s",
                got="no answer" if over.is_set() else f"an end of the client, code {process.returncode}",
                do="try again later, or give it more time: python -m datasets fetch --seconds N",
            )
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise getattr(errors, answer.pop("error"))(
                answer.pop("required"), got=answer["got"], do=answer["do"]
            )
        return answer

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
        return self._process
