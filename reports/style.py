"""How candidates and structures are named, coloured and marked, the same in every figure and table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Look(NamedTuple):
    """How one candidate is drawn: never by colour alone."""

    title: str
    light: str  # on a white page, contrast at least 4.5:1: names of lines are written in it
    dark: str  # on a dark page, the same
    marker: str  # matplotlib's


# hues after Okabe & Ito (2008), which stay apart under the common colour-vision deficiencies
KNOWN = {
    "gbt": Look("Boosted trees", "#c04f00", "#ff9a52", "s"),
    "cnn": Look("CNN", "#0067a5", "#5ab8f5", "o"),
    "lstm": Look("LSTM", "#007e5b", "#35c99a", "D"),
    "mlp": Look("MLP", "#a8457f", "#e08fbd", "^"),
    "linear": Look("Linear", "#6a6f78", "#a3a9b4", "v"),
    "dummy": Look("Dummy", "#71757c", "#8a909b", "x"),
    "advisor": Look("Advisor’s choice", "#1b1f25", "#f1f3f5", "*"),
}
# titles of other architectures in results that came without any, see recorded(): as they declare them
TITLES = {
    "alexnet": "AlexNet",
    "catboost": "CatBoost",
    "fcn": "FCN",
    "ft_transformer": "FT-Transformer",
    "gradient_boosting": "Gradient boosting",
    "gru": "GRU",
    "hist_gradient_boosting": "Histogram boosting",
    "last_value": "Last value",
    "lenet": "LeNet",
    "lightgbm": "LightGBM",
    "minirocket": "MiniRocket",
    "nearest_neighbours": "Nearest neighbours",
    "random_forest": "Random forest",
    "resnet": "ResNet",
    "resnet1d": "ResNet-1D",
    "rnn": "RNN",
    "saint": "SAINT",
    "tabm": "TabM",
    "transformer": "Transformer",
}
SPARE = [
    ("#7a5195", "#bb94d6", "P"),
    ("#8a6d00", "#d9bb4a", "X"),
    ("#3f6f8f", "#8fbcd9", "<"),
    ("#9a3b3b", "#e58f8f", ">"),
    ("#4f7a28", "#9acb6c", "p"),
    ("#5c5c8a", "#a9a9dd", "h"),
]
STATUS = {
    "ok": "ok",
    "skipped": "skipped",
    "timeout": "time limit",
    "out_of_memory": "out of memory",
    "diverged": "diverged",
    "error": "error",
    "pending": "pending",
}
# how a cell fails: colour on a white and on a dark page
FAULTS = {
    "skipped": ("#8d939c", "#7d8590"),
    "timeout": ("#a56a00", "#f0b24d"),
    "out_of_memory": ("#8e3a9d", "#d493e0"),
    "diverged": ("#2d6a8a", "#79bfe0"),
    "error": ("#b3261e", "#ff8a80"),
}
STRUCTURES = {
    "image": "Images",
    "sequence": "Sequences",
    "tabular": "Tables",
    "image destroyed": "Images destroyed",
    "sequence destroyed": "Sequences destroyed",
    "tabular destroyed": "Tables rotated",
}
LONGEST = 40  # characters of a foreign name that a figure has room for
_RECORDED: ContextVar[Mapping[str, str]] = ContextVar("titles that came with the results")
_DATA_SETS: ContextVar[Mapping[str, str]] = ContextVar("names of the data sets of tasks that are numbers")


@contextmanager
def recorded(
    labels: Mapping[str, tuple[str, str]], origins: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Show candidates and tasks under the titles that came with their results.

    Parameters
    ----------
    labels : mapping of str to (str, str)
        Title and kind of model by candidate, as :meth:`benchmarks.store.Store.study` gives them. A title that
        several candidates have tells nobody apart: they keep their names.
    origins : mapping of str to str, optional
        Name of the data set by task, shown for tasks of OpenML, whose ids are numbers.

    Examples
    --------
    >>> with recorded({"my_svm@5c3bc665": ("Support vectors", "other")}, {"openml:361072": "cpu_act"}):
    ...     title("my_svm@5c3bc665"), task_title("openml:361072")
    ('Support vectors', 'cpu_act (361072)')
    """
    counts = Counter(shown for shown, _ in labels.values())
    titles = _RECORDED.set({name: shown for name, (shown, _) in labels.items() if counts[shown] == 1})
    # also of a task that is made from it
    numbers = {task.rpartition("openml:")[2]: origin for task, origin in (origins or {}).items()}
    names = _DATA_SETS.set(numbers)
    try:
        yield
    finally:
        _RECORDED.reset(titles)
        _DATA_SETS.reset(names)


def look(name: str, among: list[str]) -> Look:
    """The look of a candidate among those of the study.

    Parameters
    ----------
    name : str
        Candidate.
    among : list of str
        All candidates shown together; the spare looks go round among the unknown ones in this order.

    Returns
    -------
    Look
        Title, colours and marker.

    Examples
    --------
    >>> look("cnn", ["cnn", "mine"]).title, look("mine", ["cnn", "mine"]).marker
    ('CNN', 'P')
    """
    if name in KNOWN:
        return KNOWN[name]
    unknown = [c for c in among if c not in KNOWN]
    return Look(title(name), *SPARE[unknown.index(name) % len(SPARE)])


def title(name: str) -> str:
    """A candidate's name as read by people.

    Parameters
    ----------
    name : str
        Candidate.

    Returns
    -------
    str
        Its title, see :func:`recorded`, or its own name if it has none.

    Examples
    --------
    >>> title("gbt"), title("ft_transformer"), title("my_net")
    ('Boosted trees', 'FT-Transformer', 'my_net')
    """
    if name in KNOWN:
        return KNOWN[name].title
    return shorten(_RECORDED.get({}).get(name) or TITLES.get(name) or name)


def structure_title(structure: str | None) -> str:
    """A structure's name as a heading.

    Parameters
    ----------
    structure : str or None
        "image", "sequence", "tabular", each also with " destroyed", or None if nobody declared it.

    Returns
    -------
    str
        "Images", "Sequences", "Tables" or "Undeclared tasks".

    Examples
    --------
    >>> structure_title("tabular")
    'Tables'
    """
    return STRUCTURES.get(structure or "", "Undeclared tasks")


def task_title(task: str) -> str:
    """A task's name without its source; what was done to it comes after.

    Parameters
    ----------
    task : str
        Task id.

    Returns
    -------
    str
        What comes after the last colon for an embedded task; the name of the data set with the number for one
        of OpenML, where :func:`recorded` knows it; the id otherwise.

    Examples
    --------
    >>> task_title("embedded:digits"), task_title("openml:361055")
    ('digits', 'openml:361055')
    >>> task_title("rows:300:destroyed:embedded:digits")
    'digits, destroyed, 300 rows'
    """
    if inner := re.match(r"rows:(\d+):(.+)", task):
        return f"{task_title(inner[2])}, {int(inner[1]):,} rows"
    if inner := re.match(r"destroyed:(.+)", task):
        return f"{task_title(inner[1])}, destroyed"
    source, _, number = task.partition(":")
    if source == "openml" and (name := _DATA_SETS.get({}).get(number)):
        return f"{name} ({number})"
    return task.removeprefix("embedded:")


def shorten(text: str, *, to: int = LONGEST) -> str:
    """Cut a text in the middle.

    Parameters
    ----------
    text : str
        Any text.
    to : int, default=40
        Longest result in characters.

    Returns
    -------
    str
        The text itself if it is short enough.

    Examples
    --------
    >>> shorten("file:/home/me/data/measurements.csv?target=y", to=21)
    'file:/home…v?target=y'
    """
    if len(text) <= to:
        return text
    tail = (to - 1) // 2
    return f"{text[: to - 1 - tail]}…{text[len(text) - tail :]}"
