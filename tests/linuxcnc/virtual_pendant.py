# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end of a virtual pendant, for drivers: what its user's hands do to a generic pendant.

hal_mpg connects to a Unix socket, where each line of text is one event. The key codes are those of
the profiles generic-4axis to generic-6axis.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    EV_REL,
    Change,
    Connected,
    DeviceEvent,
    Frame,
    NodeState,
    to_line,
)

# linux/input-event-codes.h
REL_DIAL = 7

# BTN_TRIGGER to BTN_PINKIE
AXES = {"x": 0x120, "y": 0x121, "z": 0x122, "a": 0x123, "b": 0x124, "c": 0x125}
# BTN_BASE to BTN_BASE3
SCALES = {"x1": 0x126, "x10": 0x127, "x100": 0x128}
# BTN_BASE4 to BTN_BASE6
ESTOP_CONTACT, RESET, ENABLE = 0x129, 0x12A, 0x12B

CONNECT_LIMIT_S = 60.0


class VirtualPendant:
    """A pendant that can be plugged in and out, at first with nothing pressed."""

    def __init__(self, positions: Mapping[str, int] = AXES, path: Path | None = None) -> None:
        """Prepare a pendant that is not plugged in yet.

        `positions`: the axis selector's keys. `path`: its socket; without, the bed's own.
        """
        self._path = str(path or os.environ["HAL_MPG_LINUXCNC_SOCKET"])
        self._positions = positions
        self._keys = {ESTOP_CONTACT}
        self._stands_at: dict[int, int] = {}  # the absolute axes that were moved so far
        self._connection: socket.socket | None = None

    def plug_in(self) -> None:
        """Wait until hal_mpg has found the pendant, and tell it which keys are held."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._path)
            listener.listen(1)
            listener.settimeout(CONNECT_LIMIT_S)
            self._connection, _ = listener.accept()
        self._say(Connected(time.monotonic(), (NodeState(frozenset(self._keys), self._stands_at),)))

    def unplug(self) -> None:
        """Pull the plug."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        Path(self._path).unlink()

    def press(self, *keys: int) -> None:
        """Press keys, all at the same instant."""
        self._change(self._keys | set(keys))

    def release(self, *keys: int) -> None:
        """Release keys, all at the same instant."""
        self._change(self._keys - set(keys))

    def press_estop(self) -> None:
        """Press the E-stop button, which opens its contact."""
        self.release(ESTOP_CONTACT)

    def release_estop(self) -> None:
        """Release the E-stop button, which closes its contact."""
        self.press(ESTOP_CONTACT)

    def select_axis(self, position: str) -> None:
        """Turn the axis selector."""
        others = set(self._positions.values())
        self._change(self._keys - others | {self._positions[position]})

    def select_scale(self, name: str) -> None:
        """Turn the scale selector."""
        self._change(self._keys - set(SCALES.values()) | {SCALES[name]})

    def turn(self, detents: int) -> None:
        """Turn the wheel, one detent after the other; backwards if negative."""
        for _ in range(abs(detents)):
            self._report((EV_REL, REL_DIAL, 1 if detents > 0 else -1))

    def move(self, code: int, value: int) -> None:
        """Move an absolute axis, a stick's perhaps; before it is plugged in, too."""
        self._stands_at[code] = value
        if self._connection is not None:
            self._report((EV_ABS, code, value))

    def _change(self, keys: set[int]) -> None:
        ups = [(EV_KEY, key, 0) for key in sorted(self._keys - keys)]
        downs = [(EV_KEY, key, 1) for key in sorted(keys - self._keys)]
        self._keys = keys
        if ups or downs:
            self._report(*ups, *downs)

    def _report(self, *changes: Change) -> None:
        self._say(Frame(time.monotonic(), 0, changes))

    def _say(self, event: DeviceEvent) -> None:
        if self._connection is None:
            raise RuntimeError("the pendant is not plugged in")
        self._connection.sendall(f"{to_line(event)}\n".encode())
