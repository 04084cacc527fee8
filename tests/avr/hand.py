# SPDX-License-Identifier: GPL-2.0-or-later
"""A hand at the pendant: turns it into edges that bounce, and keeps the truth of what it did.

What is written is a script for `board.c`. Nothing of the firmware and of hal_mpg is known here: contacts are
closed or open, the wheel's two contacts go through their four states, and a detent is where it clicks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random

from tests.avr.reader import Held

STATES = ((1, 1), (0, 1), (0, 0), (1, 0))
"""A and B through one detent, clockwise; the first is where the wheel rests."""

CLICK = 3
"""After so many of a detent's four edges it snaps into the next one."""

OPEN, CLOSED = 1, 0
"""Levels, with pull-up resistors."""

QUICKEST_US = 8000
"""No hand turns a selector on, or presses a button again, sooner after its contact has come to rest."""

START_US = 100_000
"""From power on until the pendant has said how it stands."""


class Hand:
    """Writes a script."""

    def __init__(self, rng: Random, pins: Mapping[str, str], axis: str = "x", scale: str = "x1") -> None:
        """Begin with the wheel at rest, the E-stop released, the enabling button not held."""
        self.rng = rng
        self.pins = pins
        self.lines: list[str] = []
        self.edges = self.reversals = self.switched = 0
        self.turned: Counter[Held] = Counter()
        """The truth: detents by what was selected and held."""
        self.clicks: Counter[Held] = Counter()
        """The same, whatever the direction."""
        self.axis, self.scale = axis, scale
        self.closed = {"estop"}
        self.count = 0
        """Edges, all in all."""
        self.detent = 0
        self._direction = 0
        self._waiting_us = self._now_us = 0.0
        self._free_us: dict[str, float] = {}
        for pin in (
            "wheel-a",
            "wheel-b",
            "x",
            "y",
            "z",
            "a",
            "b",
            "c",
            "x1",
            "x10",
            "x100",
            "enable",
            "home",
            "reset",
        ):
            self.level(pin, OPEN)
        for pin in (axis, scale, "estop"):
            self.level(pin, CLOSED)
        self.wait(START_US)

    def wait(self, us: float) -> None:
        """Do nothing for a while."""
        self._waiting_us += us
        self._now_us += us

    def act(self, what: str) -> None:
        """Write any act of a script."""
        self.lines.append(f"{self._waiting_us:.2f} {what}")
        self._waiting_us = 0.0

    def script(self) -> list[str]:
        """Return all lines, and the end after what was waited for last."""
        return [*self.lines, f"{self._waiting_us:.2f} end"]

    def level(self, pin: str, level: int) -> None:
        """Set a pin's level, without bouncing."""
        self.act(f"{self.pins[pin]} {level}")

    def change(self, pin: str, level: int, bounces_us: Iterable[float] = ()) -> None:
        """Change a pin's level; it goes to and fro, with these times between, an even number of them."""
        self.level(pin, level)
        now = level
        for us in bounces_us:
            self.wait(us)
            now = 1 - now
            self.level(pin, now)
        if now != level:
            raise ValueError("an odd number of bounces")

    def bounces(self, most: int, longest_us: float) -> list[float]:
        """Return random bounces, none in a third of the cases."""
        pairs = self.rng.choice((0, self.rng.randint(1, most), self.rng.randint(1, most)))
        return [self.rng.uniform(1, longest_us) for _ in range(2 * pairs)]

    # The wheel

    def held(self) -> Held:
        """Return what is selected and held."""
        return Held(self.axis, self.scale, frozenset(self.closed))

    def edge(self, direction: int, gap_us: float, bounces_us: Iterable[float] = ()) -> None:
        """Turn by one edge; `gap_us` before it."""
        self.wait(gap_us)
        if direction == -self._direction:
            self.reversals += 1
        self._direction = direction
        before = STATES[self.count % 4]
        self.count += direction
        after = STATES[self.count % 4]
        self.edges += 1
        if before[0] != after[0]:
            self.change("wheel-a", after[0], bounces_us)
        else:
            self.change("wheel-b", after[1], bounces_us)
        if abs(self.count - 4 * self.detent) >= CLICK:
            self.detent += direction
            self.turned[self.held()] += direction
            self.clicks[self.held()] += 1

    def turn(self, detents: int, gap_us: float = 1000.0) -> None:
        """Turn by whole detents, as fast as one edge in `gap_us`; backwards if negative."""
        direction = 1 if detents > 0 else -1
        for _ in range(4 * abs(detents)):
            self.edge(direction, self.rng.uniform(0.7, 1.3) * gap_us, self.bounces(4, gap_us / 40))

    def to_rest(self, gap_us: float = 1000.0) -> None:
        """Turn on to the detent that it has snapped into."""
        while self.count != 4 * self.detent:
            self.edge(1 if self.count < 4 * self.detent else -1, gap_us)

    # The switches

    def select(self, control: str, position: str, gap_us: float, bounces_us: Iterable[float] = ()) -> None:
        """Turn a selector ("axis" or "scale"): its contact opens, and `gap_us` later another one closes."""
        old = self.axis if control == "axis" else self.scale
        self._take_hold(control)
        self.switched += 1
        if old:
            self.change(old, OPEN, bounces_us)
        self.selected(control, "")
        self.wait(gap_us)
        if position:
            self.change(position, CLOSED, bounces_us)
        self.selected(control, position)
        self._free_us[control] = self._now_us + QUICKEST_US

    def selected(self, control: str, position: str) -> None:
        """Note what a selector stands at from now on."""
        if control == "axis":
            self.axis = position
        else:
            self.scale = position

    def press(self, switch: str, closed: bool, bounces_us: Iterable[float] = ()) -> None:
        """Close or open a switch's contact, when the selectors are at rest."""
        for control in ("axis", "scale", switch):
            self._take_hold(control)
        self.switched += 1
        self.change(switch, CLOSED if closed else OPEN, bounces_us)
        (self.closed.add if closed else self.closed.discard)(switch)
        self._free_us[switch] = self._now_us + QUICKEST_US

    def _take_hold(self, control: str) -> None:
        self.wait(max(0.0, self._free_us.get(control, 0.0) - self._now_us))
