# SPDX-License-Identifier: GPL-2.0-or-later
"""A bound on what may be published to one axis, from its limits alone.

An axis that goes no faster than v and is never left further behind than B can be sent, in any time t, no
further than 2 B + v t (from B on one side of its target to B on the other). B = v²/(2a) + v 0.1 s + one
detent, by the contract.
"""

from __future__ import annotations

from math import inf

FOLLOW_S = 0.1
PROGRAM_AHEAD_S = 0.1
SANE = (1e-6, 1e9)
"""Limits that are neither absurdly small nor large; for others nothing is claimed here."""


class RunOn:
    """How much was published to one axis, less what it can have travelled meanwhile."""

    __slots__ = ("_bound", "_detent", "_fastest", "_levels", "_slowest", "_time", "_velocity", "is_unlimited")

    def __init__(self) -> None:
        self.is_unlimited = True  # surely: limits of 0, as HAL has them in the beginning
        self._velocity: float | None = None  # None: nothing is claimed
        self._fastest, self._slowest = 0.0, inf
        self._bound = 0.0
        self._detent = 0.0  # the largest
        self._time = 0.0
        self._levels = [0.0, 0.0]  # forward, backward

    def limit(self, velocity: float, acceleration: float) -> None:
        """Take the limits that HAL has now."""
        self.is_unlimited = velocity == 0 and (acceleration == 0 or SANE[0] <= acceleration <= SANE[1])
        self._velocity = None
        self._levels = [0.0, 0.0]
        if SANE[0] <= velocity <= SANE[1] and SANE[0] <= acceleration <= SANE[1]:
            self._velocity = velocity
            # It may still move as fast as it was allowed to before, and brake as slowly.
            self._fastest = max(self._fastest, velocity)
            self._slowest = min(self._slowest, acceleration)
            self._bound = self._fastest**2 / (2 * self._slowest) + self._fastest * FOLLOW_S

    def stopped(self) -> None:
        """Note that jogging was disarmed: what was left to travel is no longer."""
        self._levels = [0.0, 0.0]

    def exceeds(self, way: float, detent: float, now: float) -> bool:
        """Take a signed distance that was published in whole detents; tell whether it was too much."""
        if self._velocity is None:
            return False
        passed = (now - self._time) * self._velocity
        self._time = now
        forward, backward = self._levels
        self._levels = [max(0.0, forward - passed) + way, max(0.0, backward - passed) - way]
        self._detent = max(self._detent, detent)
        most = 2 * (self._bound + self._detent)
        return max(self._levels) > most * (1 + 1e-6) + 1e-6


class ProgramRunOn(RunOn):
    """The same for the program time that MPG-run asks for: a second a second, and what may be left of it."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self.is_unlimited = False
        self._velocity, self._bound = 1.0, PROGRAM_AHEAD_S
