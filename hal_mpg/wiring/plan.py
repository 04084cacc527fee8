# SPDX-License-Identifier: GPL-2.0-or-later
"""What a wiring has to reckon with on one machine: whose signals to use, and which pins others have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hal_mpg.linuxcnc_files.hal import PROGRAM, HalFiles, component_name
from hal_mpg.machine import AxisSteps
from hal_mpg.profile import Profile
from hal_mpg.wiring.findings import ERROR, NOTE, WARNING, Finding
from hal_mpg.wiring.hal_state import HalState, hal_state
from hal_mpg.wiring.machine_ini import MachineAxis, MachineIni
from hal_mpg.wiring.parts import KINDS, Parts

ENABLE_IN, USER_ENABLE = "iocontrol.0.emc-enable-in", "iocontrol.0.user-enable-out"
REQUEST_ENABLE = "iocontrol.0.user-request-enable"
MOTION_ENABLE, JOG_STOP, JOG_INHIBIT = "motion.enable", "motion.jog-stop", "motion.jog-inhibit"
IS_ON, IS_MANUAL, SOFT_LIMIT = "motion.motion-enabled", "halui.mode.is-manual", "motion.on-soft-limit"
ESTOP_PINS = ("halui.estop.activate", "halui.estop.reset")

JOG_PINS = ("counts", "scale", "enable")

PREFIXES = ("mpg", "hal-mpg", "pendant-mpg", "hal-mpg-wiring")
"""What our signals and components begin with: the first that the machine has nothing of."""

LONGEST_SERVO_NS = 5_000_000
"""With a longer period the watchdog would miss changes of the heartbeat, which comes every 10 ms."""


@dataclass(slots=True)
class Plan:
    """Everything that the text is made from. `axes` are those that pendant and machine both have."""

    machine: MachineIni
    profile: Profile
    state: HalState
    parts: Parts
    prefix: str
    pendant: str
    options: tuple[str, ...]
    command: str
    axes: tuple[tuple[MachineAxis, AxisSteps], ...]
    findings: list[Finding] = field(default_factory=list)
    buttons: tuple[tuple[str, str], ...] = ()  # what each asks for

    def say(self, severity: str, identity: str, text: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(severity, identity, text))

    def signal(self, pin: str, name: str) -> str:
        """Return the signal of an output of LinuxCNC's: the machine's own where it has one."""
        return self.state.signal_of(pin) or f"{self.prefix}-{name}"

    def join(self, signal: str, *pins: str, source: str = "") -> list[str]:
        """Return the commands that bring pins to a signal; `source`: the one that writes it, for readers.

        `net` takes no signal that is called as a pin, which those of `linkpp` are.
        """
        if signal in self.state.called_as_pins:
            return [f"linksp {signal} {pin}" for pin in pins]
        return [f"net {signal}{source and ' '}{source} => {' '.join(pins)}"]

    def join_output(self, pin: str, name: str, *pins: str) -> list[str]:
        """Return the commands that bring pins to an output of LinuxCNC's, by the machine's signal or ours."""
        return self.join(self.signal(pin, name), *pins, source=pin)

    def unlink(self, pin: str, *others: str, source: str = "") -> list[str]:
        """Return the commands that take a pin out of the machine's signal, which gets `others` first.

        The pin stands among them: that does nothing where it is in that signal, and LinuxCNC does not start
        where it has come into another one since, whose protection would be lost.
        """
        signal = self.state.signal_of(pin) or ""
        return [*self.join(signal, *others, pin, source=source), f"unlinkp {pin}"]


def make_plan(
    machine: MachineIni,
    files: HalFiles,
    profile: Profile,
    steps: Sequence[AxisSteps],
    pendant: str,
    options: Sequence[str] = (),
    command: str = "",
) -> Plan:
    """Return the plan. Findings of severity ERROR in it mean that nothing can be written."""
    state = hal_state(files.commands)
    by_letter = {axis.letter: axis for axis in machine.axes}
    plan = Plan(
        machine,
        profile,
        state,
        Parts(state.modules, prefer_rare=bool(files.opaque)),
        next((p for p in PREFIXES if not state.has_name_like(f"{p}-")), PREFIXES[0]),
        pendant,
        tuple(options),
        command,
        tuple((by_letter[step.axis], step) for step in steps),
        list(machine.findings),
    )
    for problem in (*machine.ini.problems, *files.problems):
        plan.say(WARNING, "ini-problem", problem)
    for opaque in files.opaque:
        text = (
            f"{opaque.named_by}: {opaque.path} cannot be known in advance: {opaque.why}; "
            "if LinuxCNC then says that a pin is linked or a module exists, that is where"
        )
        plan.say(NOTE, "opaque-file", text)
    for check in (_other_pendants, _taken_pins, _late_nets, _undone_later, _late_linkpp, _servo_period):
        plan.findings += check(plan)
    return plan


def _other_pendants(plan: Plan) -> Iterator[Finding]:
    for command in plan.state.programs:
        name = component_name(command.words)
        if name is not None:
            second = (
                f"; if {name} is a second pendant, wire it by hand: its lines belong at the end of the file "
                "that is written, below 'Yours'"
            )
            yield Finding(
                ERROR,
                "loaded-already",
                f"{command.place}: hal_mpg is loaded there; take its HALFILE lines out of "
                f"{plan.machine.ini.path} "
                f"first (the file that is written has all of it){'' if name == PROGRAM else second}",
            )


def jog_pins(axis: MachineAxis) -> tuple[str, ...]:
    """Return where an axis' jog pins are: `axis.L`, and `joint.N` for its joints."""
    return (f"axis.{axis.letter}", *(f"joint.{joint}" for joint in axis.joints))


def _taken_pins(plan: Plan) -> Iterator[Finding]:
    """Find another jog wheel: what it has netted cannot be netted again."""
    places: dict[str, str] = {}
    for axis, _ in plan.axes:
        for base in jog_pins(axis):
            for what in JOG_PINS:
                command = plan.state.link(f"{base}.jog-{what}")
                if command is not None:
                    places.setdefault(command.place, f"{base}.jog-{what}")
    if places:
        shown = ", ".join(f"{pin} in {place}" for place, pin in list(places.items())[:3])
        more = f" and {len(places) - 3} more lines" if len(places) > 3 else ""
        yield Finding(
            ERROR,
            "jog-pins-taken",
            f"another jog wheel has {shown}{more}; a pin is netted once: take these lines (or their file) "
            f"out first",
        )


def _late_nets(plan: Plan) -> Iterator[Finding]:
    """Find what is netted only after our file, where no file can take it apart."""
    for pin in (ENABLE_IN, MOTION_ENABLE, JOG_STOP):
        command = plan.state.link(pin)
        if command is not None and plan.state.is_late(pin):
            yield Finding(
                ERROR,
                "netted-later",
                f"{command.place}: nets {pin} after all HALFILEs, so it cannot be brought into the E-stop "
                f"chain; "
                "move that line to the machine's HALFILE",
            )


def _undone_later(plan: Plan) -> Iterator[Finding]:
    """Find what takes apart, after our file, what it has put together."""
    pins = {ENABLE_IN, MOTION_ENABLE, USER_ENABLE, REQUEST_ENABLE, IS_ON, IS_MANUAL, SOFT_LIMIT, JOG_STOP}
    pins |= {JOG_INHIBIT, *ESTOP_PINS, "all"}
    pins |= {f"{b}.jog-{what}" for axis, _ in plan.axes for b in jog_pins(axis) for what in JOG_PINS}
    modules = {kind.module for kinds in KINDS.values() for kind in kinds} - set(plan.state.modules)
    ours = (f"{plan.prefix}-", "hal_mpg.", *(f"{module}." for module in modules))
    for command, names in plan.state.undone:
        hit = [name for name in names if name in pins | modules | {PROGRAM} or name.startswith(ours)]
        if hit:
            yield Finding(
                ERROR,
                "undone-later",
                f"{command.place}: `{command.text}` takes {hit[0]} away after all HALFILEs, and with it what "
                f"is wired here; take that line out",
            )


def _late_linkpp(plan: Plan) -> Iterator[Finding]:
    """Find what makes a signal after our file, of pins that are in one by then."""
    for pin in (USER_ENABLE, REQUEST_ENABLE, IS_ON, IS_MANUAL, SOFT_LIMIT, JOG_INHIBIT):
        command, signal = plan.state.link(pin), plan.state.signal_of(pin)
        if command is not None and signal in plan.state.called_as_pins and plan.state.is_late(pin):
            yield Finding(
                ERROR,
                "linked-later",
                f"{command.place}: `{command.text}` is refused after all HALFILEs, as {pin} is in a signal; "
                f"write: net NAME {' '.join(command.words[1:])}",
            )


def _servo_period(plan: Plan) -> Iterator[Finding]:
    period = plan.machine.ini.number("EMCMOT", "SERVO_PERIOD")
    if period is not None and period > LONGEST_SERVO_NS:
        yield Finding(
            WARNING,
            "slow-servo",
            f"{plan.machine.ini.path}: [EMCMOT]SERVO_PERIOD = {period:.0f} ns is too slow for the watchdog, "
            "which would stop the machine for nothing; 1000000 is usual",
        )
