# SPDX-License-Identifier: GPL-2.0-or-later
"""LinuxCNC's own sample configurations, wired by `hal_mpg wiring`, and made fit to run without a screen."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hal_mpg.linuxcnc_files.hal import POSTGUI, read_hal_files
from hal_mpg.linuxcnc_files.ini import read_ini
from tests.beds.linuxcnc import ROOT, SYSTEM_PYTHON

SAMPLES = Path("/usr/share/doc/linuxcnc/examples/sample-configs")

COPIED = {"", ".hal", ".ini", ".inc", ".tcl", ".tbl", ".var", ".py", ".clp", ".txt", ".sh", ".ngc", ".dat"}
"""Suffixes of what is copied: all that HAL files need; pictures and panels are none of it."""

MAX_BYTES = 100_000

PLACE = "samples"
"""Where the copies are in a configuration's directory."""

LEFT_OUT = (
    ("[APPLICATIONS]", "APP"),
    ("[DISPLAY]", "INTRO_GRAPHIC"),
    ("[RS274NGC]", "REMAP"),
    ("[PYTHON]", "TOPLEVEL"),
    ("[PYTHON]", "PATH_PREPEND"),
    ("[PYTHON]", "PATH_APPEND"),
)
"""Entries of the INI files that want a screen, or remaps that lie elsewhere."""

STUB = """\
#!{python}
# Stands in for a program that needs a screen: its pins are those that the HAL files name.
import hal, time
component = hal.component({name!r})
for pin, kind, way in {pins!r}:
    component.newpin(pin, getattr(hal, "HAL_" + kind), getattr(hal, "HAL_" + way))
component.ready()
while True:
    time.sleep(0.02)
    if {name!r} == "hal_manualtoolchange":
        component["changed"] = component["change"]
"""


def prepare(config: Path, ini: str, pendant: Path, programs: dict[str, Any], more: str = "") -> str:
    """Put the sample `ini` into a configuration's directory, wired; return what `hal_mpg wiring` said.

    `programs`: the types of the pins of programs that need a screen, where they are not all floats.
    `more`: HAL commands that the machine has beside its own.
    Raises AssertionError where the wiring was refused.
    """
    folder = config / PLACE / Path(ini).parent
    _copy(SAMPLES / Path(ini).parent, folder)
    path = config / PLACE / ini
    _without_includes(path)
    if more:
        (folder / "more.hal").write_text(more)
        text = path.read_text()
        last = text.rindex("\n", 0, text.rindex("HALFILE"))
        rest = text.index("\n", last + 1)
        path.write_text(f"{text[:rest]}\nHALFILE = more.hal{text[rest:]}")
    wiring = [sys.executable, "-m", "hal_mpg", "wiring"]
    command = [*wiring, "--ini", str(path), "--pendant", str(pendant), "--add"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, f"{ini}: {done.stderr}"
    programs_folder = folder / "bin"
    programs_folder.mkdir(exist_ok=True)
    shutil.copy(config / "bin" / "hal_mpg", programs_folder)
    _write_stubs(path, programs_folder, programs)
    _close_loops(path)
    _one_display(path)
    return done.stderr


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    files = [path for path in source.rglob("*") if path.is_file()]
    files += [path for path in source.parent.iterdir() if path.is_file()]
    for file in files:
        if file.suffix not in COPIED or file.stat().st_size > MAX_BYTES:
            continue
        copy = target.parent / file.relative_to(source.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
        copy.chmod(0o755)


def _without_includes(ini: Path) -> None:
    """Put what an INI file includes into it: --add only changes the file itself."""
    text = ini.read_text(errors="replace")
    for line in re.findall(r"^#INCLUDE +\S+.*$", text, re.MULTILINE):
        file = ini.parent / line.split()[1]
        text = text.replace(line, file.read_text(errors="replace") if file.is_file() else "")
    ini.write_text(text)


def _write_stubs(ini: Path, folder: Path, programs: dict[str, Any]) -> None:
    files = read_hal_files(read_ini(ini))
    unknown = [file for file in files.opaque if "evaluated" in file.why]
    assert not unknown, f"{ini}: {unknown}"  # it may start programs that want a screen
    commands = [command for command in files.commands if command.stage != POSTGUI]
    for command in commands:
        if command.words[0] != "loadusr":
            continue
        words = [word for word in command.words[1:] if not word.startswith("-")]
        program = words[0].rsplit("/", 1)[-1]
        if program in ("hal_mpg", "classicladder"):
            continue
        name = words[words.index(program) + 1] if program == "pyvcp" else program
        kinds = programs.get(program, {})
        found = {
            word.removeprefix(f"{name}.")
            for other in commands
            for word in other.words[1:]
            if word.startswith(f"{name}.")
        }
        pins = [(pin, *kinds.get(pin, kinds.get("*", "FLOAT IN")).split()) for pin in sorted(found)]
        for place in (folder, ini.parent):  # by its name, or as ./NAME
            stub = place / program
            stub.unlink(missing_ok=True)
            stub.write_text(STUB.format(python=SYSTEM_PYTHON, name=name, pins=pins))
            stub.chmod(0o755)


def _close_loops(ini: Path) -> None:
    """Have LinuxCNC net itself what a GUI would net of joints: one without feedback has a following error."""
    commands = [command for command in read_hal_files(read_ini(ini)).commands if command.stage == POSTGUI]
    loops = [
        " ".join(command.words)
        for command in commands
        if command.words[0] == "net"
        and any(pin.endswith(".motor-pos-fb") for pin in command.words[2:])
        and all(pin.startswith("joint.") for pin in command.words[2:] if pin not in ("=>", "<="))
    ]
    if loops:
        section = "".join(["[HAL]\n", *(f"HALCMD = {loop}\n" for loop in loops)])
        text = ini.read_text(errors="replace")
        ini.write_text(re.sub(r"^\[HAL\]\s*$", section, text, flags=re.MULTILINE))


def _one_display(ini: Path) -> None:
    """Leave one line that names the GUI, at the start of its line; and nothing that wants a screen."""
    text = ini.read_text(errors="replace")
    if read_ini(ini).text("HAL", "TWOPASS"):  # haltcl looks into /usr/bin first, where the real one is
        text = text.replace(
            "HALFILE = LIB:basic_sim.tcl", "HALFILE = LIB:basic_sim.tcl -no_use_hal_manualtoolchange"
        )
        text = re.sub(r"^.*HALFILE *=.*axis_manualtoolchange.hal.*\n", "", text, flags=re.MULTILINE)
    lines, found, section = [], False, ""
    for line in text.splitlines():
        section = line.strip() if line.strip().startswith("[") else section
        key = line.split("=")[0].strip()
        if (section, key) == ("[DISPLAY]", "DISPLAY"):
            lines += [] if found else ["DISPLAY = x"]
            found = True
        elif (section, key) not in LEFT_OUT:
            is_other = key in ("DISPLAY", "PENDANT") and section != "[HAL_MPG]"
            lines.append(f" {line}" if is_other else line)
    ini.write_text("\n".join(lines) + "\n")
