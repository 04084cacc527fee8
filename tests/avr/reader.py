# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the lines of a pendant as docs/serial-protocol.md says, and holds every one against it.

Written from that page alone, and nothing of hal_mpg is imported: what the firmware and hal_mpg both got wrong
in the same way would not be found otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

NUMBER = r"(0|[1-9][0-9]{0,4})"
GREETING = re.compile(rf"G,1,([ -)+\-./-~]{{1,32}}),{NUMBER},([ -)+-~]+)")
STATE = re.compile(
    rf"S,{NUMBER},{NUMBER},{NUMBER},{NUMBER},{NUMBER},{NUMBER},{NUMBER},(0|[1-9A-F][0-9A-F]{{0,3}})"
)
LIMITS = (65535, 255, 65535, 65535, 255, 15, 15)
FAULT = 15

LONGEST = 250
EVERY_S = 0.05
GREETING_S = 1.0
WHEEL_S = 0.005
BIT_S = 1 / 115200


class Entry(NamedTuple):
    """One line of a record: simulated time in seconds, what it is, and its text."""

    time_s: float
    kind: str
    text: str


class Greeting(NamedTuple):
    """What a greeting says."""

    name: str
    boot: int
    controls: str

    def words(self, key: str) -> list[str]:
        """Return a control's words: axis=xyz is x, y, z."""
        for word in self.controls.split(" "):
            name, _, value = word.partition("=")
            if name == key:
                return list(value) if key == "axis" and "," not in value else value.split(",")
        return []

    def switches(self) -> list[str]:
        """Return the switches in the order of their bits."""
        there = [name for name in ("estop", "reset", "enable") if name in self.controls.split(" ")]
        return there + self.words("buttons")


class State(NamedTuple):
    """What a state line says; `time_s` is when its last byte had been given to the port."""

    time_s: float
    boot: int
    sequence: int
    wheel: int
    mark: int
    changes: int
    axis: int
    scale: int
    switches: int


class Held(NamedTuple):
    """What a detent was turned with: names of the positions ("" none, "fault"), switches whose bit is 1."""

    axis: str
    scale: str
    switches: frozenset[str]


class PageError(AssertionError):
    """A line is not as the page says."""


def crc(body: str) -> str:
    """Return the CRC-16/XMODEM as it stands behind the *."""
    value = 0
    for byte in body.encode("ascii"):
        for bit in range(7, -1, -1):
            carry = (value >> 15 & 1) != (byte >> bit & 1)
            value = value << 1 & 0xFFFF
            if carry:
                value ^= 0x1021
    return f"{value:04X}"


def with_crc(body: str) -> str:
    """Return a line to send, without its end."""
    return f"{body}*{crc(body)}"


class Reader:
    """Takes each line of a pendant in turn; PageError for what contradicts the page."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        """Begin before the pendant's start. `every_s`: more than the page's, where silence is wanted."""
        self.every_s = every_s
        self.greetings: list[tuple[float, Greeting]] = []
        self.states: list[State] = []
        self.turned: Counter[Held] = Counter()
        """Detents, by what was selected and held; backwards counts negative."""
        self.unknown = 0
        """Detents that nobody can tell anything of."""

    @property
    def greeting(self) -> Greeting:
        """The last greeting."""
        return self.greetings[-1][1]

    def take(self, entry: Entry) -> None:
        """Take one line."""
        if len(entry.text) > LONGEST or not re.fullmatch(r"[ -~]*", entry.text):
            raise PageError(f"{entry}: length or characters")
        body, star, sum_ = entry.text.rpartition("*")
        if not star or "*" in body or sum_ != crc(body):
            raise PageError(f"{entry}: CRC")
        if match := GREETING.fullmatch(body):
            self._greeting(entry.time_s, Greeting(match[1], int(match[2]), match[3]))
        elif match := STATE.fullmatch(body):
            numbers = [int(match[i]) for i in range(1, 8)]
            if any(n > most for n, most in zip(numbers, LIMITS, strict=True)):
                raise PageError(f"{entry}: a number is too large")
            self._state(State(entry.time_s, *numbers, switches=int(match[8], 16)))
        else:
            raise PageError(f"{entry}: neither a greeting nor a state")

    def held(self, state: State) -> Held:
        """Return the names of what a state shows."""
        bits = self.greeting.switches()
        if state.switches >> len(bits):
            raise PageError(f"{state}: bits of switches that it has not")
        return Held(
            position(state.axis, self.greeting.words("axis")),
            position(state.scale, self.greeting.words("scale")),
            frozenset(name for i, name in enumerate(bits) if state.switches >> i & 1),
        )

    def _greeting(self, time_s: float, greeting: Greeting) -> None:
        if self.greetings and greeting != self.greeting:
            raise PageError(f"{greeting}: it was {self.greeting}")
        if self.greetings and time_s - self.greetings[-1][0] > max(GREETING_S, self.every_s):
            raise PageError(f"no greeting for {time_s - self.greetings[-1][0]} s")
        self.greetings.append((time_s, greeting))

    def _state(self, state: State) -> None:
        if not self.greetings:
            raise PageError(f"{state}: before any greeting")
        if state.boot != self.greeting.boot:
            raise PageError(f"{state}: another BOOT than in the greeting")
        held = self.held(state)
        if self.states:
            self._compare(self.states[-1], state, held)
        elif state.mark != state.wheel:
            raise PageError(f"{state}: it begins with a MARK that is not its WHEEL")
        self.states.append(state)

    def _compare(self, last: State, state: State, held: Held) -> None:
        if state.sequence != (last.sequence + 1) % 256:
            raise PageError(f"{state} after {last}: SEQ")
        if state.time_s - last.time_s > self.every_s:
            raise PageError(f"{state}: {state.time_s - last.time_s} s after the last")
        changes = (state.changes - last.changes) % 256
        if changes == 0:
            if state.mark != last.mark or held != self.held(last):
                raise PageError(f"{state} after {last}: a change that is none")
            self.turned[held] += signed(state.wheel - last.wheel)
            return
        # The lines are all there, so detents that cannot be told would be the firmware's fault.
        if changes > 1:
            self.unknown += abs(signed(state.mark - last.wheel))
        else:
            self.turned[self.held(last)] += signed(state.mark - last.wheel)
        self.turned[held] += signed(state.wheel - state.mark)


def position(number: int, names: list[str]) -> str:
    """Return a selector's position by name."""
    if number == 0:
        return ""
    if number == FAULT:
        return "fault"
    if number > len(names):
        raise PageError(f"position {number} of {names}")
    return names[number - 1]


def signed(difference: int) -> int:
    """Return how far WHEEL went, which wraps at 16 bits."""
    return (difference + 0x8000) % 0x10000 - 0x8000


def read(record: Iterable[Entry], every_s: float = EVERY_S) -> Reader:
    """Read all lines of a record, up to its end or its first restart."""
    reader = Reader(every_s)
    seen_any = False
    for entry in record:
        if entry.kind == "line":
            reader.take(entry)
            seen_any = True
        elif entry.kind == "reset" and seen_any:
            break
    return reader
