# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines for the tests of the wiring: INI files and the HAL files that they name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hal_mpg.display_layout import MODE_PINS, VALUE_PINS, Display, ShownNumber
from hal_mpg.linuxcnc_files.hal import read_hal_files
from hal_mpg.linuxcnc_files.ini import read_ini
from hal_mpg.machine import Machine
from hal_mpg.profile import AXIS_LETTERS, Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.wiring.advice import advice
from hal_mpg.wiring.findings import Finding
from hal_mpg.wiring.hal_text import hal_text
from hal_mpg.wiring.machine_ini import MachineIni, read_machine
from hal_mpg.wiring.plan import Plan, make_plan

LOOP = "net estop-loop iocontrol.0.user-enable-out => iocontrol.0.emc-enable-in\n"

PROFILE = """\
name: Test pendant
source: evdev
match: [{vendor: 1, product: 2}]
increments:
  x1:   {mm: 0.001, inch: 0.0001, degree: 0.01}
  x100: {mm: 0.1, inch: 0.01, degree: 1}
controls:
  wheel: {rel: REL_DIAL}
  axis: {keys: {x: 1, y: 2, z: 3, a: 4, b: 5, c: 6, u: 7, v: 8, w: 9, feed-override: 10, max-velocity: 11}}
  scale: {keys: {x1: 20, x100: 21}}
  estop: {key: 30}
  reset: {key: 31}
  enable: {key: 32}
  buttons: {home: 33}
  leds: {ready: LED_MISC}
  analog: {abs: ABS_X, axis: selected}
"""


DISPLAY = Display(
    1,
    tuple(
        ShownNumber(0, value) for value in (*VALUE_PINS, *MODE_PINS, *(f"{x}.shown" for x in AXIS_LETTERS))
    ),
)
"""One that shows everything."""


def pendant() -> Profile:
    """Return a pendant that has everything."""
    return load_profile(PROFILE, "test.yaml")._replace(display=DISPLAY)


def ini_text(
    coordinates: str = "XYZ",
    kinematics: str = "trivkins coordinates=XYZ",
    units: str = "mm",
    axes: str | None = None,
    axis: str = "MAX_VELOCITY = 50\nMAX_ACCELERATION = 500\nMIN_LIMIT = -100\nMAX_LIMIT = 100\n",
    joint: str = "MAX_VELOCITY = 50\nMAX_ACCELERATION = 500\n",
    joints: int | None = None,
    hal: str = "HALUI = halui\nHALFILE = machine.hal\n",
    more: str = "",
) -> str:
    """Return an INI file."""
    letters = dict.fromkeys((axes if axes is not None else coordinates).replace(" ", "").upper())
    count = len(coordinates.replace(" ", "")) if joints is None else joints
    sections = "".join(f"[AXIS_{letter}]\n{axis}" for letter in letters)
    sections += "".join(f"[JOINT_{n}]\n{joint}" for n in range(count))
    return (
        f"[EMC]\nMACHINE = test\nVERSION = 1.1\n[KINS]\nKINEMATICS = {kinematics}\nJOINTS = {count}\n"
        f"[TRAJ]\nCOORDINATES = {coordinates}\nLINEAR_UNITS = {units}\n[HAL]\n{hal}{sections}{more}"
    )


def write_machine(folder: Path, ini: str, **files: str) -> Path:
    """Write an INI file and its HAL files (NAME_SUFFIX=text); return the INI file."""
    for name, text in {"machine_hal": LOOP, **files}.items():
        (folder / name.replace("_", ".")).write_text(text)
    path = folder / "machine.ini"
    path.write_text(ini)
    return path


def machine_of(folder: Path, ini: str) -> MachineIni:
    """Return the machine of an INI file's text."""
    return read_machine(read_ini(write_machine(folder, ini)))


def plan_of(path: Path, options: Sequence[str] = ()) -> Plan:
    """Return the plan for an INI file and the pendant that has everything."""
    ini = read_ini(path)
    files = read_hal_files(ini)
    machine = read_machine(ini, None, files.commands, not files.opaque)
    steps = Machine(machine.units, frozenset(machine.letters)).steps_of(pendant())
    return make_plan(machine, files, pendant(), steps, "test", options)


def wired(path: Path) -> tuple[str, list[Finding]]:
    """Return the HAL file for an INI file, and all findings."""
    plan = plan_of(path)
    text = hal_text(plan)
    return text, [*plan.findings, *advice(plan)]
