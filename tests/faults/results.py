# SPDX-License-Identifier: GPL-2.0-or-later
"""What came of the faults in this run of the tests: checked, counted, and kept for docs/faults.md."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.faults.catalogue import BEDS, Fault, load

FOLDER_VARIABLE = "HAL_MPG_FAULTS"
"""Environment variable: the folder where the results are to be kept, one file for each bed."""

Results = dict[str, dict[str, Any]]
"""What came of faults, by their ids, as `Result.as_json` has it."""

SLACK = 5
"""In an ordinary run of the tests, on a computer that is busy with who knows what, times may be so many
times their limits; those beyond are told with the totals. `make faults` takes the limits as they are."""

_played: dict[str, dict[str, Any]] = {}
_machines: dict[str, str] = {}


def play_all(faults: Sequence[Fault], play: Callable[[list[str]], Results]) -> Results:
    """Play faults in one run of a bed; those that did not end as expected once more, in a run of their own.

    On a computer that others use as well, LinuxCNC can be held up for seconds. What was played again is
    told with the totals, and what went wrong the first time is printed. `play` is given the ids.
    """
    try:
        results = play([fault.id for fault in faults])
    except Exception:  # noqa: BLE001  # a run that ended early is played again, too
        print(traceback.format_exc())
        results = {}
    failed = [fault for fault in faults if _fault_of(fault, results.get(fault.id))]
    for fault in failed:
        print(f"played again: {fault.id}: {_fault_of(fault, results.get(fault.id))}")
    if failed:
        again = play([fault.id for fault in failed])
        results |= {name: {**result, "again": True} for name, result in again.items()}
    return results


def _fault_of(fault: Fault, result: dict[str, Any] | None) -> str | None:
    """Return what is wrong with a result; None: nothing."""
    if result is None:
        return "it was not played"
    return result["error"] or _too_late(fault, result["times_ms"])


def check(fault: Fault, results: Results, machine: str) -> None:
    """Note the result of a fault, as `Result.as_json` has it, and fail where it is not as expected."""
    result = results.get(fault.id) or {"id": fault.id, "bed": fault.bed}
    result["error"] = _fault_of(fault, results.get(fault.id))
    _played[fault.id] = result
    _machines[fault.bed] = machine
    assert not result["error"], f"{fault.breaks}\n{result['error']}"


def _is_measuring() -> bool:
    """Tell whether this run is for the page: then times are held to their limits."""
    return bool(os.environ.get(FOLDER_VARIABLE))


def _too_late(fault: Fault, times_ms: list[float]) -> str | None:
    if fault.limit_ms is None:
        return None
    if len(times_ms) < fault.repeat:
        return f"{len(times_ms)} of {fault.repeat} repetitions"
    time_ms = max(times_ms) if fault.every else statistics.median(times_ms)
    which = "the longest" if fault.every else "the median"
    limit_ms = fault.limit_ms * (1 if _is_measuring() else SLACK)
    return None if time_ms <= limit_ms else f"{which} of {times_ms} ms is more than {fault.limit_ms} ms"


def summary() -> list[str]:
    """Return the totals of this run, a line for each bed that had faults to play."""
    lines = []
    for bed, what in BEDS.items():
        played = [result for result in _played.values() if result["bed"] == bed]
        if not played:
            continue
        count = Counter("as expected" if not result["error"] else "NOT as expected" for result in played)
        repetitions = sum(len(result.get("times_ms", ())) for result in played)
        stalls = sum(result.get("stalls", 0) for result in played)
        found = ", ".join(f"{number} {how}" for how, number in sorted(count.items()))
        repeated = f", {stalls} repeated for stalls of the computer" if stalls else ""
        again = [result["id"] for result in played if result.get("again")]
        twice = f"; played again: {', '.join(again)}" if again else ""
        slow = [fault.id for fault in load(bed) if _is_over_limit(fault)]
        late = f"; beyond their limits on this busy computer: {', '.join(slow)}" if slow else ""
        totals = f"{found}, of {len(load(bed))}; {repetitions} repetitions{repeated}{twice}{late}"
        lines.append(f"{bed} ({what}): {totals}")
    return lines


def _is_over_limit(fault: Fault) -> bool:
    times_ms = _played.get(fault.id, {}).get("times_ms")
    if not times_ms or fault.limit_ms is None:
        return False
    return bool((max(times_ms) if fault.every else statistics.median(times_ms)) > fault.limit_ms)


def keep() -> None:
    """Write the results of each bed to its file, where the environment names a folder.

    What was not played now, or not as expected, stays as it was kept before.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    for bed, machine in _machines.items() if folder else ():
        path = Path(folder or "", f"{bed}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        before = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []
        new = {name: result for name, result in _played.items() if not result["error"]}
        results = {result["id"]: result for result in before} | new
        mine = [results[fault.id] for fault in load(bed) if fault.id in results]
        content = {"machine": machine, "results": sorted(mine, key=lambda result: result["id"])}
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def this_machine() -> str:
    """Return what this machine is, for the page."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} processors {model}, Linux {platform.release()}, LinuxCNC {_linuxcnc_version()}"


def _linuxcnc_version() -> str:
    command = ["dpkg-query", "-W", "-f", "${Version}", "linuxcnc-uspace"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout or "none"
    except (OSError, subprocess.CalledProcessError):
        return "not from a package"
