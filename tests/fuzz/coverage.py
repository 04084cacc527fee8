# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts what a run reached, so that one that reaches nothing is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from hal_mpg.arming import WhyNot
from hal_mpg.events import Event, Frame, PinValue, PinWrite

NAMES = {
    "Connected": "connects",
    "Disconnected": "disconnects",
    "EventsLost": "losses of events",
    "Snapshot": "re-readings",
    "Frame": "frames",
    "Gates": "changes of gates",
    "AxisLimit": "changes of limits",
    "SelectorStep": "steps of a selector by HAL",
    "ProgramInput": "changes of MPG-run's inputs",
}
PINS: dict[tuple[str, PinValue], str] = {
    ("estop", True): "E-stops",
    ("jog-stop", True): "jog-stops",
    ("armed", True): "times armed",
    ("reset", True): "resets",
}


def cover_event(covered: Counter[str], event: Event) -> None:
    """Count one event."""
    covered["events"] += 1
    covered[NAMES[type(event).__name__]] += 1
    if isinstance(event, Frame):
        covered["raw events"] += len(event.changes)


def cover_batch(covered: Counter[str], writes: Sequence[PinWrite], pins: Mapping[str, PinValue]) -> None:
    """Count one batch: its writes, and the state that it leads to."""
    covered["batches"] += 1
    covered["pin writes"] += len(writes)
    covered["batches armed"] += bool(pins["armed"])
    covered[f"why-not {WhyNot(int(pins['why-not'])).name}"] += 1
    for write in writes:
        name = PINS.get((write.pin, write.value))
        if name:
            covered[name] += 1
        elif write.pin.endswith(".jog-counts"):
            covered["writes of jog-counts"] += 1
