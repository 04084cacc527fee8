# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast the wheel turns."""

from __future__ import annotations

from hal_mpg.arming import STILL_S

WINDOW_S = 0.02
"""The shortest time to measure over, so that the polling of USB does not make the speed jump."""

BUSY_S = 1.0
"""How long after the last turn of the wheel a pendant counts as busy."""


class WheelSpeed:
    """Measures in detents per second, signed; 0 when still."""

    __slots__ = ("_detents", "_since", "_speed")

    def __init__(self) -> None:
        self._since: float | None = None
        self._detents = 0
        self._speed = 0.0

    @property
    def is_turning(self) -> bool:
        """Whether the wheel was turned and has not been still for long enough since."""
        return self._since is not None

    def turned(self, detents: int, now: float) -> float:
        """Take detents, turned at `now`; return the speed."""
        if self._since is None:
            # All that is known of the first detent is that there was none for so long before it.
            self._since, self._detents, self._speed = now, 0, detents / STILL_S
            return self._speed
        self._detents += detents
        elapsed = now - self._since
        if elapsed >= WINDOW_S:
            self._speed = self._detents / elapsed
            self._since, self._detents = now, 0
        return self._speed

    def stopped(self) -> float:
        """Note that the wheel is still; return the speed, which is 0."""
        self._since = None
        return 0.0
