# SPDX-License-Identifier: GPL-2.0-or-later
"""From `loadusr` to ready."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.figures import OURS, PEER, Data, quantile, spread, table, title, titles
from bench.host import Progress, run_guest
from bench.plot import COLORS, picture
from bench.verdict import Verdict

PLAN: dict[str, Any] = {"rounds": 10}

TEXT = """\
`halcmd loadusr -Wn NAME ...`, until it returns: the program has made its pins, and HAL files go on. The
pendant is plugged in, and all files are in memory, as they are when LinuxCNC is started for the second
time. hal_mpg is installed as `make install` does it. Each program {rounds} times, in turn; a first start of
each is not counted."""


def measure(progress: Progress) -> Data:
    """Return the raw data."""
    return run_guest("guest_start.py", PLAN, progress, 1200)


def verdicts(data: Data) -> list[Verdict]:
    """Return what was asked for, and what was measured."""
    ours, peers = (quantile(data["taken"][program], 0.5) for program in (OURS, PEER))
    measured = f"{ours:.2f} s; hal_input {peers:.2f} s"
    return [Verdict("from loadusr to ready (median)", "no later than hal_input", measured, ours <= peers)]


def section(data: Data, plots: str) -> str:
    """Return the part of the page."""
    rows = [[title(program), spread(seconds, ".2f")] for program, seconds in data["taken"].items()]
    lines = ["## From loadusr to ready", "", TEXT.format(**data["plan"]), ""]
    lines += table(["", "seconds: median (smallest to largest)"], rows)
    return "\n".join([*lines, "", f"![seconds of each start]({plots}/start.svg)", ""])


def draw(data: Data, folder: Path) -> None:
    """Draw each start as a dot, and the median as a line."""
    with picture(folder / "start.svg", (7, 2.6)) as (axes,):
        for place, (program, seconds) in enumerate(data["taken"].items()):
            axes.plot(seconds, [place] * len(seconds), "o", color=COLORS[program], alpha=0.5)
            axes.plot([quantile(seconds, 0.5)] * 2, [place - 0.35, place + 0.35], color=COLORS[program])
        axes.set_yticks(range(len(data["taken"])), [titles()[program] for program in data["taken"]])
        axes.invert_yaxis()
        axes.set_xlim(0)
        axes.set_xlabel("seconds from loadusr to ready; the line is the median (left is better)")
