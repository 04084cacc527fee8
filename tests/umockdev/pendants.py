# SPDX-License-Identifier: GPL-2.0-or-later
"""The devices that are plugged in: the pendant of the generic profiles, and what else is on a machine."""

from __future__ import annotations

from typing import Any

from evdev import ecodes

from tests.umockdev.bed import Bed, Node, Program

X, Y, Z = ecodes.BTN_TRIGGER, ecodes.BTN_THUMB, ecodes.BTN_THUMB2
X1, X10, X100 = ecodes.BTN_BASE, ecodes.BTN_BASE2, ecodes.BTN_BASE3
ESTOP_RELEASED = ecodes.BTN_BASE4  # normally closed
RESET, ENABLE = ecodes.BTN_BASE5, ecodes.BTN_BASE6
DIAL = ecodes.REL_DIAL

PENDANT: dict[str, Any] = {"keys": range(X, ENABLE + 1), "relatives": [DIAL]}
"""What generic-6axis.yaml describes."""

KEYBOARD: dict[str, Any] = {
    "name": "Keyboard",
    "vendor": 0x046D,
    "product": 0xC31C,
    "port": "1-8",
    "keys": range(ecodes.KEY_ESC, ecodes.KEY_MICMUTE),
    "leds": [ecodes.LED_NUML, ecodes.LED_CAPSL],
}
MOUSE: dict[str, Any] = {
    "name": "Mouse",
    "vendor": 0x046D,
    "product": 0xC077,
    "port": "1-9",
    "keys": range(ecodes.BTN_LEFT, ecodes.BTN_TASK),
    "relatives": [ecodes.REL_X, ecodes.REL_Y, ecodes.REL_WHEEL],
}

SELECTED = {X, X1, ESTOP_RELEASED}
"""The keys that are held when X and x1 are selected and the E-stop is released."""


def plug_pendant(bed: Bed, down: set[int] = SELECTED, **other: Any) -> Node:
    """Plug in the generic pendant, with these keys held."""
    return bed.plug(**PENDANT | {"down": down} | other)


def start_armed(bed: Bed, **other: Any) -> tuple[Node, Program]:
    """Plug in the generic pendant, start hal_mpg, and hold the enabling button until it is armed."""
    node = plug_pendant(bed, **other)
    program = bed.start("--pendant", "generic-6axis")
    node.press(ENABLE)
    program.wait("armed", True)
    return node, program
