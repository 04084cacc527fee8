# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of other jogging: the GUI jogs, too; joints that are not homed; overrides and pins in mid-turn."""

from __future__ import annotations

import time

from tests.faults.stage import CLOSE, INCREMENT
from tests.linuxcnc.driver import linuxcnc, wait_until
from tests.linuxcnc.motion_wheel import SCALES, WheelStage

GUI_VELOCITY = 5.0
"""Of the GUI's jog, in mm/s."""

AXES = "xyz"


class JoggingActs(WheelStage):
    """Acts in which somebody else jogs, too."""

    # The GUI.

    def gui_jog(self, velocity: float, increment: float | None = None, axis: str = "x") -> None:
        """Jog as a GUI does: continuously, or by an increment (positive; the sign is the velocity's)."""
        which = AXES.index(axis)
        self.driver.stat.poll()
        is_joint = self.driver.stat.motion_mode == linuxcnc.TRAJ_MODE_FREE
        if increment is None:
            self.driver.command.jog(linuxcnc.JOG_CONTINUOUS, is_joint, which, velocity)
        else:
            self.driver.command.jog(linuxcnc.JOG_INCREMENT, is_joint, which, velocity, increment)
        self.driver.complete()

    def gui_stop(self, axis: str = "x") -> None:
        """Let go of the GUI's jog button."""
        self.driver.stat.poll()
        is_joint = self.driver.stat.motion_mode == linuxcnc.TRAJ_MODE_FREE
        self.driver.command.jog(linuxcnc.JOG_STOP, is_joint, AXES.index(axis))
        self.driver.complete()

    def do_turn_while_gui_jogs(self, scale: str) -> float:
        """The GUI jogs X on and on; the wheel is turned backward meanwhile. LinuxCNC takes none of it."""
        self.hands.select("x", scale)
        self.gui_jog(GUI_VELOCITY)
        self.wait_gone(0.1)
        target = self.driver.pin("axis.x.teleop-pos-cmd")
        start = time.monotonic()
        before = self.x()
        self.jog(-20)
        self.wait(lambda: self.taken(distance=SCALES[scale]) == -20, "20 detents to be counted")
        self.wait_gone(0.5)
        assert self.driver.pin("axis.x.teleop-pos-cmd") == target
        assert self.x() > before
        self.gui_stop()
        at = self.positions_at_rest()["x"]
        assert before < at < before + GUI_VELOCITY * (time.monotonic() - start), f"{before} to {at}"
        self.jog(3)
        self.command_to(x=at + 3 * SCALES[scale])
        self.expect_at(x=self.should["x"])
        return start

    def do_gui_jogs_while_wheel_runs_on(self) -> float:
        """X follows the wheel; the GUI takes it over, the other way. After that the wheel has X again."""
        start = time.monotonic()
        self.hands.select("x", "x100")
        self.jog(40)
        self.wait_gone(1.0)
        self.gui_jog(-GUI_VELOCITY)
        furthest = self.x()
        self.wait_gone(0.5)
        self.wait(lambda: self.driver.pin("axis.x.teleop-vel-cmd") < 0, "X to go the other way")
        self.gui_stop()
        at = self.positions_at_rest()["x"]
        brake = 50.0**2 / (2 * 500.0)
        assert -GUI_VELOCITY * (time.monotonic() - start) < at < furthest + brake + 1.0, f"{furthest}, {at}"
        self.jog(-3)
        self.command_to(x=at - 3 * SCALES["x100"])
        self.expect_at(x=self.should["x"])
        return start

    def do_gui_increment_in_mid_turn(self) -> float:
        """The GUI jogs X by 1 mm while the wheel turns: what is turned meanwhile is lost, whole detents."""
        start = time.monotonic()
        self.wheel.start()
        self.wait_gone(5 * INCREMENT)
        self.gui_jog(GUI_VELOCITY, 1.0)
        self.driver.wait_pin("axis.x.kb-jog-active", True)
        self.driver.wait_pin("axis.x.kb-jog-active", False)
        self.wheel.go_on()
        self.wheel.stop()
        self.account()
        x = self.positions_at_rest()["x"]
        by_wheel = round((x - 1.0) / INCREMENT)
        assert 5 + 10 <= by_wheel <= self.taken(), f"{by_wheel} of {self.taken()} detents, and 1 mm: {x}"
        self.command_to(x=1.0 + by_wheel * INCREMENT)
        return start

    def do_gui_stop_in_mid_turn(self) -> float:
        """The GUI's jog button is let go of while the wheel turns on: that stops the wheel's jog, too."""
        start = time.monotonic()
        self.wheel.start()
        for _ in range(5):
            self.wheel.go_on(3)
            self.gui_stop()
        self.wheel.stop()
        self.account()
        x = self.positions_at_rest()["x"]
        assert 0 < x < self.taken() * INCREMENT + CLOSE
        self.command_to(x=x)
        return start

    def do_turn_y_while_gui_jogs_x(self) -> float:
        """The GUI jogs X by 2 mm, and the wheel Y: each goes exactly as far as it should."""
        start = time.monotonic()
        self.hands.select("y", "x10")
        self.gui_jog(GUI_VELOCITY, 2.0)
        self.driver.wait_pin("axis.x.kb-jog-active", True)
        self.jog(20)
        self.expect_at(y=20 * INCREMENT)
        assert self.driver.pin("axis.x.kb-jog-active"), "X came to rest before Y"
        self.command_to(x=2.0, y=20 * INCREMENT)
        self.expect_at(x=2.0)
        return start

    def do_gui_jogs_joint_while_wheel_runs_on(self) -> float:
        """The same in joint mode: LinuxCNC takes no jog of the GUI while the wheel's is under way."""
        start = time.monotonic()
        self.hands.select("x", "x100")
        self.jog(40)
        self.wait_gone(1.0)
        self.gui_jog(-GUI_VELOCITY, 1.0)
        self.should["x"] = 4.0
        self.expect_at(x=4.0)
        return start

    # Joints.

    def do_turn_joints(self) -> float:
        """Turn each joint at each scale by one detent forward and three back: no other joint moves."""
        start = time.monotonic()
        for axis in AXES:
            for scale, step in SCALES.items():
                for detents in (1, -3):
                    self.hands.select(axis, scale)
                    self.turn(detents, step, axis)
                    self.rest_when_at("one joint", **self.should)
        return start

    def rest_when_at(self, what: str, **target: float) -> None:
        """Wait until these axes have arrived, and see that they stay."""
        self.expect_at(**target)
        self.rest_at(what, **target)

    def do_joint_mode_in_mid_turn(self) -> float:
        """Change to joint mode and back while the wheel turns: X goes by whole detents, and never by more."""
        start = time.monotonic()
        self.wheel.start()
        self.wait_gone(5 * INCREMENT)
        self.joint_mode()
        self.wheel.go_on()
        self._ask_teleop()
        self.wheel.go_on()
        self.wheel.stop()
        self.account()
        x = self.positions_at_rest()["x"]
        assert 0 < x < self.taken() * INCREMENT + CLOSE
        self.command_to(x=x)
        return start

    def _ask_teleop(self) -> None:
        """Ask for teleop mode until LinuxCNC, which ignores that while a joint moves, has changed to it."""
        teleop = linuxcnc.TRAJ_MODE_TELEOP

        def is_there() -> bool:
            self.driver.command.teleop_enable(1)
            self.driver.complete()
            self.driver.stat.poll()
            return bool(self.driver.stat.motion_mode == teleop)

        wait_until(is_there, "teleop mode")

    def do_home_after_jog(self) -> float:
        """Jog in teleop mode, and home where X stands (which becomes 0): nothing moves then, nor later."""
        start = time.monotonic()
        self.hands.select("x", "x100")
        self.jog(30)
        self.expect_at(x=3.0)
        self.rest_at("jogged", x=3.0)
        motor = self.driver.pin("joint.0.motor-pos-cmd")
        self.driver.home()
        self.rest_at("homed again", x=0.0)
        assert abs(self.driver.pin("joint.0.motor-pos-cmd") - motor) < CLOSE, "the motor was moved"
        return start

    def do_joint_mode_after_jog_and_mdi(self) -> float:
        """Jog in joint mode, then MDI, then joint mode again: the joint stays where MDI left it."""
        start = time.monotonic()
        self.hands.select("x", "x100")
        self.jog(30)
        self.expect_at(x=3.0)
        self.rest_at("jogged", x=3.0)
        self.driver.mode("MDI")
        self.mdi("G53 G0 X20")
        self.to_manual()
        self.rest_at("by G0", x=20.0)
        self.joint_mode()
        self.rest_at("in joint mode again", x=20.0)
        self.command_to(x=20.0)
        return start

    # Overrides and pins.

    def do_turn_at_feed_override_zero(self) -> float:
        """Feed override 0: LinuxCNC's wheel jogs do not know it."""
        start = time.monotonic()
        self.later(lambda: self.driver.command.feedrate(1.0))
        self.driver.command.feedrate(0.0)
        self.driver.complete()
        self.turn(10)
        self.expect_at(x=0.1)
        return start

    def do_turn_at_feed_hold(self) -> float:
        """Feed hold by its pin."""
        start = time.monotonic()
        self.set_pin("motion.feed-hold", True)
        self.wait_pin("motion.feed-hold", True)
        self.jog(10)
        self.wait(lambda: self.taken() == 10, "10 detents to be counted")
        self.should["x"] = 0.1
        return start

    def do_limit_pin_zero_in_mid_turn(self) -> float:
        """The pin that tells hal_mpg of X's velocity becomes 0, "not known", in mid-turn."""
        start = time.monotonic()
        self.hands.select("x", "x100")
        self.turn(20, SCALES["x100"])
        self.set_pin("hal_mpg.axis.x.max-velocity", 0.0)
        self.turn(20, SCALES["x100"])
        self.expect_at(x=4.0)
        return start
