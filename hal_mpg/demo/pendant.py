# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's pendant: the other end of a `source: virtual` profile, with controls to press and turn."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path

from hal_mpg.demo.link import Lines, listen
from hal_mpg.events import EV_KEY, Change, Connected, DeviceEvent, Frame, NodeState, to_line
from hal_mpg.profile import Code, KeySelector, Profile, RelativeWheel

DETENT_S = 0.03
"""From one detent to the next: a hand that turns the wheel at a leisurely pace."""

MAX_PENDING = 20
"""Detents that may still be to come; a key that is held down does not spin the wheel for ever."""

RESET_S = 0.2
"""How long a press of the reset button lasts."""


class DemoPendant:
    """A pendant with an axis and a scale selector, E-stop, reset and enabling button."""

    def __init__(self, profile: Profile, path: Path, owner: tuple[int, int] | None) -> None:
        """Make a pendant that is unplugged. `path` is the socket's; `owner`: see `listen`."""
        if not (
            isinstance(profile.axis, KeySelector)
            and isinstance(profile.scale, KeySelector)
            and isinstance(profile.wheel, RelativeWheel)
            and profile.estop
            and profile.reset
            and profile.enable
        ):
            raise TypeError("the demo plays generic pendants only")
        self._axes = dict(profile.axis.positions)
        self._scales = dict(profile.scale.positions)
        self._wheel, self._estop = profile.wheel.code, profile.estop.key
        self._reset, self._enable = profile.reset, profile.enable
        self._path, self._owner = path, owner
        self._listener: socket.socket | None = None
        self._peer: Lines | None = None
        self._pending, self._next_at, self._reset_until = 0, 0.0, 0.0
        self.axis, self.scale = next(iter(self._axes)), next(iter(self._scales))
        self.estop_pressed = self.estop_cut = self.enable_held = self.reset_held = False
        self._told: frozenset[int] = frozenset()

    @property
    def axes(self) -> tuple[str, ...]:
        """The positions of the axis selector."""
        return tuple(self._axes)

    @property
    def scales(self) -> tuple[str, ...]:
        """The positions of the scale selector."""
        return tuple(self._scales)

    @property
    def is_plugged_in(self) -> bool:
        """Whether hal_mpg can find it, or has."""
        return self._listener is not None

    @property
    def is_busy(self) -> bool:
        """Whether a turn of the wheel or a press of the reset button is still under way."""
        return bool(self._pending) or self.reset_held

    def plug_in(self) -> None:
        """Let hal_mpg find the pendant."""
        if not self._listener:
            self._listener = listen(self._path, self._owner)

    def unplug(self) -> None:
        """Pull the plug."""
        for end in (self._peer, self._listener):
            if end:
                end.close()
        self._peer = self._listener = None
        self._pending = 0
        self._path.unlink(missing_ok=True)

    def descriptors(self) -> list[socket.socket]:
        """Return what to wait for: call `pump` when one of them can be read."""
        if self._peer:
            return [self._peer.socket]
        return [self._listener] if self._listener else []

    def pump(self, now: float) -> None:
        """Do what is due: meet hal_mpg, send the next detent, let the reset button go."""
        if self._listener and not self._peer:
            with suppress(BlockingIOError):
                self._peer = Lines(self._listener.accept()[0])
                self._peer.socket.setblocking(False)
                self._told = self._keys()
                self._say(Connected(now, (NodeState(self._told, {}),)))
        if self.reset_held and now >= self._reset_until:
            self.reset_held = False
            self._tell_keys()
        if self._pending and now >= self._next_at:
            self._next_at = now + DETENT_S
            step = 1 if self._pending > 0 else -1
            self._pending -= step
            self.detent(step)

    def look(self) -> None:
        """Take what hal_mpg says (nobody looks at the lamps), and notice that it has gone."""
        if self._peer:
            self._peer.read()
            if not self._peer.is_open:
                self._peer.close()
                self._peer = None

    def turn(self, detents: int) -> None:
        """Turn the wheel, one detent after the other; backwards if negative."""
        self._pending = max(-MAX_PENDING, min(MAX_PENDING, self._pending + detents))

    def detent(self, direction: int) -> None:
        """Turn the wheel by one detent, 1 or -1, at this instant."""
        self._report((*self._wheel, direction))

    def select(self, axis: str, scale: str) -> None:
        """Turn the selectors."""
        self.axis, self.scale = axis, scale
        self._tell_keys()

    def press_estop(self, pressed: bool) -> None:
        """Press the E-stop button, which opens its contact; or release it."""
        self.estop_pressed = pressed
        self._tell_keys()

    def cut_estop(self, cut: bool) -> None:
        """Cut the wire of the E-stop's contact, or mend it."""
        self.estop_cut = cut
        self._tell_keys()

    def hold_enable(self, held: bool) -> None:
        """Hold the enabling button, or let it go."""
        self.enable_held = held
        self._tell_keys()

    def press_reset(self) -> None:
        """Press the reset button; `pump` lets it go."""
        self.reset_held, self._reset_until = True, time.monotonic() + RESET_S
        self._tell_keys()

    def _keys(self) -> frozenset[int]:
        """Return the keys that are held, as the switches stand."""
        codes: list[Code] = [self._axes[self.axis], self._scales[self.scale]]
        codes += [self._reset] * self.reset_held + [self._enable] * self.enable_held
        codes += [self._estop] * (not (self.estop_pressed or self.estop_cut))  # it is normally closed
        return frozenset(code.number for code in codes)

    def _tell_keys(self) -> None:
        keys, told = self._keys(), self._told
        changes = [(EV_KEY, key, 0) for key in sorted(told - keys)]
        changes += [(EV_KEY, key, 1) for key in sorted(keys - told)]
        self._told = keys
        if changes:
            self._report(*changes)

    def _report(self, *changes: Change) -> None:
        self._say(Frame(time.monotonic(), 0, changes))

    def _say(self, event: DeviceEvent) -> None:
        if self._peer:
            self._peer.send(f"{to_line(event)}\n".encode("ascii"))
