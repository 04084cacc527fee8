# SPDX-License-Identifier: GPL-2.0-or-later
"""The clocks of stop-clock.hal: how long something goes on in the servo thread's own time, and its lateness.

Without realtime, the servo thread of a busy machine stands still now and then, and then makes up for it, with
many periods at once. What is measured meanwhile says nothing of hal_mpg: it is measured again.
"""

from __future__ import annotations

from tests.linuxcnc.driver import hal

PERIOD_S = 0.001
"""Of the samples' servo thread."""

STALLED_S = 0.015
"""Where the servo thread did not run for longer, nothing is believed."""


class ServoClock:
    """Measures from `run` on."""

    def __init__(self) -> None:
        self._first = self._sums()  # the very first period of all, since the computer's start, is no period

    def run(self) -> None:
        """Let the clocks run, from 0."""
        self._reset("TRUE")
        before = hal.get_value("stop-clock.out")
        while hal.get_value("stop-clock.out") == before:  # it has not seen it yet
            pass
        self._reset("FALSE")

    def feed_s(self) -> float:
        """Return how long the feed was not 0."""
        seconds: float = hal.get_value("stop-feed.out")
        return seconds

    def speed_s(self) -> float:
        """Return how long it moved."""
        seconds: float = hal.get_value("stop-speed.out")
        return seconds

    def late_s(self) -> float:
        """Return by how much the servo thread was late at most."""
        clocks, seconds = (now - first for now, first in zip(self._sums(), self._first, strict=True))
        longest: float = hal.get_value("stop-late.max")
        return (longest / (clocks / seconds) - 1) * PERIOD_S

    def was_late(self) -> bool:
        """Tell whether the servo thread stood still, so that nothing can be said."""
        return self.late_s() > STALLED_S

    def _sums(self) -> tuple[float, float]:
        """Return the processor's clocks of all periods (times their length), and the thread's own time."""
        return hal.get_value("stop-periods.out"), hal.get_value("stop-clock.out")

    @staticmethod
    def _reset(value: str) -> None:
        for name in ("stop-feed", "stop-speed", "stop-late"):
            hal.set_p(f"{name}.reset", value)
