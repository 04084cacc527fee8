# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine: from a detent in the kernel to the HAL pin."""

from __future__ import annotations

from typing import Any

from bench.guest import Stopwatch, entries, in_turn, plan, prepare, running, tell
from bench.load import Load
from tests.beds.kernel import write_result


def main() -> None:
    asked = plan()
    facts = prepare()
    programs = entries(asked)
    loads = {kind: Load(kind) for kind in {"idle", *(c["load"] for c in asked["conditions"].values())}}
    stopwatch = Stopwatch()
    taken: dict[str, dict[str, list[list[int]]]] = {name: {} for name in programs}
    for number, name in in_turn(list(programs), asked["rounds"]):
        with running(programs[name], stopwatch):
            medians = [
                slice_of(stopwatch, condition, loads, taken[name].setdefault(key, []))
                for key, condition in asked["conditions"].items()
            ]
        shown = ", ".join(f"{median}" for median in medians)
        tell(f"round {number + 1} of {asked['rounds']}: {name}, medians {shown} µs")
    skipped = {kind: load.why_not for kind, load in loads.items() if load.why_not}
    for load in loads.values():
        load.close()
    stopwatch.close()
    write_result({"facts": facts, "taken": taken, "skipped": skipped})


def slice_of(
    stopwatch: Stopwatch, condition: dict[str, Any], loads: dict[str, Load], taken: list[list[int]]
) -> int:
    """Measure one condition; append what was measured, and return the median."""
    load = loads[condition["load"]]
    if load.why_not:
        return 0
    load.resume()
    gap_us = condition["gap_us"]
    stopwatch.latency(condition.get("before", 3), *gap_us)
    taken.append(stopwatch.latency(condition["detents"], *gap_us))
    load.pause()
    counted = sorted(us for us in taken[-1] if us >= 0)
    return counted[len(counted) // 2] if counted else -1


if __name__ == "__main__":
    main()
