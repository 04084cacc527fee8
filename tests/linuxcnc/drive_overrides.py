#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns each override down by one detent, and notes what it was before and after."""

from __future__ import annotations

from tests.linuxcnc.driver import Driver, finish, wait_until
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

POSITIONS = {
    "x": 0x120,
    "feed-override": 0x123,
    "rapid-override": 0x124,
    "spindle-override": 0x125,
    "max-velocity": 0x12F,
}
"""The axis selector of overrides.yaml."""

VALUES = {
    "feed-override": "halui.feed-override.value",
    "rapid-override": "halui.rapid-override.value",
    "spindle-override": "halui.spindle.0.override.value",
    "max-velocity": "halui.max-velocity.value",
}


def main(driver: Driver) -> dict[str, list[float]]:
    """Turn them down one after the other."""
    driver.set_watchdog(5.0)
    pendant = VirtualPendant(POSITIONS)
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    driver.power_up()
    pendant.press(ENABLE)
    pendant.select_scale("x1")
    pendant.select_axis("x")
    driver.wait_pin("hal_mpg.armed", True)
    return {target: turn_down(driver, pendant, target) for target in VALUES}


def turn_down(driver: Driver, pendant: VirtualPendant, target: str) -> list[float]:
    """Return the value before and after one detent."""
    pendant.select_axis(target)
    before = driver.pin(VALUES[target])
    pendant.turn(-1)
    wait_until(lambda: driver.pin(VALUES[target]) != before, f"{target} to change")
    return [before, round(driver.pin(VALUES[target]), 6)]


finish(main)
