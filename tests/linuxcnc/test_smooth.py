# SPDX-License-Identifier: GPL-2.0-or-later
"""Softer jogs (mpg-smooth.hal), in a whole LinuxCNC: softer they are, and everything holds as without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent
INI = "sim-3axis.ini"
PROFILE = ROOT / "config" / "pendants" / "generic-4axis.yaml"

VELOCITY, ACCELERATION, SMOOTH = 50.0, 500.0, 0.25
"""As the INI file has them."""

DETENT_MM = 0.1
WHOLE_MM = 2e-6

Notes = dict[str, Any]


def run(uncomment: list[str]) -> Notes:
    """Run drive_smooth.py, with what notes the acceleration."""
    require_linuxcnc()

    def edit(config: Path) -> None:
        text = (HERE / "smooth-peak.hal").read_text(encoding="utf-8")
        (config / "smooth-peak.hal").write_text(text, encoding="utf-8")
        ini = config / INI
        text = ini.read_text(encoding="utf-8")
        changed = text.replace("\n[TRAJ]", "\nHALCMD = source ./smooth-peak.hal\n\n[TRAJ]", 1)
        ini.write_text(changed, encoding="utf-8")

    notes: Notes = run_linuxcnc(
        INI, HERE / "drive_smooth.py", virtual=PROFILE, edit=edit, uncomment=uncomment, arguments=[]
    ).result
    return notes


@pytest.fixture(scope="module")
def plain() -> Notes:
    return run([])


@pytest.fixture(scope="module")
def smooth() -> Notes:
    return run([f"HALFILE = mpg-smooth{axis}.hal" for axis in ("", "-x", "-y", "-z")])


@pytest.mark.parametrize("rate", ["5", "10", "20", "50"])
def test_it_is_softer_and_steadier(plain: Notes, smooth: Notes, rate: str) -> None:
    assert plain[rate]["acceleration"] == pytest.approx(ACCELERATION, rel=0.01)
    assert smooth[rate]["acceleration"] == pytest.approx(SMOOTH * ACCELERATION, rel=0.01)
    assert smooth[rate]["highest"] < 0.9 * plain[rate]["highest"]


@pytest.mark.parametrize("rate", ["5", "10", "20", "50"])
def test_it_rests_where_the_wheel_was_turned_to(smooth: Notes, rate: str) -> None:
    assert abs(smooth[rate]["off"]) < WHOLE_MM


def test_the_run_on_is_the_contracts(smooth: Notes) -> None:
    bound = VELOCITY**2 / (2 * SMOOTH * ACCELERATION) + VELOCITY * 0.1 + DETENT_MM
    assert 0 < smooth["spin"]["run on"] < bound
    assert smooth["spin"]["off"] < WHOLE_MM


def test_let_go_it_stops_and_nothing_comes_late(smooth: Notes) -> None:
    assert smooth["let go"]["late"] == 0
    assert smooth["errors"] == ["Jog aborted by jog-stop"]
