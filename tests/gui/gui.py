# SPDX-License-Identifier: GPL-2.0-or-later
"""What the drivers that start one of LinuxCNC's own GUIs have in common; see tests/beds/screen.py.

The driver stands in the INI file's place of the GUI, and starts the GUI itself, on the screen of the bed.
"""

from __future__ import annotations

import base64
import importlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.linuxcnc.driver import wait_until

GUIS = {"axis": ["axis"], "gmoccapy": ["gmoccapy"], "qtdragon": ["qtvcp", "qtdragon"]}
"""The command of each GUI, as it would be after `DISPLAY =`."""

START_LIMIT_S = 90.0
"""How long a GUI may take until it has its window, on a busy machine."""


class Gui:
    """One of LinuxCNC's GUIs, running on the bed's screen."""

    def __init__(self, name: str) -> None:
        """Start it with the arguments that LinuxCNC gives to what is in its place."""
        self.display = os.environ["HAL_MPG_SCREEN"]
        os.environ["DISPLAY"] = self.display  # from here on, and for this driver alone
        command = GUIS[name]
        self._process = subprocess.Popen([command[0], *sys.argv[1:], *command[1:]])

    def check(self) -> None:
        """Raise RuntimeError if it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the GUI has ended with status {self._process.returncode}")

    def wait(self, condition: Callable[[], bool], what: str, limit_s: float = START_LIMIT_S) -> float:
        """Wait until a condition holds, as long as the GUI runs; return how long it took, in seconds."""

        def holds() -> bool:
            self.check()
            time.sleep(0.02)
            return condition()

        return wait_until(holds, what, limit_s)

    def photograph(self) -> str:
        """Return what the screen shows, as a PNG file in base64."""
        grab: Any = importlib.import_module("PIL.ImageGrab")
        image = grab.grab(xdisplay=self.display).convert("RGB").quantize(128, dither=0)
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
        return base64.b64encode(file.getvalue()).decode()

    def end(self) -> None:
        """End it, as a user does who logs out."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
