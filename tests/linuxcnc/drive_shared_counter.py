#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays the same sequences with hal_mpg's counter for each axis, and with one counter for all."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish
from tests.linuxcnc.sequence_oracle import Enable, HoldAxes, HoldScales, Oracle, Report, Turn
from tests.linuxcnc.sequence_player import Player, axis_limits, where
from tests.linuxcnc.sequence_steps import weave

POSITIONS = "xyz"

PATIENT_WATCHDOG_S = 20.0

START: Report = (HoldAxes("x"), HoldScales(("x10",)))

Step = tuple[tuple[Report, ...], bool]
"""Reports, and whether the axes have to come to rest after them."""


def main(driver: Driver) -> dict[str, Any]:
    """Play all sequences twice, and return how far each axis was off after each."""
    driver.set_watchdog(PATIENT_WATCHDOG_S)
    player = Player(driver, Random(arguments()["seed"]))
    driver.power_up()
    player.do([START, (Enable(True),)])
    player.armed()
    sequences = {name: make(driver, **how) for name, how in arguments()["sequences"].items()}
    results: dict[str, dict[str, Any]] = {
        name: {"detents": detents(steps), "changes": changes(steps)} for name, steps in sequences.items()
    }
    for wiring in ("a counter for each axis", "one shared counter"):
        if wiring == "one shared counter":
            rewire(arguments()["hal"])
            player.follows = False
        for name, steps in sequences.items():
            results[name][wiring] = play(player, steps, arguments()["sequences"][name]["gap_s"])
    return results


def make(driver: Driver, seed: int, rounds: int, gap_s: float) -> list[Step]:
    """Return a sequence, made from the oracle alone: the same whatever the wiring."""
    rng, plan = Random(seed), Oracle(axis_limits(driver))
    plan.armed = True
    plan.apply(START)
    steps = []
    for _ in range(rounds):
        # With some time between them, each turn and each change has a report of its own.
        reports = weave(rng, plan, POSITIONS, 12, together=gap_s == 0)
        rests = any(axis.way > axis.braking_way / 2 for axis in plan.axes.values())
        if rests:
            plan.rest()
        steps.append((reports, rests))
    return steps


def play(player: Player, steps: list[Step], gap_s: float) -> dict[str, float]:
    """Play a sequence from where the axes stand; return how far each ended from where it should."""
    player.rest()
    player.stopped()
    player.do([START])
    for reports, rests in steps:
        player.do(reports, gap_s)
        (player.rest if rests else player.seen)()
    player.rest()
    actual = where(player.driver, player.oracle.axes)
    return {x: round(actual[x] - float(a.position), 4) + 0.0 for x, a in player.oracle.axes.items()}


def detents(steps: list[Step]) -> int:
    """Return how many detents a sequence has."""
    actions = [action for reports, _ in steps for report in reports for action in report]
    return sum(abs(action.detents) for action in actions if isinstance(action, Turn))


def changes(steps: list[Step]) -> int:
    """Return how often a selector is turned in a sequence."""
    actions = [action for reports, _ in steps for report in reports for action in report]
    return sum(not isinstance(action, Turn) for action in actions)


def rewire(text: str) -> None:
    """Run HAL commands."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rewire.hal"
        path.write_text(text)
        subprocess.run(["halcmd", "-f", str(path)], check=True)


finish(main)
