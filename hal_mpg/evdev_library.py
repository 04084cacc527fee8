# SPDX-License-Identifier: GPL-2.0-or-later
"""python-evdev, without asyncio: for the tools, and for the names of codes. The component reads without it.

python-evdev imports asyncio for a reader that hal_mpg does not use, and does without it where it cannot
be imported (evdev/device.py).

Some calls of python-evdev 1.6 (Debian 12) raise SystemError where the device has just gone. Those of
`input_node`, which are meant for any descriptor of a node, raise OSError.
"""

from __future__ import annotations

import errno
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


def open_node(path: str) -> InputDevice:
    """Open an input node, for writing too where that is allowed. Raises OSError."""
    try:
        return InputDevice(path)
    except SystemError:
        raise OSError(errno.ENODEV, "it went while it was opened") from None
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "its name is not UTF-8, which python-evdev cannot read") from None
