"""Measure the structure of a data set and advise: convolutional network, LSTM or boosted trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor._advise import advise
    from advisor.advice import Advice

__all__ = ["Advice", "AdvisorError", "__version__", "advise"]
__version__ = "0.1.0"
_PLACES = {"advise": "advisor._advise", "Advice": "advisor.advice"}


def __getattr__(name: str) -> Any:
    """Import on first use: commands that only plan and count cells need neither probes nor scikit-learn."""
    import importlib

    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
