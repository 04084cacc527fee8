# SPDX-License-Identifier: GPL-2.0-or-later
"""What was found and would be written, for programs: the document of `hal_mpg wiring --json`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hal_mpg.wiring.ini_edit import Addition
from hal_mpg.wiring.plan import Plan


def as_data(plan: Plan, output: Path | None, additions: Sequence[Addition]) -> dict[str, Any]:
    """Return what was found, for programs."""
    return {
        "ini": str(plan.machine.ini.path),
        "output": None if output is None else str(output),
        "pendant": plan.profile.name,
        "units": plan.machine.units,
        "kinematics": plan.machine.kinematics,
        "axes": [
            {
                "axis": axis.letter,
                "joints": list(axis.joints),
                "unit": "degree" if axis.is_angular else plan.machine.units,
                "max_velocity": axis.velocity.value,
                "max_acceleration": axis.acceleration.value,
                "detent": dict(zip(plan.profile.scales, steps.distances, strict=True)),
            }
            for axis, steps in plan.axes
        ],
        "findings": [finding._asdict() for finding in plan.findings],
        "ini_needs": [{"section": addition.section, "line": addition.line} for addition in additions],
    }
