# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's input codes, as people and tools see them: names, bit maps, and what a device looks like."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from hal_mpg.evdev_library import ecodes
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL

SYS_INPUT = Path("/sys/class/input")

KINDS = {1: "KEY", 2: "REL", 3: "ABS", 4: "MSC", 5: "SW", 0x11: "LED", 0x12: "SND", 0x15: "FF"}
"""Event types, by the middle part of their names in linux/input-event-codes.h."""

LONG_BITS = 8 * struct.calcsize("l")
"""Width of the words in which sysfs has the bit maps of codes."""

LETTERS = frozenset((*range(16, 26), *range(30, 39), *range(44, 51)))
"""The letter keys, KEY_Q to KEY_M."""

Codes = Mapping[int, frozenset[int]]
"""Event type -> the codes of that type."""

OTHER_NAMES = frozenset(
    ("BTN_MISC", "BTN_MOUSE", "BTN_JOYSTICK", "BTN_GAMEPAD", "BTN_DIGI", "BTN_WHEEL", "BTN_TRIGGER_HAPPY")
) | {"KEY_MIN_INTERESTING"}
"""Names of ranges of codes; the first code of a range has a name of its own as well."""


def sysfs_codes(path: str) -> Codes:
    """Return what sysfs tells of a node's codes, for one that may not be opened; empty: nothing."""
    folder = SYS_INPUT / Path(path).name / "device" / "capabilities"
    found = {}
    for kind, name in KINDS.items():
        try:
            numbers = bit_map((folder / name.lower()).read_text())
        except (OSError, ValueError):
            continue
        if numbers:
            found[kind] = numbers
    return found


def bit_map(text: str, width: int = LONG_BITS) -> frozenset[int]:
    """Return the numbers of the bits in one of sysfs' maps: hexadecimal words, the highest one first.

    Raises ValueError for what is none.
    """
    whole = 0
    for word in text.split():
        whole = whole << width | int(word, 16)
    return frozenset(number for number in range(whole.bit_length()) if whole >> number & 1)


def merged(all_codes: Iterable[Codes]) -> Codes:
    """Return the codes of several nodes as those of one."""
    union: dict[int, frozenset[int]] = {}
    for codes in all_codes:
        for kind, numbers in codes.items():
            union[kind] = union.get(kind, frozenset()) | numbers
    return union


def kind_of(codes: Codes) -> str:
    """Return what a device looks like by its codes, in a word or two; "" for nothing in particular."""
    keys, relatives = codes.get(EV_KEY, frozenset()), codes.get(EV_REL, frozenset())
    absolutes = codes.get(EV_ABS, frozenset())
    if len(LETTERS & keys) > 20:
        return "keyboard"
    if ecodes.BTN_TOOL_FINGER in keys and absolutes:
        return "touchpad"
    if ecodes.BTN_TOUCH in keys and absolutes:
        return "tablet" if ecodes.BTN_TOOL_PEN in keys else "touch screen"
    if ecodes.BTN_LEFT in keys and {ecodes.REL_X, ecodes.REL_Y} <= relatives:
        return "mouse"
    if any(ecodes.BTN_GAMEPAD <= key <= ecodes.BTN_THUMBR for key in keys):
        return "gamepad"
    if any(ecodes.BTN_JOYSTICK <= key <= ecodes.BTN_DEAD for key in keys):
        return "joystick"
    if {ecodes.REL_DIAL, ecodes.REL_WHEEL, ecodes.REL_HWHEEL, ecodes.REL_MISC} & relatives:
        return "knob"
    if keys and keys <= {ecodes.KEY_POWER, ecodes.KEY_SLEEP, ecodes.KEY_WAKEUP, ecodes.KEY_SUSPEND}:
        return "power button"
    if {ecodes.KEY_VOLUMEUP, ecodes.KEY_VOLUMEDOWN} <= keys:
        return "media keys"
    if not keys and not relatives and not absolutes:
        return "sound, switches or lamps" if codes else ""
    return ""


def code_name(kind: int, number: int) -> str:
    """Return the kernel's name of a code, the one that profiles use; its number where it has none."""
    return _names().get((kind, number)) or f"{KINDS.get(kind, f'type {kind}')} {number:#x}"


def code_names(codes: Codes) -> list[str]:
    """Return the names of all codes of a device, in the order of their numbers."""
    return [code_name(kind, number) for kind in sorted(codes) for number in sorted(codes[kind])]


@cache
def _names() -> Mapping[tuple[int, int], str]:
    """Return the first name of each code that stands for a control, and not for a range of them."""
    found: dict[tuple[int, int], str] = {}
    for name, number in sorted(ecodes.ecodes.items()):
        prefix = "KEY" if name.startswith("BTN_") else name.split("_")[0]
        kind = next((kind for kind, text in KINDS.items() if text == prefix), None)
        if (
            kind is not None
            and name not in OTHER_NAMES
            and not name.endswith(("_MAX", "_CNT", "_STATUS_MAX"))
        ):
            found.setdefault((kind, number), name)
    return found
