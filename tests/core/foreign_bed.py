# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles of made-up serial pendants, and what tests ask of their decoders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

from hal_mpg.events import Connected, DeviceEvent, EventsLost, Frame, Snapshot
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.protocols import Decoder, decoder_of

HEAD = """\
name: Made up
source: serial
match: [{name: "Made up"}]
"""

TAIL = """\
increments:
  x1: {mm: 0.001}
  x10: {mm: 0.01}
controls:
  wheel: {rel: WHEEL}
  axis: {abs: AXIS, positions: {1: x, 2: y, 3: z}}
  scale: {abs: SCALE, positions: {1: x1, 10: x10}}
"""


@cache
def profile_of(protocol: str, tail: str = TAIL) -> Profile:
    """Return the profile with this `protocol:`, whose lines begin in the first column."""
    indented = "".join(f"  {line}\n" for line in protocol.strip().splitlines())
    return load_profile(f"{HEAD}protocol:\n{indented}{tail}", "made-up.yaml")


def decoder_for(protocol: str, tail: str = TAIL) -> Decoder:
    """Return the decoder of such a profile."""
    return decoder_of(profile_of(protocol, tail))


def fed(decoder: Decoder, chunks: Iterable[bytes]) -> list[DeviceEvent]:
    """Return what a decoder makes of the bytes, all at the time 1."""
    return [event for chunk in chunks for event in decoder.feed(chunk, 1.0)]


def bytewise(data: bytes) -> list[bytes]:
    """Return the bytes one by one."""
    return [data[at : at + 1] for at in range(len(data))]


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Return the bytes, cut at some places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


def turned(events: Iterable[DeviceEvent]) -> int:
    """Return how far the wheel (REL code 1) was turned."""
    changes = [change for event in events if isinstance(event, Frame) for change in event.changes]
    return sum(value for kind, code, value in changes if (kind, code) == (2, 1))


def shown(events: Iterable[DeviceEvent]) -> list[str]:
    """Return events in short: what kind, and what changed."""
    short = []
    for event in events:
        if isinstance(event, Frame):
            short.append(" ".join(f"{kind}:{code}:{value}" for kind, code, value in event.changes))
        elif isinstance(event, Connected):
            node = event.nodes[0]
            short.append(f"connected {sorted(node.keys)} {dict(node.absolutes)}")
        elif isinstance(event, Snapshot):
            short.append(f"snapshot {sorted(event.state.keys)} {dict(event.state.absolutes)}")
        elif isinstance(event, EventsLost):
            assert event.void == ()
        else:
            short.append(type(event).__name__.lower())
    return short
