# SPDX-License-Identifier: GPL-2.0-or-later
"""Signals that ask a tool to stop, as a descriptor to wait for: nothing is interrupted in the middle."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType, TracebackType


class StopSignals:
    """While it is entered, SIGINT, SIGTERM and SIGHUP make `descriptor` readable and set `number`."""

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, object] = {}
        self.descriptor = self._writer = self._wakeup_before = -1

    def __enter__(self) -> StopSignals:
        self.descriptor, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # what signal() itself returned
        for descriptor in (self.descriptor, self._writer):
            os.close(descriptor)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = self.number or number

    def drain(self) -> None:
        """Take what other signals have made readable, such as a terminal's new size."""
        with suppress(BlockingIOError):
            os.read(self.descriptor, 64)
