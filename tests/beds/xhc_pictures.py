# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what the displays of XHC's pendants are told, as the pendants do.

Written from LinuxCNC's xhc-hb04.cc and xhc-whb04b-6 (usb.h, pendant.cc; commit 5c41560ebbc3) alone, and with
nothing of hal_mpg, so that the two can disagree.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

REPORT_ID, REPORT_BYTES = 6, 8
HB04_REPORTS, WHB04B_REPORTS = 6, 3
STEPS = (0, 1, 5, 10, 20, 30, 40, 50, 100, 500, 1000)
"""What the HB04 shows for each number in its byte of the step."""

MODES = ("CON", "STP", "MPG", "%")


class NotAPicture(ValueError):
    """These reports are no picture that the pendant would show."""


def pictures(reports: Sequence[bytes], count: int) -> list[bytes]:
    """Return the whole pictures among reports: each begins with fe fd, and no report is missing."""
    found = []
    parts: list[bytes] = []
    for report in reports:
        if len(report) != REPORT_BYTES or report[0] != REPORT_ID:
            raise NotAPicture(
                f"{report.hex(' ')} is no report of {REPORT_BYTES} bytes with the id {REPORT_ID}"
            )
        if report[1:3] == b"\xfe\xfd":
            if parts:
                raise NotAPicture(f"a picture begins after {len(parts)} reports of another one")
        elif not parts:
            raise NotAPicture(f"{report.hex(' ')} begins no picture")
        parts.append(report[1:])
        if len(parts) == count:
            found.append(b"".join(parts))
            parts = []
    if parts:
        raise NotAPicture(f"{len(parts)} reports of a picture, and not {count}")
    return found


def position(data: bytes) -> float:
    """Return the number that is in two words: whole part, four decimals, the sign above them."""
    whole, rest = struct.unpack("<HH", data)
    decimals = rest & 0x7FFF
    if decimals > 9999:
        raise NotAPicture(f"{decimals} are no four decimals")
    value = whole + decimals / 10_000
    return -value if rest & 0x8000 else value


def hb04(picture: bytes) -> dict[str, Any]:
    """Return what an HB04 shows: positions, percents, units a minute, rpm, the step, and the unit."""
    if len(picture) != 42 or picture[2] != 0x0C:
        raise NotAPicture(picture.hex(" "))
    coordinates = [position(picture[at : at + 4]) for at in range(3, 27, 4)]
    feed_percent, spindle_percent, feed, spindle = struct.unpack("<HHHH", picture[27:35])
    if any(picture[37:]):
        raise NotAPicture(f"{picture[37:].hex(' ')} stands where nothing is known of")
    return {
        "work": coordinates[:3],
        "machine": coordinates[3:],
        "feed %": feed_percent,
        "spindle %": spindle_percent,
        "feed": feed,
        "rpm": spindle,
        "step": STEPS[picture[35] & 0x0F],
        "icons": picture[35] & 0xF0,
        "inch": bool(picture[36] & 0x80),
    }


def whb04b(picture: bytes) -> dict[str, Any]:
    """Return what a WHB04B shows: three positions, work or machine, percents, and what it says above them."""
    if len(picture) != 21 or picture[2] != 0xFE:
        raise NotAPicture(picture.hex(" "))
    flags = picture[3]
    if flags & 0x3C:
        raise NotAPicture(f"{flags:#x} has flags that nobody knows")
    feed_percent, spindle_percent = struct.unpack("<HH", picture[16:20])
    return {
        "rows": [position(picture[at : at + 4]) for at in (4, 8, 12)],
        "mode": MODES[flags & 3],
        "reset": bool(flags & 0x40),
        "work": bool(flags & 0x80),
        "feed %": feed_percent,
        "spindle %": spindle_percent,
    }
