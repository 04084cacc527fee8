# SPDX-License-Identifier: GPL-2.0-or-later
"""A real hour of use: `python -m bench hour`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import use
from bench.figures import Data
from bench.host import Progress, run_guest
from bench.verdict import Verdict

PLAN: dict[str, Any] = {
    "blocks": 120,
    "detents": 300,
    "rate": 50,
    "changes": 1,
    "estop_every": 10,
    "latencies": 40,
    "seconds": 30,
}

TEXT = """\
{blocks} times {seconds} s: {detents} detents, {rate} of them a second, changes of the selectors, now and then
the E-stop; the rest of the time nobody touches the pendant."""


def measure(progress: Progress) -> Data:
    """Return the raw data."""
    return run_guest("guest_use.py", PLAN, progress, 2 * PLAN["blocks"] * PLAN["seconds"])


def verdicts(data: Data) -> list[Verdict]:
    """Return what was asked for, and what was measured."""
    return use.verdicts(data["use"], "an hour")


def section(data: Data, plots: str) -> str:
    """Return the part of the page."""
    lines = ["## A real hour", "", TEXT.format(**data["plan"]), "", *use.lines(data["use"]), ""]
    return "\n".join([*lines, f"![memory and time to the pin, over an hour]({plots}/hour.svg)", ""])


def draw(data: Data, folder: Path) -> None:
    """Draw memory and latency over the hour."""
    use.draw(data["use"], folder / "hour.svg", "at_s", "seconds")
