"""How an architecture is shown is read from its file, without loading it."""

import sys

import pytest

from advisor import architectures
from advisor.architectures import Label
from advisor.errors import StudyError


@pytest.fixture
def declare(monkeypatch):
    """Put another text in the place of an architecture's file."""

    def put(text):
        monkeypatch.setattr(architectures, "_source", lambda name: text)
        return architectures.label.__wrapped__("linear")

    return put


@pytest.mark.parametrize(
    ("declared", "label"),
    [
        ('ARCHITECTURE = Architecture(title="Mine", model_kind="trees")', Label("Mine", "trees")),
        ('ARCHITECTURE = Architecture(model_kind="network", title="Mi" "ne")', Label("Mine", "network")),
        ('ARCHITECTURE = Architecture(title="Mine")', Label("Mine", "other")),
        ("ARCHITECTURE = Architecture(title=TITLE)", Label("Linear", "other")),  # as the loaded one has it
        ("from somewhere import ARCHITECTURE", Label("Linear", "other")),
    ],
)
def test_it_is_what_the_file_declares(declare, declared, label):
    assert declare(declared) == label


def test_a_package_that_is_missing_is_not_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    monkeypatch.delitem(sys.modules, "advisor.architectures.lightgbm", raising=False)
    assert architectures.label.__wrapped__("lightgbm") == Label("LightGBM", "trees")


def test_an_unknown_name_is_refused():
    with pytest.raises(StudyError, match="did you mean 'gbt'"):
        architectures.label("gbtt")
