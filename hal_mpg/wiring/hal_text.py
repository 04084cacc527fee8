# SPDX-License-Identifier: GPL-2.0-or-later
"""The HAL file: one file in the place of config/mpg*.hal, for one machine."""

from __future__ import annotations

from hal_mpg.linuxcnc_files.ini import leading_number
from hal_mpg.machine import AxisSteps
from hal_mpg.wiring.analog_text import make_sticks, write_sticks
from hal_mpg.wiring.buttons_text import write_buttons
from hal_mpg.wiring.display_text import write_display
from hal_mpg.wiring.estop_text import make_chain, make_request, write_estop, write_request
from hal_mpg.wiring.findings import NOTE, WARNING
from hal_mpg.wiring.further_text import write_further
from hal_mpg.wiring.kept import LICENSE, MARK, sealed
from hal_mpg.wiring.machine_ini import Limit, MachineAxis
from hal_mpg.wiring.page import Page
from hal_mpg.wiring.parts import NOT, OR, Part
from hal_mpg.wiring.plan import IS_MANUAL, IS_ON, JOG_INHIBIT, JOG_STOP, SOFT_LIMIT, Plan, jog_pins
from hal_mpg.wiring.program_run_text import make_program_run, write_program_run
from hal_mpg.wiring.rivals_text import write_rivals

OVERRIDES = {
    "feed-override": ("halui.feed-override", "0.01"),
    "rapid-override": ("halui.rapid-override", "0.01"),
    "spindle-override": ("halui.spindle.0.override", "0.01"),
    "max-velocity": ("halui.max-velocity", ""),
}
"""For each target: halui's pins, and the change for one detent."""

MAX_VELOCITY_STEP = {"mm": "0.5", "inch": "0.02"}
"""Change of max-velocity for one detent, machine units/s."""


def hal_text(plan: Plan) -> str:
    """Return the HAL file; what is to be said of it is added to the plan's findings.

    Raises UsageError where the machine has left no realtime component for a part.
    """
    chain = make_chain(plan)
    echo = plan.parts.make(NOT, f"{plan.prefix}-echo")
    requests = {
        "jog-stop": make_request(plan, chain, "jog-stop", JOG_STOP),
        "estop": make_request(plan, chain, "estop", "halui.estop.activate"),
        "reset": make_request(plan, chain, "reset", "halui.estop.reset"),
    }
    inhibit = plan.parts.make(OR, f"{plan.prefix}-inhibit-either") if plan.state.link(JOG_INHIBIT) else None
    if inhibit:
        chain.requests.append(inhibit)
    sticks = make_sticks(plan)
    program_run = make_program_run(plan)
    page = Page()
    _write_head(plan, page)
    _write_component(plan, page)
    _write_parts(plan, page)
    write_estop(plan, chain, page)
    _write_second_way(plan, page, requests)
    _write_gates(plan, page, echo, inhibit)
    _write_stop(plan, page, requests)
    for place, (axis, steps) in enumerate(plan.axes):
        _write_axis(plan, page, axis, steps, is_first=place == 0)
    write_sticks(plan, page, sticks, chain)
    write_program_run(plan, page, program_run, chain)
    _write_overrides(plan, page)
    write_display(plan, page)
    write_buttons(plan, page)
    write_further(plan, page)
    return sealed(page.text())


def _write_head(plan: Plan, page: Page) -> None:
    machine = plan.machine.ini.text("EMC", "MACHINE")
    page.do(LICENSE, MARK, "#")
    name = f" ({machine})" if machine else ""
    page.say(
        f"The pendant {plan.profile.name} on {plan.machine.ini.path.name}{name}: axes "
        f"{plan.machine.letters.upper()}, "
        f"machine unit {plan.machine.units}. It is complete: it takes the place of mpg.hal, mpg-estop.hal, "
        f"mpg-x.hal "
        "and so on. Name it in [HAL], after all other HALFILE lines; halui is needed."
    )
    write_rivals(plan, page)
    page.draw("\n[HAL]\nHALUI   = halui\nHALFILE = ...\nHALFILE = (this file)\n")
    if plan.command:
        page.say(
            "Written anew, with what the INI and HAL files then say, by the command below. Lines of your own "
            "belong at the end of the file, below 'Yours', where they are kept."
        )
        page.draw(f"  {plan.command}\n")
    page.say("One detent of the wheel:")
    page.draw(steps_table(plan))


def steps_table(plan: Plan) -> str:
    """Return what one detent is, for each axis and scale, in what the operator reads."""
    lines = []
    for axis, steps in plan.axes:
        unit = "degree" if axis.is_angular else plan.machine.units
        distances = ", ".join(
            f"{scale} {distance:.10g}"
            for scale, distance in zip(plan.profile.scales, steps.distances, strict=True)
        )
        joints = " and ".join(map(str, axis.joints))
        of = f"   joint {joints}" if joints else ""
        lines.append(f"  {axis.letter.upper()}: {distances} {unit}{of}")
    return "\n".join(lines)


def _write_component(plan: Plan, page: Page) -> None:
    page.title("The component")
    page.say(
        "Start hal_mpg and wait until its pins are there (-W). What cannot work (an unknown profile, no "
        "permission) "
        "ends LinuxCNC's start here, with hal_mpg's message. A pendant that is not plugged in is no error: "
        "the "
        "component waits for it, and the E-stop cannot be reset until it is there. --axes comes last: it "
        "takes "
        "several words."
    )
    options = "".join(f" {option}" for option in plan.options)
    page.do(
        f"loadusr -W hal_mpg --pendant {plan.pendant} --units [TRAJ]LINEAR_UNITS{options} --axes "
        f"[TRAJ]COORDINATES"
    )


def _write_parts(plan: Plan, page: Page) -> None:
    page.title("Realtime components")
    page.say(
        "LinuxCNC loads a realtime module once, so these are modules that no other HAL file of this "
        "machine loads. "
        "If you add a file that does, run hal_mpg wiring again."
    )
    page.do(*plan.parts.load_lines(), *plan.parts.set_lines())


def _write_second_way(plan: Plan, page: Page, requests: dict[str, Part | None]) -> None:
    page.gap()
    page.say(
        "The E-stop goes a second way, which shares nothing with the first but hal_mpg: halui tells task "
        "to stop, as "
        "the GUI's button does. It acts when the button is pressed and not while it is held, so it is in "
        "no reset's "
        "way."
    )
    if requests["estop"] is not None:
        page.say(
            "(It acts on a rising edge: while the machine's own signal holds that pin TRUE, the pendant's "
            "press gives none, and only the first way trips.)"
        )
    write_request(plan, page, "estop", "hal_mpg.estop", "halui.estop.activate", requests["estop"])
    if plan.profile.reset is not None:
        page.gap()
        page.say(
            "The pendant's reset button does what the GUI's E-stop button does in state ESTOP. The machine "
            "is still off "
            "after it."
        )
        write_request(plan, page, "reset", "hal_mpg.reset", "halui.estop.reset", requests["reset"])


def _write_gates(plan: Plan, page: Page, echo: Part, inhibit: Part | None) -> None:
    name = plan.prefix
    page.title("When the wheel is live")
    page.say(
        "Only while the machine is on and in manual mode: detents turned during a program could arrive as "
        "a move on "
        "return to manual. (FALSE first: these pins are TRUE until something is netted to them.)"
    )
    page.do(
        "setp hal_mpg.machine-is-on  FALSE",
        "setp hal_mpg.mode-is-manual FALSE",
        *plan.join_output(IS_ON, "machine-is-on", "hal_mpg.machine-is-on"),
        *plan.join_output(IS_MANUAL, "mode-is-manual", "hal_mpg.mode-is-manual"),
    )
    page.gap()
    page.say(
        "Does the servo thread run? The heartbeat comes back from the end of it, inverted. If it does not, "
        "jogging "
        "stops: what is counted while the thread stands still would be ONE move when it goes on."
    )
    page.do(
        f"addf {echo.name} servo-thread",
        f"net {name}-heartbeat => {echo.input(0)}",
        f"net {name}-heartbeat-echo {echo.output} => hal_mpg.heartbeat-echo",
    )
    page.gap()
    _write_inhibit(plan, page, inhibit)


def _write_inhibit(plan: Plan, page: Page, inhibit: Part | None) -> None:
    page.say(
        "Beyond a soft limit LinuxCNC does not look at the wheel in teleop mode; what is turned then would "
        "arrive as "
        "ONE move later. So it is inhibited: go back with the GUI's jog buttons, in joint mode. A reason "
        "of your own not "
        "to jog (a door) belongs here as well, by an or2; never on motion.jog-inhibit alone, which saves up "
        "what is turned."
    )
    command, theirs = plan.state.link(JOG_INHIBIT), plan.state.signal_of(JOG_INHIBIT)
    if inhibit is None or command is None or theirs is None:
        page.do(*plan.join_output(SOFT_LIMIT, "on-soft-limit", "hal_mpg.inhibit"))
        return
    page.say(
        f"({command.place} has {theirs} on motion.jog-inhibit. It stays there, for the GUI's jog buttons, "
        "and inhibits the wheel here as well: motion.jog-inhibit alone saves up what is turned and makes it "
        "one move.)"
    )
    plan.say(
        NOTE,
        "jog-inhibit-shared",
        f"{theirs} ({command.place}) now inhibits the wheel by hal_mpg.inhibit, too",
    )
    page.do(
        *plan.join_output(SOFT_LIMIT, "on-soft-limit", inhibit.input(0)),
        *plan.join(theirs, inhibit.input(1)),
        f"net {plan.prefix}-inhibit {inhibit.output} => hal_mpg.inhibit",
    )


def _write_stop(plan: Plan, page: Page, requests: dict[str, Part | None]) -> None:
    page.gap()
    page.say(
        "A jog goes on to its target even after its jog-enable has gone FALSE. This pulse ends it, where "
        "one must not "
        "run on (button released, pendant lost). If a jog was moving, LinuxCNC says 'Jog aborted by "
        "jog-stop'."
    )
    write_request(plan, page, "jog-stop", "hal_mpg.jog-stop", JOG_STOP, requests["jog-stop"])


def _write_axis(plan: Plan, page: Page, axis: MachineAxis, steps: AxisSteps, is_first: bool) -> None:
    letter, name = axis.letter, f"{plan.prefix}-{axis.letter}"
    page.title(f"{letter.upper()} axis")
    if is_first:
        page.say(
            "Each axis counts on its own, in units of the smallest step, so no count can be taken for "
            "another axis' or "
            "multiplied by another scale. axis.L.jog-* works in teleop mode (after homing), joint.N.jog-* "
            "in joint mode "
            "(before it), and never both at a time. The counts come last: an enable that was left TRUE has "
            "gone by then."
        )
    if not axis.joints:
        page.say(
            "Joints are no axes on this machine (or this axis has none), so the wheel works after homing "
            "only."
        )
    elif len(axis.joints) > 1:
        page.say(f"Joints {' and '.join(map(str, axis.joints))} belong to this axis and move together.")
    where = jog_pins(axis)
    _write_modes(plan, page, where)
    for what in ("scale", "enable", "counts"):
        sinks = " ".join(f"{base}.jog-{what}" for base in where)
        page.do(f"net {name}-{what} hal_mpg.axis.{letter}.jog-{what} => {sinks}")
    page.say(
        "What the axis can do: no more counts are given out than it can follow, so it stops soon after the "
        "wheel."
        if is_first
        else "What the axis can do."
    )
    _write_limit(page, f"hal_mpg.axis.{letter}.max-velocity", axis.velocity)
    _write_limit(page, f"hal_mpg.axis.{letter}.max-acceleration", axis.acceleration)
    select = f"halui.axis.{letter}.select"
    taken = plan.state.link(select)
    if taken is None:
        page.do(f"net {name}-selected hal_mpg.axis.{letter}.selected => {select}")
    else:
        page.say(f"({taken.place} nets {select}: the pendant's selector is not shown in the GUI.)")
        plan.say(
            NOTE,
            "select-taken",
            f"{taken.place}: nets {select}, so the pendant does not select {letter} in the GUI",
        )


def _write_modes(plan: Plan, page: Page, where: tuple[str, ...]) -> None:
    """Take back what another file has set: position mode and the whole acceleration are reckoned with."""
    for base in where:
        for what, value, wanted in (("jog-vel-mode", "FALSE", 0.0), ("jog-accel-fraction", "1", 1.0)):
            pin = f"{base}.{what}"
            link, setting = plan.state.link(pin), plan.state.settings.get(pin)
            command = link or setting
            if command is None or (link is None and leading_number(_number(command.words[-1])) == wanted):
                continue
            page.say(
                f"(Set by {command.place}; the wheel goes exactly as far as it is turned only like this:)"
            )
            page.do(*(plan.unlink(pin) if link else []), f"setp {pin} {value}")
            if plan.state.is_late(pin) or (setting and setting.stage != "HALFILE"):
                plan.say(
                    WARNING, "jog-mode", f"{command.place}: sets {pin} after this file; take that line out"
                )


def _number(word: str) -> str:
    return {"true": "1", "false": "0"}.get(word.lower(), word)


def _write_limit(page: Page, pin: str, limit: Limit) -> None:
    page.do(f"setp {pin} {limit.source}" + (f" # {limit.why}" if limit.why else ""))


def _write_overrides(plan: Plan, page: Page) -> None:
    targets = [target for target in plan.profile.targets if target in OVERRIDES]
    if not targets:
        return
    page.title("Overrides")
    page.say(
        "The selector's override positions. count-enable can stay TRUE: hal_mpg counts only for what is "
        "selected. "
        "These work in every mode, also while a program runs."
    )
    for target in targets:
        base, scale = OVERRIDES[target]
        pins = [f"{base}.{pin}" for pin in ("counts", "scale", "count-enable", "direct-value")]
        taken = next((plan.state.link(pin) for pin in pins if plan.state.link(pin)), None)
        if taken is not None:
            page.say(f"({taken.place} uses {base}: {target} is left out.)")
            plan.say(
                WARNING,
                "override-taken",
                f"{taken.place}: uses {base}, so the pendant's {target} does nothing",
            )
            continue
        page.do(
            f"net {plan.prefix}-{target} hal_mpg.{target}.counts => {base}.counts",
            f"setp {base}.scale {scale or MAX_VELOCITY_STEP[plan.machine.units]}",
            f"setp {base}.count-enable TRUE",
        )
