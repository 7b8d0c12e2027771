"""Labelled data sets on which the advice is scored: embedded tasks, a corpus, shuffled controls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import datasets
from advisor.architectures.base import Structure

CORPUS = Path("../shared/corpus")


@dataclass(frozen=True)
class Case:
    """One labelled set.

    Parameters
    ----------
    id, origin : str
        Name, and the collection it came from.
    structure : {"image", "sequence", "tabular"}
        The truth.
    layout : tuple of int or None
        The truth, where it is one of a tensor and known.
    form : str
        How it is held, in the words of its source.
    load : callable
        Gives the data and the target.
    first : bool
        Whether flat columns hold one channel after another.
    labelled : bool
        Whether there is something to predict.
    """

    id: str
    origin: str
    structure: Structure
    layout: tuple[int, ...] | None
    form: str
    load: Callable[[], tuple[Any, Any]]
    first: bool = False
    labelled: bool = True


# One collection under several names, in the corpus, in packages and in the checkout: left out together.
SAME = {
    "Belanche credit": "Belanche, credit scoring",
    "Lending Club 2018": "Lending Club",
    "UCI Splice": "UCI Molecular Biology (Splice-junction)",
    "UEA JapaneseVowels": "UCI Japanese Vowels",
    "abalone": "UCI Abalone",
    "ames": "Ames Assessor's Office",
    "beijing pm": "UCI Beijing PM2.5",
    "concrete": "UCI Concrete Compressive Strength",
    "diamonds": "diamondse.info",
    "digits": "digits",
    "MNIST": "digits",
    "UCI Optical Recognition of Handwritten Digits": "digits",
    "dna splice": "UCI Molecular Biology (Splice-junction)",
    "elecdemand": "Victoria electricity",
    "emoji": "Noto Color Emoji",
    "heart cleveland": "Cleveland heart",
    "hmda": "Boston HMDA",
    "hotel_rates": "Antonio et al., hotel booking demand",
    "hpc_jobs": "Kuhn and Johnson, HPC job scheduling",
    "japanese vowels": "UCI Japanese Vowels",
    "lending club": "Lending Club",
    "letter": "UCI Letter Recognition",
    "penguins": "Palmer penguins",
    "portal_rodents": "Portal Project",
    "segment": "UCI Image Segmentation",
    "spambase": "UCI Spambase",
    "textures": "scikit-image textures",
    "traffic": "UCI Metro Interstate Traffic Volume",
    "watch imu": "seglearn smartwatch exercises",
}


def embedded_cases() -> Iterator[Case]:
    """The sets of the checkout."""
    return (of_task(name) for name in datasets.names() if datasets.describe(name).structure is not None)


def of_task(name: str) -> Case:
    """Make a set of any task of the harness, as flat columns without meaningful names.

    What declares no structure is taken for a table.
    """
    info = datasets.describe(name)
    structure = info.structure or "tabular"

    def load() -> tuple[Any, Any]:
        task = datasets.load(name)
        return _nameless(task.X, task.y)

    return Case(name, info.origin, structure, info.layout if structure != "tabular" else None, "flat", load)


def shuffled_cases(cases: list[Case]) -> Iterator[Case]:
    """Tables with their columns in random order: still tables."""
    for place, case in enumerate(c for c in cases if c.structure == "tabular"):

        def load(case: Case = case, place: int = place) -> tuple[Any, Any]:
            data, target = case.load()
            order = np.random.default_rng(place).permutation(data.columns.to_numpy())
            return data[list(order)], target

        yield Case(f"{case.id} (columns shuffled)", case.origin, "tabular", None, "shuffled", load)


def corpus_cases(folder: Path) -> tuple[list[Case], list[str]]:
    """Sure sets of a corpus with a ``manifest.csv``; the second list names those left out, and why."""
    cases: list[Case] = []
    left_out: list[str] = []
    for row in pd.read_csv(folder / "manifest.csv", keep_default_na=False).to_dict("records"):
        if row["confidence"] != "sure":
            left_out.append(f"{row['id']}: its label is debatable")
        else:
            fixed = row["form"] not in ("panel", "long_series", "text") and "scrambled" not in row["detail"]
            layout = layout_of(row["detail"]) if fixed else None
            cases.append(
                Case(
                    f"corpus:{row['id']}",
                    SAME.get(row["family"], row["family"]),
                    row["structure"],
                    layout if row["structure"] != "tabular" else None,
                    row["form"],
                    partial(_load, folder, row),
                    "channel-first" in row["detail"] or "channel-major" in row["detail"],
                    bool(row["target"]) or row["form"] in ("image_folder", "npz"),
                )
            )
    return cases, left_out


def layout_of(detail: str) -> tuple[int, ...] | None:
    """Read a layout from the words of a manifest.

    Examples
    --------
    >>> layout_of("24x32x1"), layout_of("T<=29 C=12 channel-major"), layout_of("n x 7 channels x 48 steps")
    ((24, 32, 1), (29, 12), (48, 7))
    >>> layout_of("n x 3 x 32 x 32 uint8"), layout_of("n x 28 x 28 uint8"), layout_of("plain table")
    ((32, 32, 3), (28, 28, 1), None)
    """
    if match := re.search(r"(\d+)x(\d+)x(\d+)", detail):
        return tuple(map(int, match.groups()))
    if match := re.search(r"T(?:=|<=)(?:\d+\.\.)?(\d+) C=(\d+)", detail):
        return int(match[1]), int(match[2])
    if match := re.search(r"n x (\d+) channels x (\d+) steps", detail):
        return int(match[2]), int(match[1])
    if match := re.search(r"n x (\d+) steps x (\d+) channels", detail):
        return int(match[1]), int(match[2])
    if match := re.search(r"n x (\d+) x (\d+)(?: x (\d+))?", detail):
        sizes = [int(size) for size in match.groups() if size]
        if len(sizes) == 2:
            return sizes[0], sizes[1], 1
        return tuple(sizes) if sizes[2] <= 4 else (sizes[1], sizes[2], sizes[0])
    return None


def _load(folder: Path, row: Mapping[Any, Any]) -> tuple[Any, Any]:
    path = folder / row["file"]
    if row["form"] == "npz":
        with np.load(path) as held:
            return held["X"], held["y"]
    if row["form"] == "npy":
        return np.load(path), np.load(folder / "data" / row["target"])
    if row["form"] == "image_folder":
        return path, None
    if row["form"] == "csv_paths":
        return path, row["target"]
    frame = pd.read_parquet(path)
    return (
        _nameless(frame.drop(columns=[row["target"]]), frame[row["target"]])
        if row["target"]
        else (frame, None)
    )


def _nameless(X: pd.DataFrame, y: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Replace the names by x0, x1, ...: structure must show in the values."""
    return X.set_axis([f"x{j}" for j in range(X.shape[1])], axis=1), y
