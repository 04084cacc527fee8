# SPDX-License-Identifier: GPL-2.0-or-later
"""What an INI file needs so that LinuxCNC loads the wiring, and its text with that added."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hal_mpg.errors import UsageError
from hal_mpg.ini_file import Entry, IniFile


class Addition(NamedTuple):
    """One line that an INI file needs. `replaces` is the entry that it takes the place of."""

    section: str
    line: str
    replaces: Entry | None = None


def needed(ini: IniFile, halfile: str, pendant: str) -> list[Addition]:
    """Return what is missing in an INI file, in the order of writing; nothing where all is there.

    `halfile` is the wiring as a HALFILE line names it; `pendant` the profile for [HAL_MPG]PENDANT.
    """
    missing = []
    if not ini.text("HAL", "HALUI"):
        missing.append(Addition("HAL", "HALUI = halui"))
    named = [entry.value.split()[0] for entry in ini.values("HAL", "HALFILE")]
    if not any(_is_same(ini, name, halfile) for name in named):
        missing.append(Addition("HAL", f"HALFILE = {halfile}"))
    entry = ini.get("HAL_MPG", "PENDANT")
    if entry is None or entry.value != pendant:
        missing.append(Addition("HAL_MPG", f"PENDANT = {pendant}", entry))
    return missing


def _is_same(ini: IniFile, name: str, halfile: str) -> bool:
    return name == halfile or ini.file_of(name).absolute() == ini.file_of(halfile).absolute()


def is_last_halfile(ini: IniFile, halfile: str) -> bool:
    """Tell whether the wiring comes after all other HALFILEs, as it must."""
    names = [entry.value.split()[0] for entry in ini.values("HAL", "HALFILE")]
    return not any(_is_same(ini, name, halfile) for name in names[:-1])


def with_additions(ini: IniFile, text: str, additions: list[Addition]) -> str:
    """Return an INI file's text with what it needs; all else stays as it is.

    Raises UsageError where the lines belong into a file that the INI file includes.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split("\n")
    inserts: list[tuple[int, str]] = []
    for addition in additions:
        if addition.replaces is not None:
            _check_is_here(ini, addition.replaces.path, addition)
            lines[addition.replaces.line - 1 : addition.replaces.last_line] = [
                addition.line + ("\r" if newline == "\r\n" else ""),
                *[None] * (addition.replaces.last_line - addition.replaces.line),  # type: ignore[list-item]
            ]
            continue
        place = _place(ini, addition)
        if place is None:
            inserts.append((len(lines), f"[{addition.section}]{newline}{addition.line}"))
        else:
            inserts.append((place, addition.line))
    for place, line in sorted(inserts, key=lambda insert: -insert[0]):
        if place >= len(lines):
            lines = [*_without_last_blank(lines), "", *line.replace("\r", "").split("\n"), ""]
            if newline == "\r\n":
                lines = [kept if kept.endswith("\r") else f"{kept}\r" for kept in lines[:-1]] + [""]
        else:
            lines.insert(place, line + ("\r" if newline == "\r\n" else ""))
    return "\n".join(line for line in lines if line is not None)


def _without_last_blank(lines: list[str]) -> list[str]:
    kept = list(lines)
    while kept and not (kept[-1] or "x").strip():
        kept.pop()
    return kept


def _place(ini: IniFile, addition: Addition) -> int | None:
    """Return before which line (from 0) an addition goes; None: at the end, in a section of its own."""
    heading = next((h for h in ini.headings if h.name == addition.section and h.counts), None)
    if addition.line.startswith("HALFILE"):
        files = ini.values("HAL", "HALFILE")
        if files:
            _check_is_here(ini, files[-1].path, addition)
            return files[-1].last_line
    if heading is None:
        return None
    _check_is_here(ini, heading.path, addition)
    return heading.line


def _check_is_here(ini: IniFile, path: Path, addition: Addition) -> None:
    if path != ini.path:
        raise UsageError(
            f"{ini.path}: its [{addition.section}] is in {path}, which it includes; add there: "
            f"{addition.line}"
        )
