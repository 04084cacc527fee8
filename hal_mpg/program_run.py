# SPDX-License-Identifier: GPL-2.0-or-later
"""MPG-run: one detent is a piece of program time, and the program runs as far as the wheel was turned.

The core says up to which time the program may go, in whole detents (`time`), and how fast that is to be
followed (`feed`); realtime follows with bounded acceleration, arrives exactly, and its speed is the adaptive
feed. At constant feed, path = programmed feed x time of one detent x detents.
"""

from __future__ import annotations

from math import isfinite

from hal_mpg.counter import Counter
from hal_mpg.events import ProgramInput

MPG_RUN = "mpg-run"
"""The target's name: a position of a selector, and the prefix of its pins."""

DETENT_TIME_S = 0.02
"""The program time of one detent, where HAL does not say otherwise: full feed at half a turn a second."""

LONGEST_DETENT_S = 1.0
"""The most program time that one detent may have."""

AHEAD_S = 0.1
"""Program time that may be left to run before one more detent is refused.

What realtime needs to speed up (0.05 s at its 10/s, see mpg-run.hal) and one detent come on top of it: the
program runs on by no more, when the wheel stops.
"""

SPREAD_S = 0.25
"""The longest time over which a detent is spread, so that slow turning is steady, and an end is an end."""

ONE = 1 - 1e-9
"""One more detent, but for the rounding of floats: at exactly AHEAD_S, none."""

SHORTEST_S = 0.001
"""The shortest time between two detents that is reckoned with; many can be read at one instant."""

SLACK = 1.5
"""How much longer than the time between two detents one is spread: the next may be late by half of it."""


def is_detent_time(seconds: float) -> bool:
    """Tell whether one detent can have this program time."""
    return isfinite(seconds) and 0 < seconds <= LONGEST_DETENT_S


class ProgramRun:
    """Counts detents as program time: no faster than programmed, and backward only where that is wanted."""

    __slots__ = (
        *("_fresh_s", "_interval", "_left", "_turned_at"),
        *("counter", "feed", "input", "is_at_position", "time"),
    )

    def __init__(self) -> None:
        self.input = ProgramInput(is_selected=False, goes_backward=False, detent_time=DETENT_TIME_S)
        self.is_at_position = False
        """Whether the selector stands at it, or did when the pendant was lost."""
        self.counter = Counter()
        self.time = 0.0
        """Program time that was asked for since the start, in seconds."""
        self.feed = 0.0
        """How fast that is to be followed, as a part of the programmed feed: 0 to 1."""
        self._fresh_s = 0.0  # of `time`, not published yet
        self._left = 0.0  # of `time`, signed, still to be run
        self._turned_at = 0.0
        self._interval = SPREAD_S  # between two reports of the wheel, about

    @property
    def is_selected(self) -> bool:
        """Whether the program is the wheel's: also without a pendant, for then it has to stand."""
        return self.input.is_selected or self.is_at_position

    def turn(self, detents: int, now: float) -> int:
        """Count as many of `detents` (signed) as the program can follow; return how many that were."""
        detent_s, backward = self.input.detent_time, detents < 0
        if backward > self.input.goes_backward or not is_detent_time(detent_s):
            return 0
        elapsed = now - self._turned_at
        run = min(abs(self._left), self.feed * elapsed)
        self._left -= run if self._left > 0 else -run
        sign = -1 if backward else 1
        room = max(int((AHEAD_S - sign * self._left) / detent_s + ONE), 0)
        taken = sign * min(abs(detents), room)
        self._interval = max((self._interval + min(elapsed, SPREAD_S)) / 2, SHORTEST_S)
        self._turned_at = now
        self._left += taken * detent_s
        self.feed = min(abs(self._left) / min(SLACK * self._interval, SPREAD_S), 1.0)
        self.counter.add(taken, taken)
        self.time += taken * detent_s
        self._fresh_s += taken * detent_s
        return taken

    def published(self) -> None:
        """Note that HAL has all of it."""
        self.counter.published()
        self._fresh_s = 0.0

    def stop(self) -> int:
        """Forget what is left to be run, for realtime does; return how many detents nobody has seen yet.

        Those are taken back.
        """
        self.time -= self._fresh_s
        self._left = self.feed = self._fresh_s = 0.0
        self._interval = SPREAD_S
        return self.counter.take_back()
