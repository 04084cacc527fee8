# SPDX-License-Identifier: GPL-2.0-or-later
"""What the actions that buttons ask for need of LinuxCNC: the nets of config/mpg-actions.hal, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hal_mpg.action_table import ACTIONS, CHOICES, PROGRAM, Action, zero_axis
from hal_mpg.pins import STATUS

SOURCES = {
    "program-is-idle": "halui.program.is-idle",
    "program-is-running": "halui.program.is-running",
    "program-is-paused": "halui.program.is-paused",
    "mode-is-auto": "halui.mode.is-auto",
    "mode-is-joint": "halui.mode.is-joint",
    "coord-mode": "motion.coord-mode",
    "all-homed": "motion.is-all-homed",
    "in-position": "motion.in-position",
    "jog-is-active": "motion.jog-is-active",
    "spindle-is-on": "halui.spindle.0.is-on",
    "flood-is-on": "halui.flood.is-on",
    "mist-is-on": "halui.mist.is-on",
}
"""For each pin of STATUS, LinuxCNC's that says it."""

SINKS = {
    "stop": "halui.program.stop",
    "pause": "halui.program.pause",
    "auto-mode": "halui.mode.auto",
    "cycle-start": "halui.program.run",
    "step": "halui.program.step",
    "resume": "halui.program.resume",
    "manual-mode": "halui.mode.manual",
    "joint-mode": "halui.mode.joint",
    "home-all": "halui.home-all",
    "spindle-on": "halui.spindle.0.forward",
    "spindle-reverse": "halui.spindle.0.reverse",
    "spindle-off": "halui.spindle.0.stop",
    "flood-on": "halui.flood.on",
    "flood-off": "halui.flood.off",
    "mist-on": "halui.mist.on",
    "mist-off": "halui.mist.off",
    "machine-on": "halui.machine.on",
    "machine-off": "halui.machine.off",
}
"""For each `do.NAME`, halui's pin; those that are not here are MDI commands."""


def actions_of(requests: Iterable[str], axes: Sequence[str]) -> Iterator[Action]:
    """Yield every action that requests may come to; `axes` are those that can be zeroed."""
    for request in requests:
        for _, name in CHOICES.get(request, (("", request),)):
            if name == "zero-axis":
                yield from map(zero_axis, axes)
            elif name in ACTIONS:
                yield ACTIONS[name]


def needed_do(requests: Sequence[str], axes: Sequence[str]) -> list[str]:
    """Return the pins `do.NAME` that requests come to, without the `do.`."""
    actions = list(actions_of(requests, axes))
    steps = (step for action in actions for step in (*action.steps, *action.mends))
    found = dict.fromkeys(step.pin for step in steps if step.pin)
    if "stop" in requests or any(action.moves for action in actions):
        found["stop"] = None
    if {"pause", "start-or-pause"} & set(requests):
        found["pause"] = None
    return list(found)


def needed_status(requests: Sequence[str]) -> list[str]:
    """Return the pins of STATUS that requests look at; what the program does is always among them."""
    needed = {*PROGRAM, *(condition for request in requests for condition, _ in CHOICES.get(request, ()))}
    for action in actions_of(requests, ("x",)):
        needed |= action.known
        for step in (*action.steps, *action.mends, *action.after):
            needed |= {condition.lstrip("!") for condition in (*step.until, *step.stalled)}
    return [name for name in STATUS if name in needed]
