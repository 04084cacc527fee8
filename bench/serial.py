# SPDX-License-Identifier: GPL-2.0-or-later
"""A serial pendant beside an evdev one: from a detent to the pin, what gets lost, what it costs at rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.figures import Data, quantile, spread, table
from bench.host import Progress, run_guest
from bench.plot import picture
from bench.verdict import Verdict

EVDEV: dict[str, Any] = {
    "load": ["hal_mpg", "-v", "--pendant", "generic-6axis", "--device", "NODE"],
    "component": "hal_mpg",
    "counts": "hal_mpg.axis.x.jog-counts",
    "each": 100,
    "hold": [0, 8, 9],
    "then": [11],
    "armed": "hal_mpg.armed",
    "dropped": "hal_mpg.dropped",
}
SERIAL = EVDEV | {"load": ["hal_mpg", "-v", "--pendant", "line-protocol", "--device", "NODE"]}

PLAN: dict[str, Any] = {
    "programs": {"evdev": EVDEV, "serial": SERIAL},
    "rounds": 3,
    "conditions": {
        "idle": {"load": "idle", "gap_us": [6000, 14000], "detents": 80},
        "rest": {"load": "idle", "gap_us": [100000, 200000], "detents": 15, "before": 1},
        "busy": {"load": "busy", "gap_us": [6000, 14000], "detents": 80},
    },
    "storms": [{"detents": 1000, "rate": rate} for rate in (200, 1000, 5000)],
    "flipped": [0, 100],
    "every_ms": [20, 50],
    "seconds": 6,
}
"""`flipped`: bytes of 10,000. `every_ms`: how often a serial pendant tells its state at rest."""

TITLES = {"evdev": "evdev pendant", "serial": "serial pendant"}
CONDITIONS = {"idle": "idle machine", "rest": "idle machine, single detents", "busy": "all processors busy"}
COLORS = {"evdev": "#0072b2", "serial": "#d55e00"}
SHOWN_POINTS = 100

TEXT = """\
The same hal_mpg, with the same axis, scale and buttons, once on an evdev pendant (uinput) and once on one
that speaks hal_mpg's line protocol at a pseudo-terminal. Neither has a wire here. What a wire adds to a
serial pendant's time is its own: a line of 30 characters takes 2.6 ms at 115200 baud, and the pendant waits
until 5 ms after the line before; here each detent is told at once. Microseconds from a detent to the pin."""

ASIDE = "Set aside: {} of {:,} detents: an emulated processor stood still for more than 1 ms meanwhile."

STORMS = """\
{detents:,} detents, one after the other: how many are on the pin in the end. An evdev pendant's come one by
one, and the kernel keeps the last 64; a serial one's lines, at most 200 a second, say where the wheel stands,
so that the next good line makes up for those that were lost. Damaged: 1 % of all bytes are flipped on the
way, and about a fourth of the lines is refused. Dropped is what hal_mpg itself has refused, and counted:
where nothing good came for 0.15 s, the pendant is lost, and its enabling button has to be pressed anew. On
such a wire that comes every minute or two, and nobody presses it here until the next pendant's turn."""

REST = """\
The pendant is plugged in and its enabling button is held, and for {seconds} s nobody turns the wheel. Each
{rounds} times, in turn: median (smallest to largest). A serial pendant tells its state every 20 ms (50 ms is
the most that the protocol allows), and hal_mpg has to look at each line."""


def measure(progress: Progress) -> Data:
    """Return the raw data."""
    return run_guest("guest_serial.py", PLAN, progress, 1800)


def taken(data: Data, kind: str, condition: str) -> list[int]:
    """Return the microseconds of all detents that count; a detent that never arrived took a second."""
    slices = data["taken"][kind].get(condition, [])
    return [1_000_000 if us == -1 else us for part in slices for us in part if us != -2]


def verdicts(data: Data) -> list[Verdict]:
    """Return what was asked for, and what was measured."""
    damaged = [row for row in data["storms"]["serial"] if row["flipped"]]
    lost = sum(abs(row["detents"] - row["arrived"] - row["dropped"]) for row in damaged)
    turned, dropped, refused = (sum(row[key] for row in damaged) for key in ("detents", "dropped", "garbled"))
    text = f"{lost} of {turned:,} ({dropped:,} dropped and counted; {refused:,} lines refused)"
    is_met = lost == 0 and refused > 0
    return [Verdict("serial pendant, 1 % of the bytes damaged: detents lost in silence", "0", text, is_met)]


def section(data: Data, plots: str) -> str:
    """Return the part of the page."""
    lines = ["## A serial pendant beside an evdev one", "", TEXT, ""]
    lines += [f"![share of detents that have arrived, over time]({plots}/serial.svg)", ""]
    rows = []
    for condition in data["plan"]["conditions"]:
        for kind in TITLES:
            us = taken(data, kind, condition)
            figures = [len(us), quantile(us, 0.5), quantile(us, 0.99), max(us)]
            rows.append([f"{CONDITIONS[condition]}: {TITLES[kind]}", *(f"{figure:,}" for figure in figures)])
    lines += [*table(["", "detents", "median", "99 % within", "most"], rows), ""]
    every = [
        us for kinds in data["taken"].values() for parts in kinds.values() for part in parts for us in part
    ]
    lines += [ASIDE.format(every.count(-2), len(every)), ""]
    lines += ["**What gets lost**", "", STORMS.format(**data["plan"]["storms"][0]), "", *_storms(data), ""]
    lines += ["**At rest**", "", REST.format(**data["plan"]), "", *_rest(data)]
    return "\n".join([*lines, ""])


def _storms(data: Data) -> list[str]:
    head = ["", "turned", "arrived", "dropped", "lines refused"]
    rows = []
    for kind, storms in data["storms"].items():
        groups: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for row in storms:
            groups.setdefault((row["flipped"], row["rate"]), []).append(row)
        for (flipped, rate), found in groups.items():
            damaged = f", {flipped / 100:g} % damaged" if flipped else ""
            sums = [sum(row[key] for row in found) for key in ("detents", "arrived", "dropped", "garbled")]
            name = f"{TITLES[kind]}, {rate:,} a second{damaged}"
            rows.append([name, *(f"{figure:,}" for figure in sums)])
    return table(head, rows)


def _rest(data: Data) -> list[str]:
    names: dict[str, tuple[str, float, str]] = {
        "cpu": ("% of a processor", 100, ".2f"),
        "wakeups": ("wake-ups a second", 1, ".1f"),
        "rss_kb": ("memory (RSS), MB", 1 / 1024, ".1f"),
    }
    head = ["", *(_rest_title(kind) for kind in data["rest"])]
    rows = [
        [text, *(spread([row[key] * factor for row in found], form) for found in data["rest"].values())]
        for key, (text, factor, form) in names.items()
    ]
    return table(head, rows)


def _rest_title(kind: str) -> str:
    name, _, every = kind.partition(" ")
    return TITLES[name] + (f", a line every {every} ms" if every else "")


def draw(data: Data, folder: Path) -> None:
    """Draw which part of the detents had arrived, over time."""
    shown = list(data["plan"]["conditions"])
    with picture(folder / "serial.svg", (9, 3.4), 1, len(shown)) as panels:
        for axes, condition in zip(panels, shown, strict=True):
            for kind, title in TITLES.items():
                shares = [step / SHOWN_POINTS for step in range(1, SHOWN_POINTS + 1)]
                us = [quantile(taken(data, kind, condition), share) for share in shares]
                percent = [100 * share for share in shares]
                axes.step(us, percent, where="post", label=title, color=COLORS[kind], linewidth=2)
            axes.set_title(CONDITIONS[condition])
            axes.set_xscale("log")
            axes.set_xlim(50, 100_000)
            axes.set_xticks([100, 1000, 10_000, 100_000], ["0.1 ms", "1 ms", "10 ms", "0.1 s"])
            axes.set_ylim(0, 102)
            axes.grid(alpha=0.3)
            axes.set_xlabel("time since the detent")
        panels[0].set_ylabel("detents that have arrived, %")
        panels[0].legend(loc="lower right", frameon=False)
