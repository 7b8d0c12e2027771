"""The values of an OpenML data set: downloaded, compared with what is announced, brought to one form."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import arff  # type: ignore[import-untyped]
import numpy as np
import pandas as pd

from advisor.architectures.base import Kind
from advisor.errors import AdvisorError, InputError, TaskError
from datasets.openml.given import Broken
from datasets.task import is_nested

_LARGE = 5_000_000  # values above which ARFF takes too long: it is text, at about a microsecond a value


def download(data: Any) -> tuple[pd.DataFrame, list[str], str]:
    """Download all columns of a data set.

    ARFF is read where it can be checked and is not too long; Parquet otherwise, and where ARFF is not there,
    not the announced file, or cannot be read.

    Parameters
    ----------
    data : OpenMLDataset
        Its description.

    Returns
    -------
    table : DataFrame
        Row numbers, ignored columns and the target among them.
    categories : list of str
        Columns of labels.
    checked : str
        What the values were compared with.

    Raises
    ------
    TaskError
        If the client cannot read them.
    Broken
        If they are not as many as announced.
    """
    import openml

    if "sparse" in str(data.format).lower():
        raise TaskError(
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
    try:
        table, categories = _read(data, as_text=as_text)
    except arff.ArffException as error:
        if data.md5_checksum is None:
            raise  # it may have been cut off
        raise TaskError(
            "OpenML data must be in a form that can be read",
            got=f"{type(error).__name__} in {data.name}" + " with a column of dates" * dated,
            do="choose another task",
        ) from error
    if (rows is not None and len(table) != rows) or table.shape[1] != width:
        raise Broken(f"{len(table)} rows of {table.shape[1]} columns where {rows} of {width} are announced")
    compared = data.data_file is not None and data.md5_checksum
    return table, categories, f"md5 {data.md5_checksum}" if compared else "shape"


def _read(data: Any, *, as_text: bool) -> tuple[pd.DataFrame, list[str]]:
    os.environ["OPENML_SKIP_PARQUET"] = str(as_text).lower()  # only for ARFF there is a checksum
    data.data_file = data.parquet_file = None
    try:
        table, _, categorical, names = data.get_data(include_row_id=True, include_ignore_attribute=True)
    except Exception as error:
        if as_text and data._parquet_url is not None and _lasting(error):
            return _read(data, as_text=False)
        raise
    return table, [name for name, flag in zip(names, categorical) if flag]


def _lasting(error: Exception) -> bool:
    """Whether the ARFF file would be no better tomorrow: which of the two is read must not change by day."""
    import openml
    import requests

    if isinstance(error, requests.HTTPError):
        return "status 404" in str(error)
    said = (openml.exceptions.OpenMLHashException, openml.exceptions.OpenMLServerException)
    return isinstance(error, (arff.ArffException, UnicodeDecodeError, *said))


def canonical(
    table: pd.DataFrame, categories: list[str], target: str, kind: Kind, *, hidden: set[str], name: str
) -> pd.DataFrame:
    """Bring ARFF and Parquet to the same values; rows without a target are left out.

    Parameters
    ----------
    table : DataFrame
        As it was downloaded.
    categories : list of str
        Columns of labels.
    target : str
        What is predicted.
    kind : {"classification", "regression"}
        How.
    hidden : set of str
        Columns to leave out.
    name : str
        Of the data set, for errors.

    Returns
    -------
    DataFrame
        Inputs and, last, the target.

    Raises
    ------
    InputError
        If they cannot be learned from; another download would not help.
    """
    with _usable(name):
        if target not in table:
            raise InputError(
                "the target must be one column of the data",
                got=f"{target!r}, and {name} has no such column",
                do="choose another task",
            )
        present = table[target].notna().to_numpy()
        y = _target(table[target][present], kind)
        columns = {
            str(label): _values(table[label], label in categories)[present]
            for label in table.columns
            if label != target and label not in hidden
        }
        _check(columns, y, name)
        columns[target] = y
        return pd.DataFrame(columns).reset_index(drop=True)


@contextmanager
def _usable(name: str) -> Iterator[None]:
    """Say of what fails after the download that it is the data: the network is not to blame."""
    try:
        yield
    except AdvisorError:
        raise
    except Exception as error:  # whatever pandas and numpy raise
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"the values of {name} must be usable",
            got=f"{type(error).__name__}: {reason}",
            do="choose another task; the download itself went well",
        ) from error


def _values(column: pd.Series, is_category: bool) -> pd.Series:
    if is_category or pd.api.types.is_bool_dtype(column):  # a bool was a category in ARFF
        column = column.astype("category")
        column = column.cat.rename_categories(list(map(str, column.cat.categories))).cat.as_unordered()
    return column


def _target(y: pd.Series, kind: Kind) -> pd.Series:
    if isinstance(y.dtype, pd.CategoricalDtype):
        y = y.astype(y.cat.categories.dtype)  # labels are plain values
    if kind == "regression":
        return y.astype(np.float64) if pd.api.types.is_numeric_dtype(y) else y.astype(str).astype(np.float64)
    return y.astype(str) if pd.api.types.is_bool_dtype(y) else y


def _check(inputs: dict[str, pd.Series], y: pd.Series, name: str) -> None:
    """Refuse what no candidate could learn from."""
    if y.nunique() < 2:
        raise InputError(
            "a task must have at least two different target values",
            got=f"{y.nunique()} in {name}",
            do="choose another task",
        )
    if not any(column.notna().any() for column in inputs.values()):
        raise InputError(
            "a task must have inputs",
            got=f"no column with values in {name} beside the target, row numbers and what is to be ignored",
            do="choose another task",
        )
    nested = [label for label, column in inputs.items() if is_nested(column)]
    if nested:
        raise InputError(
            "a cell must hold one value",
            got=f"lists or structs in {', '.join(map(repr, nested[:5]))} of {name}",
            do="choose another task",
        )
    wrong = [label for label, column in {**inputs, str(y.name): y}.items() if _is_infinite(column)]
    if wrong:
        raise InputError(
            "numbers must be finite",
            got=f"infinities in {', '.join(map(repr, wrong[:5]))} of {name}",
            do="choose another task, or replace them in a file of your own (file:PATH)",
        )


def _is_infinite(column: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(column):
        return False
    return bool(np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan)).any())
