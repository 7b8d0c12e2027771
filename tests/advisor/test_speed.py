"""What keeps a look fast and small: what it reads, holds and imports. No clock is looked at."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from advisor import advise
from advisor.image_fold import half_length
from advisor.lags import Agreement, Lags, pooled_ranks
from advisor.ranks import midranks
from advisor.roles import _quantities, role_of, roles_of
from advisor.topology import _varied


@pytest.fixture
def repeated():
    """Two million rows of mixed columns, of which only a few thousand differ."""
    rng = np.random.default_rng(0)
    block = pd.DataFrame(rng.normal(size=(4000, 6)).astype(np.float32), columns=list("abcdef"))
    block["city"] = pd.Series(rng.choice(["Porto", "Graz", "Lyon"], 4000), dtype=object)
    block["price"] = pd.Series([f"${i},000" for i in rng.integers(1, 99, 4000)], dtype=object)
    block["y"] = rng.integers(3, size=4000)
    place = np.tile(np.arange(4000), 500)
    return pd.DataFrame({label: column.to_numpy()[place] for label, column in block.items()})


def test_a_look_at_two_million_rows_allocates_little(repeated):
    advise(repeated.iloc[:1000], target="y")  # imports
    tracemalloc.start()
    advice = advise(repeated, target="y")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert advice.n == 2_000_000
    assert peak < 100e6


def test_the_rows_that_are_read_do_not_grow_with_the_table(repeated, monkeypatch):
    read = []
    count = pd.Series.nunique
    monkeypatch.setattr(pd.Series, "nunique", lambda self, dropna=True: read.append(len(self)) or count(self))
    assert role_of(repeated["city"]) == "categorical"
    assert role_of(repeated["price"]) == "numeric"
    assert read
    assert max(read) < 10_000


def test_taking_the_target_away_copies_no_column():
    frame = pd.DataFrame(np.zeros((2_000_000, 10)))
    frame[4] = np.arange(2_000_000) % 3
    frame[5] = np.random.default_rng(0).normal(size=2_000_000)
    tracemalloc.start()
    advise(frame, target=4)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6  # the frame holds 160 MB


@pytest.mark.parametrize(
    ("column", "role"),
    [
        (np.array([f"K{i:06d}" for i in range(50_000)], dtype=object), "identifier"),
        (np.array([f"the {i} th title" for i in range(50_000)], dtype=object), "text"),
        (np.array([f"the {i % 9000} th title" for i in range(50_000)], dtype=object), "categorical"),
        (np.array(["only"] * 50_000, dtype=object), "constant"),
        (np.array(["only"] * 49_999 + ["two"], dtype=object), "categorical"),
        (np.array([*[None] * 40_000, *(f"K{i}" for i in range(10_000))], dtype=object), "categorical"),
        (np.array([str(i) for i in range(50_000)], dtype=object), "identifier"),
        (np.array(["7"] * 49_999 + ["8"], dtype=object), "numeric"),
        (np.array(["7"] * 50_000, dtype=object), "constant"),
    ],
)
def test_strings_of_a_long_column_are_told_as_those_of_a_short_one(column, role):
    assert role_of(pd.Series(column)) == role


def test_what_a_glance_takes_for_a_quantity_is_one():
    rng = np.random.default_rng(0)
    n = 5000
    frame = pd.DataFrame(
        {
            "normal": rng.normal(size=n),
            "count": rng.poisson(40, size=n),
            "count32": rng.poisson(40, size=n).astype(np.float32),
            "gaps": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "signed": rng.integers(-3, 3, n),
            "rank": rng.integers(1, 6, n),
            "key": np.arange(n),
            "code": rng.choice(900_000, n, replace=False) + 100_000,
            "day": rng.choice([20170204, 20170331, 20180101, 20180615], n),
            "one": np.full(n, 3.5),
            "none": np.full(n, np.nan),
            "rarely": np.where(np.arange(n) == 7, 0.5, 0.0),
            "large": rng.integers(2**60, 2**62, n),
        }
    )
    sure = {frame.columns[place] for place in _quantities(frame)}
    alone = {label: role_of(column) for label, column in frame.items()}
    assert sure == {"normal", "count", "count32", "gaps", "signed"}
    assert {alone[label] for label in sure} == {"numeric"}
    assert roles_of(frame) == alone


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=(40, 30)),
        np.random.default_rng(0).integers(0, 256, (40, 30)),
        np.random.default_rng(0).integers(-5, 5, (40, 30)) / 2 * 1e30,
        np.array([[-0.0, 0.0, 1.5], [0.0, -2.5, 1.5]]),
        np.array([[np.nan, 3.0], [3.0, -1e-40]]),
    ],
)
def test_ranks_are_those_of_scipy(values):
    values = values.astype(np.float32)
    held = values[~np.isnan(values)]
    expected = (rankdata(held) - 0.5) / len(held)
    assert np.allclose(pooled_ranks(values)[~np.isnan(values)], expected, atol=1e-6)
    assert (midranks(held) == rankdata(held)).all()


def test_agreement_of_pairs_does_not_depend_on_the_way_it_is_worked_out():
    agreement = Agreement.of(pooled_ranks(np.random.default_rng(0).normal(size=(60, 40)).cumsum(axis=1)))
    i, j = np.random.default_rng(1).integers(40, size=(2, 500))
    few = np.concatenate([agreement.of_pairs(i[k : k + 1], j[k : k + 1]) for k in range(500)])
    assert np.allclose(agreement.of_pairs(i, j), few, atol=1e-5)


def test_the_distance_of_half_the_agreement_is_found_in_long_lines():
    walks = np.random.default_rng(0).normal(size=(100, 1500)).cumsum(axis=1)
    lags = Lags.of(walks)
    first = lags.mean(1)
    true = next(k for k in range(2, 1500) if lags.mean(k) <= first / 2)
    assert true > 64  # beyond the distances that are all looked at
    assert half_length(lags, lags.size, 1500) == pytest.approx(true, rel=1 / 32)


def test_columns_that_hardly_vary_and_copies_are_told():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 6)).astype(np.float32)
    values[:, 1] = values[:, 0]
    values[:197, 2] = 1.0  # 98.5% one value
    values[:196, 3] = 1.0  # 98%: still enough
    values[:195, 4] = np.nan
    assert _varied(values).tolist() == [0, 3, 5]


def test_a_look_imports_nothing_heavy():
    code = (
        "import sys, numpy as np, pandas as pd\n"
        "from advisor import advise\n"
        "X = np.random.default_rng(0).normal(size=(300, 40))\n"
        "advise(pd.DataFrame(X), target=np.arange(300) % 2)\n"
        "heavy = ('scipy.stats', 'scipy.optimize', 'sklearn', 'torch', 'xgboost', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
