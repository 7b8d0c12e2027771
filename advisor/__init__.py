"""Measure the structure of a data set and advise: convolutional network, LSTM or boosted trees."""

from __future__ import annotations

from advisor._advise import advise
from advisor.advice import Advice
from advisor.errors import AdvisorError

__all__ = ["Advice", "AdvisorError", "__version__", "advise"]
__version__ = "0.1.0"
