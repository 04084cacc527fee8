# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine, for tests/kernel/test_bench.py: each program, some detents, a short storm."""

from __future__ import annotations

from typing import Any

from bench.guest import Stopwatch, as_user, entries, load_words, plan, prepare, running, tell
from bench.guest_rest import at_rest
from bench.guest_serial import UNBOUND
from bench.guest_serial import storm as serial_storm
from bench.guest_storms import storm
from tests.beds.kernel import write_result


def main() -> None:
    asked = plan()
    facts = prepare()
    stopwatch = Stopwatch()
    notes: dict[str, Any] = {}
    for name, entry in entries(asked).items():
        with running(entry, stopwatch) as program:
            notes[name] = {
                "taken": stopwatch.latency(asked["detents"], 2000, 10000),
                "storm": storm(program, stopwatch, asked["storm"], asked["rate"]),
                "rest": at_rest(program, asked["seconds"]),
                "loaded by": load_words(entry, stopwatch)[0],
            }
        notes[name]["left"] = as_user("halcmd", "-s", "show", "comp").split()
        tell(f"{name}: {notes[name]}")
    stopwatch.close()
    write_result({"facts": facts, "notes": notes, "serial": serial(asked)})


def serial(asked: dict[str, Any]) -> dict[str, Any]:
    """Let a serial pendant do the same, on a good line and on a bad one."""
    UNBOUND.write_text("1")
    stopwatch = Stopwatch("serialwatch", serial=True)
    wanted = {"detents": asked["storm"], "rate": asked["rate"]}
    with running(asked["serial"], stopwatch) as program:
        notes: dict[str, Any] = {"taken": stopwatch.latency(asked["detents"], 6000, 10000)}
        notes["good"] = serial_storm(program, stopwatch, wanted, 0)
        stopwatch.ask("flip 100")
        notes["bad"] = serial_storm(program, stopwatch, wanted, 100)
        stopwatch.ask("flip 0")
        notes["rest"] = at_rest(program, asked["seconds"])
    stopwatch.close()
    tell(f"serial: {notes}")
    return notes


if __name__ == "__main__":
    main()
