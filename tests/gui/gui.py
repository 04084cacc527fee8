# SPDX-License-Identifier: GPL-2.0-or-later
"""What the drivers that start one of LinuxCNC's own GUIs have in common; see tests/beds/screen.py.

The driver stands in the INI file's place of the GUI, and starts the GUI itself, on the screen of the bed.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.linuxcnc.driver import wait_until

GUIS = {"axis": ["axis"], "gmoccapy": ["gmoccapy"], "qtdragon": ["qtvcp", "qtdragon"]}
"""The command of each GUI, as it would be after `DISPLAY =`."""

Seen = dict[str, Any]
"""What is to be seen: `texts` of the panel, by name; `lit`: its lamps; `axis`, `increment`: the GUI's own."""

START_LIMIT_S = 90.0
"""How long a GUI may take until it has its window, on a busy machine."""


COLORS = 128
CORNER = (4000, 4000)

SPIED = Path("spy.json")
"""What the spies write (spy_gladevcp.py, spy_qtvcp.py), beside the INI file."""


class Gui:
    """One of LinuxCNC's GUIs, running on the bed's screen."""

    def __init__(self, name: str) -> None:
        """Start it with the arguments that LinuxCNC gives to what is in its place."""
        self.display = os.environ["HAL_MPG_SCREEN"]
        os.environ["DISPLAY"] = self.display  # from here on, and for this driver alone
        xlib: Any = importlib.import_module("Xlib.display")
        pointer = xlib.Display(self.display)
        pointer.screen().root.warp_pointer(*CORNER)  # or what it rests on shows its help
        pointer.sync()
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

    def seen(self) -> Seen:
        """Return what the panel shows and the GUI has selected, as the spy in it has written it last."""
        return dict(json.loads(SPIED.read_text())) if SPIED.exists() else {"texts": {}, "lit": []}

    def wait_seen(self, condition: Callable[[Seen], bool], what: str, limit_s: float = 20.0) -> Seen:
        """Wait until what is to be seen is as it has to be; return it. TimeoutError says what was seen."""
        try:
            self.wait(lambda: condition(self.seen()), what, limit_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; there is {self.seen()}") from None
        return self.seen()

    def photograph(self) -> str:
        """Return what the screen shows, without what is black around it, as a PNG file in base64."""
        grab: Any = importlib.import_module("PIL.ImageGrab")
        image = grab.grab(xdisplay=self.display).convert("RGB")
        image = image.crop(image.getbbox()).quantize(COLORS, dither=0)
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
