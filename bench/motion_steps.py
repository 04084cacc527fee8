# SPDX-License-Identifier: GPL-2.0-or-later
"""Random steps at the pendant, for the benchmark's wrong distances: turns, and changes of one selector.

They are made from a seed alone, and never ask for more than an axis can follow: what goes wrong is the
wiring.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

AXES = ("x", "y", "z")
SCALES = {"x1": 1, "x10": 10, "x100": 100}
"""Each scale, in the smallest step, which is 0.001 mm."""

GAP_S = 0.004
"""The mean time between two steps."""
LENGTH = 50
"""Steps of one block. After each, the axes come to rest, and are held against what was asked of them."""
FOLLOWED = 15.0
"""Smallest steps that any axis can follow in a millisecond; here a third of what it can."""
MOST = 1200.0
"""Smallest steps that an axis may be behind; it could stop from its full speed in twice that."""
FAR = 60_000
"""Smallest steps from the middle from which an axis is turned back."""


class Step(NamedTuple):
    """Wait, then turn by some detents, or change a selector to a position."""

    gap_s: float
    detents: int
    """0: a selector is changed."""
    position: str


class Block(NamedTuple):
    """Steps in one direction, from known positions of the selectors, and what each axis has to do."""

    axis: str
    scale: str
    steps: list[Step]
    asked: dict[str, int]
    """The way of each axis, in smallest steps."""


def blocks(seed: str, kind: str, count: int) -> Iterator[Block]:
    """Return `count` blocks, in which only the selector `kind` ("axis" or "scale") is changed."""
    rng = Random(f"{seed} {kind}")
    where = dict.fromkeys(AXES, 0)
    for _ in range(count):
        axis, scale = rng.choice(AXES), rng.choice(list(SCALES))
        sign = _inward(rng, [where[axis]] if kind == "scale" else list(where.values()))
        block = _block(rng, kind, axis, scale, sign)
        for letter, way in block.asked.items():
            where[letter] += way
        yield block


def _inward(rng: Random, places: list[int]) -> int:
    furthest = max(places, key=abs)
    return rng.choice([-1, 1]) if abs(furthest) < FAR else (-1 if furthest > 0 else 1)


def _block(rng: Random, kind: str, axis: str, scale: str, sign: int) -> Block:
    start, steps = (axis, scale), []
    asked, behind = dict.fromkeys(AXES, 0), dict.fromkeys(AXES, 0.0)
    for _ in range(LENGTH):
        gap_s = min(rng.expovariate(1 / GAP_S), 5 * GAP_S)
        behind = {letter: max(0.0, way - gap_s * 1000 * FOLLOWED) for letter, way in behind.items()}
        room = int((MOST - behind[axis]) / SCALES[scale])
        if rng.random() < 0.6 and room > 0:
            detents = min(rng.choice([1, 1, 1, 2, 3]), room)
            steps.append(Step(gap_s, sign * detents, ""))
            asked[axis] += sign * detents * SCALES[scale]
            behind[axis] += detents * SCALES[scale]
            continue
        positions = AXES if kind == "axis" else SCALES
        new = rng.choice([position for position in positions if position not in (axis, scale)])
        axis, scale = (new, scale) if kind == "axis" else (axis, new)
        steps.append(Step(gap_s, 0, new))
    return Block(*start, steps, asked)
