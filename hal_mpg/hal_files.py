# SPDX-License-Identifier: GPL-2.0-or-later
"""What a LinuxCNC configuration says of hal_mpg: the lines of its HAL files that start and wire it."""

from __future__ import annotations

import re
from pathlib import Path

from hal_mpg.errors import UsageError

PROGRAM = "hal_mpg"
"""What `loadusr` starts."""

FIRST = (".estop", ".jog-enable", ".armed")
"""Pins that are netted before others: a counter must never meet what an old TRUE still enables."""


def hal_lines(ini: Path) -> list[str]:
    """Return the commands of all HAL files of an INI file, in order, without comments.

    Files of Tcl and of LinuxCNC's library are passed over. Raises UsageError for what cannot be read.
    """
    commands: list[str] = []
    for key, value in _hal_section(ini):
        if key == "HALCMD":
            commands.append(value)
        elif key == "HALFILE" and value.split() and not value.startswith("LIB:"):
            file = ini.parent / value.split()[0]
            if file.suffix == ".hal":
                commands += _commands(_read(file))
    return commands


def component_lines(commands: list[str], name: str) -> tuple[str | None, list[str]]:
    """Return the `loadusr` line of the component `name`, and the lines that wire it, in a safe order."""
    load = next((line for line in commands if _loads(line, name)), None)
    pin = re.compile(rf"\b{re.escape(name)}\.")
    wires = [line for line in commands if pin.search(line) and line.split()[0] in ("net", "setp", "linkps")]
    return load, sorted(wires, key=lambda line: not any(word in line for word in FIRST))


def renamed(load: str, wires: list[str], name: str, new: str) -> list[str]:
    """Return the lines that start and wire the same pendant as a component of another name."""
    words = load.split()
    start = _program_place(words)
    arguments = words[start + 1 :]
    if "--name" in arguments:
        place = arguments.index("--name")
        del arguments[place : place + 2]
    started = ["loadusr", "-Wn", new, words[start], "--name", new, *arguments]
    pin = re.compile(rf"\b{re.escape(name)}\.")
    return [" ".join(started), *(pin.sub(f"{new}.", line) for line in wires)]


def _loads(line: str, name: str) -> bool:
    words = line.split()
    if words[0] != "loadusr" or _program_place(words) == len(words):
        return False
    named = words[words.index("--name") + 1 : words.index("--name") + 2] if "--name" in words else [PROGRAM]
    return named == [name]


def _program_place(words: list[str]) -> int:
    """Return where in a `loadusr` line the program stands, or the line's length where it is another one."""
    place = 1
    while place < len(words) and words[place].startswith("-"):
        place += 2 if words[place].endswith("n") else 1  # -Wn NAME
    is_ours = place < len(words) and words[place].rsplit("/", 1)[-1] == PROGRAM
    return place if is_ours else len(words)


def _hal_section(ini: Path) -> list[tuple[str, str]]:
    entries, section = [], ""
    for line in _read(ini).splitlines():
        text = line.strip()
        if text.startswith("["):
            section = text.strip("[]").strip()
        elif section == "HAL" and "=" in text:
            key, value = text.split("=", 1)
            entries.append((key.strip(), value.strip()))
    return entries


def _commands(text: str) -> list[str]:
    whole = text.replace("\\\n", " ")
    lines = (line.split("#", 1)[0].strip() for line in whole.splitlines())
    return [line for line in lines if line]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; name LinuxCNC's INI file") from None
