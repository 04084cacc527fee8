#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Jogs X at x100, softer or not: how evenly it moves, how hard it is pushed, where it stands."""

from __future__ import annotations

import time
from itertools import pairwise

from tests.linuxcnc.driver import Driver, arguments, finish, hal
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

RATES = ((5, 15), (10, 25), (20, 40), (50, 60))
"""Detents a second, and how many."""

DETENT_MM = 0.1
SETTLED_S = 0.5

Notes = dict[str, object]


class Jogger:
    """Turns the wheel, and reads what the servo thread has noted."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.pendant = VirtualPendant()

    def main(self) -> Notes:
        """Turn at each rate; then spin, and let go in the middle."""
        driver, pendant = self.driver, self.pendant
        driver.set_watchdog(5.0)
        pendant.plug_in()
        pendant.select_axis("x")
        pendant.select_scale("x100")
        driver.wait_pin("hal_mpg.estop-ok", True)
        driver.power_up()
        for pin, value in arguments():
            hal.set_p(pin, value)
        pendant.press(ENABLE)
        driver.wait_pin("hal_mpg.armed", True)
        notes: Notes = {str(rate): self.turn(rate, number) for rate, number in RATES}
        notes["spin"] = self.spin()
        notes["let go"] = self.let_go()
        notes["errors"] = driver.read_errors()
        return notes

    def x(self) -> float:
        """Return where X is, as commanded."""
        position: float = hal.get_value("joint.0.pos-cmd")
        return position

    def settle(self) -> float:
        """Wait until X stands; return how long it moved on."""
        start = moved = time.monotonic()
        last = self.x()
        while (now := time.monotonic()) - moved < SETTLED_S:
            if self.x() != last:
                last, moved = self.x(), now
            time.sleep(0.002)
        return moved - start

    def turn(self, rate: float, detents: int) -> Notes:
        """Turn evenly; return how evenly it moved in the last two thirds, and where it came to stand."""
        before, counted = self.x(), self.driver.pin("hal_mpg.counts")
        hal.set_p("smooth-peak.reset", "TRUE")
        speeds, due = [], time.monotonic()
        hal.set_p("smooth-peak.reset", "FALSE")
        for _ in range(detents):
            self.pendant.turn(1)
            due += 1 / rate
            while time.monotonic() < due:
                time.sleep(0.002)
                speeds.append(float(hal.get_value("joint.0.vel-cmd")))
        stood_s = self.settle()
        steady = speeds[len(speeds) // 3 :]
        mean = sum(steady) / len(steady)
        return {
            "lowest": min(steady) / mean,
            "highest": max(steady) / mean,
            "spread": sum(abs(a - b) for a, b in pairwise(steady)) / len(steady) / mean,
            "mean": mean,
            "acceleration": hal.get_value("smooth-peak.max"),
            "stood_s": stood_s,
            "off": self.x() - before - (self.driver.pin("hal_mpg.counts") - counted) * DETENT_MM,
        }

    def spin(self) -> Notes:
        """Turn far too fast; return how far it goes on, and whether it rests on a whole detent."""
        for _ in range(200):
            self.pendant.turn(2)
            time.sleep(0.005)
        here = self.x()
        stood_s = self.settle()
        return {"run on": self.x() - here, "stood_s": stood_s, "off": off_detent(self.x())}

    def let_go(self) -> Notes:
        """Let go of the enabling button in mid-turn; turn on; press it again: does anything come late?"""
        for _ in range(60):
            self.pendant.turn(-1)
            time.sleep(0.005)
        here = self.x()
        self.pendant.release(ENABLE)
        for _ in range(20):
            self.pendant.turn(-1)
            time.sleep(0.005)
        stood_s = self.settle()
        stands = self.x()
        self.pendant.press(ENABLE)
        self.driver.wait_pin("hal_mpg.armed", True)
        time.sleep(SETTLED_S)
        return {"run on": here - stands, "stood_s": stood_s, "late": self.x() - stands}


def off_detent(x: float) -> float:
    """Return how far a place is from a whole detent."""
    return abs(x - round(x / DETENT_MM) * DETENT_MM)


def main(driver: Driver) -> Notes:
    """Do all of it in one way of smoothing."""
    return Jogger(driver).main()


finish(main)
