# SPDX-License-Identifier: GPL-2.0-or-later
"""The fault catalogue: what can break, how it is made to break, and what has to follow.

The faults are data, in catalogue/BED.yaml and BED-PART.yaml; see catalogue/README.md for the keys. Each bed
has a stage (see play.py) that knows how to provoke them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "catalogue"

BEDS = {
    "kernel": "real kernel, USB pendant, LinuxCNC",
    "linuxcnc": "real LinuxCNC, virtual pendant",
    "umockdev": "real HAL, emulated input nodes",
    "fake": "fake HAL",
}
"""From the most real to the least: each fault is on the first one that can do it."""


MOVES: dict[str, tuple[str, ...]] = {
    "nothing": ("nothing",),
    "run-on": ("nothing", "run-on", "turned"),
    "turned": ("turned",),
    "commanded": ("commanded",),
}
"""What an entry may expect of motion, and what it is content with; see README.md beside the entries."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry. Pins are without the component's prefix; times are milliseconds."""

    id: str
    bed: str
    part: str
    """The file that it stands in, without .yaml: what is played in one go."""
    group: str
    """The heading that it stands under on the page."""
    breaks: str
    """What breaks, for the reader."""
    how: str
    """How it is made to break, for the reader."""
    do: Sequence[Any]
    """What the stage does: the name of one of its acts, and arguments."""
    start: str = "armed"
    """What the machine is doing before; the stage knows the names."""
    pins: Mapping[str, bool | int | float] = field(default_factory=dict)
    """What the pins are afterwards."""
    machine: str | None = None
    """LinuxCNC's state afterwards: ESTOP, ESTOP_RESET, OFF, ON."""
    timed: str | None = None
    """What is timed from the fault on: one of `pins`, or a pin and its value: `motion.motion-enabled=0`."""
    limit_ms: float | None = None
    every: bool = False
    """Whether the limit is for every repetition, and not for their median."""
    repeat: int = 1
    moves: str = "nothing"
    """What may have moved: nothing; run-on: no further than what was turned before; turned: that, exactly;
    commanded: what was commanded by others than the wheel, and nothing by it."""
    says: str | None = None
    """Regular expression for the line on standard error by which it is told."""
    back: Sequence[str] = ()
    """The shortest way back to jogging, in steps of the stage; it is walked, and a jog has to follow."""
    back_in_words: str = ""
    """The same for the reader, where it is more than the steps say."""


def load(bed: str | None = None) -> list[Fault]:
    """Return the faults of one bed, or of all. Raises ValueError for what is no entry."""
    beds = [bed] if bed else list(BEDS)
    faults = [_fault(name, entry) for name in beds for entry in _entries(name)]
    ids = [fault.id for fault in faults]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise ValueError(f"the fault catalogue has {', '.join(sorted(twice))} twice")
    return faults


def _entries(bed: str) -> list[dict[str, Any]]:
    files = sorted([*FOLDER.glob(f"{bed}.yaml"), *FOLDER.glob(f"{bed}-*.yaml")])
    parts = [yaml.safe_load(file.read_text(encoding="utf-8")) or [] for file in files]
    return [{"part": file.stem, **entry} for file, part in zip(files, parts, strict=True) for entry in part]


def _fault(bed: str, entry: dict[str, Any]) -> Fault:
    known = {each.name for each in fields(Fault)} - {"bed"}
    what = f"{entry['part']}.yaml, {entry.get('id', 'an entry without id')}"
    unknown = entry.keys() - known
    if unknown:
        raise ValueError(f"{what}: {', '.join(sorted(unknown))} is no key of a fault")
    missing = {"id", "group", "breaks", "how", "do"} - entry.keys()
    if missing:
        raise ValueError(f"{what}: {', '.join(sorted(missing))} is missing")
    fault = Fault(bed=bed, **entry)
    if fault.moves not in MOVES:
        raise ValueError(f"{what}: moves is one of {', '.join(MOVES)}")
    if (fault.limit_ms is None) != (fault.timed is None):
        raise ValueError(f"{what}: timed and limit_ms go together")
    return fault
