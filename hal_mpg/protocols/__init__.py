# SPDX-License-Identifier: GPL-2.0-or-later
"""What bytes on a serial line mean: pure. Bytes and times go in, events and bytes come out."""

from __future__ import annotations

from hal_mpg.events import DeviceEvent
from hal_mpg.lean_typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hal_mpg.profile import Profile


class Decoder(Protocol):
    """One serial pendant's language. Times are seconds of the monotonic clock, given by the caller.

    Whole and byte-wise feeding give equal events, but for their times. Memory is bounded whatever comes.
    """

    @property
    def understood(self) -> int:
        """Lines or packets since the start that fitted, and showed at least that the pendant is alive."""

    @property
    def garbled(self) -> int:
        """Lines or packets refused since the start; a run of junk counts as one. `reset` leaves it."""

    @property
    def complaint(self) -> str:
        """What did not fit last, for people: what came, and what is right; "": nothing since `reset`."""

    @property
    def remark(self) -> str:
        """What people should know of the pendant that was connected last; "": nothing."""

    @property
    def name(self) -> str:
        """What the pendant calls itself; "": nothing that is known."""

    def feed(self, data: bytes, now: float) -> list[DeviceEvent]:
        """Take what has come. Connected at the first complete state, then Frames of what has changed.

        A restart of the pendant is Disconnected and, at its first complete state, Connected.
        """

    def to_send(self, now: float) -> bytes:
        """Return what is due to be sent: questions, keep-alive, lamps, text; b"": nothing."""

    def next_send(self) -> float:
        """Return when `to_send` has something next; inf: never."""

    def set_led(self, name: str, lit: bool) -> None:
        """Have a lamp of the profile lit or not; it goes with the next `to_send`, which is due at once."""

    def show(self, text: str) -> None:
        """Have a line of text shown, as far as there is a display."""

    def lost(self) -> None:
        """Take note that the pendant was lost (silence): the next complete state is Connected."""

    def reset(self) -> None:
        """Take note that the port was opened anew: nothing is known, half a line is void."""


def decoder_of(profile: Profile) -> Decoder:
    """Return the decoder of a serial pendant; a profile of another source is the caller's fault."""
    assert profile.serial is not None
    kind = type(profile.serial.protocol).__name__
    if kind == "Own":
        from hal_mpg.protocols.line_protocol import LineProtocol

        return LineProtocol(profile)
    if kind == "Lines":
        from hal_mpg.protocols.patterns import PatternLines

        return PatternLines(profile)
    from hal_mpg.protocols.packets import FramedPackets

    return FramedPackets(profile)
