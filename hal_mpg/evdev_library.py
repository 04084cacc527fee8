# SPDX-License-Identifier: GPL-2.0-or-later
"""python-evdev, without asyncio; and what of the kernel's interface it does not do safely.

python-evdev imports asyncio for a reader that hal_mpg does not use, and does without it where it cannot
be imported (evdev/device.py). That saves a third of the component's memory, and of its start.

Some calls of python-evdev 1.6 (Debian 12) raise SystemError where the device has just gone. Here, they
raise OSError. The requests are those of linux/input.h.
"""

from __future__ import annotations

import errno
import fcntl
import struct
import sys

if "asyncio" in sys.modules or "evdev" in sys.modules:
    from evdev import EvdevError, InputDevice, ecodes
else:
    sys.modules["asyncio"] = None  # type: ignore[assignment]  # "cannot be imported", for a moment
    try:
        from evdev import EvdevError, InputDevice, ecodes
    finally:
        del sys.modules["asyncio"]

__all__ = ["EvdevError", "InputDevice", "ecodes"]

EVIOCGVERSION = 0x80044501
EVIOCSCLOCKID = 0x400445A0
KEY_BYTES = 96
EVIOCGKEY = 0x80004518 | KEY_BYTES << 16
EVIOCGABS = 0x80184540
EVIOCSABS = 0x401845C0
ABSINFO = struct.Struct("6i")
"""struct input_absinfo: value, minimum, maximum, fuzz, flat, resolution."""

CLOCK_MONOTONIC = 1


def open_node(path: str) -> InputDevice:
    """Open an input node, for writing too where that is allowed. Raises OSError."""
    try:
        return InputDevice(path)
    except SystemError:
        raise OSError(errno.ENODEV, "it went while it was opened") from None
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "its name is not UTF-8, which python-evdev cannot read") from None


def held_keys(descriptor: int) -> frozenset[int]:
    """Return which keys of a node are held now. Raises OSError."""
    bits = fcntl.ioctl(descriptor, EVIOCGKEY, bytes(KEY_BYTES))
    return frozenset(key for key in range(8 * KEY_BYTES) if bits[key // 8] >> key % 8 & 1)


def absolute_value(descriptor: int, code: int) -> int:
    """Return where an absolute axis of a node stands. Raises OSError."""
    value: int = ABSINFO.unpack(fcntl.ioctl(descriptor, EVIOCGABS + code, bytes(ABSINFO.size)))[0]
    return value


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
