# SPDX-License-Identifier: GPL-2.0-or-later
"""An XHC pendant at a socket, for drivers; hid_program.py is what opens it."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.linuxcnc.driver import Driver

LIMIT_S = 60.0
REPORT_BYTES = 8
SETTLE_S = 0.4
"""After so long without a change, whatever was to be shown is shown."""

HB04_KNOB = {"off": 0x00, "x": 0x11, "y": 0x12, "z": 0x13, "a": 0x18, "spindle": 0x14, "feed": 0x15}
WHB04B_KNOB = {"off": 0x06, "x": 0x11, "y": 0x12, "z": 0x13, "a": 0x14, "b": 0x15, "c": 0x16}
WHB04B_SCALE = {"x1": 0x0D, "x10": 0x0E, "x100": 0x0F, "x1000": 0x10, "60": 0x1A, "lead": 0x9B}


class Pendant:
    """An HB04, or a WHB04B. `pins` are noted with what it shows."""

    def __init__(self, driver: Driver, is_hb04: bool, pins: Sequence[str]) -> None:
        self._driver = driver
        self._is_hb04 = is_hb04
        self._pins = pins
        self._end: socket.socket | None = None
        self.knob, self.scale, self.keys = "x", "x10", (0, 0)
        self.reports: list[tuple[float, bytes]] = []
        """What was written to it, and when it was seen."""

    def plug(self) -> None:
        """Wait until it is opened."""
        path = os.environ["HAL_MPG_LINUXCNC_SOCKET"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(path)
            listener.listen(1)
            listener.settimeout(LIMIT_S)
            self._end, _ = listener.accept()
        Path(path).unlink()

    def say(self, turned: int = 0, **changes: Any) -> None:
        """Change where knobs and keys stand, and turn the wheel."""
        for name, value in changes.items():
            setattr(self, name, value)
        knob = (HB04_KNOB if self._is_hb04 else WHB04B_KNOB)[self.knob]
        if self._is_hb04:
            report = bytes([4, *self.keys, knob, turned & 0xFF, 0x5A])
        else:
            report = bytes([4, 0x77, *self.keys, WHB04B_SCALE[self.scale], knob, turned & 0xFF, 0x5A])
        assert self._end is not None
        self._end.send(report)

    def look(self, seconds: float = 0.0) -> None:
        """Take what is written to it for so long."""
        end = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self._end], [], [], max(end - time.monotonic(), 0))
            if not ready:
                return
            assert self._end is not None
            self.reports.append((time.monotonic(), self._end.recv(64)))

    def note(self) -> dict[str, Any]:
        """Return what it shows when nothing changes any more, and LinuxCNC's pins."""
        before = None
        while before is None or self.last() != before:
            before = self.last()
            self.look(SETTLE_S)
        return {"picture": self.last(), "pins": {pin: self._driver.pin(pin) for pin in self._pins}}

    def last(self) -> list[str]:
        """Return the reports of the last whole picture; none yet."""
        size = 6 if self._is_hb04 else 3
        data = [report for _, report in self.reports]
        begins = [place for place, report in enumerate(data) if report[1:3] == b"\xfe\xfd"]
        whole = [place for place in begins if place + size <= len(data)]
        return [report.hex() for report in data[whole[-1] : whole[-1] + size]] if whole else []

    def unplug(self) -> None:
        """Take it away."""
        assert self._end is not None
        self._end.close()
