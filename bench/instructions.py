# SPDX-License-Identifier: GPL-2.0-or-later
"""How many instructions an event takes, and with what that grows: `tests/instructions`, for the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.verdict import Verdict
from tests.instructions.cases import CASES
from tests.instructions.measure import count

Data = dict[str, Any]

TEXT = """\
Counted under valgrind, which gives the same number each time, whatever else the machine does. All of
hal_mpg runs, on {hal} and Python {python}; only the device is a named pipe, and the clock is
set from outside. A loop is what the smallest loop takes that Python can have for a detent (epoll, read,
unpack, one pin): {smallest:,} instructions. "To the pin" is what comes before the pin that the event is for
has its new value; what comes after it (other pins, getting ready for the next event) keeps no motion waiting.
A test holds these figures: see [CONTRIBUTING.md](../CONTRIBUTING.md)."""

HALS = {"real": "LinuxCNC's HAL", "fake": "a HAL in memory, for want of LinuxCNC's"}
PARTS = ("whole", "to_pin")

GROWTH = {
    "one detent": {
        "4 axes": "detent-4-axes",
        "6 axes": "detent",
        "16 keys": "detent",
        "56 keys": "detent-56-keys",
        "1 node": "detent",
        "2 nodes": "detent-2-nodes",
        "4 nodes": "detent-4-nodes",
    },
    "the axis selector, by one position": {
        "4 axes": "selector-4-axes",
        "6 axes": "selector",
        "16 keys": "selector",
        "56 keys": "selector-56-keys",
    },
}
"""What the plots show: their titles, and the cases of their bars."""

DARK, LIGHT = "#1a7f37", "#a7d7b5"


def measure(progress: Callable[[str], None]) -> Data:
    """Return the raw data."""
    progress("counting instructions under valgrind, for a minute or two")
    counts = count()._asdict()
    rounded = {part: {case: round(number) for case, number in counts[part].items()} for part in PARTS}
    return {"hal": counts["hal"], "python": counts["python"], **rounded}


def verdicts(data: Data) -> list[Verdict]:
    """Return none: nobody asked for a limit, and the budget is held by a test."""
    return []


def section(data: Data, plots: Any) -> str:
    """Return the part of the page: a table and a plot, in the folder `plots`."""
    smallest = data["whole"]["smallest"]
    lines = [
        *["## Instructions", ""],
        *[TEXT.format(hal=HALS[data["hal"]], python=data["python"], smallest=smallest), ""],
        "| | instructions | loops | to the pin | loops |",
        "| --- |" + " ---: |" * 4,
    ]
    for case in (case for case in CASES if case in data["whole"]):
        whole, to_pin = data["whole"][case], data["to_pin"].get(case)
        cells = [f"{whole:,}", f"{whole / smallest:.1f}"]
        cells += ["", ""] if to_pin is None else [f"{to_pin:,}", f"{to_pin / smallest:.1f}"]
        lines.append(f"| {CASES[case].words} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"![instructions of one event]({plots}/instructions.svg)", ""])


def draw(data: Data, folder: Path) -> None:
    """Draw by how much an event takes more of a pendant that has more."""
    import matplotlib
    from matplotlib.figure import Figure

    look = {"svg.hashsalt": "hal_mpg", "svg.fonttype": "none"}
    with matplotlib.rc_context({**look, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(9, 3.5), layout="tight")
        widths = [len(bars) for bars in GROWTH.values()]
        for axes, title in zip(figure.subplots(1, 2, width_ratios=widths), GROWTH, strict=True):
            _bars(data, axes, GROWTH[title])
            axes.set_title(title)
        figure.axes[0].set_ylabel("thousands of instructions")
        figure.axes[0].legend(frameon=False, loc="upper left")
        figure.savefig(folder / "instructions.svg", metadata={"Date": None})


def _bars(data: Data, axes: Any, bars: dict[str, str]) -> None:
    for place, case in enumerate(bars.values()):
        labels = ("to the pin", "after it") if place == 0 else (None, None)
        whole, to_pin = data["whole"][case] / 1000, data["to_pin"][case] / 1000
        axes.bar(place, to_pin, 0.7, color=DARK, label=labels[0])
        axes.bar(place, whole - to_pin, 0.7, bottom=to_pin, color=LIGHT, label=labels[1])
        axes.annotate(f"{whole:.0f}", (place, whole), (0, 3), textcoords="offset points", ha="center")
    smallest = data["whole"]["smallest"] / 1000
    axes.axhline(smallest, color="black", linewidth=1, linestyle="--", label="the smallest loop in Python")
    axes.set_xticks(range(len(bars)), list(bars))
    axes.margins(y=0.25)
