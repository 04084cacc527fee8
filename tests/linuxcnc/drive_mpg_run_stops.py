#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How soon a program that the wheel runs stands, when it must: each way several times, in mid-turn."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

from tests.linuxcnc.driver import Driver, arguments, finish, hal, linuxcnc, process_of
from tests.linuxcnc.mpg_run_hand import RUN_BUTTON, Hand
from tests.linuxcnc.virtual_pendant import ENABLE

ENDLESS = "G21 G90 G64\nF1200\no100 while [1]\nG1 X150\nG1 X0\no100 endwhile\nM2\n"

FULL_MM_S = 20.0
TURNED_HZ = 60.0

WATCHED_S = 0.3
"""How long the wheel is turned on, and the machine looked at, after what has to stop it."""

WATCHDOG_S = 0.13
"""As in mpg-estop.hal."""

STALLED_S = 0.015
"""Where the driver did not run for longer, or the servo thread was late by more, the computer stood still.

Then it is done again, and counted. The times are those of the servo thread (stop-clock.hal).
"""

MOST_AGAIN = 40
"""... but not more often than this for one kind."""

Notes = dict[str, object]


class Stops:
    """What is done, and how it is set right again."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.hand = Hand(driver)
        self.stopped = 0  # the process that stands still

    def main(self, kinds: list[str], times: int) -> Notes:
        """Do each kind so many times; return the notes of each time."""
        self.hand.get_ready(watchdog_s=1.0)
        notes: Notes = {}
        for kind in kinds:
            act: Callable[[], None] = getattr(self, f"do_{kind}")
            undo: Callable[[], None] = getattr(self, f"undo_{kind}")
            done: list[Notes] = []
            again = 0
            while len(done) < times:
                self.run(kind)
                note = self.watch(act, kind)
                undo()
                if note is not None:
                    done.append(note)
                    continue
                again += 1
                if again > MOST_AGAIN:
                    raise TimeoutError(f"{kind}: this machine stands still all the time")
            notes[kind] = {"times": done, "again": again}
        return notes

    def run(self, kind: str) -> None:
        """Have a program run by the wheel, at full feed."""
        hand = self.hand
        if kind == "button":
            hand.pendant.press(RUN_BUTTON)
        elif not hand.pin("mpg-run.selected"):
            hand.select_run(True)
        self.driver.wait_pin(f"{hand.component}.mpg-run.enable", True)
        if hand.is_idle():
            hand.start(ENDLESS)
        hand.turn_until(lambda: hal.get_value("motion.current-vel") > 0.99 * FULL_MM_S, TURNED_HZ)
        if kind in ("kill", "stop"):
            self.driver.set_watchdog(WATCHDOG_S)
            hand.turn(8, TURNED_HZ)  # several heartbeats, of 10 ms now

    def watch(self, act: Callable[[], None], kind: str) -> Notes | None:
        """Do it in mid-turn, and look at the machine; None: it, or we, stood still for too long to know."""
        if hal.get_value("motion.current-vel") < 0.9 * FULL_MM_S:
            return None
        now = start = time.monotonic()
        servo_start, gap, due = hal.get_value("stop-clock.out"), 0.0, start
        run_clocks(True)
        act()
        while now < start + WATCHED_S:
            last, now = now, time.monotonic()
            gap = max(gap, now - last)
            if now >= due and kind not in ("unplug", "kill"):
                self.hand.pendant.turn(1)
                due += 1 / TURNED_HZ
            hal.get_value("stop-clock.out")
        late = abs(hal.get_value("stop-clock.out") - servo_start - (now - start))
        note = {"feed_s": hal.get_value("stop-feed.out"), "speed_s": hal.get_value("stop-speed.out")}
        note |= {"feed": self.hand.feed(), "idle": self.hand.is_idle()}
        run_clocks(False)
        return note if max(gap, late) < STALLED_S else None

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
        self.stopped = process_of("hal_mpg")
        os.kill(self.stopped, signal.SIGSTOP)

    def undo_stop(self) -> None:
        """Let it go on."""
        os.kill(self.stopped, signal.SIGCONT)
        self.switch_on()

    def do_kill(self) -> None:
        """Kill the process."""
        os.kill(process_of("hal_mpg"), signal.SIGKILL)

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


def run_clocks(run: bool) -> None:
    """Let the clocks of stop-clock.hal run from 0, or set them back."""
    for clock in ("stop-feed", "stop-speed"):
        hal.set_p(f"{clock}.reset", "FALSE" if run else "TRUE")


def main(driver: Driver) -> Notes:
    """Do what the test asks for."""
    kinds, times = arguments()
    return Stops(driver).main(kinds, int(times))


finish(main)
