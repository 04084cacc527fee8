# SPDX-License-Identifier: GPL-2.0-or-later
"""What the servo thread itself notices: how late it was, and for how long hal_mpg's heartbeat stood still."""

from __future__ import annotations

import subprocess
import time
from statistics import median

from tests.linuxcnc.driver import hal

HALCMD_LIMIT_S = 60.0

NOMINAL_S = 0.001
"""[EMCMOT]SERVO_PERIOD of the samples."""


def halcmd(*words: str) -> None:
    """Carry out one command of halcmd. Raises CalledProcessError."""
    subprocess.run(["halcmd", *words], check=True, timeout=HALCMD_LIMIT_S)


class ServoClock:
    """Components of LinuxCNC's own at the thread's end; without realtime it can stand still, too."""

    def __init__(self) -> None:
        """Add them. A realtime module can be loaded once only, hence all names at once."""
        halcmd("loadrt", "conv_u32_float", "names=clock-period")
        halcmd("loadrt", "edge", "names=clock-beat")
        halcmd("loadrt", "integ", "names=clock-silence")
        halcmd("loadrt", "minmax", "names=clock-longest,clock-silent")
        hal.set_p("clock-beat.both", "1")
        hal.set_p("clock-silence.in", "1")
        halcmd("net", "clock-ticks", "motion.servo.last-period", "clock-period.in")
        halcmd("net", "clock-period", "clock-period.out", "clock-longest.in")
        halcmd("net", "mpg-heartbeat", "clock-beat.in")
        halcmd("net", "clock-beat", "clock-beat.out", "clock-silence.reset")
        halcmd("net", "clock-silence", "clock-silence.out", "clock-silent.in")
        for name in ("clock-period", "clock-longest", "clock-beat", "clock-silence", "clock-silent"):
            halcmd("addf", name, "servo-thread")
        self._ticks_per_s = self._measure()

    @staticmethod
    def _measure() -> float:
        ticks = []
        for _ in range(200):
            time.sleep(2 * NOMINAL_S)
            ticks.append(hal.get_value("motion.servo.last-period"))
        return float(median(ticks)) / NOMINAL_S

    def restart(self, *meters: str) -> None:
        """Forget the longest period, or what is named of `clock-longest` and `clock-silent`."""
        for value in ("1", "0"):
            for meter in meters or ("clock-longest",):
                hal.set_p(f"{meter}.reset", value)
            time.sleep(3 * NOMINAL_S)

    def longest_s(self) -> float:
        """Return the longest period of the servo thread since the restart, in seconds."""
        return float(hal.get_value("clock-longest.max")) / self._ticks_per_s

    def silent_s(self) -> float:
        """Return the longest time without a heartbeat since the restart, in seconds of servo periods."""
        return float(hal.get_value("clock-silent.max"))
