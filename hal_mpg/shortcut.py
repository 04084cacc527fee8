# SPDX-License-Identifier: GPL-2.0-or-later
"""The shortest way from a detent to its pin: bytes that were foreseen, and the write that they lead to.

All else that follows from them comes after, by the ordinary way (see `foresight`). On this way each call
counts, for it is nearly all of the time from the detent to the pin that is ours (docs/benchmarks.md).
"""

from __future__ import annotations

import os
import select
import struct
import sys
from collections.abc import Callable

from hal_mpg.events import PinValue, PinWrite
from hal_mpg.foresight import Foreseen
from hal_mpg.hal_port import HalPort
from hal_mpg.sources.frames import FIRST_BYTES

CHANGE = struct.Struct("HHi")
"""Type, code, value: what follows the time stamp in struct input_event (linux/input.h)."""

FRAME = struct.Struct("16xQ16xQ")
"""A frame of one change without its time stamps: the change as a number, and SYN_REPORT's, which is 0."""

Read = Callable[[int, int], bytes]
Unpack = Callable[[bytes], tuple[int, int]]

NEVER: list[tuple[int, int]] = [(-1, 0)]
"""What no epoll says."""


class Shortcut:
    """Knows what one more detent will be answered with, and answers it."""

    def __init__(self, port: HalPort) -> None:
        self._setters = port.setters
        self._gates = port.gate_reads
        self._keys: dict[tuple[int, int, int], int] = {}  # of changes, as they are read
        self._answers: dict[int, tuple[Callable[[PinValue], None], PinWrite]] = {}
        self._descriptor = -1
        self.expected = NEVER
        """What epoll says when there may be an answer: the input node has news, and nothing else."""
        self.made: PinWrite | None = None
        """The write that `take` made."""

    def prepare(self, foreseen: Foreseen, descriptor: int | None) -> None:
        """Take what is foreseen now of an input node, for nothing else holds any more."""
        self._answers = {}
        for change, write in foreseen.items():
            key = self._keys.get(change)
            if key is None:
                key = self._keys[change] = int.from_bytes(CHANGE.pack(*change), sys.byteorder)
            self._answers[key] = self._setters[write.pin], write
        if not foreseen or descriptor is None:
            self.expected = NEVER
        elif descriptor != self._descriptor or self.expected is NEVER:
            self._descriptor, self.expected = descriptor, [(descriptor, select.EPOLLIN)]

    def take(self, read: Read = os.read, unpack: Unpack = FRAME.unpack) -> bytes:
        """Read the node; make the write that these bytes lead to, if it was foreseen. Return the bytes.

        Nothing in them may be stale, and all gates that HAL has were open when this was prepared; that they
        still are is looked at here. `read` and `unpack` are there to be at hand, and for nothing else.
        """
        self.made = None
        try:
            data = read(self._descriptor, FIRST_BYTES)
            change, end = unpack(data)
            set_pin, write = self._answers[change]
        except (struct.error, KeyError):  # more than one change, or another one
            return data
        except OSError:
            return b""  # whoever reads it by the ordinary way meets it, too
        is_on, is_manual, is_inhibited = self._gates
        if end == 0 and is_on() and is_manual() and not is_inhibited():
            set_pin(write[1])
            self.made = write
        return data
