"""The long series beside the corpus are the recorded ones, and licensed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from datasets.embedded.notice import LICENCES, notice
from datasets.sources import embedded

SERIES = embedded.FOLDER / "series"
CATALOG = embedded.catalog(SERIES)


def test_every_file_is_described():
    assert {path.stem for path in SERIES.glob("*.parquet")} == set(CATALOG)


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_file_is_what_the_catalog_says(name):
    entry, path = CATALOG[name], SERIES / f"{name}.parquet"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
    frame = pd.read_parquet(path)
    assert frame.shape == (entry["n"], entry["d"])
    assert (frame > 0).all(axis=None)
    place = LICENCES[entry["licence"]]
    assert place.startswith("https://") or Path(embedded.FOLDER.parents[1], place).is_file()
    assert f"{name}: {entry['title']}" in " ".join(notice().split())
