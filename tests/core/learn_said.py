# SPDX-License-Identifier: GPL-2.0-or-later
"""Observations, from the short texts of learn_cases.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_REL, Change, Frame, NodeState
from hal_mpg.learn.observation import Observation
from hal_mpg.profile import Code
from hal_mpg.yaml_reader import code_names

KINDS = {"REL": EV_REL, "ABS": EV_ABS, "KEY": EV_KEY, "BTN": EV_KEY, "LED": EV_LED}


def code(name: str) -> Code:
    return Code(KINDS[name[:3]], code_names()[name])


def keys(names: Sequence[str]) -> frozenset[int]:
    return frozenset(code(name).number for name in names)


def frames(text: str) -> Iterator[list[Change]]:
    """Yield the frames that a turn's text stands for."""
    for part in filter(None, (word.strip() for word in text.split(","))):
        times, _, what = part.rpartition("*")
        for _ in range(int(times or 1)):
            yield from _frame(what)


def _frame(what: str) -> Iterator[list[Change]]:
    span = re.fullmatch(r"(\w+):(-?\d+)\.\.(-?\d+)", what)
    if span:
        first, last = int(span[2]), int(span[3])
        step = 1 if last >= first else -1
        yield from ([(*code(span[1]), value)] for value in range(first, last + step, step))
    elif ":" in what:
        yield [(*code(word.split(":")[0]), int(word.split(":")[1])) for word in what.split()]
    else:
        for value in (1, 0):
            yield from ([(*code(name), value)] for word in what.split() for name in word.split("+"))


def heard(
    changes: Sequence[list[Change]], ranges: Mapping[str, Sequence[int]], before: NodeState
) -> Observation:
    known = {code(name).number: (low, high) for name, (low, high) in ranges.items()}
    absolutes = dict(before.absolutes)
    for change in (change for frame in changes for change in frame):
        if change[0] == EV_ABS:
            absolutes[change[1]] = change[2]
    made = [Frame(float(number), 0, tuple(frame)) for number, frame in enumerate(changes)]
    return Observation(before, made, NodeState(before.keys, absolutes), False, known)


def stand(what: Mapping[str, Any]) -> Observation:
    """Return what was heard at a position, or of a button."""
    held = keys(what.get("held", ()))
    pressed = [list(key) for name in what.get("pressed", ()) for key in [[(*code(name), 1)]]]
    let_go = [[(*code(name), 0)] for name in what.get("pressed", ()) if code(name).number not in held]
    moved = [[(*code(name), value)] for name, value in what.get("moved", {}).items()]
    places = {code(name).number: value for name, value in what.get("at", {}).items()}
    before = keys(what["before"]) if "before" in what else held - keys(what.get("pressed", ()))
    made = [Frame(float(n), 0, tuple(frame)) for n, frame in enumerate(pressed + let_go + moved)]
    return Observation(NodeState(before, places), made, NodeState(held, places))


def turn(text: str, **ranges: Sequence[int]) -> Observation:
    """Return what was heard while the wheel was turned."""
    return heard(list(frames(text)), ranges, NodeState(frozenset(), {}))
