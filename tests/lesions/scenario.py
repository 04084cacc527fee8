# SPDX-License-Identifier: GPL-2.0-or-later
"""A day's work with a pendant and LinuxCNC, some part of which may be lost; facts only, see judge.py."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from tests.lesions.harmed_pendant import HarmedPendant
from tests.lesions.machinist import WATCHDOG_S, Machinist, Notes, Stopped, hal_command
from tests.linuxcnc.driver import Driver, linuxcnc, process_of
from tests.linuxcnc.virtual_pendant import AXES, ENABLE, ESTOP_CONTACT, RESET, SCALES

ESTOP_S = 0.5
"""A machine that is still on so long after the button is not stopped by it."""

SERVO_S = 0.02
"""For the servo thread to see what was counted; 1 ms would do, were it realtime."""

REARM_S = 0.3
"""For a servo thread that stood still for a moment, so that hal_mpg disarmed."""

INCREMENT = 0.01

TOGETHER = 200
"""Detents at once, much more than the axis can follow: 20 mm at x100."""

ACTS = (
    "jog",
    "joint_mode",
    "spin",
    "let_go",
    "released",
    "estop",
    "mdi",
    "off",
    "servo",
    "lost",
    "unplug",
    "stop",
)


class Day(Machinist):
    """One day's work. `harm` is called when the machine is on and armed, for what breaks only then."""

    def __init__(
        self, driver: Driver, pendant: HarmedPendant, harm: Callable[[], None], has_timeout: bool = True
    ) -> None:
        super().__init__(driver, pendant, has_timeout)
        self._harm = harm

    def live(self) -> Notes:
        """Go through the day; return what was seen, by acts."""
        try:
            self.begin()
            self._harm()
            for act in ACTS:
                self.ready(act)
                self.notes[act] = getattr(self, act)()
        except Stopped as stopped:
            self.notes["stopped"] = str(stopped)
        self.notes["errors"] = sorted(set(self.driver.read_errors()))
        self.driver.errors.clear()
        return self.notes

    # The acts. Each returns facts.

    def jog(self) -> Notes:
        """Three detents with each axis."""
        return {"ways": [*map(self._three, "xyz"), self._three("x", "x1")]}

    def _three(self, letter: str, scale: str = "x10") -> Notes:
        self.pendant.set_keys(AXES[letter], SCALES[scale], ESTOP_CONTACT, ENABLE)
        self.wait_pin("armed", True, REARM_S if self.notes["arms"] else 0.0)
        before = self.at()
        self.turn(3)
        self.wait(lambda: self.at() != before, 0.1)
        moved = self.moved(before)
        return {"axis": letter, "scale": scale, "moved": moved, "why": self.why(), "on": self.is_on()}

    def joint_mode(self) -> Notes:
        """The same as before homing."""
        self.teleop(0)
        ways = [*map(self._three, "xyz")]
        self.teleop(1)
        return {"ways": ways}

    def _spin(self) -> list[float]:
        self.pendant.set_keys(AXES["x"], SCALES["x100"], ESTOP_CONTACT, ENABLE)
        before = self.at()
        direction = 1 if before[0] < 0 else -1
        self.pendant.turn(TOGETHER * direction)
        self.wait(lambda: abs(self.at()[0] - before[0]) > 0.5, 0.2)
        return before

    def spin(self) -> Notes:
        """Spin the wheel much faster than the axis can follow."""
        return {"moved": self.moved(self._spin())}

    def let_go(self) -> Notes:
        """Let go of the enabling button in the middle of a fast jog."""
        self._spin()
        self.pendant.release(ENABLE)
        return {"moved": self.moved(self.at())}

    def released(self) -> Notes:
        """Turn without the enabling button."""
        self.pendant.release(ENABLE)
        self.wait_pin("enable", False, 0.2)
        return {"moved": self._turned()}

    def _turned(self) -> list[float]:
        """Turn where nothing may move."""
        before = self.at()
        self.turn(3)
        self.wait(lambda: self.at() != before, 0.03)
        return self.moved(before)

    def mdi(self) -> Notes:
        """Turn in MDI mode, and on when it has gone back to manual."""
        before = self.at()
        self.mode("MDI")
        obeyed = not self._deaf and self.driver.stat.task_mode == linuxcnc.MODE_MDI
        self.wait_pin("mode-is-manual", False, 0.2)
        self.turn(3)
        time.sleep(SERVO_S)
        self.mode("MANUAL")
        self.teleop(1)
        self.wait_pin("mode-is-manual", True, 0.2)
        return {"obeyed": obeyed, **self._turned_on(before)}

    def _turned_on(self, before: list[float]) -> Notes:
        """Turn one detent more; return what moved, but for that one, and whether it did."""
        self.turn(1)
        return self._but_for(1, before)

    def _but_for(self, detents: int, before: list[float]) -> Notes:
        self.wait(lambda: self.at() != before, 0.03)
        moved = self.moved(before)
        live = moved == [round(detents * INCREMENT, 4), 0.0, 0.0]
        return {"moved": [0.0, 0.0, 0.0] if live else moved, "live at once": live}

    def off(self) -> Notes:
        """Turn with the machine off, and on when it has been switched on."""
        self.ask("OFF")
        obeyed = self.wait(lambda: not self.is_on(), 0.2) is not None
        self.wait_pin("machine-is-on", False, 0.2)
        before = self.at()
        self.turn(3)
        time.sleep(SERVO_S)
        self.ask("ON")
        self.wait(self.is_on)
        self.teleop(1)
        self.wait_pin("machine-is-on", True, 0.2)
        return {"obeyed": obeyed, **self._turned_on(before)}

    def servo(self) -> Notes:
        """Stop the servo thread, turn, and let it go on."""
        before = self.at()
        hal_command("stop")
        try:
            self.wait_pin("armed", False, 0.3)
            self.turn(3)
            time.sleep(SERVO_S)  # for the counts, which nobody can see now
        finally:
            hal_command("start")
        return {"moved": self.moved(before)}

    def lost(self) -> Notes:
        """Press the E-stop in events that the kernel drops."""
        self.pendant.lose_events(AXES["x"], SCALES["x10"], ENABLE)
        return self._stopped_by_estop()

    def estop(self) -> Notes:
        """Press the E-stop in the middle of a jog."""
        self._spin()
        self.pendant.press_estop()
        return self._stopped_by_estop()

    def _stopped_by_estop(self) -> Notes:
        """Return how soon and by what the machine went off, and whether it can be had on while pressed."""
        off_ms = self.wait(lambda: not self.is_on(), ESTOP_S)
        first = self.driver.pin("iocontrol.0.user-enable-out")  # task has not withdrawn it yet
        by = "realtime chain" if first else "halui and task"
        notes: Notes = {"off_ms": off_ms, "by": by if off_ms is not None else None}
        before = self.at()
        if off_ms is None:
            notes["moved"] = self._turned()
            self.ask("ESTOP")
        else:
            self.wait(lambda: self.driver.state() == "ESTOP", 0.3)
            before = self.at()
            self.pendant.press(RESET)
            self.ask("ESTOP_RESET")
            self.ask("ON")
            notes["on while pressed"] = self.is_on()
            self.pendant.release(RESET)
            notes["moved"] = self._turned()
            if self.is_on():
                self.ask("ESTOP")
        self.pendant.release_estop()
        self.wait_pin("estop-ok", True)
        time.sleep(0.03)  # for what might start by itself
        notes["on by itself"] = off_ms is not None and self.is_on()
        notes["moved after"] = self.moved(before)
        return notes

    def unplug(self) -> Notes:
        """Pull the plug with the enabling button held, put it back, power up, and turn."""
        self.pendant.unplug()
        off_ms = self.wait(lambda: not self.is_on(), ESTOP_S)
        self.wait_pin("connected", False)
        self.wait(lambda: self.driver.state() == "ESTOP", 0.3)
        before = self.at()
        self.pendant.plug_in()
        self.wait_pin("estop-ok", True)
        notes = {"off_ms": off_ms, "on by itself": off_ms is not None and self.is_on()}
        self.switch_on()
        self.wait_pin("armed", True, REARM_S)
        self.turn(3)
        notes |= self._but_for(3, before)
        self.pendant.release(ENABLE)
        return notes

    def stop(self) -> Notes:
        """Stop hal_mpg's process, turn, and let it go on."""
        self.set_watchdog(WATCHDOG_S)
        self.wait(self.beats_seen())
        before = self.at()
        process = process_of("hal_mpg")
        os.kill(process, signal.SIGSTOP)
        try:
            off_ms = self.wait(lambda: not self.is_on(), ESTOP_S)
            self.turn(3)
        finally:
            os.kill(process, signal.SIGCONT)
        self.wait(self.beats_seen())
        return {
            "off_ms": off_ms,
            "on by itself": off_ms is not None and self.is_on(),
            "moved": self.moved(before),
        }
