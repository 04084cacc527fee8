#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Spins the wheel absurdly fast, and measures how far the axis goes on when the wheel has stopped."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from tests.linuxcnc.driver import Driver, finish, linuxcnc, wait_until
from tests.linuxcnc.sequence_oracle import Enable, HoldAxes, HoldScales, Turn
from tests.linuxcnc.sequence_player import Player, where

RATE = 2000
"""Detents a second: 200 mm/s at x100, and the axis can do 50."""

TRIES = 3

PATIENT_WATCHDOG_S = 20.0

Notes = dict[str, Any]


class Spinner(Player):
    """Spins the wheel on the X axis at x100. The oracle's counters are left behind."""

    received = 0
    net = 0
    furthest = 0.0

    def __init__(self, driver: Driver) -> None:
        """Plug a pendant in. There is no oracle to follow, and nothing random."""
        super().__init__(driver, Random(0))
        self.samples: list[tuple[float, float]] = []

    def x(self) -> float:
        """Return where X is, in mm; the furthest place is kept."""
        now = time.monotonic()
        position = where(self.driver, "x")["x"]
        self.samples.append((now, position))
        self.furthest = max(self.furthest, position)
        return position

    def spin(self, sign: int, seconds: float) -> None:
        """Turn the wheel evenly for some time."""
        start, sent = time.monotonic(), 0
        self.samples = []
        while (elapsed := time.monotonic() - start) < seconds:
            due = int(RATE * elapsed) - sent
            self.turn(sign, due)
            sent += due
            self.x()
            time.sleep(0.001)

    def late_s(self, sign: int) -> float:
        """Return how late the servo thread was at the last sample, in seconds.

        Without realtime it can stall, and catches up then. The axis has been at full speed for the latter
        half of a spin, so its way goes with time, except for that.
        """
        velocity = self.driver.pin("hal_mpg.axis.x.max-velocity")
        lags = [now - sign * position / velocity for now, position in self.samples]
        return float(lags[-1] - min(lags[len(lags) // 2 :]))

    def turn(self, sign: int, detents: int) -> None:
        """Turn the wheel, detent by detent, all at once."""
        self.hands.do([(Turn(sign),)] * detents)
        self.received += detents
        self.net += sign * detents

    def click(self, letter: str, sign: int) -> None:
        """Turn by one detent, and wait until the axis' counter shows it."""
        pin = f"hal_mpg.axis.{letter}.jog-counts"
        before = self.driver.pin(pin)
        self.turn(sign, 1)
        wait_until(lambda: self.driver.pin(pin) != before, f"{pin} to change")

    def last(self, sign: int) -> Notes:
        """Turn by the last detent, and measure from there on."""
        start = time.monotonic()
        here = self.x()
        self.turn(sign, 1)
        sent_s = time.monotonic() - start
        self.driver.wait_pin("hal_mpg.counts", self.net)
        seen_s = time.monotonic() - start
        late_s = self.late_s(sign)
        self.settle()
        run_on = (self.x() - here) * sign
        return {"run_on": run_on, "sent_s": sent_s, "seen_s": seen_s, "late_s": late_s}


def run_on(player: Spinner, sign: int, seconds: float = 1.0) -> Notes:
    """Spin and stop; return what came of it."""
    before, pins, received = player.x(), player.pins(), player.received
    player.spin(sign, seconds)
    notes = player.last(sign)
    after = player.pins()
    return {
        **notes,
        "gone": (player.x() - before) * sign,
        "counted": (after["axis.x.jog-counts"] - pins["axis.x.jog-counts"]) * sign,
        "dropped": after["dropped"] - pins["dropped"],
        "received": player.received - received,
    }


def reverse(player: Spinner) -> Notes:
    """Spin forwards, then at once backwards; return how far the axis went on in each direction."""
    player.spin(1, 0.5)
    start = time.monotonic()
    player.furthest = here = player.x()
    player.turn(-1, 1)
    sent_s = time.monotonic() - start
    late_s = player.late_s(1)
    player.spin(-1, 0.5)
    forwards = {"run_on": player.furthest - here, "sent_s": sent_s, "seen_s": sent_s, "late_s": late_s}
    return {"forwards": forwards, "backwards": player.last(-1), "rest": player.x()}


def let_go(player: Spinner) -> Notes:
    """Let go of the enabling button while spinning; return how far the axis went on."""
    player.spin(1, 0.3)
    start = time.monotonic()
    here = player.x()
    player.hands.do([(Enable(False),)])
    player.driver.wait_pin("hal_mpg.armed", False)
    seen_s = time.monotonic() - start
    player.driver.wait_pin("motion.jog-stop", False)
    player.settle()
    notes = {"run_on": player.x() - here, "seen_s": seen_s}
    player.hands.do([(Enable(True),)])
    player.driver.wait_pin("hal_mpg.armed", True)
    return notes


def at_limit(player: Spinner, letter: str, sign: int, scale: str) -> dict[str, float]:
    """Turn by one detent outwards, then inwards; return how far the axis went by each."""
    notes = {}
    for name, direction in (("outwards", sign), ("inwards", -sign)):
        player.hands.do([(HoldAxes(letter), HoldScales((scale,)))])
        before = where(player.driver, letter)[letter]
        player.click(letter, direction)
        jog_another(player, sign=direction)
        notes[name] = (where(player.driver, letter)[letter] - before) * sign
    return notes


def jog_another(player: Spinner, sign: int) -> None:
    """Jog Y by 1 mm: when it has arrived, whatever another axis had to do would have been under way."""
    start = where(player.driver, "y")["y"]
    player.hands.do([(HoldAxes("y"), HoldScales(("x100",))), (Turn(10 * sign),)])
    arrived = "Y to arrive"
    wait_until(lambda: abs(where(player.driver, "y")["y"] - start - sign) < 2e-6, arrived)
    player.settle()


def go_to_limits(player: Spinner) -> None:
    """Go to X's upper and Z's lower limit by G0, and return to manual mode."""
    driver = player.driver
    player.mode("MDI")
    driver.wait_pin("hal_mpg.mode-is-manual", False)
    driver.command.mdi("G53 G0 X200 Z-100")
    idle = linuxcnc.INTERP_IDLE
    there = {"x": 200.0, "z": -100.0}
    driver.wait_stat(lambda: all(abs(driver.positions()[k] - v) < 1e-9 for k, v in there.items()), "G0")
    driver.wait_stat(lambda: driver.stat.interp_state == idle, "the interpreter to be idle")
    player.mode("MANUAL")
    driver.teleop()
    driver.wait_pin("hal_mpg.armed", True)


def main(driver: Driver) -> Notes:
    """Measure in joint mode, then in teleop mode, then at the limits."""
    driver.set_watchdog(PATIENT_WATCHDOG_S)
    player = Spinner(driver)
    driver.turn_on()
    driver.mode("MANUAL")
    driver.command.teleop_enable(0)
    driver.wait_pin("halui.mode.is-joint", True)
    player.hands.do([(HoldAxes("x"), HoldScales(("x100",)), Enable(True))])
    driver.wait_pin("hal_mpg.armed", True)
    velocity, acceleration = (driver.pin(f"hal_mpg.axis.x.max-{w}") for w in ("velocity", "acceleration"))
    notes: Notes = {"velocity": velocity, "acceleration": acceleration}
    notes["joint"] = [run_on(player, (-1) ** i) for i in range(TRIES)]
    driver.home()
    notes["teleop"] = [run_on(player, (-1) ** i) for i in range(TRIES)]
    notes["reversing"] = [reverse(player) for _ in range(TRIES)]
    notes["let go"] = [let_go(player) for _ in range(TRIES)]
    go_to_limits(player)
    notes["limits"] = {
        f"{letter} {scale}": at_limit(player, letter, sign, scale)
        for letter, sign in (("x", 1), ("z", -1))
        for scale in ("x1", "x100")
    }
    return notes


finish(main)
