# SPDX-License-Identifier: GPL-2.0-or-later
"""Distances of a click that are most likely a slip: a zero too many, or in the wrong place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from hal_mpg.profile import Increment

UNITS = ("mm", "inch", "degree")
MOST = {"mm": Decimal(10), "inch": Decimal("0.5"), "degree": Decimal(20)}
"""Nobody wants more of one click."""

MM_PER_INCH = Decimal("25.4")
MOST_APART = 4
"""0.001 mm and 0.0001 inch are usual for x1: 2.5 times as much. More than this is a slip."""

NUMBER = re.compile(r"[x*]?([0-9]{1,9}(?:\.[0-9]{1,9})?)")


def odd_distances(increments: Sequence[Increment]) -> Iterator[str]:
    """Yield what is odd about distances, each in words."""
    for unit in UNITS:
        yield from odd_in_one_unit(increments, unit)
    yield from odd_in_two_units(increments)


def odd_in_one_unit(increments: Sequence[Increment], unit: str) -> Iterator[str]:
    """Yield where the distances do not grow from scale to scale, and where one is large."""
    known = [(increment.scale, getattr(increment, unit)) for increment in increments]
    known = [(scale, distance) for scale, distance in known if distance is not None]
    for (first, one), (second, other) in pairwise(known):
        less, more = (second, first) if _comes_down(first, second) else (first, second)
        if (one > other) if less == first else (other > one):
            small, large = min(one, other), max(one, other)
            yield (
                f"one click at {more} moves less than at {less} "
                f"({plain(small)} {unit}, and {plain(large)} {unit}); is that the right way round?"
            )
    for scale, distance in known:
        if distance > MOST[unit]:
            yield f"one click at {scale} moves {plain(distance)} {unit}; is that meant?"


def odd_in_two_units(increments: Sequence[Increment]) -> Iterator[str]:
    """Yield where a scale moves a machine in mm and one in inches by something else altogether."""
    for increment in increments:
        mm, inch = increment.mm, increment.inch
        if mm is None or inch is None:
            continue
        in_mm = inch * MM_PER_INCH
        if max(mm, in_mm) > MOST_APART * min(mm, in_mm):
            yield (
                f"one click at {increment.scale} moves {plain(mm)} mm, but on an inch machine {plain(inch)} "
                f"inch, which is {plain(in_mm)} mm; is one of them wrong?"
            )


def _comes_down(first: str, second: str) -> bool:
    """Tell whether two scales are in falling order by their names, such as x10 and x1."""
    found = NUMBER.fullmatch(first.lower()), NUMBER.fullmatch(second.lower())
    numbers = [Decimal(number[1]) for number in found if number]
    return len(numbers) == 2 and numbers[0] > numbers[1]


def plain(value: Decimal) -> str:
    """Return a number without an exponent and without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
