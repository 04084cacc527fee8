# SPDX-License-Identifier: GPL-2.0-or-later
"""Which reports switch a raw HID pendant's lamps, those that share one being kept together in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hal_mpg.hid_device import HidLamp
from hal_mpg.profile import Profile

Report = tuple[bytes, bytes]
"""As hid_writer takes it: F (feature) or O (output), then the bytes, the id first."""


class LampReports:
    """The reports for a profile's lamps, each with a key of its own: `first` and the numbers after it."""

    def __init__(self, profile: Profile, first: int) -> None:
        known = {lamp.code: lamp for lamp in profile.hid.lamps} if profile.hid else {}
        self._lamps: dict[int, dict[str, HidLamp]] = {}
        self._keys: dict[str, int] = {}
        shared: dict[tuple[bool, tuple[int, ...]], int] = {}
        for key, (name, code) in enumerate(profile.leds, first):
            lamp = known[code]
            # Lamps share a report where it is the same one without any of them.
            own = shared.setdefault((lamp.is_feature, lamp.off), key) if lamp.is_shared else key
            self._lamps.setdefault(own, {})[name] = lamp
            self._keys[name] = own

    def of(self, names: Iterable[str]) -> dict[int, list[str]]:
        """Return the keys of the reports for these lamps, each with those of them that are in it."""
        found: dict[int, list[str]] = {}
        for name in names:
            found.setdefault(self._keys[name], []).append(name)
        return found

    def report(self, key: int, lit: Mapping[str, bool]) -> Report:
        """Return a report in which each of its lamps is as it has to be; `lit` has all lamps."""
        lamps = self._lamps[key]
        first = next(iter(lamps.values()))
        data = bytearray(first.off)
        for name, lamp in lamps.items():
            if lit[name] and not lamp.is_shared:
                data = bytearray(lamp.on)
            elif lit[name]:
                for at, (on, off) in enumerate(zip(lamp.on, lamp.off, strict=True)):
                    data[at] ^= on ^ off
        return b"F" if first.is_feature else b"O", bytes(data)
