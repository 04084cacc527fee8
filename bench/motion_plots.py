# SPDX-License-Identifier: GPL-2.0-or-later
"""The pictures of the benchmark of motion, drawn from its raw data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import motion_figures as figures
from bench import plot
from bench.figures import OURS, PEER, Data
from bench.motion_figures import POSITION, VELOCITY
from bench.plot import picture

COLORS = {**plot.COLORS, POSITION: plot.COLORS[PEER], VELOCITY: plot.GRAY}
SHOWN_PERIODS = 20
BEFORE_MS = -200


def draw(data: Data, folder: Path, kinds: Mapping[str, str]) -> None:
    """Draw all pictures into a folder."""
    longest = max(figures.lengths(data))
    with picture(folder / "motion-first.svg", (7, 3.5)) as (axes,):
        first(data, axes)
    with picture(folder / "motion-run-on.svg", (9, 3.5), 1, 2) as (left, right):
        run_on(data, left, longest)
        run_on(data, right, longest, figures.bound(data))
    with picture(folder / "motion-wrong.svg", (7, 3.5)) as (axes,):
        wrong(data, axes, kinds)


def first(data: Data, axes: Any) -> None:
    """Draw which part of the detents had moved the axis, by the number of servo periods."""
    for program in figures.programs(data):
        found = figures.periods(data, program)
        last = max(SHOWN_PERIODS, found[-1])
        share = [100 * sum(p <= n for p in found) / len(found) for n in range(last + 1)]
        axes.step(range(last + 1), share, where="post", label=program, color=COLORS[program], linewidth=2)
    axes.set_title("How soon one detent moves the axis")
    axes.set_xlim(0, SHOWN_PERIODS)
    axes.set_xticks(range(0, SHOWN_PERIODS + 1, 2))
    axes.set_ylim(0, 102)
    axes.set_xlabel("servo periods (1 ms) since the detent")
    axes.set_ylabel("detents that have moved X, %")
    axes.legend(loc="lower right", frameon=False)


def run_on(data: Data, axes: Any, seconds: float, highest: float | None = None) -> None:
    """Draw where X is after the last detent, one line for each spin."""
    for mode in figures.modes(data):
        for number, spin in enumerate(spin for spin in figures.spins(data, mode, seconds) if "curve" in spin):
            times = [ms / 1000 for ms, _ in spin["curve"] if ms >= BEFORE_MS]
            ways = [way for ms, way in spin["curve"] if ms >= BEFORE_MS]
            label = mode if number == 0 else None
            axes.plot([*times, 10], [*ways, ways[-1]], color=COLORS[mode], linewidth=1.5, label=label)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.text(0, 0, " last detent", transform=axes.get_xaxis_transform(), va="bottom", fontsize="small")
    axes.set_xlabel("seconds since the last detent")
    axes.set_ylabel("way since the last detent, mm")
    if highest is None:
        axes.set_title(f"After a spin of {seconds:g} s")
        axes.set_xlim(BEFORE_MS / 1000, seconds + 0.5)
        axes.legend(loc="upper left", frameon=False)
    else:
        axes.set_title("The same, nearer")
        axes.set_xlim(BEFORE_MS / 1000, 0.4)
        axes.set_ylim(-highest, 2 * highest)
        axes.axhline(highest, color=COLORS[OURS], linewidth=1, linestyle="--")
        axes.text(0.39, highest, "hal_mpg's bound ", ha="right", va="bottom", color=COLORS[OURS])


def wrong(data: Data, axes: Any, kinds: Mapping[str, str]) -> None:
    """Draw the way that went wrong, one bar for each program and kind of step."""
    programs = figures.programs(data)
    for place, (kind, _) in enumerate(kinds.items()):
        for number, program in enumerate(programs):
            found = figures.wrong(data, program, kind)
            x = place + (number - (len(programs) - 1) / 2) * 0.35
            label = program if place == 0 else None
            axes.bar(x, found.wrong_mm, 0.3, color=COLORS[program], label=label)
            axes.annotate(
                f"{found.wrong_mm:.2f} mm" if found.wrong_mm else "0",
                (x, found.wrong_mm),
                (0, 3),
                textcoords="offset points",
                ha="center",
            )
    axes.set_xticks(range(len(kinds)), list(kinds.values()))
    steps = sum(figures.wrong(data, programs[0], kind).steps for kind in kinds)
    axes.set_title(f"What went wrong in {steps:,} random steps")
    axes.set_ylabel("way gone wrong, mm")
    axes.margins(y=0.15)
    axes.legend(loc="upper left", frameon=False)
