# SPDX-License-Identifier: GPL-2.0-or-later
"""A count that can take back what nobody has seen yet."""

from __future__ import annotations


class Counter:
    """Counts up and down without end. What was counted since `published` can be taken back.

    It knows how many detents its counts were of, for a taken back detent is a dropped one.
    """

    __slots__ = ("_fresh", "_fresh_detents", "count")

    def __init__(self) -> None:
        self.count = 0
        self._fresh = 0
        self._fresh_detents = 0

    @property
    def value(self) -> int:
        """The count as HAL's s32 holds it; LinuxCNC's jog inputs follow it over the wrap."""
        return wrap32(self.count)

    def add(self, counts: int, detents: int) -> None:
        """Count `counts`, signed, that so many detents, of either sign, were turned for."""
        self.count += counts
        self._fresh += counts
        self._fresh_detents += abs(detents)

    def published(self) -> None:
        """Note that HAL has the count as it is."""
        self._fresh = self._fresh_detents = 0

    def take_back(self) -> int:
        """Uncount what was not published yet; return how many detents that were."""
        detents = self._fresh_detents
        self.count -= self._fresh
        self.published()
        return detents


def wrap32(count: int) -> int:
    """Return a count as HAL's s32 holds it."""
    return (count + 0x80000000) % 0x100000000 - 0x80000000
