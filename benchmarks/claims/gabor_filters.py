"""What the filters of the first layer become: Gabor functions and blobs of colour, or neither."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.cell import Cell
from benchmarks.claims._data import Floats, load
from benchmarks.claims._images import permute_pixels, pictures
from benchmarks.claims.base import (
    Chart,
    Claim,
    Judgement,
    Size,
    effect,
    grid,
    level,
    not_shown,
    rules,
)
from benchmarks.run import Facts, timed

CLAIM = Claim(
    number=10,
    name="gabor_filters",
    sentence="The first layer of a network trained on colour pictures learns Gabor-like edges and blobs of "
    "colour, colour apart from shape.",
    source="Krizhevsky, Sutskever & Hinton (2012), section 6.1 and figure 3; LeCun, Bengio & Hinton (2015), "
    "p. 436",
    design="A small AlexNet in two groups with filters of 9 x 9 x 3, first weights of standard deviation "
    "0.01, stochastic gradient descent with momentum, flipped and moved pictures. Gabor functions are fitted "
    "to the map in space of each filter, before training, after it, and after training on the same pictures "
    "with permuted pixels. Colour share: what is left of a filter without the mean of its channels.",
    data="embedded emoji of 32 x 32 x 3; where the environment variable ARCH_ADVISOR_CORPUS names a folder "
    "with data/photo_nchw.npz, its patches of photographs too",
    refuted_by="trained filters of which Gabor functions explain no more than of untrained ones, or of those "
    "trained on permuted pixels; it is a limit if it is not shown that half of the trained filters are "
    "Gabor functions, a tenth as edges and a tenth as blobs, and that colour goes with low frequencies",
    matters=0.05,
)
_IN_PLACE, _PERMUTED = "in place", "permuted"
_PHOTOS = "synthetic:photographs"
_GABOR = 0.7  # share of a filter's map from which on it counts as a Gabor function
_LEAST = {"are": 0.5, "edges": 0.1, "blobs": 0.1}  # shares of the trained filters
_SHOWN = 16


def cells(size: Size) -> list[Cell]:
    """Both orders of the pixels, some seeds, each set of colour pictures that there is."""
    folds, most, epochs, filters = {
        "tiny": (1, 60, 1, 8),
        "quick": (3, 960, 14, 24),
        "full": (8, 960, 150, 48),
    }[size]
    made = []
    for task, told in (("embedded:emoji", ""), (_PHOTOS, _hash_of_photos())):
        if task == _PHOTOS and (not told or size == "tiny"):
            continue
        made += grid(
            CLAIM,
            tasks=[task],
            candidates=("alexnet",),
            levels={"pixels": [_IN_PLACE, _PERMUTED]},
            folds=folds,
            max_train=most,
            epochs=epochs,
            filters=filters,
            data=told,
        )
    return made


def _photos() -> Path | None:
    folder = os.environ.get("ARCH_ADVISOR_CORPUS")
    path = Path(folder, "data", "photo_nchw.npz") if folder else None
    return path if path and path.is_file() else None


def _hash_of_photos() -> str:
    path = _photos()
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest() if path else ""


def _rows(cell: Cell) -> tuple[Floats, Any, Floats, Any]:
    """Training pictures and labels, test pictures and labels."""
    if cell.task != _PHOTOS:
        data = load(cell)
        train, test = pictures(data.train, data.layout), pictures(data.test, data.layout)
        return train, data.y_train.to_numpy(), test, data.y_test.to_numpy()
    path = _photos()
    if path is None or _hash_of_photos() != rules(cell)["data"]:
        raise FileNotFoundError("ARCH_ADVISOR_CORPUS must name the folder that the study was planned with")
    with np.load(path) as held:
        values, labels = held["X"].transpose(0, 2, 3, 1).astype(float), held["y"]
    order = np.random.default_rng(cell.fold).permutation(len(values))
    seen, held = order[: len(order) * 4 // 5], order[len(order) * 4 // 5 :]
    return values[seen], labels[seen], values[held], labels[held]


def measure(cell: Cell, facts: Facts) -> None:
    """Train, then describe the filters before and after."""
    from benchmarks.claims._filters import train_filters

    asked = rules(cell)
    values, labels, unseen, truth = _rows(cell)
    order: NDArray[np.intp] | None = None
    if level(cell)["pixels"] == _PERMUTED:
        order = np.random.default_rng([cell.fold, 1]).permutation(values.shape[1] * values.shape[2])
        unseen = permute_pixels(unseen, order)
    with timed(facts, "fit_seconds"):
        before, after, predict = train_filters(
            values, labels, filters=asked["filters"], epochs=asked["epochs"], order=order, seed=cell.fold
        )
    with timed(facts, "predict_seconds"):
        facts.test = float(np.mean(predict(unseen) == truth))
        facts.extra["before"], facts.extra["after"] = describe(before), describe(after)


def describe(filters: Floats) -> dict[str, Any]:
    """Numbers of filters, shape (n, k, k, 3), those that died left out, and pictures of the strongest.

    Returns
    -------
    dict
        ``gabor``, ``colour``, ``frequency``, ``level`` (the share of a map that its mean is) and ``group`` (0
        or 1, the half that a filter is in), one value a filter; ``died``, a count; ``pixels``, pictures of at
        most 16 filters, 0.5 being zero.
    """
    from benchmarks.claims._gabor import gabor_share, mean_frequency, separate

    norm = np.linalg.norm(filters.reshape(len(filters), -1), axis=1)
    alive = norm > 0.1 * np.median(norm)
    maps, colours = separate(filters[alive])
    shown = filters[np.argsort(-norm)[:_SHOWN]]
    drawn = 0.5 + 0.5 * shown / np.abs(shown).max(axis=(1, 2, 3), keepdims=True)
    return {
        "gabor": gabor_share(maps).round(4).tolist(),
        "colour": colours.round(4).tolist(),
        "frequency": mean_frequency(maps).round(4).tolist(),
        "level": (maps.mean(axis=(1, 2)) ** 2 * maps[0].size).round(4).tolist(),
        "group": (np.arange(len(filters)) * 2 // len(filters))[alive].tolist(),
        "died": int((~alive).sum()),
        "pixels": drawn.round(3).tolist(),
    }


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare filters; independent are the runs.

    The claim holds if Gabor functions explain more of trained filters than of untrained ones and of those of
    permuted pixels, half of the trained filters or more are Gabor functions (0.7 explained), a tenth or more
    are so as edges (less than half of the map is its mean) and a tenth or more as blobs, and colour goes with
    low frequencies (a rank correlation below zero over filters); all of it with 95% confidence. It holds with
    a limit if only the two differences are so.
    """
    from scipy.stats import spearmanr

    rows = []
    for row in frame.to_dict("records"):
        after, before = row["extra"]["after"], row["extra"]["before"]
        apart = spearmanr(after["colour"], after["frequency"]).statistic
        is_gabor, is_edge = np.array(after["gabor"]) >= _GABOR, np.array(after["level"]) < 0.5
        groups = pd.Series(after["colour"]).groupby(after["group"]).mean()
        rows.append(
            {
                "run": (row["task"], row["fold"]),
                "pixels": row["pixels"],
                "accuracy": row["test"],
                "trained": np.mean(after["gabor"]),
                "untrained": np.mean(before["gabor"]),
                "are": np.mean(is_gabor),
                "edges": np.mean(is_gabor & is_edge),
                "blobs": np.mean(is_gabor & ~is_edge),
                "apart": apart,
                "groups": groups.max() - groups.min(),
                "died": after["died"],
            }
        )
    runs = pd.DataFrame(rows).pivot(index="run", columns="pixels")
    trained, permuted = (runs["trained"][order] for order in (_IN_PLACE, _PERMUTED))
    untrained = runs["untrained"][_IN_PLACE]
    share = "share of the filters' maps"
    learned = effect(
        "explained by Gabor functions, trained minus untrained", trained - untrained, unit=share, of="runs"
    )
    local = effect("explained, pixels in place minus permuted", trained - permuted, unit=share, of="runs")
    apart = effect(
        "correlation of colour and frequency over filters",
        runs["apart"][_IN_PLACE],
        unit="rank correlation",
        of="runs",
    )
    verdict = not_shown(CLAIM, learned, local)
    kinds = {
        kind: effect(
            f"trained filters that are {title}",
            runs[kind][_IN_PLACE],
            unit="share of the filters",
            of="runs",
        )
        for kind, title in (("are", "Gabor functions"), ("edges", "edges"), ("blobs", "blobs"))
    }
    enough = all(found.low >= _LEAST[kind] for kind, found in kinds.items())
    if learned.low > 0 and local.low > 0:
        verdict = "holds" if enough and apart.high < 0 else "holds with a limit"
    photos = (frame["task"] == _PHOTOS).any()
    words = (
        f"Gabor functions explain {trained.mean():.0%} of trained filters, {untrained.mean():.0%} of "
        f"untrained ones and {permuted.mean():.0%} of those trained on permuted pixels; "
        f"{kinds['are'].mean:.0%} of the trained ones are Gabor functions ({_GABOR:.0%} or more explained; "
        f"{kinds['edges'].mean:.0%} edges, {kinds['blobs'].mean:.0%} blobs), "
        f"{runs['are'][_PERMUTED].mean():.0%} of the permuted. It is "
        f"{'' if enough else 'not '}shown that half of the trained ones are, a tenth as edges and a tenth as "
        f"blobs. Colour and frequency correlate by "
        f"{apart.mean:+.2f}, which {'shows' if apart.high < 0 else 'does not show'} colour apart from shape; "
        f"the mean colour share of the two groups differs by "
        f"{runs['groups'][_IN_PLACE].mean():.2f}. Accuracy {runs['accuracy'][_IN_PLACE].mean():.2f}, "
        f"permuted {runs['accuracy'][_PERMUTED].mean():.2f}. Trained on "
        f"{'emoji and patches of photographs' if photos else 'emoji alone'}, not on a million photographs."
    )
    charts = [
        Chart("tiles", title, [{"pixels": tile, "label": ""} for tile in row["extra"][when]["pixels"]])
        for order, when, title in (
            (_IN_PLACE, "after", "Filters after training"),
            (_IN_PLACE, "before", "The same before training"),
            (_PERMUTED, "after", "After training on permuted pixels"),
        )
        for row in frame[(frame["pixels"] == order) & (frame["fold"] == 0)].head(1).to_dict("records")
    ]
    bars = pd.DataFrame(
        [
            {"filters": name, "explained": float(values.mean())}
            for name, values in {"untrained": untrained, "trained": trained, "permuted": permuted}.items()
        ]
    )
    charts.append(
        Chart(
            "bars",
            "Share of the filters' maps that Gabor functions explain",
            [{str(k): v for k, v in row.items()} for row in bars.to_dict("records")],
            x="filters",
            y="explained",
            y_label="share of the sum of squares",
        )
    )
    return Judgement(verdict, words, (learned, local, apart, *kinds.values()), tuple(charts))
