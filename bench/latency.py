# SPDX-License-Identifier: GPL-2.0-or-later
"""From a detent in the kernel to the HAL pin, in four conditions."""

from __future__ import annotations

from typing import Any

from bench.host import Progress, run_guest

PLAN: dict[str, Any] = {
    "rounds": 10,
    "conditions": {
        "idle": {"load": "idle", "gap_us": [2000, 10000], "detents": 120},
        "rest": {"load": "idle", "gap_us": [100000, 200000], "detents": 16, "before": 1},
        "busy": {"load": "busy", "gap_us": [2000, 10000], "detents": 120},
        "gui": {"load": "gui", "gap_us": [2000, 10000], "detents": 120},
    },
}


def measure(progress: Progress) -> dict[str, Any]:
    """Return the raw data."""
    return run_guest("guest_latency.py", PLAN, progress, 1800)
