# SPDX-License-Identifier: GPL-2.0-or-later
"""Pendants that speak lines of their own, as the profile's patterns say. Pure.

A line is matched by patterns that `pattern_check` has passed, so its time is bounded by its length.
"""

from __future__ import annotations

import re

from hal_mpg.events import DeviceEvent
from hal_mpg.profile import Profile
from hal_mpg.protocols.foreign import Lines, Rule
from hal_mpg.protocols.foreign_state import MOST_QUOTED, ForeignDecoder, quoted
from hal_mpg.protocols.framing import LineFramer


class PatternLines(ForeignDecoder):
    """The decoder of a pendant that speaks lines; see `Decoder`."""

    def __init__(self, profile: Profile) -> None:
        assert profile.serial is not None and isinstance(profile.serial.protocol, Lines)
        lines = profile.serial.protocol
        super().__init__(profile, lines.speech, lines.at_start)
        self._longest = lines.longest
        self._framer = LineFramer(lines.longest, lines.end)
        self._rules = [(rule, re.compile(rule.pattern, re.ASCII).fullmatch) for rule in lines.rules]
        self._endless = b""  # what came first, until something was understood or refused

    @property
    def complaint(self) -> str:
        """What did not fit last; it is made when somebody asks, not for each line of a flood."""
        if isinstance(self._bad, bytes):
            return complaint_of(self._bad, [rule for rule, _ in self._rules], "line")
        if self._bad is None and self._endless:
            return f"no line has ended since {quoted(self._endless)} came; {BAUD_HINT}"
        return self._bad or ""

    def feed(self, data: bytes, now: float) -> list[DeviceEvent]:
        """Take what has come; see `Decoder`."""
        events: list[DeviceEvent] = []
        if self._bad is None and not self.understood:
            self._endless = (self._endless + data)[: MOST_QUOTED + 1]
        for line in self._framer.feed(data):
            if line is None:
                self._refuse(f"{self._longest} bytes without the end of a line; {BAUD_HINT}")
            else:
                events += self._line(line, now)
        if self.understood:
            self._endless = b""
        return events

    def _line(self, line: bytes, now: float) -> list[DeviceEvent]:
        text = text_of(line)
        for rule, fits in self._rules if text is not None else ():
            found = fits(text or "")
            if found:
                return self._take(rule, found.group, "line", line, now)
        return self._refuse(line)

    def reset(self) -> None:
        """Take note that the port was opened anew."""
        super().reset()
        self._framer.reset()
        self._endless = b""


BAUD_HINT = "is the baud rate right?"


def text_of(line: bytes) -> str | None:
    """Return a line or the text of a packet, tabs as blanks; None where it is not printable ASCII."""
    text = line.decode("latin-1").replace("\t", " ")
    return text if text.isascii() and text.isprintable() else None


def complaint_of(data: bytes, rules: list[Rule], what: str) -> str:
    """Return why bytes fit none of the rules: which of them they fit the furthest, and what should follow."""
    from hal_mpg.protocols.pattern_check import Automaton, spelled

    text = text_of(data)
    if text is None:
        return f"{what} {quoted(data)} has bytes that are no text; {BAUD_HINT}"
    patterns = [rule.pattern for rule in rules if rule.pattern]
    fitted = [(*Automaton(pattern).fits_up_to(text), pattern) for pattern in patterns]
    length, expected, may_end, pattern = max(fitted, key=lambda one: one[0])
    right = spelled(expected) if expected else ""
    if may_end:
        right = f"{right} or the end" if right else "the end"
    said = f"{what} {quoted(data)} fits no rule of the profile"
    if not length:
        return f"{said}; is it another pendant's? Else add a rule for it"
    there = repr(text[length]) if length < len(text) else "the end"
    return f"{said}; it fits '{pattern}' up to character {length}, where {right} should follow, not {there}"
