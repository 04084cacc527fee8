# SPDX-License-Identifier: GPL-2.0-or-later
"""A LinuxCNC configuration as the doctor looks at it: INI file, HAL files, the net that they make."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hal_mpg.doctor.netlist import Netlist
from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.hal import Command, HalFiles, component_name
from hal_mpg.linuxcnc_files.ini import IniFile
from hal_mpg.profile import AXIS_LETTERS, Profile
from hal_mpg.wiring.machine_ini import Limit, read_machine


@dataclass(frozen=True, slots=True)
class Configuration:
    """`component` is the name of the hal_mpg that is looked at, `loads` the commands that start one.

    `profile` is None where it is not known. `version` is LinuxCNC's, () where it is not known.
    """

    ini: IniFile
    files: HalFiles
    net: Netlist
    component: str
    loads: tuple[Command, ...]
    profile: Profile | None = None
    version: tuple[int, ...] = ()
    pids: Mapping[str, bool] = field(default_factory=dict)
    """In a running HAL: whether the processes of its components are there."""

    @property
    def load(self) -> Command | None:
        """The command that starts the component, also under the name that `hal_mpg recover` gave it."""
        names = (self.component, re.sub(r"-\d+$", "", self.component))
        loads = {component_name(load.words): load for load in reversed(self.loads)}
        return next((loads[name] for name in names if name in loads), None)

    @property
    def is_there(self) -> bool:
        """Whether a running HAL has the component's pins."""
        return self.net.is_live and f"{self.component}.heartbeat" in self.net.values

    @property
    def is_complete(self) -> bool:
        """Whether all is known that HAL will be: what is missing is not in a file that cannot be read."""
        return self.net.is_live or not (self.files.opaque or self.files.problems)

    @property
    def machine_axes(self) -> tuple[str, ...]:
        """The machine's axes, as [TRAJ]COORDINATES has them; each once."""
        text = self.ini.text("TRAJ", "COORDINATES").lower()
        return tuple(dict.fromkeys(letter for letter in text if letter in AXIS_LETTERS))

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that the pendant can turn; where the profile is not known, those that are wired."""
        if self.profile is not None:
            return tuple(axis for axis in self.profile.axes if axis in self.machine_axes)
        pins = (*self.net.signal_of, *self.net.values)
        pattern = re.compile(rf"{re.escape(self.component)}\.axis\.([a-z])\.")
        wired = {found[1] for found in map(pattern.match, pins) if found}
        return tuple(axis for axis in self.machine_axes if axis in wired)

    def pin(self, name: str) -> str:
        """Return the full name of a pin of the component."""
        return f"{self.component}.{name}"

    @property
    def joints(self) -> Mapping[str, tuple[int, ...]] | None:
        """The joints of each axis with trivkins; None with other kinematics, where joints are no axes."""
        words = self.kinematics
        if not words or words[0] != "trivkins":
            return None
        letters = "xyzabcuvw"
        for word in words[1:]:
            key, _, value = word.strip("\"'").partition("=")
            if key.lower() == "coordinates":
                letters = value.lower()
        found: dict[str, tuple[int, ...]] = {}
        for number, letter in enumerate(letter for letter in letters if letter in AXIS_LETTERS):
            found[letter] = (*found.get(letter, ()), number)
        return found

    @property
    def kinematics(self) -> Sequence[str]:
        """The words that load the kinematics: of the HAL files, or else of the INI file."""
        for command in self.files.commands:
            if command.words[:1] == ("loadrt",) and any("kins" in word for word in command.words[1:2]):
                return command.words[1:]
        return self.ini.text("KINS", "KINEMATICS").split()

    def limits(self, axis: str) -> Mapping[str, Limit]:
        """Return what an axis and its joints can do, by the ends of the component's pins; {} if unknown."""
        try:
            machine = read_machine(self.ini, None, self.files.commands)
        except UsageError:
            return {}
        for found in machine.axes:
            if found.letter == axis:
                return {"max-velocity": found.velocity, "max-acceleration": found.acceleration}
        return {}

    def with_profile(self, profile: Profile | None) -> Configuration:
        """Return the same with another profile."""
        return replace(self, profile=profile)

    def place_of(self, pin: str) -> str:
        """Return where a pin was netted or set: FILE:LINE, or ""."""
        return self.net.places.get(pin, "")

    def file_place(self) -> str:
        """Return the INI file's name, for what is nowhere."""
        return str(self.ini.path)


def relative_profile(name: str, ini: Path) -> str:
    """Return a profile's name as it is meant where LinuxCNC runs: files lie beside the INI file."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return str(ini.parent / name)
    return name
