# SPDX-License-Identifier: GPL-2.0-or-later
"""What must come of a sequence of movements at the pendant, worked out from the contract alone.

Nothing of hal_mpg is imported: distances are decimals, written down here once more from the generic
profiles, and a detent counts for what is held at its place in the sequence. Whether the pendant is
armed is told from outside, since that is a matter of time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

ANGULAR = "abc"

LINEAR_DETENTS = {"x1": Decimal("0.001"), "x10": Decimal("0.01"), "x100": Decimal("0.1")}
ANGULAR_DETENTS = {"x1": Decimal("0.01"), "x10": Decimal("0.1"), "x100": Decimal("1")}
"""The distance of one detent, in mm and degrees."""

SCALES = tuple(LINEAR_DETENTS)


class Turn(NamedTuple):
    """The wheel is turned by some detents in one event; backwards if negative."""

    detents: int


class HoldAxes(NamedTuple):
    """The axis selector's contacts that are closed now: one letter, or none, or two (a fault)."""

    letters: str


class HoldScales(NamedTuple):
    """The scale selector's contacts that are closed now."""

    names: tuple[str, ...]


class Enable(NamedTuple):
    """The enabling button is pressed or released."""

    pressed: bool


class Estop(NamedTuple):
    """The E-stop button is pressed or released."""

    pressed: bool


Action = Turn | HoldAxes | HoldScales | Enable | Estop

Report = tuple[Action, ...]
"""What happens at one instant, in the order in which the kernel tells it."""


class Offer(NamedTuple):
    """All that is turned on one axis in a storm: one scale, one direction."""

    letter: str
    scale: str
    detents: int


@dataclass
class AxisTruth:
    """One axis: its counter, in `smallest`, where it is, and how far it may be behind."""

    detents: Mapping[str, Decimal]
    max_velocity: Decimal
    max_acceleration: Decimal
    count: int = 0
    base: Decimal = Decimal(0)
    """Where the axis would be at a count of 0."""
    way: Decimal = Decimal(0)
    """The way that was asked for since it was last known to be at rest."""

    @property
    def smallest(self) -> Decimal:
        """The distance of one count."""
        return self.detents["x1"]

    @property
    def position(self) -> Decimal:
        """Where the axis has to end."""
        return self.base + self.count * self.smallest

    @property
    def braking_way(self) -> Decimal:
        """What an axis needs to brake at full speed: so much can always be followed, from rest."""
        return self.max_velocity**2 / (2 * self.max_acceleration)

    def multiple(self, scale: str) -> int:
        """Return how many counts one detent is."""
        return int(self.detents[scale] / self.smallest)

    def room(self, scale: str) -> int:
        """Return how many detents can be turned now without ever being too fast for the axis."""
        return max(0, int((self.braking_way - self.way) / self.detents[scale]))

    def stands_at(self, position: Decimal) -> None:
        """Note where the axis is, whatever was counted."""
        self.base = position - self.count * self.smallest
        self.way = Decimal(0)


class Oracle:
    """The pendant and the axes as they have to be after the actions so far."""

    def __init__(self, limits: Mapping[str, tuple[str, str]]) -> None:
        """Start with nothing held. `limits`: each axis' velocity and acceleration, in decimals."""
        self.axes = {
            letter: AxisTruth(
                ANGULAR_DETENTS if letter in ANGULAR else LINEAR_DETENTS, Decimal(v), Decimal(a)
            )
            for letter, (v, a) in limits.items()
        }
        self.held_axes = ""
        self.held_scales: tuple[str, ...] = ()
        self.armed = False
        self.received = self.taken = self.dropped = 0  # detents, whatever their direction
        self.net = 0  # detents while armed, whatever the axis; the pin `counts`

    def apply(self, actions: Sequence[Action]) -> None:
        """Take what happens, in order."""
        for action in actions:
            match action:
                case Turn(detents):
                    self._turn(detents)
                case HoldAxes(letters):
                    self.held_axes = letters
                case HoldScales(names):
                    self.held_scales = names
                case Enable(pressed):
                    self.armed &= pressed
                case Estop(pressed):
                    self.armed &= not pressed

    def selected(self) -> tuple[AxisTruth, str] | None:
        """Return the axis and the scale that a detent is for now, if it is for any."""
        if len(self.held_axes) != 1 or len(self.held_scales) != 1:
            return None
        axis = self.axes.get(self.held_axes)
        return (axis, self.held_scales[0]) if axis else None

    def room(self) -> int:
        """Return how many detents can be turned now without ever being too fast for the axis."""
        selected = self.selected()
        if not self.armed or selected is None:
            return 1000  # nothing moves
        axis, scale = selected
        return axis.room(scale)

    def _turn(self, detents: int) -> None:
        self.received += abs(detents)
        if self.armed:
            self.net += detents
        selected = self.selected()
        if not self.armed or selected is None:
            self.dropped += abs(detents)
            return
        axis, scale = selected
        axis.count += detents * axis.multiple(scale)
        axis.way += abs(detents) * axis.detents[scale]
        self.taken += abs(detents)

    def pins(self) -> dict[str, int]:
        """Return what hal_mpg's counting pins have to say."""
        counters = {f"axis.{letter}.jog-counts": axis.count for letter, axis in self.axes.items()}
        return {"counts": self.net, "dropped": self.dropped, **counters}

    def take_storm(self, actions: Sequence[Action], offers: Sequence[Offer], pins: Mapping[str, int]) -> None:
        """Go on from what the pins say after a storm that was found to be right."""
        self.apply([action for action in actions if not isinstance(action, Turn)])
        for letter, scale, detents in offers:
            axis = self.axes[letter]
            self.received += abs(detents)
            self.taken += abs(pins[f"axis.{letter}.jog-counts"] - axis.count) // axis.multiple(scale)
        self.net, self.dropped = pins["counts"], pins["dropped"]
        for letter, axis in self.axes.items():
            axis.count = pins[f"axis.{letter}.jog-counts"]

    def rest(self) -> None:
        """Note that all axes have arrived."""
        for axis in self.axes.values():
            axis.way = Decimal(0)


def faults_of_storm(
    oracle: Oracle, offers: Sequence[Offer], pins: Mapping[str, int], elapsed_s: float
) -> list[str]:
    """Return what is wrong with the pins after a storm, by what they were before (the oracle's).

    Each axis was at rest. It must have taken what it needs to brake, at least; at most what the
    contract's run-on allows, with what it could go in `elapsed_s`; and the rest is in `dropped`.
    """
    faults = []
    taken_in_all = 0
    for letter, axis in oracle.axes.items():
        offer = next((o for o in offers if o.letter == letter), Offer(letter, "x1", 0))
        counted = pins[f"axis.{letter}.jog-counts"] - axis.count
        taken, part = divmod(counted, axis.multiple(offer.scale))
        sign = -1 if offer.detents < 0 else 1
        distance = axis.detents[offer.scale]
        run_on = axis.braking_way + axis.max_velocity * (Decimal("0.1") + Decimal(elapsed_s)) + distance
        least = min(abs(offer.detents), int(axis.braking_way / distance))
        most = min(abs(offer.detents), int(run_on / distance))
        if part or not least <= taken * sign <= most:
            faults.append(f"{offer}: counted {counted}, but {least} to {most} detents are right")
        taken_in_all += abs(taken)
    offered = sum(abs(offer.detents) for offer in offers)
    if taken_in_all + pins["dropped"] - oracle.dropped != offered:
        faults.append(f"{offered} offered, {taken_in_all} taken, {pins['dropped'] - oracle.dropped} dropped")
    if pins["counts"] != oracle.net + sum(offer.detents for offer in offers):
        faults.append(f"counts is {pins['counts']}")
    return faults
