# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's pendant: one that a program plays, with what the demo's keys and its tour do to it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from pathlib import Path

from hal_mpg.events import Connected, Frame
from hal_mpg.profile import Profile
from hal_mpg.virtual.cable import Cable
from hal_mpg.virtual.device import Device, Report, all_positions

DETENT_S = 0.03
"""From one detent to the next: a hand that turns the wheel at a leisurely pace."""

MAX_PENDING = 20
"""Detents that may still be to come; a key that is held down does not spin the wheel for ever."""

RESET_S = 0.2
"""How long a press of the reset button lasts."""


class DemoPendant:
    """A pendant with an axis and a scale selector, E-stop, reset and enabling button."""

    def __init__(self, profile: Profile, path: Path, owner: tuple[int, int] | None) -> None:
        """Make a pendant that is unplugged. `path` is the socket's; `owner`: see `cable.listen`."""
        self._device, self._cable = Device(profile), Cable(path, owner)
        axis, scale = self._device.position("axis"), self._device.position("scale")
        buttons = {*self._device.buttons()}
        if not (axis and scale and profile.scale and {"estop", "reset", "enable"} <= buttons):
            raise TypeError("the demo plays generic pendants only")
        self.axes, self.scales = all_positions(profile.axis), all_positions(profile.scale)
        self.axis, self.scale = axis, scale
        self._pending, self._next_at, self._reset_until = 0, 0.0, 0.0
        self.estop_pressed = self.estop_cut = False

    @property
    def is_plugged_in(self) -> bool:
        """Whether hal_mpg can find it, or has."""
        return self._cable.is_plugged_in

    @property
    def is_busy(self) -> bool:
        """Whether a turn of the wheel or a press of the reset button is still under way."""
        return bool(self._pending) or self.reset_held

    @property
    def enable_held(self) -> bool:
        """Whether the enabling button is held."""
        return self._device.is_held("enable")

    @property
    def reset_held(self) -> bool:
        """Whether the reset button is held."""
        return self._device.is_held("reset")

    def plug_in(self) -> None:
        """Let hal_mpg find the pendant."""
        self._cable.plug_in()

    def unplug(self) -> None:
        """Pull the plug."""
        self._cable.unplug()
        self._pending = 0

    def descriptors(self) -> list[socket.socket]:
        """Return what to wait for: call `pump` when one of them can be read."""
        return self._cable.descriptors()

    def pump(self, now: float) -> None:
        """Do what is due: meet hal_mpg, send the next detent, let the reset button go."""
        if self._cable.meet():
            self._cable.say(Connected(now, (self._device.state,)))
        if self.reset_held and now >= self._reset_until:
            self._say(self._device.hold("reset", False))
        if self._pending and now >= self._next_at:
            self._next_at = now + DETENT_S
            step = 1 if self._pending > 0 else -1
            self._pending -= step
            self.detent(step)

    def look(self) -> None:
        """Take what hal_mpg says (nobody looks at the lamps), and notice that it has gone."""
        self._cable.read()

    def turn(self, detents: int) -> None:
        """Turn the wheel, one detent after the other; backwards if negative."""
        self._pending = max(-MAX_PENDING, min(MAX_PENDING, self._pending + detents))

    def detent(self, direction: int) -> None:
        """Turn the wheel by one detent, 1 or -1, at this instant."""
        self._say(self._device.turn(direction))

    def select(self, axis: str, scale: str) -> None:
        """Turn the selectors."""
        self.axis, self.scale = axis, scale
        self._say([*self._device.select("axis", axis), *self._device.select("scale", scale)])

    def press_estop(self, pressed: bool) -> None:
        """Press the E-stop button, which opens its contact; or release it."""
        self.estop_pressed = pressed
        self._say(self._device.hold("estop", self.estop_pressed or self.estop_cut))

    def cut_estop(self, cut: bool) -> None:
        """Cut the wire of the E-stop's contact, or mend it."""
        self.estop_cut = cut
        self._say(self._device.hold("estop", self.estop_pressed or self.estop_cut))

    def hold_enable(self, held: bool) -> None:
        """Hold the enabling button, or let it go."""
        self._say(self._device.hold("enable", held))

    def press_reset(self) -> None:
        """Press the reset button; `pump` lets it go."""
        self._reset_until = time.monotonic() + RESET_S
        self._say(self._device.hold("reset", True))

    def _say(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self._cable.say(Frame(time.monotonic(), 0, report))
