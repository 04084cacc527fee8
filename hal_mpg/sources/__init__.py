# SPDX-License-Identifier: GPL-2.0-or-later
"""Where events come from: one module for each kind of device. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Collection
from math import inf

from hal_mpg.events import DeviceEvent
from hal_mpg.lean_typing import Protocol


class Source(Protocol):
    """A pendant that may come and go. Times are seconds of the monotonic clock."""

    @property
    def description(self) -> str:
        """What is open, for people."""

    def search(self, now: float) -> list[DeviceEvent]:
        """Look for the device and open it where it is there; return what it says of itself."""

    def descriptors(self) -> list[int]:
        """Return what to wait for while the device is open; none while it is not."""

    def read(self, descriptors: Collection[int], now: float) -> list[DeviceEvent]:
        """Return what these descriptors have to say, in time order.

        After a Disconnected the caller has the source `let_go`, when the pins are safe.
        """

    def next_deadline(self) -> float:
        """Return when `tick` has something to do, while there are descriptors; inf: never."""

    def tick(self, now: float) -> list[DeviceEvent]:
        """Do what is due by time alone; return what follows from it."""

    def let_go(self) -> None:
        """Close a device that was lost, where it is no longer there."""

    def sole_node(self) -> int | None:
        """Return the input node that others may read for this, where there is one, and only one."""

    def take_up(self, data: bytes) -> None:
        """Take what was read of it, for the next `read`, which reads on if it may be only a part."""

    def hotplug_descriptor(self) -> int | None:
        """Return what tells that it is worth while to search; None: nothing does."""

    def drain_hotplug(self) -> None:
        """Take what the hotplug descriptor has to say."""

    def set_led(self, name: str, lit: bool) -> None:
        """Switch a lamp of the profile, as far as the device is there."""

    def close(self) -> None:
        """Close the device, if it is open."""


class Untimed:
    """A source for which time does nothing, and whose device is gone when it is lost."""

    def next_deadline(self) -> float:
        """Return that there is never anything due."""
        return inf

    def tick(self, now: float) -> list[DeviceEvent]:
        """Nothing is due."""
        return []

    def let_go(self) -> None:
        """Close the device."""
        self.close()

    def close(self) -> None:
        """Close the device, if it is open."""
        raise NotImplementedError


class NoInputNode:
    """A source whose device nobody else may read for it."""

    def sole_node(self) -> int | None:
        """Return that there is no input node."""
        return None

    def take_up(self, data: bytes) -> None:
        """Nobody reads for this."""
