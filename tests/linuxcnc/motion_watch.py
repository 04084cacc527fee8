# SPDX-License-Identifier: GPL-2.0-or-later
"""Watches whether the computer itself stood still, which a test without realtime must know of."""

from __future__ import annotations

import threading
import time

from tests.linuxcnc.driver import Driver

LOOK_S = 0.005

STALL_S = 0.15
"""This long without a heartbeat of hal_mpg's, without a look of ours, or between two detents of a wheel that
turns, and what was turned may have been dropped: rightly so."""

ON_S = 0.2
"""The machine has been on for longer than it takes hal_mpg to know it."""

MACHINE_OFF = 4
"""`why-not`: the machine is off. Where it is on, hal_mpg has found the servo thread to stand still."""


class Watch:
    """Looks at hal_mpg's pins all the time, from a thread of its own."""

    def __init__(self, driver: Driver) -> None:
        self.stalled = False
        self._driver = driver
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        beat, beat_at = self._driver.pin("hal_mpg.heartbeat"), time.monotonic()
        looked_at = off_at = beat_at
        while True:
            time.sleep(LOOK_S)
            now = time.monotonic()
            beat_before, beat = beat, self._driver.pin("hal_mpg.heartbeat")
            if beat != beat_before:
                beat_at = now
            if not self._driver.pin("hal_mpg.machine-is-on"):
                off_at = now
            servo_stood = now - off_at > ON_S and self._driver.pin("hal_mpg.why-not") == MACHINE_OFF
            if servo_stood or now - beat_at > STALL_S or now - looked_at > STALL_S:
                self.stalled = True
            looked_at = now
