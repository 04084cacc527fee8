# SPDX-License-Identifier: GPL-2.0-or-later
"""The doctor on configurations: each planted fault is found, and nothing else; nothing on good ones."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from hal_mpg.cli import main
from hal_mpg.doctor import estop_checks, examination
from hal_mpg.doctor.config_checks import check_configuration
from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.examination import configuration_of, named_profile
from hal_mpg.doctor.findings import NOTE, Finding
from tests.core.test_doctor_machine import machine
from tests.core.wiring_machines import LOOP, ini_text, write_machine

CONFIG = Path(__file__).parents[2] / "config"
FAULTS = yaml.safe_load(Path(__file__).with_name("doctor_faults.yaml").read_text())
OLD, NEW = (2, 9, 0), (2, 9, 9)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a copy of the sample configurations."""
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def add_sticks(config: Path) -> None:
    """Give the pendant sticks, and have the samples for them in use."""
    profile, ini = config / "pendants/generic-4axis.yaml", config / "sim-4axis.ini"
    stick = "  analog: {abs: ABS_X, range: [0, 255], axis: selected}\n"
    profile.write_text(profile.read_text().replace("controls:\n", f"controls:\n{stick}"))
    profile.chmod(0o644)
    text = ini.read_text().replace("PENDANT = generic-4axis", f"PENDANT = {profile}")
    ini.write_text(text.replace("#HALFILE = mpg-analog", "HALFILE = mpg-analog"))


def plant(config: Path, fault: dict[str, Any]) -> None:
    if fault.get("sticks"):
        add_sticks(config)
    for name, edits in fault.get("edit", {}).items():
        text = (config / name).read_text()
        for old, new in edits:
            assert old in text, f"{name} has no {old!r}"
            if new is None:
                lines = text.splitlines(keepends=True)
                text = "".join(line for line in lines if not line.startswith(old))
            else:
                text = text.replace(old, new, 1) if old in text else text
        (config / name).write_text(text)
    for name, lines in fault.get("add", {}).items():
        with (config / name).open("a") as file:
            file.write(f"{lines}\n")
    for name in fault.get("remove", []):
        (config / name).unlink()


def findings_of(ini: Path, version: Sequence[int] = NEW) -> list[Finding]:
    base = configuration_of(ini, version=tuple(version))
    profile, faults = named_profile(base)
    return [*faults, *check_configuration(base.with_profile(profile))]


def wrong(findings: list[Finding]) -> list[str]:
    return sorted({finding.id for finding in findings if finding.is_wrong})


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["fault"])
def test_a_planted_fault_is_found_and_nothing_else(config: Path, fault: dict[str, Any]) -> None:
    plant(config, fault)
    findings = findings_of(config / fault.get("ini", "sim-4axis.ini"))
    assert wrong(findings) == sorted(fault["finds"]), findings
    for finding in findings:
        if finding.is_wrong:
            assert finding.what
            assert finding.mend, f"{finding.id} does not say what mends it"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["fault"])
def test_it_is_all_that_the_whole_examination_finds(
    config: Path, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a virtual pendant, on a good machine."""
    profile = config / "pendants/generic-4axis.yaml"
    lines = profile.read_text().replace("source: evdev", "source: virtual").splitlines()
    lines = ["  - {socket: /run/x}" if line.startswith("  - {vendor") else line for line in lines]
    profile.write_text("\n".join(lines))
    profile.chmod(0o644)
    monkeypatch.setattr("hal_mpg.profile_files.shared_folder", lambda: str(config))
    facts = machine(devices=(), version=NEW)
    monkeypatch.setattr(examination, "gather", lambda *_arguments: facts)
    monkeypatch.setattr(examination, "running_linuxcnc", lambda _ini: None)
    plant(config, fault)
    done = examination.examine(config / fault.get("ini", "sim-4axis.ini"), None, None)
    assert wrong(done.findings) == sorted(fault["finds"]), done.findings


def test_there_are_many_faults_of_many_kinds() -> None:
    assert len(FAULTS) >= 50
    assert len({name for fault in FAULTS for name in fault["finds"]}) >= 30


@pytest.mark.parametrize("ini", sorted(path.name for path in CONFIG.glob("*.ini")))
@pytest.mark.parametrize("version", [OLD, NEW, ()])
def test_nothing_is_wrong_with_the_samples(ini: str, version: tuple[int, ...]) -> None:
    findings = findings_of(CONFIG / ini, version)
    assert not [finding for finding in findings if finding.is_wrong or finding.severity == NOTE]


def test_nothing_is_wrong_with_the_samples_for_sticks(config: Path) -> None:
    add_sticks(config)
    findings = findings_of(config / "sim-4axis.ini")
    assert not [finding for finding in findings if finding.is_wrong or finding.severity == NOTE]


def test_a_stick_that_is_not_wired_is_no_fault_and_told(config: Path) -> None:
    add_sticks(config)
    ini = config / "sim-4axis.ini"
    ini.write_text(ini.read_text().replace("HALFILE = mpg-analog", "#HALFILE = mpg-analog"))
    found = [finding for finding in findings_of(ini) if finding.id == "stick-not-wired"]
    assert [finding.severity for finding in found] == [NOTE] * 4
    assert "hal_mpg.axis.x.analog" in found[0].what
    assert "HALFILE = mpg-analog-x.hal" in found[0].mend


def test_velocity_mode_is_worse_before_its_bug_was_mended(config: Path) -> None:
    (config / "mpg-x.hal").open("a").write("setp axis.x.jog-vel-mode TRUE\n")
    for version, severity in ((OLD, "error"), (NEW, "warning"), ((), "error"), ((2, 10), "warning")):
        (finding,) = (f for f in findings_of(config / "sim-4axis.ini", version) if f.id == "velocity-mode")
        assert finding.severity == severity
        assert ("before 2.9.9" in finding.what) == (severity == "error")


def test_a_finding_says_where(config: Path) -> None:
    plant(config, {"edit": {"mpg-x.hal": [["[AXIS_X]MAX_VELOCITY", "500"]]}})
    (finding,) = (f for f in findings_of(config / "sim-4axis.ini") if f.is_wrong)
    lines = (config / "mpg-x.hal").read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("setp hal_mpg.axis.x.max-velocity"))
    assert finding.where == f"{config / 'mpg-x.hal'}:{number}"
    assert finding.mend == "setp hal_mpg.axis.x.max-velocity 50"


def test_what_is_in_a_file_that_cannot_be_read_is_no_fault(config: Path) -> None:
    plant(config, {"edit": {"mpg.hal": [["net mpg-jog-stop", None]]}})
    (config / "own.tcl").write_text("hal net mpg-jog-stop hal_mpg.jog-stop => [lindex [hal show pin] 0]\n")
    ini = config / "sim-4axis.ini"
    ini.write_text(ini.read_text().replace("HALFILE = mpg-a.hal", "HALFILE = mpg-a.hal\nHALFILE = own.tcl"))
    findings = findings_of(ini)
    assert not wrong(findings)
    assert {finding.id for finding in findings if finding.severity == NOTE} >= {"opaque-file", "jog-stop"}


def test_other_kinematics_want_no_joints(config: Path) -> None:
    ini = config / "sim-4axis.ini"
    ini.write_text(ini.read_text().replace("trivkins coordinates=XYZA", "genhexkins"))
    for letter, joint in zip("xyza", range(4), strict=True):
        file = config / f"mpg-{letter}.hal"
        words = (
            line.replace(f" joint.{joint}.jog-{kind}", "")
            for line in [file.read_text()]
            for kind in ("counts",)
        )
        file.write_text(
            next(words).replace(f"joint.{joint}.jog-enable", "").replace(f"joint.{joint}.jog-scale", "")
        )
    assert not wrong(findings_of(ini))


def configuration(ini: Path) -> Configuration:
    return configuration_of(ini)


def test_the_joints_of_a_gantry_and_of_kinematics_without_coordinates(config: Path) -> None:
    ini = config / "sim-4axis.ini"
    text = ini.read_text()
    ini.write_text(text.replace("coordinates=XYZA", "coordinates=xyyz kinstype=BOTH"))
    assert configuration(ini).joints == {"x": (0,), "y": (1, 2), "z": (3,)}
    ini.write_text(text.replace("trivkins coordinates=XYZA", "trivkins"))
    joints = configuration(ini).joints
    assert joints is not None
    assert joints["w"] == (8,)


def test_a_profile_beside_the_ini_file_is_found_and_its_faults_are_told(config: Path) -> None:
    ini = config / "sim-4axis.ini"
    ini.write_text(ini.read_text().replace("PENDANT = generic-4axis", "PENDANT = mine.yaml"))
    assert wrong(findings_of(ini)) == ["profile-faulty"]
    (config / "mine.yaml").write_text((config / "pendants/generic-4axis.yaml").read_text())
    (config / "mine.yaml").chmod(0o644)
    assert wrong(findings_of(ini)) == []
    (config / "mine.yaml").write_text("name: x\nwheel: y\n")
    (finding,) = (f for f in findings_of(ini) if f.is_wrong)
    assert finding.id == "profile-faulty"
    assert f"{config / 'mine.yaml'}:" in finding.what


def test_a_pendant_of_its_own_name_is_looked_at_by_that(config: Path) -> None:
    for file in config.glob("mpg*.hal"):
        text = file.read_text().replace("hal_mpg.", "mpg2.")
        file.write_text(text.replace("loadusr -W hal_mpg", "loadusr -Wn mpg2 hal_mpg --name mpg2"))
    assert not wrong(findings_of(config / "sim-4axis.ini"))
    plant(config, {"edit": {"mpg.hal": [["net mpg-jog-stop", None]]}})
    assert wrong(findings_of(config / "sim-4axis.ini")) == ["jog-stop"]


@pytest.mark.parametrize("file", ["sim-motion.hal", "mpg-a.hal"])
def test_the_loop_back_is_told_by_its_own_line(config: Path, file: str) -> None:
    plant(config, {"add": {file: "net loop iocontrol.0.user-enable-out iocontrol.0.emc-enable-in"}})
    (finding,) = (f for f in findings_of(config / "sim-4axis.ini") if f.is_wrong)
    assert finding.id == "estop-loop"
    assert finding.where == f"{config / file}:{len((config / file).read_text().splitlines())}"


def test_a_loop_back_of_linuxcncs_own_library_is_not_for_the_user_to_take_out(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estop_checks, "LINUXCNCS_OWN", str(config))
    plant(config, {"add": {"mpg-a.hal": "net loop iocontrol.0.user-enable-out iocontrol.0.emc-enable-in"}})
    (finding,) = (f for f in findings_of(config / "sim-4axis.ini") if f.is_wrong)
    assert finding.mend == f"hal_mpg wiring --ini {config / 'sim-4axis.ini'} --add puts the chain between"


@pytest.mark.parametrize("to", ["classicladder.0.in-00", "mycomp.0.estop", "plc.in"])
def test_a_chain_through_a_program_cannot_be_followed_and_is_no_fault(config: Path, to: str) -> None:
    old = "net mpg-estop-ok           hal_mpg.estop-ok => mpg-pendant-ok.in1"
    plant(config, {"edit": {"mpg-estop.hal": [[old, f"net mpg-estop-ok hal_mpg.estop-ok => {to}"]]}})
    plant(config, {"add": {"mpg-estop.hal": "loadusr -W plc"}})
    findings = findings_of(config / "sim-4axis.ini")
    assert wrong(findings) == []
    assert [finding.id for finding in findings if finding.severity == NOTE] == ["estop-unseen"]


SHARED_INHIBITS = {
    "one signal for both": ("net mpg-on-soft-limit motion.on-soft-limit =>", "motion.jog-inhibit", ""),
    "the machine's reason goes to both": (
        "net door card.door => motion.jog-inhibit reasons.in0\n"
        "net soft motion.on-soft-limit => reasons.in1\nnet mpg-on-soft-limit reasons.out =>",
        "",
        "loadrt or2 names=reasons\naddf reasons servo-thread",
    ),
}


@pytest.mark.parametrize("how", SHARED_INHIBITS)
def test_jog_inhibit_is_no_fault_where_the_pendant_is_inhibited_too(config: Path, how: str) -> None:
    net, more, load = SHARED_INHIBITS[how]
    old = "net mpg-on-soft-limit motion.on-soft-limit => hal_mpg.inhibit"
    plant(config, {"edit": {"mpg.hal": [[old, f"{load}\n{net} hal_mpg.inhibit {more}"]]}})
    assert wrong(findings_of(config / "sim-4axis.ini")) == []


def test_limits_that_are_missing_are_told_as_wiring_writes_them(config: Path) -> None:
    lines = ["setp hal_mpg.axis.x.max-velocity", "setp hal_mpg.axis.x.max-acceleration"]
    plant(config, {"edit": {"mpg-x.hal": [[line, None] for line in lines]}})
    ini = config / "sim-4axis.ini"
    (finding,) = (f for f in findings_of(ini) if f.is_wrong)
    assert "max-velocity [AXIS_X]MAX_VELOCITY; " in finding.mend
    ini.write_text(ini.read_text().replace("[TRAJ]", "[TRAJ]\nCOORDINATES = X Q", 1))
    assert "(what the axis can do)" in next(f.mend for f in findings_of(ini) if f.id == "limits")


TAKEN = {
    "nothing": "",
    "the latch": "loadrt estop_latch names=own\naddf own servo-thread\n",
    "the watchdog": "loadrt watchdog num_inputs=1\n",
    "gates": "loadrt and2\nloadrt or2\nloadrt not\n",
    "gates and lut5": "loadrt and2\nloadrt or2\nloadrt not\nloadrt lut5\n",
    "gates, latch and watchdog": "loadrt and2\nloadrt or2\nloadrt estop_latch\nloadrt watchdog\n",
}
"""What a machine has loaded already, so that `hal_mpg wiring` takes other components for its chain."""


def wired_machine(folder: Path, taken: str) -> Path:
    """Return the INI file of a machine that `hal_mpg wiring` has wired."""
    ini = write_machine(folder, ini_text(), machine_hal=LOOP + TAKEN[taken])
    assert main(["wiring", "--ini", str(ini), "--pendant", "generic-4axis", "--add"]) == 0
    return ini


@pytest.mark.parametrize("taken", TAKEN)
def test_nothing_is_wrong_with_what_wiring_writes_where_modules_are_taken(tmp_path: Path, taken: str) -> None:
    findings = findings_of(wired_machine(tmp_path, taken))
    assert [finding for finding in findings if finding.is_wrong] == []


OTHER_PARTS = [
    ("the latch", "setp mpg-latch.function 0x88a8", "setp mpg-latch.function 0x8", ["no-latch"]),
    ("the latch", "net mpg-latched mpg-latch.out => mpg-latch.in-1\n", "", ["no-latch"]),
    ("the latch", " => mpg-latch.in-2", "", ["latch-reset"]),
    ("the latch", "=> mpg-latch.in-3", "", ["latch-edge"]),
    ("the latch", "net mpg-reset-before mpg-reset-before.out => mpg-latch.in-3\n", "", ["latch-edge"]),
    ("the latch", " => mpg-reset-before.in-0", "", ["latch-edge"]),
    ("the latch", "names=mpg-latch,mpg-reset-before", "names=mpg-latch", ["component-missing"]),
    ("the latch", "addf mpg-reset-before ", "#", ["function-not-in-thread"]),
    ("the latch", "addf mpg-latch ", "#", ["function-not-in-thread"]),
    (
        "the latch",
        "mpg-reset-before         servo-thread 7",
        "mpg-reset-before servo-thread 1",
        ["latch-reset"],
    ),
    ("the watchdog", "heartbeat => mpg-heartbeat-ok.in", "heartbeat", ["watchdog-missing"]),
    ("the watchdog", "mpg-heartbeat-ok.width 0.13", "mpg-heartbeat-ok.width 3", ["watchdog-timeout"]),
    ("the watchdog", "setp mpg-heartbeat-ok.width 0.13", "", ["watchdog-timeout"]),
    ("the watchdog", "addf mpg-heartbeat-ok ", "#", ["function-not-in-thread"]),
    ("the watchdog", "mpg-heartbeat-ok.out =>", "=>", ["watchdog-not-in-chain"]),
]


@pytest.mark.parametrize(("taken", "old", "new", "finds"), OTHER_PARTS)
def test_faults_of_a_chain_of_other_parts(
    tmp_path: Path, taken: str, old: str, new: str, finds: list[str]
) -> None:
    ini = wired_machine(tmp_path, taken)
    file = tmp_path / "machine-mpg.hal"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert wrong(findings_of(ini)) == finds


def test_a_button_that_starts_something_by_itself_is_told(config: Path) -> None:
    with (config / "mpg-buttons.hal").open("a") as file:
        file.write("net mine hal_mpg.button.coolant => halui.program.run\n")
    ini = config / "sim-buttons.ini"
    text = (config / "mpg-actions.hal").read_text().replace("=> halui.program.run", "=> mine.run")
    (config / "mpg-actions.hal").write_text(text)
    (config / "mpg-buttons.hal").write_text(
        "\n".join(
            line
            for line in (config / "mpg-buttons.hal").read_text().splitlines()
            if not line.startswith("net mpg-b-coolant")
        )
    )
    (found,) = [finding for finding in findings_of(ini) if finding.id == "button-direct"]
    assert found.severity == NOTE
    assert "hal_mpg.button.coolant goes to halui.program.run as it is" in found.what
    assert "hal_mpg.request.start-or-pause" in found.mend
