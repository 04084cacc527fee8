# SPDX-License-Identifier: GPL-2.0-or-later
"""LinuxCNC's sample configurations for hardware: they cannot run here, but their wiring can be judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.hal import HALFILE, POSTGUI, Command, read_hal_files
from hal_mpg.linuxcnc_files.ini import read_ini
from hal_mpg.wiring.findings import ERROR, of_severity
from hal_mpg.wiring.hal_text import hal_text
from tests.core.halcmd import Halcmd
from tests.linuxcnc.test_wiring_sims import plan_of
from tests.linuxcnc.wiring_bed import SAMPLES

KNOWN = ("loadrt", "net", "unlinkp", "linkpp", "linksp", "linkps", "setp", "addf")

REFUSED = {
    "by_interface/pico/univpwmv/univpwm.ini": "jog-pins-taken",
    "by_machine/boss/boss.ini": "jog-pins-taken",
    "by_machine/boss/pid_test.ini": "jog-pins-taken",
    "by_interface/parport/classicladder/cl-estop/cl-estop.ini": "netted-later",
}
"""A wheel of their own; an E-stop that the GUI's file joins."""


def hardware() -> list[str]:
    """Return the INI files of the samples that are no simulations."""
    found = (path.relative_to(SAMPLES) for path in SAMPLES.rglob("*.ini"))
    return sorted(str(path) for path in found if path.parts[0] != "sim")


def as_text(commands: list[Command]) -> str:
    """Return the commands that the model of halcmd knows, each loadrt once."""
    lines, modules = [], set()
    for command in commands:
        verb, *words = command.words
        if verb == "loadrt" and (not words or words[0] in modules):
            continue  # such samples do not start anywhere
        modules.add(words[0] if verb == "loadrt" else "")
        if (verb == "setp" and len(words) != 2) or (verb == "addf" and "servo-thread" not in words):
            continue
        if verb == "loadrt":
            words = [words[0], *(word for word in words[1:] if word.startswith("names="))]
        if verb in KNOWN:
            lines.append(" ".join([verb, *words]))
    return "\n".join(lines)


@pytest.mark.parametrize("name", hardware())
def test_the_wiring_loads_after_the_machines_own_files(name: str) -> None:
    ini = read_ini(SAMPLES / name)
    plan = plan_of(ini)
    if name in REFUSED:
        assert REFUSED[name] in {finding.id for finding in of_severity(plan.findings, ERROR)}
        return
    assert not of_severity(plan.findings, ERROR)
    text = hal_text(plan)
    commands = read_hal_files(ini).commands
    hal = Halcmd()
    try:
        hal.run(as_text([c for c in commands if c.stage == HALFILE]))
    except Exception as error:  # noqa: BLE001  # a sample that does not start
        pytest.skip(f"the sample itself would not start: {error}")
    hal.run(text)
    hal.run(as_text([c for c in commands if c.stage == POSTGUI and c.words[0] == "loadrt"]))
    for pin in ("motion.enable", "iocontrol.0.emc-enable-in"):
        assert hal.linked[pin].startswith(plan.prefix), "the chain drives it"


def test_there_are_samples_for_hardware() -> None:
    if not Path(SAMPLES).is_dir():
        pytest.skip("LinuxCNC's sample configurations are not installed")
    assert len(hardware()) > 50


def test_refusals_are_one_line() -> None:
    with pytest.raises(UsageError):
        read_ini(Path("/none/x.ini"))
