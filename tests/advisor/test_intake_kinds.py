from __future__ import annotations

import sys
import types

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
import torch
from sklearn.datasets import load_digits, load_iris
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from advisor import advise
from advisor.errors import InputError, TargetError
from advisor.intake import kinds, plain

RNG = np.random.default_rng(0)
LABELS = np.arange(60) % 2
FRAME = pd.DataFrame({"a": RNG.normal(size=60), "b": RNG.choice(list("uvw"), 60)})
IMAGES = RNG.normal(size=(60, 12, 12)).cumsum(axis=1).cumsum(axis=2).astype(np.float32)
WALKS = RNG.normal(size=(60, 3, 40)).cumsum(axis=2).astype(np.float32)


class Hub:
    """A data set as Hugging Face's package makes it, with the parts that are used here."""

    __module__ = "datasets.arrow_dataset"

    def __init__(self, frame, features=None, largest=None):
        self.frame, self.largest = frame, largest
        self.features = features or {name: types.SimpleNamespace() for name in frame}

    column_names = property(lambda self: list(self.frame))
    data = property(lambda self: types.SimpleNamespace(nbytes=10**6))

    def __len__(self):
        return len(self.frame)

    def __getitem__(self, row):
        return self.frame.iloc[row].to_dict()

    def with_format(self, form):
        return self

    def select(self, rows):
        return Hub(self.frame.iloc[rows].reset_index(drop=True), self.features, self.largest)

    def select_columns(self, names):
        return Hub(self.frame[names], {name: self.features[name] for name in names})

    def to_pandas(self):
        if self.largest is not None and len(self) > self.largest:
            pytest.fail("more was read than needed")
        return self.frame.copy()


def feature(name):
    return type(name, (), {})()


@pytest.mark.parametrize(
    "data",
    [
        FRAME,
        IMAGES,
        FRAME["a"],
        {"a": [1, 2]},
        [1, 2],
        "x.csv",
        load_iris(),
        pa.table({"a": [1]}),
        torch.ones(3, 3),
        TensorDataset(torch.ones(3, 3)),
        DataLoader(TensorDataset(torch.ones(3, 3))),
        Hub(FRAME),
        scipy.sparse.eye_array(3),
        iter([1]),
        range(3),
    ],
    ids=lambda data: type(data).__name__,
)
def test_one_kind_accepts_each_input(data):
    assert sum(bool(kind.accepts(data)) for kind in kinds()) == 1


def test_advising_imports_no_optional_package():
    code = (
        "import sys, pandas as pd; from advisor import advise; advise(pd.DataFrame({'a': range(9)})); "
        "print([m for m in ('torch', 'polars', 'PIL', 'datasets', 'openpyxl', 'arff') if m in sys.modules])"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_arrow_tables_and_their_estimator():
    table = pa.Table.from_pandas(FRAME.assign(t=LABELS))
    advice = advise(table, "t")
    assert (advice.structure, advice.layout) == ("tabular", (2,))
    assert advice.estimator().fit(table, LABELS).predict(table.drop_columns("t")).shape == (60,)
    lists = pa.table({"s": [list(row) for row in WALKS[:, 0]]})
    assert advise(lists, pa.array(LABELS)).layout == (40, 1)


def test_polars_frames():
    import polars

    frame = polars.DataFrame({"s": [list(row) for row in WALKS[:, 0].tolist()]})
    assert advise(frame, LABELS).layout == (40, 1)
    with pytest.raises(InputError, match="collect"):
        advise(frame.lazy())


def test_hub_data_sets():
    label = {"a": feature("Value"), "b": feature("Value"), "t": feature("ClassLabel")}
    data = Hub(FRAME.assign(t=RNG.integers(0, 40, 60)), label)
    advice = advise(data, "t")
    assert (advice.structure, advice.kind) == ("tabular", "classification")
    assert advice.estimator().fit(data, LABELS).predict(data).shape == (60,)
    with pytest.raises(
        InputError, match=r"one split, got a DatasetDict of 'train', 'test': pass data\['train'\]"
    ):
        advise(type("DatasetDict", (dict,), {})(train=data, test=data), "t")
    streamed = type("IterableDataset", (), {"__module__": "datasets.iterable_dataset"})()
    with pytest.raises(InputError, match="knows its length"):
        advise(streamed)


def test_pictures_of_a_hub_data_set_are_read_in_part():
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.arange(80, dtype=np.uint8).reshape(8, 10)).save(out, "PNG")
    frame = pd.DataFrame({"image": [{"bytes": out.getvalue(), "path": None}] * 2000, "label": [0, 1] * 1000})
    data = Hub(frame, {"image": feature("Image"), "label": feature("ClassLabel")}, largest=600)
    data.select_columns = lambda names: Hub(frame[names], {"label": feature("ClassLabel")})
    advice = advise(data, "label")
    assert (advice.n, advice.layout, advice.kind) == (2000, (8, 10, 1), "classification")


@pytest.mark.parametrize(
    "tensor",
    [
        torch.from_numpy(IMAGES),
        torch.from_numpy(IMAGES).requires_grad_(),
        torch.from_numpy(IMAGES).bfloat16(),
        torch.from_numpy(IMAGES).half(),
    ],
    ids=["plain", "grad", "bfloat16", "half"],
)
def test_tensors(tensor):
    advice = advise(tensor, torch.from_numpy(LABELS))
    assert (advice.layout, advice.kind) == ((12, 12, 1), "classification")
    assert advice.estimator().named_steps["read"].fit_transform(tensor).shape == (60, 12, 12)


def test_torch_data_sets():
    pairs = TensorDataset(torch.from_numpy(WALKS), torch.from_numpy(LABELS))
    advice = advise(pairs)
    assert (advice.layout, advice.kind, advice.n) == ((40, 3), "classification", 60)
    assert advice.estimator(time_limit=1).fit(pairs, LABELS).predict(pairs).shape == (60,)
    with pytest.raises(InputError, match=r"loader\.dataset"):
        advise(DataLoader(pairs))

    class Stream(IterableDataset):
        def __iter__(self):
            pytest.fail("it was read")

    with pytest.raises(InputError, match="knows its length"):
        advise(Stream())


def test_large_torch_data_sets_are_read_in_part():
    read = []

    class Large(Dataset):
        def __len__(self):
            return 1_000_000

        def __getitem__(self, row):
            read.append(row)
            return IMAGES[row % 60], row % 3

    advice = advise(Large())
    assert (advice.n, advice.layout, advice.kind) == (1_000_000, (12, 12, 1), "classification")
    assert len(read) < 5000

    class Broken(Large):
        def __getitem__(self, row):
            raise KeyError(row)

    with pytest.raises(InputError, match="KeyError at item 0"):
        advise(Broken())


def test_bunches_bring_their_target():
    digits = load_digits()
    advice = advise(digits)
    assert (advice.structure, advice.layout, advice.kind) == ("image", (8, 8, 1), "classification")
    fold = advice.estimator().named_steps
    for held in (digits, digits.data, digits.images):
        np.testing.assert_array_equal(
            fold["fold"].fit_transform(fold["read"].fit_transform(held))[..., 0], digits.images
        )
    assert advise(load_iris(as_frame=True)).structure == "tabular"


def test_sparse_matrices_stay_sparse():
    rows = RNG.integers(0, 1_000_000, 200_000), RNG.integers(0, 100_000, 200_000)
    data = scipy.sparse.csr_array((np.ones(200_000, np.float32), rows), shape=(1_000_000, 100_000))
    advice = advise(data, RNG.integers(0, 2, 1_000_000))
    assert (advice.structure, advice.layout, advice.n) == ("tabular", (100_000,), 1_000_000)
    assert any("2048 drawn at random were read" in warning for warning in advice.warnings)
    with pytest.raises(InputError, match="TruncatedSVD"):
        advice.estimator().fit(data, RNG.integers(0, 2, 1_000_000))


def test_small_sparse_matrices_show_their_structure():
    digits = load_digits()
    data = scipy.sparse.coo_array(digits.data)
    advice = advise(data, digits.target)
    assert (advice.structure, advice.layout) == ("image", (8, 8, 1))
    assert advise(scipy.sparse.random_array((90, 7), density=0.5, rng=0), 3).layout == (6,)
    sparse = pd.DataFrame.sparse.from_spmatrix(data)
    assert advise(sparse, digits.target).layout == (8, 8, 1)


def test_dictionaries_and_records():
    advice = advise({**FRAME.to_dict("list"), "t": LABELS}, "t")
    assert advice.layout == (2,)
    assert advice.estimator().fit(FRAME.to_dict("list"), LABELS).predict(FRAME).shape == (60,)
    assert advise(FRAME.assign(t=LABELS).to_dict("records"), "t").layout == (2,)
    assert advise(IMAGES.tolist(), LABELS).layout == (12, 12, 1)
    assert advise(list(IMAGES)).layout == (12, 12, 1)
    assert advise([walk[:, : 30 + i % 9].T for i, walk in enumerate(WALKS)]).layout == (38, 3)
    assert advise([[1.0, 2.0, 3.0], [4.0]] * 20).form == "list_cells"
    assert advise([f"these are {i} words" for i in range(40)]).form == "text"
    assert plain([[1, "a"], [2, "b"]]).shape == (2, 2)


def test_one_long_series_must_remember():
    walk = RNG.normal(size=400).cumsum()
    for held in (walk, pd.Series(walk), list(walk), torch.from_numpy(walk)):
        assert advise(held).form == "long_series"
    with pytest.raises(InputError, match="in no order that shows"):
        advise(RNG.normal(size=400))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((i for i in range(3)), "a generator: make a list"),
        (zip([1], [2]), "a zip"),
        ({}, "got nothing"),
        ({"a": 1}, "single values"),
        ({"a": [1], "b": [1, 2]}, r"lengths \[1, 2\]"),
        ({"train": FRAME, "test": FRAME}, "several tables"),
        ([], "0 rows"),
        ((IMAGES, LABELS), r"call advise\(X, y\)"),
        (np.zeros((4, 3, 8, 8, 3)), "videos or volumes"),
        (np.array(3), "2 to 4 dimensions"),
        (np.array(["2020-01-01"] * 4, "M8[D]").reshape(2, 2), "real numbers"),
        (pd.DataFrame({"a": [object()] * 5}), "a cell of type object"),
        (pd.DataFrame({"a": [{1}] * 5}), "a cell of type set"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(data, words):
    with pytest.raises(InputError, match=words):
        advise(data)


def test_masked_structured_and_object_arrays():
    masked = np.ma.masked_less(RNG.integers(0, 9, (60, 4)), 2)
    assert advise(masked).layout == (4,)
    structured = np.array([(1, 2.0)] * 30, dtype=[("a", "i4"), ("b", "f4")])
    assert advise(structured).layout == (2,)
    held = np.empty(60, dtype=object)
    held[:] = list(IMAGES)
    assert advise(held).layout == (12, 12, 1)


def test_labels_of_several_levels_and_of_no_text():
    frame = pd.DataFrame(
        RNG.normal(size=(60, 4)), columns=pd.MultiIndex.from_product([list("ab"), list("xy")])
    )
    advice = advise(frame, ("a", "x"))
    assert advice.layout == (3,)
    inputs = frame.drop(columns=[("a", "x")])
    assert advice.estimator().fit(inputs, frame["a", "x"]).predict(inputs).shape == (60,)
    with pytest.raises(TargetError, match="must be a column"):
        advise(frame, "a")
    odd = pd.DataFrame(RNG.normal(size=(60, 3)), columns=pd.Index([float("nan"), True, None], dtype=object))
    assert advise(odd, LABELS).layout == (3,)


def test_numbers_too_large_for_single_precision():
    assert advise(pd.DataFrame(RNG.normal(size=(60, 3)) * 1e300), LABELS).layout == (3,)
