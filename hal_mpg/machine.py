# SPDX-License-Identifier: GPL-2.0-or-later
"""What the user's machine is: its unit, its axes, its increments; and the exact steps that follow.

Each axis counts in one constant smallest distance, the greatest common divisor of its increments, so
that realtime code never has to multiply a count by a scale that may have changed since. All of it is
computed in decimals; the only float is the distance that is written to the jog-scale pin.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, isclose, lcm

from hal_mpg.errors import UsageError
from hal_mpg.lean_typing import TYPE_CHECKING, NamedTuple
from hal_mpg.profile import ANGULAR_AXES, AXIS_LETTERS, Increment, Profile, is_distance

if TYPE_CHECKING:
    from decimal import Decimal

LINEAR_UNITS = {"mm": "mm", "metric": "mm", "inch": "inch", "in": "inch", "imperial": "inch"}
"""LinuxCNC's spellings of [TRAJ]LINEAR_UNITS (inifile, linearUnitsMap), and ours of them."""

MAX_MULTIPLE = 1_000_000
"""The most smallest distances in one detent; more, and a turn of the wheel could wrap 32 bits."""


class AxisSteps(NamedTuple):
    """How one axis counts: `multiples[i]` times `jog_scale` is one detent at scale `i`.

    `unit` is what its distances are in: "mm", "inch" or "degree".
    """

    axis: str
    jog_scale: float
    multiples: tuple[int, ...]
    distances: tuple[float, ...]
    unit: str


class Machine(NamedTuple):
    """What the user asked for on the command line; None: as the profile says.

    `units` is "mm" or "inch"; `axes` are the machine's axis letters; the increments replace the
    profile's in the order of its scales, in machine units and degrees.
    """

    units: str = "mm"
    axes: frozenset[str] | None = None
    increments: tuple[Decimal, ...] | None = None
    angular_increments: tuple[Decimal, ...] | None = None

    def steps_of(self, profile: Profile) -> tuple[AxisSteps, ...]:
        """Return the steps of each axis that both the pendant's selector and the machine have.

        Raises UsageError where an increment that is needed is given nowhere, or nothing is left to jog.
        """
        for option, given in (
            ("--increments", self.increments),
            ("--angular-increments", self.angular_increments),
        ):
            if given is not None and len(given) != len(profile.increments):
                raise UsageError(
                    f"{option}: {len(given)} given, but the pendant has {len(profile.increments)} "
                    f"scales; give one for each of {', '.join(profile.scales)}"
                )
        axes = [axis for axis in profile.axes if self.axes is None or axis in self.axes]
        if profile.axes and not axes:
            selects = ", ".join(profile.axes).upper()
            raise UsageError(f"--axes: the machine has none of the pendant's axes ({selects})")
        units = {axis: "degree" if axis in ANGULAR_AXES else self.units for axis in axes}
        return tuple(_axis_steps(axis, self._increments_for(axis, profile), units[axis]) for axis in axes)

    def _increments_for(self, axis: str, profile: Profile) -> tuple[str, ...]:
        angular = axis in ANGULAR_AXES
        unit, option, given = (
            ("degree", "--angular-increments", self.angular_increments)
            if angular
            else (self.units, "--increments", self.increments)
        )
        if given is None:
            return tuple(_own(increment, unit, option) for increment in profile.increments)
        return tuple(map(str, given))


def _own(increment: Increment, unit: str, option: str) -> str:
    distance = increment.text(unit)
    if distance is None:
        raise UsageError(
            f"the profile's increment {increment.scale} has no {unit}: add `{unit}:` to it, or give {option}"
        )
    return distance


def _axis_steps(axis: str, distances: Sequence[str], unit: str) -> AxisSteps:
    step, per_unit = common_step(distances)
    ratios = [exact_ratio(distance) for distance in distances]
    multiples = tuple(number * per_unit // (of * step) for number, of in ratios)
    if max(multiples) > MAX_MULTIPLE:
        raise UsageError(
            f"increments {', '.join(distances)} of axis {axis} have no common step that "
            f"is fit to count in; use rounder numbers"
        )
    return AxisSteps(axis, step / per_unit, multiples, tuple(float(d) for d in distances), unit)


def exact_ratio(text: str) -> tuple[int, int]:
    """Return the number that a decimal's text stands for ("0.001", "1E-7"), as a ratio in lowest terms."""
    digits, _, exponent = text.partition("E")
    whole, _, fraction = digits.partition(".")
    number, places = int(whole + fraction), len(fraction) - int(exponent or 0)
    if places <= 0:
        return number * 10**-places, 1
    common = gcd(number, 10**places)
    return number // common, 10**places // common


def common_step(distances: Sequence[str]) -> tuple[int, int]:
    """Return the greatest distance of which each of `distances` is a whole multiple, as an exact ratio.

    Each is a decimal's text.
    """
    ratios = [exact_ratio(distance) for distance in distances]
    return gcd(*(number for number, _ in ratios)), lcm(*(of for _, of in ratios))


def parse_units(text: str) -> str:
    """Return "mm" or "inch" for a linear unit as LinuxCNC takes it: a name, or a number of units per mm.

    Raises UsageError.
    """
    name = text.strip().lower()
    if name in LINEAR_UNITS:
        return LINEAR_UNITS[name]
    try:
        per_mm = float(name)
    except ValueError:
        per_mm = 0.0
    for unit, units_per_mm in (("mm", 1.0), ("inch", 1 / 25.4)):
        if isclose(per_mm, units_per_mm, rel_tol=1e-6):
            return unit
    raise UsageError(f"--units {text}: use one of {', '.join(LINEAR_UNITS)}")


def parse_axes(words: Sequence[str]) -> frozenset[str]:
    """Return the axis letters of [TRAJ]COORDINATES: "XYZ", "X Y Z", "x y y z". Raises UsageError."""
    # With [HAL]TWOPASS, the words arrive in Tcl's braces.
    letters = [letter for letter in "".join(words).lower() if letter not in " ,\t{}"]
    unknown = sorted(set(letters) - set(AXIS_LETTERS))
    if unknown or not letters:
        raise UsageError(
            f"--axes {' '.join(words)}: {', '.join(unknown) or 'nothing'} is no axis letter; "
            f"use some of {''.join(AXIS_LETTERS).upper()}"
        )
    return frozenset(letters)


def parse_increments(option: str, text: str) -> tuple[Decimal, ...]:
    """Return the distances in "0.001,0.01,0.1". Raises UsageError where one is not positive."""
    from decimal import Decimal, InvalidOperation

    distances = []
    for word in text.split(","):
        try:
            distance = Decimal(word.strip())
        except InvalidOperation:
            raise UsageError(f"{option} {text}: {word.strip()!r} is not a number") from None
        if not is_distance(distance):
            raise UsageError(f"{option} {text}: {word.strip()} is no positive distance of a sane size")
        distances.append(distance)
    return tuple(distances)
