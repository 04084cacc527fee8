# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a profile that serial pendants have: the port's settings, and what is spoken on it.

Beside `profile`, and not in it, so that a start with another pendant need not import it. Everything here is
made of plain values and tuples of them: see profile_cache.
"""

from __future__ import annotations

from hal_mpg.lean_typing import NamedTuple
from hal_mpg.profile import Code
from hal_mpg.protocols.foreign import Lines, Packets

BAUD = 115200
FRAMING = "8N1"
SILENCE_MS = 150
"""After so long without a good line a pendant of hal_mpg's own protocol is lost."""


class Own(NamedTuple):
    """hal_mpg's own line protocol (docs/serial-protocol.md).

    `controls` is what its greeting is expected to say (the words after BOOT); the pins are made from it.
    `is_given`: the profile says so itself; else what is plugged in at the start has the say. `stops`: the
    profile says that loss of a pendant without an E-stop counts as one.
    """

    controls: str = "axis=xyzabc scale=x1,x10,x100 estop reset enable leds=ready"
    is_given: bool = False
    stops: bool = False


class SerialLine(NamedTuple):
    """How a serial pendant is spoken with.

    `baud` in bits/s; `framing` as in 8N1: data bits 5-8, parity N, E, O, M or S, stop bits 1 or 2.
    `silence_ms`: after so long without a word the pendant is lost; 0: silence is no loss. Milliseconds, for
    profiles are made of whole numbers. `codes`: the protocol's own names for its codes, for people.
    """

    protocol: Own | Lines | Packets
    baud: int = BAUD
    framing: str = FRAMING
    silence_ms: int = SILENCE_MS
    codes: tuple[tuple[str, Code], ...] = ()

    @property
    def silence_s(self) -> float:
        """The silence after which the pendant is lost, in seconds; inf: never."""
        return self.silence_ms / 1000 if self.silence_ms else float("inf")


SHAPES: dict[type, tuple[object, ...]] = {
    Own: (str, bool, bool),
    SerialLine: ({Own, Lines, Packets}, int, str, int, [(str, Code)]),
}
"""The fields of each record, in profile_cache's form; those of others' protocols are in `foreign`."""
