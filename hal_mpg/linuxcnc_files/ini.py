# SPDX-License-Identifier: GPL-2.0-or-later
"""LinuxCNC's INI files, read as LinuxCNC 2.9 reads them (inifile.cc, scripts/linuxcnc), with line numbers.

What differs from other INI files, each tried with LinuxCNC's own `inivar`: keys may be repeated, and are
kept in order; a backslash at the end of a line continues it; a `#` or `;` only starts a comment at the
start of a line; names count as they are written; of two sections of one name only the first counts; an
entry without a value ends the list of those before it; `#INCLUDE FILE` is a command, in the INI file
itself only.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hal_mpg.errors import UsageError

MAX_BYTES = 4 * 1024 * 1024
"""The largest INI or HAL file that is read; real ones have some ten kilobytes."""

NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")

SECTION = re.compile(r"\[([^\]]*)\]")


class Entry(NamedTuple):
    """One `KEY = VALUE`. `line` is its first line, counted from 1, and `last_line` its last, of `path`."""

    section: str
    key: str
    value: str
    path: Path
    line: int
    last_line: int

    @property
    def place(self) -> str:
        """FILE:LINE, for messages."""
        return f"{self.path}:{self.line}"

    @property
    def number(self) -> float | None:
        """The number that LinuxCNC reads here (what follows it is passed over), or None without one."""
        return leading_number(self.value)

    @property
    def is_clean_number(self) -> bool:
        """Whether nothing follows the number: `[SECTION]KEY` in a HAL file puts the whole value there."""
        found = NUMBER.fullmatch(self.value.strip())
        return found is not None


class Heading(NamedTuple):
    """Where a section starts. `counts`: LinuxCNC looks at it, for it is the first of its name."""

    name: str
    path: Path
    line: int
    counts: bool


class Line(NamedTuple):
    """What stands in one line, or in several that a backslash joins."""

    path: Path
    first: int
    last: int
    text: str


class IniFile:
    """What an INI file says, its included files with it.

    `entries` are those that count, in order; `ignored` those of a section whose name was there before;
    `problems` are what LinuxCNC would stumble over, one line each.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.ignored: list[Entry] = []
        self.headings: list[Heading] = []
        self.problems: list[str] = []

    def values(self, section: str, key: str) -> list[Entry]:
        """Return the entries of a key that is repeated, in order, as far as LinuxCNC sees them."""
        found = []
        for entry in self.entries:
            if (entry.section, entry.key) == (section, key):
                if not entry.value:
                    break
                found.append(entry)
        return found

    def get(self, section: str, key: str) -> Entry | None:
        """Return the first entry of a key, which is the one that counts; None where there is none."""
        return next(iter(self.values(section, key)), None)

    def text(self, section: str, key: str, default: str = "") -> str:
        """Return the value of a key."""
        entry = self.get(section, key)
        return default if entry is None else entry.value

    def number(self, section: str, key: str) -> float | None:
        """Return the value of a key as the number that LinuxCNC reads there; None without one."""
        entry = self.get(section, key)
        return None if entry is None else entry.number

    def has_section(self, name: str) -> bool:
        """Tell whether there is such a section, were it empty."""
        return any(heading.name == name for heading in self.headings)

    def section(self, name: str) -> dict[str, str]:
        """Return a section's keys with the value that counts."""
        found: dict[str, str] = {}
        for entry in self.entries:
            if entry.section == name:
                found.setdefault(entry.key, entry.value)
        return found

    def sections(self) -> list[str]:
        """Return the names of the sections that count, in order."""
        return [heading.name for heading in self.headings if heading.counts]

    def file_of(self, value: str) -> Path:
        """Return the path that a file's name in this INI file means: `~` is the user's home."""
        if value.startswith("~/"):
            return Path(value).expanduser()
        return self.path.parent / value


def leading_number(text: str) -> float | None:
    """Return the number that a text starts with, as C's strtod has it for decimal ones; None without one."""
    found = NUMBER.match(text)
    if found is None:
        return None
    number = float(found[1])
    return number if math.isfinite(number) else None


def read_ini(path: Path) -> IniFile:
    """Read an INI file and what it includes. Raises UsageError where it cannot be read, or is none."""
    ini = IniFile(path)
    seen: set[str] = set()
    section, counts = "", False
    for line in _logical_lines(path, read_text(path), ini.problems):
        text, place = line.text, f"{line.path}:{line.first}"
        heading = SECTION.match(text)
        if heading is not None:
            section, counts = heading[1], heading[1] not in seen
            seen.add(section)
            ini.headings.append(Heading(section, line.path, line.first, counts))
            if not counts:
                ini.problems.append(
                    f"{place}: a second section [{section}]: LinuxCNC passes over it; join the two"
                )
        elif "=" in text and section:
            key, value = (part.strip(" \t\r") for part in text.split("=", 1))
            entry = Entry(section, key, value, line.path, line.first, line.last)
            (ini.entries if counts else ini.ignored).append(entry)
    if not ini.headings:
        raise UsageError(f"{path}: has no section such as [HAL]; name LinuxCNC's INI file")
    return ini


def read_text(path: Path) -> str:
    """Return the text of an INI or HAL file, whatever its encoding. Raises UsageError."""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is no file; name LinuxCNC's INI file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{path}: cannot be read: {reason}; name LinuxCNC's INI file") from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path}: is too large to be one of LinuxCNC's files; name LinuxCNC's INI file")
    return content.decode(errors="replace")


def _logical_lines(path: Path, text: str, problems: list[str]) -> Iterator[Line]:
    """Yield what is neither comment nor blank, continued lines as one."""
    for line in _continued(path, text):
        words = line.text.split(None, 1)
        if words and words[0] == "#INCLUDE":
            included = _included(line, words, problems)
            yield from () if included is None else _meaning(_continued(*included))
        else:
            yield from _meaning([line])


def _meaning(lines: Iterable[Line]) -> Iterator[Line]:
    for line in lines:
        text = line.text.strip(" \t\r")
        if text and text[0] not in "#;":
            yield line._replace(text=text)


def _included(line: Line, words: list[str], problems: list[str]) -> tuple[Path, str] | None:
    """Return what an #INCLUDE brings; None, and a problem noted, where LinuxCNC would go on without it."""
    name = words[1].strip() if len(words) > 1 else ""
    file = line.path.parent / Path(os.path.expandvars(name)).expanduser()
    try:
        if not name:
            raise UsageError("names no file")
        return file, read_text(file)
    except UsageError:
        what = f"cannot read {file}" if name else "names no file"
        problems.append(
            f"{line.path}:{line.first}: #INCLUDE {what}: LinuxCNC goes on without it; mend the line"
        )
        return None


def _continued(path: Path, text: str) -> Iterator[Line]:
    first, parts = 0, []
    for number, raw in enumerate(text.removesuffix("\n").split("\n"), start=1):
        line = raw.removesuffix("\r")
        first = first or number
        if line.endswith("\\") and len(line) > 1:
            parts.append(line[:-1])
            continue
        yield Line(path, first, number, "".join([*parts, line]))
        first, parts = 0, []
