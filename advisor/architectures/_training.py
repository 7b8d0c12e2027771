"""The training loop that all networks share: small, fast, seeded, and bounded in time."""

from __future__ import annotations

import contextlib
import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor, nn

from advisor.architectures._checks import check_at_least_zero
from advisor.errors import DivergedError, InputError

WARM_STEPS = 3  # the first steps load and allocate, and say nothing of how long the others take

Stopped = Literal["patience", "max_epochs", "time_limit", "diverged"]
Schedule = Literal["cosine", "plateau", "constant"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    max_epochs : int
        Passes over the training rows.
    patience : int
        Epochs without a better validation score after which training stops.
    batch_size : int
        Rows per step.
    learning_rate : float
        Peak step size of AdamW.
    weight_decay : float
        Decoupled weight decay of AdamW.
    schedule : {"cosine", "plateau", "constant"}
        "cosine": linear warm-up over a tenth of the steps, then half a cosine to zero (a tenth of the time
        limit, where that ends training first). "plateau": times 0.2 after 30 epochs without a better score,
        not below 2e-5.
    settle : float
        Share of a cosine, 0..1, in which an epoch is the best only if none comes after; half of the patience
        at most.
    clip : float or None
        Largest norm of the gradient.
    time_limit : float or None
        Seconds.
    bfloat16 : bool
        Whether the forward pass of training multiplies matrices in bfloat16, on a CPU that has instructions
        for it. Weights, losses and predictions stay in float32.
    """

    max_epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    schedule: Schedule = "cosine"
    settle: float = 0.0
    clip: float | None = None
    time_limit: float | None = None
    bfloat16: bool = False

    def settled(self, progress: float, epoch: int) -> bool:
        """Whether an epoch (from 0), after that share of the training, can be the best of all."""
        return self.schedule != "cosine" or progress >= self.settle or 2 * epoch >= self.patience


@dataclass(frozen=True, slots=True)
class History:
    """Validation score per epoch (minus the loss, -inf if not finite), the best epoch, why training ended.

    ``hurried`` says whether the learning rate fell faster than the epochs alone would have let it, so as to
    end with the time limit: the weights then depend on the speed of the machine, whatever ended the training.
    """

    scores: tuple[float, ...]
    best_epoch: int
    stopped: Stopped
    hurried: bool


def pick_device(name: str) -> torch.device:
    """Turn "auto" into CUDA, else Apple's MPS, else the CPU; any other name is taken as it is."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def has_bfloat16() -> bool:
    """Whether this CPU has instructions for bfloat16; others imitate them, which takes longer."""
    known = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in known)


def precision(recipe: Recipe, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Context of the forward pass of training."""
    if recipe.bfloat16 and device.type == "cpu" and has_bfloat16():
        return torch.autocast("cpu", torch.bfloat16)
    return contextlib.nullcontext()


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch for the block (initial weights, dropout) and give the caller's random state back."""
    accelerator: Any = None if device.type == "cpu" else torch.get_device_module(device)
    # calls go to the current one of several accelerators; of Apple's there is but one
    there = getattr(accelerator, "device", contextlib.nullcontext)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if accelerator:
            with there(device):
                state = accelerator.get_rng_state()
                accelerator.manual_seed(seed)
        try:
            yield
        finally:
            if accelerator:
                with there(device):
                    accelerator.set_rng_state(state)


def train(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    target: Tensor,
    *,
    loss: Callable[..., Tensor],
    weight: Tensor | None = None,
    rows: NDArray[np.intp],
    validation: NDArray[np.intp],
    recipe: Recipe,
    seed: int,
) -> History:
    """Train in place and leave the module with its best weights, in evaluation mode.

    Parameters
    ----------
    module : Module
        On the device of the data; called with a batch of each input.
    inputs : tuple of Tensor, each (n, ...)
        On the device, once for all epochs.
    target : Tensor, shape (n,)
        Class codes or numbers.
    loss : callable
        Mean loss of (output, target) or, if there are weights, (output, target, weight).
    weight : Tensor, shape (n,), optional
        Weight of each row in the loss, on the device.
    rows, validation : ndarray of int
        Rows to learn from, rows to stop by.
    recipe : Recipe
        How to train.
    seed : int
        Seed of the order of the batches.

    Returns
    -------
    History
        Scores per epoch and why training ended.

    Raises
    ------
    DivergedError
        If a training loss is not finite before any validation loss is, or no validation loss ever is.
    """
    device = target.device
    start = time.monotonic()
    generator = torch.Generator().manual_seed(seed)
    index = torch.as_tensor(rows)
    n_batches = batches(len(rows), recipe.batch_size)
    held = torch.as_tensor(validation, device=device)
    held_inputs = tuple(t[held] for t in inputs)
    targets = (target,) if weight is None else (target, weight)
    held_targets = tuple(t[held] for t in targets)

    weights = [p for p in module.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        _groups(module, recipe.weight_decay), lr=recipe.learning_rate, fused=device.type != "mps"
    )
    rate = Rate(recipe)
    until = math.inf if recipe.time_limit is None else start + recipe.time_limit
    progress = _Progress(recipe.max_epochs * n_batches, until)
    best = _Best(module)
    settled = False
    scores: list[float] = []
    stopped: Stopped = "max_epochs"
    step = 0
    for epoch in range(recipe.max_epochs):
        module.train()
        total = torch.zeros((), device=device)
        order = index[torch.randperm(len(index), generator=generator)].to(device)
        for batch in order.tensor_split(n_batches):
            if epoch == 0 and step == WARM_STEPS:
                progress.start(step)
            now = rate(progress(step), epoch - best.epoch)
            for group in optimiser.param_groups:
                group["lr"] = now
            optimiser.zero_grad(set_to_none=True)
            with precision(recipe, device):
                value = loss(module(*(t[batch] for t in inputs)), *(t[batch] for t in targets))
            value.backward()  # type: ignore[no-untyped-call]
            if recipe.clip is not None:
                nn.utils.clip_grad_norm_(weights, recipe.clip)
            optimiser.step()
            total += value.detach()
            step += 1
            if time.monotonic() >= until:
                stopped = "time_limit"
                break
        score = -float(loss(forward(module, held_inputs), *held_targets))
        if not math.isfinite(float(total)):
            diverged = _diverged(f"training loss {float(total):g} in epoch {epoch + 1}", recipe)
            if best.score == -math.inf:
                raise diverged
            kept = f"the weights of epoch {best.epoch + 1} are kept"
            warnings.warn(f"{diverged}; {kept}", ConvergenceWarning, stacklevel=3)
            scores.append(-math.inf)
            stopped = "diverged"
            break
        # running statistics of few batches can overflow in evaluation and come right with more
        scores.append(score if math.isfinite(score) else -math.inf)
        if not settled and recipe.settled(progress.now, epoch) and math.isfinite(score):
            best.score, settled = -math.inf, True
        best.offer(epoch, scores[-1])
        if stopped == "time_limit":
            break
        if epoch - best.epoch >= recipe.patience:
            stopped = "patience"
            break
        if epoch == 0:
            progress.start(step)  # once more: the first look at the rows held out is slow, too
    if best.score == -math.inf:
        raise _diverged(f"no finite validation loss in {len(scores)} epochs", recipe)
    best.restore()
    module.eval()
    hurried = progress.hurried and recipe.schedule == "cosine"
    return History(tuple(scores), best.epoch, stopped, hurried)


def _diverged(got: str, recipe: Recipe) -> DivergedError:
    return DivergedError(
        "the loss must stay finite",
        got=got,
        do=f"lower the learning rate, now {recipe.learning_rate:g}, or look for extreme values",
    )


def _groups(module: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Weights with decay and, where ``module.decays(name)`` is false, without."""
    decays = getattr(module, "decays", lambda name: True)
    groups: dict[bool, list[Tensor]] = {}
    for name, weight in module.named_parameters():
        if weight.requires_grad:
            groups.setdefault(decays(name), []).append(weight)
    return [{"params": ps, "weight_decay": weight_decay * decayed} for decayed, ps in groups.items()]


def batches(n_rows: int, batch_size: int) -> int:
    """Steps of an epoch: batches of about that size, of at least two rows."""
    return max(1, min(round(n_rows / batch_size), n_rows // 2))


def rows_at_once(module: nn.Module, inputs: tuple[Tensor, ...]) -> int:
    """Rows of a batch in evaluation.

    A module that has many more values of a row inside than go in says so: ``module.row_values``.
    """
    values_per_row: int = max(1, getattr(module, "row_values", inputs[0][0].numel()))
    # a CPU's caches should hold the activations: a CNN on 28 x 28 and an LSTM over 50 x 4 take half as long
    # again with 1,000 rows at a time as with 100 to 500
    largest, values = (512, 2**17) if inputs[0].device.type == "cpu" else (2048, 2**20)
    return max(16, min(largest, values // values_per_row))


@torch.inference_mode()
def forward(module: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    """Outputs of the module in evaluation mode, in batches that bound the memory."""
    module.eval()
    size = rows_at_once(module, inputs)
    return torch.cat([module(*parts) for parts in zip(*(torch.split(t, size) for t in inputs))])


class _Progress:
    """Share of the training that is over, from 0 to 1, by its steps or, once started, by the clock.

    The clock has a say only where it runs ahead of the steps, as if all epochs were to be trained:
    ``hurried`` says whether it ever did.
    """

    def __init__(self, n_steps: int, until: float) -> None:
        self.n_steps, self.until = n_steps, until
        self.since, self.done, self.now = math.inf, 0.0, 0.0
        self.hurried = False

    def start(self, step: int) -> None:
        """Let the clock count from here; what came before was slow, since torch was warming up."""
        self.since, self.done = time.monotonic(), max(step / self.n_steps, self.now)

    def __call__(self, step: int) -> float:
        self.now = step / self.n_steps
        if self.since < math.inf:
            passed = (time.monotonic() - self.since) / max(self.until - self.since, 1e-9)
            clock = self.done + (1 - self.done) * passed
            if clock > (step + 1) / self.n_steps:
                self.now, self.hurried = min(1.0, clock), True
        return self.now


class Rate:
    """Learning rate by progress from 0 to 1 ("cosine") or by epochs since the best one ("plateau")."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.rate = recipe, recipe.learning_rate
        self.waited = 0

    def __call__(self, progress: float, since_best: int) -> float:
        peak = self.recipe.learning_rate
        if self.recipe.schedule == "cosine":
            if progress < 0.1:
                return peak * (0.1 + 9 * progress)
            return peak * 0.5 * (1 + math.cos(math.pi * (progress - 0.1) / 0.9))
        if self.recipe.schedule == "plateau":
            if since_best < self.waited:
                self.waited = 0
            if since_best - self.waited > 30:
                self.rate, self.waited = min(peak, max(2e-5, self.rate * 0.2)), since_best
        return self.rate


class _Best:
    """The best weights so far, copied only when the score rises, into memory that is allocated once."""

    def __init__(self, module: nn.Module) -> None:
        self.live = list(module.state_dict().values())
        self.kept = [t.clone() for t in self.live]
        self.epoch, self.score = 0, -math.inf

    def offer(self, epoch: int, score: float) -> None:
        if score > self.score:
            self.epoch, self.score = epoch, score
            self._copy(self.kept, self.live)

    def restore(self) -> None:
        self._copy(self.live, self.kept)

    @staticmethod
    @torch.no_grad()
    def _copy(to: list[Tensor], source: list[Tensor]) -> None:
        for a, b in zip(to, source):
            a.copy_(b)


def check_recipe(recipe: Recipe) -> None:
    """Refuse settings that cannot train.

    Raises
    ------
    InputError
        Naming the setting.
    """
    for name in ("max_epochs", "patience", "batch_size", "learning_rate"):
        if not getattr(recipe, name) > 0:
            raise InputError(f"{name} must be above 0", got=str(getattr(recipe, name)), do=f"set {name}")
    if recipe.clip is not None and not recipe.clip > 0:
        raise InputError("clip must be above 0", got=str(recipe.clip), do="set it, or None for no limit")
    check_at_least_zero("weight_decay", recipe.weight_decay, do="set it to 0 for none")
    check_at_least_zero("time_limit", recipe.time_limit, do="set seconds, or None for no limit")
    if recipe.schedule not in get_args(Schedule):
        raise InputError(
            "schedule must be 'cosine', 'plateau' or 'constant'",
            got=repr(recipe.schedule),
            do="choose one of them",
        )
