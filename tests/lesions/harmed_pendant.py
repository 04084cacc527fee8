# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual pendant some of whose codes are lost, or stuck."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path

from hal_mpg.events import EV_KEY, Connected, DeviceEvent, EventsLost, NodeState, Snapshot
from tests.linuxcnc.virtual_pendant import (
    AXES,
    CONNECT_LIMIT_S,
    ENABLE,
    ESTOP_CONTACT,
    RESET,
    SCALES,
    VirtualPendant,
)

KEYS = frozenset({*AXES.values(), *SCALES.values(), ESTOP_CONTACT, RESET, ENABLE})


class HarmedPendant(VirtualPendant):
    """The hands do as ever; what the device tells of it may be less.

    It listens all the time, also unplugged, so that hal_mpg finds it at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[int, bool] = {}  # what is told of a key, whatever the hands do
        self._forgotten: set[int] = set()  # keys that are told no more, and up after the next plugging in
        self.has_wheel = True
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._path)
        self._listener.listen(1)
        self._listener.settimeout(CONNECT_LIMIT_S)

    @property
    def is_plugged_in(self) -> bool:
        """Whether it was told that it is there."""
        return self._connection is not None

    def stick(self, key: int, held: bool) -> None:
        """Have a contact stuck: closed or open for ever."""
        before = self._shown()
        self._told[key] = held
        self._tell_difference(before)

    def silence(self, key: int) -> None:
        """Have a key whose changes are never sent."""
        self._told[key] = key in self._keys
        self._forgotten.add(key)

    def heal(self) -> None:
        """Be as new. Only while it is unplugged."""
        self._told.clear()
        self._forgotten.clear()
        self.has_wheel = True

    def plug_in(self) -> None:
        """Wait until hal_mpg has connected, and tell it which keys are held."""
        self._connection, _ = self._listener.accept()
        self._told.update(dict.fromkeys(self._forgotten, False))
        self._say(Connected(time.monotonic(), (NodeState(frozenset(self._shown()), {}),)))

    def unplug(self) -> None:
        """Pull the plug."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def set_keys(self, *keys: int) -> None:
        """Have just these keys held; also while it is unplugged."""
        self._change(set(keys))

    def lose_events(self, *keys: int) -> None:
        """Have just these keys held, in events that the kernel dropped; then the state is read again."""
        self._keys = set(keys)
        now = time.monotonic()
        self._say(EventsLost(now, 0, ()))
        self._say(Snapshot(now, 0, NodeState(frozenset(self._shown()), {})))

    def turn(self, detents: int) -> None:
        """Turn the wheel."""
        if self.has_wheel and self.is_plugged_in:
            super().turn(detents)

    def close(self) -> None:
        """Be taken away for good."""
        self.unplug()
        self._listener.close()
        Path(self._path).unlink()

    def _say(self, event: DeviceEvent) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # hal_mpg may be what was lost
            super()._say(event)

    def _shown(self) -> set[int]:
        return {key for key in KEYS if self._told.get(key, key in self._keys)}

    def _change(self, keys: set[int]) -> None:
        before = self._shown()
        self._keys = keys
        self._tell_difference(before)

    def _tell_difference(self, before: set[int]) -> None:
        after = self._shown()
        ups = [(EV_KEY, key, 0) for key in sorted(before - after)]
        downs = [(EV_KEY, key, 1) for key in sorted(after - before)]
        if self.is_plugged_in and (ups or downs):
            self._report(*ups, *downs)
