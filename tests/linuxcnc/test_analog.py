# SPDX-License-Identifier: GPL-2.0-or-later
"""Sticks move a real LinuxCNC's axes by config/mpg-analog*.hal; whatever ends it, the axis stands soon."""

from __future__ import annotations

from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc

HERE = ROOT / "tests" / "linuxcnc"

SPEED = 25.0
"""mm/s of a stick at its end: [HAL_MPG]ANALOG_SPEED = 1500 a minute."""

BRAKING_MM = SPEED**2 / (2 * 500)
"""The way that it takes at [AXIS_X]MAX_ACCELERATION, 500 mm/s²."""

UNDISTURBED_S, WATCHDOG_S = 0.1, 0.15
"""From the pendant's word, or the process' last, to the axis braking. halui looks at its pins every 20 ms."""

DISTURBED_S = 1.0
"""On a machine that is busy with other things: neither LinuxCNC nor the bed has realtime here."""

Notes = dict[str, Any]
ENDS = ["let go", "hold released", "enabling button released", "E-stop", "unplugged", "SIGSTOP", "SIGKILL"]


@pytest.fixture(scope="module")
def notes() -> Notes:
    """Return what drive_analog.py measured."""
    require_linuxcnc()
    run = run_linuxcnc(
        "sim-3axis.ini",
        HERE / "drive_analog.py",
        virtual=HERE / "sticks.yaml",
        uncomment=["HALFILE = mpg-analog.hal", *(f"HALFILE = mpg-analog-{axis}.hal" for axis in "xyz")],
        timeout_s=300.0,
    )
    print(run.result)
    found: Notes = run.result
    return found


@pytest.mark.parametrize("act", ["on", "armed", "hold", "selected"])
def test_nothing_starts_by_switching_on_arming_pressing_hold_or_selecting(notes: Notes, act: str) -> None:
    """Every stick is at its end all the time, and was so when the pendant was plugged in."""
    assert notes["nothing starts by itself"][act] == [0.0, 0.0, 0.0]


def test_before_homing_it_moves_the_joint(notes: Notes) -> None:
    assert notes["joint mode"] == pytest.approx(SPEED, rel=0.15)


@pytest.mark.parametrize("case", ["x end", "x half back", "y end, inverted", "ring on z"])
def test_the_axis_goes_as_fast_as_the_stick_says(notes: Notes, case: str) -> None:
    asked, speed = notes["speeds"][case]
    assert speed == pytest.approx(asked * SPEED, rel=0.15)


def test_what_was_asked_for_is_what_the_profile_says(notes: Notes) -> None:
    """(how far - dead zone) / (1 - dead zone), to the power of `curve`; see sticks.yaml."""
    asked = {case: level for case, (level, _) in notes["speeds"].items()}
    ring = ((5 / 7 - 0.1) / 0.9) ** 2
    assert asked["x end"] == 1.0
    assert asked["y end, inverted"] == -1.0
    assert asked["x half back"] == pytest.approx(-(64.5 / 127.5 - 0.1) / 0.9, abs=0.001)
    assert asked["ring on z"] == pytest.approx(ring, abs=0.001)


def test_detents_of_its_axis_are_dropped_and_all_others_arrive(notes: Notes) -> None:
    assert notes["detents"] == {"counted": 11, "dropped": 5}


@pytest.mark.parametrize("end", ENDS)
def test_the_axis_stands_soon_after_whatever_ends_it(notes: Notes, end: str) -> None:
    tries = notes["stops"][end]
    within_s = WATCHDOG_S if end.startswith("SIG") else UNDISTURBED_S
    assert min(t["way"] for t in tries) <= BRAKING_MM + SPEED * within_s
    assert max(t["way"] for t in tries) <= BRAKING_MM + SPEED * DISTURBED_S


@pytest.mark.parametrize("end", ENDS)
def test_it_stands_until_the_stick_was_in_its_middle(notes: Notes, end: str) -> None:
    for try_ in notes["stops"][end]:
        assert try_["stays"] == try_.get("stays on again", [0.0] * 3) == [0.0] * 3
        assert try_.get("stick", 0.0) == 0.0, "the watchdog has cut the stick off"
