# SPDX-License-Identifier: GPL-2.0-or-later
"""The devices that faults are played with: pendants that work, and some that are not what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evdev import ecodes

from tests.umockdev.bed import Bed, Node
from tests.umockdev.pendants import ESTOP_RELEASED, PENDANT, X10, X

SELECTED = {X, X10, ESTOP_RELEASED}
CONTROLS: dict[str, Any] = {
    "scale": {"keys": {"x1": "BTN_BASE", "x10": "BTN_BASE2"}},
    "estop": {"key": "BTN_BASE4"},
    "reset": {"key": "BTN_BASE5"},
    "enable": {"key": "BTN_BASE6"},
    "increments": {"x1": {"mm": 0.001}, "x10": {"mm": 0.01}},
}


@dataclass(frozen=True)
class Pendant:
    """A pendant that works: what it is made of, its profile, and what one detent of its wheel is."""

    hardware: dict[str, Any]
    profile: Callable[[Bed], str]
    turn_one: Callable[[Node], None]
    normally_closed: bool = True


def _absolute(modulo: int) -> Pendant:
    def turn_one(node: Node) -> None:
        node.stand_at(ecodes.ABS_WHEEL, (node.absolute(ecodes.ABS_WHEEL) + 1) % modulo)

    wheel = {"abs": "ABS_WHEEL", "modulo": modulo}
    return Pendant(
        {"keys": PENDANT["keys"], "absolutes": {ecodes.ABS_WHEEL: 100}, "down": SELECTED},
        lambda bed: bed.write_profile(name=f"absolute {modulo}", **CONTROLS | {"wheel": wheel}),
        turn_one,
    )


def _turn_by_key(node: Node) -> None:
    node.press(ecodes.KEY_VOLUMEUP)
    node.release(ecodes.KEY_VOLUMEUP)


PENDANTS = {
    "usual": Pendant(PENDANT | {"down": SELECTED}, lambda bed: "generic-6axis", lambda node: node.turn(1)),
    "normally-open": Pendant(
        PENDANT | {"down": {X, X10}},
        lambda bed: bed.write_profile(
            name="open", **CONTROLS | {"estop": {"key": "BTN_BASE4", "contact": "normally-open"}}
        ),
        lambda node: node.turn(1),
        normally_closed=False,
    ),
    "absolute": _absolute(65536),
    "absolute-small": _absolute(200),
    "keys": Pendant(
        {"keys": [*PENDANT["keys"], ecodes.KEY_VOLUMEUP, ecodes.KEY_VOLUMEDOWN], "down": SELECTED},
        lambda bed: bed.write_profile(
            name="keys",
            **CONTROLS | {"wheel": {"keys": {"forward": "KEY_VOLUMEUP", "backward": "KEY_VOLUMEDOWN"}}},
        ),
        _turn_by_key,
    ),
}

ESCAPES = "MPG\n\x1b]0;all is well\x07\x1b[2J\x1b[31m\r\x9b31m\u2028\u202ehal_mpg: all is well"

MATCHING: dict[str, dict[str, Any]] = {
    "usual": {},
    "escapes": {"name": ESCAPES, "uniq": "\x1b[7m\x00", "port": "1-1"},
    "megabytes": {"name": "M" * (1 << 20), "uniq": "U" * (1 << 20)},
    "no-utf-8": {"name": "M\udcffPG \udcd0", "uniq": "\udc80"},
    "no-keys": {"keys": [], "relatives": [], "absolutes": {}, "down": set()},
    "all-keys": {"keys": range(1, 0x300), "relatives": range(16), "absolutes": dict.fromkeys(range(64), 1)},
    "keyboard-only": {"keys": [ecodes.KEY_A], "relatives": [], "down": set()},
    "upside-down": {"ranges": {ecodes.ABS_WHEEL: [65536, 0, -1, -(1 << 31), 0]}},
    "all-the-same": {"ranges": {ecodes.ABS_WHEEL: [7, 7, 1 << 30, (1 << 31) - 1, -(1 << 31)]}},
}
"""What else a device can say of itself; its USB id is that of the pendant."""
