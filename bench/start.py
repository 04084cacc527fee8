# SPDX-License-Identifier: GPL-2.0-or-later
"""From `loadusr` to ready."""

from __future__ import annotations

from typing import Any

from bench.host import Progress, run_guest

PLAN: dict[str, Any] = {"rounds": 8}


def measure(progress: Progress) -> dict[str, Any]:
    """Return the raw data."""
    return run_guest("guest_start.py", PLAN, progress, 1200)
