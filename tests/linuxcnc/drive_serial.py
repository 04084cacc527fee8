#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A user at LinuxCNC with a serial pendant: every axis by every scale; a bad wire; plugs that come out.

For both beds: the pendant is at a pseudo-terminal (tests/linuxcnc/test_serial.py) or at a USB gadget
(tests/kernel/test_serial.py). What came of it is noted; the tests judge.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish, hal, wait_until
from tests.linuxcnc.serial_hands import Hands

LINEAR = {"x1": Decimal("0.001"), "x10": Decimal("0.01"), "x100": Decimal("0.1")}
ANGULAR = {"x1": Decimal("0.01"), "x10": Decimal("0.1"), "x100": Decimal("1.0")}
TURNS = {"x1": (7, -3), "x10": (5, -9), "x100": (8, -4)}
AXES = "xyzabc"
LIMIT_S = 60.0
CLOSE = 2e-6  # see tests/kernel/drive_jog.py
WATCHDOG_S = 2.0  # an emulated processor stands still at times

BAD_WIRE = (0.01, 0.02, 0.02)
"""Of the bytes flipped; of the lines cut, and merged into the next."""

LINES = 12
"""Sent between two turns of a selector, as while a quick hand goes there."""


class Bench:
    """The driver, the hands, and where each axis should be."""

    def __init__(self, driver: Driver, hands: Hands) -> None:
        self.driver, self.hands = driver, hands
        self.axis, self.scale = "x", "x1"
        self.should = {axis: Decimal(0) for axis in AXES}
        self.late = 0
        """Detents that hal_mpg dropped, and counted, because this computer had let it wait for too long."""

    def select(self, axis: str | None = None, scale: str | None = None) -> None:
        """Set the selectors."""
        self.axis, self.scale = axis or self.axis, scale or self.scale
        self.hands.do("select", axis, scale)

    def enable(self, held: bool) -> None:
        """Take the enabling button, or let it go, and wait for what follows."""
        self.hands.do("set", "enable", held)
        self.driver.wait_pin("hal_mpg.armed", held, LIMIT_S)

    def turn(self, detents: int, rate: float = 20.0) -> None:
        """Turn the wheel, and take note of where that is to lead."""
        self.hands.do("turn", detents, rate)
        self.should[self.axis] += detents * (ANGULAR if self.axis in "abc" else LINEAR)[self.scale]

    def lines(self, count: int) -> None:
        """Wait until so many more lines were sent."""
        at = self.hands.do("lines")[0] + count
        wait_until(lambda: self.hands.do("lines")[0] >= at, f"{count} lines", LIMIT_S)

    def is_there(self) -> bool:
        """Tell whether each axis is where it should be, and rests: a trip would stop one that creeps."""
        if any(self.driver.pin(f"axis.{axis}.wheel-jog-active") for axis in AXES):
            return False
        is_at = self.driver.positions()
        return all(abs(is_at[axis] - float(at)) < CLOSE for axis, at in self.should.items())

    def arrive(self, what: str, dropped: int | None = None) -> None:
        """Wait until each axis is where it should be.

        `dropped`: how many detents were dropped before; then more may have been, if no others are missing.
        """
        try:
            wait_until(
                lambda: self.is_there() or (dropped is not None and self.accounts(dropped)), what, LIMIT_S
            )
        except TimeoutError:
            raise TimeoutError(f"{what}: {self.where()}") from None

    def accounts(self, dropped: int) -> bool:
        """Tell whether just those detents are missing that were dropped since; if so, go on from here.

        A busy computer lets hal_mpg wait, and detents that are too old then are not jogged any more. A scale
        is ten times the other, and no turn has ten detents: the digits of what is missing are detents.
        """
        more = self.driver.pin("hal_mpg.dropped") - dropped - self.late
        if more <= 0 or any(self.driver.pin(f"axis.{axis}.wheel-jog-active") for axis in AXES):
            return False
        missing, is_at = 0, self.driver.positions()
        now: dict[str, Decimal] = {}
        for axis, should in self.should.items():
            unit = (ANGULAR if axis in "abc" else LINEAR)["x1"]
            steps = round((float(should) - is_at[axis]) / float(unit))
            missing += sum(map(int, str(abs(steps))))
            now[axis] = should - steps * unit
        if missing != more:
            return False
        self.should = now
        self.late += more
        return self.is_there()

    def where(self) -> dict[str, Any]:
        """Return where everything stands, rounded as far as the planner is exact."""
        pins = ("armed", "counts", "dropped", "estop-ok", "axis-select", "garbled", "reconnects", "why-not")
        return {
            "should": {axis: float(at) for axis, at in self.should.items()},
            "is": {axis: round(at, 5) for axis, at in self.driver.positions().items()},
            "pins": {pin: self.driver.pin(f"hal_mpg.{pin}") for pin in pins},
            "errors": self.driver.read_errors(),
        }

    def lost(self) -> dict[str, Any]:
        """Wait for all that follows when the pendant is lost."""
        self.driver.wait_pin("hal_mpg.connected", False, LIMIT_S)
        self.driver.wait_pin("hal_mpg.estop-ok", False, LIMIT_S)
        self.driver.wait_pin("motion.motion-enabled", False, LIMIT_S)
        self.driver.wait_state("ESTOP", LIMIT_S)
        return self.where()

    def back(self) -> str:
        """Wait until it is there again; return the machine's state; then reset it by the pendant."""
        self.driver.wait_pin("hal_mpg.connected", True, LIMIT_S)
        self.hands.do("set", "enable", False)
        self.driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
        state = self.driver.state()
        self.hands.do("set", "reset", True)
        self.driver.wait_state("ESTOP_RESET", LIMIT_S)
        self.hands.do("set", "reset", False)
        self.driver.ask_state("ON")
        self.driver.wait_state("ON", LIMIT_S)
        self.driver.teleop()
        self.enable(True)
        return state


def main(driver: Driver) -> dict[str, Any]:
    asked = arguments()
    hands = Hands(asked["socket"])
    bench = Bench(driver, hands)
    driver.set_watchdog(WATCHDOG_S)
    driver.wait_pin("hal_mpg.connected", True, LIMIT_S)
    notes: dict[str, Any] = {"first": bench.where(), "estop before": driver.pin("hal_mpg.estop")}
    hands.do("set", "estop", True)
    driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
    driver.power_up()
    every_axis(bench, notes)
    lamps(bench, notes)
    bad_wire(bench, notes, asked["seed"], asked["steps"])
    plugs(bench, notes)
    return notes


def every_axis(bench: Bench, notes: dict[str, Any]) -> None:
    dropped = bench.driver.pin("hal_mpg.dropped")
    for axis in AXES:
        for scale, turns in TURNS.items():
            bench.select(axis, scale)
            bench.enable(True)
            for detents in turns:
                bench.turn(detents)
                bench.arrive(f"{axis} after {detents} at {scale}")
            bench.enable(False)
            bench.hands.do("turn", 3)  # the button was let go: nothing moves, and nothing is saved up
            dropped += 3
            bench.driver.wait_pin("hal_mpg.dropped", dropped, LIMIT_S)
    notes["jogged"] = bench.where()


def lamps(bench: Bench, notes: dict[str, Any]) -> None:
    hal.set_p("hal_mpg.led.fault", "1")
    wait_until(lambda: bench.hands.do("lamps")["fault"], "the lamp", LIMIT_S)
    notes["lamps"] = bench.hands.do("lamps")


def bad_wire(bench: Bench, notes: dict[str, Any], seed: int, steps: int) -> None:
    """Select and turn without waiting, and look at the positions now and then, while lines get lost."""
    bench.enable(True)
    dropped = bench.driver.pin("hal_mpg.dropped")
    choose = random.Random(seed)
    bench.hands.do("noise", *BAD_WIRE, seed)
    for step in range(steps):
        if choose.random() < 0.5:
            bench.select(axis=choose.choice(AXES))
        else:
            bench.select(scale=choose.choice(list(LINEAR)))
        bench.turn(choose.choice((-9, -4, -1, 1, 3, 8)), 40.0)
        if step % 5 == 4:
            bench.arrive(f"bad wire, step {step}, seed {seed}", dropped)
        else:
            bench.lines(LINES)
    notes["spoiled"] = bench.hands.do("noise", 0.0, 0.0, 0.0, 0)
    bench.arrive("bad wire, at its end", dropped)
    notes["after noise"] = bench.where()
    notes["late"] = bench.late


def plugs(bench: Bench, notes: dict[str, Any]) -> None:
    """Unplug it and plug it in elsewhere, silence it, let it start anew, press its E-stop; jog after each."""
    for name, away, back in (
        ("unplugged", ("unplug",), ("plug", 1)),
        ("silent", ("silence", True), ("silence", False)),
        ("restarted", ("restart", 4711), ()),
        ("estop", ("set", "estop", False), ("set", "estop", True)),
    ):
        before = bench.driver.pin("hal_mpg.reconnects")
        bench.hands.do(*away)
        if name == "silent":
            bench.hands.do("turn", 5)  # nobody hears these
        if name == "restarted":
            bench.driver.wait_pin("hal_mpg.reconnects", before + 1, LIMIT_S)
            bench.driver.wait_state("ESTOP", LIMIT_S)
            notes[name] = bench.where()
        elif name == "estop":
            bench.driver.wait_pin("hal_mpg.estop-ok", False, LIMIT_S)
            bench.driver.wait_state("ESTOP", LIMIT_S)
            notes[name] = bench.where()
        else:
            notes[name] = bench.lost()
        if back:
            bench.hands.do(*back)
        notes[f"{name}, back"] = {"state": bench.back(), **bench.where()}
        bench.select("y", "x10")
        bench.turn(-6)
        bench.arrive(f"after: {name}")
        notes[f"{name}, jogged"] = bench.where()


if __name__ == "__main__":
    finish(main)
