"""A study file becomes a list of cells: tasks x candidates x trials x folds x seeds, in a fixed order."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import advisor
import datasets
from advisor import architectures
from advisor.errors import StudyError
from benchmarks import candidates
from benchmarks.advised import ADVISOR
from benchmarks.cell import Cell, canonical_json
from benchmarks.configurations import configurations
from benchmarks.protocol import Protocol
from benchmarks.scores import BASELINE, FAMILIES
from benchmarks.study_keys import PROTOCOL_KEYS, STUDY_KEYS, checked, unknown
from datasets import Survey, TaskInfo


@dataclass(frozen=True)
class Study:
    """A declared grid of cells.

    Parameters
    ----------
    name, title : str
        The name is used in the store, in file names and as MLflow experiment.
    tasks : tuple of str
        Task ids; a pattern such as ``"embedded:*"`` stands for every task that it matches, a suite such as
        ``"suite:cc18"`` or ``"openml:s/337"`` for its tasks.
    candidates : tuple of str
        Names of architectures, and Python files of the user's own, see :mod:`benchmarks.candidates`; in the
        order of tables.
    protocol : Protocol
        Splits, caps, folds and seeds.
    advisor : bool
        Whether the advisor's choice is judged like a candidate.
    n_trials : int
        Configurations of each candidate: the default one first, then random search.
    trials : mapping of str to int
        Configurations of single candidates, in place of ``n_trials``: fewer of those that cost much.
    search_seconds : float or None
        Fit time that a candidate may spend on a task; when it is spent, the search ends before ``n_trials``,
        see :mod:`benchmarks.budget`. None for no limit.
    cell_seconds : float
        Hard limit on the wall time of a cell.
    memory_mb : int or None
        Hard limit on the resident memory of a worker.
    next : str
        What to run after this study, told at its end.
    text : str
        The file as it was read.
    files : mapping of str to str
        Text of each Python file among the candidates, by its path.
    """

    name: str
    title: str
    tasks: tuple[str, ...]
    candidates: tuple[str, ...]
    protocol: Protocol
    advisor: bool = False
    n_trials: int = 1
    trials: Mapping[str, int] = field(default_factory=dict)
    search_seconds: float | None = None
    cell_seconds: float = 3_600.0
    memory_mb: int | None = None
    next: str = ""
    text: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def own(self) -> dict[str, str]:
        """Text of each candidate of the user's own, by its name."""
        return {candidates.name_of(path, text): text for path, text in self.files.items()}

    @classmethod
    def read(cls, path: str | Path) -> Study:
        """Read a study file.

        Raises
        ------
        StudyError
            If it is missing, no TOML, or a key or value is wrong; the message names file and key.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            shipped = sorted((Path(__file__).parent / "studies").glob("*.toml"))
            raise StudyError(
                "the study must be a readable TOML file",
                got=f"{path}: {getattr(error, 'strerror', None) or error}",
                do=f"give the path of one; benchmarks/studies has {', '.join(p.name for p in shipped)}",
            ) from error
        return cls.parse(text, where=str(path))

    def with_entry(self, key: str, entry: str) -> Study:
        """Add a candidate or a task to the study and to its text.

        Parameters
        ----------
        key : {"candidates", "tasks"}
            Which list.
        entry : str
            What is put before the others.

        Returns
        -------
        Study
            A new one; this stays as it is.

        Raises
        ------
        StudyError
            If the text has no line to which it can be added, or the entry cannot be part of a study.

        Examples
        --------
        >>> study = Study.parse('name = "s"\\ntasks = ["embedded:digits"]\\ncandidates = ["dummy"]')
        >>> study.with_entry("candidates", "linear").candidates
        ('linear', 'dummy')
        """
        begin = re.compile(rf"^({key}\s*=\s*\[)", re.MULTILINE)
        text, n = begin.subn(lambda found: f"{found[1]}{json.dumps(entry, ensure_ascii=False)}, ", self.text)
        if n != 1:
            raise StudyError(
                f"an entry can be added where a line begins with {key} = [",
                got=f"{n} such lines in the study {self.name!r}",
                do="write it into the study itself",
            )
        return Study.parse(text, where=f"the study {self.name!r} with {entry}", files=self.files)

    def with_limits(self, cell_seconds: float, memory_mb: int | None) -> Study:
        """Give each cell other limits, in the text too, since results are read by it.

        Parameters
        ----------
        cell_seconds : float
            Wall time of a cell, above 0.
        memory_mb : int or None
            Memory of a cell; None for no limit.

        Returns
        -------
        Study
            A new one, or this where nothing changes.

        Raises
        ------
        StudyError
            If the limits in the text are no lines of their own.

        Examples
        --------
        >>> study = Study.parse('name = "s"\\ntasks = ["embedded:digits"]\\ncandidates = ["dummy"]')
        >>> print(study.with_limits(60, None).text)
        cell_seconds = 60
        name = "s"
        tasks = ["embedded:digits"]
        candidates = ["dummy"]
        """
        if (cell_seconds, memory_mb) == (self.cell_seconds, self.memory_mb):
            return self
        text = re.sub(r"^[ \t]*(cell_seconds|memory_mb)[ \t]*=[^\n]*\n?", "", self.text, flags=re.MULTILINE)
        head = f"cell_seconds = {cell_seconds!r}\n" + f"memory_mb = {memory_mb!r}\n" * (memory_mb is not None)
        changed = Study.parse(head + text, where=f"the study {self.name!r}", files=self.files)
        if changed != replace(self, cell_seconds=cell_seconds, memory_mb=memory_mb, text=changed.text):
            raise StudyError(
                "limits can be changed where cell_seconds and memory_mb are lines of the study",
                got=f"other text in the study {self.name!r}",
                do="run the study's file, which declares it anew",
            )
        return changed

    @classmethod
    def parse(cls, text: str, *, where: str = "the study", files: Mapping[str, str] | None = None) -> Study:
        """Read the text of a study file.

        Parameters
        ----------
        text : str
            TOML.
        where : str
            Names it in errors.
        files : mapping of str to str, optional
            Text of Python files among the candidates by path, known already; the others are read.

        Returns
        -------
        Study
            Checked: every key, every candidate; tasks are looked up by :meth:`survey`.

        Raises
        ------
        StudyError
            If it is not TOML, a key is unknown, missing or of a wrong value, or a candidate is unknown.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise StudyError(
                "a study file must be TOML", got=f"{where}: {error}", do="correct it there"
            ) from error
        settings = checked(table, STUDY_KEYS, where=where, required=("name", "tasks", "candidates"))
        protocol = Protocol.of(
            checked(settings.pop("protocol", {}), PROTOCOL_KEYS, where=f"{where} [protocol]")
        )
        paths = [name for name in settings["candidates"] if name.endswith(".py")]
        known = {path: (files or {}).get(path) or candidates.read(path)[1] for path in paths}
        named = {path: candidates.name_of(path, text) for path, text in known.items()}
        for path, name in named.items():
            candidates.add(name, known[path])
        settings["candidates"] = tuple(named.get(name, name) for name in settings["candidates"])
        if "trials" in settings:
            settings["trials"] = {named.get(name, name): n for name, n in settings["trials"].items()}
        study = cls(**{"title": settings["name"], **settings}, protocol=protocol, text=text, files=known)
        for name in study.candidates:
            if name not in candidates.names():
                own = "; or the path of a Python file of your own"
                raise unknown(
                    "candidate", name, architectures.names(), where=f"{where}, key 'candidates'", also=own
                )
        for name in study.trials:
            if name not in study.candidates:
                raise unknown("candidate", name, study.candidates, where=f"{where}, table 'trials'")
        needed = (BASELINE, *(FAMILIES if study.advisor else ()))
        if missing := [name for name in needed if name not in study.candidates]:
            what = "a study with advisor = true" if study.advisor else "a study"
            raise StudyError(
                f"{what} must have the candidates {', '.join(needed)}",
                got=f"none called {', '.join(missing)} in {where}, key 'candidates'",
                do="add it" if len(missing) == 1 else "add them",
            )
        return study

    def survey(self) -> Survey:
        """Describe the tasks in the order of the file, patterns and suites expanded, each task once.

        Raises
        ------
        AdvisorError
            If a name is wrong, or no task at all can be had.
        """
        found = datasets.survey(self.tasks)
        if not found.infos:
            nothing = StudyError("a study must have tasks", got="empty suites", do="choose another suite")
            raise next(iter(found.failed.values()), nothing)
        return found


def plan(study: Study, infos: Iterable[TaskInfo] | None = None) -> list[Cell]:
    """List the cells of a study.

    Parameters
    ----------
    study : Study
        What is declared.
    infos : iterable of TaskInfo, optional
        What is known of its tasks, if that has been asked already; otherwise all of them must be there.

    Returns
    -------
    list of Cell
        The same list for the same study and data, on every machine. Pairs that cannot work are cells too:
        running them says why they are skipped.

    Raises
    ------
    StudyError
        If the protocol asks a task for more splits than it comes with.
    AdvisorError
        If ``infos`` is None and a task cannot be had.
    """
    if infos is None:
        found = study.survey()
        for error in found.failed.values():
            raise error
        infos = found.infos
    infos = list(infos)
    tasks = [info.id for info in infos]
    configs = {
        name: configurations(name, study.protocol, study.trials.get(name, study.n_trials), tasks)
        for name in study.candidates
    }
    return list(_cells(study, infos, configs))


def _cells(
    study: Study, infos: Iterable[TaskInfo], configs: Mapping[str, Mapping[str, list[str]]]
) -> Iterator[Cell]:
    text = study.protocol.text
    advice = canonical_json({"calibration": _calibration_hash()}) if study.advisor else ""
    for info in infos:
        assert info.data_hash is not None  # a survey fills it in
        searches = [
            (name, trial, config)
            for name, of_tasks in configs.items()
            for trial, config in enumerate(of_tasks[info.id])
        ]
        if study.advisor:
            searches.append((ADVISOR, 0, advice))
        for name, trial, config in searches:
            for fold in range(_folds(study.protocol, info)):
                for seed in study.protocol.seeds:
                    yield Cell(info.id, info.data_hash, name, config, fold, seed, text, trial)


def _folds(protocol: Protocol, info: TaskInfo) -> int:
    folds = protocol.folds_of(info.n, given=info.n_splits)
    if folds < 1 or (protocol.split == "openml" and folds > info.n_splits):
        raise StudyError(
            f"the protocol {protocol.name!r} needs tasks that come with at least {max(folds, 1)} splits",
            got=f"{info.n_splits} of {info.id}",
            do="ask for fewer folds, leave the task out, or choose another protocol",
        )
    return folds


def _calibration_hash() -> str:
    """The advice depends on the calibration: a new one makes new cells."""
    path = Path(advisor.__file__).parent / "data" / "calibration.json"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


assert set(STUDY_KEYS) == {f.name for f in fields(Study)} - {"text", "files"}
assert set(PROTOCOL_KEYS) == {f.name for f in fields(Protocol)} - {"version"} | {"size"}
