# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant on a table: made-up time, made-up hands, and the pins as HAL would show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    EV_REL,
    AxisLimit,
    Change,
    Connected,
    Disconnected,
    Event,
    EventsLost,
    Frame,
    Gates,
    NodeState,
    PinValue,
    PinWrite,
    Snapshot,
)
from hal_mpg.machine import Machine
from hal_mpg.pendant import STALE_S, Pendant
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile

# linux/input-event-codes.h
REL_DIAL, ABS_WHEEL, ABS_RX, ABS_RY = 7, 8, 3, 4
X, Y, Z, A = 0x120, 0x121, 0x122, 0x123  # BTN_TRIGGER ...
X1, X10, X100 = 0x126, 0x127, 0x128  # BTN_BASE ...
CONTACT, RESET, ENABLE, HOME, FEED = 0x129, 0x12A, 0x12B, 0x12F, 0x12C
EPS = 1e-9
"""Seconds that are lost in adding floats."""
READY = frozenset({X, X1, CONTACT})
"""What is held on a pendant that only lacks the enabling button."""

HEAD = """\
name: test
match: [{name: test}]
increments:
  x1: {mm: 0.001, inch: 0.0001, degree: 0.01}
  x10: {mm: 0.01, inch: 0.001, degree: 0.1}
  x100: {mm: 0.1, inch: 0.01, degree: 1.0}
"""
CONTROLS = {
    "wheel": "{rel: REL_DIAL}",
    "axis": "{keys: {x: 0x120, y: 0x121, z: 0x122, a: 0x123, feed-override: 0x12c}}",
    "scale": "{keys: {x1: 0x126, x10: 0x127, x100: 0x128}}",
    "estop": "{key: 0x129}",
    "reset": "{key: 0x12a}",
    "enable": "{key: 0x12b}",
    "buttons": "{home: 0x12f}",
    "leds": "{ready: LED_MISC}",
}


def make_profile(head: str = HEAD, without: Iterable[str] = (), **controls: str) -> Profile:
    """Return a profile like the generic ones, with some controls replaced or left out."""
    lines = {name: text for name, text in (CONTROLS | controls).items() if name not in without}
    text = head + "controls:\n" + "".join(f"  {name}: {form}\n" for name, form in lines.items())
    return load_profile(text, "test.yaml")


def foreseen(pendant: Pendant, events: Sequence[Event], now: float) -> list[PinWrite]:
    """Return the write that the runner makes before these events are handled (see `hal_mpg.shortcut`)."""
    if len(events) != 1 or not isinstance(events[0], Frame) or len(events[0].changes) != 1:
        return []
    frame = events[0]
    write = pendant.foreseen.get(frame.changes[0])
    if write is None or now - frame.time > STALE_S:
        return []
    pendant.was_made(write)
    return [write]


class Bed:
    """Does what the runner does: hands over events, and ticks exactly when a deadline has come."""

    def __init__(self, profile: Profile | None = None, machine: Machine | None = None) -> None:
        self.pendant = Pendant(profile or make_profile(), machine or Machine())
        self.now = 100.0
        self.pins: dict[str, PinValue] = {pin.name: pin.initial for pin in self.pendant.pins}
        self.log: list[tuple[float, PinWrite]] = []
        self.held: set[int] = set()
        self._write(self.pendant.tick(self.now))

    def __getitem__(self, pin: str) -> PinValue:
        return self.pins[pin]

    def _write(self, writes: list[PinWrite]) -> list[PinWrite]:
        for pin, value in writes:
            assert type(value) is type(self.pins.get(pin)), f"{pin} is no pin for {value!r}"
            self.pins[pin] = value
        self.log += [(self.now, write) for write in writes]
        return writes

    def handle(self, *events: Event) -> list[PinWrite]:
        """Hand over one batch of events that are read now; return all writes that follow at once."""
        writes = self._write(self.pendant.handle(events, self.now))
        deadline = self.pendant.next_deadline()
        if deadline is not None and deadline <= self.now:
            writes = writes + self._write(self.pendant.tick(self.now))
        return writes

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        ticks = 0
        while (deadline := self.pendant.next_deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self._write(self.pendant.tick(self.now))
            ticks += 1
            assert ticks < 1000, "a deadline that never goes away"
        self.now = end

    # Hands.

    def plug_in(self, keys: Iterable[int] = READY, absolutes: Mapping[int, int] | None = None) -> None:
        """Plug in a pendant of one node, on which these keys are held."""
        self.held = set(keys)
        self.handle(Connected(self.now, (self.state(absolutes),)))

    def state(self, absolutes: Mapping[int, int] | None = None) -> NodeState:
        """Return what the device would say if it were asked now."""
        return NodeState(frozenset(self.held), absolutes or {})

    def unplug(self) -> list[PinWrite]:
        """Pull the plug."""
        self.held.clear()
        return self.handle(Disconnected(self.now, "unplugged"))

    def press(self, *keys: int) -> list[PinWrite]:
        """Press keys, all in one frame."""
        self.held.update(keys)
        return self.frame(*((EV_KEY, key, 1) for key in keys))

    def release(self, *keys: int) -> list[PinWrite]:
        """Release keys, all in one frame."""
        self.held.difference_update(keys)
        return self.frame(*((EV_KEY, key, 0) for key in keys))

    def switch(self, old: int, new: int) -> None:
        """Turn a selector from one position to another."""
        self.release(old)
        self.press(new)

    def turn(self, value: int, code: int = REL_DIAL) -> list[PinWrite]:
        """Turn a relative wheel."""
        return self.frame((EV_REL, code, value))

    def stand_at(self, value: int, code: int = ABS_WHEEL) -> list[PinWrite]:
        """Move an absolute axis, perhaps the wheel, to a value."""
        return self.frame((EV_ABS, code, value))

    def frame(self, *changes: Change, node: int = 0) -> list[PinWrite]:
        """Report changes as one frame."""
        return self.handle(Frame(self.now, node, changes))

    def lose_events(self, *void: Change, absolutes: Mapping[int, int] | None = None) -> None:
        """Lose events, and read the state again, as a source does."""
        self.handle(EventsLost(self.now, 0, void), Snapshot(self.now, 0, self.state(absolutes)))

    def gates(self, on: bool = True, manual: bool = True, inhibit: bool = False) -> list[PinWrite]:
        """Set the gates as HAL would."""
        return self.handle(Gates(on, manual, inhibit))

    def limit(self, axis: str, velocity: float, acceleration: float) -> None:
        """Set the limits of an axis as HAL would."""
        self.handle(AxisLimit(axis, velocity, acceleration))

    def arm(self, keys: Iterable[int] = READY, absolutes: Mapping[int, int] | None = None) -> Bed:
        """Plug in, hold the enabling button, wait: armed."""
        self.plug_in(keys, absolutes)
        self.wait(1.0)
        self.press(ENABLE)
        self.wait(1.0)
        assert self["armed"] is True, f"why-not {self['why-not']}"
        return self

    # What the pins did.

    def times(self, pin: str, value: PinValue) -> list[float]:
        """Return when a pin was written with a value."""
        return [time for time, write in self.log if write == (pin, value)]

    def jog_counts(self) -> dict[str, PinValue]:
        """Return the counter of each axis that is not 0."""
        found = {pin.split(".")[1]: value for pin, value in self.pins.items() if pin.endswith(".jog-counts")}
        return {axis: value for axis, value in found.items() if value}


def places(writes: list[PinWrite]) -> dict[str, int]:
    """Return at which place in a batch each pin was written."""
    return {write.pin: place for place, write in enumerate(writes)}
