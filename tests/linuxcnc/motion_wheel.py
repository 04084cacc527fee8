# SPDX-License-Identifier: GPL-2.0-or-later
"""A wheel that turns on and on, and what all acts have in common; see drive_faults_motion.py."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.faults.stage import CLOSE, INCREMENT, LinuxcncStage
from tests.faults.virtual_hands import VirtualHands
from tests.linuxcnc.driver import Driver, hal, linuxcnc, wait_until
from tests.linuxcnc.motion_watch import STALL_S, Watch

INTERVAL_S = 0.03
"""Between two detents of the wheel that turns by itself. LinuxCNC refuses to change the mode while an axis
jogs: this is slow enough for X to rest in between, at x10, and far too quick for stillness."""

QUICK_S = 0.01
"""The same where the mode is not changed."""

STILL_S = 0.2
"""How long the wheel has to be still before hal_mpg arms."""

MANY = 15
"""Detents that are turned on while something is looked at: twice the time that arming needs."""

STALL_PATIENCE_S = 2.0
"""How long a condition is waited for where the computer stood still, so that it may never come."""

NOT_STILL = 7
"""`why-not`: waiting for the wheel to be still."""

SCALES = {"x1": 0.001, "x10": 0.01, "x100": 0.1}
"""Distance of one detent, in mm."""


class Wheel:
    """Turns evenly, detent by detent, until it is stopped."""

    def __init__(self, hands: VirtualHands) -> None:
        self.sent = 0
        self.last_at = 0.0
        self.longest_gap_s = 0.0
        self._hands = hands
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_turning(self) -> bool:
        """Tell whether somebody turns it."""
        return self._thread is not None

    def start(self, sign: int = 1, interval_s: float = INTERVAL_S) -> None:
        """Begin to turn."""
        self.stop()
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(sign, interval_s), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let go of it."""
        if self._thread:
            self._stop.set()
            self._thread.join()
            self._thread = None

    def turn(self, detents: int) -> None:
        """Turn by some detents at once."""
        self.last_at = time.monotonic()
        self._hands.turn(detents)
        self.sent += abs(detents)

    def go_on(self, detents: int = MANY, look: Callable[[], None] | None = None) -> None:
        """Wait while it turns on by some detents, looking at something all the time."""
        assert self.is_turning
        end = self.sent + detents

        def is_there() -> bool:
            if look:
                look()
            return self.sent >= end

        wait_until(is_there, f"{detents} detents")

    def _run(self, sign: int, interval_s: float) -> None:
        before = time.monotonic()
        while not self._stop.wait(interval_s):
            self.turn(sign)
            self.longest_gap_s = max(self.longest_gap_s, self.last_at - before)
            before = self.last_at


class WheelStage(LinuxcncStage):
    """Every fault begins at the origin, with the wheel still. What an act changes is undone."""

    def __init__(self, driver: Driver, hands: VirtualHands) -> None:
        super().__init__(driver, hands)
        self.wheel = Wheel(hands)
        self.watch = Watch(driver)
        self.commanded = False  # by others than the wheel, to where `should` says
        self._undo: list[Callable[[], None]] = []
        self._counted: dict[str, int] = {}
        self._complaints = 0

    def begin(self, start: str) -> None:
        """Undo what is left of the fault before, and go to the origin."""
        self.wheel.stop()
        self.wheel.sent, self.wheel.longest_gap_s = 0, 0.0
        self.watch.stalled = False
        self.undo()
        self.commanded = False
        super().begin(start)
        self._counted = self._counters()
        self._complaints = len(self.driver.read_errors())

    def begin_idle(self) -> None:
        """The same at the origin."""
        super().begin_idle()
        if any(abs(position) > 1e-9 for position in self.driver.positions().values()):
            self.go_to(x=0.0, y=0.0, z=0.0)

    def begin_joint_mode(self) -> None:
        """Armed, homed, and in joint mode."""
        self.begin_armed()
        self.joint_mode()

    def begin_not_homed(self) -> None:
        """Armed, in joint mode, and not homed."""
        self.begin_joint_mode()
        self.driver.command.unhome(-1)
        self.driver.complete()
        self.driver.wait_stat(lambda: not any(self.driver.stat.homed), "no joint to be homed")

    def set_pin(self, name: str, value: object) -> None:
        """Set a pin or parameter that has no writer; it gets its old value back before the next fault."""
        before = str(self.driver.pin(name))
        self._undo.append(lambda: hal.set_p(name, before))
        hal.set_p(name, str(value))

    def later(self, undo: Callable[[], None]) -> None:
        """Have something undone before the next fault, at the latest."""
        self._undo.append(undo)

    def undo(self) -> None:
        """Undo what the act changed, in reverse order."""
        while self._undo:
            self._undo.pop()()

    def back_undo(self) -> None:
        """Put right what the fault was."""
        self.undo()

    # Commands of others than the wheel.

    def ask_mode(self, name: str) -> None:
        """Ask for a mode until LinuxCNC, which ignores that while an axis jogs, has changed to it."""
        wanted = getattr(linuxcnc, f"MODE_{name}")

        def is_there() -> bool:
            self.driver.command.mode(wanted)
            self.driver.complete()
            self.driver.stat.poll()
            return bool(self.driver.stat.task_mode == wanted)

        wait_until(is_there, f"mode {name}")

    def mdi(self, command: str) -> None:
        """Give an MDI command, and wait until it has been carried out."""
        self.driver.command.mdi(command)
        self.driver.complete()
        idle = linuxcnc.INTERP_IDLE
        self.driver.wait_stat(lambda: self.driver.stat.interp_state == idle, f"{command} to end")

    def go_to(self, **target: float) -> None:
        """Go there by G0, and return to manual and teleop mode."""
        words = " ".join(f"{axis.upper()}{position:.6f}" for axis, position in target.items())
        self.driver.mode("MDI")
        self.mdi(f"G53 G0 {words}")
        self.expect_at(**target)
        self.to_manual()

    def to_manual(self) -> None:
        """Return to manual and teleop mode, and wait until hal_mpg knows."""
        self.driver.mode("MANUAL")
        self.driver.teleop()
        self.wait_pin("mode-is-manual", True)

    def joint_mode(self) -> None:
        """Change to joint mode."""
        self.driver.command.teleop_enable(0)
        self.driver.complete()
        free = linuxcnc.TRAJ_MODE_FREE
        self.driver.wait_stat(lambda: self.driver.stat.motion_mode == free, "joint mode")

    # Turning.

    def turn(self, detents: int, distance: float = INCREMENT, axis: str = "x") -> None:
        """Turn the wheel as soon as it is live, and expect the axis to follow."""
        self.wait_pin("armed", True)
        super().turn(detents, distance, axis)

    def jog(self, detents: int) -> None:
        """Turn the wheel as soon as it is live, without expecting anything."""
        self.wait_pin("armed", True)
        self.wheel.turn(detents)

    # Looking.

    def has_stalled(self) -> bool:
        """Tell whether the computer stood still since the beginning, so that a failure means nothing."""
        return self.watch.stalled or self.wheel.longest_gap_s > STALL_S

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds; not for long where the computer stood still."""
        start = time.monotonic()

        def look() -> bool:
            if condition():
                return True
            if self.has_stalled() and time.monotonic() - start > STALL_PATIENCE_S:
                raise TimeoutError(f"the computer stood still, and so there is no use in waiting for {what}")
            return False

        wait_until(look, what)

    def x(self) -> float:
        """Return where X is commanded to be."""
        return self.driver.positions()["x"]

    def wait_gone(self, distance: float, axis: str = "x") -> None:
        """Wait until an axis has gone a distance from where it is now, in either direction."""
        start = self.driver.positions()[axis]
        self.wait(lambda: abs(self.driver.positions()[axis] - start) >= distance, f"{axis} to move")

    def expect_at(self, **target: float) -> None:
        """Wait until these axes are there, exactly."""
        self.wait(
            lambda: all(abs(self.driver.positions()[axis] - at) < CLOSE for axis, at in target.items()),
            f"{target}",
        )

    def positions_at_rest(self) -> dict[str, float]:
        """Wait until nothing moves, although the servo thread does run; return where everything is."""
        while True:
            before = self.driver.pin("hal_mpg.heartbeat-echo")
            self.driver.wait_pin("hal_mpg.heartbeat-echo", not before)
            at = super().positions_at_rest()
            goes_on = self.driver.pin("motion.motion-enabled") and self.driver.pin("motion.jog-is-active")
            after = self.driver.pin("hal_mpg.heartbeat-echo")
            self.driver.wait_pin("hal_mpg.heartbeat-echo", not after)
            if not goes_on and self.driver.positions() == at:
                return at

    def rest_at(self, what: str, **target: float) -> None:
        """Wait for rest, and see that these axes are there."""
        at = self.positions_at_rest()
        is_there = all(abs(at[axis] - place) < CLOSE for axis, place in target.items())
        assert is_there, f"{what}: {at}, and not {target}"

    def taken(self, axis: str = "x", distance: float = INCREMENT) -> int:
        """Return how many detents hal_mpg has given to an axis since the beginning; negative if backwards."""
        counts = self._counters()[axis] - self._counted[axis]
        each: float = self.driver.pin(f"hal_mpg.axis.{axis}.jog-scale")
        return round(counts * each / distance)

    def account(self, axis: str = "x", distance: float = INCREMENT) -> None:
        """See that every detent since the beginning has been given to the axis, or dropped."""
        sent = self.wheel.sent
        self.wait(lambda: self.known(axis, distance) >= sent, f"{sent} detents to be known of")
        known = self.known(axis, distance)
        assert known == sent, f"{sent} detents were turned, {known} are known of"

    def known(self, axis: str = "x", distance: float = INCREMENT) -> int:
        """Return how many detents since the beginning have been given to the axis, or dropped."""
        dropped = self._counters()["dropped"] - self._counted["dropped"]
        return abs(self.taken(axis, distance)) + dropped

    def complaints(self) -> list[str]:
        """Return what LinuxCNC has told the operator since the beginning."""
        return self.driver.read_errors()[self._complaints :]

    def command_to(self, **target: float) -> None:
        """Note where somebody else than the wheel sends the axes."""
        self.should.update(target)
        self.commanded = True

    def moved(self) -> str:
        """Return what moved; `commanded` where others than the wheel gave commands."""
        result = super().moved()
        return "commanded" if self.commanded and result == "turned" else result

    def _counters(self) -> dict[str, int]:
        axes = {axis: self.driver.pin(f"hal_mpg.axis.{axis}.jog-counts") for axis in self.driver.positions()}
        return {**axes, "dropped": self.driver.pin("hal_mpg.dropped")}

    # The way back, with the wheel turning.

    def back_manual(self) -> None:
        """Return to manual mode while the wheel turns: it stays dead."""
        self.to_manual()
        self._stays_dead()

    def back_switch_on(self) -> None:
        """Switch the machine on; a wheel that turns stays dead."""
        super().back_switch_on()
        if self.wheel.is_turning:
            self.wait_pin("mode-is-manual", True)
            self._stays_dead()

    def back_reset_by_gui(self) -> None:
        """Reset the E-stop, as F1 does."""
        self.driver.ask_state("ESTOP_RESET")
        self.driver.wait_state("ESTOP_RESET")

    def back_home(self) -> None:
        """Home all joints."""
        self.driver.home()

    def back_still(self) -> None:
        """Stop turning: 0.2 s later the wheel is live, nothing has moved, and no detent is missing."""
        before = self.driver.positions()
        self.wheel.stop()
        self.wait_pin("armed", True)
        waited_s = time.monotonic() - self.wheel.last_at
        assert waited_s >= STILL_S, f"armed {waited_s} s after the last detent"
        self.rest_at("armed again", **before)
        self.account()

    def _stays_dead(self) -> None:
        self.wait_pin("why-not", NOT_STILL)
        self.turn_on_dead()

    def turn_on_dead(self) -> None:
        """Let the wheel turn on, disarmed: nothing moves, and no count changes."""
        self.wait_pin("armed", False)
        before, counted = self.driver.positions(), self.taken()

        def look() -> None:
            assert not self.pin("armed"), "armed in mid-turn"
            assert self.taken() == counted, f"{self.taken() - counted} detents were counted while disarmed"
            assert self.driver.positions() == before, f"moved from {before} to {self.driver.positions()}"

        self.wheel.go_on(look=look)
