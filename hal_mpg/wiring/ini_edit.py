# SPDX-License-Identifier: GPL-2.0-or-later
"""What an INI file needs so that LinuxCNC loads the wiring, and its text with that added."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.ini import Entry, IniFile
from hal_mpg.wiring.samples import on_top, samples


class Addition(NamedTuple):
    """One line that an INI file needs. `replaces` is the entry that it takes the place of."""

    section: str
    line: str
    replaces: Entry | None = None


def needed(ini: IniFile, halfile: str, pendant: str) -> list[Addition]:
    """Return what is missing in an INI file, in the order of writing; nothing where all is there.

    `halfile` is the wiring as a HALFILE line names it; `pendant` the profile for [HAL_MPG]PENDANT.
    """
    missing = [Addition("HAL", f"# HALFILE = {entry.value}", entry) for entry in samples(ini)]
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


def is_in_place(ini: IniFile, halfile: str) -> bool:
    """Tell whether the wiring comes after the machine's own HALFILEs, and before samples that build on it."""
    old, later = samples(ini), on_top(ini)
    entries = [entry for entry in ini.values("HAL", "HALFILE") if entry not in old]
    places = [place for place, entry in enumerate(entries) if _is_same(ini, entry.value.split()[0], halfile)]
    return all(
        (entry in later) == (place > here)
        for here in places
        for place, entry in enumerate(entries)
        if place != here
    )


def with_additions(ini: IniFile, text: str, additions: list[Addition]) -> str:
    """Return an INI file's text with what it needs; all else stays as it is.

    Raises UsageError where the lines belong into a file that the INI file includes.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.removesuffix("\n").removesuffix("\r").split("\n")
    lines = [line.removesuffix("\r") if newline == "\r\n" else line for line in lines]
    after: dict[int, list[str]] = {}
    left_out: set[int] = set()
    sections: dict[str, list[str]] = {}
    for addition in additions:
        place = _place(ini, addition)
        if place is None:
            sections.setdefault(addition.section, []).append(addition.line)
        else:
            after.setdefault(place, []).append(addition.line)
        if addition.replaces is not None:
            left_out |= set(range(addition.replaces.line, addition.replaces.last_line + 1))
    changed = [*after.get(0, ())]
    for number, line in enumerate(lines, start=1):
        changed += [] if number in left_out else [line]
        changed += after.get(number, ())
    for section, added in sections.items():
        changed += ["", f"[{section}]", *added]
    return newline.join(changed) + newline


def _place(ini: IniFile, addition: Addition) -> int | None:
    """Return after which line (from 1) an addition goes; None: at the end, in a section of its own."""
    heading = next((h for h in ini.headings if h.name == addition.section and h.counts), None)
    key = addition.line.split()[0]
    # These are read in order, so a new one comes behind the last; but what names its pins comes after it.
    others = list(ini.values(addition.section, key)) if key in ("HALFILE", "MDI_COMMAND") else []
    later = on_top(ini) if key == "HALFILE" else []
    if later:
        others = others[: others.index(later[0])]
    last = addition.replaces or (others[-1] if others else None)
    if last is not None:
        _check_is_here(ini, last.path, addition)
        return last.last_line
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
