"""``python -m benchmarks.advisor.speed_peers PEER FRAME``: one peer, once, on one frame; prints JSON.

Runs in a Python of its own that has the peers (:mod:`benchmarks.advisor.speed` starts it), so it imports
nothing of ours but the frames. Each peer is asked for what comes nearest to the question: what are these
columns? What none of them is asked is what none of them answers.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

Ask = Callable[[Any, Any], str]


def ydata(frame: Any, target: Any) -> str:
    """A profile without correlations and interactions."""
    from ydata_profiling import ProfileReport

    found = ProfileReport(frame, minimal=True, progress_bar=False, pool_size=1).get_description()
    kinds = [variable["type"] for variable in found.variables.values()]
    return _counts(kinds)


def skrub(frame: Any, target: Any) -> str:
    """The summary of columns and associations that its report shows, without the plots."""
    from skrub import TableReport

    found = json.loads(TableReport(frame, verbose=0).json())
    return _counts([column.get("dtype", "?") for column in found["columns"]])


def pymfe(frame: Any, target: Any) -> str:
    """General and statistical meta-features."""
    from pymfe.mfe import MFE

    inputs = frame.drop(columns=target).to_numpy() if target is not None else frame.to_numpy()
    labels = frame[target].to_numpy() if target is not None else None
    names, _ = MFE(groups=["general", "statistical"]).fit(inputs, labels).extract(suppress_warnings=True)
    return f"{len(names)} meta-features"


def sktime(frame: Any, target: Any) -> str:
    """Its name for the kind of container."""
    from sktime.datatypes import mtype

    return str(mtype(frame.drop(columns=target) if target is not None else frame))


def autogluon(frame: Any, target: Any) -> str:
    """The raw and special types of columns."""
    from autogluon.common.features.feature_metadata import FeatureMetadata

    metadata = FeatureMetadata.from_df(frame.drop(columns=target) if target is not None else frame)
    return _counts([*metadata.type_map_raw.values(), *metadata.type_group_map_special])


PEERS: dict[str, tuple[str, str, Ask]] = {  # distribution, module, question
    "ydata-profiling (minimal)": ("ydata-profiling", "ydata_profiling", ydata),
    "skrub TableReport": ("skrub", "skrub", skrub),
    "pymfe (general, statistical)": ("pymfe", "pymfe.mfe", pymfe),
    "sktime mtype": ("sktime", "sktime.datatypes", sktime),
    "AutoGluon column types": ("autogluon.common", "autogluon.common.features.feature_metadata", autogluon),
}


def _counts(kinds: list[Any]) -> str:
    names = [str(kind) for kind in kinds]
    return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))[:160]


def main(arguments: list[str]) -> int:
    """Ask one peer."""
    from benchmarks.advisor.speed_frames import FRAMES, OBJECTS

    peer, name = arguments
    distribution, module, ask = PEERS[peer]
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    frame = next(frame for frame in (*FRAMES, *OBJECTS) if frame.name == name)
    data = frame.make()
    data.columns = [str(label) for label in data.columns]
    out = os.dup(1)
    os.dup2(2, 1)  # what peers print is not the answer
    importlib.import_module(module)  # not counted, as ours is not
    limit = float(os.environ.get("SPEED_LIMIT", "120"))
    _limit(limit)
    start, used = time.perf_counter(), time.process_time()
    try:
        answer = ask(data, frame.target)
    except Exception as error:  # whatever a peer raises is its result
        answer = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
    told = {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - used,
        "answer": answer,
        "version": version(distribution),
    }
    os.write(out, json.dumps(told).encode())
    return 0


def _limit(seconds: float) -> None:
    """Let the system end this process after so many more seconds of processor time."""
    import resource

    held = int(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (held, held + 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
