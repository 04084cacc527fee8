# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program costs while nobody touches the pendant, and for each event; its memory."""

from __future__ import annotations

from typing import Any

from bench.host import Progress, run_guest

PLAN: dict[str, Any] = {"rounds": 3, "seconds": 10, "detents": 2000, "rate": 500}


def measure(progress: Progress) -> dict[str, Any]:
    """Return the raw data."""
    return run_guest("guest_rest.py", PLAN, progress, 1200)
