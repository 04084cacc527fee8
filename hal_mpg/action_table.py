# SPDX-License-Identifier: GPL-2.0-or-later
"""What buttons can ask of LinuxCNC: a table of actions, with what forbids each and the steps it takes.

A step sets one pin `do.NAME`, which is netted to halui, and waits for what LinuxCNC says of itself on the
pins of `hal_mpg.pins.STATUS`. What each pin of halui does in which mode is from LinuxCNC's halui.cc and
emctaskmain.cc.
"""

from __future__ import annotations

from hal_mpg.arming import WhyNot
from hal_mpg.lean_typing import NamedTuple

PROGRAM = frozenset({"program-is-idle", "program-is-running", "program-is-paused"})
"""Exactly one of these is TRUE once halui runs."""

PULSE_S = 0.15
"""The least length of a pulse on `do.*`.

halui looks at its pins every 20 ms, but not for up to 0.1 s while it waits for an answer to a command.
"""

GAP_S = 0.12
"""How long every `do.*` is FALSE before the next action, so that halui sees two edges for two presses."""

FOLLOW_S = 2.0
"""How long LinuxCNC may take for what it does at once."""

STALLED_S = 3.0
"""How long homing may stand still between its moves."""


class Step(NamedTuple):
    """One step: `do.pin` ("": none) is TRUE for `least_s`, and until every condition of `until` holds.

    Conditions are names of `STATUS`, with ! for FALSE. It has failed where `limit_s` have passed in which
    those of `stalled` held all the time; `goes_on`: then the next step comes all the same. `skip`: there is
    nothing to do where `until` holds already.
    """

    pin: str
    until: tuple[str, ...] = ()
    limit_s: float = FOLLOW_S
    stalled: tuple[str, ...] = ()
    goes_on: bool = False
    skip: bool = False
    least_s: float = PULSE_S


class Action(NamedTuple):
    """What one request does.

    `forbidden`: the reasons that stand in its way; `ended_by`: those that end it. `known`: the pins of STATUS
    that it must be told. `moves`: where it is ended, LinuxCNC is told to stop, and then come the steps of
    `after`. `holds_wheel`: meanwhile no detent jogs. `in_auto`: auto mode is as good as manual mode.
    `mends`: the steps after a failure.
    """

    steps: tuple[Step, ...]
    forbidden: frozenset[WhyNot] = frozenset()
    ended_by: frozenset[WhyNot] = frozenset()
    known: frozenset[str] = frozenset()
    moves: bool = False
    holds_wheel: bool = False
    in_auto: bool = False
    mends: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()


DEAD = frozenset({WhyNot.NO_DEVICE, WhyNot.ESTOP, WhyNot.MACHINE_OFF, WhyNot.REREADING})
STARTS = DEAD | {WhyNot.INHIBITED, WhyNot.NOT_ENABLED}
"""What forbids all that starts motion."""

STANDS = frozenset({WhyNot.PROGRAM_RUNS, WhyNot.PROGRAM_PAUSED, WhyNot.MOVING, WhyNot.NOT_STILL})
"""What forbids all that needs a machine at rest."""

AT_REST = frozenset({"in-position", "jog-is-active"}) | PROGRAM

_OVER = Step(
    "",
    ("mode-is-manual", "program-is-idle", "in-position", "!coord-mode"),
    limit_s=1.0,
    stalled=("program-is-idle", "in-position", "!mode-is-manual"),
    least_s=0.0,
)
"""An MDI command is over; after an error, halui (before 2.10) can leave MDI mode on."""

_TO_MANUAL = Step("manual-mode", ("mode-is-manual",), skip=True)
GAP = Step("", least_s=GAP_S)
"""The end of each action."""


def _mdi(pin: str, forbidden: frozenset[WhyNot], moves: bool, also_known: str = "all-homed") -> Action:
    """Return the action that lets halui carry out an MDI command; it comes back to manual mode by itself."""
    return Action(
        (Step(pin, ("coord-mode",)), _OVER),
        forbidden | STANDS | {WhyNot.NOT_MANUAL, WhyNot.NOT_HOMED},
        STARTS if moves else DEAD,
        AT_REST | {"all-homed", "coord-mode", also_known},
        moves=True,
        holds_wheel=True,
        mends=(_TO_MANUAL,),
        after=(_OVER,),
    )


def _start(*steps: Step) -> Action:
    """Return the action that starts the program."""
    return Action(
        (Step("auto-mode", ("mode-is-auto",), skip=True), *steps),
        STARTS | STANDS | {WhyNot.NOT_MANUAL, WhyNot.NOT_HOMED},
        DEAD,
        AT_REST | {"all-homed", "mode-is-auto"},
        moves=True,
        holds_wheel=True,
        in_auto=True,
        mends=(_TO_MANUAL,),
    )


def _go_on(step: Step, why: WhyNot, in_auto: bool = False) -> Action:
    """Return the action that lets a paused program go on."""
    return Action((step,), STARTS | {why}, DEAD, PROGRAM, moves=True, in_auto=in_auto)


def _spindle(pin: str) -> Action:
    """Return the action that starts the spindle."""
    known = PROGRAM | {"spindle-is-on"}
    return Action((Step(pin, ("spindle-is-on",)),), STARTS | {WhyNot.PROGRAM_RUNS}, DEAD, known, moves=True)


ACTIONS = {
    "cycle-start": _start(Step("cycle-start", ("!program-is-idle",))),
    "resume": _go_on(Step("resume", ("!program-is-paused",)), WhyNot.NOTHING_RUNS),
    "step-first": _start(Step("step", ("!program-is-idle",))),
    "step-next": _go_on(Step("step"), WhyNot.NOT_MANUAL, in_auto=True),
    "home-all": Action(
        (
            Step("joint-mode", ("mode-is-joint",), skip=True),
            Step("home-all", ("!in-position",), limit_s=0.5, goes_on=True),
            Step("", ("all-homed", "in-position"), STALLED_S, ("in-position", "!all-homed"), least_s=0.0),
        ),
        STARTS | STANDS | {WhyNot.NOT_MANUAL},
        STARTS,
        AT_REST | {"all-homed", "mode-is-joint"},
        moves=True,
        holds_wheel=True,
    ),
    "go-to-zero": _mdi("go-to-zero", STARTS, moves=True),
    "safe-z": _mdi("safe-z", STARTS, moves=True),
    "probe-z": _mdi("probe-z", STARTS, moves=True, also_known="spindle-is-on"),
    "spindle-on": _spindle("spindle-on"),
    "spindle-reverse": _spindle("spindle-reverse"),
    "spindle-off": Action(
        (Step("spindle-off", ("!spindle-is-on",)),),
        frozenset({WhyNot.PROGRAM_RUNS, WhyNot.MACHINE_OFF}),
        known=PROGRAM | {"spindle-is-on"},
    ),
    "flood-on": Action((Step("flood-on", ("flood-is-on",)),), DEAD, DEAD, frozenset({"flood-is-on"})),
    "flood-off": Action((Step("flood-off", ("!flood-is-on",)),), frozenset({WhyNot.MACHINE_OFF})),
    "mist-on": Action((Step("mist-on", ("mist-is-on",)),), DEAD, DEAD, frozenset({"mist-is-on"})),
    "mist-off": Action((Step("mist-off", ("!mist-is-on",)),), frozenset({WhyNot.MACHINE_OFF})),
    "manual-mode": Action(
        (_TO_MANUAL,), frozenset({WhyNot.PROGRAM_RUNS, WhyNot.PROGRAM_PAUSED}), known=PROGRAM
    ),
    "machine-on": Action(
        (Step("machine-on", ("machine-is-on",)),),
        DEAD - {WhyNot.MACHINE_OFF},
        DEAD - {WhyNot.MACHINE_OFF},
    ),
    "machine-off": Action((Step("machine-off", ("!machine-is-on",)),)),
}
"""Every action but stop and pause, which are one pulse each, and zero-axis: one for each axis."""

CHOICES = {
    "start-or-pause": (
        ("program-is-running", "pause"),
        ("program-is-paused", "resume"),
        ("", "cycle-start"),
    ),
    # After the first block, halui calls a program that waits for the next step running.
    "step": (("program-is-paused", "step-next"), ("program-is-running", "step-next"), ("", "step-first")),
    "spindle-toggle": (("spindle-is-on", "spindle-off"), ("", "spindle-on")),
    "flood": (("flood-is-on", "flood-off"), ("", "flood-on")),
    "mist": (("mist-is-on", "mist-off"), ("", "mist-on")),
}
"""Requests that do one thing or another: the first action whose condition holds."""


def zero_axis(axis: str) -> Action:
    """Return the action that makes an axis' position the zero of the active work system."""
    selected = frozenset({WhyNot.NO_AXIS, WhyNot.SELECTOR_FAULT})
    return _mdi(f"zero.{axis}", DEAD | selected, moves=False)
