# SPDX-License-Identifier: GPL-2.0-or-later
"""One node of the kernel's input devices, by the kernel's own requests (linux/input.h).

python-evdev, which the tools use (see `evdev_library`), takes longer to be imported than all the rest of the
component, and as much memory. Every request here raises OSError where the device has gone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterable

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_MSC, EV_REL
from hal_mpg.lean_typing import NamedTuple

EVIOCGVERSION = 0x80044501
EVIOCGID = 0x80084502
STRING_BYTES = 256
EVIOCGNAME = 0x80004506 | STRING_BYTES << 16
EVIOCGPHYS = 0x80004507 | STRING_BYTES << 16
EVIOCGUNIQ = 0x80004508 | STRING_BYTES << 16
KEY_BYTES = 96
EVIOCGKEY = 0x80004518 | KEY_BYTES << 16
EVIOCGBIT = 0x80004520 | KEY_BYTES << 16
EVIOCGABS = 0x80184540
EVIOCGRAB = 0x40044590
EVIOCSCLOCKID = 0x400445A0
EVIOCSABS = 0x401845C0
ABSINFO = struct.Struct("6i")
"""struct input_absinfo: value, minimum, maximum, fuzz, flat, resolution."""

CLOCK_MONOTONIC = 1

USED_KINDS = (EV_KEY, EV_REL, EV_ABS, EV_MSC, EV_LED)
ALL_KINDS = (EV_KEY, EV_REL, EV_ABS, EV_MSC, 5, EV_LED, 0x12, 0x15)
"""The types of events that have codes of their own; beside those that are used, SW, SND and FF."""


class NodeInfo(NamedTuple):
    """struct input_id."""

    bustype: int
    vendor: int
    product: int
    version: int


class InputNode:
    """An open node; `name`, `phys` and `uniq` are the kernel's strings, "" where it has none."""

    def __init__(self, path: str) -> None:
        """Open it, for writing too where that is allowed. Raises OSError."""
        self.path = path
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self.fd = os.open(path, os.O_RDWR | flags)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            self.fd = os.open(path, os.O_RDONLY | flags)
        try:
            self.info = NodeInfo(*struct.unpack("4H", fcntl.ioctl(self.fd, EVIOCGID, bytes(8))))
            self.name = self._text(EVIOCGNAME)
            self.phys = self._text(EVIOCGPHYS)
            self.uniq = self._text(EVIOCGUNIQ)
        except OSError:
            os.close(self.fd)
            raise

    def _text(self, request: int) -> str:
        try:
            answer = fcntl.ioctl(self.fd, request, bytes(STRING_BYTES))
        except OSError as error:
            if error.errno != errno.ENOENT:  # it has none
                raise
            return ""
        return answer.partition(b"\0")[0].decode("utf-8", "replace")

    def capabilities(self, kinds: Iterable[int] = USED_KINDS) -> dict[int, frozenset[int]]:
        """Return which codes of these types the node has. Raises OSError."""
        types = set_bits(fcntl.ioctl(self.fd, EVIOCGBIT, bytes(KEY_BYTES)))
        return {
            kind: set_bits(fcntl.ioctl(self.fd, EVIOCGBIT + kind, bytes(KEY_BYTES)))
            for kind in kinds
            if kind in types
        }

    def grab(self) -> None:
        """Keep all others from the node's events, until it is closed. Raises OSError."""
        fcntl.ioctl(self.fd, EVIOCGRAB, 1)

    def ungrab(self) -> None:
        """Let others have the node's events again. Raises OSError."""
        fcntl.ioctl(self.fd, EVIOCGRAB, 0)

    def set_led(self, number: int, value: int, kind: int = EV_LED) -> None:
        """Switch a lamp; `kind` is the type of its code. Raises OSError."""
        from hal_mpg.sources.frames import (
            INPUT_EVENT,  # of the loop; nothing of it is imported before `ready`
        )

        os.write(self.fd, INPUT_EVENT.pack(0, 0, kind, number, value))

    def close(self) -> None:
        """Close it, once."""
        descriptor, self.fd = self.fd, -1
        if descriptor >= 0:
            os.close(descriptor)


def open_node(path: str) -> InputNode:
    """Open an input node. Raises OSError."""
    return InputNode(path)


def set_bits(bits: bytes) -> frozenset[int]:
    """Return the numbers of the bits that are set."""
    return frozenset(
        8 * place + bit for place, byte in enumerate(bits) if byte for bit in range(8) if byte >> bit & 1
    )


def held_keys(descriptor: int) -> frozenset[int]:
    """Return which keys of a node are held now. Raises OSError."""
    return set_bits(fcntl.ioctl(descriptor, EVIOCGKEY, bytes(KEY_BYTES)))


def absolute_value(descriptor: int, code: int) -> int:
    """Return where an absolute axis of a node stands. Raises OSError."""
    value: int = ABSINFO.unpack(fcntl.ioctl(descriptor, EVIOCGABS + code, bytes(ABSINFO.size)))[0]
    return value


def absolute_range(descriptor: int, code: int) -> tuple[int, int]:
    """Return between which values an absolute axis of a node moves. Raises OSError."""
    _, low, high, *_ = ABSINFO.unpack(fcntl.ioctl(descriptor, EVIOCGABS + code, bytes(ABSINFO.size)))
    return low, high


def stop_smoothing(descriptor: int, code: int) -> None:
    """Have every movement of an absolute axis told. Raises OSError.

    For joysticks the kernel swallows movements of less than half the axis' `fuzz` (hid-input.c: the range
    through 256; input.c, input_defuzz_abs_event). On a wheel, or a selector, each of them is a detent or a
    position. It lasts until the device is unplugged.
    """
    value, low, high, fuzz, *more = ABSINFO.unpack(
        fcntl.ioctl(descriptor, EVIOCGABS + code, bytes(ABSINFO.size))
    )
    if fuzz:
        fcntl.ioctl(descriptor, EVIOCSABS + code, ABSINFO.pack(value, low, high, 0, *more))


def check_alive(descriptor: int) -> None:
    """Raise OSError where the device behind a descriptor has gone."""
    fcntl.ioctl(descriptor, EVIOCGVERSION, bytes(4))


def use_monotonic_clock(descriptor: int) -> bool:
    """Ask for time stamps of the monotonic clock; tell whether the kernel gives them."""
    try:
        fcntl.ioctl(descriptor, EVIOCSCLOCKID, struct.pack("i", CLOCK_MONOTONIC))
    except OSError:
        return False
    return True
