"""What scikit-learn's loaders give: a Bunch of data and target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from advisor import intake
from advisor.architectures.base import Kind
from advisor.errors import InputError
from advisor.roles import Role
from advisor.table import Table


def accepts(data: Any) -> bool:
    """Whether it is a Bunch: a dictionary that gives its keys as attributes."""
    return isinstance(data, dict) and type(data).__name__ == "Bunch"


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> Table:
    """Read its data; its target too, unless another is given."""
    held = plain(data)
    return intake.read(held, data.get("target") if target is None else target, rng, roles, kind)


def plain(data: Any) -> Any:
    """The inputs: pictures as pictures where the loader says so.

    Raises
    ------
    InputError
        If it holds none.
    """
    for name in ("images", "data"):
        held = data.get(name)
        if held is not None and (name == "data" or np.ndim(held) in (3, 4)):
            return held
    raise InputError(
        "a Bunch must hold data", got=", ".join(map(str, data))[:100] or "nothing", do="pass the part to read"
    )
