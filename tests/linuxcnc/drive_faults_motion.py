#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays the faults of modes, limits and of other jogging: tests/faults/catalogue/linuxcnc-motion.yaml."""

from __future__ import annotations

from typing import Any

from tests.faults.catalogue import Fault, load
from tests.faults.play import MAX_STALLS, play
from tests.faults.virtual_hands import VirtualHands
from tests.linuxcnc.driver import Driver, arguments, finish
from tests.linuxcnc.motion_jogging import JoggingActs
from tests.linuxcnc.motion_limits import LimitActs
from tests.linuxcnc.motion_modes import ModeActs
from tests.linuxcnc.motion_trips import TripActs

PART = "linuxcnc-motion"

PATIENT_WATCHDOG_S = 20.0


class MotionStage(ModeActs, LimitActs, JoggingActs, TripActs):
    """All acts together."""


def play_again(stage: MotionStage, fault: Fault) -> dict[str, Any]:
    """Play a fault; again where it failed and the computer itself had stood still."""
    result = play(stage, fault)
    stalls = 0
    while result.error and stage.has_stalled() and stalls < MAX_STALLS:
        result = play(stage, fault)
        stalls += 1
    result.stalls += stalls
    return result.as_json()


def main(driver: Driver) -> dict[str, dict[str, Any]]:
    """Play all that the test wants, in one LinuxCNC."""
    driver.set_watchdog(PATIENT_WATCHDOG_S)
    stage = MotionStage(driver, VirtualHands())
    wanted = arguments()
    faults = [
        fault for fault in load("linuxcnc") if fault.part == PART and (not wanted or fault.id in wanted)
    ]
    return {fault.id: play_again(stage, fault) for fault in faults}


finish(main)
