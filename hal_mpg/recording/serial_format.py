# SPDX-License-Identifier: GPL-2.0-or-later
r"""Recordings of serial pendants: which bytes came and went, and when, as text. Pure.

The first line is HEADER. A line is a time in seconds, `<` for what came from the pendant or `>` for what went
to it, and the bytes as a quoted text, with \r \n \t \" \\ and \xNN; `#` begins a comment::

    # hal_mpg serial recording 1
    # pendant: arduino-connector
    0.000000 < "E0:0\r\n"
    0.000412 > "E0:0\n"
    0.204127 < "I4:1\r\nI5:1\r\n"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hal_mpg.errors import UsageError

HEADER = "# hal_mpg serial recording 1"
MOST_CHUNKS = 5_000_000
PENDANT = re.compile(r"# pendant: (\S+)\s*")

_LINE = re.compile(r'([0-9]{1,9}(?:\.[0-9]{1,9})?)\s+([<>])\s+"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_SPELLED = {ord(character): f"\\{name}" for name, character in _ESCAPES.items()}


class Chunk(NamedTuple):
    """What came or went at one time, in seconds since the recording began."""

    time: float
    to_pendant: bool
    data: bytes


def is_serial(text: str) -> bool:
    """Tell whether a text is a recording of a serial pendant, by its first line."""
    return text.lstrip("\ufeff").startswith("# hal_mpg serial recording")


def to_line(chunk: Chunk) -> str:
    """Return the line of a recording that a chunk is, without its end."""
    spelled = "".join(_spelled(byte) for byte in chunk.data)
    return f'{chunk.time:.6f} {">" if chunk.to_pendant else "<"} "{spelled}"'


def _spelled(byte: int) -> str:
    return _SPELLED.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")


def to_text(chunks: Iterable[Chunk]) -> str:
    """Return a whole recording."""
    return "\n".join([HEADER, *(to_line(chunk) for chunk in chunks), ""])


def read_serial(text: str, file: str = "the recording") -> list[Chunk]:
    """Return what a recording has.

    Raises UsageError, with the line's number, where it is none or its times go back.
    """
    if not is_serial(text):
        raise UsageError(f"{file}:1: is no serial recording; its first line is {HEADER!r}")
    if not text.lstrip("\ufeff").startswith(HEADER + "\n"):
        raise UsageError(f"{file}:1: is of another version than 1; use a newer hal_mpg")
    return list(_chunks(text, file))


def _chunks(text: str, file: str) -> Iterator[Chunk]:
    before = 0.0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip("\ufeff").startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise UsageError(f'{file}:{number}: {line[:60]!r} is not of the form 1.25 < "BYTES"; correct it')
        time = float(found[1])
        if time < before:
            raise UsageError(
                f"{file}:{number}: the time {found[1]} is before the last one; put them in order"
            )
        if number > MOST_CHUNKS:
            raise UsageError(f"{file}:{number}: more than {MOST_CHUNKS} lines; cut it to what matters")
        before = time
        yield Chunk(time, found[2] == ">", _bytes(found[3], file, number))


def _bytes(spelled: str, file: str, number: int) -> bytes:
    def plain(found: re.Match[str]) -> str:
        name = found[1]
        if name[0] == "x" and len(name) == 3:
            return chr(int(name[1:], 16))
        if name not in _ESCAPES:
            raise UsageError(f'{file}:{number}: \\{name} is not read; use \\r \\n \\t \\" \\\\ or \\xNN')
        return _ESCAPES[name]

    try:
        return _ESCAPE.sub(plain, spelled).encode("latin-1")
    except UnicodeEncodeError:
        raise UsageError(f"{file}:{number}: has a character that is no byte; write it as \\xNN") from None


def pendant_of(text: str) -> str | None:
    """Return the profile that the recording names in its comments; None: it names none."""
    found = PENDANT.search(text)
    return found[1] if found else None
