# SPDX-License-Identifier: GPL-2.0-or-later
"""One axis of the machine: how far it was counted, and what it is still to travel."""

from __future__ import annotations

from math import inf

from hal_mpg.counter import Counter
from hal_mpg.machine import AxisSteps
from hal_mpg.motion_limit import MotionLimit

RUN_ON_MARGIN_S = 0.5
"""How long after the model's stop a real axis, which lags it, may still be moving."""

ANALOG_MARGIN_S = 0.2
"""How long after its stick was let go an axis takes no detents: LinuxCNC may not know of it yet.

While a jog of halui's is active, it takes no notice of the wheel (axis.c, axis_handle_jogwheels). halui looks
at its pins every 20 ms, and tells motion by way of task; 0.2 s is several times what that takes.
"""


class Axis:
    """The counter of one axis, in its smallest distance, and the motion that follows from it."""

    __slots__ = (
        "analog_pin",
        "counter",
        "counts_pin",
        "enable_pin",
        "free_at",
        "is_driven",
        "jogged_at",
        "limit",
        "selected_pin",
        "steps",
    )

    def __init__(self, steps: AxisSteps) -> None:
        self.steps = steps
        self.counter = Counter()
        self.limit = MotionLimit()
        self.jogged_at: float | None = None  # since it was armed
        self.is_driven = False  # by a stick or a ring
        self.free_at = -inf  # when it takes detents again, as far as sticks are concerned
        self.analog_pin = f"axis.{steps.axis}.analog"
        self.counts_pin = f"axis.{steps.axis}.jog-counts"
        self.enable_pin = f"axis.{steps.axis}.jog-enable"
        self.selected_pin = f"axis.{steps.axis}.selected"

    def may_run(self, now: float) -> bool:
        """Tell whether a jog that was published may still be under way."""
        if self.jogged_at is None or self.is_driven:
            return self.is_driven
        return self.limit.is_moving(now) or now - self.jogged_at < RUN_ON_MARGIN_S

    def jog(self, detents: int, scale: int, now: float) -> int:
        """Count as many of `detents` (signed) as the axis can follow; return how many that were."""
        taken = self.limit.accept(detents, self.steps.distances[scale], now)
        if taken:
            self.counter.add(taken * self.steps.multiples[scale], taken)
            self.jogged_at = now
        return taken

    def foresee(self, detents: int, scale: int) -> int | None:
        """Return the count after `jog` with these detents, now or later; None: that is not certain."""
        if not self.limit.will_accept(detents, self.steps.distances[scale]):
            return None
        return self.counter.count + detents * self.steps.multiples[scale]

    def drive(self, moves: bool, now: float) -> None:
        """Note whether a stick or a ring moves the axis from now on; meanwhile it takes no detents."""
        if moves != self.is_driven:
            self.is_driven = moves
            self.jogged_at = now
            self.free_at = inf if moves else now + ANALOG_MARGIN_S
            self.limit.suspend(self.free_at)

    def stop(self, now: float) -> None:
        """Note that jogs were stopped, and that the next ones are of another arming."""
        self.drive(False, now)
        self.limit.stop(now)
        self.jogged_at = None
