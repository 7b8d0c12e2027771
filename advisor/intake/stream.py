"""What can be read only once, or in batches: refused with what to do, before anything is taken from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from advisor.architectures.base import Kind
from advisor.errors import InputError
from advisor.intake._common import from_package
from advisor.roles import Role

BATCHES = ("DataLoader", "IterableDataset", "IterableDatasetDict", "IterDataPipe")


def accepts(data: Any) -> bool:
    """Whether it is an iterator, a loader of batches or a streamed data set."""
    if isinstance(data, Iterator):
        return not from_package(data, "polars", "pyarrow")
    return _streamed(data)


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> NoReturn:
    """Refuse it.

    Raises
    ------
    InputError
        Always.
    """
    name = type(data).__name__
    do = "make a list or a frame of the first few thousand rows, such as itertools.islice gives"
    if name == "DataLoader":
        do = "pass its data set, loader.dataset"
    elif _streamed(data):
        do = "pass a data set that knows its length, or a list of the first few thousand items"
    raise InputError("the data must be held whole, so that rows can be drawn", got=f"a {name}", do=do)


def _streamed(data: Any) -> bool:
    names = {parent.__name__ for parent in type(data).__mro__}
    return from_package(data, "torch", "datasets", "torchdata") and bool(names & set(BATCHES))
