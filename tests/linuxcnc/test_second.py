# SPDX-License-Identifier: GPL-2.0-or-later
"""Two pendants jog the same axes of a real LinuxCNC by config/mpg-second.hal, never both at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, make_virtual, require_linuxcnc, run_linuxcnc

HERE = ROOT / "tests" / "linuxcnc"
PROFILE = ROOT / "config" / "pendants" / "generic-4axis.yaml"
X10_MM = 0.01
INHIBITED = 3

Notes = dict[str, Any]


def _add_second(config: Path) -> None:
    """Have the second pendant be a virtual one, whose socket lies beside the first one's."""
    second = make_virtual(PROFILE, config / "pendants", config.parent.parent / "second.socket")
    ini = config / "sim-3axis.ini"
    ini.write_text(ini.read_text().replace("#SECOND = generic-4axis", f"SECOND = {second}"))


@pytest.fixture(scope="module")
def notes() -> Notes:
    """Return what drive_second.py saw."""
    require_linuxcnc()
    run = run_linuxcnc(
        "sim-3axis.ini",
        HERE / "drive_second.py",
        virtual=PROFILE,
        uncomment=["HALFILE = mpg-second.hal"],
        edit=_add_second,
        arguments={"watchdog": 1.0},  # without realtime, a busy machine stalls
    )
    print(run.result)
    found: Notes = run.result
    return found


def at(x: int, z: int) -> dict[str, Any]:
    """Return where the axes are after so many detents at x10; LinuxCNC comes to rest within 1e-6 mm."""
    return pytest.approx({"x": x * X10_MM, "y": 0.0, "z": z * X10_MM}, abs=1e-5)  # type: ignore[no-any-return]


def test_with_one_of_them_only_the_machine_stays_stopped(notes: Notes) -> None:
    assert notes["with one only"] is False


def test_a_step_of_their_counters_is_the_same_distance(notes: Notes) -> None:
    first, second = notes["scales"]
    assert first == second > 0


def test_each_jogs_in_its_turn(notes: Notes) -> None:
    assert notes["first"] == at(7, 2)
    assert notes["second"] == at(4, 7)


def test_with_both_buttons_held_nobody_jogs(notes: Notes) -> None:
    assert notes["both hold"] == [INHIBITED, INHIBITED]
    assert notes["both turned"] == at(4, 7)


def test_whoever_still_holds_it_goes_on(notes: Notes) -> None:
    assert notes["first again"] == at(5, 7)


@pytest.mark.parametrize("loss", ["unplugged", "E-stop", "SIGSTOP"])
def test_the_loss_of_the_second_one_stops_the_machine_and_moves_nothing(notes: Notes, loss: str) -> None:
    assert notes[loss] == {"state": "ESTOP", "is on": False, "at": at(5, 7)}


def test_afterwards_it_jogs_from_where_it_was(notes: Notes) -> None:
    assert notes["at the end"] == at(7, 6)


@pytest.mark.parametrize("name", ["hal_mpg", "mpg2"])
def test_one_that_was_killed_is_recovered_and_moves_nothing_by_that(notes: Notes, name: str) -> None:
    found = notes[f"{name} recovered"]
    assert found["reset was refused"], "a dead one keeps the machine stopped"
    assert found["status"] == 0, found["said"]
    assert found["at"] == at(7, 6)
    assert notes["after recovery"] == at(11, 10)
