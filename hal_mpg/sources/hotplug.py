# SPDX-License-Identifier: GPL-2.0-or-later
"""udev's word that devices have come or gone, after its rules were applied.

It only makes finding quicker: the devices are searched for now and then in any case, so where udev does
not run, a pendant is found a second later. What the word says does not matter: the search sees what is there.
"""

from __future__ import annotations

import _socket  # `socket` makes hundreds of names into enumerations, which takes as long as our modules

NETLINK_KOBJECT_UEVENT = 15
"""linux/netlink.h"""

UDEV_GROUP = 2
"""Whom udevd tells (MONITOR_GROUP_UDEV of systemd's device-monitor.c); the kernel itself tells group 1."""

MAX_WORD = 8192
"""Bytes; of a longer one the rest is lost, which nobody misses."""


class Hotplug:
    """Hears udev; does nothing where that cannot be heard."""

    def __init__(self) -> None:
        self._socket: _socket.socket | None = None
        kind = _socket.SOCK_RAW | _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC
        try:
            udev = _socket.socket(_socket.AF_NETLINK, kind, NETLINK_KOBJECT_UEVENT)
            udev.bind((0, UDEV_GROUP))
        except OSError:
            return
        self._socket = udev

    def descriptor(self) -> int | None:
        """Return what to wait for, or None."""
        return self._socket.fileno() if self._socket else None

    def drain(self) -> None:
        """Take all words that have arrived."""
        try:
            while self._socket:
                self._socket.recv(MAX_WORD)
        except OSError:  # none are left; or too many had come to be kept, and a search follows anyway
            pass
