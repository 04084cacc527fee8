# SPDX-License-Identifier: GPL-2.0-or-later
"""The hand on the pendant, for the benchmark of motion: it writes to the kernel, and says so on a pin.

It is a part of LinuxCNC's driver, an ordinary user. Programs need the pendant before LinuxCNC starts the
driver, so root makes it (guest_motion.py) and hands its descriptor over.
"""

from __future__ import annotations

import importlib
import os
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

hal: Any = importlib.import_module("hal")

SOCKET = "/tmp/hal_mpg-bench-hand"
EV_SYN, EV_KEY, EV_REL = 0, 1, 2
REL_DIAL = 7
FIRST_BUTTON = 0x120
AXES = {"x": 0, "y": 1, "z": 2}
SCALES = {"x1": 6, "x10": 7, "x100": 8}
ESTOP_CONTACT, ENABLE = 9, 11

_EVENT = struct.Struct("llHHi")


class Hand:
    """Holds buttons and turns the wheel. The pin hand.turned is what was turned so far."""

    def __init__(self) -> None:
        """Take the pendant, and make the pin."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(SOCKET)
            _, (self._device, *_), _, _ = socket.recv_fds(connection, 1, 1)
        self._held: set[int] = set()
        component = hal.component("hand")
        self._pin = component.newpin("turned", hal.HAL_S32, hal.HAL_OUT)
        component.ready()
        self._component = component
        self.turned = 0
        self.axis, self.scale = "x", "x1"

    def pick_up(self) -> None:
        """Let go of everything, and hold what has to be held: a program may not know what was held before."""
        self._report([(EV_KEY, FIRST_BUTTON + button, 0) for button in range(16)])
        self._held = set()
        self.show(estop_contact=True)

    def show(self, *, estop_contact: bool = True, enable: bool = False) -> None:
        """Hold the buttons of the present axis and scale, and these."""
        more = {ESTOP_CONTACT} if estop_contact else set()
        self._hold({AXES[self.axis], SCALES[self.scale]} | more | ({ENABLE} if enable else set()))

    def select(self, position: str) -> None:
        """Change one selector, in one report."""
        if position in AXES:
            old, new, self.axis = AXES[self.axis], AXES[position], position
        else:
            old, new, self.scale = SCALES[self.scale], SCALES[position], position
        self._hold(self._held - {old} | {new})

    def turn(self, detents: int) -> None:
        """Turn the wheel, in one report."""
        self.turned += detents
        self._pin.set(self.turned)
        self._report([(EV_REL, REL_DIAL, detents)])

    def spin(self, sign: int, rate: float, seconds: float) -> None:
        """Turn the wheel evenly for some time, detent by detent."""
        start, done = time.monotonic(), 0
        while done < rate * seconds:
            while done < min((time.monotonic() - start) * rate, rate * seconds):
                self.turn(sign)
                done += 1
            time.sleep(0.5 / rate)

    def _hold(self, buttons: set[int]) -> None:
        ups = [(EV_KEY, FIRST_BUTTON + button, 0) for button in sorted(self._held - buttons)]
        downs = [(EV_KEY, FIRST_BUTTON + button, 1) for button in sorted(buttons - self._held)]
        self._held = buttons
        if ups or downs:
            self._report(ups + downs)

    def _report(self, changes: Sequence[tuple[int, int, int]]) -> None:
        """Give the kernel one report: changes, and what ends them, in one write."""
        events = [_EVENT.pack(0, 0, *change) for change in (*changes, (EV_SYN, 0, 0))]
        os.write(self._device, b"".join(events))
