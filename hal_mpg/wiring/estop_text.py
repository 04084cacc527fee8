# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the HAL file that makes the pendant's E-stop LinuxCNC's: watchdog, chain, latch.

It is config/mpg-estop.hal, fitted to what the machine has. A signal of the machine's gets its new pin
before it loses the old one: a signal without pins takes the value of the next one, and forgets its own
(hal_lib.c).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hal_mpg.wiring.findings import NOTE, WARNING
from hal_mpg.wiring.page import Page
from hal_mpg.wiring.parts import AND, BUFFER, LATCH, OR, WATCHDOG, Part
from hal_mpg.wiring.plan import ENABLE_IN, MOTION_ENABLE, REQUEST_ENABLE, USER_ENABLE, Plan

GATE_INPUT = re.compile(r"\.(in[-\d]*|ok-in|fault-in|reset)$")

PICTURE = """\
hal_mpg.estop-ok ------------> pendant-ok --> chain-ok --> latch ---> motion.enable
hal_mpg.heartbeat -> watchdog -----^             ^           ^   `--> iocontrol.0.emc-enable-in
the GUI's E-stop (user-enable-out) --------------'           |
reset, from the GUI or the pendant (user-request-enable) ----'"""

PICTURE_EXTERNAL = """\
hal_mpg.estop-ok ------------> pendant-ok --> chain-ok --> machine-ok --> latch ---> motion.enable
hal_mpg.heartbeat -> watchdog -----^             ^             ^            ^   `--> iocontrol.0.emc-enable-in
the GUI's E-stop (user-enable-out) --------------'             |            |
the machine's own E-stop --------------------------------------+------> reset-ok
reset, from the GUI or the pendant (user-request-enable) ------------------^"""


@dataclass(slots=True)
class Chain:
    """The parts of the chain, in the order in which they have to run, and the machine's own signals."""

    watchdog: Part
    pendant: Part
    chain: Part
    latch: Part
    run: Part | None = None
    before: Part | None = None
    machine: Part | None = None
    reset: Part | None = None
    motion: Part | None = None
    external: str | None = None
    motion_signal: str | None = None
    requests: list[Part] = field(default_factory=list)

    def functions(self) -> list[str]:
        """Return the realtime functions, first to last."""
        watchdog = [self.watchdog.name]
        if self.watchdog.kind.module == "watchdog":
            watchdog = ["watchdog.set-timeouts", "watchdog.process"]
        gates = [self.pendant, self.chain, self.machine, self.reset, self.latch, self.before, self.motion]
        run = [self.run.name] if self.run else []
        return [
            *run,
            *watchdog,
            *(gate.name for gate in gates if gate),
            *(part.name for part in self.requests),
        ]


def make_chain(plan: Plan) -> Chain:
    """Choose the parts of the chain. Raises UsageError where no module is left for one."""
    name, make = plan.prefix, plan.parts.make
    watchdog = make(WATCHDOG, f"{name}-heartbeat-ok")
    if watchdog.kind.module == "watchdog":
        watchdog = watchdog._replace(name="watchdog")
    chain = Chain(
        watchdog,
        make(AND, f"{name}-pendant-ok"),
        make(AND, f"{name}-chain-ok"),
        make(LATCH, f"{name}-latch"),
    )
    if watchdog.kind.module == "watchdog":
        chain.run = make(OR, f"{name}-watchdog-run")
    if chain.latch.kind.module == "lut5":
        chain.before = make(BUFFER, f"{name}-reset-before")
    chain.external = _external(plan, ENABLE_IN)
    chain.motion_signal = plan.state.signal_of(MOTION_ENABLE)
    if chain.external:
        chain.machine = make(AND, f"{name}-machine-ok")
        chain.reset = make(AND, f"{name}-reset-ok")
    if chain.motion_signal:
        chain.motion = make(AND, f"{name}-motion-ok")
    return chain


def _external(plan: Plan, pin: str) -> str | None:
    """Return the machine's own signal of a pin, unless it is the loop-back that says that all is well."""
    signal = plan.state.signal_of(pin)
    if signal is None or USER_ENABLE in plan.state.signals[signal]:
        return None
    return signal


def _left_behind(plan: Plan, chain: Chain) -> list[tuple[str, str]]:
    """Return the pins, and their signals, that the machine's E-stop switches and the pendant's does not."""
    state = plan.state
    user, own = state.signal_of(USER_ENABLE), chain.external
    found = [(pin, user) for pin in state.signals.get(user or "", ()) if user]
    # A gate whose output is the machine's own E-stop is in the chain already.
    gates = {pin.rpartition(".")[0] for pin in state.signals.get(own or "", ())}
    found = [(p, s) for p, s in found if not (GATE_INPUT.search(p) and p.rpartition(".")[0] in gates)]
    for pin in state.signals.get(own or "", ()):
        words = state.links[pin][1].words
        if own and "=>" in words and pin in words[words.index("=>") :]:
            found.append((pin, own))
    ends = (USER_ENABLE, ENABLE_IN, MOTION_ENABLE)
    return [(pin, signal) for pin, signal in found if pin not in ends and not state.is_late(pin)]


def write_estop(plan: Plan, chain: Chain, page: Page) -> None:
    """Write the E-stop chain."""
    page.title("E-stop")
    page.say(
        "hal_mpg is NOT a safety function, and neither is anything in this file. The pendant's E-stop "
        "button belongs "
        "in the machine's hard-wired circuit. This makes LinuxCNC know, and stop too."
    )
    page.draw(PICTURE_EXTERNAL if chain.external else PICTURE)
    page.gap()
    page.say(
        "Functions run in the order of this list; the number is the place in the thread, so the chain "
        "comes before "
        "motion, and a trip stops motion in the same period. What feeds the latch runs before the latch: "
        "its reset "
        "only counts while its other input is TRUE."
    )
    functions = enumerate(chain.functions(), start=1)
    page.do(*(f"addf {function:24} servo-thread {place}" for place, function in functions))
    page.gap()
    if plan.state.link(ENABLE_IN) or plan.state.link(MOTION_ENABLE) or chain.requests:
        page.say(
            "Where a pin is taken out of a signal of the machine's, a line names both before: if the pin has "
            "got another signal since, LinuxCNC does not start, and says so. Then run hal_mpg wiring again."
        )
        page.gap()
    _write_watchdog(plan, chain, page)
    _write_gates(plan, chain, page)
    _write_machine(plan, chain, page)


def _write_watchdog(plan: Plan, chain: Chain, page: Page) -> None:
    name, watchdog = plan.prefix, chain.watchdog
    page.say(
        "The heartbeat changes at least every 55 ms, from the loop that reads the pendant. If hal_mpg "
        "hangs or is "
        "killed, its other pins keep their last values, estop-ok TRUE among them; only this notices. After "
        "0.13 s the "
        "machine stops, whatever it is doing: more is a longer uncontrolled jog when hal_mpg dies, and "
        "nothing else."
    )
    if chain.run is None:
        page.do(f"net {name}-heartbeat hal_mpg.heartbeat => {watchdog.input(0)}")
    else:
        page.say(
            "Once tripped, the watchdog starts again at a rising edge of enable-in: 'running, or heartbeat "
            "TRUE' gives "
            "that when the heartbeat itself comes back, and never without it. The latch stays tripped."
        )
        page.do(
            "setp watchdog.timeout-0 0.13",
            f"net {name}-heartbeat hal_mpg.heartbeat => {watchdog.input(0)} {chain.run.input(0)}",
            f"net {name}-watchdog-ok {watchdog.output} => {chain.run.input(1)}",
            f"net {name}-watchdog-enable {chain.run.output} => watchdog.enable-in",
        )
    page.gap()


def _write_gates(plan: Plan, chain: Chain, page: Page) -> None:
    name = plan.prefix
    page.say(
        "What must be good: the heartbeat; estop-ok, which is FALSE as long as the pendant's E-stop is "
        "pressed, the "
        "pendant is not there or its state is not known, and for at least 0.1 s; and the GUI's E-stop."
    )
    if chain.external is None and plan.state.signal_of(ENABLE_IN):
        command = plan.state.link(ENABLE_IN)
        page.say(
            f"({command.place if command else ''} joins user-enable-out and emc-enable-in, which says that "
            f"all is "
            "always well. That is taken apart here: the chain comes between.)"
        )
        plan.say(
            NOTE,
            "loop-taken-apart",
            f"the E-stop loop-back ({command.place if command else ''}) is taken apart",
        )
        page.do(*plan.unlink(ENABLE_IN, source=USER_ENABLE))
    page.do(
        f"net {name}-watchdog-ok {chain.watchdog.output} => {chain.pendant.input(0)}",
        f"net {name}-estop-ok hal_mpg.estop-ok => {chain.pendant.input(1)}",
        f"net {name}-is-ok {chain.pendant.output} => {chain.chain.input(0)}",
        *plan.join_output(USER_ENABLE, "user-enable", chain.chain.input(1)),
    )
    page.gap()
    _write_external(plan, chain, page)
    _write_latch(plan, chain, page)


def _write_external(plan: Plan, chain: Chain, page: Page) -> None:
    """Write how the machine's own E-stop comes into the chain, and into the reset."""
    if chain.machine is None or chain.reset is None or chain.external is None:
        return
    name, command = plan.prefix, plan.state.link(ENABLE_IN)
    place = command.place if command else ""
    page.say(
        f"The machine's own E-stop ({chain.external}, {place}) comes in before the latch: a trip of it is "
        "remembered as well, and a reset counts only while it is good."
    )
    plan.say(
        NOTE,
        "own-estop-kept",
        f"the machine's own E-stop {chain.external} ({place}) stays, both must be good",
    )
    page.do(
        *plan.unlink(ENABLE_IN, chain.machine.input(1), chain.reset.input(1)),
        f"net {name}-chain-ok {chain.chain.output} => {chain.machine.input(0)}",
        *plan.join_output(REQUEST_ENABLE, "estop-reset", chain.reset.input(0)),
    )
    page.gap()


def _write_latch(plan: Plan, chain: Chain, page: Page) -> None:
    name, latch = plan.prefix, chain.latch
    page.say(
        "The latch remembers a trip until somebody resets it. It starts tripped, and wants the reset's "
        "rising edge "
        f"while all is good. A contact of the machine's own, TRUE for stopped, can be netted to "
        f"{latch.input(2)} (below 'Yours', at the end)."
    )
    resets = [latch.input(1)]
    if chain.before:
        page.do(
            f"net {name}-latched {latch.output} => {latch.name}.in-1",
            f"net {name}-reset-before {chain.before.output} => {latch.name}.in-3",
        )
        resets.append(chain.before.input(0))
    else:
        page.say("(ok-in is TRUE until something is netted to it: FALSE first, so that a lost line shows.)")
        page.do(f"setp {latch.input(0)} FALSE")
    last = chain.machine or chain.chain
    page.do(f"net {name}-estop-chain {last.output} => {latch.input(0)}")
    for pin in resets:
        if chain.reset:
            page.do(f"net {name}-reset-ok {chain.reset.output} => {pin}")
        else:
            page.do(*plan.join_output(REQUEST_ENABLE, "estop-reset", pin))
    page.gap()


def _write_machine(plan: Plan, chain: Chain, page: Page) -> None:
    name = plan.prefix
    page.say(
        "To both: motion.enable stops motion in the same servo period, emc-enable-in makes LinuxCNC's "
        "state ESTOP, but "
        "is only looked at every [EMCIO]CYCLE_TIME. (motion.enable is TRUE until something is netted to it.)"
    )
    motion = MOTION_ENABLE
    if chain.motion and chain.motion_signal:
        page.say(f"What drove motion.enable until here ({chain.motion_signal}) stays as well.")
        page.do(
            *plan.unlink(MOTION_ENABLE, chain.motion.input(1)),
            f"net {name}-motion-enable {chain.motion.output} => {MOTION_ENABLE}",
        )
        motion = chain.motion.input(0)
    else:
        page.do(f"setp {MOTION_ENABLE} FALSE")
    signal = f"{name}-latched" if chain.before else f"{name}-machine-enable"
    page.do(f"net {signal} {chain.latch.output} => {motion} {ENABLE_IN}")
    for pin, theirs in _left_behind(plan, chain):
        page.say(f"({pin} follows {theirs} alone: it stays on when the pendant's E-stop trips.)")
        command = plan.state.link(pin)
        plan.say(
            WARNING,
            "not-tripped",
            f"{command.place if command else ''}: {pin} follows {theirs} alone, so it stays on when the "
            f"pendant's E-stop trips; if it is to go off, take it out there, and put at the end of the new "
            f"file: net {signal} => {pin}",
        )


def write_request(plan: Plan, page: Page, ours: str, source: str, pin: str, request: Part | None) -> None:
    """Write a request to LinuxCNC on a pin that the machine may use as well: then either will do."""
    name = f"{plan.prefix}-{ours}"
    command, signal = plan.state.link(pin), plan.state.signal_of(pin)
    if command is None or signal is None:
        page.do(f"net {name} {source} => {pin}")
    elif request is None:
        page.say(f"({command.place} nets {pin} after this file, so it is left out here.)")
        plan.say(
            WARNING,
            "request-left-out",
            f"{command.place}: nets {pin} later, so {source} cannot go there as well",
        )
    else:
        page.say(f"({command.place} uses {pin}, too: either will do.)")
        page.do(
            *plan.unlink(pin, request.input(1)),
            f"net {name} {source} => {request.input(0)}",
            f"net {name}-either {request.output} => {pin}",
        )


def make_request(plan: Plan, chain: Chain, ours: str, pin: str) -> Part | None:
    """Return the `or` where the machine uses a pin itself, and can still be brought together with."""
    if plan.state.link(pin) is None or plan.state.is_late(pin):
        return None
    part = plan.parts.make(OR, f"{plan.prefix}-{ours}-either")
    chain.requests.append(part)
    return part
