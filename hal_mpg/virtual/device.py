# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant's switches as they stand, and what it says when a hand moves one; of any profile, and pure.

It is the inverse of `controls`: there codes become positions and detents, here positions and detents codes.
"""

from __future__ import annotations

from collections.abc import Iterator

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Change, NodeState
from hal_mpg.profile import (
    FAULT,
    AbsoluteWheel,
    AbsSelector,
    Analog,
    Code,
    KeySelector,
    KeyWheel,
    Profile,
    RelativeWheel,
    Selector,
    StepSelector,
)

Report = tuple[Change, ...]
"""What changes at one instant; never empty."""

ENDS = (-127, 127)
"""What a stick says at its ends where the profile leaves that to the kernel."""


def all_positions(selector: Selector) -> tuple[str, ...]:
    """Return the positions that a hand can turn a selector to, "off" among them, each once, in its order."""
    match selector:
        case KeySelector(positions):
            names = [name for name, _ in positions]
        case AbsSelector(_, positions):
            names = [name for _, name in positions]
        case StepSelector(_, _, order):
            names = list(order)
    return tuple(dict.fromkeys(name for name in names if name != FAULT))


class Device:
    """The switches of one pendant. Each act returns the reports that come of it, in their order.

    At first the selectors are at their first positions, the E-stop is released, and nothing is held.
    """

    def __init__(self, profile: Profile) -> None:
        """Make a pendant of this profile."""
        self.profile = profile
        self._keys: set[int] = set()
        self._absolutes: dict[int, int] = {}
        self._ranges: dict[int, tuple[int, int]] = {}
        self._held: set[str] = set()
        self._turned = 0  # counts of an absolute wheel
        self._at: dict[str, str] = {}
        if isinstance(profile.wheel, AbsoluteWheel) and profile.wheel.code.type == EV_ABS:
            self._absolutes[profile.wheel.code.number] = 0
        for name, selector in self._selectors():
            if not isinstance(selector, StepSelector):
                self._note(self._selection(name, all_positions(selector)[0]))
        if profile.estop and profile.estop.normally_closed:
            self._keys.add(profile.estop.key.number)
        for stick in profile.analog:
            low, high = ends(stick)
            if stick.code.type == EV_ABS:
                self._absolutes[stick.code.number] = (low + high) // 2
                self._ranges[stick.code.number] = low, high

    @property
    def state(self) -> NodeState:
        """What is told on connecting."""
        return NodeState(frozenset(self._keys), dict(self._absolutes), dict(self._ranges))

    def position(self, selector: str) -> str | None:
        """Return where "axis" or "scale" stands; None: it is stepped through, which is not the device's."""
        return self._at.get(selector)

    def is_held(self, control: str) -> bool:
        """Tell whether a button is held: estop, reset, enable, button.NAME, axis.next, ..."""
        return control in self._held

    def select(self, selector: str, position: str) -> list[Report]:
        """Turn the selector "axis" or "scale". Raises KeyError where it has no such position."""
        return self._note(self._selection(selector, position))

    def hold(self, control: str, held: bool) -> list[Report]:
        """Press a button, or let it go. Raises KeyError for a control that is no button of this pendant."""
        code, is_closed_at_rest = self.buttons()[control]
        (self._held.add if held else self._held.discard)(control)
        return self._note([(EV_KEY, code.number, int(held != is_closed_at_rest))])

    def turn(self, direction: int) -> list[Report]:
        """Turn the wheel by one detent, clockwise (1) or back (-1); one report for each of its counts."""
        wheel = self.profile.wheel
        step = -direction if wheel.invert else direction
        reports: list[Report] = []
        for _ in range(wheel.counts_per_detent):
            match wheel:
                case RelativeWheel(code):
                    reports.append(((EV_REL, code.number, step),))
                case AbsoluteWheel(code, modulo):
                    self._turned = (self._turned + step) % modulo
                    reports += self._note([(code.type, code.number, self._turned)])
                case KeyWheel(forward, backward):
                    number = (forward if step > 0 else backward).number
                    reports += [((EV_KEY, number, 1),), ((EV_KEY, number, 0),)]
        return reports

    def push(self, stick: int, way: float) -> list[Report]:
        """Push a stick, by its place in the profile: -1 and 1 are its ends, 0 is its middle."""
        analog = self.profile.analog[stick]
        low, high = ends(analog)
        way = max(-1.0, min(1.0, -way if analog.invert else way))
        middle = (low + high) // 2
        value = middle + round(way * (high - middle if way > 0 else middle - low))
        if analog.code.type == EV_REL and value == 0:
            return []  # the kernel never delivers it, and so such a stick has a button to hold
        return self._note([(analog.code.type, analog.code.number, value)])

    def buttons(self) -> dict[str, tuple[Code, bool]]:
        """Return what can be held: by its name, its code and whether that is closed while nobody holds it."""
        return dict(self._buttons())

    def _buttons(self) -> Iterator[tuple[str, tuple[Code, bool]]]:
        profile = self.profile
        if profile.estop:
            yield "estop", (profile.estop.key, profile.estop.normally_closed)
        if profile.reset:
            yield "reset", (profile.reset, False)
        if profile.enable:
            yield "enable", (profile.enable, False)
        yield from ((f"button.{name}", (code, False)) for name, code in profile.buttons)
        for name, selector in self._selectors():
            if isinstance(selector, StepSelector):
                keys = (("next", selector.next), ("previous", selector.previous))
                yield from ((f"{name}.{way}", (key, False)) for way, key in keys if key)
        for place, stick in enumerate(profile.analog):
            if stick.hold:
                yield f"hold.{place}", (stick.hold, False)

    def _selectors(self) -> Iterator[tuple[str, Selector]]:
        yield "axis", self.profile.axis
        if self.profile.scale:
            yield "scale", self.profile.scale

    def _selection(self, name: str, position: str) -> list[Change]:
        """Return what makes a selector stand at a position, and note that it does."""
        selector = dict(self._selectors())[name]
        self._at[name] = position
        match selector:
            case KeySelector(positions):
                wanted = dict(positions)[position].number
                others = {code.number for _, code in positions} & self._keys - {wanted}
                return [*((EV_KEY, number, 0) for number in sorted(others)), (EV_KEY, wanted, 1)]
            case AbsSelector(code, positions):
                value = {at: number for number, at in reversed(positions)}[position]
                return [(EV_ABS, code.number, value)]
            case StepSelector():
                raise KeyError(f"{name} has no positions that the device sees")

    def _note(self, changes: list[Change]) -> list[Report]:
        """Return a report of what really changes, and take it over into the state."""
        new = []
        for kind, number, value in changes:
            if kind == EV_KEY:
                if (number in self._keys) == bool(value):
                    continue
                (self._keys.add if value else self._keys.discard)(number)
            elif kind == EV_ABS:
                if self._absolutes.get(number) == value:
                    continue
                self._absolutes[number] = value
            elif value == 0:
                continue  # of what is REL, the kernel delivers no 0
            new.append((kind, number, value))
        return [tuple(new)] if new else []


def ends(stick: Analog) -> tuple[int, int]:
    """Return what a stick says at its two ends."""
    return (ENDS[0] if stick.low is None else stick.low, ENDS[1] if stick.high is None else stick.high)
