# SPDX-License-Identifier: GPL-2.0-or-later
"""From the bytes of an evdev node to frames. Pure: any split of the bytes gives the same frames.

After SYN_DROPPED, everything since the last SYN_REPORT and up to the next one is void, and the state of
the node has to be read again (evdev's documentation of SYN_DROPPED).
"""

from __future__ import annotations

import struct

from hal_mpg.events import EV_SYN, SYN_DROPPED, SYN_REPORT, Change, EventsLost, Frame

INPUT_EVENT = struct.Struct("llHHi")
"""struct input_event: seconds, microseconds, type, code, value (linux/input.h)."""


MAX_CHANGES = 1024
"""More changes than this without a SYN_REPORT are void: an E-stop may be in a frame that never ends."""


class FrameBuilder:
    """Collects the events of one node until their SYN_REPORT."""

    def __init__(self, node: int, has_monotonic_stamps: bool = True) -> None:
        self._node = node
        self._has_stamps = has_monotonic_stamps
        self._changes: list[Change] = []
        self._is_void = False
        self._rest = b""

    def feed(self, data: bytes, now: float) -> list[Frame | EventsLost]:
        """Take bytes as they were read; return the frames that are whole now.

        An EventsLost asks for the node's state to be read again. It comes at the end of the bytes even
        where its SYN_REPORT is still to come, for what an E-stop does must not wait for that.
        """
        data = self._rest + data
        whole = len(data) - len(data) % INPUT_EVENT.size
        self._rest = data[whole:]
        done: list[Frame | EventsLost] = []
        latest = now
        for seconds, microseconds, kind, code, value in INPUT_EVENT.iter_unpack(data[:whole]):
            if kind != EV_SYN:
                self._changes.append((kind, code, value))
                self._is_void |= len(self._changes) > MAX_CHANGES
            elif code == SYN_DROPPED:
                self._is_void = True
            elif code == SYN_REPORT:
                time = seconds + microseconds * 1e-6 if self._has_stamps else now
                latest = max(latest, time)
                done.append(self._finish(time))
                self._is_void = False
        if self._is_void:
            done.append(self._finish(latest))
        return done

    def _finish(self, time: float) -> Frame | EventsLost:
        changes, self._changes = tuple(self._changes), []
        return (EventsLost if self._is_void else Frame)(time, self._node, changes)
