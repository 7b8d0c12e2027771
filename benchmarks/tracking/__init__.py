"""Results in MLflow: studies, their models and saved searches.

Nothing is read back from there: a study is shown by :func:`log`, whose pieces stand in the modules beside.
"""

from benchmarks.tracking.connection import connect
from benchmarks.tracking.experiments import LINK, address, default_uri, experiment_of, log, search

__all__ = ["LINK", "address", "connect", "default_uri", "experiment_of", "log", "search"]
