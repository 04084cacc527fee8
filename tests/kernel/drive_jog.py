#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives LinuxCNC in the guest: every axis by every scale, then an unplugging; notes what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.kernel.hands import AXES, RESET, Hands
from tests.linuxcnc.driver import Driver, finish, wait_until

LINEAR = {"x1": Decimal("0.001"), "x10": Decimal("0.01"), "x100": Decimal("0.1")}
ANGULAR = {"x1": Decimal("0.01"), "x10": Decimal("0.1"), "x100": Decimal("1.0")}
TURNS = {"x1": (7, -3), "x10": (5, -9), "x100": (8, -4)}
LIMIT_S = 60.0

# LinuxCNC's planner rests within a thousandth of acceleration x period² of its target (simple_tp.h,
# TINY_DP), here 0.5 µm; the target itself is exact, so this does not add up.
CLOSE = 2e-6

# An emulated processor may stand still for longer than the samples' 0.13 s while another one goes on.
# What a real watchdog trip does is tested where time is real.
WATCHDOG_S = 2.0


class Bench:
    """The driver, the hands, and where each axis should be."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.hands = Hands()
        self.dropped = 0
        self.should = {axis: Decimal(0) for axis in AXES}

    def is_where_it_should_be(self) -> bool:
        is_at = self.driver.positions()
        return all(abs(is_at[axis] - float(at)) < CLOSE for axis, at in self.should.items())

    def arm(self) -> None:
        """Take the enabling button, and wait until the wheel is live."""
        self.hands.enable = True
        self.hands.show()
        self.driver.wait_pin("hal_mpg.armed", True, LIMIT_S)

    def turn(self, detents: int) -> None:
        """Turn the wheel, and wait for the axis to be where it should be, and the others where they were."""
        axis, scale = self.hands.axis, self.hands.scale
        self.hands.turn(detents)
        self.should[axis] += detents * (ANGULAR if axis in "abc" else LINEAR)[scale]
        where = f"{axis} after {detents} at {scale}"
        try:
            wait_until(self.is_where_it_should_be, where, LIMIT_S)
        except TimeoutError:
            raise TimeoutError(f"{where}: {self.where()}") from None

    def where(self) -> dict[str, Any]:
        pins = ("why-not", "armed", "counts", "dropped", "estop-ok", "axis-select", "scale-select")
        return {
            "should": {axis: str(at) for axis, at in self.should.items()},
            "is": self.driver.positions(),
            "pins": {pin: self.driver.pin(f"hal_mpg.{pin}") for pin in pins},
            "errors": self.driver.read_errors(),
        }


def main(driver: Driver) -> dict[str, Any]:
    bench = Bench(driver)
    hands = bench.hands
    driver.set_watchdog(WATCHDOG_S)
    driver.wait_pin("hal_mpg.connected", True, LIMIT_S)
    notes: dict[str, Any] = {"estop before": driver.pin("hal_mpg.estop")}
    hands.estop_released = True
    hands.show()
    driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
    driver.power_up()

    for hands.axis in AXES:
        for hands.scale, turns in TURNS.items():
            hands.show()
            bench.arm()
            for detents in turns:
                bench.turn(detents)
            hands.enable = False
            hands.show()
            driver.wait_pin("hal_mpg.armed", False, LIMIT_S)
            hands.turn(3)  # the button was let go: nothing moves, and nothing is saved up
            bench.dropped += 3
            driver.wait_pin("hal_mpg.dropped", bench.dropped, LIMIT_S)
    notes["jogged"] = bench.where()

    bench.arm()
    hands.do("unplug")
    driver.wait_pin("hal_mpg.connected", False, LIMIT_S)
    driver.wait_pin("motion.motion-enabled", False, LIMIT_S)
    driver.wait_state("ESTOP", LIMIT_S)
    notes["unplugged"] = bench.where()

    hands.do("plug", 1)
    driver.wait_pin("hal_mpg.connected", True, LIMIT_S)
    notes["reconnects"] = driver.pin("hal_mpg.reconnects")
    hands.enable = False
    hands.show()
    driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
    notes["still stopped"] = driver.state()
    hands.show(RESET)
    driver.wait_state("ESTOP_RESET", LIMIT_S)
    hands.show()
    driver.ask_state("ON")
    driver.wait_state("ON", LIMIT_S)
    driver.teleop()
    notes["back"] = bench.where()
    hands.axis, hands.scale = "y", "x100"
    hands.show()
    bench.arm()
    bench.turn(-6)
    notes["jogged again"] = bench.where()
    return notes


if __name__ == "__main__":
    finish(main)
