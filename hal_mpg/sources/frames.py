# SPDX-License-Identifier: GPL-2.0-or-later
"""From the bytes of an evdev node to frames. Pure: any split of the bytes gives the same frames.

After SYN_DROPPED, everything since the last SYN_REPORT and up to the next one is void, and the state of
the node has to be read again (evdev's documentation of SYN_DROPPED).

Many detents in one read, which is what a spun wheel leaves behind when the computer was busy elsewhere, are
told as one: what is taken up too slowly is dropped by the kernel, an E-stop with it.
"""

from __future__ import annotations

import struct
from functools import partial
from itertools import groupby

from hal_mpg.events import EV_REL, EV_SYN, SYN_DROPPED, SYN_REPORT, Change, EventsLost, Frame

INPUT_EVENT = struct.Struct("llHHi")
"""struct input_event: seconds, microseconds, type, code, value (linux/input.h)."""

ONE_CHANGE = struct.Struct("llHHi16xQ")
"""A frame of one change: time and change, and what follows the time stamp of its SYN_REPORT, which is 0."""

FRAME_BYTES = ONE_CHANGE.size

FIRST_BYTES = 9 * FRAME_BYTES
"""What is read at first where one frame is expected. Python has memory at hand for less than 512 bytes."""

SUM_WITHIN_S = 0.05
"""Relative changes that lie no further back than this may be told as one."""

MAX_SUM = 256
"""... and no more than this in one; far below what counts as more than a hand can do."""

MAX_CHANGES = 1024
"""More changes than this without a SYN_REPORT are void: an E-stop may be in a frame that never ends."""


_frame = partial(tuple.__new__, Frame)  # without looking whether all fields are there


class FrameBuilder:
    """Collects the events of one node until their SYN_REPORT.

    `sums_up`: equal relative changes that follow one another, each alone in its frame, may be told as one
    frame with their sum. That is for a device of a single node, where nothing can have come between them.
    """

    def __init__(self, node: int, has_monotonic_stamps: bool = True, sums_up: bool = False) -> None:
        self._node = node
        self.has_stamps = has_monotonic_stamps
        self._sums_up = sums_up
        self._changes: list[Change] = []
        self._is_void = False
        self._rest = b""
        self._is_between = True  # frames: what comes next begins a new one

    def feed(self, data: bytes, now: float) -> list[Frame | EventsLost]:
        """Take bytes as they were read; return the frames that are whole now.

        An EventsLost asks for the node's state to be read again. It comes at the end of the bytes even
        where its SYN_REPORT is still to come, for what an E-stop does must not wait for that.
        """
        if self._is_between:
            # One detent is nearly all that a pendant ever says at once, so it goes the shortest way.
            if len(data) == FRAME_BYTES:
                seconds, microseconds, kind, code, value, end = ONE_CHANGE.unpack(data)
                if kind != EV_SYN and end == 0:
                    time = seconds + microseconds * 1e-6 if self.has_stamps else now
                    return [_frame((time, self._node, ((kind, code, value),)))]
            elif self._sums_up and len(data) % FRAME_BYTES == 0:
                sums = self._sums(data, now)
                if sums:
                    return sums
        events = self._feed(data, now)
        self._is_between = not (self._rest or self._changes or self._is_void)
        return events

    def _sums(self, data: bytes, now: float) -> list[Frame | EventsLost]:
        """Return frames for bytes that are nothing but frames of one change each; none where they are not."""
        words = memoryview(data).cast("q").tolist()
        if not words:
            return []
        # Of the six words of a frame, the third is the change, and the sixth is SYN_REPORT's: 0.
        changes, ends = words[2::6], words[5::6]
        if any(ends) or (self.has_stamps and words[0] + words[1] * 1e-6 < now - SUM_WITHIN_S):
            return []
        frames: list[Frame | EventsLost] = []
        number = 0
        for _, equal in groupby(changes):
            run = len(list(equal))
            number += run
            last = INPUT_EVENT.unpack_from(data, (number - 1) * FRAME_BYTES)
            seconds, microseconds, kind, code, value = last
            if kind == EV_SYN or (run > 1 and (kind != EV_REL or abs(run * value) > MAX_SUM)):
                return []
            time = seconds + microseconds * 1e-6 if self.has_stamps else now
            frames.append(Frame(time, self._node, ((kind, code, run * value),)))
        return frames

    def _feed(self, data: bytes, now: float) -> list[Frame | EventsLost]:
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
                time = seconds + microseconds * 1e-6 if self.has_stamps else now
                latest = max(latest, time)
                done.append(self._finish(time))
                self._is_void = False
        if self._is_void:
            done.append(self._finish(latest))
        return done

    def _finish(self, time: float) -> Frame | EventsLost:
        changes, self._changes = tuple(self._changes), []
        return (EventsLost if self._is_void else Frame)(time, self._node, changes)
