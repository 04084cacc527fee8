# SPDX-License-Identifier: GPL-2.0-or-later
"""Which form a selector has, from what is held and where absolute axes stand at each position. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import NamedTuple

from hal_mpg.events import EV_ABS, EV_KEY
from hal_mpg.learn.names import key_name, name_of
from hal_mpg.learn.observation import Observation, without_modifiers
from hal_mpg.profile import AXIS_LETTERS, OFF, TARGETS, AbsSelector, Code, KeySelector, Selector, StepSelector

SHORT_TARGETS = {
    "feed": "feed-override",
    "rapid": "rapid-override",
    "spindle": "spindle-override",
    "maxvel": "max-velocity",
    "run": "mpg-run",
}
"""What people may say for the targets of an axis selector."""


class Stand(NamedTuple):
    """What was heard while the selector was set to one position."""

    position: str
    heard: Observation


@dataclass(frozen=True)
class Choice:
    """What was recognized. `trouble`: why it is not clear; `again`: the positions to be asked for again."""

    selector: Selector | None
    trouble: str = ""
    again: tuple[str, ...] = ()
    note: str = ""


def recognize(stands: Sequence[Stand], taken: frozenset[Code]) -> Choice:
    """Return the form of a selector that was set to each position in turn.

    `taken` are the codes of controls that were learned before.
    """
    held = {stand.position: _own_keys(stand.heard.after.keys, taken) for stand in stands}
    common = reduce(frozenset.__and__, held.values()) if len(held) > 1 else frozenset()
    own = {position: keys - common for position, keys in held.items()}
    if len(own) == 1:
        own = {position: _pressed_and_held(stands[0], taken) for position in own}
    if any(own.values()):
        return _by_keys(stands, own, taken)
    absolute = _by_value(stands, taken)
    if absolute is not None:
        return absolute
    return _by_presses(stands, taken)


def _own_keys(keys: frozenset[int], taken: frozenset[Code]) -> frozenset[int]:
    return frozenset(key for key in keys if Code(EV_KEY, key) not in taken)


def _pressed_and_held(stand: Stand, taken: frozenset[Code]) -> frozenset[int]:
    """Of a selector of one position, nothing can be compared: it is the key that was pressed."""
    return _own_keys(stand.heard.after.keys & stand.heard.presses.keys(), taken)


def _by_keys(stands: Sequence[Stand], own: dict[str, frozenset[int]], taken: frozenset[Code]) -> Choice:
    """One key is held at each position; or not quite."""
    single = {position: _plain_keys(keys) for position, keys in own.items()}
    owners: dict[frozenset[int], str] = {}
    for position, keys in single.items():
        if keys and keys in owners:
            other = owners[keys]  # either may be the one that the selector was not set to
            what = f"{position} and {other} look the same ({_names(keys)})"
            return Choice(None, f"{what}: did the selector move?", (other, position))
        owners[keys] = position
    several = [position for position, keys in single.items() if len(keys) > 1]
    nothing = [position for position, keys in single.items() if not keys and position != OFF]
    if several and _is_coded(list(single.values())):
        what = f"at {several[0]}, {_names(single[several[0]])} are held together"
        return Choice(
            None,
            f"The positions are a code of several keys ({what}). hal_mpg knows no such form: "
            f"the pendant's board has to send one key, or one value, for each position.",
        )
    if several:
        what = f"at {several[0]}, {_names(single[several[0]])} are held together"
        return Choice(None, f"{what[0].upper()}{what[1:]}. Is another button held, too?", tuple(several))
    if nothing and len(nothing) == len(own) - 1:
        return Choice(None, f"Nothing is held at {', '.join(nothing)}.", tuple(nothing))
    if nothing:
        return Choice(
            None,
            f"No key is held at {', '.join(nothing)}. hal_mpg takes that for no position at all; "
            f"if it is so, call it `off`.",
            tuple(nothing),
        )
    return Choice(
        KeySelector(tuple((position, Code(EV_KEY, min(keys))) for position, keys in single.items() if keys))
    )


def _plain_keys(keys: frozenset[int]) -> frozenset[int]:
    return without_modifiers(keys) if keys else keys


def _is_coded(held: list[frozenset[int]]) -> bool:
    """Tell whether keys stand for positions in combination: some key is held at two positions or more."""
    return any(first & second for first, second in combinations(held, 2))


def _by_value(stands: Sequence[Stand], taken: frozenset[Code]) -> Choice | None:
    """One absolute axis has another value at each position."""
    first = stands[0].heard.after.absolutes
    codes = [code for code in first if Code(EV_ABS, code) not in taken]
    values = {code: [stand.heard.after.absolutes.get(code, 0) for stand in stands] for code in codes}
    moving = {code: row for code, row in values.items() if len(set(row)) > 1}
    if not moving:
        return None
    # Of several, the one that tells the most positions apart, and has the smallest range.
    code = min(moving, key=lambda code: (-len(set(moving[code])), _span(stands[0].heard, code), code))
    row = moving[code]
    name = name_of(Code(EV_ABS, code))
    twice = [value for value, times in Counter(row).items() if times > 1]
    if twice:
        same = [stand.position for stand, value in zip(stands, row, strict=True) if value == twice[0]]
        if len(moving) > 1:
            return Choice(
                None,
                f"Several absolute axes stand for the position together ({_axes(moving)}), and none of them "
                f"tells {' from '.join(same[:2])}. hal_mpg reads one value.",
                tuple(same),
            )
        trouble = f"{same[1]} and {same[0]} look the same ({name} {twice[0]}): did the selector move?"
        return Choice(None, trouble, tuple(same))
    pairs = tuple((value, stand.position) for stand, value in zip(stands, row, strict=True))
    return Choice(AbsSelector(Code(EV_ABS, code), pairs))


def is_analog(heard: Observation, code: int, positions: int) -> bool:
    """Tell whether an absolute axis is so fine that its values may wander: a row of resistors, say."""
    return _span(heard, code) > max(32, 8 * positions)


def wandered(selector: AbsSelector, again: Stand) -> str:
    """Return what is wrong where a position does not have its value again; "" if nothing is."""
    value = again.heard.after.absolutes.get(selector.code.number)
    before = next(value for value, position in selector.positions if position == again.position)
    if value == before:
        return ""
    return (
        f"{name_of(selector.code)} was {before} at {again.position}, and now is {value}: it wanders, as "
        f"a voltage does. hal_mpg wants one exact value for each position."
    )


def _span(heard: Observation, code: int) -> int:
    low, high = heard.ranges.get(code, (0, 0))
    return high - low


def _axes(codes: dict[int, list[int]]) -> str:
    return ", ".join(sorted(name_of(Code(EV_ABS, code)) for code in codes))


def _by_presses(stands: Sequence[Stand], taken: frozenset[Code]) -> Choice:
    """Nothing stays: buttons that were pressed and let go, one for each position, or one for all of them."""
    pressed = {
        stand.position: _plain_keys(_own_keys(frozenset(stand.heard.presses), taken)) for stand in stands
    }
    positions = tuple(stand.position for stand in stands)
    if not any(pressed.values()):
        return Choice(None, "Nothing changed from one position to the next.", positions)
    named = {position: keys for position, keys in pressed.items() if position != OFF}
    keys = {min(keys) for keys in named.values() if len(keys) == 1}
    if all(len(keys) == 1 for keys in named.values()):
        if len(keys) == 1 and len(named) > 1:
            order = tuple(position for position in positions)
            note = f"The same button each time ({key_name(min(keys))}): it steps to the next position."
            return Choice(StepSelector(Code(EV_KEY, min(keys)), None, order), note=note)
        if len(keys) == len(named):
            codes = tuple((position, Code(EV_KEY, min(keys))) for position, keys in named.items())
            note = "These are buttons that do not stay: a position is selected only while its button is held."
            return Choice(KeySelector(codes), note=note)
    missing = tuple(position for position, keys in named.items() if len(keys) != 1)
    which = ", ".join(missing or named)
    return Choice(None, f"It is not clear which button is {which}.", missing or positions)


def _names(keys: frozenset[int]) -> str:
    return ", ".join(key_name(key) for key in sorted(keys))


def parse_axis_positions(text: str) -> list[str]:
    """Return the positions of an axis selector as a person writes them: `x y z`, `XYZ`, `off x y feed`.

    Raises ValueError, saying what is wrong.
    """
    positions: list[str] = []
    for said in re.split(r"[\s,;]+", text.strip().lower()):
        word = SHORT_TARGETS.get(said, said)
        if word in (*TARGETS, OFF):
            positions.append(word)
        elif word and all(letter in AXIS_LETTERS for letter in word):
            positions += word
        elif word:
            raise ValueError(
                f"{word!r} is no position: use letters of x y z a b c u v w, off, {', '.join(TARGETS)}"
            )
    _check(positions)
    return positions


def parse_scale_positions(text: str) -> list[str]:
    """Return the positions of a scale selector: `x1 x10 x100`, any names. Raises ValueError."""
    positions = [OFF if word.lower() == OFF else word for word in re.split(r"[\s,;]+", text.strip()) if word]
    for word in positions:
        if not word.isprintable() or len(word) > 20:
            raise ValueError(f"{word[:30]!r} is no name; use short ones, such as x1")
    _check(positions)
    return positions


def _check(positions: list[str]) -> None:
    twice = [position for position, times in Counter(positions).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]} stands there twice; give each position once")
    if not set(positions) - {OFF}:
        raise ValueError("there is no position; give at least one")
