#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns each override by the wheel: by one detent, fast, after somebody else has set it, beyond its end."""

from __future__ import annotations

import time

from tests.linuxcnc.driver import Driver, finish, linuxcnc, wait_until
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

STEPS = {"max-velocity": 0.5}
"""Of one detent; of the others, 0.01."""

SETTLED_S = 0.25
"""No change for so long: halui looks at its pins every 20 ms, and task has to answer."""

FAST, FAST_HZ = 30, 100

Notes = dict[str, dict[str, object]]


class Overrides:
    """One override, and who changes it."""

    def __init__(self, driver: Driver, pendant: VirtualPendant, target: str) -> None:
        self.driver, self.pendant, self.target = driver, pendant, target

    def value(self) -> float:
        """Return the value, when it has settled."""
        value, since = self.driver.pin(VALUES[self.target]), time.monotonic()
        while time.monotonic() - since < SETTLED_S:
            now = self.driver.pin(VALUES[self.target])
            if now != value:
                value, since = now, time.monotonic()
            time.sleep(0.005)
        return round(value, 6)

    def notes(self) -> dict[str, object]:
        """Try all of it; return the values."""
        pendant, step = self.pendant, STEPS.get(self.target, 0.01)
        pendant.select_axis(self.target)
        found: dict[str, object] = {"at first": self.value()}
        pendant.turn(-1)
        found["one down"] = self.value()
        for _ in range(FAST):
            pendant.turn(-1)
            time.sleep(1 / FAST_HZ)
        found["fast down"] = self.value()
        pendant.select_axis("x")
        self.set(0.5)
        found["set by another"] = self.value()
        pendant.select_axis(self.target)
        found["entered"] = self.value()
        pendant.turn(1)
        found["one up"] = self.value()
        pendant.turn(300)
        found["end"] = self.value()
        pendant.turn(300)
        found["beyond"] = self.value()
        pendant.turn(-1)
        found["back by one"] = self.value()
        found["step"] = step
        pendant.select_axis("x")
        return found

    def set(self, value: float) -> None:
        """Set it as a GUI does."""
        command = self.driver.command
        match self.target:
            case "feed-override":
                command.feedrate(value)
            case "rapid-override":
                command.rapidrate(value)
            case "spindle-override":
                command.spindleoverride(value, 0)
            case _:
                command.maxvel(value * 50)
        self.driver.complete()


def main(driver: Driver) -> Notes:
    """Turn them one after the other."""
    driver.set_watchdog(5.0)
    pendant = VirtualPendant(POSITIONS)
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    driver.power_up()
    pendant.press(ENABLE)
    pendant.select_scale("x1")
    pendant.select_axis("x")
    driver.wait_pin("hal_mpg.armed", True)
    notes = {target: Overrides(driver, pendant, target).notes() for target in VALUES}
    notes["locked"] = locked(driver, pendant)
    return notes


def locked(driver: Driver, pendant: VirtualPendant) -> dict[str, object]:
    """Turn the feed override while M50 P0 has switched it off."""
    driver.mode("MDI")
    driver.command.mdi("M50 P0")
    driver.complete()
    override = Overrides(driver, pendant, "feed-override")
    override.set(1.0)
    pendant.select_axis("feed-override")
    before = override.value()
    pendant.turn(-10)
    found: dict[str, object] = {"before": before, "turned": override.value()}
    driver.command.mdi("M50 P1")
    driver.complete()
    wait_until(lambda: driver.pin("halui.mode.is-mdi"), "MDI")
    found["after"] = override.value()
    driver.stat.poll()
    found["mode"] = driver.stat.task_mode == linuxcnc.MODE_MDI
    return found


finish(main)
