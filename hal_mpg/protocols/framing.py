# SPDX-License-Identifier: GPL-2.0-or-later
"""From bytes to lines: any split, any garbage, and never more kept than one line may have."""

from __future__ import annotations

LF, CR = 10, 13


class LineFramer:
    """Cuts what comes at each `end`. What is longer than `max_bytes` is junk up to the next end.

    `end`: LF, and then a CR before it belongs to it; or CR, and then a LF on either side does.
    """

    __slots__ = ("_end", "_is_junk", "_max_bytes", "_rest", "_with_it")

    def __init__(self, max_bytes: int, end: int = LF) -> None:
        self._max_bytes = max_bytes
        self._end = bytes([end])
        self._with_it = b"\r" if end == LF else b"\n"
        self._rest = b""
        self._is_junk = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Return the lines that are complete now, without their ends; None for each run of junk.

        Empty lines are none. A run of junk is told once, as soon as it is too long.
        """
        lines: list[bytes | None] = []
        *ended, rest = data.split(self._end)
        for part in ended:
            self._take(part, lines)
            if not self._is_junk:
                line = self._rest.removesuffix(self._with_it)
                if self._end != b"\n":
                    line = line.removeprefix(self._with_it)
                if len(line) > self._max_bytes:
                    lines.append(None)
                elif line:
                    lines.append(line)
            self._rest, self._is_junk = b"", False
        self._take(rest, lines)
        return lines

    def _take(self, part: bytes, lines: list[bytes | None]) -> None:
        """Take bytes without an end in them. Two more than a line may have may still belong to its ends."""
        if self._is_junk:
            return
        self._rest += part
        if len(self._rest) > self._max_bytes + 2:
            self._rest, self._is_junk = b"", True
            lines.append(None)

    def reset(self) -> None:
        """Forget what has come of a line."""
        self._rest, self._is_junk = b"", False
