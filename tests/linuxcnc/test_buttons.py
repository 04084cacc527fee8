# SPDX-License-Identifier: GPL-2.0-or-later
"""sim-buttons.ini in a whole LinuxCNC: each button does its thing, or is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import LinuxcncRun, require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent

Notes = dict[str, Any]

STARTS = ("cycle-start", "home-all", "go-to-zero", "safe-z", "probe-z", "zero-axis")
"""What needs a machine at rest in manual (or, cycle-start, in auto) mode."""

STATES = {
    "not homed": (*(name for name in STARTS if name != "home-all"), "step", "cycle-start-or-pause"),
    "running": (
        *STARTS,
        "resume",
        "spindle-on",
        "spindle-reverse",
        "spindle-off",
        "spindle-toggle",
        "manual-mode",
    ),
    "paused": (*STARTS, "manual-mode"),
    "MDI mode": (*STARTS, "step", "pause", "resume"),
    "jogging": (*STARTS, "step", "cycle-start-or-pause", "pause", "resume"),
    "not enabled": (*(name for name in STARTS if name != "zero-axis"), "spindle-on", "spindle-toggle"),
}
"""What is asked for in each state, to be refused."""

REASONS = {
    "off": 4,
    "estop": 2,
    "not homed": 13,
    "running": 11,
    "MDI": 11,
    "paused": 12,
    "MDI mode": 5,
    "jogging": 14,
    "not enabled": 6,
}


def run() -> LinuxcncRun:
    """Return a run of drive_buttons.py."""
    return run_linuxcnc(
        "sim-buttons.ini", HERE / "drive_buttons.py", virtual=HERE / "buttons.yaml", arguments=STATES
    )


@pytest.fixture(scope="module")
def notes() -> Notes:
    """Return what drive_buttons.py noted."""
    require_linuxcnc()
    found: Notes = run().result
    return found
