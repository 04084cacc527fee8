#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays an XHC pendant on a LinuxCNC with the samples for displays; notes what it shows, and halui says."""

from __future__ import annotations

import time
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish, wait_until
from tests.linuxcnc.xhc_hands import Pendant

STOP_HB04, STEP_HB04 = 0x16, 0x0D
FN, SPINDLE_PLUS, FEED_MINUS, MACRO_10 = 0x0C, 0x06, 0x05, 0x10
RATE_S = 4.0

PINS = (
    *(f"halui.axis.{axis}.pos-{what}" for axis in "xyza" for what in ("feedback", "relative")),
    *("halui.feed-override.value", "halui.spindle.0.override.value", "spindle.0.speed-out-abs"),
    *("motion.current-vel", "halui.machine.is-on", "hal_mpg.connected", "hal_mpg.scale"),
)
OF_WHB04B = "hal_mpg.show-relative"


def mdi(driver: Driver, command: str) -> None:
    """Carry out a line of G-code, and go back to manual mode."""
    driver.mode("MDI")
    driver.command.mdi(command)
    driver.complete()
    driver.mode("MANUAL")
    driver.teleop()


def main(driver: Driver) -> dict[str, Any]:
    is_hb04 = arguments() == "hb04"
    driver.set_watchdog(5.0)
    pendant = Pendant(driver, is_hb04, PINS if is_hb04 else (*PINS, OF_WHB04B))
    pendant.plug()
    notes: dict[str, Any] = {"unheard": pendant.note()}
    pendant.say()
    driver.wait_pin("hal_mpg.connected", True)
    notes["off"] = pendant.note()
    driver.power_up()
    jog(driver, pendant, notes)
    mdi(driver, "G10 L2 P1 X5 Y-2.5 Z0.125 A10")
    mdi(driver, "G0 X12.3456 Y-7 Z3.0005 A25")
    driver.command.feedrate(0.87)
    driver.command.spindleoverride(1.2)
    driver.complete()
    mdi(driver, "M3 S1500")
    notes["moved"] = pendant.note()
    pendant.say(knob="a")
    notes["a"] = pendant.note()
    pendant.say(knob="off")
    notes["knob off"] = pendant.note()
    pendant.say(knob="x")
    (hb04 if is_hb04 else whb04b)(driver, pendant, notes)
    rate(driver, pendant, notes)
    driver.ask_state("OFF")
    notes["machine off"] = pendant.note()
    pendant.unplug()
    driver.wait_pin("hal_mpg.connected", False)
    pendant.plug()
    notes["again"] = pendant.note()
    notes["errors"] = driver.read_errors()
    return notes


def jog(driver: Driver, pendant: Pendant, notes: dict[str, Any]) -> None:
    """Turn the wheel by three detents, and see that the axis and the display follow."""
    driver.wait_pin("hal_mpg.armed", True)
    before = driver.positions()["x"]
    for _ in range(3):
        pendant.say(turned=1)
    scale = driver.pin("hal_mpg.scale")
    wait_until(lambda: abs(driver.positions()["x"] - before - 3 * scale) < 1e-6, "the axis to arrive")
    notes["jogged"] = pendant.note()


def hb04(driver: Driver, pendant: Pendant, notes: dict[str, Any]) -> None:
    for step in range(4):
        pendant.say(keys=(STEP_HB04, 0))
        pendant.say(keys=(0, 0))
        notes[f"step {step}"] = pendant.note()
    override(driver, pendant, notes, "feed", knob="feed")
    override(driver, pendant, notes, "spindle", knob="spindle")


def whb04b(driver: Driver, pendant: Pendant, notes: dict[str, Any]) -> None:
    for name in ("machine coordinates", "work coordinates"):
        pendant.say(keys=(MACRO_10, 0))
        driver.wait_pin("hal_mpg.button.macro-10", True)
        pendant.say(keys=(0, 0))
        driver.wait_pin("hal_mpg.button.macro-10", False)
        notes[name] = pendant.note()
    pendant.say(keys=(FN, 0))
    pendant.say(keys=(FN, SPINDLE_PLUS))
    notes["spindle speed"] = pendant.note()
    pendant.say(keys=(0, 0))
    before = driver.pin("halui.feed-override.value")
    pendant.say(keys=(FEED_MINUS, 0))
    wait_until(lambda: driver.pin("halui.feed-override.value") < before, "the feed override to fall")
    pendant.say(keys=(0, 0))
    notes["feed-minus"] = pendant.note()
    override(driver, pendant, notes, "feed", scale="60")
    override(driver, pendant, notes, "spindle", scale="lead")


def override(driver: Driver, pendant: Pendant, notes: dict[str, Any], what: str, **where: str) -> None:
    """Turn an override down by the wheel, at the knob's position for it."""
    pin = {"feed": "halui.feed-override.value", "spindle": "halui.spindle.0.override.value"}[what]
    before = driver.pin(pin)
    at = pendant.knob, pendant.scale
    pendant.say(**where)
    time.sleep(0.5)
    pendant.say(turned=-2)
    wait_until(lambda: abs(driver.pin(pin) - before + 0.02) < 1e-6, f"{what} override to fall by two percent")
    notes[f"{what} override"] = pendant.note()
    pendant.say(knob=at[0], scale=at[1])


def rate(driver: Driver, pendant: Pendant, notes: dict[str, Any]) -> None:
    """Count the pictures while an axis moves all the time."""
    driver.mode("MDI")
    driver.command.mdi("G1 F300 X-40")
    pendant.look(0.5)
    notes["moving"] = {"vel": driver.pin("motion.current-vel"), "picture": pendant.last()}
    pendant.reports.clear()
    pendant.look(RATE_S)
    begins = [at for at, report in pendant.reports if report[1:3] == b"\xfe\xfd"]
    notes["rate"] = {"pictures": len(begins), "seconds": RATE_S, "reports": len(pendant.reports)}
    driver.command.abort()
    driver.complete()
    driver.mode("MANUAL")


if __name__ == "__main__":
    finish(main)
