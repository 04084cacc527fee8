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
    """Play a fault, and again where the computer itself had stood still meanwhile.

    A stall disarms hal_mpg, so what came of a fault then is no proof in either direction.
    """
    results = [play(stage, fault)]
    while stage.has_stalled() and len(results) <= MAX_STALLS:
        print(f"fault {fault.id}: again, for {stage.why_stalled()}")
        results.append(play(stage, fault))
    result = results[-1]
    if stage.has_stalled():  # always: then one that is as expected has to do
        result = next((one for one in results if not one.error), result)
    result.stalls += len(results) - 1
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
