"""The arguments that choose an engine and what a cell gets of it."""

from __future__ import annotations

import argparse

from advisor.errors import EngineError
from benchmarks.engine import Engine
from benchmarks.engine.local import LocalEngine, processors

__all__ = ["add_options", "add_workers", "make_engine", "places", "positive"]


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``."""
    parser.add_argument(
        "--workers",
        type=positive,
        help="cells at a time (default: what the processors of this machine, or of Ray's cluster, allow)",
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--engine`` and what belongs to it, and note that the command runs cells."""
    parser.set_defaults(runs_cells=True)
    add_workers(parser)
    parser.add_argument("--threads", type=positive, default=1, help="threads of each (default: 1)")
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help="default: local")
    parser.add_argument(
        "--address", help="Ray cluster: auto, HOST:PORT or ray://HOST:PORT (default: one on this machine)"
    )
    parser.add_argument(
        "--gpus-per-cell", type=_share, default=0.0, metavar="N", help="0.25 lets four cells share a GPU"
    )


def make_engine(args: argparse.Namespace) -> Engine:
    """Make the engine that was asked for.

    Raises
    ------
    AdvisorError
        If the options contradict each other, or the engine is not installed or cannot be reached.
    """
    if args.engine == "ray":
        from benchmarks.engine.ray import RayEngine

        return RayEngine(
            args.workers, threads=args.threads, gpus=args.gpus_per_cell, address=args.address or None
        )
    if args.address or args.gpus_per_cell:
        raise EngineError(
            "--address and --gpus-per-cell belong to the engine 'ray'",
            got="--engine local",
            do="add --engine ray, or leave them out",
        )
    return LocalEngine(args.workers or places(args.threads), threads=args.threads)


def places(threads: int = 1) -> int:
    """How many workers this machine has processors for."""
    return max(processors() // threads, 1)


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def _share(text: str) -> float:
    """Read a share of one GPU or a number of whole ones: Ray gives nothing in between."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not (0 <= share <= 1 or (share.is_integer() and share > 1)):
        raise argparse.ArgumentTypeError(f"must be a share of one GPU or whole GPUs, got {text!r}")
    return share
