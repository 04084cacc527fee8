# SPDX-License-Identifier: GPL-2.0-or-later
"""From the raw data of the benchmark of motion to the figures that its page shows. Pure."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

from bench.figures import OURS, Data

POSITION, VELOCITY = "hal_input, position mode", "hal_input, velocity mode"
DETENT_MM = 0.1
"""One detent at x100."""
SAME = 0.5
"""Half a smallest step (0.001 mm): LinuxCNC itself rests up to a thousandth of one from its target."""


class Wrong(NamedTuple):
    """What came of all blocks of one kind that a program played."""

    steps: int
    asked_mm: float
    wrong_mm: float
    missing_mm: float
    """What no axis went, though no detent was lost or refused; where the axis is changed."""
    worst_mm: float
    """The most in one block."""
    blocks: int
    wrong_blocks: int
    aside: int
    """Blocks in which detents were lost or refused, so that nothing can be said about the others' way."""


def runs(data: Data, program: str) -> list[Data]:
    """Return the runs of one program, in order."""
    return [run for run in data["runs"] if run["program"] == program]


def programs(data: Data) -> list[str]:
    """Return the programs, in order."""
    return list(dict.fromkeys(run["program"] for run in data["runs"]))


def answers(data: Data, program: str) -> list[tuple[int | None, int | None]]:
    """Return after how many periods the pin, and the axis, followed each detent."""
    return [(counted, moved) for run in runs(data, program) for counted, moved in run["first motion"]]


def periods(data: Data, program: str) -> list[int]:
    """Return after how many servo periods the axis followed, sorted; without detents that moved nothing."""
    return sorted(moved for _, moved in answers(data, program) if moved is not None)


def modes(data: Data) -> list[str]:
    """Return the ways to jog, in order."""
    return list(dict.fromkeys(mode for run in data["runs"] for mode in run["run-on"]))


def spins(data: Data, mode: str, seconds: float) -> list[Data]:
    """Return all spins of one length, that counted or not."""
    return [
        spin for run in data["runs"] for spin in run["run-on"].get(mode, ()) if spin["seconds"] == seconds
    ]


def run_ons(data: Data, mode: str, seconds: float) -> list[float]:
    """Return how far the axis went on after each spin that counted, in mm."""
    return [spin["run_on"] for spin in spins(data, mode, seconds) if "run_on" in spin]


def bound(data: Data) -> float:
    """Return the contract's bound on the run-on: v²/(2a) + v · 0.1 s + one detent, in mm."""
    v, a = data["runs"][0]["velocity"], data["runs"][0]["acceleration"]
    return float(v * v / (2 * a) + v * 0.1 + DETENT_MM)


def worst(data: Data, mode: str) -> float | None:
    """Return the longest run-on of all spins that counted."""
    found = [way for seconds in lengths(data) for way in run_ons(data, mode, seconds)]
    return max(found, default=None)


def lengths(data: Data) -> list[float]:
    """Return the lengths of the spins, in seconds."""
    return [seconds for _, seconds in data["plan"]["play"]["spins"]]


def ratio(data: Data, seconds: float) -> float | None:
    """Return hal_mpg's run-on as a part of position mode's, after a spin of one length; medians."""
    ours, theirs = run_ons(data, OURS, seconds), run_ons(data, POSITION, seconds)
    return median(ours) / median(theirs) if ours and theirs else None


def wrong(data: Data, program: str, kind: str) -> Wrong:
    """Return what came of the blocks in which the selector `kind` was changed."""
    blocks = [block for run in runs(data, program) for block in run["wrong"][kind]]
    judged = [block for block in blocks if kind == "axis" or is_whole(block)]
    ways = [way_wrong(block, kind) for block in judged]
    missing = [way_missing(block) for block in judged if kind == "axis" and is_whole(block)]
    return Wrong(
        steps=len(blocks) * data["plan"]["steps per block"],
        asked_mm=sum(abs(way) for block in judged for way in block["asked"].values()) / 1000,
        wrong_mm=sum(ways) / 1000,
        missing_mm=sum(missing) / 1000,
        worst_mm=max(ways, default=0.0) / 1000,
        blocks=len(blocks),
        wrong_blocks=sum(way > 0 for way in ways),
        aside=sum(not is_whole(block) for block in blocks),
    )


def is_whole(block: Data) -> bool:
    """Tell whether each detent of a block was counted, and none refused."""
    return bool(block["counted"] == block["turned"] and not block["dropped"])


def way_wrong(block: Data, kind: str) -> float:
    """Return the way that went wrong in a block, in smallest steps.

    Where the axis is changed: what axes went beyond what was asked of them, which was another axis' way.
    Where the scale is changed: by how much the way of the axis is too long or too short.
    """
    errors = _errors(block)
    return sum(way for way in (errors if kind == "axis" else map(abs, errors)) if way > SAME)


def way_missing(block: Data) -> float:
    """Return the way that axes did not go in a block, in smallest steps."""
    return sum(-error for error in _errors(block) if error < -SAME)


def _errors(block: Data) -> list[float]:
    """Return by how much each axis went too far in the direction in which the wheel was turned."""
    sign = 1 if block["turned"] > 0 else -1
    return [(block["moved"][axis] - asked) * sign for axis, asked in block["asked"].items()]
