# SPDX-License-Identifier: GPL-2.0-or-later
"""What makes a click of the wheel come out wrong on a machine, by its INI file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import sqrt

from hal_mpg.machine import AxisSteps
from hal_mpg.wiring.findings import NOTE, WARNING, Finding
from hal_mpg.wiring.machine_ini import MachineAxis
from hal_mpg.wiring.plan import Plan

REACTION_S = 0.1
"""How long an axis may go on at full speed before it brakes: the contract's run-on."""

ABOUT_AXIS = re.compile(r"([A-Z])( at .*)")

DEGREES = ("degree", "degrees", "deg", "")
"""Spellings of [TRAJ]ANGULAR_UNITS in which a degree is 1."""


def advice(plan: Plan) -> Iterator[Finding]:
    """Yield what the user should know of the clicks, axis by axis."""
    every = ((check, axis, steps) for axis, steps in plan.axes for check in AXIS_CHECKS)
    yield from _joined([finding for check, axis, steps in every for finding in check(plan, axis, steps)])
    yield from _missing_axes(plan)
    yield from _angular_units(plan)
    yield from _lathe(plan)


def _joined(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings, those that differ in the axis only as one: "X, Y at x1: ..."."""
    axes: dict[Finding, list[str]] = {}
    for finding in findings:
        found = ABOUT_AXIS.fullmatch(finding.text)
        letter, rest = (found[1], found[2]) if found else ("", finding.text)
        axes.setdefault(finding._replace(text=rest), []).append(letter)
    for finding, letters in axes.items():
        yield finding._replace(text=", ".join(filter(None, letters)) + finding.text)


def stopping_distance(axis: MachineAxis) -> float:
    """Return how far an axis goes on at most after the wheel has stopped, in machine units."""
    speed = axis.velocity.value
    return speed * speed / (2 * axis.acceleration.value) + speed * REACTION_S


def click_s(axis: MachineAxis, distance: float) -> float:
    """Return how long an axis takes for one click, from rest to rest."""
    speed, acceleration = axis.velocity.value, axis.acceleration.value
    if distance <= speed * speed / acceleration:
        return 2 * sqrt(distance / acceleration)
    return distance / speed + speed / acceleration


def _scales(plan: Plan, steps: AxisSteps) -> Iterator[tuple[str, float]]:
    yield from zip(plan.profile.scales, steps.distances, strict=True)


def _unit(plan: Plan, axis: MachineAxis) -> str:
    return "degree" if axis.is_angular else plan.machine.units


def _long_clicks(plan: Plan, axis: MachineAxis, steps: AxisSteps) -> Iterator[Finding]:
    unit, bound = _unit(plan, axis), stopping_distance(axis)
    for scale, distance in _scales(plan, steps):
        if distance > bound:
            yield Finding(
                WARNING,
                "beyond-stopping",
                f"{axis.letter.upper()} at {scale}: one click is {distance:g} {unit}, and the axis "
                f"({axis.velocity.value:g} {unit}/s, {axis.acceleration.value:g} {unit}/s²) takes "
                f"{click_s(axis, distance):.1f} s for it, so it goes on after the wheel has stopped, and "
                f"of quick "
                f"clicks most are dropped; use smaller --{'angular-' if axis.is_angular else ''}increments",
            )


def _travel(plan: Plan, axis: MachineAxis, steps: AxisSteps) -> Iterator[Finding]:
    if axis.travel is None:
        return
    letter, unit = axis.letter.upper(), _unit(plan, axis)
    if axis.travel <= 0:
        yield Finding(
            WARNING, "no-travel", f"[AXIS_{letter}]: MIN_LIMIT is not below MAX_LIMIT: no click will move it"
        )
        return
    for scale, distance in _scales(plan, steps):
        if distance > axis.travel:
            yield Finding(
                WARNING,
                "beyond-travel",
                f"{letter} at {scale}: one click is {distance:g} {unit}, more than the whole travel of "
                f"{axis.travel:g} {unit}: LinuxCNC drops it; use smaller increments",
            )


def _too_fine(plan: Plan, axis: MachineAxis, steps: AxisSteps) -> Iterator[Finding]:
    unit = _unit(plan, axis)
    for scale, distance in _scales(plan, steps):
        # A relative 1e-9, for a scale that is the exact inverse.
        if axis.resolution > distance * (1 + 1e-9):
            yield Finding(
                WARNING,
                "finer-than-motor",
                f"{axis.letter.upper()} at {scale}: one click is {distance:g} {unit}, finer than the motor "
                f"can step ({axis.resolution:.4g} {unit}, by its SCALE): "
                f"{axis.resolution / distance:.1f} clicks a step",
            )
        elif axis.deadband > distance:
            yield Finding(
                WARNING,
                "within-deadband",
                f"{axis.letter.upper()} at {scale}: one click is {distance:g} {unit}, within its joint's "
                f"DEADBAND of {axis.deadband:g}: single clicks may move nothing",
            )


def _locking(_plan: Plan, axis: MachineAxis, _steps: AxisSteps) -> Iterator[Finding]:
    if axis.is_locking:
        yield Finding(
            WARNING,
            "locking-indexer",
            f"{axis.letter.upper()} is a locking indexer "
            f"([AXIS_{axis.letter.upper()}]LOCKING_INDEXER_JOINT): "
            "LinuxCNC refuses wheel jogs of it",
        )


def _faster_than_joint(plan: Plan, axis: MachineAxis, _steps: AxisSteps) -> Iterator[Finding]:
    section = f"AXIS_{axis.letter.upper()}"
    for key in ("MAX_VELOCITY", "MAX_ACCELERATION"):
        own = plan.machine.ini.number(section, key)
        for joint in axis.joints:
            theirs = plan.machine.ini.number(f"JOINT_{joint}", key)
            if own is not None and theirs is not None and own > theirs * (1 + 1e-9):
                yield Finding(
                    WARNING,
                    "axis-faster-than-joint",
                    f"[{section}]{key} = {own:g} is more than [JOINT_{joint}]'s {theirs:g}: LinuxCNC jogs "
                    f"the axis by "
                    "its own limit, and the joint may not follow (following error); make them equal",
                )


AXIS_CHECKS: tuple[Callable[[Plan, MachineAxis, AxisSteps], Iterator[Finding]], ...] = (
    _long_clicks,
    _travel,
    _too_fine,
    _locking,
    _faster_than_joint,
)


def _missing_axes(plan: Plan) -> Iterator[Finding]:
    jogged = {axis.letter for axis, _ in plan.axes}
    unreached = [letter.upper() for letter in plan.machine.letters if letter not in jogged]
    if unreached:
        letters = ", ".join(unreached)
        yield Finding(NOTE, "axis-not-selectable", f"the pendant's selector has no position for {letters}")
    idle = [letter.upper() for letter in plan.profile.axes if letter not in plan.machine.letters]
    if idle:
        yield Finding(
            NOTE, "position-off", f"the machine has no {', '.join(idle)}: the selector's position is off"
        )


def _angular_units(plan: Plan) -> Iterator[Finding]:
    units = plan.machine.ini.text("TRAJ", "ANGULAR_UNITS").lower()
    if units not in DEGREES and not units.startswith("1") and any(a.is_angular for a, _ in plan.axes):
        yield Finding(
            WARNING,
            "angular-units",
            f"[TRAJ]ANGULAR_UNITS = {units}: hal_mpg's increments are degrees, so a click is that many "
            f"{units}; "
            "give --angular-increments in that unit",
        )


def _lathe(plan: Plan) -> Iterator[Finding]:
    letters = plan.machine.letters
    if "x" in letters and (plan.machine.is_lathe or ("z" in letters and "y" not in letters)):
        yield Finding(
            NOTE,
            "lathe-radius",
            "a lathe: the wheel moves X by radius; a display in diameter shows twice that",
        )
