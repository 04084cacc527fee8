# SPDX-License-Identifier: GPL-2.0-or-later
"""What the values of one wheel or of one selector mean: whole detents, a position.

Nothing here knows of keys and nodes, arming, pins or time; see `hal_mpg.controls` for what belongs to what.
"""

from __future__ import annotations

from hal_mpg.profile import FAULT, OFF, AbsoluteWheel, Selector, StepSelector, Wheel

MAX_DETENTS_AT_ONCE = 1000
"""More detents than this in one event are a lying device, not a hand, and are refused."""


class WheelDecoder:
    """Turns wheel events into whole detents.

    `unclear` counts the detents that were received but cannot be told: the first position of an
    absolute wheel that says nothing before it is turned, half a turn at once, more than a hand can do.
    """

    __slots__ = ("_count", "_modulo", "_position", "_sign", "counts_per_detent", "unclear")

    def __init__(self, wheel: Wheel) -> None:
        self._sign = -1 if wheel.invert else 1
        self.counts_per_detent = wheel.counts_per_detent
        self._modulo = wheel.modulo if isinstance(wheel, AbsoluteWheel) else 0
        self._position: int | None = None
        self._count = 0  # counts since the last whole detent
        self.unclear = 0

    @property
    def is_absolute(self) -> bool:
        """Whether the wheel reports where it stands, not how far it was turned."""
        return self._modulo > 0

    @property
    def is_placed(self) -> bool:
        """Whether it is known where an absolute wheel stands."""
        return self._position is not None

    def seed(self, position: int | None) -> None:
        """Take the position of an absolute wheel as where it stands; forget any part of a detent."""
        self._position = position
        self._count = 0

    def forget_part(self) -> None:
        """Forget the part of a detent that was turned, so that nothing is saved up."""
        self._count = 0

    def foresee(self, value: int) -> int:
        """Return what `moved` would return, and change nothing."""
        before = self._position, self._count, self.unclear
        detents = self.moved(value)
        self._position, self._count, self.unclear = before
        return detents

    def next_values(self) -> tuple[int, ...]:
        """Return the values that the wheel may report next when it is turned by one count."""
        if not self._modulo:
            return 1, -1
        if self._position is None:
            return ()
        return (self._position + 1) % self._modulo, (self._position - 1) % self._modulo

    def moved(self, value: int) -> int:
        """Take a relative event, or a key press as ±1; return the whole detents, signed."""
        if self._modulo:
            return self.stands_at(value)
        return self._turned(value)

    def stands_at(self, value: int) -> int:
        """Take the position that an absolute wheel reports; return the whole detents, signed."""
        half = self._modulo // 2
        before, self._position = self._position, value % self._modulo
        if before is None:
            self.unclear += 1
            return 0
        turned = (self._position - before + half) % self._modulo - half
        if turned == -half and self._modulo % 2 == 0:
            self.unclear += half // self.counts_per_detent
            return 0
        return self._turned(turned)

    def _turned(self, counts: int) -> int:
        self._count += counts * self._sign
        if self.counts_per_detent == 1:
            detents, self._count = self._count, 0
        else:
            # Towards zero, so that the wheel has to come back through a whole detent to count back.
            detents = abs(self._count) // self.counts_per_detent * (1 if self._count > 0 else -1)
            self._count -= detents * self.counts_per_detent
        if abs(detents) > MAX_DETENTS_AT_ONCE:
            self.unclear += abs(detents)
            return 0
        return detents


class SelectorDecoder:
    """Where a selector stands: `position` is a name or None; `fault`: at two positions at once."""

    __slots__ = ("_held", "_selector", "_step", "fault", "position")

    def __init__(self, selector: Selector) -> None:
        self._selector = selector
        self._held: set[str] = set()
        self._step = 0
        self.position: str | None = None
        self.fault = False

    def seed(self) -> None:
        """Forget everything; a selector that is stepped through stands at its first position."""
        self._held.clear()
        self._step = 0
        self.position, self.fault = None, False
        if isinstance(self._selector, StepSelector):
            self._set(self._selector.order[0])

    def hold(self, position: str, held: bool) -> None:
        """Take a change of the key of one position."""
        (self._held.add if held else self._held.discard)(position)
        self.fault = len(self._held) > 1
        self._set(next(iter(self._held)) if len(self._held) == 1 else None)

    def stand_at(self, position: str | None) -> None:
        """Take the position of a selector that reports a value; None: a value that is no position."""
        self.fault = position == FAULT
        self._set(None if self.fault else position)

    def step(self, by: int) -> None:
        """Take a press of the next (1) or previous (-1) key."""
        assert isinstance(self._selector, StepSelector)
        self._step = (self._step + by) % len(self._selector.order)
        self._set(self._selector.order[self._step])

    def _set(self, position: str | None) -> None:
        self.position = None if position == OFF else position
