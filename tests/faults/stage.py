# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage for faults with a LinuxCNC behind hal_mpg; runs in LinuxCNC's driver, whatever the pendant is.

A bed's own stage is a subclass: an act NAME is its method `do_NAME`, a step of the way back `back_NAME`,
a beginning `begin_NAME`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tests.linuxcnc.driver import AGAIN_S, Driver, wait_until

INCREMENT = 0.01
"""Of X at x10, where every fault begins, in mm."""

CLOSE = 2e-6
"""LinuxCNC's planner rests within a thousandth of acceleration x period² of its target (simple_tp.h)."""

STILL_S = 0.1
STALL_S = 0.01
"""A gap this long between two looks at a pin is the computer's own, and spoils a time."""

LIMIT_S = 60.0

OWN = ("axis", "button", "led")
"""First words of names with dots that are hal_mpg's own pins."""


class Hands(Protocol):
    """What a user does to the pendant. Switches keep their place, also while it is unplugged."""

    def plug_in(self) -> None: ...
    def unplug(self) -> None: ...
    def is_plugged_in(self) -> bool: ...
    def select(self, axis: str, scale: str) -> None: ...
    def press_estop(self) -> None: ...
    def release_estop(self) -> None: ...
    def hold_enable(self, held: bool) -> None: ...
    def press_reset(self, held: bool) -> None: ...
    def turn(self, detents: int) -> None: ...


class LinuxcncStage:
    """The pendant, hal_mpg and LinuxCNC; `should` is where each axis is to be by what was turned."""

    def __init__(self, driver: Driver, hands: Hands) -> None:
        self.driver = driver
        self.hands = hands
        self.component = "hal_mpg"
        self.should: dict[str, float] = {}
        self._before: dict[str, float] = {}
        self._output = Path(os.environ["HAL_MPG_LINUXCNC_SOCKET"]).parent / "output"
        self._said_from = 0
        self._looked_at = 0.0
        self._longest_gap = 0.0

    # The beginning.

    def begin(self, start: str) -> None:
        """Bring everything to where a fault begins."""
        getattr(self, f"begin_{start.replace('-', '_')}")()
        self._before = self.driver.positions()
        self.should = dict(self._before)
        self._said_from = self._output.stat().st_size

    def begin_idle(self) -> None:
        """Machine on and homed, X at x10, nobody touches the pendant."""
        self.ensure_running()
        if not self.hands.is_plugged_in():
            self.hands.plug_in()
        self.wait_pin("connected", True)
        self.hands.press_reset(False)
        self.hands.hold_enable(False)
        self.hands.select("x", "x10")
        self.hands.release_estop()
        self.wait_pin("estop-ok", True)
        self.ensure_on()

    def begin_armed(self) -> None:
        """The same, with the enabling button held."""
        self.begin_idle()
        self.arm()

    def ensure_running(self) -> None:
        """Have a hal_mpg; a stage that takes it away overrides this."""

    def ensure_on(self) -> None:
        """Have the machine on, in manual mode, homed, in teleop mode, whatever ran before."""
        self.driver.command.abort()
        self.driver.complete()
        if self.driver.state() != "ON":
            self.driver.turn_on()
        self.driver.mode("MANUAL")
        if not all(self.driver.stat.homed[: self.driver.stat.joints]):
            self.driver.home()
        self.driver.teleop()

    def arm(self) -> None:
        """Hold the enabling button until the wheel is live."""
        self.hands.hold_enable(True)
        self.wait_pin("armed", True)

    # The fault.

    def do(self, act: str, *arguments: Any) -> Callable[[], float]:
        """Provoke a fault. An act returns when it began, or a function that will tell."""
        self._longest_gap = self._looked_at = 0.0
        when = getattr(self, f"do_{act.replace('-', '_')}")(*arguments)
        return when if callable(when) else lambda: float(when)

    def pin(self, name: str) -> Any:
        """Return the value of a pin, of hal_mpg's where no component is named."""
        now = time.monotonic()
        if self._looked_at:
            self._longest_gap = max(self._longest_gap, now - self._looked_at)
        self._looked_at = now
        own = "." not in name or name.split(".")[0] in OWN
        return self.driver.pin(f"{self.component}.{name}" if own else name)

    def wait_pin(self, name: str, value: object) -> None:
        """Wait until a pin has a value."""
        try:
            wait_until(lambda: self.pin(name) == value, f"{name} to be {value}", LIMIT_S)
        except TimeoutError as error:
            error.add_note(f"why-not {self.pin('why-not')}, {self.driver.state()}")
            raise

    def machine(self) -> str | None:
        """Return LinuxCNC's state."""
        return self.driver.state()

    def stalled(self) -> bool:
        """Tell whether a pin could not be looked at for a while."""
        return self._longest_gap > STALL_S

    def said(self) -> str:
        """Return what was said since `begin`, by anybody: hal_mpg's lines begin with its name."""
        with self._output.open("rb") as file:
            file.seek(self._said_from)
            return file.read().decode(errors="replace")

    def turn(self, detents: int, distance: float = INCREMENT, axis: str = "x") -> None:
        """Turn the wheel, and expect the axis to follow."""
        self.hands.turn(detents)
        self.should[axis] += detents * distance

    def towards_middle(self, detents: int) -> int:
        """Return detents with the sign that turns X away from the soft limit that is nearer."""
        return -detents if self.driver.positions()["x"] > 0 else detents

    # What came of it.

    def positions_at_rest(self) -> dict[str, float]:
        """Wait until nothing has moved for a while; return where everything is."""
        at = self.driver.positions()
        began = since = time.monotonic()
        while time.monotonic() - since < STILL_S:
            if time.monotonic() - began > LIMIT_S:
                raise TimeoutError(f"it does not come to rest in {LIMIT_S:.0f} s: {at}")
            time.sleep(0.005)
            now_at = self.driver.positions()
            if now_at != at:
                at, since = now_at, time.monotonic()
        return at

    def moved(self) -> str:
        """Return what moved since `begin`."""
        at, before = self.positions_at_rest(), self._before
        if all(abs(at[axis] - before[axis]) < CLOSE for axis in at):
            return "nothing"
        if all(abs(at[axis] - self.should[axis]) < CLOSE for axis in at):
            return "turned"
        if all(self._is_between(axis, at[axis]) for axis in at):
            return "run-on"
        return f"{before} to {at}, and it should be {self.should}"

    def _is_between(self, axis: str, at: float) -> bool:
        low, high = sorted((self._before[axis], self.should[axis]))
        return low - CLOSE < at < high + CLOSE

    # The way back.

    def back(self, step: str) -> None:
        """Take a step of the way back."""
        getattr(self, f"back_{step.replace('-', '_')}")()

    def back_plug_in(self) -> None:
        """Plug the pendant in again."""
        self.hands.plug_in()
        self.wait_pin("connected", True)

    def back_release_estop(self) -> None:
        """Release the E-stop."""
        self.hands.release_estop()
        self.wait_pin("estop-ok", True)

    def back_reset(self) -> None:
        """Press the pendant's reset button, again where nothing comes of it.

        halui waits for LinuxCNC to take each command, 0.1 s at a time, and looks at no pin meanwhile: of two
        presses that follow each other sooner than a hand does, it can miss that the button was let go.
        """
        self.wait_pin("estop-ok", True)
        end = time.monotonic() + LIMIT_S
        while self.driver.state() != "ESTOP_RESET":
            self.hands.press_reset(True)
            try:
                self.driver.wait_state("ESTOP_RESET", AGAIN_S)
            except TimeoutError:
                if time.monotonic() > end:
                    raise
            self.hands.press_reset(False)
            self.wait_pin("reset", False)

    def back_switch_on(self) -> None:
        """Switch the machine on, as F2 does."""
        self.driver.ask_state("ON")
        self.driver.wait_state("ON", LIMIT_S)
        self.driver.mode("MANUAL")
        self.driver.teleop()

    def back_hold_enable(self) -> None:
        """Let go of the enabling button, and hold it."""
        self.hands.hold_enable(False)
        self.wait_pin("enable", False)
        self.arm()

    def prove(self) -> None:
        """One detent moves the selected axis by one increment, and nothing else.

        One that comes just when the computer stands still is dropped, which `dropped` tells: then, one more.
        """
        self.hands.select("x", "x10")
        before = self.driver.positions()
        detent = self.towards_middle(1)
        wanted = {**before, "x": before["x"] + detent * INCREMENT}

        def there() -> bool:
            at = self.driver.positions()
            return all(abs(at[axis] - wanted[axis]) < CLOSE for axis in at)

        end = time.monotonic() + LIMIT_S
        while not there():
            self.wait_pin("armed", True)
            dropped = self.pin("dropped")
            self.hands.turn(detent)
            left_s = end - time.monotonic()
            what = f"one detent to move X from {before['x']}"
            wait_until(lambda: there() or self.pin("dropped") != dropped, what, left_s)  # noqa: B023
