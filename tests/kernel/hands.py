# SPDX-License-Identifier: GPL-2.0-or-later
"""The driver's side of the hands on the USB pendant; see guest_jog.py. Buttons as the profiles have them."""

from __future__ import annotations

import json
import socket

SOCKET = "/tmp/hal_mpg-hands"
AXES = {"x": 0, "y": 1, "z": 2, "a": 3, "b": 4, "c": 5}
SCALES = {"x1": 6, "x10": 7, "x100": 8}
ESTOP_CONTACT, RESET, ENABLE = 9, 10, 11


class Hands:
    """What a user's hands do to the pendant."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(120)
        self._socket.connect(SOCKET)
        self._answers = self._socket.makefile()
        self.axis, self.scale = "x", "x1"
        self.estop_released, self.enable = False, False

    def do(self, method: str, *arguments: object) -> None:
        """Call a method of the USB pendant. Raises RuntimeError with what it raised."""
        self._socket.sendall(json.dumps([method, *arguments]).encode() + b"\n")
        answer = json.loads(self._answers.readline())
        if answer:
            raise RuntimeError(f"{method}: {answer}")

    def show(self, *more: int, dial: int = 0) -> None:
        """Send one report of how the switches stand, with `more` buttons pressed."""
        held = [AXES[self.axis], SCALES[self.scale], *more]
        held += [ESTOP_CONTACT] if self.estop_released else []
        held += [ENABLE] if self.enable else []
        self.do("report", held, dial)

    def turn(self, detents: int) -> None:
        """Turn the wheel, one report for each detent."""
        for _ in range(abs(detents)):
            self.show(dial=1 if detents > 0 else -1)
