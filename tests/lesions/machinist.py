# SPDX-License-Identifier: GPL-2.0-or-later
"""Someone at the machine: asks LinuxCNC, turns the pendant, looks at pins; some part of it all may be lost.

Nothing is waited for longer than it takes with everything there: what does not come is a fact, too.
Motion is read from the servo thread itself, since LinuxCNC's task may be what is lost.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.lesions.harmed_pendant import HarmedPendant
from tests.linuxcnc.driver import Driver, linuxcnc
from tests.linuxcnc.virtual_pendant import AXES, ENABLE, ESTOP_CONTACT, RESET, SCALES

WATCHDOG_S = 0.13
PATIENT_WATCHDOG_S = 0.5
"""While the watchdog is not what is tried: a simulation on a busy machine would trip too easily."""

ANSWER_S = 0.8
"""How long a state, a mode or a pin is waited for."""

REST_S = 0.025
LONGEST_JOG_S = 2.0

DEAF_S = 2.0
"""A task that takes so long for a command does not answer; it is asked no more."""

POLL_S = 0.0003

Notes = dict[str, Any]


class Stopped(Exception):
    """The machine is not on, and cannot be switched on: the rest of the day is not to be had."""


class Machinist:
    """Works with a machine, and notes facts."""

    def __init__(self, driver: Driver, pendant: HarmedPendant, has_timeout: bool = True) -> None:
        """Take a machine. `has_timeout`: the watchdog's time may be set."""
        self.driver = driver
        self.pendant = pendant
        self.notes: Notes = {}
        self._has_timeout = has_timeout
        self._deaf = False

    # What the machine is asked and tells.

    def is_on(self) -> bool:
        """Tell whether motion is enabled, from the servo thread."""
        return bool(self.driver.pin("motion.motion-enabled"))

    def at(self) -> list[float]:
        """Return where the joints are commanded to."""
        return [self.driver.pin(f"joint.{joint}.motor-pos-cmd") for joint in range(3)]

    def wait(self, condition: Callable[[], object], limit_s: float = ANSWER_S) -> float | None:
        """Wait for a condition; return the milliseconds that it took, or None where it did not come."""
        start = time.monotonic()
        while not condition():
            if time.monotonic() - start > limit_s:
                return None
            time.sleep(POLL_S)
        return round((time.monotonic() - start) * 1000, 1)

    def wait_pin(self, name: str, value: object, limit_s: float = ANSWER_S) -> float | None:
        """Wait for a pin of hal_mpg."""
        return self.wait(lambda: self.driver.pin(f"hal_mpg.{name}") == value, limit_s)

    def moved(self, since: list[float]) -> list[float]:
        """Wait for rest; return how far the joints went."""
        begin = start = time.monotonic()
        before = self.at()
        while time.monotonic() - start < REST_S:
            time.sleep(0.002)
            jogs = self.driver.pin("motion.jog-is-active") and time.monotonic() - begin < LONGEST_JOG_S
            if (now := self.at()) != before or jogs:
                before, start = now, time.monotonic()
        return [round(b - a, 4) for a, b in zip(since, before, strict=True)]

    def tell(self, command: Callable[[], object]) -> None:
        """Give a command to LinuxCNC's task, as a GUI does, and wait until it was carried out."""
        if self._deaf:
            return
        start = time.monotonic()
        command()
        self.driver.command.wait_complete(ANSWER_S)
        self._deaf = time.monotonic() - start > DEAF_S

    def ask(self, state: str) -> None:
        """Ask for a state, as the GUI's buttons do."""
        self.tell(lambda: self.driver.command.state(getattr(linuxcnc, f"STATE_{state}")))

    def mode(self, name: str) -> None:
        """Ask for a mode, as the GUI does."""
        wanted = getattr(linuxcnc, f"MODE_{name}")
        self.tell(lambda: self.driver.command.mode(wanted))
        self.wait_stat(lambda: self.driver.stat.task_mode == wanted)

    def teleop(self, wanted: int) -> None:
        """Ask for teleop mode (1) or joint mode (0)."""
        self.tell(lambda: self.driver.command.teleop_enable(wanted))
        mode = linuxcnc.TRAJ_MODE_TELEOP if wanted else linuxcnc.TRAJ_MODE_FREE
        self.wait_stat(lambda: self.driver.stat.motion_mode == mode)

    def wait_stat(self, condition: Callable[[], bool]) -> None:
        """Wait for something in LinuxCNC's status."""

        def polled() -> bool:
            self.driver.stat.poll()
            return condition()

        if not self._deaf:
            self.wait(polled)

    def turn(self, detents: int) -> None:
        """Turn the wheel, and wait until hal_mpg has counted or dropped it."""
        counts, dropped = (int(self.driver.pin(f"hal_mpg.{name}")) for name in ("counts", "dropped"))

        def taken() -> bool:
            counted = abs(self.driver.pin("hal_mpg.counts") - counts)
            return bool(counted + self.driver.pin("hal_mpg.dropped") - dropped >= abs(detents))

        self.pendant.turn(detents)
        if self.pendant.has_wheel:
            self.wait(taken, 0.1)

    # From off to on.

    def reset(self) -> str:
        """Reset the E-stop by the pendant's button, or else the GUI's; return which."""
        self.pendant.press(RESET)
        came = self.wait_pin("reset", True) is not None
        came = came and self.wait(lambda: self.driver.state() == "ESTOP_RESET") is not None
        self.pendant.release(RESET)
        if came:
            return "pendant"
        self.ask("ESTOP_RESET")
        return "GUI" if self.wait(lambda: self.driver.state() == "ESTOP_RESET") is not None else "nobody"

    def switch_on(self) -> None:
        """Reset where needed, and switch on, in manual mode. Raises Stopped."""
        by = "nobody needed to"
        if not self.is_on() and self.driver.state() != "ESTOP_RESET":
            by = self.reset()
        self.notes["reset by"] = by if by != "nobody needed to" else self.notes.get("reset by", by)
        self.ask("ON")
        if self.wait(self.is_on) is None:
            raise Stopped(f"cannot be switched on, stays in {self.driver.state()}, why-not {self.why()}")
        self.mode("MANUAL")
        if not self._deaf and not all(self.driver.stat.homed[:3]):
            self._home()
        self.teleop(1)

    def _home(self) -> None:
        self.teleop(0)
        self.tell(lambda: self.driver.command.home(-1))
        self.wait_stat(lambda: all(self.driver.stat.homed[:3]))

    def why(self) -> int:
        """Return hal_mpg's reason."""
        return int(self.driver.pin("hal_mpg.why-not"))

    def begin(self) -> None:
        """Plug in, power up, and arm."""
        self.set_watchdog(PATIENT_WATCHDOG_S)
        self.pendant.set_keys(AXES["x"], SCALES["x10"], ESTOP_CONTACT)
        if not self.pendant.is_plugged_in:
            self.pendant.plug_in()
        self.wait_pin("estop-ok", True)
        self.switch_on()
        self.arm()

    def set_watchdog(self, timeout_s: float) -> None:
        """Set the watchdog's time, unless it is what is missing."""
        if self._has_timeout:
            self.driver.set_watchdog(timeout_s)

    def arm(self) -> bool:
        """Hold the enabling button; tell whether the wheel is live."""
        self.pendant.press(ENABLE)
        limit_s = ANSWER_S if self.notes.get("arms", True) else 0.0
        self.notes["arms"] = self.wait_pin("armed", True, limit_s) is not None
        if not self.notes["arms"]:
            self.notes.setdefault("not armed", self.why())
        return bool(self.notes["arms"])

    def ready(self, act: str) -> None:
        """Have all as it is before each act: on, X at x10, enabling button held."""
        self.pendant.set_keys(AXES["x"], SCALES["x10"], ESTOP_CONTACT, ENABLE)
        if not self.is_on():
            self.notes.setdefault("was off before", act)
            self.switch_on()
        self.arm()

    def beats_seen(self) -> Callable[[], bool]:
        """Return what tells whether the heartbeat has changed three times since now."""
        seen = [self.driver.pin("hal_mpg.heartbeat")]

        def look() -> bool:
            beat = self.driver.pin("hal_mpg.heartbeat")
            if beat != seen[-1]:
                seen.append(beat)
            return len(seen) > 3

        return look


def hal_command(*words: str) -> str:
    """Run halcmd; return what it says."""
    run = subprocess.run(["halcmd", *words], check=True, capture_output=True, text=True, timeout=30)
    return run.stdout
