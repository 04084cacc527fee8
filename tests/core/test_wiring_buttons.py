# SPDX-License-Identifier: GPL-2.0-or-later
"""Buttons that ask for actions, as `hal_mpg wiring --buttons` writes them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hal_mpg.commands.wiring import main
from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.hal import hal_lines
from hal_mpg.pins import DO, REQUESTS, STATUS
from hal_mpg.profile_yaml import load_profile
from hal_mpg.program_run import MPG_RUN
from hal_mpg.wiring.action_nets import SINKS, SOURCES, needed_do, needed_status
from hal_mpg.wiring.buttons_text import check_machine, parse_buttons
from hal_mpg.wiring.hal_text import hal_text
from hal_mpg.wiring.plan import Plan
from tests.core.halcmd import Halcmd
from tests.core.wiring_machines import LOOP, PROFILE, ini_text, plan_of, write_machine

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
PENDANT = ROOT / "tests" / "linuxcnc" / "buttons.yaml"
ALL = "start-pause=start-or-pause,step=step,stop=stop,home=home-all,zero=zero-axis,goto-zero=go-to-zero,"
ALL += "safe-z=safe-z,probe-z=probe-z,spindle=spindle-toggle,coolant=flood"


def nets(lines: list[str]) -> set[tuple[str, str]]:
    """Return which pins are on which other's signal, whatever that is called."""
    members: dict[str, set[str]] = {}
    for line in lines:
        words = [word for word in line.split("#")[0].split() if word not in ("=>", "<=")]
        if words[:1] == ["net"]:
            members.setdefault(words[1], set()).update(words[2:])
    pairs = ((one, other) for pins in members.values() for one in pins for other in pins)
    return {(one, other) for one, other in pairs if one.startswith("hal_mpg.") and one != other}


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return the INI file of a copy of the samples, without a pendant's files."""
    shutil.copytree(CONFIG, tmp_path / "config")
    ini = tmp_path / "config" / "sim-buttons.ini"
    lines = ini.read_text().splitlines()
    ini.write_text("\n".join(line for line in lines if "mpg-" not in line) + "\n")
    return ini


def halui(ini: Path) -> list[str]:
    lines = ini.read_text().splitlines()
    return [line.partition("= ")[2] for line in lines if line.startswith("MDI_COMMAND")]


def test_it_writes_what_the_sample_has(machine: Path) -> None:
    options = ["--ini", str(machine), "--pendant", str(PENDANT), "--buttons", ALL, "--add"]
    assert main(options) == 0
    written = nets(hal_lines(machine))
    sample = nets([*(CONFIG / "mpg-actions.hal").read_text().splitlines()])
    sample |= nets((CONFIG / "mpg-buttons.hal").read_text().splitlines())
    of_actions = ("hal_mpg.request", "hal_mpg.do.", "hal_mpg.button", *(f"hal_mpg.{name}" for name in STATUS))
    ours = {pair for pair in written if pair[0].startswith(of_actions)}
    commands = halui(machine)

    def meant(pairs: set[tuple[str, str]], order: list[str]) -> set[tuple[str, str]]:
        of = {f"halui.mdi-command-{place:02}": command for place, command in enumerate(order)}
        return {(one, of.get(other, other)) for one, other in pairs}

    found = meant(ours, commands)
    expected = meant(sample, halui(CONFIG / "sim-buttons.ini"))
    unused = ("spindle-reverse", "mist", "machine-o", "do.pause")
    assert {pair for pair in expected if not any(name in pair[0] for name in unused)} <= found
    assert {one for one, _ in found - expected} <= {"hal_mpg.do.zero.a"}


def test_mdi_commands_that_are_there_are_used_and_new_ones_come_behind_them(machine: Path) -> None:
    lines = machine.read_text().splitlines()
    at = lines.index("[HALUI]")
    kept = [line for line in lines if not line.startswith("MDI_COMMAND")]
    new = ["MDI_COMMAND = M61 Q1", "MDI_COMMAND = g10 L20  p0 y0"]
    machine.write_text("\n".join([*kept[: at + 1], *new, *kept[at + 1 :]]) + "\n")
    assert (
        main(["--ini", str(machine), "--pendant", str(PENDANT), "--buttons", "zero=zero-axis", "--add"]) == 0
    )
    zero = ["M61 Q1", "g10 L20  p0 y0", "G10 L20 P0 X0", "G10 L20 P0 Z0", "G10 L20 P0 A0"]
    assert halui(machine) == zero
    pairs = nets(hal_lines(machine))
    for axis, number in (("x", 2), ("y", 1), ("z", 3), ("a", 4)):
        assert (f"hal_mpg.do.zero.{axis}", f"halui.mdi-command-{number:02}") in pairs


def test_what_is_missing_is_said(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = machine.read_text()
    for name in ("SUBROUTINE_PATH", "SAFE_Z", "PROBE_FEED", "HOME_SEQUENCE"):
        text = text.replace(f"\n{name} =", f"\n#{name} =")
    machine.write_text(text.replace("[TRAJ]", "[TRAJ]\n"))
    (machine.parent / "sim-motion.hal").open("a").write("net mine my.button => halui.program.run\n")
    assert main(["--ini", str(machine), "--pendant", str(PENDANT), "--buttons", ALL]) == 0
    said = capsys.readouterr().err
    assert "mpg-go-to-zero.ngc, mpg-probe-z.ngc, mpg-safe-z.ngc (in nc_files" in said
    assert "[HAL_MPG] needs SAFE_Z, PROBE_FEED, in millimeters" in said
    assert "[JOINT_0] has no HOME_SEQUENCE" in said
    assert "nets halui.program.run, so hal_mpg.do.cycle-start is left out" in said
    written = (machine.parent / "sim-buttons-mpg.hal").read_text()
    assert "=> halui.program.run" not in written
    assert "=> halui.home-all" not in written


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "start=stop",
            "--buttons start=stop: the pendant's profile has no button start, but start-pause",
        ),
        ("stop=stop,stop=pause", "--buttons stop=pause: the button stop asks for stop already"),
        (
            "stop=stop,home=stop",
            "--buttons home=stop: the button stop asks for stop already; a request ",
        ),
        ("stop=mpg-run,home=mpg-run", "--buttons home=mpg-run: the button stop asks for mpg-run already"),
        ("stop=halt", "--buttons stop=halt: it can ask for one of cycle-start, pause"),
        ("stop", "--buttons stop: the form is NAME=REQUEST,NAME=REQUEST"),
        ("=stop", "--buttons =stop: the form is NAME=REQUEST,NAME=REQUEST"),
        ("stop=stop,", "--buttons '': the form is NAME=REQUEST,NAME=REQUEST, such as stop=stop"),
        ("", "--buttons '': the form is"),
    ],
)
def test_what_cannot_be_asked_for(words: str, message: str) -> None:
    profile = load_profile(PENDANT.read_text(), "buttons.yaml")
    with pytest.raises(UsageError, match=re.escape(message)):
        parse_buttons(words, profile)


def test_the_tables_have_every_pin() -> None:
    assert set(SOURCES) == set(STATUS)
    assert set(SINKS) | {"go-to-zero", "safe-z", "probe-z"} == set(DO)
    assert set(needed_do(REQUESTS, "x")) == {*DO, "zero.x"}
    assert set(needed_status(REQUESTS)) - {"machine-is-on", "mode-is-manual"} == set(STATUS)


EVERYTHING = (*REQUESTS, MPG_RUN)


def all_asked(path: Path) -> Plan:
    """Return the plan for a machine and a pendant that has a button for each request there is."""
    plan = plan_of(path)
    names = {request: f"b-{request}" for request in EVERYTHING}
    buttons = ", ".join(f"{name}: {0x100 + place}" for place, name in enumerate(names.values()))
    plan.profile = load_profile(PROFILE.replace("{home: 33}", f"{{{buttons}}}"), "test.yaml")
    words = ",".join(f"{name}={request}" for request, name in names.items())
    plan.buttons = parse_buttons(words, plan.profile)
    return plan


@pytest.mark.parametrize("homing", ["HOME_SEQUENCE = 0\n", ""])
@pytest.mark.parametrize("coordinates", ["XYZ", "XYYZA", "XYZABCUVW"])
def test_every_request_and_a_wheel_that_runs_programs_load_together(
    tmp_path: Path, coordinates: str, homing: str
) -> None:
    joint = "MAX_VELOCITY = 50\nMAX_ACCELERATION = 500\n" + homing
    path = write_machine(tmp_path, ini_text(coordinates, f"trivkins coordinates={coordinates}", joint=joint))
    plan = all_asked(path)
    hal = Halcmd().run(LOOP).run(hal_text(plan))
    for request in REQUESTS:
        assert f"hal_mpg.request.{request}" in hal.linked
    assert hal.linked["hal_mpg.mpg-run.select"] == hal.linked["hal_mpg.button.b-mpg-run"]
    assert {f"hal_mpg.{name}" for name in STATUS} <= hal.linked.keys()
    done = {f"hal_mpg.do.{name}" for name in DO} | {f"hal_mpg.do.zero.{x.lower()}" for x in coordinates}
    assert done - {"" if homing else "hal_mpg.do.home-all"} <= hal.linked.keys()


@pytest.mark.parametrize(
    ("coordinates", "more"),
    [("XZ", ""), ("XZA", ""), ("XYZ", "[DISPLAY]\nLATHE = 1\n"), ("XYZ", "[DISPLAY]\nBACK_TOOL_LATHE = 1\n")],
)
@pytest.mark.parametrize("request_", ["go-to-zero", "safe-z", "probe-z"])
def test_what_is_made_for_a_mill_is_refused_elsewhere(
    tmp_path: Path, coordinates: str, more: str, request_: str
) -> None:
    path = write_machine(tmp_path, ini_text(coordinates, f"trivkins coordinates={coordinates}", more=more))
    plan = plan_of(path)
    plan.buttons = (("home", request_),)
    with pytest.raises(UsageError, match=f"--buttons home={request_}: that is for mills"):
        check_machine(plan)
    plan.buttons = (("home", "zero-axis"),)
    check_machine(plan)


def test_a_lathe_is_refused_in_one_line(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = machine.read_text().replace("[DISPLAY]\n", "[DISPLAY]\nLATHE = 1\n", 1)
    machine.write_text(text)
    with pytest.raises(UsageError, match="--buttons safe-z=safe-z: "):
        main(["--ini", str(machine), "--pendant", str(PENDANT), "--buttons", "safe-z=safe-z", "--add"])
    assert machine.read_text() == text
    assert not (machine.parent / "sim-buttons-mpg.hal").exists()


def test_the_numbers_are_in_millimeters_on_an_inch_machine_too(tmp_path: Path) -> None:
    numbers = "[HAL_MPG]\nSAFE_Z = 2\nPROBE_FEED = 600\n"
    for units, is_said in (("mm", False), ("inch", True)):
        plan = all_asked(write_machine(tmp_path, ini_text(units=units, more=numbers)))
        hal_text(plan)
        said = {finding.id: finding.text for finding in plan.findings}
        missing = "[HAL_MPG] needs PROBE_DISTANCE, PROBE_LIFT, PROBE_PLATE, in millimeters"
        assert missing in said["subroutine-numbers"]
        assert ("also where the machine's unit is inch" in said["subroutine-numbers"]) is is_said
        assert ("subroutine-units" in said) is is_said
        if is_said:
            both = "[HAL_MPG]SAFE_Z = 2 mm (0.0787 inch), PROBE_FEED = 600 mm/min (23.6 inch/min)"
            assert both in said["subroutine-units"]
