# SPDX-License-Identifier: GPL-2.0-or-later
"""What LinuxCNC's axes do: how soon they follow, how far they run on, and how far they go wrong."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench import motion_figures as figures
from bench import motion_plots
from bench.figures import OURS, Data, quantile, table
from bench.host import Progress, run_guest
from bench.motion_figures import Wrong
from bench.motion_steps import GAP_S, LENGTH
from bench.verdict import Verdict

LIMIT_S = 1500.0
KINDS = {"axis": "axis changes", "scale": "scale changes"}
NAMES = {"axis": "axis", "scale": "increment"}

FIRST_MOTION = """\
X stands still, one detent is turned at x100, and every servo period (1 ms) is noted: after how many of
them is X commanded to be elsewhere (`joint.0.motor-pos-cmd`)? LinuxCNC itself takes one: in teleop mode a
joint follows its axis a period later."""

RUN_ON = """\
The wheel is turned at {rate:,} detents a second and x100. That asks for {asked:g} mm/s; X can do
{velocity:g} mm/s, at {acceleration:g} mm/s². How far does X go on after the last detent?

- In LinuxCNC's position mode each detent is made good, however long that takes: the longer the spin, the
  longer the way.
- hal_mpg uses position mode too, but refuses what X cannot follow, so the way does not grow. Its bound is
  v²/(2a) + v · 0.1 s + one detent, here {bound:.1f} mm.
- LinuxCNC's velocity mode forgets what is left. It is not an exact way to jog, and has a fault at soft
  limits: see [architecture.md](architecture.md)."""

WRONG = """\
Random steps, {gap:g} ms apart on average: turns of one to three detents, and changes of the axis (in one
half of the steps) or of the scale (in the other). Each program gets the same ones, and no axis is ever
asked for more than it can follow. hal_input is wired as the example "MPG Pendant" of LinuxCNC's manual
wires a pendant: one counter for all axes ([shared-counter.md](experiments/shared-counter.md) says why
that goes wrong). After each part of {length} steps all axes rest, and LinuxCNC's commanded positions are
held against what was turned. Errors within a part can cancel each other, so these figures are the least
that went wrong.

Gone wrong is, where the axis was changed, what axes went though it was not asked of them; and where the
scale was changed, what an axis went too far or not far enough."""

AGAIN = """\
{again} spins do not count beside {good} that do: X was not at its full speed at the last detent, the hand
took too long, or detents were lost before hal_input read them, all for an emulated machine that stood still.
They were played again, and are kept in the raw data."""


def measure(progress: Progress) -> dict[str, Any]:
    """Return the raw data."""
    plan = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return run_guest("guest_motion.py", {**plan, "steps per block": LENGTH}, progress, LIMIT_S)


def verdicts(data: Data) -> list[Verdict]:
    """Return what was asked for, and what was measured."""
    bound, worst = figures.bound(data), figures.worst(data, OURS)
    return [
        Verdict(
            "run-on after the last detent, at x100 and full speed, in each spin",
            f"at most {bound:.1f} mm",
            "not measured" if worst is None else f"{worst:.2f} mm",
            worst is not None and worst <= bound,
        ),
        *[_beside_position_mode(data, seconds) for seconds in figures.lengths(data)],
        *[_way_wrong(data, kind) for kind in KINDS],
    ]


def _beside_position_mode(data: Data, seconds: float) -> Verdict:
    ratio = figures.ratio(data, seconds)
    return Verdict(
        f"run-on beside position mode's, after a spin of {seconds:g} s",
        "at most 0.1 of it",
        "not measured" if ratio is None else f"{ratio:.3f} of it",
        ratio is not None and ratio <= 0.1,
    )


def _way_wrong(data: Data, kind: str) -> Verdict:
    wrong = figures.wrong(data, OURS, kind)
    return Verdict(
        f"way gone by the wrong {NAMES[kind]} in {wrong.steps:,} random steps",
        "0 mm",
        f"{wrong.wrong_mm:g} mm",
        wrong.wrong_mm == 0 and wrong.aside < wrong.blocks / 10,
    )


def section(data: Data, plots: str) -> str:
    """Return the part of the page."""
    pictures = {
        "first": f"![detents that have moved X, by servo periods]({plots}/motion-first.svg)",
        "run-on": f"![where X is after the last detent]({plots}/motion-run-on.svg)",
        "wrong": f"![way gone wrong]({plots}/motion-wrong.svg)",
    }
    lines = ["## What the axes do", ""]
    lines += [*_first_motion(data), "", pictures["first"], "", *_run_on(data), "", pictures["run-on"], ""]
    return "\n".join([*lines, *_wrong(data), "", pictures["wrong"], ""])


def draw(data: Data, folder: Path) -> None:
    """Draw the pictures."""
    motion_plots.draw(data, folder, KINDS)


def _first_motion(data: Data) -> list[str]:
    rows, lost = [], 0
    for program in figures.programs(data):
        found = figures.periods(data, program)
        pins = [counted for counted, _ in figures.answers(data, program) if counted is not None]
        cells = [len(found), median(found), quantile(found, 0.99), found[-1], median(pins)]
        rows.append([program, *(f"{cell:g}" for cell in cells)])
        lost += len(figures.answers(data, program)) - len(found)
    head = ["", "detents", "median, periods", "99 % within", "most", "of these to the program's pin, median"]
    lines = ["### From a detent to the first motion", "", FIRST_MOTION, "", *table(head, rows)]
    return [*lines, *(["", f"{lost} detents moved nothing."] if lost else [])]


def _run_on(data: Data) -> list[str]:
    lengths, modes, run = figures.lengths(data), figures.modes(data), data["runs"][0]
    rate = data["plan"]["play"]["spins"][0][0]
    text = RUN_ON.format(
        rate=rate,
        asked=rate * figures.DETENT_MM,
        velocity=run["velocity"],
        acceleration=run["acceleration"],
        bound=figures.bound(data),
    )
    rows = []
    for mode in modes:
        found = [figures.run_ons(data, mode, seconds) for seconds in lengths]
        rows.append([mode, *(f"{median(ways):.2f} ({max(ways):.2f})" if ways else "-" for ways in found)])
    ratios = [figures.ratio(data, seconds) for seconds in lengths]
    cells = ["-" if ratio is None else f"{ratio:.3f}" for ratio in ratios]
    rows.append(["hal_mpg's, as a part of position mode's (medians)", *cells])
    head = ["run-on, mm: median (longest)", *(f"spin of {seconds:g} s" for seconds in lengths)]
    spins = [spin for mode in modes for seconds in lengths for spin in figures.spins(data, mode, seconds)]
    again = AGAIN.format(
        again=sum(len(spin["aside"]) for spin in spins), good=sum("run_on" in spin for spin in spins)
    )
    return ["### Run-on after the last detent", "", text, "", *table(head, rows), "", again]


def _wrong(data: Data) -> list[str]:
    rows = [
        _wrong_row(f"{title}, {program}", figures.wrong(data, program, kind))
        for kind, title in KINDS.items()
        for program in figures.programs(data)
    ]
    head = [
        "",
        "steps",
        "asked for, mm",
        "gone wrong, mm",
        "not gone, mm",
        "parts with errors",
        "with losses",
    ]
    text = WRONG.format(gap=GAP_S * 1000, length=LENGTH)
    return ["### Way gone wrong", "", text, "", *table(head, rows)]


def _wrong_row(title: str, wrong: Wrong) -> list[str]:
    ways = [f"{wrong.asked_mm:.1f}", *(f"{way:.3f}" for way in (wrong.wrong_mm, wrong.missing_mm))]
    return [title, f"{wrong.steps:,}", *ways, f"{wrong.wrong_blocks} of {wrong.blocks}", str(wrong.aside)]
