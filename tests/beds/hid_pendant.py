# SPDX-License-Identifier: GPL-2.0-or-later
"""USB pendants of any make: what they have is written down, and becomes a HID report descriptor and reports.

See USB HID 1.11 (6.2.2, items) and the HID Usage Tables. Which event code the kernel makes of a usage is
said beside it (Linux: drivers/hid/hid-input.c).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Change
from hal_mpg.profile import Profile
from tests.beds.gadget import UsbPendant

APPLICATIONS = {"joystick": (1, 0x04), "gamepad": (1, 0x05), "consumer": (0x0C, 0x01)}
"""Usage page and usage of the collection; buttons of a joystick count from 0x120, of a gamepad from 0x130."""

FIRST_BUTTON = {"joystick": 0x120, "gamepad": 0x130}

CONSUMER = {115: 0xE9, 114: 0xEA, 113: 0xE2, 164: 0xCD, 166: 0xB7, 163: 0xB5, 165: 0xB6}
"""Volume up and down, mute, play/pause, stop, next and previous track: event code -> usage."""

ABSOLUTE = {0: 0x30, 1: 0x31, 3: 0x33, 4: 0x34, 5: 0x35, 8: 0x38}
"""ABS_X, Y, RX, RY, RZ, WHEEL: event code -> usage of page 1."""

RELATIVE = {7: 0x37, 8: 0x38}
"""REL_DIAL and REL_WHEEL."""


class HidPendant(UsbPendant):
    """A USB pendant as it is described: `application`, `buttons` or `keys`, `absolutes` (code: maximum), and
    `relatives`.
    """

    def __init__(self, device: Mapping[str, Any], serial: str) -> None:
        """Make the gadget; see `UsbPendant`."""
        application = device["application"]
        first = FIRST_BUTTON.get(application, 0)
        self._keys = list(range(first, first + device.get("buttons", 0))) or list(device.get("keys", ()))
        self._absolutes: dict[int, int] = dict(device.get("absolutes", {}))
        self._relatives: list[int] = list(device.get("relatives", ()))
        self._is_consumer = application == "consumer"
        self.descriptor = self._describe(*APPLICATIONS[application])
        self._padded = -(-len(self._keys) // 8)
        self.report_bytes = self._padded + 2 * len(self._absolutes) + len(self._relatives)
        self._down: set[int] = set()
        self._places = dict.fromkeys(self._absolutes, 0)
        super().__init__(device["vendor"], device["product"], device["name"], serial)

    def _describe(self, page: int, usage: int) -> bytes:
        data = bytes((0x05, page, 0x09, usage, 0xA1, 0x01))
        count = len(self._keys)
        if self._is_consumer:
            data += b"".join(bytes((0x0A, CONSUMER[key], 0)) for key in self._keys)
        else:
            data += bytes((0x05, 0x09, 0x19, 1, 0x29, count))
        data += bytes((0x15, 0, 0x25, 1, 0x75, 1, 0x95, count, 0x81, 0x02))
        if count % 8:
            data += bytes((0x75, 8 - count % 8, 0x95, 1, 0x81, 0x01))
        data += bytes((0x05, 0x01))
        for code, maximum in self._absolutes.items():
            limits = bytes((0x15, 0, 0x27)) + maximum.to_bytes(4, "little")
            data += bytes((0x09, ABSOLUTE[code])) + limits + bytes((0x75, 16, 0x95, 1, 0x81, 0x02))
        for code in self._relatives:
            data += bytes((0x09, RELATIVE[code], 0x15, 0x81, 0x25, 0x7F, 0x75, 8, 0x95, 1, 0x81, 0x06))
        return data + b"\xc0"

    def stand(self, held: Sequence[int], absolutes: Mapping[int, int]) -> None:
        """Let switches stand so, from the next report on."""
        self._down, self._places = set(held), {**self._places, **absolutes}

    def emit(self, changes: Sequence[Change]) -> None:
        """Send the report that makes these events of the kernel's."""
        moves = dict.fromkeys(self._relatives, 0)
        for kind, code, value in changes:
            if kind == EV_KEY:
                (self._down.add if value else self._down.discard)(code)
            elif kind == EV_ABS:
                self._places[code] = value
            elif kind == EV_REL:
                moves[code] += value
        bits = sum(1 << place for place, key in enumerate(self._keys) if key in self._down)
        data = bits.to_bytes(self._padded, "little")
        data += b"".join(self._places[code].to_bytes(2, "little") for code in self._absolutes)
        data += b"".join(moves[code].to_bytes(1, "little", signed=True) for code in self._relatives)
        self.send(data)


def check(device: Mapping[str, Any], profile: Profile) -> None:
    """Raise ValueError where a described device lacks a code of its own profile."""
    first = FIRST_BUTTON.get(device["application"], 0)
    keys = set(range(first, first + device.get("buttons", 0))) | set(device.get("keys", ()))
    has = {EV_KEY: keys, EV_ABS: set(device.get("absolutes", ())), EV_REL: set(device.get("relatives", ()))}
    for control, code in profile.input_codes():
        if code.number not in has[code.type]:
            raise ValueError(f"{device['name']} has no {code}, its {control}")
