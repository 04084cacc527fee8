# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant that is a recording: its events come when they came then, by the kernel's timer."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Collection
from contextlib import suppress

from hal_mpg.errors import HalError
from hal_mpg.events import Connected, DeviceEvent
from hal_mpg.recording.playback import TAIL_S, Playback
from hal_mpg.sources import NoInputNode, Untimed

CLOCK_MONOTONIC, TFD_TIMER_ABSTIME = 1, 1
TFD_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC
"""Of timerfd_create(2), which Python has from 3.13 on."""


class RecordingEnded(Exception):
    """Nothing comes any more. Safe values are written on the way out, as for any end."""


class _Timer:
    """A descriptor that can be read when its time has come."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = int(self._libc.timerfd_create(CLOCK_MONOTONIC, TFD_FLAGS))
        if self.descriptor < 0:
            raise HalError(f"no timer: {os.strerror(ctypes.get_errno())}; end some programs")

    def set(self, at: float) -> None:
        """Let it be readable from a time of the monotonic clock on."""
        seconds, nanos = divmod(max(int(at * 1e9), 1), 1_000_000_000)  # 0 would switch it off
        moment = (ctypes.c_long * 4)(0, 0, seconds, nanos)  # struct itimerspec: interval, value
        self._libc.timerfd_settime(self.descriptor, TFD_TIMER_ABSTIME, moment, None)

    def clear(self) -> None:
        """Take note that its time has come."""
        with suppress(BlockingIOError):
            os.read(self.descriptor, 8)


class ReplaySource(Untimed, NoInputNode):
    """Plays a recording once, `speed` times as fast as it was.

    Then it raises RecordingEnded or, with `stay`, says nothing any more.
    """

    def __init__(self, played: Playback, name: str, speed: float = 1.0, stay: bool = False) -> None:
        self._events = list(played.events)
        self._end = played.end + TAIL_S
        self._name = name
        self._speed = speed
        self._stay = stay
        self._timer: _Timer | None = None
        self._began = 0.0  # the time of the monotonic clock at which the recording's is 0
        self._next = 0

    @property
    def description(self) -> str:
        """What is open, for people."""
        return f"the recording {self._name}"

    def search(self, now: float) -> list[DeviceEvent]:
        """Begin, by plugging the device in."""
        if self._next:
            return []
        first = self._events[0]
        assert isinstance(first, Connected)
        self._began = now - first.time / self._speed
        self._timer, self._next = _Timer(), 1
        self._set_timer(self._timer)
        return [first._replace(time=now)]

    def _set_timer(self, timer: _Timer) -> None:
        if self._next < len(self._events):
            timer.set(self._at(self._events[self._next].time))
        elif not self._stay:
            timer.set(self._at(self._end))

    def _at(self, time: float) -> float:
        return self._began + time / self._speed

    def descriptors(self) -> list[int]:
        """Return the timer, once it has begun."""
        return [self._timer.descriptor] if self._timer else []

    def read(self, descriptors: Collection[int], now: float) -> list[DeviceEvent]:
        """Return what is due. Raises RecordingEnded some time after all was."""
        if self._timer is None:
            return []
        self._timer.clear()
        events: list[DeviceEvent] = []
        while self._next < len(self._events) and self._at(self._events[self._next].time) <= now:
            event = self._events[self._next]
            events.append(event._replace(time=self._at(event.time)))
            self._next += 1
        if not events and self._next == len(self._events) and not self._stay and now >= self._at(self._end):
            raise RecordingEnded
        self._set_timer(self._timer)
        return events

    def hotplug_descriptor(self) -> int | None:
        """Nothing tells of a recording: it is there."""
        return None

    def drain_hotplug(self) -> None:
        """Nothing to take."""

    def set_led(self, name: str, lit: bool) -> None:
        """Nobody looks at a recording's lamps."""

    def let_go(self) -> None:
        """Nothing: the recording goes on where the recorded pendant was lost, for it may come back in it."""

    def close(self) -> None:
        """Let go of the timer."""
        timer, self._timer = self._timer, None
        if timer:
            os.close(timer.descriptor)
