# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines of the hal_mpg line protocol, version 1, as docs/serial-protocol.md has them: read and written.

What does not fit in every respect raises ValueError, with what is wrong, for people.
"""

from __future__ import annotations

from binascii import crc_hqx

from hal_mpg.lean_typing import NamedTuple
from hal_mpg.profile import AXIS_LETTERS, TARGETS

VERSION = 1
MAX_BYTES = 250
"""Bytes of one line to the computer, without its end."""

MAX_NAME, MAX_POSITIONS, MAX_BITS, MAX_DETENT, MAX_TEXT, MAX_WORD = 32, 14, 16, 100, 32, 20
MANY = 15
"""The position of a selector that is at more than one at once."""

ONE_TIME_WORDS = ("estop", "reset", "enable")
PIN_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class Controls(NamedTuple):
    """What a greeting says that a pendant has; positions are in the order of their numbers, from 1 on."""

    axis: tuple[str, ...]
    scale: tuple[str, ...] = ()
    estop: bool = False
    reset: bool = False
    enable: bool = False
    buttons: tuple[str, ...] = ()
    leds: tuple[str, ...] = ()
    detent: int = 1
    text: int = 0

    @property
    def switches(self) -> tuple[str, ...]:
        """The names of the bits of SWITCHES, the lowest one first; those of buttons as `button.NAME`."""
        singles = [word for word in ONE_TIME_WORDS if getattr(self, word)]
        return (*singles, *(f"button.{name}" for name in self.buttons))


class Greeting(NamedTuple):
    """What a pendant says of itself. `boot` differs after each of its starts."""

    name: str
    boot: int
    controls: Controls
    words: str
    """The controls as they were written."""


class State(NamedTuple):
    """How a pendant stands at one moment; see the page for what each field means."""

    boot: int
    seq: int
    wheel: int
    mark: int
    changes: int
    axis: int
    scale: int
    switches: int


class OtherVersion(ValueError):
    """A greeting of a version that is not known here."""


def sealed(body: str) -> bytes:
    """Return a line with its checksum and its end."""
    data = body.encode("ascii")
    return b"%s*%04X\n" % (data, crc_hqx(data, 0))


def unsealed(line: bytes) -> bytes:
    """Return the body of a line without its end. Raises ValueError."""
    body, star, checksum = line.rpartition(b"*")
    if not star or len(checksum) != 4:
        raise ValueError("has no *CCCC at its end")
    if checksum != b"%04X" % crc_hqx(body, 0):
        raise ValueError(f"has another checksum than its content, {crc_hqx(body, 0):04X}")
    if b"*" in body or not body.isascii() or not body.decode("ascii").isprintable():
        raise ValueError("has characters that are none of a line")
    return body


LIMITS = (0xFFFF, 0xFF, 0xFFFF, 0xFFFF, 0xFF, MANY, MANY)
"""The greatest values of a state's decimal fields, in their order."""


def read_state(body: bytes) -> State:
    """Return the state that a body is, which begins with `S,`. Raises ValueError."""
    fields = body.split(b",")
    if len(fields) != len(LIMITS) + 2:
        raise ValueError(f"has {len(fields)} fields instead of {len(LIMITS) + 2}")
    numbers = [_number(field, limit) for field, limit in zip(fields[1:-1], LIMITS, strict=True)]
    boot, seq, wheel, mark, changes, axis, scale = numbers
    return State(boot, seq, wheel, mark, changes, axis, scale, _hexadecimal(fields[-1]))


def _number(field: bytes, limit: int) -> int:
    if not field.isdigit() or len(field) > 5 or (field[:1] == b"0" and len(field) > 1):
        raise ValueError(f"has {_shown(field)} where a number should be")
    number = int(field)
    if number > limit:
        raise ValueError(f"has {number}, where {limit} is the most")
    return number


def _hexadecimal(field: bytes) -> int:
    is_plain = not field.strip(b"0123456789ABCDEF") and (field[:1] != b"0" or field == b"0")
    if not is_plain or not 1 <= len(field) <= 4:
        raise ValueError(f"has {_shown(field)} where hexadecimal switches should be")
    return int(field, 16)


def _shown(field: bytes) -> str:
    return repr(field[:20].decode("ascii", "replace"))


def read_greeting(body: bytes) -> Greeting:
    """Return the greeting that a body is, which begins with `G,`. Raises ValueError."""
    fields = body.decode("ascii").split(",", 4)
    if len(fields) >= 2 and fields[1] != str(VERSION):
        raise OtherVersion(f"is of version {fields[1][:10]} of the protocol, and {VERSION} is known here")
    if len(fields) != 5:
        raise ValueError(f"has {len(fields)} fields instead of 5")
    _, _, name, boot, words = fields
    if not 1 <= len(name) <= MAX_NAME:
        raise ValueError(f"has a name of {len(name)} characters; 1 to {MAX_NAME} are right")
    return Greeting(name, _number(boot.encode(), 0xFFFF), read_controls(words), words)


def read_controls(words: str) -> Controls:
    """Return what the words of a greeting say that there is. Raises ValueError."""
    found: dict[str, str] = {}
    for word in words.split(" "):
        key, equals, value = word.partition("=")
        if key in ONE_TIME_WORDS:
            is_known = not equals
        else:
            is_known = key in _VALUES and bool(value)
        if not is_known:
            raise ValueError(f"has the word {word[:40]!r}, which is none of a greeting")
        if key in found:
            raise ValueError(f"has {key} twice")
        found[key] = value
    if "axis" not in found:
        raise ValueError("has no axis=")
    flags = {key: True for key in ONE_TIME_WORDS if key in found}
    controls = Controls(**flags, **{key: _VALUES[key](found[key]) for key in _VALUES if key in found})  # type: ignore[arg-type]
    if len(controls.switches) > MAX_BITS:
        raise ValueError(f"has {len(controls.switches)} switches; {MAX_BITS} are the most")
    return controls


def _axes(value: str) -> tuple[str, ...]:
    positions = tuple(value.split(",")) if "," in value or value in TARGETS else tuple(value)
    for position in positions:
        if position not in AXIS_LETTERS and position not in TARGETS:
            raise ValueError(f"has {position[:20]!r}, which is no position of an axis selector")
    return _at_most(positions, "axis", MAX_POSITIONS)


def _scales(value: str) -> tuple[str, ...]:
    return _at_most(tuple(value.split(",")), "scale", MAX_POSITIONS)


def _buttons(value: str) -> tuple[str, ...]:
    return _pin_names(value, "buttons")


def _leds(value: str) -> tuple[str, ...]:
    return _pin_names(value, "leds")


def _pin_names(value: str, what: str) -> tuple[str, ...]:
    names = tuple(value.split(","))
    for name in names:
        is_name = len(name) <= MAX_WORD and PIN_CHARACTERS.issuperset(name) and name.strip("-") == name
        if not name or not is_name:
            raise ValueError(f"has {name[:30]!r}, which cannot name a pin, in {what}=")
    return _at_most(names, what, MAX_BITS)


def _at_most(names: tuple[str, ...], what: str, most: int) -> tuple[str, ...]:
    if not all(names) or len(set(names)) < len(names) or len(names) > most:
        raise ValueError(f"has {what}= with an empty name, one twice, or more than {most}")
    return names


def _detent(value: str) -> int:
    return _positive(value, MAX_DETENT, "detent")


def _text(value: str) -> int:
    return _positive(value, MAX_TEXT, "text")


def _positive(value: str, most: int, what: str) -> int:
    number = _number(value.encode(), most)
    if not number:
        raise ValueError(f"has {what}=0; 1 is the least")
    return number


_VALUES = {
    "axis": _axes,
    "scale": _scales,
    "buttons": _buttons,
    "leds": _leds,
    "detent": _detent,
    "text": _text,
}
"""The words that have a value, and what reads it."""
