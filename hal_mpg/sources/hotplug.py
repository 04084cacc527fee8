# SPDX-License-Identifier: GPL-2.0-or-later
"""udev's word that devices of a subsystem have come or gone, after its rules were applied.

It only makes finding quicker: the devices are searched for now and then in any case, so where pyudev or
udev is missing, a pendant is found a second later.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any


class Hotplug:
    """A monitor of one subsystem; does nothing where udev cannot be asked."""

    def __init__(self, subsystem: str) -> None:
        self._monitor: Any = None
        try:
            import pyudev

            monitor = pyudev.Monitor.from_netlink(pyudev.Context())
            monitor.filter_by(subsystem)
            monitor.start()
        except (ImportError, OSError):
            return
        self._monitor = monitor

    def descriptor(self) -> int | None:
        """Return what to wait for, or None."""
        return int(self._monitor.fileno()) if self._monitor else None

    def drain(self) -> None:
        """Take all events that have arrived."""
        with suppress(OSError):  # too many to keep: a search follows anyway
            while self._monitor and self._monitor.poll(timeout=0):
                pass
