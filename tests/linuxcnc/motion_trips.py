# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that stop motion in mid-turn: limit switch, drive, following error, probe, a moved soft limit."""

from __future__ import annotations

import time

from tests.faults.stage import INCREMENT
from tests.linuxcnc.driver import hal, wait_until
from tests.linuxcnc.motion_wheel import QUICK_S, SCALES, WheelStage

SWITCH_MM = 0.2
"""How far X has to go back until the limit switch is open again."""


class TripActs(WheelStage):
    """Acts that stop motion."""

    def do_trip(self, pin: str) -> float:
        """Turn, and in mid-turn raise an input of the motion controller."""
        self.wheel.start()
        self.wait_gone(5 * INCREMENT)
        start = time.monotonic()
        self.set_pin(pin, True)
        self.wait_pin("motion.motion-enabled", False)
        self.wheel.go_on()
        self.wait_pin("armed", False)
        self.wheel.stop()
        self.account()
        self.should["x"] = self.taken() * INCREMENT
        return start

    def do_freeze_feedback(self) -> float:
        """X's motor does not follow any more, in mid-turn at x100."""
        self.wheel_scale("x100")
        self.turn(5, SCALES["x100"])
        self.expect_at(x=0.5)
        self.later(lambda: hal.connect("joint.0.motor-pos-fb", "x-position"))
        start = time.monotonic()
        hal.disconnect("joint.0.motor-pos-fb")
        self.turn(20, SCALES["x100"])
        self.wait_pin("motion.motion-enabled", False)
        self.wait_pin("armed", False)
        return start

    def wheel_scale(self, scale: str) -> None:
        """Turn the scale selector."""
        self.hands.select("x", scale)

    def do_trip_probe(self) -> float:
        """The probe trips while X jogs: LinuxCNC stops the jog, and no more than that."""
        self.wheel_scale("x100")
        self.turn(40, SCALES["x100"])
        self.wait_gone(1.0)
        start = time.monotonic()
        self.set_pin("motion.probe-input", True)
        wait_until(lambda: any("Probe" in error for error in self.complaints()), "a complaint")
        return start

    def do_move_soft_limit(self) -> float:
        """X's soft limit is moved to where X is beyond it; the wheel is turned, and the limit moved back.

        As long as X is beyond, LinuxCNC looks at no wheel of an axis, and would make up for it afterward.
        """
        self.go_to(x=50.0)
        self.command_to(x=50.0)
        self.wheel_scale("x100")
        self.wait_pin("armed", True)
        start = time.monotonic()
        self.set_pin("ini.0.max_limit", 40.0)
        self.driver.wait_pin("motion.on-soft-limit", True)
        self.wait_pin("armed", False)
        self.wheel.start(-1, QUICK_S)
        self.wheel.go_on(30)
        self.wheel.stop()
        self.account(distance=SCALES["x100"])
        self.rest_at("beyond the soft limit", x=50.0)
        return start

    def back_put_limit_right(self) -> None:
        """Move the limit back. Task aborts every jog as long as X is beyond it, and a moment longer."""
        self.undo()
        self.driver.wait_pin("motion.on-soft-limit", False)
        for _ in range(3):  # by then task has seen that no error is left
            self.driver.mode("MANUAL")

    def back_override_limits(self) -> None:
        """Override the limits, as the GUI's button does."""
        self.driver.command.override_limits()
        self.driver.complete()

    def back_jog_off_the_switch(self) -> None:
        """Turn the wheel backward until the switch opens. (Newer LinuxCNCs override for one jog only.)"""
        self.wheel_scale("x100")
        opens_at = self.x() - SWITCH_MM
        self.jog(-10)
        wait_until(lambda: self.x() < opens_at, "X to leave the switch")
        self.undo()
        self.positions_at_rest()
        if self.driver.state() != "ON":  # the jog was over before the switch was open
            self.back_switch_on()
