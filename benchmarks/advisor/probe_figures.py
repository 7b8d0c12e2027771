"""``python -m benchmarks.advisor.probe_figures``: every probe at a glance, for ``docs/deciding.md``.

Draws ``docs/figures/probes.svg``, a panel for each probe: its statistic on simulated data without the fact,
with it, and on the embedded data sets. Writes the table of the probes, from what ``docs/probes.md`` holds.
"""

from __future__ import annotations

import argparse
import importlib
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import datasets
from advisor import probes
from advisor.intake import read
from advisor.probes.base import Evidence
from benchmarks.advisor.nulls import PAGE, SIMULATIONS, summary
from benchmarks.pages import markdown, write

FIGURE = PAGE.parent / "figures" / "probes.svg"
DECIDING = PAGE.parent / "deciding.md"
KINDS = {"null": "without the fact", "alternative": "with the fact", "real": "embedded data sets"}
COLOURS = {"null": "#6a6f78", "alternative": "#0067a5", "real": "#c04f00"}  # after Okabe & Ito (2008)
Points = Mapping[str, Mapping[str, list[tuple[Evidence, bool]]]]  # with whether the probe saw the fact
MAIN = {simulation.probe: simulation for simulation in reversed(SIMULATIONS)}  # the first of each probe


def measure(repeats: int) -> Points:
    """Evidence by probe and kind of data; where the question does not arise there is none."""
    points: dict[str, dict[str, list[tuple[Evidence, bool]]]] = defaultdict(lambda: defaultdict(list))
    makes: dict[Any, list[tuple[str, str]]] = defaultdict(list)
    for simulation in MAIN.values():
        for kind, make in simulation.kinds():
            if kind != "outside":
                makes[make].append((simulation.probe, kind))
    for make, parts in makes.items():
        for repeat in range(repeats):
            rng = np.random.default_rng([0, repeat, *make.__name__.encode()])
            table = read(make(rng), None, rng)
            for probe, kind in sorted(parts):
                fact = importlib.import_module(f"advisor.probes.{probe}").measure(table, rng)
                if fact is not None:
                    points[probe][kind].append((fact, MAIN[probe].fires(fact)))
    for held in real():
        for probe, fact in probes.measure(read(held, None, np.random.default_rng(0))).items():
            points[probe]["real"].append((fact, MAIN[probe].fires(fact)))
    return points


def real() -> Iterator[Any]:
    """The inputs of the embedded tasks as a user may hold them: plain columns, and stacks where they fold."""
    for name in datasets.names():
        task = datasets.load(name)
        yield task.X
        if task.structure != "tabular" and task.layout is not None:
            yield task.X.to_numpy(float).reshape(-1, *task.layout)


def draw(points: Points, path: Path) -> None:
    """A panel a probe, a line of points a kind of data."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    plain: Any = {"svg.hashsalt": "probes", "svg.fonttype": "none", "font.size": 8}
    plain |= {"axes.spines.top": False, "axes.spines.right": False}
    names, columns = probes.names(), 3
    with mpl.rc_context(plain):
        rows = math.ceil(len(names) / columns)
        figure, panels = plt.subplots(rows, columns, figsize=(9.6, 1.6 * rows), sharey=True)
        figure.subplots_adjust(left=0.14, right=0.985, top=0.965, bottom=0.055, hspace=0.85, wspace=0.1)
        for panel, name in zip(panels.flat, names):
            rng = np.random.default_rng(0)
            for line, kind in enumerate(KINDS):
                facts = [(fact.value, seen) for fact, seen in points[name][kind] if math.isfinite(fact.value)]
                for found in (False, True):
                    values = [value for value, seen in facts if seen == found]
                    panel.plot(
                        *(values, -line + rng.uniform(-0.28, 0.28, len(values)), "o"),
                        **{"ms": 3, "mew": 0.6, "alpha": 0.6, "color": COLOURS[kind], "clip_on": False},
                        mfc=COLOURS[kind] if found else "none",
                    )
                if not facts:
                    panel.text(
                        0.5,
                        -line,
                        "no value",
                        ha="center",
                        va="center",
                        transform=panel.get_yaxis_transform(),
                    )
            panel.set_title(name, loc="left", fontsize=9, fontweight="bold")
            unit = next((fact.unit for kind in KINDS for fact, _ in points[name][kind]), "")
            panel.set_xlabel(unit.partition(",")[0] if len(unit) > 40 else unit)
            panel.margins(x=0.08)
            panel.tick_params(axis="y", length=0)
        panels.flat[0].set_ylim(-2.5, 0.5)
        panels.flat[0].set_yticks([0, -1, -2], KINDS.values())
        for panel in panels.flat[len(names) :]:
            panel.axis("off")
        figure.savefig(path, metadata={"Date": None}, facecolor="white")
        plt.close(figure)


def overview(page: str) -> list[str]:
    """The table of the probes: what each asks, its null, and the highest rate at which it erred."""
    rows = []
    for name in probes.names():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        null = re.search(r"^- null: (.+)$", section, re.M)
        rates = re.findall(
            r"^\| false positives \| `(\w+)` \| (\d+) of (\d+)", section.split("\nSeen where most")[0], re.M
        )
        data, seen, of = max(rates, key=lambda rate: int(rate[1]), default=("", "0", "0"))
        worst = "not simulated"
        if rates:
            worst = f"{int(seen) / int(of):.1%} of `{data}`" if int(seen) else f"0 of {of} each"
        asks = summary(importlib.import_module(f"advisor.probes.{name}"))
        rows.append([f"[`{name}`](probes.md#{name})", asks, null[1] if null else "", worst])
    return markdown(["probe", "asks", "null", "false positives, at most"], rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--repeats", type=int, default=12, help="simulated data sets of each kind (default 12)"
    )
    parser.add_argument("--table-only", action="store_true", help="write the table and draw nothing")
    options = parser.parse_args(arguments)
    if not options.table_only:
        FIGURE.parent.mkdir(exist_ok=True)
        draw(measure(options.repeats), FIGURE)
    write(DECIDING, "probes", overview(PAGE.read_text("utf-8")))
    sys.stdout.write(f"wrote {FIGURE.name} and the table of {DECIDING.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
