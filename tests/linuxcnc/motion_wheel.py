# SPDX-License-Identifier: GPL-2.0-or-later
"""A wheel that turns on and on, for faults that happen meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.faults.virtual_hands import VirtualHands
from tests.linuxcnc.driver import wait_until

INTERVAL_S = 0.03
"""Between two detents of the wheel that turns by itself. LinuxCNC refuses to change the mode while an axis
jogs: this is slow enough for X to rest in between, at x10, and far too quick for stillness."""

QUICK_S = 0.01
"""The same where the mode is not changed."""

MANY = 15
"""Detents that are turned on while something is looked at: twice the time that arming needs."""


class Wheel:
    """Turns evenly, detent by detent, until it is stopped."""

    def __init__(self, hands: VirtualHands) -> None:
        self.sent = 0
        self.last_at = 0.0
        self.longest_gap_s = 0.0
        self._hands = hands
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_turning(self) -> bool:
        """Tell whether somebody turns it."""
        return self._thread is not None

    def start(self, sign: int = 1, interval_s: float = INTERVAL_S) -> None:
        """Begin to turn."""
        self.stop()
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(sign, interval_s), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let go of it."""
        if self._thread:
            self._stop.set()
            self._thread.join()
            self._thread = None

    def turn(self, detents: int) -> None:
        """Turn by some detents at once."""
        self.last_at = time.monotonic()
        self._hands.turn(detents)
        self.sent += abs(detents)

    def go_on(self, detents: int = MANY, look: Callable[[], None] | None = None) -> None:
        """Wait while it turns on by some detents, looking at something all the time."""
        assert self.is_turning
        end = self.sent + detents

        def is_there() -> bool:
            if look:
                look()
            return self.sent >= end

        wait_until(is_there, f"{detents} detents")

    def _run(self, sign: int, interval_s: float) -> None:
        before = time.monotonic()
        while not self._stop.wait(interval_s):
            self.turn(sign)
            self.longest_gap_s = max(self.longest_gap_s, self.last_at - before)
            before = self.last_at
