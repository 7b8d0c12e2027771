from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from advisor import probes
from advisor.intake import read
from advisor.order import Order
from advisor.probes import adjacency
from benchmarks.advisor import nulls, probe_figures, simulated
from benchmarks.advisor.short_lines import BLOCKS, fit_short_lines, ordered_triples, tails

MAKES = list(dict.fromkeys(make for simulation in nulls.SIMULATIONS for _, make in simulation.kinds()))
PAGE = Path(__file__).parents[2] / "docs" / "probes.md"


@pytest.mark.parametrize(
    "simulation", nulls.SIMULATIONS, ids=lambda simulation: f"{simulation.probe}: {simulation.event}"[:40]
)
def test_no_probe_fires_far_above_its_level(simulation):
    only = replace(simulation, alternatives=(), outside=())
    rates = list(nulls.measure([only], repeats=16, seed=1))  # three of 16 are too many
    assert len(rates) == len(simulation.nulls)
    assert [str(rate) for rate in rates if rate.above] == []


@pytest.mark.parametrize(
    "simulation", nulls.SIMULATIONS, ids=lambda simulation: f"{simulation.probe}: {simulation.event}"[:40]
)
def test_every_probe_sees_what_is_there(simulation):
    only = replace(simulation, nulls=(), outside=())
    for rate in nulls.measure([only], repeats=8, seed=2):
        assert rate.fired >= 2, rate


def test_blocks_of_five_columns_are_no_scrambled_series():
    for seed in range(6):  # the nearest four of five columns close a graph without hubs
        rng = np.random.default_rng(seed)
        columns = np.repeat(rng.normal(size=(500, 20)), 5, axis=1) * 2 + rng.normal(size=(500, 100))
        assert read(columns, None, rng).recovered is None


def test_few_random_orders_of_a_wide_table_are_enough_for_a_small_p_value():
    rng = np.random.default_rng(0)
    walks, noise = rng.normal(size=(40, 3100)).cumsum(axis=1), rng.normal(size=(40, 3100))
    facts = [adjacency.measure(read(values, None, rng), rng) for values in (walks, noise)]
    assert facts[0].details["orders"] < 1 / adjacency.LEVEL
    assert facts[0].p_value < 1e-6
    assert facts[1].p_value > adjacency.LEVEL


def test_a_rate_above_its_level_is_said_so():
    often = replace(nulls.SIMULATIONS[0], nulls=(simulated.walks,), alternatives=(), outside=())
    (rate,) = nulls.measure([often], repeats=8)
    assert rate.above
    assert "ABOVE ITS LEVEL" in str(rate)


def test_the_page_names_every_probe_and_what_was_measured():
    page = PAGE.read_text("utf-8")
    for name in probes.names():
        assert f"\n## {name}\n" in page
    for make in MAKES:
        assert f"`{make.__name__}`" in page


def test_no_rate_of_false_positives_on_the_page_is_above_its_level():
    level, rows = 0.0, 0
    for line in PAGE.read_text("utf-8").splitlines():
        if said := re.search(r"\b[Ll]evel ([\d.]+) \(", line):
            level = float(said[1])
        if line.startswith("| false positives |"):
            data, (fired, of) = line.split(" | ")[1], map(int, re.findall(r"(\d+) of (\d+)", line)[0])
            assert "above the level" not in line
            assert binom.sf(fired - 1, of, level) >= 0.001, (data, fired, of)
            rows += 1
    assert rows == sum(len(simulation.nulls) for simulation in nulls.SIMULATIONS)


def test_a_probe_measured_again_changes_its_section_alone():
    (simulation,) = [simulation for simulation in nulls.SIMULATIONS if simulation.probe == "lag_columns"]
    page = PAGE.read_text("utf-8")
    again = nulls.renewed(page, list(nulls.measure([simulation], repeats=2)), "python -m this")
    before, after = (dict(part.split("\n", 1) for part in text.split("\n## ")[1:]) for text in (page, again))
    assert again.split("\n## ")[0] == page.split("\n## ")[0]
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"lag_columns"}
    assert "| false positives | `walk_rows` | 0 of 2 |" in after["lag_columns"]
    assert "Measured again by `python -m this` at commit " in after["lag_columns"]


def test_a_new_probe_gets_a_section_of_its_own_in_the_order_of_names(monkeypatch):
    monkeypatch.setattr(nulls, "section", lambda name, rates: [f"## {name}", "", "new"])
    page = PAGE.read_text("utf-8")
    before = re.findall("^## .*$", page, flags=re.M)
    for name, behind in (("drift", "## lag_columns"), ("zeros", "## Constants for short lines")):
        rate = SimpleNamespace(simulation=SimpleNamespace(probe=name))
        again = nulls.renewed(page, [rate], "python -m this")
        place = before.index(behind)
        after = [*before[:place], f"## {name}", *before[place:]]
        assert re.findall("^## .*$", again, flags=re.M) == after
        assert f"\n\n## {name}\n\nnew\n\nMeasured again" in again


def test_the_table_of_the_probes_is_that_of_their_page():
    deciding = probe_figures.DECIDING.read_text("utf-8")
    shown = deciding.partition("<!-- probes -->\n")[2].partition("\n<!-- /probes -->")[0]
    assert shown.splitlines() == probe_figures.overview(PAGE.read_text("utf-8"))
    assert "not simulated" not in shown


def test_the_figure_has_a_panel_for_every_probe(tmp_path):
    rng = np.random.default_rng(0)
    facts = probes.measure(read(rng.normal(size=(60, 8)).cumsum(axis=0), None, rng))
    points = defaultdict(lambda: defaultdict(list))
    for name, fact in facts.items():
        points[name]["null"].append((fact, fact.found))
    probe_figures.draw(points, tmp_path / "probes.svg")
    drawn = (tmp_path / "probes.svg").read_text("utf-8")
    assert [name for name in probes.names() if f">{name}</text>" not in drawn] == []


def test_rules_are_read_from_the_policy():
    assert nulls.rules_of("line_length") == ["flat_image"]
    assert "flat_series" in nulls.rules_of("profile_shape")


def test_the_constants_of_short_lines_keep_the_level_and_are_among_the_best():
    best, shipped = fit_short_lines(draws=20_000)
    assert shipped.excess <= 1
    assert shipped.asked <= best.asked + 0.005
    counts = ordered_triples(np.random.default_rng(0), 20, 4, 5000)
    triples = len(counts) - 1
    p_values = tails(triples, shipped.chance, shipped.independent)
    assert p_values[60 * triples // 100] == pytest.approx(
        Order(1, (60 * triples // 100) / triples, triples, short=True).p_value
    )
    assert 1 / 3 < counts @ np.arange(triples + 1) / counts.sum() / triples < 1 / 2
    assert max(BLOCKS) == 12


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.__name__)
def test_what_is_made_depends_on_the_generator_alone(make):
    first, again, other = (make(np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(np.asarray(first), np.asarray(again))
    assert first.shape != other.shape or not np.array_equal(np.asarray(first), np.asarray(other))
    assert nulls.summary(make)
