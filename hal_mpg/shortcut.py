# SPDX-License-Identifier: GPL-2.0-or-later
"""The shortest way from a detent to its pin: bytes that were foreseen, and the write that they lead to.

All else that follows from them comes after, by the ordinary way (see `foresight`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from hal_mpg.events import PinValue, PinWrite
from hal_mpg.foresight import Foreseen
from hal_mpg.pendant import STALE_S

FRAME = struct.Struct("ll8s16x8s")
"""A frame of one change as it is read: seconds, microseconds, the change; and its SYN_REPORT, all zeros."""

CHANGE = struct.Struct("HHi")
"""Type, code, value."""

REPORT = bytes(CHANGE.size)

Setters = Mapping[str, Callable[[PinValue], None]]


class Shortcut:
    """Knows what one more detent will be answered with. `setters` write to the pins of these names."""

    def __init__(self, setters: Setters) -> None:
        self._setters = setters
        self._keys: dict[tuple[int, int, int], bytes] = {}  # of changes, as they are read
        self._answers: dict[bytes, tuple[Callable[[PinValue], None], PinWrite]] = {}

    def prepare(self, foreseen: Foreseen) -> None:
        """Take what is foreseen now, for nothing else holds any more."""
        self._answers = {}
        for change, write in foreseen.items():
            key = self._keys.get(change)
            if key is None:
                key = self._keys[change] = CHANGE.pack(*change)
            self._answers[key] = self._setters[write.pin], write

    def answer(self, data: bytes, now: float) -> PinWrite | None:
        """Make the write that these bytes lead to, where it was foreseen, and return it."""
        if len(data) != FRAME.size:
            return None
        seconds, microseconds, change, end = FRAME.unpack(data)
        answer = self._answers.get(change)
        if answer is None or end != REPORT or now - (seconds + microseconds * 1e-6) > STALE_S:
            return None
        set_pin, write = answer
        set_pin(write[1])
        return write
