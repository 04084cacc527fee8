#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays one part of the faults of the process and of HAL: tests/faults/catalogue/linuxcnc-processes*.yaml."""

from __future__ import annotations

from typing import Any

from tests.faults.catalogue import Fault, load
from tests.faults.play import play
from tests.linuxcnc.driver import Driver, arguments, finish
from tests.linuxcnc.processes_pressure import PressureActs

TRIES = 5
"""How often a fault may be played again because the servo thread itself stood still."""


def play_again(stage: PressureActs, fault: Fault) -> dict[str, Any]:
    """Play a fault; again where it failed while the computer stood still."""
    stalls = 0
    while (result := play(stage, fault)).error and stage.servo_was_late() and stalls < TRIES:
        stalls += 1
    return {**result.as_json(), "stalls": result.stalls + stalls}


def main(driver: Driver) -> dict[str, dict[str, Any]]:
    """Play the faults of one part, or those of them that are named."""
    wanted = arguments()
    stage = PressureActs(driver)
    faults = [fault for fault in load("linuxcnc") if fault.part == wanted["part"]]
    faults = [fault for fault in faults if not wanted["ids"] or fault.id in wanted["ids"]]
    return {fault.id: play_again(stage, fault) for fault in faults}


finish(main)
