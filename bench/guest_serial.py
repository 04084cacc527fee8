# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine: a serial pendant beside an evdev one."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.guest import Program, Stopwatch, in_turn, pin, plan, prepare, running, tell
from bench.guest_latency import slice_of
from bench.guest_rest import at_rest
from bench.load import Load
from tests.beds.kernel import write_result

UNBOUND = Path("/sys/devices/virtual/workqueue/cpumask")
"""What the kernel does for terminals runs on these processors: not on the stopwatch's, which never rests."""


def storm(program: Program, stopwatch: Stopwatch, asked: dict[str, int], flipped: int) -> dict[str, int]:
    """Turn many detents; return how many arrived, were dropped, and how many lines were refused."""
    before, garbled = program.dropped(), refused(program)
    _, moved, sent, _ = stopwatch.ask(f"storm {asked['detents']} {asked['rate']}")
    time.sleep(0.2)
    return {
        **asked,
        "flipped": flipped,
        "sent": int(sent),
        "arrived": int(moved) // int(program.entry["each"]),
        "dropped": program.dropped() - before,
        "garbled": refused(program) - garbled,
    }


def refused(program: Program) -> int:
    """Return how many lines it says that it has refused; 0 of an evdev pendant."""
    with suppress(ValueError):  # halcmd says that there is no such pin
        return int(pin(f"{program.entry['component']}.garbled"))
    return 0


def one_round(
    kind: str,
    program: Program,
    stopwatch: Stopwatch,
    asked: dict[str, Any],
    loads: dict[str, Load],
    found: dict[str, Any],
) -> list[int]:
    """Measure one program once; return the medians of its latencies."""
    medians = [
        slice_of(stopwatch, condition, loads, found["taken"][kind].setdefault(name, []))
        for name, condition in asked["conditions"].items()
    ]
    for flipped in asked["flipped"] if kind == "serial" else [0]:
        if kind == "serial":
            stopwatch.ask(f"flip {flipped}")
        for wanted in asked["storms"]:
            found["storms"][kind].append(storm(program, stopwatch, wanted, flipped))
    if kind == "evdev":
        found["rest"].setdefault(kind, []).append(at_rest(program, asked["seconds"]))
        return medians
    stopwatch.ask("flip 0")
    for every in asked["every_ms"]:
        stopwatch.ask(f"every {every}")
        found["rest"].setdefault(f"serial {every}", []).append(at_rest(program, asked["seconds"]))
    stopwatch.ask(f"every {asked['every_ms'][0]}")
    return medians


def main() -> None:
    asked = plan()
    facts = prepare()
    UNBOUND.write_text("1")
    programs = asked["programs"]
    loads = {kind: Load(kind) for kind in {"idle", *(c["load"] for c in asked["conditions"].values())}}
    stopwatches = {"evdev": Stopwatch(), "serial": Stopwatch("serialwatch", serial=True)}
    found: dict[str, Any] = {"taken": {}, "storms": {}, "rest": {}}
    for kind in programs:
        found["taken"][kind], found["storms"][kind] = {}, []
    for number, kind in in_turn(list(programs), asked["rounds"]):
        with running(programs[kind], stopwatches[kind]) as program:
            medians = one_round(kind, program, stopwatches[kind], asked, loads, found)
        shown = ", ".join(map(str, medians))
        tell(f"round {number + 1} of {asked['rounds']}: {kind}, medians {shown} µs")
    for load in loads.values():
        load.close()
    for stopwatch in stopwatches.values():
        stopwatch.close()
    write_result({"facts": facts, **found})


if __name__ == "__main__":
    main()
