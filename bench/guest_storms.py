# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine: how many of a storm of detents arrive, and how fast one may come."""

from __future__ import annotations

from typing import Any

from bench.guest import Program, Stopwatch, entries, in_turn, plan, prepare, running, tell
from tests.beds.kernel import write_result

QUEUE = 64
"""Detents that the kernel keeps for a program that does not read."""


def storm(program: Program, stopwatch: Stopwatch, detents: int, rate: int) -> dict[str, Any]:
    """Turn by so many detents at this rate; return what came of them.

    `disturbed`: the emulated processor itself stood still for longer than the kernel keeps detents.
    """
    program.arm()
    dropped, overflows = program.dropped(), program.overflows()
    seconds, moved, sent, still_us = stopwatch.ask(f"storm {detents} {rate}")
    row = {
        "rate": rate,
        "real_rate": round(detents / float(seconds)),
        "sent": int(sent),
        "counted": int(moved) / program.entry.get("each", 1),
        "dropped": program.dropped() - dropped,
        "overflows": program.overflows() - overflows,
        "still_us": int(still_us),
    }
    row["lost"] = row["sent"] - row["counted"] - row["dropped"]
    row["disturbed"] = row["still_us"] > QUEUE / rate * 1e6
    return row


def undisturbed(program: Program, stopwatch: Stopwatch, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Repeat a storm that the machine disturbed; return all, at most the last one is undisturbed.

    A disturbed one of which all arrived is good, for the program had it harder than it needs to.
    """
    rows: list[dict[str, Any]] = []
    for _ in range(asked["tries"]):
        rows.append(storm(program, stopwatch, asked["detents"], asked["rate"]))
        if not rows[-1]["disturbed"] or not rows[-1]["lost"]:
            break
    return rows


def highest_rate(program: Program, stopwatch: Stopwatch, asked: dict[str, Any]) -> dict[str, Any]:
    """Double the rate until detents are lost, then halve the interval; return all that was tried."""
    tried: list[dict[str, Any]] = []

    def passes(rate: int) -> bool:
        for _ in range(asked["tries"]):
            row = storm(program, stopwatch, asked["detents"], rate)
            tried.append(row)
            if not row["lost"] and not row["dropped"]:
                return True
            if not row["disturbed"] and sum(r["rate"] == rate and not r["disturbed"] for r in tried) > 1:
                return False  # lost twice with nobody else to blame
        return False

    good, bad = 0, asked["from"]
    while bad <= asked["to"] and passes(bad):
        good, bad = bad, bad * 2
    if good and bad <= asked["to"]:
        for _ in range(asked["steps"]):
            middle = round((good * bad) ** 0.5)
            good, bad = (middle, bad) if passes(middle) else (good, middle)
    best = max((row["real_rate"] for row in tried if row["rate"] == good and not row["lost"]), default=0)
    return {"highest": best, "beyond_what_can_be_made": bad > asked["to"], "tried": tried}


def main() -> None:
    asked = plan()
    facts = prepare()
    programs = entries(asked)
    stopwatch = Stopwatch()
    storms: dict[str, list[dict[str, Any]]] = {name: [] for name in programs}
    highest: dict[str, list[dict[str, Any]]] = {name: [] for name in programs}
    for number, name in in_turn(list(programs), asked["rounds"]):
        where = f"round {number + 1} of {asked['rounds']}"
        with running(programs[name], stopwatch) as program:
            for wanted in asked["storms"]:
                if number < wanted["rounds"]:
                    rows = undisturbed(program, stopwatch, wanted)
                    storms[name] += rows
                    shown = ", ".join(f"{row['lost']:.0f}{'*' * row['disturbed']}" for row in rows)
                    tell(f"{where}: {name}, {wanted['rate']}/s, lost {shown} (*: machine disturbed)")
            found = highest_rate(program, stopwatch, asked["highest"])
            highest[name].append(found)
            tell(f"{where}: {name}, no loss up to {found['highest']}/s, {len(found['tried'])} storms")
    stopwatch.close()
    write_result({"facts": facts, "storms": storms, "highest": highest})


if __name__ == "__main__":
    main()
