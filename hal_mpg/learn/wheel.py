# SPDX-License-Identifier: GPL-2.0-or-later
"""Which of the wheel's forms it is, from one click clockwise, ten clockwise, and ten back. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL
from hal_mpg.learn.names import key_name, name_of
from hal_mpg.learn.observation import MODIFIERS, Observation
from hal_mpg.profile import AbsoluteWheel, Code, KeyWheel, RelativeWheel, Wheel

CLICKS = 10
"""How many clicks a person is asked for, each way."""

MIN_EVENTS = 4
"""Fewer events than this in ten clicks are no wheel: jitter, or a button that was touched."""

SMALLEST_MODULO = 8

PREFERRED = (7, 8, 6)
"""REL_DIAL, REL_WHEEL, REL_HWHEEL: where several move together, the first of these is the wheel."""


class Turns(NamedTuple):
    """What was heard of one click clockwise, ten clicks clockwise, and ten counter-clockwise."""

    one: Observation
    clockwise: Observation
    back: Observation


@dataclass(frozen=True)
class Candidate:
    """A control that moved as a wheel does; counts of ten clicks each way and of one, signed."""

    wheel: Wheel
    clockwise: int
    back: int
    one: int
    wrap_seen: bool = True
    """Of an absolute wheel: whether its modulo was seen, and is no guess."""


@dataclass(frozen=True)
class Finding:
    """What was recognized. `trouble`: why it is not clear; then `wheel` is a guess, or None."""

    wheel: Wheel | None
    trouble: str = ""
    note: str = ""
    wrap_seen: bool = True


def recognize(turns: Turns, has_clicks: bool = True) -> Finding:
    """Return which form the wheel has; without clicks to feel, each count is a detent."""
    if any(turn.lost for turn in turns):
        return Finding(None, "That was too fast, some of it was lost. Turn it more slowly.")
    candidates = sorted(_candidates(turns), key=_rank)
    if not candidates:
        return Finding(None, _why_none(turns))
    candidate = candidates[0]
    if candidate.one and (candidate.one > 0) != (candidate.clockwise > 0):
        return Finding(None, "The one click went the other way than the ten clicks. Clockwise, all of them?")
    wheel = candidate.wheel
    if not isinstance(wheel, KeyWheel):
        wheel = wheel._replace(invert=candidate.clockwise < 0)
    if not has_clicks:
        return Finding(wheel, wrap_seen=candidate.wrap_seen)
    there, back = abs(candidate.clockwise), abs(candidate.back)
    per_detent = max(1, round((there + back) / 2 / CLICKS))
    wheel = wheel._replace(counts_per_detent=per_detent)
    if all(4 <= counts <= 6 for counts in (there, back)):
        note = "It sends one count for every two clicks that you feel; each count is taken as a detent."
        return Finding(wheel, note=note, wrap_seen=candidate.wrap_seen)
    # Of a position that is reported as movement, it is not known where the first click began.
    has_start = not (isinstance(wheel, AbsoluteWheel) and wheel.code.type == EV_REL)
    one = abs(candidate.one) if has_start else 0
    if not (_fits(there, per_detent) and _fits(back, per_detent)):
        what = f"{there} counts for ten clicks clockwise, {back} for ten clicks back"
        trouble = f"The wheel ({what_moves(wheel)}) sent {what}."
    elif one and not 0.6 * per_detent <= one <= 1.6 * per_detent:
        trouble = f"One click sent {one}, ten clicks {there} and {back}. Did you turn it faster for the ten?"
    else:
        trouble = ""
    return Finding(wheel, trouble, wrap_seen=candidate.wrap_seen)


def what_moves(wheel: Wheel) -> str:
    """Return the names of the wheel's codes."""
    if isinstance(wheel, KeyWheel):
        return f"{name_of(wheel.forward)} and {name_of(wheel.backward)}"
    return name_of(wheel.code)


def _fits(counts: int, per_detent: int) -> bool:
    """Tell whether ten clicks can have made so many counts; one click too many or too few, a bounce."""
    return abs(counts - CLICKS * per_detent) <= max(1.0, 1.2 * per_detent)


def _rank(candidate: Candidate) -> tuple[bool, int, int]:
    """Order candidates: those of whole counts per click first, REL before ABS before keys."""
    wheel = candidate.wheel
    per_detent = max(1, round(abs(candidate.clockwise) / CLICKS))
    fits = _fits(abs(candidate.clockwise), per_detent) and _fits(abs(candidate.back), per_detent)
    forms = (RelativeWheel, AbsoluteWheel, KeyWheel)
    code = wheel.code.number if isinstance(wheel, RelativeWheel) else -1
    place = PREFERRED.index(code) if code in PREFERRED else len(PREFERRED)
    return not fits, forms.index(type(wheel)), place


def _candidates(turns: Turns) -> Iterator[Candidate]:
    for code in turns.clockwise.relatives.keys() & turns.back.relatives.keys():
        yield from _relative(code, turns)
    for code in turns.clockwise.paths.keys() & turns.back.paths.keys():
        yield from _absolute(code, turns)
    yield from _keys(turns)


def _relative(code: int, turns: Turns) -> Iterator[Candidate]:
    """A REL code: each value is a distance; or a position, which goes up and comes down again."""
    one, there, back = (turn.relatives.get(code, []) for turn in turns)
    if len(there) < MIN_EVENTS or len(back) < MIN_EVENTS:
        return
    ramp_there, ramp_back = Ramp(one[-1:] + there), Ramp(there[-1:] + back)
    wrap = ramp_there.wrap or ramp_back.wrap
    modulo = power_of_two(max([abs(value) + 1 for value in one + there + back] + [wrap or 0, 1 << 8]))
    # A dial that counts more when it is turned faster is no ramp that goes on where it turned.
    goes_on = abs(_folded(back[0] - there[-1], modulo)) <= 2 * ramp_back.step + 1
    if ramp_there.is_one and ramp_back.is_one and ramp_there.direction == -ramp_back.direction and goes_on:
        moves = [ramp.total(modulo) for ramp in (ramp_there, ramp_back)]
        wheel = AbsoluteWheel(Code(EV_REL, code), modulo)
        yield Candidate(wheel, moves[0], moves[1], Ramp(one).total(modulo), wrap is not None)
    elif _goes_one_way(there) and _goes_one_way(back) and (sum(there) > 0) != (sum(back) > 0):
        yield Candidate(RelativeWheel(Code(EV_REL, code)), sum(there), sum(back), sum(one))


def _goes_one_way(values: list[int]) -> bool:
    total = sum(values)
    return total != 0 and sum(value * total > 0 for value in values) >= 0.7 * len(values)


def _absolute(code: int, turns: Turns) -> Iterator[Candidate]:
    """An ABS code that runs through its range, and round again."""
    span = span_of(turns.clockwise.ranges.get(code))
    ramps = [Ramp(turn.paths.get(code, []), span) for turn in turns]
    _, there, back = ramps
    if not (there.is_one and back.is_one) or there.direction != -back.direction:
        return
    seen = there.wrap or back.wrap
    modulo = modulo_of(seen, turns.clockwise.ranges.get(code), max(there.step, back.step))
    one, counts_there, counts_back = (ramp.total(modulo) for ramp in ramps)
    wheel = AbsoluteWheel(Code(EV_ABS, code), modulo)
    yield Candidate(wheel, counts_there, counts_back, one, seen is not None)


def modulo_of(wrap: int | None, limits: tuple[int, int] | None, step: int) -> int:
    """Return after how many counts an absolute wheel wraps.

    `wrap` is what was seen of it, exact but for a step or so; `limits` is what the device says of its axis.
    """
    span = span_of(limits)
    near = 2 * step + 1
    if wrap is None:
        return span if span >= SMALLEST_MODULO else 1 << 16
    if abs(wrap - span) <= near:
        return span
    binary = min((power_of_two(wrap), power_of_two(wrap) // 2), key=lambda number: abs(number - wrap))
    return binary if abs(wrap - binary) <= near else max(wrap, SMALLEST_MODULO)


def span_of(limits: tuple[int, int] | None) -> int:
    """Return how many positions an axis has by the device's word; 0 where that cannot be."""
    if limits is None or limits[1] <= limits[0]:
        return 0
    span = limits[1] - limits[0] + 1
    is_slip = span > SMALLEST_MODULO and (span - 1) & (span - 2) == 0  # 0 to 256: a power of two is meant
    return span - 1 if is_slip else span


def power_of_two(number: int) -> int:
    """Return the smallest power of two that is not less than a number."""
    return 1 << max(number - 1, 1).bit_length()


class Ramp:
    """A row of positions that goes one way, and may wrap around.

    `direction` is 1 or -1; `step` is the usual distance between two of them; `wrap` is how far it is round,
    where that was seen.
    """

    def __init__(self, values: list[int], span: int = 0) -> None:
        """Take positions; `span` is how many there are by the device's word, 0 where it says nothing."""
        self._moves = [after - before for before, after in pairwise(values) if after != before]
        folded = [_folded(move, span) for move in self._moves]
        self.step = int(median(abs(move) for move in folded)) if folded else 0
        small = [move for move in folded if abs(move) <= self._longest_step()]
        self.direction = 1 if sum(small) > 0 else -1
        self._steps, self._ones_way = len(small), sum(move * self.direction > 0 for move in small)
        pairs = zip(self._moves, folded, strict=True)
        jumps = [abs(move) for move, bent in pairs if move != bent or abs(bent) > self._longest_step()]
        self.wrap: int | None = max(jumps) + self.step if jumps else None
        self._distinct = len(set(values))

    def _longest_step(self) -> int:
        return 6 * self.step + 2

    @property
    def is_one(self) -> bool:
        """Whether this is a row of positions at all, and no jitter and no row of distances."""
        enough = len(self._moves) >= MIN_EVENTS - 1 and self._distinct >= MIN_EVENTS
        return enough and self._ones_way >= 0.7 * self._steps > 0

    def total(self, modulo: int) -> int:
        """Return how far it went, signed, where it wraps at `modulo`."""
        return sum(_folded(move, modulo) for move in self._moves)


def _folded(move: int, modulo: int) -> int:
    """Return the shortest way that leads to the same place, where positions wrap at `modulo`."""
    half = modulo // 2
    return (move + half) % modulo - half if modulo > 2 else move


def _keys(turns: Turns) -> Iterator[Candidate]:
    """Two keys, one for each direction."""
    there, back = turns.clockwise.presses, turns.back.presses
    forward = [key for key in there if there[key] >= MIN_EVENTS and there[key] >= 4 * back[key]]
    backward = [key for key in back if back[key] >= MIN_EVENTS and back[key] >= 4 * there[key]]
    forward = [key for key in forward if key not in MODIFIERS] or forward
    backward = [key for key in backward if key not in MODIFIERS] or backward
    if not forward or not backward:
        return
    plus, minus = max(forward, key=lambda key: there[key]), max(backward, key=lambda key: back[key])
    one = turns.one.presses[plus] - turns.one.presses[minus]
    wheel = KeyWheel(Code(EV_KEY, plus), Code(EV_KEY, minus))
    yield Candidate(wheel, there[plus] - there[minus], back[plus] - back[minus], one)


def _why_none(turns: Turns) -> str:
    """Say in words why nothing of what was heard is a wheel."""
    clockwise, back = turns.clockwise, turns.back
    if not any(turn.relatives or turn.presses for turn in (clockwise, back)) and smoothed(turns):
        return f"No wheel was heard. If it is one that says where it stands: {smoothed(turns)}"
    if clockwise.is_silent and back.is_silent:
        return "Nothing was heard of the wheel. Is this the right device, and is the pendant switched on?"
    if clockwise.is_silent or back.is_silent:
        return "It was heard in one direction only. Ten clicks clockwise, then ten clicks back, please."
    for code in clockwise.relatives.keys() & back.relatives.keys():
        there, again = clockwise.relatives[code], back.relatives[code]
        if min(len(there), len(again)) >= MIN_EVENTS and (sum(there) > 0) == (sum(again) > 0):
            name = name_of(Code(EV_REL, code))
            return (
                f"Both directions look the same ({name}). Did you turn it back? If so, one of the encoder's "
                f"two wires may be loose."
            )
    busy = [key for key in clockwise.presses if min(clockwise.presses[key], back.presses[key]) >= MIN_EVENTS]
    if len(busy) > 1:
        names = " and ".join(sorted(key_name(key) for key in busy)[:3])
        return (
            f"{names} are pressed in both directions: an encoder wired to two buttons as it is. hal_mpg "
            f"cannot read that; the pendant's board has to count."
        )
    if busy:
        return f"{key_name(busy[0])} is pressed in both directions, so that no direction can be told."
    return f"What was heard ({heard_in_words(clockwise)}) is no wheel that hal_mpg knows."


def smoothed(turns: Turns) -> str:
    """Say that the kernel swallows small movements of an axis, where it does.

    `sources/evdev` has it stopped for the axes of a profile; here, nobody knows which axis that will be, and
    sticks that tremble are better smoothed.
    """
    fuzz = turns.clockwise.fuzz
    if not fuzz:
        return ""
    axis = max(fuzz, key=lambda axis: fuzz[axis])
    return (
        f"The kernel swallows movements of less than {max(fuzz[axis] // 2, 1)} counts of "
        f"{name_of(Code(EV_ABS, axis))} (fuzz {fuzz[axis]}), as joysticks need it. To have them all while it "
        f"is learned: evdev-joystick --evdev NODE --axis {axis} --fuzz 0 (package joystick). Afterwards, "
        f"hal_mpg has them all by itself."
    )


def heard_in_words(observation: Observation) -> str:
    """Say what was heard, for messages."""
    names = [name_of(Code(EV_REL, code)) for code in observation.relatives]
    names += [name_of(Code(EV_ABS, code)) for code in observation.paths]
    names += [key_name(key) for key in observation.presses]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return (", ".join(names[:4]) + more) or "nothing"


def wrap_in(wheel: AbsoluteWheel, turned: Observation) -> AbsoluteWheel | None:
    """Return the wheel with the modulo that was seen while it was turned on and on; None: none was."""
    kind, code = wheel.code
    values = turned.relatives.get(code, []) if kind == EV_REL else turned.paths.get(code, [])
    ramp = Ramp(values, 0 if kind == EV_REL else span_of(turned.ranges.get(code)))
    if not values or ramp.wrap is None or ramp.step == 0:
        return None
    if kind == EV_REL:
        largest = max(abs(value) for value in values)
        return wheel._replace(modulo=power_of_two(max(ramp.wrap, largest + 1, SMALLEST_MODULO)))
    return wheel._replace(modulo=modulo_of(ramp.wrap, turned.ranges.get(code), ramp.step))
