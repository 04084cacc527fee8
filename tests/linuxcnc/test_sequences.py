# SPDX-License-Identifier: GPL-2.0-or-later
"""Random sequences at the pendant, in a whole LinuxCNC, end where an independent oracle says.

HAL_MPG_SEED in the environment takes the place of the seeds.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, LinuxcncRunError, require_linuxcnc, run_linuxcnc
from tests.linuxcnc.sequence_steps import KINDS

HERE = ROOT / "tests" / "linuxcnc"
PENDANTS = ROOT / "config" / "pendants"

SEED = "HAL_MPG_SEED"

STEPS = 220

RUNS = [("sim-6axis.ini", "generic-6axis.yaml", 1), ("sim-3axis.ini", "generic-4axis.yaml", 2)]
"""Configuration, profile, seed. The second pendant has a position that the machine has no axis for."""

STOOD_STILL = re.compile(r"task: main loop took (0\.[1-9]|[1-9])")
"""LinuxCNC's own word for a computer that stood still for a tenth of a second or more. hal_mpg disarms for
that, and drops detents that the oracle, which knows of no stall, counts."""

ATTEMPTS = 3

USUAL_ERRORS = {
    "Jog aborted by jog-stop",
    "motion stopped by enable input",
    "Ignoring task mode change while jogging",
}
"""What LinuxCNC tells the operator of a cut-off jog, an E-stop, and a mode that it was asked for too soon."""

Notes = dict[str, Any]


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: f"{run[0]}-{run[2]}")
def notes(request: pytest.FixtureRequest) -> Notes:
    """Return what drive_sequences.py noted after one sequence."""
    require_linuxcnc()
    ini, profile, seed = request.param
    arguments = {"seed": int(os.environ.get(SEED, seed)), "steps": STEPS}
    for _ in range(ATTEMPTS - 1):
        try:
            return play(ini, profile, arguments)
        except LinuxcncRunError as error:
            if not STOOD_STILL.search(str(error)):
                raise
            print(f"the computer stood still; once more:\n{error}")
    return play(ini, profile, arguments)


def play(ini: str, profile: str, arguments: dict[str, int]) -> Notes:
    """Play one sequence."""
    run = run_linuxcnc(ini, HERE / "drive_sequences.py", virtual=PENDANTS / profile, arguments=arguments)
    print(run.result)
    found: Notes = run.result
    return found


def test_axes_end_where_the_oracle_says(notes: Notes) -> None:
    assert notes["positions"] == pytest.approx(notes["predicted positions"], abs=2e-6)
    assert notes["forgotten"] < 1e-4  # in all, by LinuxCNC; a tenth of the smallest step


def test_each_detent_received_was_counted_or_dropped(notes: Notes) -> None:
    assert notes["pins"] == notes["predicted pins"]
    assert notes["received"] == notes["counted"] + notes["pins"]["dropped"]


def test_each_kind_of_step_was_played(notes: Notes) -> None:
    assert all(notes["kinds"].get(kind) for kind in KINDS)


def test_jogs_were_cut_off_in_motion(notes: Notes) -> None:
    assert notes["aborted"] > 0


def test_linuxcnc_had_no_other_complaints(notes: Notes) -> None:
    assert set(notes["errors"]) <= USUAL_ERRORS
