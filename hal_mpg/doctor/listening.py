# SPDX-License-Identifier: GPL-2.0-or-later
"""Listens to a serial pendant for a moment: whether it speaks, and what its profile makes of that.

Opening a port resets many a board, so only a port that the profile fits is opened, and only where nobody has
it: hal_mpg would open the same one.
"""

from __future__ import annotations

import errno
import select
import time
from dataclasses import dataclass

from hal_mpg.events import Connected
from hal_mpg.profile import Profile
from hal_mpg.protocols import Decoder, decoder_of
from hal_mpg.sources.open_line import Line, open_line, why_not_open
from hal_mpg.sources.serial import STALE_AT_OPENING_S

LISTEN_S = 4.0
"""At most so long: a board that the opening has reset takes two seconds to start."""

COUNT_S = 1.0
"""So long it is listened on once it is connected, to see how much is damaged on the way."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it. `refusal`: why the port cannot be opened, or was lost. `is_busy`: somebody has it."""

    bytes: int = 0
    understood: int = 0
    garbled: int = 0
    complaint: str = ""
    is_connected: bool = False
    refusal: str = ""
    is_busy: bool = False


def listen(place: str, profile: Profile) -> Heard:
    """Listen until the pendant has told how it stands, or the time is over."""
    assert profile.serial is not None
    try:
        line = open_line(place, profile.serial)
    except OSError as error:
        return Heard(refusal=why_not_open(error), is_busy=error.errno in (errno.EBUSY, errno.EAGAIN))
    try:
        return _listen(line, decoder_of(profile))
    except OSError as error:
        return Heard(refusal="; ".join(line.complaints()) or f"it was lost: {error.strerror or error}")
    finally:
        line.close()


def _listen(line: Line, decoder: Decoder) -> Heard:
    began, came, is_connected = time.monotonic(), 0, False
    complaints: list[str] = []
    end = began + LISTEN_S
    while (now := time.monotonic()) < end:
        if now >= began + STALE_AT_OPENING_S and now >= decoder.next_send():
            line.write(decoder.to_send(now))
        complaints += line.complaints()
        if not select.select([line.fileno()], [], [], 0.05)[0]:
            continue
        data = line.read()
        if not data or time.monotonic() < began + STALE_AT_OPENING_S:
            continue
        came += len(data)
        if any(isinstance(event, Connected) for event in decoder.feed(data, time.monotonic())):
            is_connected, end = True, min(end, time.monotonic() + COUNT_S)
    return Heard(
        came, decoder.understood, decoder.garbled, decoder.complaint, is_connected, "; ".join(complaints)
    )
