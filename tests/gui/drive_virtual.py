#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A newcomer's first minutes with the pendant in a window, which sim-virtual.ini opens."""

from __future__ import annotations

import os
import time

from tests.gui.x_hand import Hand, Place
from tests.linuxcnc.driver import Driver, finish, wait_until

WHEEL, SELECTOR, ESTOP, LAMP = (244, 244), (256, 156), (128, 128), (34, 34)
"""The sizes of the window's parts, in pixels (hal_mpg/virtual/knobs.py)."""

STILL_S = 0.3
"""So long the wheel has to be still before it is live, and a little more."""

Values = dict[str, object]


def middle(place: Place) -> tuple[float, float]:
    left, top, width, height = place
    return left + width / 2, top + height / 2


class Newcomer:
    """Somebody at the window."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.hand = Hand(os.environ["HAL_MPG_SCREEN"], "Hal_mpg")
        (wheel,) = self.hand.parts(WHEEL)
        axis, scale = self.hand.parts(SELECTOR)
        (estop,) = self.hand.parts(ESTOP)
        self.wheel, self.axis, self.scale, self.estop = map(middle, (wheel, axis, scale, estop))
        self.lamps = [middle(lamp) for lamp in self.hand.parts(LAMP)]
        # The two keys stand at the two sides of the E-stop.
        self.reset, self.enable = (self.estop[0] - 140, self.estop[1]), (self.estop[0] + 140, self.estop[1])

    def is_lit(self) -> list[bool]:
        """Return of each lamp whether it is bright."""
        return [min(self.hand.color(*lamp)[:2]) > 100 for lamp in self.lamps]

    def x(self) -> float:
        """Return where X is, when it has come to rest."""
        seen = [float("nan")]

        def rests() -> bool:
            time.sleep(0.05)
            seen.append(round(self.driver.positions()["x"], 4))
            return seen[-1] == seen[-2]

        wait_until(rests, "X to be at rest")
        return seen[-1]

    def drag_quarter(self) -> None:
        """Drag the wheel a quarter round, clockwise from the top, and a hair more: 25 detents."""
        x, y = self.wheel
        self.hand.move(x, y - 80)
        self.hand.button(True)
        for across, up in ((31, 74), (57, 57), (74, 31), (80, -1)):
            self.hand.move(x + across, y - up)
            time.sleep(0.1)
        self.hand.button(False)


def power_up(user: Newcomer, driver: Driver) -> Values:
    """Reset the E-stop with the pendant, the rest with the GUI; return what was seen."""
    dark = user.is_lit()
    driver.wait_pin("hal_mpg.connected", True)
    driver.wait_pin("hal_mpg.estop-ok", True)

    def is_reset() -> bool:
        user.hand.click(*user.reset)
        time.sleep(1.0)
        return driver.state() != "ESTOP"

    wait_until(is_reset, "the E-stop to be reset")
    driver.power_up()
    return {"dark": dark}


def jog(user: Newcomer, driver: Driver) -> Values:
    """Jog X at x10 in all the ways that the window has; return where it went, step by step."""
    found: Values = {}
    user.hand.click(*user.axis, button=4)  # from OFF to X
    user.hand.click(user.scale[0] - 20, user.scale[1] - 44)  # x10, which stands at the top
    driver.wait_pin("hal_mpg.scale", 0.01)
    found["not held"] = driver.pin("hal_mpg.why-not")
    user.hand.move(*user.wheel)
    user.hand.key("space", True)
    driver.wait_pin("hal_mpg.armed", True)
    time.sleep(STILL_S)
    user.hand.click(*user.wheel, button=4, times=5)
    found["5 notches"] = user.x()
    user.drag_quarter()
    found["a quarter round"] = user.x()
    user.hand.type("Left", "Left", "Left")
    found["3 arrows back"] = user.x()
    wait_until(lambda: all(user.is_lit()), "all lamps to be lit")
    found["picture"] = user.hand.photograph()
    user.hand.key("space", False)
    driver.wait_pin("hal_mpg.armed", False)
    user.hand.click(*user.wheel, button=4, times=2)
    driver.wait_pin("hal_mpg.dropped", 2)
    found["let go"] = user.x()
    user.hand.click(*user.enable, button=3)
    driver.wait_pin("hal_mpg.armed", True)
    user.hand.click(*user.wheel, button=5, times=2)
    found["latched"] = user.x()
    user.hand.click(*user.enable)
    driver.wait_pin("hal_mpg.enable", False)
    return found


def stop(user: Newcomer, driver: Driver) -> Values:
    """Press the E-stop, pull the plug, close the window; return what LinuxCNC made of it."""
    user.hand.click(*user.estop)
    driver.wait_pin("hal_mpg.estop", True)
    driver.wait_state("ESTOP")
    pressed = driver.pin("hal_mpg.estop-ok")
    user.hand.click(*user.estop)
    driver.wait_pin("hal_mpg.estop-ok", True)
    user.hand.type("u")
    driver.wait_pin("hal_mpg.connected", False)
    wait_until(lambda: not any(user.is_lit()), "the lamps to be dark")
    user.hand.type("u")
    driver.wait_pin("hal_mpg.connected", True)
    user.hand.close()
    driver.wait_pin("hal_mpg.connected", False)
    wait_until(lambda: not user.hand.is_open(), "the window to be gone")
    return {"estop-ok": pressed, "state": driver.state()}


def main(driver: Driver) -> Values:
    driver.set_watchdog(5.0)
    user = Newcomer(driver)
    return {**power_up(user, driver), **jog(user, driver), **stop(user, driver)}


finish(main)
