# SPDX-License-Identifier: GPL-2.0-or-later
"""Pendants that speak packets of their own, as the profile says: a start, an end, fields or text. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from hal_mpg.events import DeviceEvent
from hal_mpg.lean_typing import NamedTuple
from hal_mpg.profile import Profile
from hal_mpg.protocols.fields import size_of, sums_of, value_in
from hal_mpg.protocols.foreign import Packets, Rule
from hal_mpg.protocols.foreign_state import ForeignDecoder, quoted
from hal_mpg.protocols.patterns import BAUD_HINT, complaint_of, text_of


class Junk(NamedTuple):
    """A run of bytes that are no packet, told at its first byte; `why` is for people."""

    why: str


class PacketFramer:
    """Cuts packets out of what comes, and never keeps more than one.

    What begins as a packet and turns out to be none loses its first byte only: the true one may begin inside.
    """

    def __init__(self, packets: Packets) -> None:
        self._start, self._end = bytes(packets.start), bytes(packets.end)
        self._length = packets.length
        self._longest = packets.length or packets.longest
        self._checksum = packets.checksum
        self._rest = b""
        self._is_junk = False

    def reset(self) -> None:
        """Forget what has come of a packet."""
        self._rest, self._is_junk = b"", False

    def feed(self, data: bytes) -> list[bytes | Junk]:
        """Return the packets that are complete now, and a word for each run of junk that began."""
        found: list[bytes | Junk] = []
        for at in range(0, len(data), self._longest):  # so that no more is ever copied than a packet has
            self._rest += data[at : at + self._longest]
            self._cut(found)
        return found

    def _cut(self, found: list[bytes | Junk]) -> None:
        while self._rest:
            at = self._begin()
            if at:
                self._drop(at, f"bytes {quoted(self._rest[:at])} between the packets", found)
                continue
            length = self._length or self._length_by_end()
            if length is None:
                if len(self._rest) < self._longest:
                    return
                self._drop(1, f"no {self._end.hex(' ')} ends {quoted(self._rest)}", found)
            elif length < 0:
                self._drop(-length, f"{quoted(self._rest[:-length])} began and did not end", found)
            elif len(self._rest) < length:
                return
            else:
                packet = self._rest[:length]
                why = self._fault(packet)
                if why:
                    self._drop(1, why, found)
                else:
                    found.append(packet)
                    self._rest, self._is_junk = self._rest[length:], False

    def _begin(self) -> int:
        """Return where the next packet may begin; the end of all bytes where none does."""
        at = self._rest.find(self._start)
        if at >= 0:
            return at
        for length in range(min(len(self._start) - 1, len(self._rest)), 0, -1):
            if self._rest.endswith(self._start[:length]):
                return len(self._rest) - length
        return len(self._rest)

    def _length_by_end(self) -> int | None:
        """Return the length up to the first end; None: not here yet; below 0: where the next one begins."""
        begin = len(self._start)
        end = self._rest.find(self._end, begin, self._longest)
        again = self._rest.find(self._start, begin, self._longest)
        if again >= 0 and (end < 0 or again + begin < end + len(self._end)):
            return -again
        return end + len(self._end) if end >= 0 else None

    def _drop(self, count: int, why: str, found: list[bytes | Junk]) -> None:
        self._rest = self._rest[count:]
        if not self._is_junk:
            found.append(Junk(why))
        self._is_junk = True

    def _fault(self, packet: bytes) -> str:
        """Return what is wrong with a packet; "": nothing."""
        if not packet.endswith(self._end):
            return f"{quoted(packet)} does not end with {self._end.hex(' ')}"
        if self._checksum is None:
            return ""
        here, right = sums_of(self._checksum, packet)
        if here == right:
            return ""
        said = f"the checksum {here:#x}" if here >= 0 else "no checksum"
        return f"{quoted(packet)} has {said}, and its bytes have {right:#x}"


class FramedPackets(ForeignDecoder):
    """The decoder of a pendant that speaks packets; see `Decoder`."""

    def __init__(self, profile: Profile) -> None:
        assert profile.serial is not None and isinstance(profile.serial.protocol, Packets)
        packets = profile.serial.protocol
        super().__init__(profile, packets.speech, packets.at_start)
        self._packets = packets
        self._framer = PacketFramer(packets)
        self._rules = [(rule, _fullmatch(rule)) for rule in packets.rules]
        self._fields = {field.name: field for field in packets.fields}

    @property
    def complaint(self) -> str:
        """What did not fit last; it is made when somebody asks."""
        if isinstance(self._bad, bytes):
            if any(rule.pattern for rule, _ in self._rules):
                return complaint_of(self._text_bytes(self._bad), [rule for rule, _ in self._rules], "packet")
            values = ", ".join(f"{name} {value_in(field, self._bad)}" for name, field in self._fields.items())
            return f"packet {self._bad.hex(' ')} fits no rule of the profile ({values}); add a rule for it"
        return self._bad or ""

    def feed(self, data: bytes, now: float) -> list[DeviceEvent]:
        """Take what has come; see `Decoder`."""
        events: list[DeviceEvent] = []
        for packet in self._framer.feed(data):
            if isinstance(packet, Junk):
                self._refuse(f"{packet.why}; {BAUD_HINT}")
            else:
                events += self._packet(packet, now)
        return events

    def _packet(self, packet: bytes, now: float) -> list[DeviceEvent]:
        values = {name: value_in(field, packet) for name, field in self._fields.items()}
        text = text_of(self._text_bytes(packet))
        for rule, fits in self._rules:
            found = fits(text or "") if fits and text is not None else None
            if (fits and not found) or any(values[name] != value for name, value in rule.when):
                continue
            known: dict[str, str | int | None] = {**values, **(found.groupdict() if found else {})}
            return self._take(rule, known.get, "packet", packet, now)
        return self._refuse(packet)

    def _text_bytes(self, packet: bytes) -> bytes:
        """Return what stands between the start and the end, without a checksum there."""
        checksum = self._packets.checksum
        size = size_of(checksum) if checksum else 0
        return packet[len(self._packets.start) : len(packet) - len(self._packets.end) - size]

    def reset(self) -> None:
        """Take note that the port was opened anew."""
        super().reset()
        self._framer.reset()


def _fullmatch(rule: Rule) -> Callable[[str], re.Match[str] | None] | None:
    return re.compile(rule.pattern, re.ASCII).fullmatch if rule.pattern else None
