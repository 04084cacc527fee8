# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine: use a pendant for long, and see whether anything grows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from bench.guest import Program, Stopwatch, entries, plan, prepare, running, tell
from tests.beds.kernel import write_result

SCALES = (6, 7, 8)
X, Y = 0, 1
ESTOP, RESET, ENABLE = 9, 10, 11
"""Buttons of the generic profiles, counted from 0; the E-stop's contact is normally closed."""
GAP_US = (2000, 10000)


def one_block(program: Program, stopwatch: Stopwatch, asked: Mapping[str, Any], press_estop: bool) -> Any:
    """Turn, change both selectors, perhaps press the E-stop; return how it does then."""
    stopwatch.ask(f"storm {asked['detents']} {asked['rate']}")
    for scale in SCALES * asked["changes"]:
        for axis in (Y, X):
            stopwatch.hold(axis, scale, ESTOP, ENABLE)
            time.sleep(0.01)
    if press_estop:
        stopwatch.hold(X, SCALES[-1])
        time.sleep(0.1)
        stopwatch.hold(X, SCALES[-1], ESTOP, RESET)
        time.sleep(0.1)
    program.arm()
    stopwatch.latency(3, *GAP_US)
    return {
        "taken": stopwatch.latency(asked["latencies"], *GAP_US),
        "rss_kb": program.status("VmRSS"),
        "cpu_s": round(program.cpu_s(), 4),
    }


def use(entry: Mapping[str, Any], stopwatch: Stopwatch, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Use one instance, block after block, each at least so many seconds long; return what each left."""
    blocks = []
    with running(entry, stopwatch) as program:
        began = time.monotonic()
        for number in range(asked["blocks"]):
            press_estop = number % asked["estop_every"] == 0
            block = one_block(program, stopwatch, asked, press_estop)
            block["at_s"] = round(time.monotonic() - began, 1)
            block["detents"] = (number + 1) * asked["detents"]
            blocks.append(block)
            tell(
                f"use, block {number + 1} of {asked['blocks']}: {block['detents']} detents, "
                f"{block['rss_kb'] / 1024:.1f} MB"
            )
            time.sleep(max(0.0, began + (number + 1) * asked["seconds"] - time.monotonic()))
    return blocks


def main() -> None:
    asked = plan()
    facts = prepare()
    stopwatch = Stopwatch()
    blocks = use(entries(asked)["hal_mpg"], stopwatch, asked)
    stopwatch.close()
    write_result({"facts": facts, "use": blocks})


if __name__ == "__main__":
    main()
