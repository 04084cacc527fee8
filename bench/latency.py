# SPDX-License-Identifier: GPL-2.0-or-later
"""From a detent in the kernel to the HAL pin, in four conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.figures import LIMIT, OURS, PEER, Data, quantile, table, title, titles
from bench.host import Progress, run_guest
from bench.plot import COLORS, picture
from bench.verdict import Verdict

PLAN: dict[str, Any] = {
    "rounds": 10,
    "conditions": {
        "idle": {"load": "idle", "gap_us": [2000, 10000], "detents": 120},
        "rest": {"load": "idle", "gap_us": [100000, 200000], "detents": 20, "before": 1},
        "busy": {"load": "busy", "gap_us": [2000, 10000], "detents": 120},
        "gui": {"load": "gui", "gap_us": [2000, 10000], "detents": 120},
    },
}

CONDITIONS = {
    "idle": "idle machine",
    "rest": "idle machine, single detents",
    "busy": "all processors busy",
    "gui": "busy screen",
}

TEXT = """\
One detent is turned in the kernel (uinput), and a second processor watches the HAL pin: how long until it
has changed? The detents come as from a quick hand, 2 to 10 ms apart; single ones 100 to 200 ms. All
processors busy: an endless loop runs on each. Busy screen: a window is redrawn as fast as the X server can.
Microseconds."""

ASIDE = "Set aside: {} of {:,} detents: an emulated processor stood still for more than 1 ms meanwhile."
SHOWN_POINTS = 100


def measure(progress: Progress) -> Data:
    """Return the raw data."""
    return run_guest("guest_latency.py", PLAN, progress, 1800)


def taken(data: Data, program: str, condition: str) -> list[int]:
    """Return the microseconds of all detents that count; a detent that never arrived took a second."""
    slices = data["taken"][program].get(condition, [])
    return [1_000_000 if us == -1 else us for part in slices for us in part if us != -2]


def conditions(data: Data) -> list[str]:
    """Return the conditions that were measured."""
    return [key for key in data["plan"]["conditions"] if all(taken(data, p, key) for p in data["taken"])]


def verdicts(data: Data) -> list[Verdict]:
    """Return what was asked for, and what was measured."""
    return [
        _beside(data, "median, beside the C loop's", LIMIT, 0.5, "at most 1.3 times", lambda r: r <= 1.3),
        _beside(data, "median, beside hal_input's", PEER, 0.5, "less than 0.5 times", lambda r: r < 0.5),
        _beside(data, "99th percentile, beside hal_input's", PEER, 0.99, "at most 1 times", lambda r: r <= 1),
    ]


def _beside(data: Data, what: str, other: str, share: float, limit: str, is_met: Any) -> Verdict:
    ratios = {
        key: quantile(taken(data, OURS, key), share) / quantile(taken(data, other, key), share)
        for key in conditions(data)
    }
    measured = "; ".join(f"{CONDITIONS[key]} {ratio:.2f}" for key, ratio in ratios.items())
    return Verdict(f"from a detent to the pin, {what}", limit, measured, all(map(is_met, ratios.values())))


def section(data: Data, plots: str) -> str:
    """Return the part of the page."""
    lines = ["## From a detent to the pin", "", TEXT, ""]
    lines += [f"![share of detents that have arrived, over time]({plots}/latency.svg)", ""]
    head = ["", "detents", "median", "99 % within", "most", "median, times the C loop's"]
    for key in conditions(data):
        rows = [_row(data, program, key) for program in data["taken"]]
        lines += [f"**{CONDITIONS[key].capitalize()}**", "", *table(head, rows), ""]
    for kind, reason in data["skipped"].items():
        lines += [f"Not measured ({kind}): {reason}.", ""]
    slices = [part for kinds in data["taken"].values() for parts in kinds.values() for part in parts]
    every = [us for part in slices for us in part]
    lines += [ASIDE.format(every.count(-2), len(every)), ""]
    return "\n".join(lines)


def _row(data: Data, program: str, condition: str) -> list[str]:
    us = taken(data, program, condition)
    middle, limit = quantile(us, 0.5), quantile(taken(data, LIMIT, condition), 0.5)
    figures = [len(us), middle, quantile(us, 0.99), max(us)]
    return [title(program), *(f"{figure:,}" for figure in figures), f"{middle / limit:.2f}"]


def draw(data: Data, folder: Path) -> None:
    """Draw which part of the detents had arrived, over time."""
    shown = conditions(data)
    with picture(folder / "latency.svg", (9, 6.5), 2, 2) as panels:
        for axes, key in zip(panels, shown, strict=False):
            for program in data["taken"]:
                shares = [step / SHOWN_POINTS for step in range(1, SHOWN_POINTS + 1)]
                us = [quantile(taken(data, program, key), share) for share in shares]
                percent = [100 * share for share in shares]
                label = titles()[program]
                axes.step(us, percent, where="post", label=label, color=COLORS[program], linewidth=2)
            axes.set_title(CONDITIONS[key])
            axes.set_xscale("log")
            axes.set_xlim(50, 100_000)
            axes.set_xticks([100, 1000, 10_000, 100_000], ["0.1 ms", "1 ms", "10 ms", "0.1 s"])
            axes.set_ylim(0, 102)
            axes.grid(alpha=0.3)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        for axes in panels[::2]:
            axes.set_ylabel("detents that have arrived, %")
        for axes in panels[2:]:
            axes.set_xlabel("time since the detent (left is better)")
        panels[0].legend(loc="lower right", frameon=False)
