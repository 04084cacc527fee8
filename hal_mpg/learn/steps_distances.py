# SPDX-License-Identifier: GPL-2.0-or-later
"""The step in which the distance of one click at each scale is asked for."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from hal_mpg.learn.acts import Answerer
from hal_mpg.learn.draft import Draft
from hal_mpg.odd_distances import odd_in_one_unit, odd_in_two_units, plain
from hal_mpg.profile import Increment, is_distance

SMALLEST = {"mm": Decimal("0.001"), "inch": Decimal("0.0001"), "degree": Decimal("0.01")}
"""What one click at x1 usually is."""

SINGLE = {"mm": Decimal("0.01"), "inch": Decimal("0.001"), "degree": Decimal("0.1")}
"""What one click usually is where there is only one scale."""


def learn_distances(
    person: Answerer, draft: Draft, units: str | None = None, scales: tuple[str, ...] = ()
) -> None:
    """Ask for the distances, in mm and inch (or one of them), and in degrees where an axis turns.

    `scales`: the names of the scales, where they are not the draft's.
    """
    scales = scales or draft.scales
    found: dict[str, list[Decimal]] = {}
    for unit in SMALLEST:
        before = [getattr(increment, unit) for increment in draft.increments]
        is_current = tuple(increment.scale for increment in draft.increments) == scales and all(before)
        usual = before if is_current else _usual(scales, unit)
        if unit == "degree" and not draft.has_rotary:
            continue
        if units and unit in ("mm", "inch") and unit != units:
            found[unit] = usual  # the machine is in the other; the pendant may go to another machine
            continue
        while True:
            found[unit] = _ask(person, scales, unit, usual)
            if _is_meant(person, _increments(scales, found), unit, has_both=not units):
                break
    draft.increments = _increments(scales, found)


def _increments(scales: tuple[str, ...], found: dict[str, list[Decimal]]) -> tuple[Increment, ...]:
    return tuple(
        Increment.of(scale, **{unit: values[place] for unit, values in found.items()})
        for place, scale in enumerate(scales)
    )


def _is_meant(person: Answerer, increments: tuple[Increment, ...], unit: str, has_both: bool) -> bool:
    """Ask back where the distances in a unit are odd. `has_both`: mm are asked for as well as inches."""
    odd = list(odd_in_one_unit(increments, unit))
    if unit == "inch" and has_both:
        odd += odd_in_two_units(increments)
    if not odd:
        return True
    for words in odd:
        person.say(f"{words[0].upper()}{words[1:]}", indent="  ")
    return person.ask("Is it to be like this? y: yes, Enter: ask again").lower() in ("y", "yes")


def _usual(scales: tuple[str, ...], unit: str) -> list[Decimal]:
    """Return the usual distances: by the scales' names where they are numbers, else ten times each."""
    if len(scales) == 1:
        return [SINGLE[unit]]
    if all(re.fullmatch(r"0\.[0-9]{1,4}|1(\.0*)?", scale) and Decimal(scale) for scale in scales):
        # A selector that is labeled with its distances, in mm most likely.
        return [Decimal(scale) / 10 if unit == "inch" else Decimal(scale) for scale in scales]
    factors = [re.fullmatch(r"[x*]?([0-9]{1,5})", scale.lower()) for scale in scales]
    if all(factors) and all(int(factor[1]) > 0 for factor in factors if factor):
        return [SMALLEST[unit] * int(factor[1]) for factor in factors if factor]
    return [SMALLEST[unit] * 10**place for place in range(len(scales))]


def _ask(person: Answerer, scales: tuple[str, ...], unit: str, usual: list[Decimal]) -> list[Decimal]:
    name = {"mm": "mm", "inch": "inches", "degree": "degrees (rotary axes)"}[unit]
    at = f"at {', '.join(scales)}, " if len(scales) > 1 else ""
    while True:
        answer = person.ask(f"How far is one click, {at}in {name}?", " ".join(map(plain, usual)))
        try:
            return parse_distances(answer, len(scales))
        except ValueError as error:
            person.say(f"{error}.", indent="  ")


def parse_distances(text: str, wanted: int) -> list[Decimal]:
    """Return so many positive numbers; `0.1 1` or `0.1, 1` or, with a comma for a point, `0,1 1`.

    Raises ValueError, saying what is wrong.
    """
    words = [word for word in re.split(r"[\s;]+|,\s+", text.strip()) if word]
    if len(words) == 1 and words[0].count(",") == wanted - 1:
        words = words[0].split(",")
    words = [word.replace(",", ".") if word.count(",") == 1 and "." not in word else word for word in words]
    if len(words) != wanted:
        needed = "one number is" if wanted == 1 else f"{wanted} numbers are"
        raise ValueError(f"{needed} needed, with spaces between")
    values = []
    for word in words:
        try:
            value = Decimal(word)
        except InvalidOperation:
            raise ValueError(f"{word[:20]!r} is no number; write it as 0.001") from None
        if not is_distance(value):
            raise ValueError(f"{word[:20]} is no distance; use a positive number such as 0.001")
        if -int(value.as_tuple().exponent) > 12:
            raise ValueError(f"{word[:20]} has more digits than any machine; use a rounder one")
        values.append(value)
    return values
