# SPDX-License-Identifier: GPL-2.0-or-later
"""A computer that is busy with everything at once, while the wheel turns."""

from __future__ import annotations

import subprocess
import time

from tests.faults.stage import LIMIT_S
from tests.linuxcnc.driver import arguments
from tests.linuxcnc.processes_loop import LoopActs
from tests.linuxcnc.processes_stage import FOLDER

LOOK_S = 0.002
TURN_S = 0.1
"""From detent to detent."""

FORGET_S = 1.0
"""How long a late servo period is held against the computer."""

PAUSE_S = 0.02
"""A servo period that is this long explains a trip."""

MAX_STALLS = 5
"""How many trips may be the computer's."""


class PressureActs(LoopActs):
    """The act, and what it counts."""

    _servo_was_late_at = 0.0

    def do_pressure(self, *stressors: str) -> float:
        """Turn the wheel under stress-ng for as long as the test says; every trip has to be explained."""
        seconds = int(arguments()["pressure_s"])
        self.clock.restart("clock-longest", "clock-silent")
        when = time.monotonic()
        command = ["stress-ng", *stressors, "--timeout", str(seconds), "--temp-path", str(FOLDER / "home")]
        with subprocess.Popen(command) as stress:
            stalls = self._turn_while(stress)
        longest_ms = self.clock.silent_s() * 1000
        print(
            f"pressure: {seconds} s, the heartbeat stood still for {longest_ms:.0f} ms at most;"
            f" trips: 0 of hal_mpg, {stalls} while the servo thread itself stood still",
            flush=True,
        )
        assert stalls <= MAX_STALLS, f"the computer stood still {stalls} times"
        self._wait_x(self.should["x"])
        return when

    def _turn_while(self, stress: subprocess.Popen[bytes]) -> int:
        """Turn the wheel as long as the pressure lasts; return how many trips were the computer's."""
        turned_at, stalls = 0.0, 0
        while stress.poll() is None:
            time.sleep(LOOK_S)
            now = time.monotonic()
            if not self.driver.pin("motion.motion-enabled"):
                assert self._servo_was_late(), f"a false trip, after {self.pin('why-not')}"
                stalls += 1
                self._start_again()
            elif now - turned_at > TURN_S:
                turned_at = now
                self.turn(1)
            self._servo_was_late()
        return stalls

    def _servo_was_late(self) -> bool:
        """Tell whether the servo thread has stood still in the last second or so."""
        now = time.monotonic()
        if self.clock.longest_s() > PAUSE_S:
            self._servo_was_late_at = now
            self.clock.restart()
        return now - self._servo_was_late_at < FORGET_S

    def _start_again(self) -> None:
        """Go on after a trip; what was turned into it is of no interest."""
        self.be_patient()
        self.driver.wait_state("ESTOP", LIMIT_S)
        self.ensure_on()
        self.wait_pin("armed", True)
        self.positions_at_rest()
        self.should = dict(self.driver.positions())
        self.be_strict()
