#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives LinuxCNC in the guest with a pendant that was learned: each axis at each scale, enabling, E-stop."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.kernel.learn_socket import RemoteHands
from tests.linuxcnc.driver import Driver, arguments, finish, wait_until

LIMIT_S = 60.0
CLOSE = 2e-6  # see drive_jog.py
WATCHDOG_S = 2.0
TURNS = (6, -2)
MOST_TRIES = 10


class Bench:
    """The driver, the hands, and where each axis should be."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.hands = RemoteHands()
        self.should = {axis: Decimal(0) for axis in driver.positions()}

    def is_right(self) -> bool:
        is_at = self.driver.positions()
        return all(abs(is_at[axis] - float(at)) < CLOSE for axis, at in self.should.items())

    def arm(self) -> None:
        self.hands.do("button", "enable", True)
        self.driver.wait_pin("hal_mpg.armed", True, LIMIT_S)

    def turn(self, axis: str, detents: int, distance: str) -> None:
        """Turn the wheel; wait for the axis to be where it should be, and the others where they were."""
        for _ in range(abs(detents)):
            self._turn_one(1 if detents > 0 else -1)
        self.should[axis] += detents * Decimal(distance)
        try:
            wait_until(self.is_right, "the axes", LIMIT_S)
        except TimeoutError:
            raise TimeoutError(f"{axis} after {detents} of {distance}: {self.where()}") from None

    def _turn_one(self, detent: int) -> None:
        """Turn by one detent; again where it was discarded, for the emulated machine stood still."""
        for _ in range(MOST_TRIES):
            self.driver.wait_pin("hal_mpg.armed", True, LIMIT_S)
            before = self._counters()
            self.hands.do("turn", detent)
            wait_until(lambda: self._counters() != before, "the detent to be counted", LIMIT_S)  # noqa: B023
            if self._counters()[0] != before[0]:
                return
        raise TimeoutError(f"a detent was discarded {MOST_TRIES} times: {self.where()}")

    def _counters(self) -> tuple[int, int]:
        return self.driver.pin("hal_mpg.counts"), self.driver.pin("hal_mpg.dropped")

    def where(self) -> dict[str, Any]:
        pins = ("why-not", "armed", "counts", "dropped", "estop", "axis-select", "scale-select", "enable")
        return {
            "should": {axis: str(at) for axis, at in self.should.items()},
            "is": self.driver.positions(),
            "pins": {pin: self.driver.pin(f"hal_mpg.{pin}") for pin in pins},
            "errors": self.driver.read_errors(),
        }


def main(driver: Driver) -> dict[str, Any]:
    bench, known = Bench(driver), arguments()
    hands = bench.hands
    driver.set_watchdog(WATCHDOG_S)
    driver.wait_pin("hal_mpg.connected", True, LIMIT_S)
    hands.do("turn", 1)  # the first word of the pendant, by which its state is known
    driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
    driver.power_up()
    for axis in bench.should:
        hands.do("select", "axis", axis)
        for scale in known["scales"]:
            hands.do("select", "scale", scale)
            driver.wait_pin(f"hal_mpg.axis.{axis}.selected", True, LIMIT_S)
            bench.arm()
            for detents in TURNS:
                bench.turn(
                    axis, detents, known["increments"][scale]["angular" if axis in "abc" else "linear"]
                )
            hands.do("button", "enable", False)
            if hands.do("has", "enable"):
                driver.wait_pin("hal_mpg.armed", False, LIMIT_S)
    notes: dict[str, Any] = {"jogged": bench.where()}
    dropped = driver.pin("hal_mpg.dropped")
    if hands.do("has", "enable"):
        hands.do("turn", 3)
        driver.wait_pin("hal_mpg.dropped", dropped + 3, LIMIT_S)
    notes["let go"] = bench.where()
    if hands.do("has", "estop"):
        hands.do("estop", True)
        driver.wait_state("ESTOP", LIMIT_S)
        notes["estop"] = bench.where()
        hands.do("estop", False)
        driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
        notes["still stopped"] = driver.state()
        hands.do("button", "reset", True)
        driver.wait_state("ESTOP_RESET", LIMIT_S)
        hands.do("button", "reset", False)
    return notes


if __name__ == "__main__":
    finish(main)
