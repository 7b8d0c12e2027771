"""Saved searches: what a reader of the dashboard looks for, as MLflow's own search strings and saved views.

A saved view is a tag of the experiment, in the form in which MLflow's page writes and reads it (3.17; its
own demo, ``mlflow/demo/generators/saved_views.py``, writes such tags too). Where a version does not know them
they are tags that nobody reads, and the search strings can still be typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

MOST = 40
TAG = "mlflow.sharedViewState."
_TASK = "tags.role = 'task'"


@dataclass(frozen=True)
class Search:
    """One saved search.

    Parameters
    ----------
    name : str
        As the list of saved views shows it.
    query : str
        What MLflow's ``search_runs`` takes.
    columns : tuple of str
        What to show of each run: ``tags.task``, ``metrics.task/test``.
    order : str
        The column to sort by; the newest run first if empty, which is the order of the verdict.
    descending : bool
        Whether the largest value comes first.
    """

    name: str
    query: str
    columns: tuple[str, ...]
    order: str = ""
    descending: bool = True

    @property
    def key(self) -> str:
        """Name in an address.

        Examples
        --------
        >>> Search("All failures", "", ()).key
        'all-failures'
        """
        return "-".join("".join(c if c.isalnum() else " " for c in self.name.lower()).split())

    def state(self) -> str:
        """The saved view: JSON within JSON, as MLflow's page keeps it."""
        kind, _, rest = self.order.partition(".")
        state = {
            "searchFilter": self.query,
            "orderByKey": f"{kind}.`{rest}`" if self.order else "attributes.start_time",
            "orderByAsc": not self.descending,
            "selectedColumns": [
                f"{kind}.`{rest}`" for kind, _, rest in (c.partition(".") for c in self.columns)
            ],
            "runsHiddenMode": "FIRST_20_RUNS",
        }
        # no real time: a view that did not change is the same tag
        return json.dumps({"name": self.name, "createdAt": 0, "updatedAt": 0, "state": json.dumps(state)})


_SHOWN = ("tags.task", "tags.candidate", "tags.structure")
_SCORES = ("metrics.task/test", "metrics.task/normalised_score", "metrics.task/rank")
_LEAD = ("metrics.task/network_lead", "tags.winner")
_ADVICE = ("params.advised_recommendation", "metrics.task/confidence", "metrics.task/normalised_regret")

SEARCHES = (
    Search(
        "Candidates",
        "tags.role = 'candidate'",
        (
            *("metrics.score/overall", "metrics.rank/overall", "metrics.wins/overall"),
            *("metrics.status/failed", "metrics.seconds/fit", "tags.status"),
        ),
    ),
    Search(
        "Tasks where trees lost",
        f"{_TASK} and tags.trees = 'lost' and tags.best = 'yes'",
        (*_SHOWN, *_SCORES, *_LEAD),
        "metrics.task/network_lead",
    ),
    Search(
        "Tasks where trees won",
        f"{_TASK} and tags.trees = 'won' and tags.best = 'yes'",
        (*_SHOWN, *_SCORES, *_LEAD),
        "metrics.task/network_lead",
        descending=False,
    ),
    Search(
        "Tasks where the best network beat trees by more than 0.05",
        f"{_TASK} and metrics.`task/network_lead` > 0.05 and tags.best = 'yes'",
        (*_SHOWN, *_SCORES, *_LEAD),
        "metrics.task/network_lead",
    ),
    Search(
        "All failures",
        f"{_TASK} and metrics.`status/failed` > 0",
        (*_SHOWN, "tags.status", "metrics.status/failed", "tags.reason"),
    ),
    Search(
        "Where the advisor was wrong",
        f"{_TASK} and tags.candidate = 'advisor' and tags.advice = 'wrong'",
        ("tags.task", "tags.structure", "tags.structure_seen", *_ADVICE, *_LEAD),
        "metrics.task/normalised_regret",
    ),
    Search(
        "Where the advisor misread the structure",
        f"{_TASK} and tags.candidate = 'advisor' and tags.structure_seen = 'wrong'",
        ("tags.task", "tags.structure", "params.advised_structure", *_ADVICE),
        "metrics.task/confidence",
    ),
)


def every(candidates: Iterable[str], structures: Iterable[str]) -> list[Search]:
    """The saved searches of a study: the fixed ones, and each candidate on the tasks of each structure.

    Parameters
    ----------
    candidates, structures : iterable of str
        Those of the study.

    Returns
    -------
    list of Search
        At most :data:`MOST`, which is all that MLflow's page allows.

    Examples
    --------
    >>> every(["cnn"], ["image"])[-1].query
    "tags.role = 'task' and tags.candidate = 'cnn' and tags.structure = 'image'"
    """
    shown = ("tags.task", "tags.status", *_SCORES, "metrics.task/gap_to_best", *_LEAD)
    of = [
        Search(
            f"{candidate} on {structure} tasks",
            f"{of_candidate(candidate)} and tags.structure = '{structure}'",
            shown,
            "metrics.task/gap_to_best",
        )
        for structure in structures
        for candidate in candidates
    ]
    return [*SEARCHES, *of][:MOST]


def of_candidate(name: str) -> str:
    """The search for all task runs of a candidate.

    Examples
    --------
    >>> print(of_candidate("it's@1f2e3d4c"))
    tags.role = 'task' and tags.candidate = "it's@1f2e3d4c"
    """
    mark = '"' if "'" in name else "'"
    return f"{_TASK} and tags.candidate = {mark}{name}{mark}"


def link(experiment: str, query: str) -> str:
    """The address of a search behind that of the server.

    Examples
    --------
    >>> link("1", "tags.role = 'task'")
    '#/experiments/1/runs?searchFilter=tags.role%20%3D%20%27task%27'
    """
    return f"#/experiments/{experiment}/runs?searchFilter={quote(query, safe='')}"


def view_link(experiment: str, search: Search) -> str:
    """The address of a saved view behind that of the server."""
    return f"#/experiments/{experiment}/runs?viewStateShareKey={search.key}"
