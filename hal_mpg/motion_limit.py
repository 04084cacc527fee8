# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole detents, no faster than the axis can follow.

LinuxCNC's position mode makes the full move for every count, however long it takes: one second of fast
spinning ran on for 5 inches afterwards. So each axis is followed by a model of its motion, and a detent
that would leave the axis further behind than it needs for a prompt stop is refused, whole. What is
left to travel when the wheel stops is thereby at most `v²/(2a) + v·FOLLOW_S + one detent`.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, sqrt

FOLLOW_S = 0.045
"""How long the axis may go on at full speed before it brakes, in seconds.

The contract allows 0.1 s, of which some is for what stands between a pin and the motor (our loop, the servo
thread), which the model does not see. The less, the sooner it stands; but detents come in clumps, of 8 ms or
10 ms from most boards, and an axis that is at the end of one before the next has come would stutter.
"""

NO_INERTIA = 1e15
"""Stands for an acceleration limit that is not known: the axis is at speed, or at rest, at once."""


SLOWEST, FASTEST = 1e-9, 1e9
"""Between these are the limits of real machines, in units/s and /s²; beyond, arithmetic gets out of hand."""


def is_limit(value: float) -> bool:
    """Tell whether a limit can be meant: 0 (not known), or what a machine may have; NaN cannot."""
    return value == 0 or value >= SLOWEST


class MotionLimit:
    """The motion of one axis toward what has been published, and how much more it can take.

    Distances are in machine units, relative to the target, so nothing drifts however long it runs.
    A velocity limit of 0 means that none is known: everything is accepted. With a limit that is none
    (see `is_limit`), nothing is.
    """

    __slots__ = (
        *("_acceleration", "_bound", "_is_none", "_left", "_refuses", "_suspended_until"),
        *("_time", "_velocity", "_velocity_limit"),
    )

    def __init__(self) -> None:
        self._velocity_limit = 0.0
        self._acceleration = NO_INERTIA
        self._bound = 0.0  # how much may be left to travel before one more detent is refused
        self._left = 0.0  # signed distance still to travel
        self._velocity = 0.0
        self._time = 0.0
        self._is_none = False  # the limits are none
        self._suspended_until = -inf
        self._refuses = False  # for either of the two, as far as was known when it was looked at last

    def set_limits(self, max_velocity: float, max_acceleration: float, now: float) -> None:
        """Take the axis' limits, in units/s and /s²; 0 or infinite: not known."""
        self._advance(now)
        self._is_none = not (is_limit(max_velocity) and is_limit(max_acceleration))
        self._refuses = self._is_none or now < self._suspended_until
        self._velocity_limit = max_velocity if SLOWEST <= max_velocity <= FASTEST else 0.0
        self._acceleration = max_acceleration if SLOWEST <= max_acceleration <= FASTEST else NO_INERTIA
        self._bound = self._stopping_distance(self._velocity_limit) + self._velocity_limit * FOLLOW_S

    def accept(self, detents: int, distance: float, now: float) -> int:
        """Return how many of `detents` (signed) may be published now, each of them `distance` long."""
        if self._refuses and self._still_refuses(now):
            return 0
        if not self._velocity_limit:
            return detents
        self._advance(now)
        sign = 1 if detents > 0 else -1
        # One more detent is accepted as long as what is left before it is within the bound; the
        # tiny term keeps a bound that is an exact multiple of the detent from being rounded away.
        room = self._room(sign) / distance + 1e-9
        taken = sign * min(abs(detents), int(room) + 1 if room >= 0 else 0)
        self._left += taken * distance
        return taken

    def will_accept(self, detents: int, distance: float) -> bool:
        """Tell whether `accept` will take all of `detents`, whenever it is asked next.

        As time passes, what is left to travel becomes less, so there is never less room later than now; the
        margin is for the rounding on the way there.
        """
        if self._refuses or not self._velocity_limit:
            return not self._refuses
        sign = 1 if detents > 0 else -1
        return self._room(sign) / distance >= abs(detents) - 1 + 1e-6

    def suspend(self, until: float) -> None:
        """Refuse every detent before a time, for something else moves the axis."""
        self._suspended_until = until
        self._refuses = True

    def _still_refuses(self, now: float) -> bool:
        self._refuses = self._is_none or now < self._suspended_until
        return self._refuses

    def _room(self, sign: int) -> float:
        """Return how much further in a direction (1, -1) the target may be before more is refused."""
        # An axis that still moves the other way has to come back from where it can turn around first.
        back = self._stopping_distance(self._velocity) if self._velocity * sign < 0 else 0.0
        return self._bound - self._left * sign - back

    def is_moving(self, now: float) -> bool:
        """Tell whether the axis may still be under way; True where that cannot be known."""
        self._advance(now)
        return not self._velocity_limit or self._left != 0 or self._velocity != 0

    def stop(self, now: float) -> None:
        """Note that the axis was told to stop: it brakes, and the rest of its way is forgotten."""
        self._advance(now)
        self._left = self._stopping_distance(self._velocity) * (1 if self._velocity > 0 else -1)

    def _stopping_distance(self, velocity: float) -> float:
        return velocity * velocity / (2 * self._acceleration)

    def _advance(self, now: float) -> None:
        """Move the model to `now`, as a planner with a trapezoid of velocity moves an axis."""
        elapsed, self._time = now - self._time, now
        if self._left == 0 and self._velocity == 0:
            return
        for duration, acceleration in self._phases():
            step = min(max(duration, 0.0), elapsed)
            self._left -= self._velocity * step + acceleration * step * step / 2
            self._velocity += acceleration * step
            elapsed -= step
            if elapsed <= 0:
                return
        self._left = self._velocity = 0.0

    def _phases(self) -> Iterator[tuple[float, float]]:
        """Yield (seconds, acceleration) of each phase from here to rest at the target."""
        a, left, velocity = self._acceleration, self._left, self._velocity
        brake = self._stopping_distance(velocity)
        # Away from the target, too fast for the limit, or too near to stop in time: stand first.
        # (A rounded last bit is not too fast.)
        too_fast = abs(velocity) > self._velocity_limit * (1 + 1e-9)
        if velocity * left < 0 or too_fast or brake > abs(left):
            yield abs(velocity) / a, -a if velocity > 0 else a
            left -= brake if velocity > 0 else -brake
            velocity = brake = 0.0
        sign, speed = (1 if left > 0 else -1), abs(velocity)
        peak = max(speed, min(self._velocity_limit, sqrt(a * abs(left) + speed * speed / 2)))
        yield (peak - speed) / a, sign * a
        cruise = abs(left) + brake - 2 * self._stopping_distance(peak)
        yield (cruise / peak if peak else 0.0), 0.0
        yield peak / a, -sign * a
