# SPDX-License-Identifier: GPL-2.0-or-later
"""The samples of config/, copied beside an INI file: a wiring replaces those that are as shipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hal_mpg.linuxcnc_files.hal import HALFILE, Command, file_commands, find_hal_file
from hal_mpg.linuxcnc_files.ini import Entry, IniFile
from hal_mpg.profile_files import shared_dir
from hal_mpg.wiring.findings import ERROR, NOTE, Finding

SAMPLE = re.compile(
    r"mpg(-estop|-overrides|-run|(-display|-analog)?(-[xyzabcuvw])?|-xhc-hb04|-xhc-whb04b)?\.hal"
)

ON_TOP = re.compile(r"mpg-(actions|buttons|smooth(-[xyzabcuvw])?)\.hal")
"""Those that a wiring does not replace: they name hal_mpg's pins, so they come after it."""

OF_AXIS = re.compile(r"(mpg|mpg-display|mpg-analog)-([xyzabcuvw])\.hal")

OF_PENDANT = re.compile(r"mpg-xhc-\w+\.hal")
"""Those that net buttons, too."""

JOINT_PIN = re.compile(r"(halui\.)?joint\.\d+\.(jog-\w+|analog)")

LIMIT = re.compile(r"\[(AXIS|JOINT)_\w+\]")

MOST_SHOWN = 4


def samples(ini: IniFile) -> list[Entry]:
    """Return the entries that name samples, copied beside the INI file; they are left out from now on."""
    return [
        entry for entry in ini.values("HAL", "HALFILE") if SAMPLE.fullmatch(entry.value.rsplit("/", 1)[-1])
    ]


def on_top(ini: IniFile) -> list[Entry]:
    """Return the entries that name samples which stay, and want hal_mpg's pins to be there."""
    return [
        entry for entry in ini.values("HAL", "HALFILE") if ON_TOP.fullmatch(entry.value.rsplit("/", 1)[-1])
    ]


def edited_samples(ini: IniFile) -> Iterator[Finding]:
    """Yield an error for each sample with commands that the shipped one has not: they would be lost."""
    for entry in samples(ini):
        file = find_hal_file(ini, entry.value)
        added = [] if file is None else _added(file, ini)
        if file is not None and not added and OF_PENDANT.fullmatch(file.name):
            yield Finding(
                NOTE,
                "buttons-left-out",
                f"{file}: the buttons that it nets are comments at the end of the new file; copy those that "
                f"you want below 'Yours', without their #",
            )
        if added:
            more = f"; and {len(added) - MOST_SHOWN} more" if len(added) > MOST_SHOWN else ""
            lines = "; ".join(f"line {command.line}: {command.text}" for command in added[:MOST_SHOWN])
            yield Finding(
                ERROR,
                "sample-edited",
                f"{file}: has lines that hal_mpg's sample of this name has not, and the wiring would take "
                f"its place: {lines}{more}. Put a # before its HALFILE in {entry.place}, run this again, and "
                f"bring what is still needed of these lines to the end of the new file, below 'Yours', "
                f"before you start the machine",
            )


def _added(file: Path, ini: IniFile) -> list[Command]:
    """Return the commands that the shipped sample has not; which joints an axis has, wiring knows itself."""
    name = OF_AXIS.sub(r"\1-x.hal", file.name)
    shipped = shared_dir() / name
    known = (
        {_meaning(c, shipped) for c in file_commands(shipped, HALFILE, ini)} if shipped.is_file() else set()
    )
    return [command for command in file_commands(file, HALFILE, ini) if _meaning(command, file) not in known]


def _meaning(command: Command, file: Path) -> tuple[str, ...]:
    """Return the words of a command as they are for any axis, with its joints left out."""
    axis = OF_AXIS.fullmatch(file.name)
    words = [word for word in command.text.split() if not JOINT_PIN.fullmatch(word)]
    if axis is not None:
        for name in ("mpg-{}-", "mpg-analog-{}", "axis.{}."):
            words = [word.replace(name.format(axis[2]), name.format("L")) for word in words]
    return tuple(LIMIT.sub("[LIMIT]", word) for word in words)
