# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop for pendants whose bytes we understand ourselves: the same one, which tells what it refused."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from hal_mpg.events import Event, EventsLost, Garbled, PinWrite
from hal_mpg.hal_port import HalPort
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.messages import tell
from hal_mpg.pendant import Pendant
from hal_mpg.runner import Runner

if TYPE_CHECKING:
    from hal_mpg.sources.hidraw import HidrawSource
    from hal_mpg.sources.serial import SerialSource

TELL_S = 1.0
"""How often what was refused is told of, at most."""


class RawRunner(Runner):
    """Runs one pendant with a decoder of ours on one component until it is told to stop."""

    def __init__(
        self, pendant: Pendant, source: SerialSource | HidrawSource, port: HalPort, verbose: bool = False
    ) -> None:
        super().__init__(pendant, source, port, verbose)
        self._decoded = source
        self._told_at = -inf

    def _report(self, events: Sequence[Event], writes: list[PinWrite]) -> None:
        # What a decoder has read again was not lost by the kernel.
        super()._report([event for event in events if not isinstance(event, EventsLost)], writes)
        for event in events:
            if isinstance(event, Garbled) and self._verbose and event.time >= self._told_at + TELL_S:
                self._told_at = event.time
                tell(f"{self._refused(event.total)} since the start; last: {self._decoded.decoder.complaint}")

    def _refused(self, total: int) -> str:
        """Return how much was refused, for people."""
        return f"{total} reports were refused"
