# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program costs while nobody touches the pendant, and for each event; its memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.figures import OURS, PEER, Data, quantile, spread, table, title, titles
from bench.host import Progress, run_guest
from bench.plot import bars, picture
from bench.verdict import Verdict

PLAN: dict[str, Any] = {"rounds": 3, "seconds": 8, "detents": 2000, "rate": 500}
MB_LIMIT = 30

COLUMNS = {
    "cpu": ("at rest, % of a processor", 100, ".2f"),
    "wakeups": ("at rest, wake-ups a second", 1, ".1f"),
    "cpu_s_per_1000": ("1,000 detents, ms of a processor", 1000, ".0f"),
    "rss_kb": ("memory (RSS), MB", 1 / 1024, ".1f"),
    "locked_kb": ("of an address space that is locked, MB", 1 / 1024, ".1f"),
}
"""Of each figure: what it is called, by what it is multiplied, and how it is written."""

TEXT = """\
The pendant is plugged in and its enabling button is held, and for {seconds} s nobody turns the wheel. Then
{detents:,} detents come, {rate} of them a second. Each program {rounds} times, in turn: median (smallest to
largest). hal_mpg's heartbeat runs, on which a watchdog trips if it stops: that is what its wake-ups are
for."""


def measure(progress: Progress) -> Data:
    """Return the raw data."""
    return run_guest("guest_rest.py", PLAN, progress, 1200)


def values(data: Data, program: str, key: str) -> list[float]:
    """Return one figure of each round."""
    return [row[key] * COLUMNS[key][1] for row in data["rows"][program]]


def verdicts(data: Data) -> list[Verdict]:
    """Return what was asked for, and what was measured."""
    ours, peers = (quantile(values(data, program, "cpu"), 0.5) for program in (OURS, PEER))
    ratio, most = ours / peers, max(values(data, OURS, "rss_kb"))
    return [
        Verdict("CPU at rest, beside hal_input's", "at most 0.2 times", f"{ratio:.2f}", ratio <= 0.2),
        Verdict("memory (RSS)", f"below {MB_LIMIT} MB", f"{most:.1f} MB", most < MB_LIMIT),
    ]


def section(data: Data, plots: str) -> str:
    """Return the part of the page."""
    rows = [
        [text, *(spread(values(data, program, key), form) for program in data["rows"])]
        for key, (text, _, form) in COLUMNS.items()
    ]
    lines = ["## At rest, and for each detent", "", TEXT.format(**data["plan"]), ""]
    lines += table(["", *map(title, data["rows"])], rows)
    return "\n".join([*lines, "", f"![processor time, wake-ups and memory]({plots}/rest.svg)", ""])


def draw(data: Data, folder: Path) -> None:
    """Draw one panel of bars for each figure."""
    with picture(folder / "rest.svg", (9, 4.5), 2, 2) as panels:
        for axes, key in zip(panels, COLUMNS, strict=False):
            text, _, form = COLUMNS[key]
            medians = {program: quantile(values(data, program, key), 0.5) for program in data["rows"]}
            bars(axes, medians, "{:" + form + "}", titles())
            axes.set_title(f"{text} (less is better)")
