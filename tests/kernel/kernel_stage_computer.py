# SPDX-License-Identifier: GPL-2.0-or-later
"""Acts of the kernel bed: what the computer does to hal_mpg's process, its queue and its clock."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from tests.kernel.kernel_stage_base import KernelBase
from tests.linuxcnc.driver import wait_until

SAMPLES_WATCHDOG_S = 0.13
PATIENT_WATCHDOG_S = 20.0
TRIES = 5


class ComputerActs(KernelBase):
    """What breaks around hal_mpg."""

    def do_stop_process(self) -> float:
        """Stop hal_mpg (SIGSTOP) under the samples' own watchdog."""
        for _ in range(TRIES):
            self.set_watchdog(SAMPLES_WATCHDOG_S)
            process = self.process()
            if self.pin("motion.motion-enabled"):
                began = time.monotonic()
                os.kill(process, signal.SIGSTOP)
                return began
            self.begin_armed()  # the emulated computer stood still for that long
        raise TimeoutError(f"the watchdog tripped {TRIES} times before anything was done")

    def back_continue(self) -> None:
        """Let the process go on (SIGCONT)."""
        os.kill(self.process(), signal.SIGCONT)
        self.driver.wait_heartbeats()
        self.wait_pin("machine-is-on", False)

    def do_lose_events(self, detents: int, press_estop: bool) -> Callable[[], float]:
        """Stop hal_mpg, turn the wheel until the kernel's queue has overflowed, and let it go on.

        The E-stop is pressed in the middle of it.
        """
        self.set_watchdog(PATIENT_WATCHDOG_S)
        before = self.pin("dropped")
        process = self.process()
        os.kill(process, signal.SIGSTOP)
        reports = self.hands.turns(detents // 2)
        self.hands.estop_released = not press_estop
        reports += self.hands.turns(detents // 2)
        self.hands.ask("reports", reports)
        began = time.monotonic()
        os.kill(process, signal.SIGCONT)

        def has_overflowed() -> float:
            wait_until(lambda: self.pin("dropped") != before, "detents to be dropped")
            assert self.pin("dropped") - before < detents, "nothing was lost"
            return began

        return has_overflowed

    def do_set_clock(self, *hours: float) -> float:
        """Set the wall clock forth and back while jogging."""
        began = time.monotonic()
        for each in hours:
            self.turn(3)
            self.hands.ask("set_clock", each)
            self.turn(3)
        return began
