# SPDX-License-Identifier: GPL-2.0-or-later
"""A wheel that says where it stands as a relative movement: the kernel does not tell its place 0.

No relative movement is no event (Linux: input_handle_event), so the detent that ends there is told with the
next one, which may be for another axis.
"""

from __future__ import annotations

from hal_mpg.decoders import SelectorDecoder, WheelDecoder
from hal_mpg.profile import AbsoluteWheel


class SilentWheel(WheelDecoder):
    """Tells what was turned up to place 0 as `unclear` where it may have been for something else."""

    __slots__ = ("_is_other", "_selectors", "_stood")

    def __init__(self, wheel: AbsoluteWheel, *selectors: SelectorDecoder | None) -> None:
        super().__init__(wheel)
        self._selectors = [selector for selector in selectors if selector]
        self._stood: list[tuple[str | None, bool]] = []  # the selectors, at the wheel's last word
        self._is_other = False  # whatever they say: it was armed since, say

    def forget_part(self) -> None:
        """Forget what was turned and not told, too."""
        super().forget_part()
        self._is_other = True

    def foresee(self, value: int) -> int:
        """Return what `moved` would return, and change nothing."""
        before = self._is_other, self._stood
        detents = super().foresee(value)
        self._is_other, self._stood = before
        return detents

    def stands_at(self, value: int) -> int:
        """Take the position that the wheel reports; return the whole detents, signed."""
        stand = [(selector.position, selector.fault) for selector in self._selectors]
        if (self._is_other or stand != self._stood) and self._position:
            self._leave_out(self._position, value)
        self._is_other, self._stood = False, stand
        return super().stands_at(value)

    def _leave_out(self, before: int, value: int) -> None:
        """Count the way from a place to 0 as unclear, if 0 is on the way to another place."""
        half = self._modulo // 2
        way = (value - before + half) % self._modulo - half
        silent = self._modulo - before if way > 0 else before
        if silent < abs(way) and 2 * abs(way) != self._modulo:
            self.unclear += silent // self.counts_per_detent
            self.seed(0)
