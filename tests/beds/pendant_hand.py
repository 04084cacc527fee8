# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant of any profile, and the hand on it: what it says when it is turned, set and pressed.

It knows the profile and nothing of hal_mpg's decoders; what it says goes to `emit`, one frame at a time: to
a simulated device, an emulated one, or one of the kernel's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Change
from hal_mpg.profile import (
    AbsoluteWheel,
    AbsSelector,
    Code,
    KeySelector,
    KeyWheel,
    Profile,
    Selector,
    StepSelector,
)

Emit = Callable[[Sequence[Change]], None]


class Hand:
    """Turns, sets and presses. `held` and `absolutes` are how the switches stand.

    `per_event`: how many counts the wheel puts into one event. `bounces`: a detent may jump back and forth.
    """

    def __init__(
        self, profile: Profile, emit: Emit, random: Random, per_event: int = 1, bounces: bool = False
    ) -> None:
        self.profile = profile
        self._emit = emit
        self._random = random
        self._per_event = per_event
        self._bounces = bounces
        self.held: set[int] = set()
        self.absolutes: dict[int, int] = {}
        self.place = 0
        """Where an absolute wheel stands."""
        self._set_up()

    def _set_up(self) -> None:
        if isinstance(self.profile.wheel, AbsoluteWheel):
            self.place = self._random.randrange(self.profile.wheel.modulo)
            if self.profile.wheel.code.type == EV_ABS:
                self.absolutes[self.profile.wheel.code.number] = self.place
        for selector in (self.profile.axis, self.profile.scale):
            match selector:
                case KeySelector(positions):
                    self.held.add(self._random.choice(positions)[1].number)
                case AbsSelector(code, values):
                    # Of several values for one position, it has the first.
                    first = {name: value for value, name in reversed(values)}
                    self.absolutes[code.number] = self._random.choice(list(first.values()))
        if self.profile.estop and self.profile.estop.normally_closed:
            self.held.add(self.profile.estop.key.number)

    # The wheel.

    def turn(self, clicks: int) -> None:
        """Turn the wheel, clockwise where positive."""
        direction = 1 if clicks > 0 else -1
        for _ in range(abs(clicks)):
            self._click(direction)
            if self._bounces and self._random.random() < 0.2:
                self._click(-direction)
                self._click(direction)

    def turn_past_the_end(self, direction: int) -> None:
        """Turn an absolute wheel on until its position has started anew, and a little more."""
        wheel = self.profile.wheel
        assert isinstance(wheel, AbsoluteWheel)
        sign = -direction if wheel.invert else direction
        counts = self.place + 1 if sign < 0 else wheel.modulo - self.place
        self.turn(direction * (counts // wheel.counts_per_detent + 3))

    def _click(self, direction: int) -> None:
        wheel = self.profile.wheel
        counts = direction * wheel.counts_per_detent * (-1 if wheel.invert else 1)
        left = abs(counts)
        while left:
            step = min(left, self._per_event)
            self._turned(step if counts > 0 else -step)
            left -= step

    def _turned(self, counts: int) -> None:
        match self.profile.wheel:
            case KeyWheel(forward, backward):
                for _ in range(abs(counts)):
                    self.tap(forward if counts > 0 else backward)
            case AbsoluteWheel(code, modulo):
                self.place = (self.place + counts) % modulo
                if code.type == EV_ABS:
                    self.stand_at(code, self.place)
                elif self.place:  # the kernel never delivers REL 0
                    self._emit([(EV_REL, code.number, self.place)])
            case wheel:
                self._emit([(EV_REL, wheel.code.number, counts)])

    # Selectors.

    def set(self, selector: Selector | None, position: str) -> None:
        """Set a selector with positions; between two of them it passes nothing, or both for a moment."""
        match selector:
            case KeySelector(positions):
                codes = {code.number for _, code in positions}
                wanted = {code.number for name, code in positions if name == position}
                gone, come = (self.held & codes) - wanted, wanted - self.held
                self._change(gone, come, self._random.random() < 0.5)
            case AbsSelector(code, values):
                named = [value for value, name in values if name == position]
                if self.absolutes[code.number] not in named:
                    self.stand_at(code, named[0])
            case _:
                raise ValueError(f"{selector} cannot be set")

    def _change(self, gone: set[int], come: set[int], at_once: bool) -> None:
        changes = [(EV_KEY, key, 0) for key in gone], [(EV_KEY, key, 1) for key in come]
        self.held = self.held - gone | come
        for frame in [changes[0] + changes[1]] if at_once else changes:
            if frame:
                self._emit(frame)

    def step(self, selector: Selector | None, forward: bool) -> None:
        """Press the button of a selector that steps."""
        assert isinstance(selector, StepSelector)
        key = selector.next if forward else selector.previous
        assert key
        self.tap(key)

    # Buttons.

    def press(self, key: Code) -> None:
        self.held.add(key.number)
        self._emit([(EV_KEY, key.number, 1)])

    def release(self, key: Code) -> None:
        self.held.discard(key.number)
        self._emit([(EV_KEY, key.number, 0)])

    def tap(self, key: Code) -> None:
        """Press and let go."""
        self.press(key)
        self.release(key)

    def estop(self, pressed: bool) -> None:
        """Press the E-stop, or release it."""
        estop = self.profile.estop
        assert estop
        (self.release if pressed == estop.normally_closed else self.press)(estop.key)

    def stand_at(self, code: Code, value: int) -> None:
        """Move an absolute axis."""
        self.absolutes[code.number] = value
        self._emit([(EV_ABS, code.number, value)])
