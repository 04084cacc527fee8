# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop for a serial pendant: the same one, which fills its display, too, and tells of a bad line."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from hal_mpg.arming import SHORT, WhyNot
from hal_mpg.events import Event, EventsLost, Garbled, PinWrite
from hal_mpg.hal_port import HalPort
from hal_mpg.messages import tell
from hal_mpg.pendant import Pendant
from hal_mpg.protocols.line_protocol import LineProtocol
from hal_mpg.runner import Runner
from hal_mpg.selection import Selection
from hal_mpg.sources.serial import SerialSource

SHOWN = frozenset({"why-not", "axis-select", "scale-select"})
"""The pins after whose change another text is shown."""

TELL_S = 1.0
"""How often refused lines are told of, at most."""


class SerialRunner(Runner):
    """Runs one serial pendant on one component until it is told to stop."""

    def __init__(self, pendant: Pendant, source: SerialSource, port: HalPort, verbose: bool = False) -> None:
        super().__init__(pendant, source, port, verbose)
        self._line = source
        self._why_not = WhyNot.NO_DEVICE
        self._told_at = -inf

    def _report(self, events: Sequence[Event], writes: list[PinWrite]) -> None:
        # What is read again of a serial pendant was not lost by the kernel.
        super()._report([event for event in events if not isinstance(event, EventsLost)], writes)
        pins = dict(writes)
        if not SHOWN.isdisjoint(pins):
            self._why_not = WhyNot(int(pins.get("why-not", self._why_not)))
            self._line.show(
                display_text(self._why_not, self._pendant.selection, self._pendant.profile.scales)
            )
        for event in events:
            if isinstance(event, Garbled) and self._verbose and event.time >= self._told_at + TELL_S:
                self._told_at = event.time
                tell(f"{self._bad_lines(event.total)} since the start; last: {self._line.decoder.complaint}")

    def _bad_lines(self, refused: int) -> str:
        decoder = self._line.decoder
        if isinstance(decoder, LineProtocol):
            return f"{refused} lines were refused and {decoder.lost_lines} did not come as they should"
        return f"{refused} lines or packets were refused"


def display_text(why_not: WhyNot, selection: Selection, scales: Sequence[str]) -> str:
    """Return what a pendant's display shows: what the next detent will move, or why it will not."""
    if why_not is not WhyNot.READY:
        return SHORT[why_not]
    if selection.target or selection.axis is None:
        return (selection.target or "").upper()
    return f"{selection.axis.steps.axis.upper()} {scales[selection.scale]}"
