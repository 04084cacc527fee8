# SPDX-License-Identifier: GPL-2.0-or-later
"""Storms of detents: how many arrive, and how fast they may come."""

from __future__ import annotations

from typing import Any

from bench.host import Progress, run_guest

PLAN: dict[str, Any] = {
    "rounds": 3,
    "storms": [
        {"rate": 1000, "detents": 20000, "rounds": 1, "tries": 3},
        {"rate": 5000, "detents": 20000, "rounds": 3, "tries": 6},
        {"rate": 10000, "detents": 20000, "rounds": 3, "tries": 6},
        {"rate": 20000, "detents": 20000, "rounds": 3, "tries": 6},
    ],
    "highest": {"from": 2500, "to": 40000, "detents": 4000, "steps": 3, "tries": 4},
}


def measure(progress: Progress) -> dict[str, Any]:
    """Return the raw data."""
    return run_guest("guest_storms.py", PLAN, progress, 2400)
