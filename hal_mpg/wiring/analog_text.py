# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a wiring that lets sticks and rings jog: at halui, and behind the watchdog."""

from __future__ import annotations

from hal_mpg.wiring.estop_text import Chain
from hal_mpg.wiring.findings import NOTE, WARNING
from hal_mpg.wiring.machine_ini import MachineAxis
from hal_mpg.wiring.page import Page
from hal_mpg.wiring.parts import MUX, Part
from hal_mpg.wiring.plan import Plan

SPEED = ("HAL_MPG", "ANALOG_SPEED")
"""Where the INI file has the speed of a stick at its end, in machine units a minute."""

SLOW = 0.25
"""... and what it is where nothing says it: this much of the slowest axis' own limit."""

DEADBAND = "0.0001"
"""Of halui's, below the smallest value that hal_mpg publishes: the dead zone is its own."""

Sticks = tuple[tuple[MachineAxis, Part], ...]


def make_sticks(plan: Plan) -> Sticks:
    """Return the axes that sticks move, each with the part that cuts it off; what cannot be is said."""
    sticks = []
    for axis, _ in plan.axes:
        if axis.letter not in plan.profile.analog_axes:
            continue
        taken = next((link for pin in _pins(axis) if (link := plan.state.link(pin))), None)
        if taken is None:
            sticks.append((axis, plan.parts.make(MUX, f"{plan.prefix}-analog-{axis.letter}")))
        else:
            plan.say(
                WARNING,
                "analog-taken",
                f"{taken.place}: nets halui's analog pin of {axis.letter.upper()}, so the pendant's stick "
                f"does not move it",
            )
    return tuple(sticks)


def _pins(axis: MachineAxis) -> list[str]:
    """Return where halui takes the speed of an axis: after homing, and before it where it is one joint."""
    joint = [f"halui.joint.{axis.joints[0]}.analog"] if len(axis.joints) == 1 else []
    return [f"halui.axis.{axis.letter}.analog", *joint]


def write_sticks(plan: Plan, page: Page, sticks: Sticks, chain: Chain) -> None:
    """Write how fast sticks jog, and their nets."""
    if not sticks:
        return
    page.title("Sticks and rings")
    page.say(
        "How far a stick is pushed is how fast its axis goes. hal_mpg says 0 unless the wheel would be live, "
        "too, and until the stick was in its middle since then. If hal_mpg hangs or is killed, its last word "
        "would stay, and halui would let the axis run to its limit: so the servo thread cuts it off with the "
        "heartbeat."
    )
    _write_speed(plan, page, sticks)
    for axis, part in sticks:
        name = f"{plan.prefix}-{axis.letter}-stick"
        if len(axis.joints) != 1:
            page.say(f"({axis.letter.upper()} is not one joint: its stick works after homing only.)")
        page.do(
            f"addf {part.name} servo-thread",
            f"net {plan.prefix}-watchdog-ok {chain.watchdog.output} => {part.input(1)}",
            f"net {name} hal_mpg.axis.{axis.letter}.analog => {part.input(0)}",
            f"net {name}-alive {part.output} => {' '.join(_pins(axis))}",
        )


def _write_speed(plan: Plan, page: Page, sticks: Sticks) -> None:
    """Write the speed of a stick at its end, unless the machine has one for its jog buttons."""
    pins = [f"halui.{what}.jog-speed" for what in ("axis", "joint")]
    taken = next((c for pin in pins if (c := plan.state.link(pin) or plan.state.settings.get(pin))), None)
    if taken is not None:
        page.say(f"({taken.place} sets halui's jog speed, which is that of a stick at its end, too.)")
        plan.say(NOTE, "jog-speed-taken", f"{taken.place}: sets the jog speed; sticks jog by it, too")
    else:
        value, why = _speed(plan, sticks)
        page.say(f"A stick at its end, in machine units (degrees) a minute: {why}.")
        page.do(*(f"setp {pin} {value}" for pin in pins))
    bands = [f"halui.{what}.jog-deadband" for what in ("axis", "joint")]
    page.do(*(f"setp {pin} {DEADBAND}" for pin in bands if not plan.state.link(pin)))


def _speed(plan: Plan, sticks: Sticks) -> tuple[str, str]:
    """Return the speed as a HAL file has it, and where it is from."""
    section, key = SPEED
    entry = plan.machine.ini.get(section, key)
    if entry is not None and entry.is_clean_number and (entry.number or 0) > 0:
        return f"[{section}]{key}", f"{entry.place} says it"
    if entry is not None:
        plan.say(WARNING, "analog-speed", f"{entry.place}: {key} is no speed; write a number above 0")
    known = [axis.velocity.value for axis, _ in sticks if axis.velocity.value > 0]
    slowest = min(known, default=1.0)
    return f"{slowest * 60 * SLOW:.6g}", (
        f"a quarter of what the slowest axis can do; [{section}]{key} in the INI file says another one"
    )
