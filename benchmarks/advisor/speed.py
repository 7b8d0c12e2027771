"""``python -m benchmarks.advisor.speed``: how long does a look take, and how much memory?

Each frame is looked at in a process of its own, with one thread: the first call after ``import advisor``, and
the best of two more. Time is given by the wall and by the processor, memory as the peak above that held when
the frame was made. A target is met if the first call meets it, by the processor's clock: on a quiet machine
the wall's shows the same. ``--peers --peer-python PATH`` asks the peers on the same frames, once each, for at
most 120 seconds of processor time; PATH is a Python that has them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MEGABYTES = 300  # above the data, at most
PEER_FRAMES = ("table-30", "mixed-30", "digits-784", "mixed-1e6", "genes-6800", "table-1e6", "photos-3072")


def child(name: str) -> dict[str, Any]:
    """Look at one frame; runs in a process of its own."""
    start, used = time.perf_counter(), time.process_time()
    from advisor import advise

    told: dict[str, Any] = {"import": time.perf_counter() - start, "import_cpu": time.process_time() - used}
    from benchmarks.advisor.speed_frames import FRAMES, LONGER, OBJECTS

    known = {frame.name: (frame.make, frame.target) for frame in (*FRAMES, *OBJECTS)}
    known |= {key: (make, "y") for key, make in LONGER.items()}
    make, target = known[name]
    data = make()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak of making it
    held = _megabytes("VmRSS")
    calls = []
    for _ in range(3 if data.shape[1] < 5000 or len(data) < 10_000 else 1):
        start, used = time.perf_counter(), time.process_time()
        advice = advise(data, target=target)
        calls.append((time.perf_counter() - start, time.process_time() - used))
    told["first"], told["first_cpu"] = calls[0]
    told["again"], told["again_cpu"] = (min(values) for values in zip(*calls[1:] or calls, strict=True))
    told["megabytes"] = _megabytes("VmHWM") - held
    told["answer"] = advice.structure
    told["said"] = f"{advice.structure} {advice.layout} by {advice.rule}"
    told["probes"] = {fact.name: round(fact.seconds * 1000) for fact in advice.evidence}
    return told


def _megabytes(key: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def run(arguments: list[str], python: str, limit: float, **env: str) -> dict[str, Any]:
    """Run a module of ours in a process of its own; what it printed, or why it did not."""
    held = dict(os.environ) | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1") | env
    held.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        done = subprocess.run(
            [python, "-m", *arguments], cwd=ROOT, env=held, capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return {"failed": "over the time limit"}
    if done.returncode < 0:  # ended by a signal: of the processor's clock, or of the want of memory
        return {"failed": "over the time limit" if done.returncode == -24 else f"signal {-done.returncode}"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1][:160]}
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def look(name: str, cache: str) -> dict[str, Any]:
    """Look at one frame in a new process."""
    return run(["benchmarks.advisor.speed", "--child", name], sys.executable, 900, PYTHONPYCACHEPREFIX=cache)


def measure(names: list[str], cache: str) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """The table of targets, and what was measured."""
    from benchmarks.advisor.speed_frames import FRAMES, OBJECTS

    lines = [
        "| frame | target, s | first call: wall, CPU s | again: wall, CPU s | MB above the data | said | |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    found: dict[str, dict[str, Any]] = {}
    for frame in (*FRAMES, *OBJECTS):
        if names and frame.name not in names:
            continue
        told = found[frame.name] = look(frame.name, cache)
        if "failed" in told:
            lines.append(f"| {frame.what} | {frame.seconds:g} | | | | {told['failed']} | missed |")
            continue
        fast = told["first_cpu"] <= frame.seconds
        right = frame.structure in (None, told["answer"])
        met = "met" if fast and told["megabytes"] <= MEGABYTES and right else "missed"
        if not fast and told["again_cpu"] <= frame.seconds:
            met += " (met again)"
        lines.append(
            f"| {frame.what} | {frame.seconds:g} | {told['first']:.2f}, {told['first_cpu']:.2f} "
            f"| {told['again']:.2f}, {told['again_cpu']:.2f} | {told['megabytes']:.0f} "
            f"| {told['said']} | {met} |"
        )
    good = [told for told in found.values() if "failed" not in told]
    if good:
        imports = min(told["import"] for told in good), min(told["import_cpu"] for told in good)
        lines += ["", f"import advisor: {imports[0]:.2f} s by the wall, {imports[1]:.2f} s by the processor"]
        slowest = max(good, key=lambda told: told["again_cpu"])
        name = next(name for name, told in found.items() if told is slowest)
        probes = ", ".join(f"{key} {ms}" for key, ms in slowest["probes"].items())
        lines.append(f"slowest, {name}: milliseconds of its probes: {probes}")
    return lines, found


def flatness(cache: str) -> list[str]:
    """Ten times the rows, the same otherwise."""
    from benchmarks.advisor.speed_frames import LONGER

    lines = [
        "| frame | first call: wall, CPU s | again: wall, CPU s | MB above the data |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name in LONGER:
        told = look(name, cache)
        if "failed" in told:
            lines.append(f"| {name} | {told['failed']} | | |")
            continue
        lines.append(
            f"| {name} | {told['first']:.2f}, {told['first_cpu']:.2f} "
            f"| {told['again']:.2f}, {told['again_cpu']:.2f} | {told['megabytes']:.0f} |"
        )
    return lines


def compare(
    python: str, names: list[str], found: dict[str, dict[str, Any]], cache: str, limit: float
) -> Iterator[str]:
    """Ask the peers on the same frames, once each; a line as soon as it is known."""
    from benchmarks.advisor.speed_frames import FRAMES
    from benchmarks.advisor.speed_peers import PEERS

    yield "| frame | asked | CPU s | times ours | answered |"
    yield "| --- | --- | ---: | ---: | --- |"
    absent: list[str] = []
    for name in names or PEER_FRAMES:
        frame = next(frame for frame in FRAMES if frame.name == name)
        ours = found.get(name) or look(name, cache)
        yield f"| {frame.what} | advise | {ours['first_cpu']:.2f} | 1 | {ours['said']} |"
        for peer in PEERS:
            if peer in absent:
                continue
            told = run(
                ["benchmarks.advisor.speed_peers", peer, name], python, 4 * limit, SPEED_LIMIT=str(limit)
            )
            if "No module named" in told.get("failed", ""):
                absent.append(peer)
                yield f"| | {peer} | | | not installed: {told['failed']} |"
            elif "failed" in told:
                over = told["failed"] == "over the time limit"
                took = f"over {limit:.0f}" if over else ""
                ratio = f"over {limit / ours['first_cpu']:.0f}" if over else ""
                yield f"| | {peer} | {took} | {ratio} | {told['failed']} |"
            else:
                ratio = told["cpu"] / ours["first_cpu"]
                yield (
                    f"| | {peer} {told['version']} | {told['cpu']:.2f} "
                    f"| {ratio:.{0 if ratio >= 10 else 1 if ratio >= 1 else 2}f} | {told['answer']} |"
                )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--frames", nargs="*", default=[], help="names of frames; all by default")
    parser.add_argument("--peers", action="store_true", help="ask the peers too")
    parser.add_argument("--only-peers", action="store_true", help="measure nothing else")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds that a peer may take")
    options = parser.parse_args(arguments)
    if options.child:
        sys.stdout.write(json.dumps(child(options.child)) + "\n")
        return 0
    with tempfile.TemporaryDirectory() as cache:
        look("table-30", cache)  # compiles what is imported, once
        found: dict[str, dict[str, Any]] = {}
        if not options.only_peers:
            lines, found = measure(options.frames, cache)
            sys.stdout.write("\n".join(lines) + "\n\n")
            if not options.frames:
                sys.stdout.write("\n".join(flatness(cache)) + "\n\n")
        if options.peers or options.only_peers:
            for line in compare(options.peer_python, options.frames, found, cache, options.limit):
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
