# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a case that fails small, by leaving out whatever it fails without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hal_mpg.events import Connected, Event, EventsLost, Frame
from hal_mpg.pendant import Pendant
from tests.fuzz.player import MakePendant, play
from tests.fuzz.steps import Batch, Case, Step, Wait
from tests.fuzz.violation import Violation

MOST_TRIES = 2000
Events = tuple[Event, ...]


def fails_as(case: Case, invariant: str, make: MakePendant = Pendant) -> Violation | None:
    """Return the violation, where a case breaks this invariant."""
    try:
        play(case, make)
    except Violation as violation:
        return violation if violation.invariant == invariant else None
    return None


def shrink(case: Case, invariant: str, make: MakePendant = Pendant) -> Case:
    """Return a case that still breaks the invariant, and would not with any one thing less in it."""
    tries = 0

    def fails(smaller: Case) -> bool:
        nonlocal tries
        tries += 1
        return tries <= MOST_TRIES and fails_as(smaller, invariant, make) is not None

    before = None
    while before != case.steps:
        before = case.steps
        case = case._replace(steps=_fewer_waits(case, fails))
        case = _fewer_steps(case, fails)
        for place in reversed(range(len(case.steps))):
            case = _smaller_step(case, place, fails)
    return case


def _fewer_steps(case: Case, fails: Callable[[Case], bool]) -> Case:
    return case._replace(steps=fewer(case.steps, lambda steps: fails(case._replace(steps=steps))))


def _fewer_waits(case: Case, fails: Callable[[Case], bool]) -> tuple[Step, ...]:
    """Put waits together that follow one another."""
    steps = list(case.steps)
    for place in reversed(range(1, len(steps))):
        first, second = steps[place - 1 : place + 1]
        if isinstance(first, Wait) and isinstance(second, Wait):
            for stalled in (False, True):
                together = Wait(round(first.seconds + second.seconds, 6), stalled)
                smaller = [*steps[: place - 1], together, *steps[place + 1 :]]
                if fails(case._replace(steps=tuple(smaller))):
                    steps = smaller
                    break
    return tuple(steps)


def fewer(items: Sequence[Any], fails: Callable[[tuple[Any, ...]], bool]) -> tuple[Any, ...]:
    """Return as few of the items as still fail: larger pieces are left out first."""
    kept = tuple(items)
    size = max(1, len(kept) // 2)
    while size:
        place = len(kept) - size
        while place > -size:
            without = kept[: max(place, 0)] + kept[place + size :]
            if fails(without):
                kept = without
            place -= size
        size //= 2
    return kept


def _smaller_step(case: Case, place: int, fails: Callable[[Case], bool]) -> Case:
    """Leave out events of a batch, and parts of its events."""
    step = case.steps[place]
    if not isinstance(step, Batch):
        return case

    def with_events(events: tuple[Any, ...]) -> Case:
        return case._replace(steps=(*case.steps[:place], Batch(events), *case.steps[place + 1 :]))

    def still_fails(events: tuple[Any, ...]) -> bool:
        return fails(with_events(events))

    events = fewer(step.events, still_fails)
    for number in range(len(events)):
        events = _fewer_parts(events, number, still_fails)
    return with_events(events)


def _fewer_parts(events: Events, number: int, fails: Callable[[Events], bool]) -> Events:
    """Leave out raw events of a frame, or nodes of a device."""
    event = events[number]
    parts: tuple[Any, ...]
    if isinstance(event, Frame | EventsLost):
        parts = event[2]
    elif isinstance(event, Connected):
        parts = event.nodes[1:]
    else:
        return events

    def with_parts(kept: tuple[Any, ...]) -> Events:
        return *events[:number], _with_parts(event, kept), *events[number + 1 :]

    return with_parts(fewer(parts, lambda kept: fails(with_parts(kept))))


def _with_parts(event: Event, parts: tuple[Any, ...]) -> Event:
    if isinstance(event, Frame | EventsLost):
        return type(event)(event.time, event.node, parts)
    assert isinstance(event, Connected)
    return event._replace(nodes=(event.nodes[0], *parts))
