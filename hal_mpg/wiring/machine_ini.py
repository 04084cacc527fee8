# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine is, by its INI file: units, axes, which joints an axis has, what it can do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.hal import Command
from hal_mpg.linuxcnc_files.ini import Entry, IniFile
from hal_mpg.machine import parse_units
from hal_mpg.profile import ANGULAR_AXES, AXIS_LETTERS
from hal_mpg.wiring.findings import ERROR, NOTE, WARNING, Finding

ALL_JOINTS = "xyzabcuvw"
"""The axes of joints 0 to 8 with `trivkins` alone (trivkins.c)."""

KINEMATICS = re.compile(r"kins$")
"""How the modules of kinematics are called."""

NOT_KNOWN = "unknown kinematics"

MAX_JOINTS = 16

CURRENT_VERSION = 1.1
"""Older INI files are converted by LinuxCNC before it starts (scripts/linuxcnc, update_ini)."""

LINUXCNC_DEFAULT = 1.0
"""Velocity and acceleration of an axis or joint whose INI section gives none (emccfg.h)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of an axis: `value`, in machine units; `source`, what to write in a HAL file for it."""

    value: float
    source: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class MachineAxis:
    """One axis. `joints` is empty where joints are no axes; `travel` is None without limits."""

    letter: str
    joints: tuple[int, ...]
    velocity: Limit
    acceleration: Limit
    travel: float | None = None
    resolution: float = 0.0
    deadband: float = 0.0
    is_locking: bool = False

    @property
    def is_angular(self) -> bool:
        """Whether it is measured in degrees."""
        return self.letter in ANGULAR_AXES


@dataclass(slots=True)
class MachineIni:
    """The machine. `units` is "mm" or "inch"; `kinematics` the module's name."""

    ini: IniFile
    units: str
    kinematics: str
    is_trivial: bool
    axes: tuple[MachineAxis, ...] = ()
    findings: list[Finding] = field(default_factory=list)

    @property
    def letters(self) -> str:
        """The axes' letters."""
        return "".join(axis.letter for axis in self.axes)

    @property
    def is_lathe(self) -> bool:
        """Whether the GUI shows a lathe; a machine that has X and Z alone may be one without that."""
        keys = ("LATHE", "BACK_TOOL_LATHE")
        return any(self.ini.text("DISPLAY", key) not in ("", "0") for key in keys)


def read_machine(
    ini: IniFile,
    joints: Mapping[str, tuple[int, ...]] | None = None,
    commands: Sequence[Command] = (),
    is_whole: bool = True,
) -> MachineIni:
    """Return the machine of an INI file; `joints`: which ones axes have, where the user says so.

    `commands` are those of its HAL files: what kinematics they load counts, whatever the INI file says;
    `is_whole`: there are no others.

    Raises UsageError for what is no INI file of a LinuxCNC that has joints and axes.
    """
    if ini.has_section("AXIS_0") and not ini.has_section("JOINT_0"):
        raise UsageError(
            f"{ini.path}: is of LinuxCNC 2.7 or older ([AXIS_0]); run `update_ini {ini.path}` first"
        )
    findings: list[Finding] = []
    version = ini.number("EMC", "VERSION")
    if version is None or version < CURRENT_VERSION:
        findings.append(
            Finding(
                WARNING,
                "old-ini",
                f"{ini.path}: [EMC]VERSION is not 1.1 or newer: LinuxCNC will convert its files before it "
                f"starts; "
                "start LinuxCNC once, then run this again",
            )
        )
    module, *options = _kinematics(ini, commands, is_whole, findings)
    machine = MachineIni(ini, _units(ini, findings), module, module == "trivkins", findings=findings)
    letters = _letters(ini)
    mapped = _joints_of(machine, options, letters) if joints is None else dict(joints)
    if joints is not None:
        _check_given(joints, letters, ini)
        if machine.is_trivial:
            _check_against(joints, _trivial_joints(machine, options), ini)
        machine.is_trivial = True
    machine.axes = tuple(_axis(machine, letter, mapped.get(letter, ())) for letter in letters)
    return machine


def _kinematics(
    ini: IniFile, commands: Sequence[Command], is_whole: bool, findings: list[Finding]
) -> list[str]:
    """Return the words of the `loadrt` that loads the kinematics, without the first."""
    named = ini.text("KINS", "KINEMATICS").split()
    loads = [command for command in commands if command.words[:1] == ("loadrt",) and len(command.words) > 1]
    loaded = next((c for c in loads if KINEMATICS.search(c.words[1]) or c.words[1] in named[:1]), None)
    if loaded is None:
        # Any module can be one of kinematics: with the motion controller there is one, whatever its name.
        if named and (not is_whole or any(command.words[1] == "motmod" for command in loads)):
            text = f"{ini.path}: KINEMATICS = {' '.join(named)}, but no HAL file is seen to load that"
            findings.append(Finding(NOTE, "kinematics-not-loaded", text))
            return [NOT_KNOWN]
        return named or [""]
    words = list(loaded.words[1:])
    if named and [word.lower() for word in words] != [word.lower() for word in named]:
        findings.append(
            Finding(
                NOTE,
                "kinematics-differ",
                f"{loaded.place}: loads {' '.join(words)}, while the INI file says {' '.join(named)}: "
                "what is loaded counts",
            )
        )
    return words


def _units(ini: IniFile, findings: list[Finding]) -> str:
    text = ini.text("TRAJ", "LINEAR_UNITS")
    if not text:
        findings.append(
            Finding(ERROR, "no-units", f"{ini.path}: [TRAJ]LINEAR_UNITS is missing; add mm or inch")
        )
        return "mm"
    try:
        return parse_units(text)
    except UsageError:
        entry = ini.get("TRAJ", "LINEAR_UNITS")
        place = entry.place if entry else ini.path
        findings.append(
            Finding(ERROR, "bad-units", f"{place}: LINEAR_UNITS = {text}: hal_mpg knows mm and inch only")
        )
        return "mm"


def _letters(ini: IniFile) -> list[str]:
    entry = ini.get("TRAJ", "COORDINATES")
    if entry is None:
        raise UsageError(f"{ini.path}: [TRAJ]COORDINATES is missing; add the machine's axes, such as X Y Z")
    letters = list(dict.fromkeys(c for c in entry.value.lower() if c not in " ,\t"))
    unknown = [letter for letter in letters if letter not in AXIS_LETTERS]
    if unknown:
        raise UsageError(f"{entry.place}: COORDINATES = {entry.value}: {unknown[0]!r} is no axis letter")
    return [letter for letter in AXIS_LETTERS if letter in letters]


def _joints_of(machine: MachineIni, options: list[str], letters: list[str]) -> dict[str, tuple[int, ...]]:
    """Return the joints of each axis; none, and a finding, where they are not those of trivkins."""
    if not machine.is_trivial:
        name = machine.kinematics or "no [KINS]KINEMATICS"
        machine.findings.append(
            Finding(
                NOTE,
                "joints-are-no-axes",
                f"{name}: joints are no axes here, so the wheel jogs axes only, that is after homing; if "
                f"each "
                f"axis has joints of its own, say which: --joints "
                f"{' '.join(f'{x}=0'.upper() for x in letters[:1])} ...",
            )
        )
        return {}
    found = _trivial_joints(machine, options)
    for letter in letters:
        if letter not in found:
            text = f"axis {letter.upper()} has no joint in {' '.join([machine.kinematics, *options])}"
            machine.findings.append(
                Finding(WARNING, "no-joint", f"{machine.ini.path}: {text}; its wheel will move nothing")
            )
    return found


def _trivial_joints(machine: MachineIni, options: list[str]) -> dict[str, tuple[int, ...]]:
    """Return the joints of each axis with trivkins (kins_util.c: the n-th coordinate is joint n)."""
    given = dict(option.split("=", 1) for option in options if "=" in option)
    coordinates = [c for c in given.get("coordinates", ALL_JOINTS).lower() if c not in "\"', "]
    found: dict[str, tuple[int, ...]] = {}
    count = machine.ini.number("KINS", "JOINTS")
    for joint, letter in enumerate(coordinates):
        if count is None or joint < count:
            found[letter] = (*found.get(letter, ()), joint)
    return found


def _check_against(
    joints: Mapping[str, tuple[int, ...]], trivial: Mapping[str, tuple[int, ...]], ini: IniFile
) -> None:
    """Raise UsageError where the user's joints are not those of the machine's trivkins."""
    for letter, numbers in joints.items():
        if sorted(numbers) != sorted(trivial.get(letter, ())):
            theirs = " ".join(f"{x}={','.join(map(str, n))}".upper() for x, n in trivial.items())
            raise UsageError(
                f"--joints {letter.upper()}={','.join(map(str, numbers))}: the trivkins of {ini.path} has "
                f"{theirs}; leave --joints away"
            )


def _check_given(joints: Mapping[str, tuple[int, ...]], letters: list[str], ini: IniFile) -> None:
    others = [letter.upper() for letter in joints if letter not in letters]
    if others:
        raise UsageError(f"--joints: {ini.path} has no axis {others[0]}, but {' '.join(letters).upper()}")
    count = ini.number("KINS", "JOINTS")
    numbers = [joint for numbers in joints.values() for joint in numbers]
    for joint in numbers:
        if numbers.count(joint) > 1:
            raise UsageError(f"--joints: joint {joint} is there twice; each joint belongs to one axis")
        if joint >= (MAX_JOINTS if count is None else count):
            raise UsageError(f"--joints: there is no joint {joint}; [KINS]JOINTS = {count or MAX_JOINTS:g}")


def _axis(machine: MachineIni, letter: str, joints: tuple[int, ...]) -> MachineAxis:
    ini, section = machine.ini, f"AXIS_{letter.upper()}"
    joint_sections = [f"JOINT_{joint}" for joint in joints]
    if not ini.has_section(section):
        machine.findings.append(
            Finding(
                WARNING,
                "no-axis-section",
                f"{ini.path}: [{section}] is missing: LinuxCNC takes 1 unit/s and 1 unit/s² for it; add "
                f"the section",
            )
        )
    low, high = ini.number(section, "MIN_LIMIT"), ini.number(section, "MAX_LIMIT")
    return MachineAxis(
        letter,
        joints,
        _limit(machine, section, joint_sections, "MAX_VELOCITY"),
        _limit(machine, section, joint_sections, "MAX_ACCELERATION"),
        travel=None if low is None or high is None else high - low,
        resolution=_resolution(ini, joint_sections),
        deadband=max((ini.number(joint, "DEADBAND") or 0.0 for joint in joint_sections), default=0.0),
        is_locking=ini.get(section, "LOCKING_INDEXER_JOINT") is not None,
    )


def _limit(machine: MachineIni, section: str, joint_sections: list[str], key: str) -> Limit:
    """Return the smallest of an axis' limit and its joints': the wheel meets each of them."""
    ini = machine.ini
    limits = [_limit_in(machine, section, key, _av_ratio(ini, section))]
    limits += [_limit_in(machine, joint, key, 1.0) for joint in joint_sections]
    return min(limits, key=lambda limit: limit.value)


def _limit_in(machine: MachineIni, section: str, key: str, fraction: float) -> Limit:
    ini = machine.ini
    entry = ini.get(section, key)
    if entry is None:
        if ini.has_section(section):
            machine.findings.append(
                Finding(
                    WARNING,
                    "no-limit",
                    f"{ini.path}: [{section}]{key} is missing: LinuxCNC takes 1 for it; add it",
                )
            )
        return Limit(LINUXCNC_DEFAULT, f"{LINUXCNC_DEFAULT:g}", f"LinuxCNC's own value: no [{section}]{key}")
    value = entry.number
    if value is None or value <= 0:
        machine.findings.append(
            Finding(
                ERROR, "bad-limit", f"{entry.place}: {key} = {entry.value}: the axis could not move; mend it"
            )
        )
        return Limit(LINUXCNC_DEFAULT, f"[{section}]{key}")
    return Limit(value * fraction, *_source(entry, fraction, value))


def _source(entry: Entry, fraction: float, value: float) -> tuple[str, str]:
    """Return what stands for a value in a HAL file, and why it is not its name."""
    if fraction != 1.0:
        return f"{value * fraction:.9g}", f"{fraction:g} of [{entry.section}]{entry.key}, for OFFSET_AV_RATIO"
    if not entry.is_clean_number:
        return f"{value:.9g}", f"[{entry.section}]{entry.key} has more in its line than a number"
    return f"[{entry.section}]{entry.key}", ""


def _av_ratio(ini: IniFile, section: str) -> float:
    """Return the part of an axis' limits that external offsets leave to jogging (iniaxis.cc)."""
    ratio = ini.number(section, "OFFSET_AV_RATIO")
    if ratio is None:
        return 1.0
    return 1.0 - (ratio if 0 <= ratio <= 0.9 else 0.1)  # LinuxCNC's bounds


def _resolution(ini: IniFile, joint_sections: list[str]) -> float:
    """Return the largest distance of one motor step or encoder count, as far as it is known; else 0."""
    keys = ("SCALE", "STEP_SCALE", "STEPGEN_SCALE", "INPUT_SCALE", "ENCODER_SCALE")
    scales = [ini.number(section, key) for section in joint_sections for key in keys]
    return max((1 / abs(scale) for scale in scales if scale and abs(scale) > 1), default=0.0)
