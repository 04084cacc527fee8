# SPDX-License-Identifier: GPL-2.0-or-later
"""A sequence as data, and as text: what happens to one pendant, and when.

The text has the profile, and then a line for each step: `wait SECONDS` (with ticks when they are due),
`stall SECONDS` (the process stands still), `batch` and, behind it, what is handled at once: device events
as `events.to_line` writes them, `gates ON MANUAL INHIBIT`, `limit AXIS VELOCITY ACCELERATION`,
`step SELECTOR BY`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from hal_mpg.events import AxisLimit, Event, Gates, ProgramInput, SelectorStep, from_line, to_line
from hal_mpg.machine import Machine

START_S = 100.0
"""What the clock says at the beginning."""


class Wait(NamedTuple):
    """Time passes; `stalled`: and nobody is there to tick."""

    seconds: float
    stalled: bool


class Batch(NamedTuple):
    """These events are handled at once."""

    events: tuple[Event, ...]


Step = Wait | Batch


class Case(NamedTuple):
    """One sequence on one pendant and one machine."""

    profile: str
    machine: Machine
    steps: tuple[Step, ...]

    @property
    def events(self) -> int:
        """How many events it has."""
        return sum(len(step.events) for step in self.steps if isinstance(step, Batch))


def event_line(event: Event) -> str:
    """Return the text form of any event."""
    match event:
        case Gates(on, manual, inhibit):
            return f"gates {int(on)} {int(manual)} {int(inhibit)}"
        case AxisLimit(axis, velocity, acceleration):
            return f"limit {axis} {velocity!r} {acceleration!r}"
        case SelectorStep(selector, by):
            return f"step {selector} {by}"
        case ProgramInput(selected, backward, detent_time):
            return f"program {int(selected)} {int(backward)} {detent_time!r}"
    return to_line(event)


def parse_event(line: str) -> Event:
    """Return the event of a line. Raises ValueError."""
    kind, *rest = line.split()
    if kind == "gates":
        on, manual, inhibit = (word == "1" for word in rest)
        return Gates(on, manual, inhibit)
    if kind == "limit":
        return AxisLimit(rest[0], float(rest[1]), float(rest[2]))
    if kind == "program":
        return ProgramInput(rest[0] == "1", rest[1] == "1", float(rest[2]))
    if kind == "step":
        return SelectorStep(rest[0], int(rest[1]))
    return from_line(line)


def to_text(case: Case, comment: str = "") -> str:
    """Return a case as text."""
    return "\n".join([*_lines(case, comment), ""])


def _lines(case: Case, comment: str) -> Iterator[str]:
    yield from (f"# {line}" for line in comment.splitlines())
    yield "profile"
    yield from (f"| {line}" for line in case.profile.splitlines())
    machine = case.machine
    yield f"units {machine.units}"
    if machine.axes is not None:
        yield f"axes {''.join(sorted(machine.axes))}"
    for option in ("increments", "angular_increments"):
        if (given := getattr(machine, option)) is not None:
            yield f"{option} {','.join(map(str, given))}"
    for step in case.steps:
        if isinstance(step, Wait):
            yield f"{'stall' if step.stalled else 'wait'} {step.seconds!r}"
        else:
            yield "batch"
            yield from (f"  {event_line(event)}" for event in step.events)


def from_text(text: str) -> Case:
    """Return the case that `to_text` wrote. Raises ValueError, KeyError or IndexError for anything else."""
    profile: list[str] = []
    machine: dict[str, object] = {}
    steps: list[Step] = []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if line.startswith("  "):
            batch = steps[-1]
            assert isinstance(batch, Batch)
            steps[-1] = Batch((*batch.events, parse_event(line)))
        elif word == "|":
            profile.append(rest)
        elif word in ("wait", "stall"):
            steps.append(Wait(float(rest), word == "stall"))
        elif word == "batch":
            steps.append(Batch(()))
        elif word == "axes":
            machine[word] = frozenset(rest)
        elif word == "units":
            machine[word] = rest
        elif word in ("increments", "angular_increments"):
            machine[word] = tuple(map(Decimal, rest.split(",")))
        elif line and not line.startswith("#") and line != "profile":
            raise ValueError(f"not a step: {line!r}")
    return Case("\n".join([*profile, ""]), Machine(**machine), tuple(steps))  # type: ignore[arg-type]
