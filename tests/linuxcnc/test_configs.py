# SPDX-License-Identifier: GPL-2.0-or-later
"""The sample configurations in a whole LinuxCNC, with a virtual pendant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent
PENDANTS = ROOT / "config" / "pendants"

CONFIGS = {
    "sim-3axis.ini": ("xyz", "generic-4axis.yaml"),
    "sim-4axis.ini": ("xyza", "generic-4axis.yaml"),
    "sim-5axis.ini": ("xyzab", "generic-5axis.yaml"),
    "sim-6axis.ini": ("xyzabc", "generic-6axis.yaml"),
}
"""Each configuration's axes, and the profile that it names."""

STOPPED = {"enable": False, "state": "ESTOP"}

ESTOP_LIMIT_S = 0.05
"""From the button to disabled motion: 1 to 3 ms on an idle machine."""

WATCHDOG_LIMIT_S = 0.15
"""From a process that stands still to disabled motion: what hal_mpg promises."""

Notes = dict[str, Any]


@pytest.fixture(scope="module", params=CONFIGS)
def notes(request: pytest.FixtureRequest) -> Notes:
    """Return what drive_config.py noted in one run of one configuration."""
    require_linuxcnc()
    ini: str = request.param
    run = run_linuxcnc(ini, HERE / "drive_config.py", virtual=PENDANTS / CONFIGS[ini][1])
    found: Notes = {"ini": ini, **run.result}
    return found


@pytest.mark.parametrize("ini", CONFIGS)
def test_it_names_a_generic_profile_and_axis(ini: str) -> None:
    lines = (ROOT / "config" / ini).read_text().splitlines()
    assert f"PENDANT = {Path(CONFIGS[ini][1]).stem}" in lines
    assert "DISPLAY = axis" in lines


def test_it_has_its_axes_and_hal_mpg_knows_their_limits(notes: Notes) -> None:
    assert notes["letters"] == CONFIGS[notes["ini"]][0]
    for told, ini in notes["limits"].values():
        assert told == ini
        assert all(limit > 0 for limit in told)


def test_without_a_pendant_the_estop_cannot_be_reset(notes: Notes) -> None:
    assert notes["absent"] == STOPPED
    assert notes["plugged in"] == "ESTOP"


def test_the_watchdog_waits_for_a_tenth_of_a_second(notes: Notes) -> None:
    assert notes["watchdog_s"] == pytest.approx(0.13)


def test_gates_follow_mode_and_machine(notes: Notes) -> None:
    assert notes["gates"] == {
        "MDI": [False, True],
        "AUTO": [False, True],
        "MANUAL": [True, True],
        "OFF": [True, False],
    }


def test_each_axis_goes_where_the_wheel_was_turned_and_no_other(notes: Notes) -> None:
    for letter, axis in notes["axes"].items():
        distance = 0.3 if letter in "abc" else 0.03  # three detents at x10
        assert axis["moved"] == {x: distance if x == letter else 0.0 for x in notes["letters"]}


def test_axis_and_joint_pins_have_the_same_signals(notes: Notes) -> None:
    for axis in notes["axes"].values():
        assert axis["axis"] == axis["joint"] == axis["hal_mpg"]
        assert axis["hal_mpg"]["enable"] is True
        assert axis["hal_mpg"]["scale"] > 0


def test_the_wheel_works_in_joint_mode(notes: Notes) -> None:
    assert notes["joints"] == (0.3 if notes["letters"][-1] in "abc" else 0.03)


def test_letting_go_of_the_enabling_button_stops_the_jog(notes: Notes) -> None:
    assert notes["jog-stop"] == {"enables": [False] * len(notes["letters"])}
    assert notes["errors before trips"] == ["Jog aborted by jog-stop"]


def test_the_pendants_estop_stops_motion_at_once(notes: Notes) -> None:
    assert min(estop["trip_s"] for estop in notes["estop"]) < ESTOP_LIMIT_S


def test_the_estop_is_reset_by_somebody_or_not_at_all(notes: Notes) -> None:
    for estop in notes["estop"]:
        assert estop["reset while pressed"] == STOPPED
        assert estop["released"] == STOPPED
    assert notes["gui estop"] == {"enable": False}
    assert notes["second trip"] == {"enable": False}


def test_an_estop_ends_the_command_that_was_running(notes: Notes) -> None:
    assert notes["program"]["went on"] == 0.0


def test_unplugging_is_an_estop(notes: Notes) -> None:
    assert notes["unplug"] == {"missing": STOPPED, "back": STOPPED}


def test_a_hanging_process_is_an_estop(notes: Notes) -> None:
    for hang in notes["hang"]:
        assert hang["hanging"] == STOPPED
        assert hang["back"] == {"enable": False}
    assert min(hang["trip_s"] for hang in notes["hang"]) < WATCHDOG_LIMIT_S


def test_a_killed_process_is_an_estop_that_cannot_be_reset(notes: Notes) -> None:
    assert notes["kill"]["estop-ok"] is True  # the pin stays as it was, so the watchdog it was
    assert notes["kill"]["reset"] == STOPPED


def test_no_other_complaints_of_linuxcnc(notes: Notes) -> None:
    assert notes["errors"] == ["Jog aborted by jog-stop", "motion stopped by enable input"]
