# SPDX-License-Identifier: GPL-2.0-or-later
"""What a device said while a person did one thing, and how its switches stood before and after. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Frame, NodeState

REL_WHEEL, REL_HWHEEL = 8, 6
HIGH_RESOLUTION = {REL_WHEEL: 0x0B, REL_HWHEEL: 0x0C}
"""REL_WHEEL_HI_RES and REL_HWHEEL_HI_RES say the same as these once more, in 120ths."""

EV_SW = 5
"""Switches of the computer itself, such as its lid; hal_mpg has no use for them."""

MODIFIERS = frozenset({29, 42, 54, 56, 97, 100, 125, 126})
"""Ctrl, Shift, Alt and Meta, left and right: keypads send them along with the key that is meant."""


NOTHING = NodeState(frozenset(), {})


def merged(states: Iterable[NodeState]) -> NodeState:
    """Return the state of all nodes of a device together: a key is held while any of them says so."""
    keys: set[int] = set()
    absolutes: dict[int, int] = {}
    for state in states:
        keys |= state.keys
        absolutes |= {code: value for code, value in state.absolutes.items() if code not in absolutes}
    return NodeState(frozenset(keys), absolutes)


@dataclass(frozen=True)
class Observation:
    """What was heard during one step. `lost`: the kernel dropped some of it."""

    before: NodeState = NOTHING
    frames: Sequence[Frame] = ()
    after: NodeState = NOTHING
    lost: bool = False
    ranges: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Lowest and highest value of each absolute axis, as the device has it."""

    fuzz: Mapping[int, int] = field(default_factory=dict)
    """How much the kernel smooths each absolute axis: smaller movements are swallowed (input_absinfo)."""

    @property
    def is_silent(self) -> bool:
        """Whether nothing was heard at all."""
        return not self.frames

    @cached_property
    def relatives(self) -> dict[int, list[int]]:
        """The values of each REL code, in order; without those that only repeat another one finer."""
        values: dict[int, list[int]] = {}
        for kind, code, value in self._changes():
            if kind == EV_REL:
                values.setdefault(code, []).append(value)
        for coarse, fine in HIGH_RESOLUTION.items():
            if coarse in values:
                values.pop(fine, None)
        return values

    @cached_property
    def paths(self) -> dict[int, list[int]]:
        """For each absolute axis that moved: where it stood before, and each value since."""
        paths: dict[int, list[int]] = {}
        for kind, code, value in self._changes():
            if kind == EV_ABS:
                start = [self.before.absolutes[code]] if code in self.before.absolutes else []
                paths.setdefault(code, start).append(value)
        return paths

    @cached_property
    def presses(self) -> Counter[int]:
        """How often each key was pressed; autorepeat, and a key that two nodes report, count once."""
        down: dict[int, set[int]] = {key: {-1} for key in self.before.keys}
        presses: Counter[int] = Counter()
        for frame in self.frames:
            for kind, key, value in frame.changes:
                if kind != EV_KEY or value not in (0, 1):
                    continue
                holders = down.setdefault(key, set())
                holders.discard(-1)
                if value and not holders:
                    presses[key] += 1
                (holders.add if value else holders.discard)(frame.node)
        return presses

    @property
    def has_switches(self) -> bool:
        """Whether something was heard as EV_SW, which no form of a profile knows."""
        return any(kind == EV_SW for kind, _, _ in self._changes())

    def _changes(self) -> Iterable[tuple[int, int, int]]:
        return (change for frame in self.frames for change in frame.changes)


def without_modifiers(keys: Iterable[int]) -> frozenset[int]:
    """Return keys without Ctrl, Shift and the like, unless there is nothing else."""
    every = frozenset(keys)
    return every - MODIFIERS or every
