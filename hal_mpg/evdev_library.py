# SPDX-License-Identifier: GPL-2.0-or-later
"""python-evdev, without asyncio.

python-evdev imports asyncio for a reader that hal_mpg does not use, and does without it where it cannot
be imported (evdev/device.py). That saves a third of the component's memory, and of its start.
"""

from __future__ import annotations

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
