# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine: what a program costs while nobody touches the pendant, and for each event."""

from __future__ import annotations

import time
from typing import Any

from bench.guest import Program, Stopwatch, entries, in_turn, plan, prepare, running, tell
from tests.beds.kernel import write_result

SETTLE_S = 2.0


def at_rest(program: Program, seconds: float) -> dict[str, Any]:
    """Return processor time and wake-ups while nothing happens, and the memory."""
    time.sleep(SETTLE_S)
    cpu_s, wakeups, began = program.cpu_s(), program.status("voluntary_ctxt_switches"), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return {
        "cpu": round((program.cpu_s() - cpu_s) / took, 6),
        "wakeups": round((program.status("voluntary_ctxt_switches") - wakeups) / took, 2),
        "rss_kb": program.status("VmRSS"),
        "locked_kb": program.status("VmLck"),
    }


def in_use(program: Program, stopwatch: Stopwatch, detents: int, rate: int) -> dict[str, Any]:
    """Return the processor time of 1,000 detents that come at this rate."""
    cpu_s = program.cpu_s()
    seconds = float(stopwatch.ask(f"storm {detents} {rate}")[0])
    return {
        "cpu_s_per_1000": round((program.cpu_s() - cpu_s) / detents * 1000, 6),
        "real_rate": detents / seconds,
    }


def main() -> None:
    asked = plan()
    facts = prepare()
    programs = entries(asked)
    stopwatch = Stopwatch()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in programs}
    for number, name in in_turn(list(programs), asked["rounds"]):
        with running(programs[name], stopwatch) as program:
            row = at_rest(program, asked["seconds"])
            row |= in_use(program, stopwatch, asked["detents"], asked["rate"])
        rows[name].append(row)
        tell(
            f"round {number + 1} of {asked['rounds']}: {name}, {row['cpu']:.2%} of a processor, "
            f"{row['wakeups']:.0f} wake-ups a second, {row['rss_kb'] / 1024:.1f} MB"
        )
    stopwatch.close()
    write_result({"facts": facts, "rows": rows})


if __name__ == "__main__":
    main()
