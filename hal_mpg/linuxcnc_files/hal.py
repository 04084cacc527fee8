# SPDX-License-Identifier: GPL-2.0-or-later
"""What the HAL files of a LinuxCNC configuration say, in LinuxCNC's order; and of that, what is hal_mpg's.

LinuxCNC (scripts/linuxcnc) carries out each [HAL]HALFILE, then each [HAL]HALCMD; its GUI then the
POSTGUI_HALFILEs. A HALFILE is looked for beside the INI file, then in LinuxCNC's library of HAL files; `LIB:`
means the library at once.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hal_mpg.cli import TOOLS
from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.ini import Entry, IniFile, read_ini, read_text
from hal_mpg.linuxcnc_files.tcl import evaluate

PROGRAM = "hal_mpg"
"""What `loadusr` starts."""

FIRST = (".estop", ".jog-enable", ".armed")
"""Pins that are netted before others: a counter must never meet what an old TRUE still enables."""

HALFILE, HALCMD, POSTGUI = "HALFILE", "HALCMD", "POSTGUI"
"""The stages in which LinuxCNC carries commands out."""

ARROWS = ("=>", "<=", "<=>")

MAX_SOURCED = 16
"""How deep files may `source` each other."""

HALLIB_PLACES = ("/usr/share/linuxcnc/hallib", "/usr/local/share/linuxcnc/hallib")

CARRIES_OUT = re.compile(r"\b(halcmd|haltcl|halrun)\b")
"""Programs that carry out HAL commands of their own."""

WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")

REFERENCE = re.compile(
    r"\[(?P<section>[^\]]*)\](?:\((?P<name>[^)]*)\)|(?P<bare>[\w.-]+))|\$(?:\((?P<env>[^)]*)\)|(?P<var>[\w.-]+))"
)
"""What halcmd replaces: [SECTION]KEY, [SECTION](KEY), $VARIABLE, $(VARIABLE)."""


class Command(NamedTuple):
    """One HAL command. `words` are what halcmd makes of `text`: values of the INI file in their place."""

    words: tuple[str, ...]
    text: str
    path: Path
    line: int
    stage: str = HALFILE

    @property
    def place(self) -> str:
        """FILE:LINE, for messages; a Tcl file without the line, which is not known."""
        return f"{self.path}:{self.line}" if self.line else str(self.path)

    @property
    def pins(self) -> tuple[str, ...]:
        """What stands behind the name in a `net`, without the arrows."""
        return tuple(word for word in self.words[2:] if word not in ARROWS)


class Opaque(NamedTuple):
    """A file whose commands are not (or not all) known: where it is named, and why."""

    path: Path
    named_by: str
    why: str


class HalFiles:
    """`commands` in LinuxCNC's order; `opaque` files; `problems`: what LinuxCNC would not start with."""

    def __init__(self, ini: IniFile) -> None:
        self.ini = ini
        self.commands: list[Command] = []
        self.opaque: list[Opaque] = []
        self.problems: list[str] = []
        self.files: list[Path] = []


def read_hal_files(ini: IniFile, leave_out: Callable[[Path], bool] = lambda _path: False) -> HalFiles:
    """Read all HAL files of a configuration, but those that `leave_out` tells of.

    What cannot be read, or not be understood, is in the result; nothing is raised for it.
    """
    found = HalFiles(ini)
    for entry in ini.values("HAL", "HALFILE"):
        _read_named(found, entry, HALFILE, leave_out)
    for entry in ini.values("HAL", "HALCMD"):
        found.commands.append(_command(entry.value, entry.path, entry.line, HALCMD, ini, whole=True))
    for entry in ini.values("HAL", "POSTGUI_HALFILE"):
        _read_named(found, entry, POSTGUI, leave_out)
    for entry in ini.values("HAL", "POSTGUI_HALCMD"):
        found.commands.append(_command(entry.value, entry.path, entry.line, POSTGUI, ini, whole=True))
    found.commands = [command for command in found.commands if command.words]
    for command in found.commands:
        if command.words[0] == "loadusr" and any(map(CARRIES_OUT.search, command.words)):
            why = f"`{command.text}` carries out commands of its own"
            found.opaque.append(Opaque(command.path, command.place, why))
    return found


def hallib() -> Path:
    """Return LinuxCNC's library of HAL files, whether it is there or not."""
    places = [os.environ.get("HALLIB_DIR", ""), *HALLIB_PLACES]
    program = shutil.which("linuxcnc")
    if program:
        folder = Path(os.path.realpath(program)).parent.parent
        places[1:1] = [str(folder / "share/linuxcnc/hallib"), str(folder / "lib/hallib")]
    known = [Path(place) for place in places if place]
    return next((place for place in known if place.is_dir()), known[-1])


def hal_lines(ini: Path) -> list[str]:
    """Return the commands of all HAL files of an INI file, in order, without comments.

    Of files of Tcl, what they compute; of the GUI's own files, nothing. Raises UsageError for an INI file
    that cannot be read.
    """
    files = read_hal_files(read_ini(ini))
    return [command.text for command in files.commands if command.stage != POSTGUI]


def component_lines(commands: list[str], name: str) -> tuple[str | None, list[str]]:
    """Return the `loadusr` line of the component `name`, and the lines that wire it, in a safe order.

    A pin that is taken off its signal again (unlinkp) is left out of the lines before that.
    """
    load = next((line for line in commands if loads_component(line.split(), name)), None)
    pin = re.compile(rf"\b{re.escape(name)}\.")
    wires: list[str] = []
    for line in commands:
        words = line.split()
        if words[0] == "unlinkp":
            wires = [" ".join(word for word in wire.split() if word not in words[1:]) for wire in wires]
        elif words[0] in ("net", "setp", "linkps") and pin.search(line):
            wires.append(line)
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


def loads_component(words: Sequence[str], name: str) -> bool:
    """Tell whether the words of a command start hal_mpg as the component `name`."""
    if not words or words[0] != "loadusr" or _program_place(words) == len(words):
        return False
    return component_name(words) == name


def component_name(words: Sequence[str]) -> str | None:
    """Return the component's name where the words of a command start hal_mpg; None where they do not."""
    if not words or words[0] != "loadusr" or _program_place(words) == len(words):
        return None
    if "--name" not in words:
        return PROGRAM
    return next(iter(words[list(words).index("--name") + 1 :]), None)


def _program_place(words: Sequence[str]) -> int:
    """Return where in a `loadusr` line the program stands, or the line's length where it is another one.

    One of its tools, such as `hal_mpg adaptive-feed`, is another one: it is no component.
    """
    place = 1
    while place < len(words) and words[place].startswith("-"):
        place += 2 if words[place].endswith("n") else 1  # -Wn NAME
    is_ours = place < len(words) and words[place].rsplit("/", 1)[-1] == PROGRAM
    is_ours = is_ours and (place + 1 == len(words) or words[place + 1] not in TOOLS)
    return place if is_ours else len(words)


def find_hal_file(ini: IniFile, name: str) -> Path | None:
    """Return the file that a HALFILE of an INI file means; None where there is none."""
    if name.startswith("LIB:"):
        places = [hallib() / name.removeprefix("LIB:")]
    else:
        places = [ini.file_of(name), hallib() / name]
    return next((place for place in places if place.is_file()), None)


def _read_named(found: HalFiles, entry: Entry, stage: str, leave_out: Callable[[Path], bool]) -> None:
    name, *arguments = entry.value.replace("\\", " ").split()
    file = find_hal_file(found.ini, name)
    if file is None:
        found.problems.append(f"{entry.place}: {name} is not there: LinuxCNC would not start; mend the line")
        return
    if leave_out(file):
        return
    try:
        _read_file(found, file, arguments, entry.place, stage)
    except UsageError as error:
        found.problems.append(f"{entry.place}: {str(error).split(';')[0]}: LinuxCNC would not start")


def _read_file(found: HalFiles, file: Path, arguments: Sequence[str], named_by: str, stage: str) -> None:
    found.files.append(file)
    if file.suffix == ".tcl":
        run = evaluate(file, arguments, found.ini, hallib())
        if run.why:
            found.opaque.append(Opaque(file, named_by, run.why))
        for path, words in run.commands:
            command = Command(words, " ".join(words), path, 0, stage)
            found.commands.append(command._replace(line=_line_of(command)))
    elif file.suffix == ".py":
        found.opaque.append(Opaque(file, named_by, "it is a program"))
    else:
        found.commands += _sourced(found, file, stage, 0)


def _line_of(command: Command) -> int:
    """Return the line of a Tcl file that gives a command, as far as its last word is written there; or 0."""
    try:
        lines = read_text(command.path).split("\n")
    except UsageError:
        return 0
    word = command.words[-1]
    places = [n for n, line in enumerate(lines, start=1) if word in line and command.words[0] in line]
    return places[0] if places else 0


def _sourced(found: HalFiles, file: Path, stage: str, depth: int) -> Iterator[Command]:
    for command in file_commands(file, stage, found.ini):
        is_source = command.words[:1] == ("source",) and len(command.words) > 1
        other = found.ini.file_of(command.words[1]) if is_source else None
        if other is None:
            yield command
        elif depth < MAX_SOURCED and other.is_file():
            yield from _sourced(found, other, stage, depth + 1)
        else:
            found.problems.append(f"{command.place}: {other} cannot be read: LinuxCNC would not start")


def file_commands(file: Path, stage: str, ini: IniFile) -> Iterator[Command]:
    """Yield the commands of one HAL file. Raises UsageError where it cannot be read."""
    first, text = 0, ""
    for number, raw in enumerate(read_text(file).split("\n"), start=1):
        line = raw.rstrip("\r")
        first = first or number
        if line.endswith("\\"):
            text += line[:-1] + " "
            continue
        command = _command(text + line, file, first, stage, ini)
        if command.text:
            yield command
        first, text = 0, ""


def _command(text: str, path: Path, line: int, stage: str, ini: IniFile, whole: bool = False) -> Command:
    """Return one command. `whole`: of an INI file, where a # is part of the value."""
    kept = text.strip() if whole else _without_comment(text).strip()
    words = WORD.findall(substituted(kept, ini))
    return Command(
        tuple(word for word in words if not whole or not word.startswith("#")), kept, path, line, stage
    )


def _without_comment(text: str) -> str:
    quote = ""
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#":
            return text[:place]
    return text


def substituted(text: str, ini: IniFile) -> str:
    """Return a command with the INI file's values, and the environment's, in the place of their names."""

    def value(found: re.Match[str]) -> str:
        variable = found["env"] or found["var"]
        if variable:
            return os.environ.get(variable, found[0])
        entry = ini.get(found["section"], found["name"] or found["bare"] or "")
        return found[0] if entry is None else entry.value

    return REFERENCE.sub(value, text)
