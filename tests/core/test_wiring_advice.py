# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine's INI file says of its clicks, and what the wiring says of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.errors import UsageError
from hal_mpg.wiring.findings import ERROR, of_severity
from tests.core.wiring_machines import ini_text, machine_of, wired, write_machine

FINE = "MAX_VELOCITY = 50\nMAX_ACCELERATION = 500\nMIN_LIMIT = -100\nMAX_LIMIT = 100\n"
SLOW = "MAX_VELOCITY = 0.5\nMAX_ACCELERATION = 50\n"

ADVICE = [
    ({}, []),
    (
        {"axis": SLOW, "joint": SLOW},
        ["beyond-stopping: X at x100: one click is 0.1 mm, and the axis (0.5 mm/s, 50"],
    ),
    (
        {"axis": FINE.replace("100", "0.02")},
        ["beyond-travel: X at x100: one click is 0.1 mm, more than the whole travel of 0.04 mm"],
    ),
    ({"axis": FINE.replace("-100", "100")}, ["no-travel: [AXIS_X]: MIN_LIMIT is not below MAX_LIMIT"]),
    (
        {"joint": FINE + "SCALE = -200\n"},
        ["finer-than-motor: X at x1: one click is 0.001 mm, finer than the motor can step (0.005 mm"],
    ),
    ({"joint": FINE + "SCALE = 1000\n"}, []),
    ({"joint": FINE + "DEADBAND = 0.002\n"}, ["within-deadband: X at x1: one click is 0.001 mm"]),
    ({"axis": FINE + "LOCKING_INDEXER_JOINT = 0\n"}, ["locking-indexer: X is a locking indexer"]),
    (
        {"joint": FINE.replace("50\n", "40\n")},
        ["axis-faster-than-joint: [AXIS_X]MAX_VELOCITY = 50 is more than [JOINT_0]'s 40"],
    ),
    (
        {"axis": "MIN_LIMIT = -100\n"},
        [
            "no-limit: {}: [AXIS_X]MAX_VELOCITY is missing",
            "no-limit: {}: [AXIS_X]MAX_ACCELERATION is missing",
        ],
    ),
    ({"axes": ""}, ["no-axis-section: {}: [AXIS_X] is missing"]),
    ({"axis": FINE.replace("50\n", "0\n")}, ["bad-limit: {}:14: MAX_VELOCITY = 0: the axis could not move"]),
    ({"axis": FINE.replace("50\n", "fast\n")}, ["bad-limit: {}:14: MAX_VELOCITY = fast"]),
    ({"units": ""}, ["no-units: {}: [TRAJ]LINEAR_UNITS is missing"]),
    ({"units": "furlong"}, ["bad-units: {}:9: LINEAR_UNITS = furlong"]),
    ({"more": "[EMCMOT]\nSERVO_PERIOD = 10000000\n"}, ["slow-servo: {}: [EMCMOT]SERVO_PERIOD = 10000000"]),
    ({"kinematics": "scarakins"}, ["joints-are-no-axes: scarakins: joints are no axes here"]),
    (
        {"coordinates": "XY", "kinematics": "trivkins coordinates=X"},
        ["no-joint: {}: axis Y has no joint in trivkins coordinates=X; its wheel will move nothing"],
    ),
    ({"more": "[DISPLAY]\nLATHE = 1\n"}, ["lathe-radius: a lathe"]),
    ({"coordinates": "XA", "kinematics": "trivkins coordinates=XA"}, []),
    (
        {
            "coordinates": "XA",
            "kinematics": "trivkins coordinates=XA",
            "more": "[TRAJ]\nANGULAR_UNITS = radian\n",
        },
        ["ini-problem: {}:33: a second section [TRAJ]"],
    ),
    (
        {"hal": "HALFILE = none.hal\n"},
        ["ini-problem: {}:11: none.hal is not there: LinuxCNC would not start"],
    ),
]


@pytest.mark.parametrize(("machine", "told"), ADVICE)
def test_what_is_told_of_a_machine(tmp_path: Path, machine: dict[str, str], told: list[str]) -> None:
    given = {
        "coordinates": "X",
        "kinematics": "trivkins coordinates=X",
        "axis": FINE,
        "joint": FINE,
        **machine,
    }
    path = write_machine(tmp_path, ini_text(**given))  # type: ignore[arg-type]
    findings = [
        f"{f.id}: {f.text}" for f in wired(path)[1] if f.id not in ("position-off", "loop-taken-apart")
    ]
    assert len(findings) == len(told), findings
    for found, expected in zip(findings, told, strict=True):
        assert found.startswith(expected.format(path)), found


def test_an_older_ini_file_is_told(tmp_path: Path) -> None:
    text = ini_text().replace("VERSION = 1.1\n", "")
    assert "old-ini" in {finding.id for finding in wired(write_machine(tmp_path, text))[1]}


def test_what_is_the_same_for_several_axes_is_told_once(tmp_path: Path) -> None:
    ini = ini_text(joint=FINE + "SCALE = 200\n")
    told = [f.text for f in wired(write_machine(tmp_path, ini))[1] if f.id == "finer-than-motor"]
    assert len(told) == 1
    assert told[0].startswith("X, Y, Z at x1: one click is 0.001 mm")


def test_radians_are_told(tmp_path: Path) -> None:
    text = ini_text("XA", "trivkins coordinates=XA").replace(
        "LINEAR_UNITS", "ANGULAR_UNITS = radian\nLINEAR_UNITS"
    )
    assert "angular-units" in {finding.id for finding in wired(write_machine(tmp_path, text))[1]}


def test_a_rotary_axis_is_told_in_degrees(tmp_path: Path) -> None:
    ini = ini_text("XA", "trivkins coordinates=XA", axis=SLOW, joint=SLOW)
    long = [f.text for f in wired(write_machine(tmp_path, ini))[1] if f.id == "beyond-stopping"]
    assert len(long) == 2
    assert long[1].startswith("A at x100: one click is 1 degree")
    assert long[1].endswith("use smaller --angular-increments")


def test_the_axes_that_only_one_of_them_has_are_told(tmp_path: Path) -> None:
    notes = [f.text for f in wired(write_machine(tmp_path, ini_text()))[1] if f.id == "position-off"]
    assert notes == ["the machine has no A, B, C, U, V, W: the selector's position is off"]


REFUSED = [
    (ini_text().replace("COORDINATES", "NOTHING"), "COORDINATES is missing"),
    (ini_text("XYQ"), "COORDINATES = XYQ: 'q' is no axis letter"),
    ("[AXIS_0]\n[TRAJ]\nCOORDINATES = X\n", "is of LinuxCNC 2.7 or older"),
]


@pytest.mark.parametrize(("ini", "message"), REFUSED)
def test_what_is_no_machine_is_refused(tmp_path: Path, ini: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        machine_of(tmp_path, ini)


def test_faults_of_the_ini_file_forbid_the_wiring(tmp_path: Path) -> None:
    findings = wired(write_machine(tmp_path, ini_text(units="furlong", axis="MAX_VELOCITY = -1\n")))[1]
    assert {finding.id for finding in of_severity(findings, ERROR)} == {"bad-units", "bad-limit"}
