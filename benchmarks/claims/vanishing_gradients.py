"""Gradients vanish in a recurrent network without gates after 20 to 30 steps, in an LSTM they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from advisor.architectures._preprocessing import check_rows
from advisor.architectures._target import seed_of
from advisor.architectures._training import seeded
from benchmarks import candidates
from benchmarks.cell import Cell
from benchmarks.claims.base import (
    SYNTHETIC,
    Chart,
    Claim,
    Judgement,
    Size,
    effect,
    grid,
    level,
    not_shown,
    records,
    rules,
)
from benchmarks.learning.adding import HIDDEN, adding_problem, start_as_torch
from benchmarks.protocol import METRICS
from benchmarks.run import Facts, timed

CLAIM = Claim(
    number=12,
    name="vanishing_gradients",
    sentence="Going back in time, the gradient vanishes within 20 to 30 steps in a recurrent network without "
    "gates, and does not in an LSTM.",
    source="Hochreiter (1991); Bengio, Simard & Frasconi (1994); Hochreiter & Schmidhuber (1997)",
    design="The derivative of the last output state with respect to the whole state some steps before (of an "
    "LSTM, output and cell), along random unit directions: the median norm over sequences and directions, 1 "
    "at lag 0. Measured in networks of about 4,700 weights before and after they have learned the adding "
    "problem, with initial weights as torch has them (uniform, forget gates half open) and as this project "
    "has them (orthogonal, forget gates open), each trained at the learning rate that suits the start (0.01, "
    "0.003). Vanished is less than a hundredth at lag 25.",
    data="made by the experiment; repetitions are seeds",
    refuted_by="in networks trained from the uniform start, a gradient of the network without gates that "
    "surely is still there at lag 25, one of the LSTM that surely is not, or less than a power of ten "
    "between the two; it is a limit if it is not shown that the first has vanished there, or that the second "
    "has not, or if, before training or from the orthogonal start, the first is still there or the second is "
    "not",
    matters=1.0,
)
LAG = 25
_VANISHED = 0.01
_GATELESS = "rnn"
_MOMENTS = ("initial", "trained")
_TITLES = {"rnn": "without gates", "gru": "GRU", "lstm": "LSTM"}


def cells(size: Size) -> list[Cell]:
    """Three networks from two starts."""
    folds, steps, sequences, limit = {
        "tiny": (2, 30, 100, 2),
        "quick": (4, 50, 3_000, 5),
        "full": (10, 100, 16_000, 6),
    }[size]
    return grid(
        CLAIM,
        tasks=[SYNTHETIC + "adding"],
        candidates=tuple(_TITLES),
        levels={"start": ["uniform", "own"]},
        folds=folds,
        steps=steps,
        max_train=sequences,
        max_epochs=limit,
    )


def flow(layer: nn.Module, x: Tensor, lags: list[int], *, directions: int = 8) -> dict[int, float]:
    r"""Measure how far the gradient reaches back through a recurrent layer.

    The median over sequences and random unit vectors v of

    .. math:: \| v^\top \partial h_T / \partial s_{T-k} \|

    where s is the whole state: h, and of an LSTM also c.

    Parameters
    ----------
    layer : Module
        RNN, GRU or LSTM of one layer and one direction.
    x : Tensor, shape (B, T, C)
        Sequences.
    lags : list of int
        Steps back k, from 0 to T - 1.
    directions : int
        How many vectors v.

    Returns
    -------
    dict of int to float
        Norm by lag; 1 at lag 0.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> layer = nn.RNN(1, 4, batch_first=True)
    >>> norms = flow(layer, torch.zeros(2, 12, 1), [0, 1, 10])
    >>> norms[0] == 1.0, norms[10] < norms[1]
    (True, True)
    """
    steps, hidden = x.shape[1], int(layer.hidden_size)  # type: ignore[arg-type]
    maker = torch.Generator().manual_seed(0)
    norms = {0: 1.0}
    for lag in lags:
        if lag == 0:
            continue
        with torch.no_grad():
            _, state = layer(x[:, : steps - lag])
        parts = [part.detach().requires_grad_() for part in (state if isinstance(state, tuple) else (state,))]
        out, _ = layer(x[:, steps - lag :], tuple(parts) if isinstance(state, tuple) else parts[0])
        found = []
        for _ in range(directions):
            v = nn.functional.normalize(torch.randn(hidden, generator=maker), dim=0).to(x.device)
            back = torch.autograd.grad((out[:, -1] @ v).sum(), parts, retain_graph=True)
            found.append(torch.cat(back, dim=2).norm(dim=2).flatten())
        norms[lag] = float(torch.cat(found).median())
    return norms


def _lags(steps: int) -> list[int]:
    """Steps back at which the norm is measured."""
    return [lag for lag in (0, 1, 2, 3, 5, 10, 15, 20, 25, 30, 40, 50, 75, 99) if lag < steps]


def measure(cell: Cell, facts: Facts) -> None:
    """Measure the flow in one network before and after training."""
    asked = rules(cell)
    steps, n = asked["steps"], asked["max_train"]
    rng = np.random.default_rng([cell.fold, steps])
    X, y = adding_problem(n, steps, rng)
    new, truth = adding_problem(max(n // 8, 50), steps, rng)
    estimator: Any = candidates.get(cell.candidate).make(
        "regression",
        layout=(steps, 2),
        random_state=cell.fold,
        hidden=HIDDEN[cell.candidate],
        bidirectional=False,
        dropout=0.0,
        readout="last",
        max_epochs=asked["max_epochs"],
        learning_rate={"uniform": 0.01, "own": 0.003}[level(cell)["start"]],
    )
    if level(cell)["start"] == "uniform":
        start_as_torch(estimator)
    with seeded(seed_of(cell.fold), torch.device("cpu")):  # the weights that the fit begins with
        before = estimator._build((steps, 2), 1)
    with timed(facts, "fit_seconds"):
        estimator.fit(X, y)
    facts.extra["r2"] = METRICS["r2"](truth, estimator.predict(new))
    rows = check_rows(estimator, new[:64], layout=(steps, 2), reset=False)
    (x,) = estimator._inputs(rows, estimator.device_)
    for moment, module in zip(_MOMENTS, (before, estimator.module_)):
        layer = module.to(estimator.device_).float().layers[0][0]
        facts.extra[moment] = {str(lag): norm for lag, norm in flow(layer, x, _lags(steps)).items()}
    facts.test = facts.extra["trained"][str(LAG)]
    facts.device = str(estimator.device_)


def _curve(part: pd.DataFrame) -> list[dict[str, Any]]:
    """Mean and range over the seeds in powers of ten, by network and lag."""
    lines = (
        part.groupby(["candidate", "lag"])["decades"].agg(norm="mean", low="min", high="max").reset_index()
    )
    lines["network"] = lines["candidate"].map(_TITLES)
    return records(lines.drop(columns="candidate"))


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare what is left at lag 25, in powers of ten.

    Networks trained from the uniform start decide: the claim is of such networks. It holds if there the LSTM
    keeps more, the gradient without gates has vanished and that of the LSTM has not, all with 95% confidence;
    with a limit if the latter two are so on average over seeds alone, or are not so on average from the other
    start or before training.
    """
    long = pd.DataFrame(
        {name: row[name] for name in ("candidate", "start", "fold")}
        | {"moment": moment, "lag": int(lag), "norm": max(float(norm), 1e-30)}
        for row in records(frame)
        for moment in _MOMENTS
        for lag, norm in row["extra"][moment].items()
    )
    long["decades"] = np.log10(long["norm"])
    at = long[long["lag"] == LAG].pivot_table(
        index=["start", "moment", "fold"], columns="candidate", values="decades"
    )
    gap = at["lstm"] - at[_GATELESS]

    def more(start: str, moment: str) -> Any:
        what = f"LSTM minus network without gates at lag {LAG}, {moment}, {start} start"
        return effect(what, gap.loc[(start, moment)], unit="powers of ten", of="seeds")

    conditions = [("uniform", "trained"), ("uniform", "initial"), ("own", "trained"), ("own", "initial")]
    effects = tuple(more(*condition) for condition in conditions)
    left = {
        name: effect(
            f"left of the gradient, {_TITLES[name]}, trained, uniform start",
            at[name].loc[conditions[0]],
            unit="powers of ten",
            of="seeds",
        )
        for name in (_GATELESS, "lstm")
    }
    typical = 10 ** at.groupby(level=["start", "moment"]).mean()  # geometric means over seeds
    gone, there = typical[_GATELESS] < _VANISHED, typical["lstm"] >= _VANISHED
    verdict, least = not_shown(CLAIM, effects[0]), np.log10(_VANISHED)
    surely_gone, surely_there = left[_GATELESS].high < least, left["lstm"].low > least
    if left[_GATELESS].low > least or left["lstm"].high < least:
        verdict = "does not hold here"
    elif effects[0].low > 0 and gone.loc[conditions[0]] and there.loc[conditions[0]]:
        everywhere = gone.all() and there.all()
        verdict = "holds" if surely_gone and surely_there and everywhere else "holds with a limit"
    names = [name for name in _TITLES if name in typical]
    told = "; ".join(
        f"{start} start, {moment}: "
        + ", ".join(f"{_TITLES[name]} {typical[name].to_dict()[start, moment]:.1g}" for name in names)
        for start, moment in conditions
    )
    kept = [f"{start} start, {moment}" for start, moment in conditions if not gone.loc[(start, moment)]]
    lost = [f"{start} start, {moment}" for start, moment in conditions if not there.loc[(start, moment)]]
    r2 = frame.assign(r2=[extra["r2"] for extra in frame["extra"]]).pivot_table(
        index="candidate", columns="start", values="r2"
    )
    learned = ", ".join(
        f"{_TITLES[name]} {r2.loc[name, 'uniform']:.2f} and {r2.loc[name, 'own']:.2f}" for name in r2.index
    )
    first = gap.loc[conditions[0]]
    words = (
        f"What is left of the gradient after {LAG} steps: {told}. Without gates it has not vanished "
        f"(below {_VANISHED}) with: {', '.join(kept) or 'none'}; that of the LSTM has with: "
        f"{', '.join(lost) or 'none'}. Trained from the uniform start, it is "
        f"{'' if surely_gone else 'not '}shown that the former has vanished, and "
        f"{'' if surely_there else 'not '}shown that the latter has not; the LSTM keeps more than "
        f"the network without gates with {(first > 0).sum()} of {len(first)} seeds, by {first.min():.1f} to "
        f"{first.max():.1f} powers of ten. R² on the adding problem after training, uniform and own start: "
        f"{learned}. Where both keep their gradient or both lose it, the start, with its learning rate, "
        "decides and not the cell."
    )
    charts = tuple(
        Chart(
            "lines",
            f"Norm of the gradient by lag, {moment}, {start} start",
            _curve(long[(long["start"] == start) & (long["moment"] == moment)]),
            x="lag",
            y="norm",
            by="network",
            low="low",
            high="high",
            x_label="steps back",
            y_label="norm in powers of ten, mean and range over seeds",
        )
        for start, moment in conditions
    )
    return Judgement(verdict, words, (*effects, *left.values()), charts)
