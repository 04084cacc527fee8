# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of limits: soft limits reached by the wheel and by G0, and LinuxCNC's velocity mode at one."""

from __future__ import annotations

import re
import time

from tests.faults.stage import CLOSE
from tests.linuxcnc.driver import linuxcnc
from tests.linuxcnc.motion_wheel import QUICK_S, SCALES, WheelStage

FAR_LIMIT = 200.0
"""Soft limit of X in the simulation, in either direction, of the axis and of the joint."""

LIMIT = 20.0
"""What it is set to, so that it is soon reached."""

LEFT, FAR = 4, 15
"""Detents that are left of the way to the limit, and that are turned when X can go no further."""

FIXED = (2, 9, 9)
"""LinuxCNC's version from which velocity mode is safe at a soft limit (pull request 3820)."""

RUNAWAY_MM = 50.0
"""X goes back to where it last was in teleop mode, which is 200 mm away."""


class LimitActs(WheelStage):
    """Acts at the soft limits of X."""

    def do_turn_beyond(self, sign: int, mode: str) -> float:
        """Turn to the soft limit and far beyond it, at each scale, then one detent back."""
        start = time.monotonic()
        self._near_limits()
        for scale, step in SCALES.items():
            for part in (0.5, 0.0):  # of a detent, that is left when no whole one is
                self.go_to(x=sign * (LIMIT - (LEFT + part) * step))
                self._use(mode, scale)
                self._turn_beyond(sign, step, part)
        self._no_complaints()
        return start

    def _turn_beyond(self, sign: int, step: float, part: float) -> None:
        left = sign * LIMIT - self.x()
        # LinuxCNC drops what comes in one servo period whole if it would cross the limit, so one by one.
        self.wheel.start(sign, QUICK_S)
        self.wait(lambda: abs(sign * LIMIT - self.x()) < step + CLOSE, "X to reach its limit")
        self.wheel.go_on(FAR)
        self.wheel.stop()
        at = self.positions_at_rest()["x"]
        detents = (left - (sign * LIMIT - at)) * sign / step
        assert abs(detents - round(detents)) * step < CLOSE, f"{detents} detents"
        # Whether the limit itself can be reached is a matter of how its last bits are rounded.
        assert round(detents) == LEFT or (not part and round(detents) == LEFT - 1), f"{detents} detents"
        self.jog(-sign)
        self.expect_at(x=at - sign * step)
        self.rest_at("one detent back", x=at - sign * step)
        self.command_to(x=at - sign * step)

    def do_storm_beyond(self, sign: int) -> float:
        """Turn far beyond the soft limit by detents that come all at once: X rests on a whole one, inside."""
        start = time.monotonic()
        step = SCALES["x100"]
        self._near_limits()
        self.go_to(x=sign * (LIMIT - (LEFT + 0.5) * step))
        before = self.x()
        self._use("teleop", "x100")
        self.jog(sign * 100)
        self.wait(lambda: self.known(distance=step) == 100, "100 detents to be known of")
        x = self.positions_at_rest()["x"]
        gone = (x - before) * sign / step
        assert -0.001 < gone < LEFT + 0.001 and abs(gone - round(gone)) * step < CLOSE, f"{gone} detents"
        self.jog(-sign)
        self.command_to(x=x - sign * step)
        self.expect_at(x=self.should["x"])
        self._no_complaints()
        return start

    def do_click_at_limit(self, sign: int, mode: str) -> float:
        """Go to the soft limit by G0; one detent outward, one inward, at each scale."""
        start = time.monotonic()
        self._near_limits()
        for scale, step in SCALES.items():
            self.go_to(x=sign * LIMIT)
            self._use(mode, scale)
            self._click(sign, scale)
            self.rest_at("one detent outward", x=sign * LIMIT)
            self._click(-sign, scale)
            x = self.positions_at_rest()["x"]
            gone = sign * LIMIT - x
            assert min(abs(gone), abs(gone - sign * step)) < CLOSE, f"one detent at {scale} moved X by {gone}"
            self.command_to(x=x)
        self._no_complaints()
        return start

    def _click(self, sign: int, scale: str) -> None:
        """Turn by one detent; when Y, turned after it, has gone there and back, X is as far as it goes."""
        self.hands.select("x", scale)
        self.jog(sign)
        self.hands.select("y", "x10")
        for detents in (1, -1):
            self.turn(detents, axis="y")
            self.expect_at(y=self.should["y"])
        self.positions_at_rest()

    def _near_limits(self) -> None:
        """Set the soft limits of X and its joint nearer, as one does in INI files."""
        for which in ("x", "0"):
            self.set_pin(f"ini.{which}.min_limit", -LIMIT)
            self.set_pin(f"ini.{which}.max_limit", LIMIT)

        def are_set() -> bool:
            both = self.driver.stat.axis[0], self.driver.stat.joint[0]
            return all(part["max_position_limit"] == -part["min_position_limit"] == LIMIT for part in both)

        self.driver.wait_stat(are_set, "the soft limits to be set")

    def _use(self, mode: str, scale: str) -> None:
        if mode == "joint":
            self.joint_mode()
        self.hands.select("x", scale)
        self.wait_pin("armed", True)

    def _no_complaints(self) -> None:
        """LinuxCNC has nothing to say of a limit, and no error of a joint."""
        self.driver.stat.poll()
        assert not any(joint["max_soft_limit"] or joint["min_soft_limit"] for joint in self.driver.stat.joint)
        found = [error for error in self.complaints() if "limit" in error.lower()]
        assert not found, found

    def do_click_in_velocity_mode(self) -> float:
        """The proof why the samples use position mode: in LinuxCNC's velocity mode one detent sends X off."""
        self.set_pin("axis.x.jog-vel-mode", True)
        start = time.monotonic()
        self.jog(5)
        self.positions_at_rest()
        self.go_to(x=FAR_LIMIT)
        self.wait_pin("armed", True)
        self.hands.select("x", "x100")
        self.jog(-1)
        x = self.positions_at_rest()["x"]
        gone = FAR_LIMIT - x
        print(f"velocity mode, LinuxCNC {linuxcnc.version}: one detent of 0.1 mm moved X by {gone:.3f} mm")
        if self.version() >= FIXED:
            assert gone < SCALES["x100"] + CLOSE, f"mended in {FIXED}, and X went {gone} mm by one detent"
        else:
            assert gone > RUNAWAY_MM, f"not mended before {FIXED}, and X went only {gone} mm by one detent"
        self.command_to(x=x)
        return start

    @staticmethod
    def version() -> tuple[int, ...]:
        """Return LinuxCNC's version, of "2.9.0~pre1+git..." (2, 9, 0)."""
        found = re.match(r"(\d+)\.(\d+)\.(\d+)", linuxcnc.version)
        assert found, linuxcnc.version
        return tuple(map(int, found.groups()))
