# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop for a serial pendant: the same one, which fills its display, too."""

from __future__ import annotations

from collections.abc import Sequence

from hal_mpg.arming import SHORT, WhyNot
from hal_mpg.events import Event, PinWrite
from hal_mpg.hal_port import HalPort
from hal_mpg.pendant import Pendant
from hal_mpg.protocols.line_protocol import LineProtocol
from hal_mpg.raw_runner import RawRunner
from hal_mpg.selection import Selection
from hal_mpg.sources.serial import SerialSource

SHOWN = frozenset({"why-not", "axis-select", "scale-select"})
"""The pins after whose change another text is shown."""


class SerialRunner(RawRunner):
    """Runs one serial pendant on one component until it is told to stop."""

    def __init__(self, pendant: Pendant, source: SerialSource, port: HalPort, verbose: bool = False) -> None:
        super().__init__(pendant, source, port, verbose)
        self._line = source
        self._why_not = WhyNot.NO_DEVICE

    def _report(self, events: Sequence[Event], writes: list[PinWrite]) -> None:
        super()._report(events, writes)
        pins = dict(writes)
        if not SHOWN.isdisjoint(pins):
            self._why_not = WhyNot(int(pins.get("why-not", self._why_not)))
            self._line.show(
                display_text(self._why_not, self._pendant.selection, self._pendant.profile.scales)
            )

    def _refused(self, total: int) -> str:
        decoder = self._line.decoder
        if isinstance(decoder, LineProtocol):
            return f"{total} lines were refused and {decoder.lost_lines} did not come as they should"
        return f"{total} lines or packets were refused"


def display_text(why_not: WhyNot, selection: Selection, scales: Sequence[str]) -> str:
    """Return what a pendant's display shows: what the next detent will move, or why it will not."""
    if why_not is not WhyNot.READY:
        return SHORT[why_not]
    if selection.target or selection.axis is None:
        return (selection.target or "").upper()
    return f"{selection.axis.steps.axis.upper()} {scales[selection.scale]}"
