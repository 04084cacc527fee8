# SPDX-License-Identifier: GPL-2.0-or-later
"""Sticks and spring-loaded rings: how far one is from its middle is how fast an axis goes. Pure.

What is published is held until it changes, so everything here is made to fall to 0: it is 0 unless jogging
is armed, and until the stick was seen in its dead zone since then, since its `hold` was pressed, and since
its axis was selected. Nothing starts by arming, connecting or selecting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from hal_mpg.axis import Axis
from hal_mpg.controls import Controls
from hal_mpg.events import EV_ABS, EV_REL, Change, NodeState
from hal_mpg.outputs import Outputs
from hal_mpg.profile import SELECTED, Analog, Profile

DECIMALS = 3
"""Of what is published. Each change is a command from halui to motion, and a stick is never quite still."""


class Stick:
    """One stick or ring: where it stands, and what follows from that.

    `level` is how far it is beyond its dead zone, -1 to 1; `is_centered`: it is known to be in it. While it
    is not known how it stands, it is neither centered nor beyond anything. `node` carries it, where that is
    known. `is_ready`: it may move `axis`; `was_told`: it was in the frame that is being taken.
    """

    __slots__ = ("_ends", "axis", "form", "is_centered", "is_ready", "level", "node", "was_told")

    def __init__(self, form: Analog) -> None:
        self.form = form
        self.axis: Axis | None = None
        self.is_ready = self.was_told = False
        self.seed(None)

    def seed(self, node: int | None) -> None:
        """Forget everything of the device that was there before."""
        self.node = node
        self._ends = (self.form.low, self.form.high)
        self.forget()

    def forget(self) -> None:
        """Forget how it stands."""
        self.level, self.is_centered = 0.0, False

    def take_range(self, low: int, high: int) -> None:
        """Take between which values the device says that it moves, where the profile does not say it."""
        if self.form.low is None and low < high:
            self._ends = low, high

    def stand_at(self, value: int) -> None:
        """Take where it stands."""
        self.was_told = True
        low, high = self._ends
        if low is None or high is None:
            return
        # Twice as large as they are, so that a middle between two values is a whole number, too.
        way, half = 2 * value - low - high, high - low
        dead_zone = self.form.dead_zone / 1000
        beyond = min(abs(way) / half, 1.0) - dead_zone
        self.is_centered = beyond <= 0
        level = 0.0 if self.is_centered else (beyond / (1 - dead_zone)) ** (self.form.curve / 1000)
        sign = -1 if (way < 0) != self.form.invert else 1
        self.level = sign * round(level, DECIMALS) or 0.0  # and not -0.0


class AnalogControls(Controls):
    """The controls of a pendant that has sticks or rings, too.

    `is_whole`: no frame is half taken, so that all of them stand as the device said at one and the same time.
    """

    def __init__(self, profile: Profile) -> None:
        self.sticks = [Stick(form) for form in profile.analog]
        self.is_whole = True
        self._has_news = False  # the frame that is being taken: something other than detents
        super().__init__(profile)
        self._rings = {
            stick.form.code.number: stick for stick in self.sticks if stick.form.code.type == EV_REL
        }
        self._plain = {
            stick.form.code.number: stick for stick in self.sticks if stick.form.code.type == EV_ABS
        }
        self._values |= {code: stick.stand_at for code, stick in self._plain.items()}
        self._presses |= {form.hold.number for form in profile.analog if form.hold}

    def seed(self, nodes: Sequence[NodeState], may_be_old: bool = False) -> None:
        """Start anew from the state that was read from the device; see `Controls.seed`."""
        for stick in self.sticks:
            stick.seed(0 if len(nodes) == 1 else None)
        super().seed(nodes, may_be_old)

    def _read_state(self, node: int, state: NodeState) -> None:
        for stick in self.sticks:
            kind, code = stick.form.code
            if kind == EV_ABS and code in state.absolutes:
                stick.node = node
                if code in state.ranges:
                    stick.take_range(*state.ranges[code])
            elif node == stick.node:
                stick.forget()
        super()._read_state(node, state)

    def apply(self, node: int, change: Change) -> int | None:
        """Take one raw event of a node; see `Controls.apply`."""
        kind, code, value = change
        if kind == EV_REL and code in self._rings:
            ring = self._rings[code]
            ring.node = node
            ring.stand_at(value)
            detents = None
        else:
            detents = super().apply(node, change)
            if kind == EV_ABS and code in self._plain:
                self._plain[code].node = node
        if detents is None:
            self._has_news, self.is_whole = True, False
        return detents

    def heard(self, node: int) -> bool:
        """Note the end of a frame of a node; tell whether anything follows from that.

        The kernel delivers no relative movement of 0, so a frame without a ring's code says that it is at 0.
        """
        is_first = super().heard(node)
        for ring in self._rings.values():
            if ring.node == node and not ring.was_told and not ring.is_centered:
                ring.stand_at(0)
                self._has_news = True
        for stick in self.sticks:
            stick.was_told = False
        has_news, self._has_news, self.is_whole = self._has_news, False, True
        return is_first or has_news

    def may_move(self, stick: Stick) -> bool:
        """Tell whether a stick's own conditions are met: it was heard of, and its button is held.

        Heard of since the pendant is here, and not only long ago.
        """
        is_known = stick.node is not None and not self._unheard >> stick.node & 1
        return is_known and (stick.form.hold is None or self.is_pressed(stick.form.hold))


class Sticks:
    """All sticks and rings of one pendant, and the axes that they move."""

    def __init__(self, controls: AnalogControls, axes: Mapping[str, Axis], profile: Profile) -> None:
        self._controls = controls
        self._axes = {letter: axes[letter] for letter in profile.analog_axes if letter in axes}
        self.free_at = -inf
        """When the selected axis takes detents again: infinite while a stick moves it."""

    @property
    def is_active(self) -> bool:
        """Whether any of them moves an axis now."""
        return any(axis.is_driven for axis in self._axes.values())

    def distrust(self) -> None:
        """Have every stick seen in its dead zone again before it moves anything."""
        for stick in self._controls.sticks:
            stick.is_ready = False

    def update(self, out: Outputs, may_move: bool, selected: Axis | None, now: float) -> None:
        """Work out what the sticks move. `may_move`: jogging is armed; `selected`: the selector's axis."""
        levels = dict.fromkeys(self._axes, 0.0)
        for stick in self._controls.sticks:
            axis = selected if stick.form.axis == SELECTED else self._axes.get(stick.form.axis)
            is_free = may_move and self._controls.may_move(stick)
            if not is_free or axis is not stick.axis:
                stick.axis, stick.is_ready = axis, False
            if is_free and stick.is_centered and self._controls.is_whole:
                stick.is_ready = True
            if stick.is_ready and axis is not None:
                levels[axis.steps.axis] += stick.level
        for letter, axis in self._axes.items():
            level = max(-1.0, min(levels[letter], 1.0))
            out.set(axis.analog_pin, level)
            axis.drive(level != 0, now)
        self.free_at = selected.free_at if selected else -inf


def with_sticks(profile: Profile, axes: Mapping[str, Axis]) -> tuple[Controls, Sticks]:
    """Return the controls of a pendant that has sticks or rings, and what these do to the axes."""
    controls = AnalogControls(profile)
    return controls, Sticks(controls, axes, profile)
