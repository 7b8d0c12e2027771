"""Ask for many tasks: those that cannot be had are told with the reason, the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from advisor.errors import AdvisorError, CorruptDataError, InputError, StudyError, TaskError
from datasets import sources, suites
from datasets.sources import openml
from datasets.task import TaskInfo

Progress = Callable[[str, int, int], None]


@dataclass
class Survey:
    """What is known of the tasks that were asked for.

    Parameters
    ----------
    infos : list of TaskInfo
        In the order asked for, each task once.
    failed : dict of str to AdvisorError
        Why the others cannot be had, by task or suite.
    """

    infos: list[TaskInfo] = field(default_factory=list)
    failed: dict[str, AdvisorError] = field(default_factory=dict)


def survey(
    entries: Iterable[str],
    *,
    refresh: bool = False,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Describe tasks; afterwards those that come from a server are cached and can be loaded offline.

    Parameters
    ----------
    entries : iterable of str
        Task ids, patterns and suites, as :func:`datasets.expand` takes them.
    refresh : bool
        Whether what is cached is fetched again; changed data have another hash.
    seconds : float, optional
        Hard limit on the time that a server is given for one task.
    progress : callable, optional
        Called with a task, the number of those before it and the number of all.

    Returns
    -------
    Survey
        What was found, and what could not be had.

    Raises
    ------
    StudyError
        If a name among the entries is wrong.
    MissingDependency
        If a package is needed that is not installed.

    Examples
    --------
    >>> found = survey(["embedded:digits", "file:nowhere.csv?target=y"])
    >>> [info.id for info in found.infos], list(found.failed)
    (['embedded:digits'], ['file:nowhere.csv?target=y'])
    """
    entries, result = list(entries), Survey()
    with openml.session(refresh=refresh, seconds=seconds):
        ids: dict[str, None] = {}
        for entry in entries:
            try:
                ids |= dict.fromkeys(suites.expand(entry))
            except (InputError, CorruptDataError, TaskError) as error:
                result.failed[entry] = error
        infos: dict[str, TaskInfo] = {}
        for done, task_id in enumerate(ids):
            if progress is not None:
                progress(task_id, done, len(ids))
            try:
                info = sources.describe(task_id)
                if info.data_hash is None:
                    info = replace(info, data_hash=sources.load(task_id).data_hash)
            except (InputError, CorruptDataError, TaskError) as error:
                result.failed[task_id] = error
            except StudyError as error:
                if task_id in entries:
                    raise  # a mistake of whoever wrote it; one of a suite is none
                result.failed[task_id] = error
            else:
                infos.setdefault(info.id, info)
    result.infos = list(infos.values())
    return result
