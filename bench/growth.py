# SPDX-License-Identifier: GPL-2.0-or-later
"""How cost grows: with keys and axes of the pendant, with the number of pendants, with use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import use
from bench.figures import Data, quantile, table, title
from bench.host import Progress, run_guest
from bench.plot import COLORS, picture
from bench.verdict import Verdict

PLAN: dict[str, Any] = {
    "rounds": 2,
    "detents": 150,
    "seconds": 4,
    "keys": [16, 32, 56],
    "profiles": ["generic-4axis", "generic-5axis", "generic-6axis"],
    "instances": [1, 2, 4],
    "programs": ["hal_input", "hal_mpg"],
    "use": {
        "blocks": 24,
        "detents": 1500,
        "rate": 1000,
        "changes": 4,
        "estop_every": 2,
        "latencies": 40,
        "seconds": 0,
    },
}

TEXT = """\
More keys on the pendant, more axes in the profile, more pendants with an instance each: the median from a
detent to the pin (of the first instance), and the processor time at rest (of all)."""

USE = """\
What a busy hour has, as quickly as it can be taken: {detents:,} detents, {changes:,} changes of the
selectors, {stops} times the E-stop. After each {block:,} detents: memory, and the median from a detent to
the pin."""


def measure(progress: Progress) -> Data:
    """Return the raw data."""
    return run_guest("guest_growth.py", PLAN, progress, 1800)


def verdicts(data: Data) -> list[Verdict]:
    """Return what was asked for, and what was measured."""
    return use.verdicts(data["use"], "36,000 detents")


def section(data: Data, plots: str) -> str:
    """Return the part of the page."""
    lines = ["## How cost grows", "", TEXT, ""]
    head = ["", "to the pin, median, µs", "at rest, % of a processor", "memory (RSS), MB"]
    rows = [[name, *_cells(rows)] for name, rows in groups(data).items()]
    lines += [*table(head, rows), "", f"![what grows, and what does not]({plots}/growth.svg)", ""]
    asked = data["plan"]["use"]
    lines += ["### An hour's use", "", USE.format(**use.amounts(asked)), ""]
    lines += use.lines(data["use"])
    return "\n".join([*lines, "", f"![memory and time to the pin, over use]({plots}/growth-use.svg)", ""])


def groups(data: Data) -> dict[str, list[Data]]:
    """Return the rows that belong together, by what they are."""
    found: dict[str, list[Data]] = {}
    for row in data["keys"]:
        found.setdefault(f"{title(row['program'])}, {row['keys']} keys", []).append(row)
    for row in data["axes"]:
        found.setdefault(f"hal_mpg, {row['profile']}", []).append(row)
    for row in data["instances"]:
        number = row["instances"]
        found.setdefault(f"hal_mpg, {number} instance{'s' if number > 1 else ''}", []).append(row)
    return found


def _cells(rows: list[Data]) -> list[str]:
    us = [us for row in rows for us in row["taken"] if us >= 0]
    cpu = quantile([row["cpu"] for row in rows], 0.5)
    rss = max(row["rss_kb"] for row in rows)
    return [f"{quantile(us, 0.5):,}", f"{100 * cpu:.2f}", f"{rss / 1024:.1f}"]


def draw(data: Data, folder: Path) -> None:
    """Draw time to the pin and processor time at rest, over what grows."""
    found = groups(data)
    with picture(folder / "growth.svg", (9, 5), 1, 2) as (left, right):
        for place, (name, rows) in enumerate(found.items()):
            color = COLORS["hal_mpg" if name.startswith("hal_mpg") else "hal_input"]
            us = [us for row in rows for us in row["taken"] if us >= 0]
            left.barh(place, quantile(us, 0.5), 0.7, color=color)
            right.barh(place, 100 * quantile([row["cpu"] for row in rows], 0.5), 0.7, color=color)
        left.set_title("from a detent to the pin, median, µs")
        right.set_title("at rest, % of a processor")
        left.set_yticks(range(len(found)), list(found))
        right.set_yticks(range(len(found)), [""] * len(found))
        for axes in (left, right):
            axes.invert_yaxis()
    use.draw(data["use"], folder / "growth-use.svg", "detents", "detents turned so far")
