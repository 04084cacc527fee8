#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns gmoccapy's own overrides by the wheel, and notes what LinuxCNC has then."""

from __future__ import annotations

import time
from typing import Any

from tests.gui.gui import Gui
from tests.linuxcnc.driver import Driver, finish, hal
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

SELECTOR = 3
"""ABS_RX of virtual-4axis."""

POSITIONS = {"feed-override": 5, "rapid-override": 6, "spindle-override": 7, "max-velocity": 8}

SETTLED_S = 1.0
"""gmoccapy looks at its pins every 0.1 s."""

FAST, FAST_HZ = 20, 100

LONG_S = 60.0


def main(driver: Driver) -> dict[str, Any]:
    """Turn them up and down, one after the other, and in turn."""
    driver.set_watchdog(LONG_S)
    gui = Gui("gmoccapy")
    gui.wait(lambda: has_pin("gmoccapy.feed.feed-override.count-enable"), "gmoccapy's pins")
    gui.wait(lambda: bool(driver.pin("gmoccapy.feed.feed-override.count-enable")), "the postgui file")
    pendant = VirtualPendant()
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    driver.power_up()
    pendant.press(ENABLE)
    notes: dict[str, Any] = {"at first": settled(driver, gui)}
    for target in POSITIONS:
        select(pendant, target)
        entered = settled(driver, gui)
        pendant.turn(-1)
        one = settled(driver, gui)
        for _ in range(FAST):
            pendant.turn(-1)
            time.sleep(1 / FAST_HZ)
        notes[target] = {"entered": entered, "one down": one, "fast down": settled(driver, gui)}
    driver.command.feedrate(0.5)
    driver.complete()
    notes["set by another"] = settled(driver, gui)
    select(pendant, "feed-override")
    pendant.turn(1)
    notes["one up"] = settled(driver, gui)
    pendant.turn(200)
    notes["end"] = settled(driver, gui)
    pendant.turn(-1)
    notes["end and back by one"] = settled(driver, gui)
    notes["without the jog velocity's"] = with_fewer_enables(driver, gui, pendant)
    gui.end()
    return notes


def with_fewer_enables(driver: Driver, gui: Gui, pendant: VirtualPendant) -> float:
    """Return by how much the spindle's override changes by one detent, with one count-enable FALSE."""
    select(pendant, "spindle-override")
    pendant.turn(FAST + 1)  # its counter is 0 again, as that of the jog velocity
    settled(driver, gui)
    hal.set_p("gmoccapy.jog.jog-velocity.count-enable", "FALSE")
    select(pendant, "feed-override")
    pendant.turn(-1)
    before = settled(driver, gui)["spindle-override"]
    select(pendant, "spindle-override")
    pendant.turn(-1)
    return float(round(settled(driver, gui)["spindle-override"] - before, 4))


def select(pendant: VirtualPendant, target: str) -> None:
    """Turn the axis selector."""
    pendant.move(SELECTOR, POSITIONS[target])
    time.sleep(0.3)


def settled(driver: Driver, gui: Gui) -> dict[str, float]:
    """Return what LinuxCNC has, when nothing has changed for a while."""
    since, values = time.monotonic(), read(driver)
    while time.monotonic() - since < SETTLED_S:
        gui.check()
        time.sleep(0.05)
        now = read(driver)
        if now != values:
            since, values = time.monotonic(), now
    return values


def read(driver: Driver) -> dict[str, float]:
    """Return the overrides as LinuxCNC has them."""
    stat = driver.stat
    stat.poll()
    return {
        "feed-override": round(stat.feedrate, 4),
        "rapid-override": round(stat.rapidrate, 4),
        "spindle-override": round(stat.spindle[0]["override"], 4),
        "max-velocity": round(stat.max_velocity, 4),
    }


def has_pin(name: str) -> bool:
    """Tell whether a pin is there yet."""
    try:
        hal.get_value(name)
    except RuntimeError:
        return False
    return True


finish(main)
