"""The process in which the OpenML client runs: requests come in as lines of JSON, answers go out as lines.

It has no key, no configuration and no cache but a private folder. It can be killed at any time. What the
client does not retry is turned into what it does: an answer that stalls, a server error, XML that is cut off.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.architectures.base import Kind
from advisor.errors import AdvisorError, InputError, TaskError
from datasets.openml import given, table
from datasets.openml.given import Broken

_UNKNOWN = {"t": 151, "d": 111, "s": 500}  # what the server answers if there is no such thing
_NOUNS = {"t": "task", "d": "data set", "s": "suite"}
# OpenML's numbers of task types; 3 is a classification whose training rows come in parts of growing length
_KINDS: dict[int, Kind] = {1: "classification", 2: "regression", 3: "classification"}
_BUSY = (429, 500, 502, 503, 504)


class Outage(InputError):
    """The server cannot be reached, however often it is tried."""


def main() -> None:
    """Answer until the input ends, which it does with the parent."""
    with tempfile.TemporaryDirectory() as nowhere:
        os.environ |= {"OPENML_CACHE_DIR": nowhere, "XDG_CONFIG_HOME": nowhere}
        logging.disable()  # the client warns of every answer that is not compressed
        out, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
        import openml  # noqa: F401  # takes seconds, which are not the server's

        print("ready", file=out, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = fetch(**request)
            except AdvisorError as error:
                named = {name: getattr(error, name) for name in ("required", "got", "do")}
                answer = {"error": type(error).__name__, **named}
            print(json.dumps(answer), file=out, flush=True)


def fetch(
    kind: str, name: str, *, server: str, folder: str, silence: float, tries: int, pause: float
) -> dict[str, Any]:
    """Fetch a task, a data set or a suite.

    Parameters
    ----------
    kind : {"t", "d", "s"}
        Which of the three.
    name : str
        Its number; a suite may be named.
    server : str
        Address of the API.
    folder : str
        A private folder; the values are left there as ``data.parquet``.
    silence : float
        Seconds after which a server that sends nothing is given up.
    tries : int
        Of each request, and of the whole.
    pause : float
        Seconds before the second try; the third comes after twice that, and so on.

    Returns
    -------
    dict
        Facts for the cache.

    Raises
    ------
    TaskError
        If there is no such thing or it cannot be learned from.
    InputError
        If it cannot be had.
    """
    import openml
    import requests

    openml.config.server, openml.config.apikey = server, ""  # reading needs no key
    openml.config.set_retry_policy("human", tries)
    _bound(silence, pause)
    what = f"OpenML {_NOUNS[kind]} {name}"
    for attempt in range(1, tries + 1):
        try:
            with tempfile.TemporaryDirectory(dir=folder) as private:  # an empty cache: a broken file is gone
                openml.config.set_root_cache_directory(private)
                last = attempt == tries > 1  # a single try, in an outage, decides nothing that is kept
                return {"t": _task, "d": _data, "s": _suite}[kind](name, Path(folder), last)
        except AdvisorError:
            raise
        except NotImplementedError as error:  # a type of task that the client does not know either
            raise _not_supervised(str(error)) from error
        except Exception as error:  # the client passes on whatever its parsers and its transport raise
            if getattr(error, "code", None) == _UNKNOWN[kind]:
                raise TaskError(
                    f"the {what} must exist on {server}",
                    got=f"{getattr(error, 'message', error)} {name}",
                    do="check the number: t/ID is a task, d/ID a data set, s/ID a suite",
                ) from error
            outage = isinstance(error, requests.ConnectionError)  # each request has been tried often enough
            lasting = (openml.exceptions.OpenMLServerException, requests.HTTPError)
            told = isinstance(error, lasting)  # it would say so again
            if outage or told or attempt == tries:
                reason = " ".join(str(error).split())[:200]
                raise (Outage if outage else InputError)(
                    f"{what} must be readable from {server}",
                    got=f"{type(error).__name__}: {reason}",
                    do="check the network and try again; what is in the cache works without it",
                ) from error
            time.sleep(pause * attempt)
    raise AssertionError("at least one try")


@cache
def _bound(silence: float, pause: float) -> None:
    """Give the client, version 0.15.1, the time limits that it lacks, and make it retry what it does not."""
    import minio
    import openml
    import requests
    import urllib3

    class Session(requests.Session):
        def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
            options["timeout"] = silence
            try:
                response = super().request(method, url, **options)
            except requests.Timeout as error:
                raise requests.ConnectionError(f"no answer within {silence:g} s") from error
            if response.status_code in _BUSY:
                raise requests.ConnectionError(f"status {response.status_code} {response.reason}")
            if response.status_code != 200 and b"oml:error" not in response.content:
                raise requests.HTTPError(f"status {response.status_code} {response.reason} for {url}")
            if "/api/" in url:
                try:
                    root = ET.fromstring(response.content)
                except ET.ParseError as error:
                    raise requests.ConnectionError(f"no XML: {error}") from error
                if root.tag.endswith("html"):
                    raise requests.ConnectionError("a page for people, of a proxy perhaps")
            return response

    class Store(minio.Minio):  # which serves Parquet
        def __init__(self, endpoint: str, *, http_client: Any = None, **options: Any) -> None:
            tries = openml.config.connection_n_retries
            retries = urllib3.Retry(tries - 1, backoff_factor=pause, status_forcelist=_BUSY)
            pool = urllib3.PoolManager(timeout=silence, retries=retries)
            super().__init__(endpoint, http_client=http_client or pool, **options)

        def fget_object(self, *args: Any, **options: Any) -> Any:
            stat = super().fget_object(*args, **options)
            found = hashlib.md5(Path(options["file_path"]).read_bytes()).hexdigest()
            if len(stat.etag) == len(found) and stat.etag != found:  # of another length if it is no MD5
                raise Broken(f"a file of md5 {found} where the store says {stat.etag}")
            return stat

    calls: Any = openml._api_calls
    minio.Minio, requests.Session = Store, Session  # type: ignore[misc, assignment]
    calls._human_delay = lambda n: pause * n
    documents: Any = openml.tasks.functions
    parse, end = documents._create_task_from_xml, "</oml:type>"
    documents._create_task_from_xml = lambda text: parse(
        text if "data_splits_url" in text else text.replace(end, f"{end}<oml:data_splits_url/>", 1)
    )  # a task that comes without splits would be none


def _suite(name: str, folder: Path, last: bool) -> dict[str, Any]:
    import openml

    try:
        suite = openml.study.get_suite(int(name) if name.isdigit() else name)
    except ValueError as error:
        if "entity type" not in str(error):
            raise
        raise TaskError("a suite must be a list of tasks", got=str(error), do="choose another one") from error
    return {"name": suite.name, "alias": suite.alias, "suite": suite.id, "tasks": suite.tasks or []}


def _task(name: str, folder: Path, last: bool) -> dict[str, Any]:
    import openml

    task: Any = openml.tasks.get_task(int(name))
    kind = _KINDS.get(task.task_type_id.value)
    if kind is None:
        raise _not_supervised(f"{task.task_type} for {name}")
    return _stored(task.get_dataset(), task.target_name, kind, folder, task, last)


def _not_supervised(got: str) -> TaskError:
    return TaskError(
        "an OpenML task must be supervised classification or regression", got=got, do="choose another task"
    )


def _data(name: str, folder: Path, last: bool) -> dict[str, Any]:
    import openml

    data = openml.datasets.get_dataset(int(name))
    target = data.default_target_attribute
    types = {feature.name: feature.data_type for feature in data.features.values()}
    if target not in types:
        raise TaskError(
            "an OpenML data set must have one default target to be learned",
            got=f"{target or 'none'!r} in d/{name}",
            do="choose a task on it (t/ID): a task says what is predicted",
        )
    return _stored(data, target, "regression" if types[target] == "numeric" else "classification", folder)


def _stored(
    data: Any,
    target: str,
    kind: Kind,
    folder: Path,
    task: Any = None,
    last: bool = True,
) -> dict[str, Any]:
    """Download the values, check and store them beside the splits, and tell what they are."""
    import openml

    values, categories, checked = table.download(data)
    hidden = {*_names(data.row_id_attribute), *_names(data.ignore_attribute)} - {target}
    frame = table.canonical(values, categories, target, kind, hidden=hidden, name=data.name)
    facts = {
        "name": data.name,
        "data": data.dataset_id,
        "data_version": data.version,
        "licence": data.licence,
        "target": target,
        "kind": kind,
        "checked": checked,
        "client": openml.__version__,
    }
    if task is not None:
        marks, reason = given.marks(task, values[target].notna().to_numpy(), last=last)
        frame = pd.concat([frame, marks], axis=1)
        facts |= {"without_splits": reason} if reason else {}
    frame.to_parquet(folder / "data.parquet", index=False, compression="zstd")
    return facts


def _names(attribute: Any) -> list[str]:
    """OpenML writes one name, several joined by commas, a list, or nothing."""
    return [part for name in np.atleast_1d(attribute or []) for part in (name, *name.split(","))]


if __name__ == "__main__":
    main()
