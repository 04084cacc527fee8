# SPDX-License-Identifier: GPL-2.0-or-later
"""From the kernel's events back to the report that makes them, for devices whose recordings are of events.

How the codes lie in the report is data (tests/kernel/real_pendants.yaml). What the kernel makes of the report
is its own affair: it has the device's descriptor, or a driver for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hal_mpg.evdev_library import ecodes
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Change

HAT = {(0, -1): 0, (1, -1): 1, (1, 0): 2, (1, 1): 3, (0, 1): 4, (-1, 1): 5, (-1, 0): 6, (-1, -1): 7}
"""Of a hat switch: (ABS_HAT0X, ABS_HAT0Y) -> the value that stands in the report; clockwise from the top."""

KINDS = {"KEY": EV_KEY, "BTN": EV_KEY, "REL": EV_REL, "ABS": EV_ABS}


class EventReports:
    """The reports of one interface of a device.

    `layout`: `length` in bytes, `head` (bytes that never change, at the beginning), and `codes`, by the
    kernel's names: {bit: N} counted from the report's first bit; {at: BYTE, bits: 8 or 16}, signed as the
    value is; with `flip: true` the driver turns it around (~value); {minus: N, plus: N}: a bit for either
    direction. `rest` is what it says at the beginning.
    `hat: {bit: N, none: 8}` has four bits for ABS_HAT0X and ABS_HAT0Y together.
    """

    def __init__(self, layout: Mapping[str, Any]) -> None:
        self._length: int = layout["length"]
        self._head = bytes(layout.get("head", ()))
        self._hat: Mapping[str, int] = layout.get("hat", {})
        self._codes: dict[tuple[int, int], Mapping[str, Any]] = {}
        for name, place in layout["codes"].items():
            self._codes[KINDS[name.partition("_")[0]], ecodes.ecodes[name]] = place
        self._values = {code: int(place.get("rest", 0)) for code, place in self._codes.items()}
        if self._hat:
            self._values |= {(EV_ABS, ecodes.ABS_HAT0X): 0, (EV_ABS, ecodes.ABS_HAT0Y): 0}

    def has(self, change: Change) -> bool:
        """Tell whether an event's code lies in this report."""
        return (change[0], change[1]) in self._values

    def report(self, changes: Iterable[Change] = ()) -> bytes:
        """Return the report that makes these events; without any, how everything stands."""
        for kind, code, value in changes:
            self._values[kind, code] = value
        number = int.from_bytes(self._head.ljust(self._length, b"\0"), "little")
        for key, place in self._codes.items():
            number |= self._bits(place, self._values[key])
            if key[0] == EV_REL:
                self._values[key] = 0
        if self._hat:
            stands = (self._values[EV_ABS, ecodes.ABS_HAT0X], self._values[EV_ABS, ecodes.ABS_HAT0Y])
            number |= HAT.get(stands, self._hat["none"]) << self._hat["bit"]
        return number.to_bytes(self._length, "little")

    @staticmethod
    def _bits(place: Mapping[str, Any], value: int) -> int:
        if "bit" in place:
            return bool(value) << place["bit"]
        if "minus" in place:
            return (value < 0) << place["minus"] | (value > 0) << place["plus"]
        width = place.get("bits", 8)
        stands = ~value if place.get("flip") else value
        return (stands & (1 << width) - 1) << 8 * place["at"]
