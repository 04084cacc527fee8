# SPDX-License-Identifier: GPL-2.0-or-later
"""Overrides by the wheel (mpg-overrides.hal), in a whole LinuxCNC with a virtual pendant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent

FIRST = {"feed-override": 1.0, "rapid-override": 1.0, "spindle-override": 1.0, "max-velocity": 50.0}
END = {"feed-override": 1.5, "rapid-override": 1.0, "spindle-override": 1.5, "max-velocity": 50.0}
"""As the INI file has them."""

FAST = 30
"""Detents, at 100 a second."""

Notes = dict[str, Any]


@pytest.fixture(scope="module")
def overrides() -> Notes:
    """Return what drive_overrides.py noted."""
    require_linuxcnc()
    notes: Notes = run_linuxcnc(
        "sim-3axis.ini",
        HERE / "drive_overrides.py",
        virtual=HERE / "overrides.yaml",
        uncomment=["HALFILE = mpg-overrides.hal"],
    ).result
    return notes


@pytest.mark.parametrize("target", FIRST)
def test_each_detent_counts_slow_and_fast(overrides: Notes, target: str) -> None:
    notes, step = overrides[target], overrides[target]["step"]
    assert notes["at first"] == FIRST[target]
    assert notes["one down"] == pytest.approx(FIRST[target] - step)
    assert notes["fast down"] == pytest.approx(notes["one down"] - FAST * step)


@pytest.mark.parametrize("target", FIRST)
def test_it_goes_on_from_what_somebody_else_has_set(overrides: Notes, target: str) -> None:
    notes = overrides[target]
    assert notes["set by another"] == notes["entered"], "entering the position changes nothing"
    assert notes["one up"] == pytest.approx(notes["entered"] + notes["step"])


@pytest.mark.parametrize("target", FIRST)
def test_what_is_turned_beyond_the_end_need_not_be_turned_back(overrides: Notes, target: str) -> None:
    notes = overrides[target]
    assert notes["end"] == notes["beyond"] == END[target]
    assert notes["back by one"] == pytest.approx(END[target] - notes["step"])


def test_what_is_turned_while_a_program_has_switched_it_off_is_kept_for_later(overrides: Notes) -> None:
    locked = overrides["locked"]
    assert (locked["before"], locked["turned"], locked["after"]) == (1.0, 0.9, 0.9)
