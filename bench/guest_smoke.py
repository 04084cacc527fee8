# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine, for tests/kernel/test_bench.py: each program, some detents, a short storm."""

from __future__ import annotations

from typing import Any

from bench.guest import Stopwatch, as_user, entries, load_words, plan, prepare, running, tell
from bench.guest_rest import at_rest
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
    write_result({"facts": facts, "notes": notes})


if __name__ == "__main__":
    main()
