"""Put scrambled columns back in order: along a line, or on a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from advisor.lags import Agreement, Lags, pooled_ranks
from advisor.order import Order, order_at
from advisor.topology import Topology

MOST_ASSIGNED = 1100  # columns up to which they are assigned to a grid by the Hungarian method
LANDMARKS = 100  # columns to which distances along the sheet are measured
NARROWEST = 4.0  # a picture is at most this many times as wide as it is high, or the reverse
MOST_ASIDE = 8  # columns of no place in a picture that are set aside, so that the others fill a grid
Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recovered:
    """An order of the columns, found on one half of the rows and judged on the other."""

    structure: str  # "image" or "sequence"
    probability: float  # that the columns had an order
    columns: NDArray[np.intp]  # all of them, in reading order; constant ones last, or at the borders
    layout: tuple[int, ...]  # (H, W, C) or (T, C); channels follow one another
    held: float  # mean agreement of neighbours in the order held, on the other half
    found: float  # the same in the order recovered
    order: Order  # of the recovered order, on the other half


def recover_order(
    values: NDArray[np.floating], rng: np.random.Generator, topology: Topology | None
) -> Recovered | None:
    """Find the order that scrambled columns once had.

    Parameters
    ----------
    values : ndarray, shape (m, d)
        Rows by columns, NaN where missing.
    rng : Generator
        Halves the rows.
    topology : Topology or None
        Of these values, None if too few of them vary.

    Returns
    -------
    Recovered or None
        None if the columns do not look as if they ever had one.

    References
    ----------
    Le Roux, Bengio, Lamblin, Joliveau, Kégl (2007). Learning the 2-D topology of images. NIPS 20.
    Atkins, Boman, Hendrickson (1998). A spectral algorithm for seriation and the consecutive ones problem.
    SIAM J. Comput. 28, 297-310.

    Examples
    --------
    >>> from advisor.topology import measure_topology
    >>> rng = np.random.default_rng(0)
    >>> order = rng.permutation(60)
    >>> walks = rng.normal(size=(200, 60)).cumsum(axis=1)[:, order]
    >>> found = recover_order(walks, rng, measure_topology(walks, rng))
    >>> steps = order[found.columns]  # forwards or backwards, nobody can tell
    >>> bool(np.abs(np.diff(steps)).mean() < 2)
    True
    """
    if topology is None or topology.odds() <= 0.5:
        return None
    rows = rng.permutation(len(values))
    ranks = pooled_ranks(values)
    learn, judge = Agreement.of(ranks[rows[::2]]), ranks[np.sort(rows[1::2])]
    sheet = topology.image_odds() > 0.5
    kept = topology.kept
    cells = values.shape[1]
    if sheet:
        aside = next((count for count in range(MOST_ASIDE + 1) if _sides(cells - count)), None)
        if aside is None:
            return None
        strength = learn.only(kept).nearest(8)[1].max(axis=1)
        dropped = kept[np.argsort(strength, kind="stable")[:aside]]
        kept, cells = np.setdiff1d(kept, dropped), cells - aside
        rest = np.setdiff1d(np.arange(values.shape[1]), [*kept, *dropped])
    else:
        rest = np.setdiff1d(np.arange(cells), kept)
    graph = _graph(learn.only(kept), 8 if sheet else 4)
    layout: tuple[int, ...]
    if sheet:
        grid, layout = _sheet(graph, cells)
        columns = _fill(kept, grid, rest, layout)
    else:
        lines = _lines(graph, learn.only(kept))
        columns = np.concatenate([*(kept[line] for line in lines), rest])
        sizes = {len(line) for line in lines}
        whole = len(sizes) == 1 and not len(rest)
        layout = (len(lines[0]), len(lines)) if whole else (cells, 1)
    held, found = Lags.of(judge), Lags.of(judge[:, columns])
    # neighbours that changed places spoil triples of one step, not those of two or three
    order = min((order_at(found, step, tried=3) for step in (1, 2, 3)), key=lambda order: order.p_value)
    if not sheet and not order.found:
        return None  # blocks of exchangeable columns make long graphs too, but on new rows no order in them
    return Recovered(
        "image" if sheet else "sequence",
        topology.odds(),
        columns,
        layout,
        held.mean(1),
        found.mean(1),
        order,
    )


def _graph(agreement: Agreement, k: int) -> csr_array:
    """Join each column with its nearest; edges are as long as columns disagree."""
    nearest, values = agreement.nearest(k)
    d = len(nearest)
    length = np.maximum(1 - values.astype(np.float64), 1e-3).ravel()
    graph = csr_array((length, (np.repeat(np.arange(d), k), nearest.ravel())), shape=(d, d))
    return graph.maximum(graph.T).tocsr()


def _lines(graph: csr_array, agreement: Agreement) -> list[NDArray[np.intp]]:
    """Order each connected part, as a line or as a ring; the longest part first."""
    _, part = connected_components(graph, directed=False)
    lines = []
    for label in np.argsort(-np.bincount(part), kind="stable"):
        members = np.flatnonzero(part == label)
        inner = graph[members][:, members]
        ways = [_along(inner), _around(inner)] if len(members) > 3 else [np.arange(len(members))]
        neighbours = [float(agreement.of_pairs(members[w[:-1]], members[w[1:]]).sum()) for w in ways]
        lines.append(members[ways[int(np.argmax(neighbours))]])
    return lines


def _along(graph: csr_array) -> NDArray[np.intp]:
    """Order the columns of one line: nearer to one of its ends than to the other, then among neighbours.

    Averaging the places of the neighbours is a step of the power method for the Fiedler vector; ranks keep it
    from shrinking to a point.
    """
    d = graph.shape[0]
    first = int(np.argmax(dijkstra(graph, indices=0)))
    from_first = dijkstra(graph, indices=first)
    place = from_first - dijkstra(graph, indices=int(np.argmax(from_first)))
    near = csr_array((1 / graph.data, graph.indices, graph.indptr), shape=graph.shape)
    weight = np.asarray(near.sum(axis=1)).ravel()
    for _ in range(5):
        place = np.argsort(np.argsort(place, kind="stable"), kind="stable") / d
        place = (place + near @ place / np.maximum(weight, 1e-9)) / 2
    return np.argsort(place, kind="stable")


def _sheet(graph: csr_array, cells: int) -> tuple[NDArray[np.intp], tuple[int, int, int]]:
    """Lay the columns out on a grid: for each the cell it belongs to, and the layout.

    The plane is turned so that the columns fill the smallest rectangle.
    """
    plane = _plane(graph)
    d = len(plane)
    angles = np.linspace(0, np.pi / 2, 45, endpoint=False)
    turned = [plane @ np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles]
    best = min(turned, key=lambda points: float(np.prod(_extent(points))))
    width, height = _extent(best)
    layout = _grid(cells, height / max(width, 1e-9))
    places = np.empty_like(best)  # columns, lines: both spread evenly, as on a full grid
    for axis, size in ((0, layout[1]), (1, layout[0])):
        places[:, axis] = np.argsort(np.argsort(best[:, axis], kind="stable")) / d * (size - 1)
    return _assign(places, layout), layout


def _around(graph: csr_array) -> NDArray[np.intp]:
    """Order the columns of a ring by their angle in the plane."""
    plane = _plane(graph)
    x, y = (plane - plane.mean(0)).T
    return np.argsort(np.arctan2(y, x), kind="stable")


def _plane(graph: csr_array) -> Places:
    """Embed distances along the graph in the plane (Isomap, by landmarks), shape (d, 2)."""
    d = graph.shape[0]
    marks = np.unique(np.linspace(0, d - 1, min(d, LANDMARKS)).astype(np.intp))
    distance = dijkstra(graph, indices=marks)
    distance = np.where(np.isfinite(distance), distance, distance[np.isfinite(distance)].max() * 1.2)
    squared = distance**2
    between = squared[:, marks]
    centred = -0.5 * (between - between.mean(0) - between.mean(1)[:, None] + between.mean())
    values, vectors = np.linalg.eigh(centred)
    axes = vectors[:, -2:] / np.sqrt(np.maximum(values[-2:], 1e-9))
    plane: Places = -0.5 * (squared - between.mean(1)[:, None]).T @ axes
    return plane


def _extent(points: Places) -> Places:
    low, high = np.quantile(points, [0.02, 0.98], axis=0)
    extent: Places = high - low
    return extent


def _sides(cells: int) -> list[int]:
    """Heights that a picture of so many pixels may have."""
    return [
        h for h in range(2, cells // 2 + 1) if cells % h == 0 and 1 / NARROWEST <= h * h / cells <= NARROWEST
    ]


def _grid(cells: int, aspect: float) -> tuple[int, int, int]:
    """Height and width of which the product is the number of cells, nearest to the aspect measured."""
    if isqrt(cells) ** 2 == cells and 0.75 < aspect < 1.33:
        return (isqrt(cells), isqrt(cells), 1)
    height = min(_sides(cells), key=lambda h: abs(np.log(h * h / cells / aspect)))
    return (height, cells // height, 1)


def _assign(places: Places, layout: tuple[int, int, int]) -> NDArray[np.intp]:
    """Give each column a cell of its own, near its place."""
    height, width, _ = layout
    if height * width <= MOST_ASSIGNED:
        from scipy.optimize import linear_sum_assignment  # half a second that few looks need

        y, x = np.divmod(np.arange(height * width), width)
        cost = (places[:, :1] - x) ** 2 + (places[:, 1:] - y) ** 2
        cells: NDArray[np.intp] = linear_sum_assignment(cost)[1]
        return cells
    down = np.argsort(places[:, 1], kind="stable")
    cell = np.empty(len(places), np.intp)
    for line, members in enumerate(np.array_split(down, height)):
        across = members[np.argsort(places[members, 0], kind="stable")]
        cell[across] = line * width + np.arange(len(across))
    return cell


def _fill(
    kept: NDArray[np.intp], cell: NDArray[np.intp], rest: NDArray[np.intp], layout: tuple[int, ...]
) -> NDArray[np.intp]:
    """Columns in reading order; those that vary too little to be placed take the cells left over."""
    columns = np.full(layout[0] * layout[1], -1, np.intp)
    columns[cell] = kept
    columns[columns < 0] = rest
    return columns
