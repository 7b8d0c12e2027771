"""``python -m benchmarks.speed.training``: seconds of an epoch beside skorch and the least PyTorch needs.

The same network with the same weights to start from, the same encoded rows, held-out rows, batch size,
optimiser (AdamW), clipping and epochs:

- ours: the shared loop, with all that it does besides: learning rate by step, the best weights kept, a look
  at the clock; and the whole of ``fit``, with checks and encoding, shared out among the few epochs
- floor: a plain loop over the tensors with a fused AdamW and the same look at the held-out rows; in bfloat16,
  too, where ours trains in it
- skorch: as it comes, with shuffled batches (its DataLoader; losses and accuracy per epoch; AdamW and dropout
  as PyTorch has them), and with our dropout and a fused AdamW
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from advisor.architectures._training import forward, has_bfloat16
from benchmarks.speed._cases import CASES, Prepared, bfloat16
from benchmarks.speed._timing import Report, Sheet, Times, clock_of, parse, take_turns, told

FLOOR = 1.1  # times the floor, at most
MISSING = "skorch is not installed: pip install 'arch-advisor[peers]' to compare with it."
WHOLE = "ours, all of fit"
BEST = "skorch, our dropout, fused AdamW"


def has_skorch() -> bool:
    """Whether skorch is installed."""
    return importlib.util.find_spec("skorch") is not None


def skorch_net(work: Prepared, *, torch_dropout: bool = True, **settings: Any) -> Any:
    """Make skorch's classifier for the same network, held-out rows and optimiser."""
    from skorch import NeuralNetClassifier
    from skorch.callbacks import GradientNormClipping
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    x, target = work.inputs[0].numpy(), work.target.numpy()
    recipe = work.recipe
    return NeuralNetClassifier(
        work.module(torch_dropout=torch_dropout),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=recipe.weight_decay,
        lr=recipe.learning_rate,
        batch_size=recipe.batch_size,
        max_epochs=recipe.max_epochs,
        iterator_train__shuffle=True,
        train_split=predefined_split(Dataset(x[work.held], target[work.held])),
        callbacks=None if recipe.clip is None else [GradientNormClipping(recipe.clip)],
        verbose=0,
        **settings,
    )


def loops(work: Prepared) -> dict[str, Callable[[], nn.Module]]:
    """What is timed: each gives its trained network."""
    runs: dict[str, Callable[[], nn.Module]] = {
        "ours": work.ours,
        WHOLE: lambda: work.estimator.fit(work.X, work.y).module_,
        "floor": work.floor,
    }
    if work.recipe.bfloat16 and has_bfloat16():
        runs["floor, bfloat16"] = partial(work.floor, around=bfloat16)
    if has_skorch():
        x, target = work.inputs[0].numpy()[work.rows], work.target.numpy()[work.rows]
        runs["skorch"] = lambda: skorch_net(work).fit(x, target).module_
        runs[BEST] = lambda: (
            skorch_net(work, torch_dropout=False, optimizer__fused=True).fit(x, target).module_
        )
    return runs


def predictions(work: Prepared) -> dict[str, Callable[[], Any]]:
    """Probabilities of all rows: by our estimator from raw columns, by the rest from encoded ones."""
    fitted = work.fitted
    runs: dict[str, Callable[[], Any]] = {
        "ours": lambda: fitted.predict_proba(work.X),
        "floor": lambda: forward(fitted.module_, work.inputs).softmax(dim=1).numpy(),
    }
    if has_skorch():
        net = skorch_net(work).initialize()
        x = work.inputs[0].numpy()
        runs["skorch"] = lambda: net.predict_proba(x)
    return runs


def said(loop: str, times: dict[str, Times], times_skorch: float) -> str:
    """How the time of a loop stands to ours."""
    if loop == "ours":
        return ""
    ratio = times[loop].over(times["ours"])
    if loop == ("floor, bfloat16" if "floor, bfloat16" in times else "floor"):
        return told(ratio, at_least=1 / FLOOR)
    return told(ratio, at_least=times_skorch if loop == "skorch" else None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parse("training", __doc__, arguments, turns=3)
    torch.set_num_threads(options.threads)
    clock = clock_of(options.threads)
    report = Report("training", options)
    if not has_skorch():
        report.say(MISSING)
    trainings: list[tuple[str, ...]] = []
    calls: list[tuple[str, ...]] = []
    for case in CASES:
        work, label = Prepared(case), f"{case.name}, batches of {case.batch_size}"
        runs = loops(work)
        accuracy = {loop: work.accuracy(run()) for loop, run in runs.items()}  # warms up, too
        times = take_turns(runs, turns=options.turns, clock=clock)
        for loop, spent in times.items():
            trainings.append(
                (
                    label if loop == "ours" else "",
                    loop,
                    str(spent.per(case.epochs)),
                    said(loop, times, case.times_skorch),
                    "" if loop == WHOLE else f"{accuracy[loop]:.3f}",
                )
            )
        times = take_turns(predictions(work), turns=options.turns, clock=clock)
        calls.append(
            (label, *(str(times[who]) if who in times else "" for who in ("ours", "floor", "skorch")))
        )
    report.add(Sheet(("network", "loop", "s an epoch", "times ours", "accuracy"), trainings))
    report.say(
        "Accuracy is that of the held-out rows after these few epochs: it shows that the same was trained."
    )
    report.add(Sheet(("predict_proba of all rows, s", "ours, with encoding", "floor", "skorch"), calls))
    report.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
