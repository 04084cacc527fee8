# SPDX-License-Identifier: GPL-2.0-or-later
"""Sticks in thousands of random sequences, beside a plain reckoning of when anything may move at all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Frame, PinWrite
from hal_mpg.pendant import STALE_S
from tests.core.bed import CONTACT, ENABLE, READY, REL_DIAL, Bed, X, Y, Z, make_profile

STICK, RING, HOLD = 0, 8, 0x136  # ABS_X, REL_WHEEL, BTN_TL
PROFILE = make_profile(
    analog="[{abs: ABS_X, range: [0, 200], axis: x, dead-zone: 0.2, hold: BTN_TL}, "
    "{rel-absolute: REL_WHEEL, range: [-7, 7], axis: selected, dead-zone: 0, hold: BTN_TL}]"
)
AXES = {X: "x", Y: "y", Z: "z"}
PLACES = (100, 100, 100, 81, 119, 79, 121, 0, 200, 150)
ACTS = 60


class Reckoning:
    """What a person at the machine knows: may anything move, and since when was the stick in its middle."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.bed = Bed(PROFILE)
        self.stick, self.axis = 100, X
        self.ring: int | None = 0  # None: nobody knows, before the next frame
        self.connected, self.gates_are_open = False, True
        self.enabled = self.held = False  # pressed since it was plugged in
        self.centered = {"stick": False, "ring": False}

    def is_well(self) -> bool:
        """Tell whether jogging may be armed."""
        return self.connected and CONTACT in self.bed.held and self.enabled and self.gates_are_open

    def settle(self, before: str | None) -> None:
        """Take what follows from the last act; `before`: the axis that was selected before it."""
        if not (self.is_well() and self.held):
            self.centered = {"stick": False, "ring": False}
        elif self.bed["armed"]:
            if AXES[self.axis] != before:
                self.centered["ring"] = False
            self.centered["stick"] |= abs(self.stick - 100) <= 20
            self.centered["ring"] |= self.ring == 0
        else:
            self.centered = {"stick": False, "ring": False}

    def levels(self) -> dict[str, float]:
        """Return what the sticks ask for, where they may."""
        way = (abs(self.stick - 100) / 100 - 0.2) / 0.8
        stick = 0.0 if way <= 0 else round(way, 3) * (1 if self.stick > 100 else -1)
        found = {"x": stick if self.centered["stick"] else 0.0, "y": 0.0, "z": 0.0, "a": 0.0}
        if self.centered["ring"]:
            found[AXES[self.axis]] += round((self.ring or 0) / 7, 3)
        return {axis: max(-1.0, min(level, 1.0)) for axis, level in found.items()}

    # What happens.

    def do(self, act: Callable[[Reckoning], None]) -> None:
        """Let something happen; look at each write, and at what the pins show then."""
        before, seen = AXES[self.axis], len(self.bed.log)
        pins = dict(self.bed.pins)
        counted = {axis: self.bed[f"axis.{axis}.jog-counts"] for axis in "xyza"}
        act(self)
        self.settle(before if self.connected else None)
        for _, write in self.bed.log[seen:]:
            self.look_at(write, pins)
        shown = {axis: self.bed[f"axis.{axis}.analog"] for axis in "xyza"}
        assert shown == pytest.approx(self.levels(), abs=1e-9)
        for axis in "xyza":
            if pins[f"axis.{axis}.analog"] and shown[axis]:
                assert self.bed[f"axis.{axis}.jog-counts"] == counted[axis], "it is moved by a stick"

    def look_at(self, write: PinWrite, pins: dict[str, object]) -> None:
        """Look at one write, when those before it were made and those after it were not."""
        if write.pin == "armed" and not write.value:
            moving = [pin for pin in pins if pin.endswith(".analog") and pins[pin]]
            assert not moving, "what moves is stopped before anything else but the E-stop"
        pins[write.pin] = write.value
        if write.pin.endswith(".analog") and write.value:
            assert pins["armed"] is True
            assert pins["estop-ok"] is True

    def frame(self, *changes: tuple[int, int, int]) -> None:
        """Report; a frame that says nothing of the ring says that it is at 0."""
        if self.connected:
            if not any(change[:2] == (EV_REL, RING) for change in changes):
                self.ring = 0
            self.bed.frame(*changes)

    def key(self, code: int, held: bool) -> None:
        (self.bed.held.add if held else self.bed.held.discard)(code)
        self.frame((EV_KEY, code, int(held)))

    def move(self) -> None:
        self.stick = self.random.choice(PLACES)
        self.frame((EV_ABS, STICK, self.stick))

    def turn_ring(self) -> None:
        value = self.random.choice((0, 0, 1, -3, 7, -7))
        if self.connected:
            self.ring = value
            self.frame(*([(EV_REL, RING, value)] if value else [(EV_REL, 1, 1)]))

    def turn(self) -> None:
        detents = self.random.choice((1, 2))
        if self.connected:
            before = self.taken()
            self.frame((EV_REL, REL_DIAL, detents))
            assert self.taken() == before + abs(detents), "each detent is counted or dropped"

    def taken(self) -> int:
        """Return how many detents are on a counter, or dropped; only ever turned one way on each."""
        counted = sum(abs(int(self.bed[f"axis.{axis}.jog-counts"])) for axis in "xyza")
        return counted + int(self.bed["dropped"])

    def enable(self) -> None:
        if self.connected:
            self.enabled = not self.enabled
            self.key(ENABLE, self.enabled)

    def hold(self) -> None:
        if self.connected:
            self.held = not self.held
            self.key(HOLD, self.held)

    def hold_and_move(self) -> None:
        """In one frame, in any order; the ring, too."""
        if not self.connected:
            return
        self.held, self.stick = not self.held, self.random.choice(PLACES)
        (self.bed.held.add if self.held else self.bed.held.discard)(HOLD)
        changes = [(EV_KEY, HOLD, int(self.held)), (EV_ABS, STICK, self.stick)]
        self.ring = self.random.choice((0, 5))
        changes += [(EV_REL, RING, self.ring)] if self.ring else []
        self.random.shuffle(changes)
        self.frame(*changes)

    def estop(self) -> None:
        self.key(CONTACT, CONTACT not in self.bed.held)

    def select(self) -> None:
        if self.connected:
            old, self.axis = self.axis, self.random.choice([X, Y, Z])
            if old != self.axis:
                self.bed.held -= {old}
                self.bed.held.add(self.axis)
                self.frame((EV_KEY, old, 0), (EV_KEY, self.axis, 1))

    def gates(self) -> None:
        self.gates_are_open = self.random.random() < 0.6
        well = [True, True, False]
        if not self.gates_are_open:
            place = self.random.randrange(3)
            well[place] = not well[place]
        self.bed.gates(*well)

    def plug(self) -> None:
        self.connected = not self.connected
        self.enabled = self.held = False
        self.ring = 0
        if self.connected:
            self.axis = X
            self.bed.plug_in(READY, {STICK: self.stick})
        else:
            self.bed.unplug()

    def lose(self) -> None:
        if self.connected:
            self.stick = self.random.choice(PLACES)
            self.bed.lose_events(absolutes={STICK: self.stick})
            self.centered = {"stick": False, "ring": False}
            self.ring = None

    def stale(self) -> None:
        """Stand still, and read too late what the stick did meanwhile."""
        if self.connected:
            self.bed.now += 3.0
            self.stick, self.ring = self.random.choice(PLACES), 0
            self.bed.handle(Frame(self.bed.now - STALE_S - 1.0, 0, ((EV_ABS, STICK, self.stick),)))
            self.centered = dict.fromkeys(self.centered, False)

    def wait(self) -> None:
        self.bed.wait(self.random.choice((0.0, 0.01, 0.1, 0.3, 1.0)))

    def make_ready(self) -> None:
        """Have everything as it is when somebody jogs."""
        if not self.connected:
            self.plug()
        if CONTACT not in self.bed.held:
            self.estop()
        if not self.enabled:
            self.enable()
        self.gates_are_open = True
        self.bed.gates()
        self.bed.wait(1.0)
        assert self.bed["armed"] is True, f"why-not {self.bed['why-not']}"


DOINGS = (
    *(
        Reckoning.move,
        Reckoning.move,
        Reckoning.move,
        Reckoning.turn_ring,
        Reckoning.turn_ring,
        Reckoning.turn,
    ),
    *(
        Reckoning.hold,
        Reckoning.hold,
        Reckoning.hold_and_move,
        Reckoning.wait,
        Reckoning.wait,
        Reckoning.select,
    ),
    *(Reckoning.enable, Reckoning.estop, Reckoning.gates, Reckoning.plug, Reckoning.lose, Reckoning.stale),
    *(Reckoning.make_ready, Reckoning.make_ready),
)


@pytest.mark.parametrize("seed", range(300))
def test_whatever_happens_nothing_moves_that_may_not(seed: int) -> None:
    random = Random(seed)
    reckoning = Reckoning(random)
    for _ in range(ACTS):
        reckoning.do(random.choice(DOINGS))
