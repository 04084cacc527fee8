# SPDX-License-Identifier: GPL-2.0-or-later
"""What can happen to hal_mpg from outside: signals, a second one, a HAL that stands still."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from random import Random

from tests.faults.stage import CLOSE, INCREMENT, LIMIT_S
from tests.linuxcnc.driver import linuxcnc, wait_until
from tests.linuxcnc.processes_clock import halcmd
from tests.linuxcnc.processes_stage import ProcessStage

STALE_S = 0.6
"""After this long, hal_mpg takes a detent for stale (it does from 0.5 s on)."""

BRIEF_S = 0.05
"""Shorter than what the watchdog waits for, by far."""

REST_S = 1.0
"""After the last turn of the wheel the heartbeat is quick for so long, and slow after that."""

BEAT_S = 0.06
"""A little more than the time from one slow beat to the next."""

Ending = Callable[[], float]


class ProcessActs(ProcessStage):
    """The acts, and the beginnings that they need."""

    _random = Random(3)
    _times = 0

    def begin_counted(self) -> None:
        """The machine on and armed, and with counts that are not 0."""
        self.begin_armed()
        before = self.driver.positions()["x"]
        self.hands.turn(3)
        self._wait_x(before + 3 * INCREMENT)

    def do_signal(self, name: str) -> float:
        """Send a signal at some moment between two beats, of which there are quick and slow ones."""
        self._times += 1
        if self._times % 4 == 0:
            time.sleep(REST_S)
        time.sleep(self._random.uniform(0, BEAT_S))
        self.expect_on()
        return self.send(name)

    def do_signal_in_turn(self, name: str) -> float:
        """Send a signal while the wheel turns at some hundred detents a second, and go on turning."""
        for _ in range(100):
            self.turn(2)
            time.sleep(0.002)
        self.expect_on()
        when = self.send(name)
        self.hands.turn(50)
        return when

    def do_signal_twice(self, first: str, second: str) -> float:
        """Send a second signal while the first one makes it write safe values."""
        when = self.send(first)
        self.wait_pin("signal.mpg-estop-ok", False)
        self.send(second)
        return when

    def do_stop_and_turn(self, seconds: float) -> Ending:
        """Stop the process until motion is off, turn the wheel, and let it go on."""
        counts, dropped = self.pin("counts"), self.pin("dropped")
        when = self.send("SIGSTOP")

        def go_on() -> float:
            self.be_patient()
            self.hands.turn(7)
            time.sleep(seconds)  # how old detents get is what this is about
            self.send("SIGCONT")
            self.wait_pin("dropped", dropped + 7)
            assert self.pin("counts") == counts, "they were counted"
            return when

        return go_on

    def do_stop_briefly(self) -> float:
        """Stop the process for a moment, and turn the wheel meanwhile."""
        when = self.send("SIGSTOP")
        self.turn(3)
        time.sleep(BRIEF_S)
        self.send("SIGCONT")
        self._wait_x(self.should["x"])
        return when

    def do_restart(self, name: str) -> float:
        """Turn the wheel, end hal_mpg, bring it back and switch on, all as it should be done."""
        self.turn(7)
        self._wait_x(self.should["x"])
        when = self.send(name)
        wait_until(lambda: self.process() is None, "it to end", LIMIT_S)
        self.driver.wait_state("ESTOP", LIMIT_S)
        for step in ("recover", "plug_in", "reset", "switch_on", "hold_enable"):
            self.back(step)
        return when

    def do_stop_thread(self) -> Ending:
        """Stop the servo thread, turn the wheel, and start the thread again."""
        counts = self.driver.pin(f"{self.component}.counts")
        when = time.monotonic()
        halcmd("stop")

        def go_on() -> float:
            self.be_patient()
            self.hands.turn(5)
            time.sleep(0.2)  # all this time, nothing may be saved up
            assert self.pin("counts") == counts, "they were counted"
            halcmd("start")
            return when

        return go_on

    def do_start_another(self) -> float:
        """Start a second one of the same name."""
        when = time.monotonic()
        pendant = linuxcnc.ini(self.driver.stat.ini_filename).find("HAL_MPG", "PENDANT")
        command = ["hal_mpg", "--pendant", pendant]
        subprocess.run(command, check=False, timeout=LIMIT_S)
        return when

    def do_look(self) -> float:
        """Do nothing: what there is to see was done before LinuxCNC was started."""
        return time.monotonic()

    def do_unload_hal(self) -> float:
        """Unload all of HAL. This process is a component, too, and must not go with it."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.expect_on()
        when = time.monotonic()
        subprocess.Popen(["halrun", "-U"])
        return when

    def do_remove_memory(self) -> float:
        """Remove HAL's shared memory: nobody can attach to it any more, and who has it keeps it."""
        when = time.monotonic()
        subprocess.run(["ipcrm", "--all=shm"], check=True, timeout=LIMIT_S)
        self.turn(5)
        self._wait_x(self.should["x"])
        return when

    def back_turn(self) -> None:
        """Turn the wheel in vain."""
        self.hands.turn(3)

    def _wait_x(self, position: float) -> None:
        """Wait until X has come to a position, and rests."""
        wait_until(lambda: abs(self.driver.positions()["x"] - position) < CLOSE, f"X at {position}", LIMIT_S)
        self.positions_at_rest()
