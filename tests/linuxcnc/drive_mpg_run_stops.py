#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How soon a program that the wheel runs stands, when it must: each way several times, in mid-turn."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish, hal, linuxcnc, process_of
from tests.linuxcnc.mpg_run_hand import RUN_BUTTON, Hand
from tests.linuxcnc.servo_clock import STALLED_S
from tests.linuxcnc.virtual_pendant import ENABLE

ENDLESS = "G21 G90 G64\nF1200\no100 while [1]\nG1 X150\nG1 X0\no100 endwhile\nM2\n"

FULL_MM_S = 20.0
TURNED_HZ = 80.0  # 50 are full feed; what is more is dropped

WATCHED_S = 0.25
"""How long the wheel is turned on, and the machine looked at, after what has to stop it."""

WATCHDOG_S = 0.13
"""As in mpg-estop.hal."""

MOST_AGAIN = 40
"""How often one kind is done again at most, as the computer stood still meanwhile (servo_clock.py)."""

LEAST_TURNED = 8
"""A third of the detents that are turned meanwhile: with less of them, the hand stood still."""

WITH_WHEEL = ("button", "selector", "stop")

Notes = dict[str, Any]


class Stops:
    """What is done, and how it is set right again."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.hand = Hand(driver)
        self.process = 0  # of hal_mpg

    def main(self, kinds: list[str], times: int) -> Notes:
        """Do each kind so many times; return the notes of each time."""
        self.hand.get_ready(watchdog_s=1.0)
        return {kind: self.repeat(kind, times) for kind in kinds}

    def repeat(self, kind: str, times: int) -> Notes:
        """Do one kind so many times. What cannot be believed is counted, and done again.

        "tripped": hal_mpg was not run for so long that the watchdog stopped the machine before, or
        instead; it stood in time, but says nothing of this kind.
        """
        act: Callable[[], None] = getattr(self, f"do_{kind}")
        undo: Callable[[], None] = getattr(self, f"undo_{kind}")
        done: list[Notes] = []
        tripped: list[Notes] = []
        again: list[str] = []
        while len(done) < times:
            if len(again) + len(tripped) > MOST_AGAIN:
                raise TimeoutError(f"{kind}: this machine stands still all the time: {again}, {tripped}")
            self.run(kind)
            if not self.is_fast():
                # turning round, at an end; nothing was done, so there is nothing to undo (a reset of
                # a machine that is on does not come to its end)
                again.append(f"not fast at X {self.hand.place()[0]:.1f}")
                continue
            note = self.watch(act, kind)
            undo()
            if why := self.why_again(note, kind):
                again.append(why)
            elif note["idle"] and kind in ("button", "selector"):
                tripped.append(note)
            else:
                done.append(note)
        return {"times": done, "tripped": tripped, "again": again}

    def run(self, kind: str) -> None:
        """Have a program run by the wheel, at full feed, and the watchdog as short as in the samples."""
        hand = self.hand
        self.driver.set_watchdog(1.0)
        if self.driver.state() != "ON":
            self.switch_on()
        if kind == "button":
            hand.pendant.press(RUN_BUTTON)
        elif not hand.pin("mpg-run.selected"):
            hand.select_run(True)
        self.driver.wait_pin(f"{hand.component}.mpg-run.enable", True)
        if hand.is_idle():
            hand.start(ENDLESS)
        hand.turn_until(self.is_fast, TURNED_HZ)
        self.process = process_of("hal_mpg")
        self.driver.set_watchdog(WATCHDOG_S)
        hand.turn(8, TURNED_HZ)  # several heartbeats, of 10 ms now

    def is_fast(self) -> bool:
        """Tell whether it runs at full feed, or nearly."""
        return bool(hal.get_value("motion.current-vel") > 0.95 * FULL_MM_S)

    def watch(self, act: Callable[[], None], kind: str) -> Notes:
        """Do it in mid-turn, and look at the machine."""
        hand = self.hand
        hand.clock.run()
        now = start = time.monotonic()
        act()
        acted_s, due, turned = time.monotonic() - start, start, 0
        while now < start + WATCHED_S:
            if now >= due and kind in WITH_WHEEL:
                hand.pendant.turn(1)
                due, turned = now + 1 / TURNED_HZ, turned + 1
            time.sleep(0.002)
            now = time.monotonic()
        note = {"feed_s": hand.clock.feed_s(), "speed_s": hand.clock.speed_s(), "late_s": hand.clock.late_s()}
        return note | {"acted_s": acted_s, "turned": turned, "feed": hand.feed(), "idle": hand.is_idle()}

    @staticmethod
    def why_again(note: Notes, kind: str) -> str:
        """Return what of a time cannot be believed, and why; nothing where it can."""
        if note["late_s"] > STALLED_S:
            return f"servo thread late by {note['late_s']:.3f} s"
        if note["acted_s"] > STALLED_S:
            return f"hand late by {note['acted_s']:.3f} s"
        if kind in WITH_WHEEL and note["turned"] < LEAST_TURNED:
            return f"hand turned {note['turned']} detents"
        return ""

    # What must stop it.

    def do_button(self) -> None:
        """Let go of the button that is held."""
        self.hand.pendant.release(RUN_BUTTON)

    def undo_button(self) -> None:
        """It is pressed again by `run`."""

    def do_selector(self) -> None:
        """Turn the selector to X."""
        self.hand.pendant.move(3, 1)

    def undo_selector(self) -> None:
        """It is turned back by `run`."""

    def do_unplug(self) -> None:
        """Pull the plug."""
        self.hand.pendant.unplug()

    def undo_unplug(self) -> None:
        """Plug it in."""
        self.hand.pendant.plug_in()
        self.switch_on()

    def do_stop(self) -> None:
        """Have the process stand still."""
        os.kill(self.process, signal.SIGSTOP)

    def undo_stop(self) -> None:
        """Let it go on."""
        os.kill(self.process, signal.SIGCONT)
        self.switch_on()

    def do_kill(self) -> None:
        """Kill the process."""
        os.kill(self.process, signal.SIGKILL)

    def undo_kill(self) -> None:
        """Start another, which gets another name, as the old one's is taken."""
        self.hand.pendant.unplug()
        done = subprocess.run(["hal_mpg", "recover"], capture_output=True, text=True, timeout=60, check=True)
        self.hand.component = done.stderr.partition("runs again, as ")[2].split(";")[0]
        self.hand.pendant.plug_in()
        self.switch_on()

    def switch_on(self) -> None:
        """Reset, switch on, and wait until the wheel could run a program again."""
        self.driver.set_watchdog(1.0)
        self.driver.wait_pin(f"{self.hand.component}.estop-ok", True)
        time.sleep(0.2)  # the watchdog takes its new time with the heartbeat after next
        self.driver.turn_on()
        self.hand.pendant.release(ENABLE)  # held when it was plugged in, it is no press
        self.hand.pendant.press(ENABLE)
        self.hand.wait_interpreter(linuxcnc.INTERP_IDLE)


def main(driver: Driver) -> Notes:
    """Do what the test asks for."""
    kinds, times = arguments()
    return Stops(driver).main(kinds, int(times))


finish(main)
