# SPDX-License-Identifier: GPL-2.0-or-later
"""What the live view shows: the pendant as it stands, its pins, and what has happened."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hal_mpg.arming import WORDS, WhyNot
from hal_mpg.events import PinValue
from hal_mpg.messages import printable
from hal_mpg.profile import AXIS_LETTERS, TARGETS, Profile

KEPT = 200
"""So many lines of what has happened are kept."""

HEARTBEATS = ("heartbeat", "heartbeat-echo")
"""Pins that change all the time, and say nothing but that."""


@dataclass(slots=True)
class Shown:
    """All that is known at one time. Pins are without the component's prefix.

    `wheel` is how far the wheel was turned since the view began, in detents, armed or not.
    `answers`: whether the component's heartbeat goes on.
    """

    title: str
    where: str = ""
    name: str = "hal_mpg"
    units: str = "machine units"
    axes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    has_estop: bool = True
    has_enable: bool = True
    pins: dict[str, PinValue] = field(default_factory=dict)
    wheel: int = 0
    target: str = ""
    answers: bool = True
    is_hal: bool = False
    events: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    @property
    def why_not(self) -> WhyNot:
        """Why a turn of the wheel would move nothing."""
        try:
            return WhyNot(int(self.pins.get("why-not", WhyNot.NO_DEVICE)))
        except ValueError:
            return WhyNot.NO_DEVICE  # another version's

    @property
    def axis(self) -> str:
        """The position of the axis selector; "" for none."""
        # Not by axis-select, whose order is the profile's, which is not always known.
        return next((axis for axis in self.axes if self.pins.get(f"axis.{axis}.selected")), self.target)

    @property
    def scale(self) -> str:
        """The position of the scale selector; "" for none."""
        index = int(self.pins.get("scale-select", -1))
        if 0 <= index < len(self.scales):
            return self.scales[index]
        return f"scale {index + 1}" if index >= 0 else ""

    def names(self, prefix: str) -> list[str]:
        """Return the rest of the names of the pins that begin with this."""
        return [pin.removeprefix(prefix) for pin in self.pins if pin.startswith(prefix)]

    def key(self) -> object:
        """Return what changes whenever the picture would look different."""
        pins = tuple(value for pin, value in self.pins.items() if pin not in HEARTBEATS)
        last = self.events[-1] if self.events else "", self.notes[-1] if self.notes else ""
        return (
            pins,
            self.wheel,
            self.where,
            self.answers,
            self.target,
            len(self.events),
            len(self.notes),
            last,
        )


class Reader(Protocol):
    """Who keeps a `Shown` up to date. Times are seconds of the monotonic clock."""

    @property
    def shown(self) -> Shown:
        """What is known now."""
        ...

    def descriptors(self) -> list[int]:
        """Return what to wait for."""
        ...

    def deadline(self) -> float:
        """Return when `update` has something to do even if nothing can be read."""
        ...

    def update(self, ready: Iterable[int], now: float) -> list[str]:
        """Take what there is; return what has changed, in lines without time. Raises HalMpgError."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


def from_profile(profile: Profile) -> Shown:
    """Return what a profile alone tells of its pendant."""
    return Shown(
        title=profile.name,
        axes=profile.axes,
        targets=profile.targets,
        scales=profile.scales,
        has_estop=profile.estop is not None,
        has_enable=profile.enable is not None,
    )


def from_pins(name: str, pins: Iterable[str]) -> Shown:
    """Return what a component's pins alone tell: axes in LinuxCNC's order, and no names of scales."""
    known = set(pins)
    return Shown(
        title=name,
        name=name,
        axes=tuple(axis for axis in AXIS_LETTERS if f"axis.{axis}.selected" in known),
        targets=tuple(target for target in TARGETS if f"{target}.counts" in known),
        is_hal=True,
    )


def changes(before: Mapping[str, PinValue], after: Mapping[str, PinValue]) -> list[str]:
    """Return lines for the pins that have another value than before."""
    return [
        f"pin    {pin} {spell(value)}{in_words(pin, value)}"
        for pin, value in after.items()
        if pin not in HEARTBEATS and before.get(pin) != value
    ]


def in_words(pin: str, value: PinValue) -> str:
    """Return what a value of why-not means; "" for any other pin."""
    if pin != "why-not" or value not in list(WhyNot):
        return ""
    return f" ({printable(WORDS[WhyNot(int(value))])})"


def spell(value: PinValue) -> str:
    """Return a pin's value as halcmd shows it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return f"{value:g}" if isinstance(value, float) else str(value)
