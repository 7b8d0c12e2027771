"""The process in which the OpenML client runs: requests come in as lines of JSON, answers go out as lines.

It has no key, no configuration and no cache but a private folder. It can be killed at any time. What the
client does not retry is turned into what it does: an answer that stalls, a server error, XML that is cut off.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import arff  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures.base import Kind
from advisor.errors import AdvisorError, InputError, StudyError
from datasets.openml.cache import SPLIT, TEST, TRAIN

_UNKNOWN = {"t": 151, "d": 111, "s": 500}  # what the server answers if there is no such thing
_NOUNS = {"t": "task", "d": "data set", "s": "suite"}
_KINDS: dict[int, Kind] = {1: "classification", 2: "regression"}  # OpenML's numbers of task types
_LARGE = 5_000_000  # values above which ARFF takes too long: it is text, at about a microsecond a value
_MANY = 1_000_000  # rows above which the file of splits, ten lines a row, is left alone
_BUSY = (429, 500, 502, 503, 504)


class Broken(Exception):
    """What came is not what was announced; worth another try."""


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
    StudyError
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
                return {"t": _task, "d": _data, "s": _suite}[kind](name, Path(folder), attempt == tries)
        except AdvisorError:
            raise
        except NotImplementedError as error:  # a type of task that the client does not know either
            raise _not_supervised(str(error)) from error
        except Exception as error:  # the client passes on whatever its parsers and its transport raise
            if getattr(error, "code", None) == _UNKNOWN[kind]:
                raise StudyError(
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


def _suite(name: str, folder: Path, last: bool) -> dict[str, Any]:
    import openml

    try:
        suite = openml.study.get_suite(int(name) if name.isdigit() else name)
    except ValueError as error:
        if "entity type" not in str(error):
            raise
        raise StudyError(
            "a suite must be a list of tasks", got=str(error), do="choose another one"
        ) from error
    return {"name": suite.name, "alias": suite.alias, "suite": suite.id, "tasks": suite.tasks or []}


def _task(name: str, folder: Path, last: bool) -> dict[str, Any]:
    import openml

    task: Any = openml.tasks.get_task(int(name))
    kind = _KINDS.get(task.task_type_id.value)
    if kind is None:
        raise _not_supervised(f"{task.task_type} for {name}")
    return _stored(task.get_dataset(), task.target_name, kind, folder, task, last)


def _splits(task: Any, last: bool) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Training and test rows of each repeat and fold; none of a data set, or where there is no such file."""
    import openml
    import requests

    try:
        split = task.download_split()
    except (openml.exceptions.OpenMLServerException, requests.HTTPError):
        return []  # which the protocol that needs them will tell
    except (arff.ArffException, ValueError):
        if last:
            return []  # what cannot be read, however often it comes
        raise
    return [
        split.get(repeat=repeat, fold=fold, sample=max(samples))  # the whole, of a learning curve
        for repeat, folds in split.split.items()
        for fold, samples in folds.items()
    ]


def _not_supervised(got: str) -> StudyError:
    return StudyError(
        "an OpenML task must be supervised classification or regression", got=got, do="choose another task"
    )


def _data(name: str, folder: Path, last: bool) -> dict[str, Any]:
    import openml

    data = openml.datasets.get_dataset(int(name))
    target = data.default_target_attribute
    types = {feature.name: feature.data_type for feature in data.features.values()}
    if target not in types:
        raise StudyError(
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

    if "sparse" in str(data.format).lower():
        raise StudyError(
            "OpenML data must be dense",
            got=f"{data.format} for {data.name}, which the client {openml.__version__} cannot read",
            do="choose another task",
        )
    try:
        qualities = data.qualities or {}
    except openml.exceptions.OpenMLServerException:
        qualities = {}  # the server has not computed them
    rows, width = qualities.get("NumberOfInstances"), len(data.features)
    rows = None if rows is None or math.isnan(rows) else rows  # "null", as the client reads it
    dated = any(feature.data_type == "date" for feature in data.features.values())  # ARFF's reader knows none
    as_text = data.md5_checksum is not None and (rows or _LARGE) * width <= _LARGE and not dated
    os.environ["OPENML_SKIP_PARQUET"] = str(as_text).lower()  # only for ARFF there is a checksum
    try:
        X, y, categorical, names = data.get_data(
            target=target, include_row_id=True, include_ignore_attribute=True
        )
    except arff.ArffException as error:
        if data.md5_checksum is None:
            raise  # it may have been cut off
        raise StudyError(
            "OpenML data must be in a form that can be read",
            got=f"{type(error).__name__} in {data.name}" + " with a column of dates" * dated,
            do="choose another task",
        ) from error
    if (rows is not None and len(X) != rows) or X.shape[1] + 1 != width:
        raise Broken(f"{X.shape[0]} rows of {X.shape[1] + 1} columns where {rows} of {width} are announced")
    hidden = {*_names(data.row_id_attribute), *_names(data.ignore_attribute)} - {target}
    frame = _canonical(X, y, [name for name, flag in zip(names, categorical) if flag], kind, data.name)
    frame = frame.drop(columns=[name for name in frame.columns if name in hidden])
    splits = [] if task is None or len(X) > _MANY else _splits(task, last)
    frame = pd.concat([frame, _marks(splits, y.notna().to_numpy())], axis=1)
    frame.to_parquet(folder / "data.parquet", index=False, compression="zstd")
    return {
        "name": data.name,
        "data": data.dataset_id,
        "data_version": data.version,
        "licence": data.licence,
        "target": target,
        "kind": kind,
        "checked": f"md5 {data.md5_checksum}"
        if data.data_file is not None and data.md5_checksum
        else "shape",
        "client": openml.__version__,
    }


def _marks(splits: list[tuple[NDArray[Any], NDArray[Any]]], present: NDArray[Any]) -> pd.DataFrame:
    """A column a split, 1 in training rows and 2 in test rows, of the rows that have a target."""
    columns = {}
    for place, (train, test) in enumerate(splits):
        if max(train.max(initial=0), test.max(initial=0)) >= len(present):
            return pd.DataFrame(index=range(int(present.sum())))  # they are of other rows, so of no use
        marks = np.zeros(len(present), dtype=np.uint8)
        marks[train], marks[test] = TRAIN, TEST
        columns[f"{SPLIT}{place}"] = marks[present]
    return pd.DataFrame(columns, index=range(int(present.sum())))


def _names(attribute: Any) -> list[str]:
    """OpenML writes one name, several joined by commas, a list, or nothing."""
    return [part for name in np.atleast_1d(attribute or []) for part in (name, *name.split(","))]


def _canonical(X: pd.DataFrame, y: pd.Series, categories: list[str], kind: Kind, name: str) -> pd.DataFrame:
    """Bring ARFF and Parquet to the same values; rows without a target are left out."""
    columns = {}
    for label in X.columns:
        column = X[label]
        if label in categories or pd.api.types.is_bool_dtype(column):  # a bool was a category in ARFF
            column = column.astype("category")
            column = column.cat.rename_categories(list(map(str, column.cat.categories))).cat.as_unordered()
        columns[str(label)] = column
    present = y.notna().to_numpy()
    y = y[present]
    if isinstance(y.dtype, pd.CategoricalDtype):
        y = y.astype(y.cat.categories.dtype)  # labels are plain values
    if kind == "regression":
        y = y.astype(np.float64) if pd.api.types.is_numeric_dtype(y) else y.astype(str).astype(np.float64)
    elif pd.api.types.is_bool_dtype(y):
        y = y.astype(str)
    frame = pd.DataFrame(columns)[present].assign(**{str(y.name): y}).reset_index(drop=True)
    if frame[str(y.name)].nunique() < 2:
        raise InputError(
            "a task must have at least two different target values",
            got=f"{frame[str(y.name)].nunique()} in {name}",
            do="choose another task",
        )
    return frame


if __name__ == "__main__":
    main()
