# SPDX-License-Identifier: GPL-2.0-or-later
"""What long use does to memory and latency: the compressed hour of `growth`, the real one of `hour`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.figures import Data, quantile, table
from bench.plot import COLORS, picture
from bench.verdict import Verdict

CHANGES_EACH = 6
"""Selector changes of one round: three scales, two axes."""
QUARTER = 4
TOUCHED_KB, LEAKED_KB = 1024, 64
"""By so much may memory grow from the first quarter to the last one, and within the last half.

What is done for the first time touches pages for the first time, once; a leak goes on.
"""
SLOWER = 1.25
"""And the median by this factor: the emulated machine is not more repeatable than that."""


def medians(blocks: list[Data]) -> list[int]:
    """Return the median of each block."""
    return [int(quantile([us for us in block["taken"] if us >= 0] or [0], 0.5)) for block in blocks]


def before_and_after(blocks: list[Data]) -> tuple[float, float, float, float]:
    """Return memory (kB) of the first quarter, but for its first block, and of the last one; medians (µs)."""
    part = max(1, len(blocks) // QUARTER)
    first, last = blocks[1 : 1 + part], blocks[-part:]
    rss = [quantile([block["rss_kb"] for block in some], 0.5) for some in (first, last)]
    us = [quantile(medians(some), 0.5) for some in (first, last)]
    return rss[0], rss[1], us[0], us[1]


def verdicts(blocks: list[Data], what: str) -> list[Verdict]:
    """Return whether memory and latency stayed flat."""
    rss_before, rss_after, us_before, us_after = before_and_after(blocks)
    grown, ratio = rss_after - rss_before, us_after / us_before
    leaked = blocks[-1]["rss_kb"] - blocks[len(blocks) // 2]["rss_kb"]
    return [
        Verdict(
            f"memory over {what}",
            f"flat (within {TOUCHED_KB} kB, and {LEAKED_KB} kB in the last half)",
            f"{grown:+.0f} kB, {leaked:+.0f} kB in the last half",
            grown <= TOUCHED_KB and leaked <= LEAKED_KB,
        ),
        Verdict(
            f"from a detent to the pin over {what}",
            f"flat (last quarter at most {SLOWER} times the first)",
            f"{ratio:.2f} times",
            ratio <= SLOWER,
        ),
    ]


def amounts(asked: Data) -> dict[str, Any]:
    """Return how much a plan uses the pendant, for the text."""
    blocks = asked["blocks"]
    return {
        "detents": blocks * asked["detents"],
        "changes": blocks * asked["changes"] * CHANGES_EACH,
        "stops": -(-blocks // asked["estop_every"]),
        "block": asked["detents"],
    }


def lines(blocks: list[Data]) -> list[str]:
    """Return a table of the first and the last quarter."""
    rss_before, rss_after, us_before, us_after = before_and_after(blocks)
    rows = [
        ["memory (RSS), MB", f"{rss_before / 1024:.2f}", f"{rss_after / 1024:.2f}"],
        ["from a detent to the pin, median, µs", f"{us_before:.0f}", f"{us_after:.0f}"],
    ]
    return table(["", "first quarter", "last quarter"], rows)


def draw(blocks: list[Data], path: Path, key: str, text: str) -> None:
    """Draw memory and latency over use."""
    with picture(path, (9, 3), 1, 2) as (left, right):
        over = [block[key] for block in blocks]
        left.plot(over, [block["rss_kb"] / 1024 for block in blocks], color=COLORS["hal_mpg"])
        left.set_title("memory (RSS), MB")
        right.plot(over, medians(blocks), color=COLORS["hal_mpg"])
        right.set_title("from a detent to the pin, median, µs")
        for axes in (left, right):
            axes.set_ylim(0)
            axes.set_xlabel(text)
