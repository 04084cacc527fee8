# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the pendant's E-stop, its loss, and the death of hal_mpg stop the machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from hal_mpg.doctor.chain_checks import IOCONTROL, MOTION, USER_ENABLE, check_chain, check_unlinked
from hal_mpg.doctor.chain_parts import WATCHDOGS, Latch, delays_of, latch_of, watchdog_input
from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import ERROR, NOTE, WARNING, Finding
from hal_mpg.doctor.netlist import ENDS, Netlist, instance_of

SHORTEST_S, LONGEST_S = 0.1, 0.5
"""Times of the watchdog that make sense: below, it trips at rest; above, a dead hal_mpg jogs on for long."""

LOGIC = {
    "and2",
    "or2",
    "xor2",
    "not",
    "logic",
    "lut5",
    "estop_latch",
    "oneshot",
    "timedelay",
    "toggle",
    "mux2",
}
"""Components with one function, of the instance's own name, that chains are made of."""

LINUXCNCS_OWN = "/usr/"
"""Where LinuxCNC's library of HAL files is; what is there is not for the user to edit."""

CHAIN = "add HALFILE = mpg-estop.hal to [HAL], after mpg.hal (or write all of it: hal_mpg wiring --ini FILE)"


def check_estop(configuration: Configuration) -> Iterator[Finding]:
    """Yield what is wrong with the E-stop chain, and with the watchdog in it."""
    loop = find_loop(configuration)
    reached = configuration.net.reached(configuration.pin("estop-ok"))
    ends = [end for end in (MOTION, IOCONTROL) if end in reached]
    deciders = _deciders(configuration, reached)
    if not ends and deciders and not loop:
        what = f"{configuration.pin('estop-ok')} goes to {deciders[0]}: what follows cannot be seen"
        yield Finding("estop-unseen", NOTE, what, "press the pendant's E-stop: is the machine off at once?")
        return
    if not ends:
        yield _not_wired(configuration, loop)
    if loop and ends:
        yield loop
    if not ends:
        return
    if len(ends) == 1 and not loop:
        (missing,) = {MOTION, IOCONTROL} - set(ends)
        yield _half(configuration, missing)
    checks = (_latch, _watchdog, _functions, _button_of_the_gui)
    found = [finding for check in checks for finding in check(configuration, ends)]
    yield from found
    is_whole = len(ends) == 2 and not loop and not configuration.net.conflicts
    if is_whole and not any(finding.is_wrong and finding.id != "watchdog-timeout" for finding in found):
        yield from check_chain(configuration)
    yield from check_unlinked(configuration, frozenset(reached))
    yield from _second_way(configuration)


def _deciders(configuration: Configuration, reached: set[str]) -> list[str]:
    """Return the pins of ladders and other programs, or of unknown components, that a signal gets to."""
    net = configuration.net
    programs = {"classicladder", *net.programs} - {configuration.component, "hal_mpg", "halui"}
    return [
        pin
        for pin in sorted(reached - {configuration.pin("estop-ok")})
        if pin.split(".")[0] in programs
        or (instance_of(pin) and not net.kind_of(instance_of(pin)) and pin.split(".")[0] not in ENDS)
    ]


def _severity(configuration: Configuration) -> str:
    """An E-stop button that does nothing is worse than none."""
    profile = configuration.profile
    return ERROR if profile is None or profile.estop or profile.stop_on_disconnect else WARNING


def _not_wired(configuration: Configuration, loop: Finding | None) -> Finding:
    pin = configuration.pin("estop-ok")
    what = (
        f"{pin} gets neither to {MOTION} nor to {IOCONTROL}: the pendant's E-stop button does nothing, and "
    )
    what += "neither does unplugging it"
    mend = CHAIN
    if loop and not loop.where.startswith(LINUXCNCS_OWN):
        mend += (
            f"; and take the loop-back of {USER_ENABLE} to {IOCONTROL} out {loop.where and f'({loop.where})'}"
        )
    return Finding("estop-not-wired", _severity(configuration), what, mend, configuration.file_place())


def _half(configuration: Configuration, missing: str) -> Finding:
    effect = (
        "motion only stops when LinuxCNC's task has seen it" if missing == MOTION else "the GUI does not know"
    )
    what = f"{configuration.pin('estop-ok')} does not get to {missing}: {effect}"
    signal = configuration.net.signal_of.get(IOCONTROL if missing == MOTION else MOTION, "mpg-machine-enable")
    mend = f"net {signal} => {missing}"
    return Finding("estop-half", _severity(configuration), what, mend, configuration.file_place())


def find_loop(configuration: Configuration) -> Finding | None:
    """Return the finding of a loop-back that lets LinuxCNC answer its own question."""
    net = configuration.net
    where = ""
    for pin, signal, command in net.conflicts:
        both = {USER_ENABLE, IOCONTROL}
        if pin in both and both <= {*command.pins, *net.signals.get(signal, ())}:
            where = command.place if both <= {*command.pins} else configuration.place_of(pin)
    if not where and not net.are_joined(USER_ENABLE, IOCONTROL):
        return None
    where = where or configuration.place_of(IOCONTROL)
    what = (
        f"{USER_ENABLE} is joined to {IOCONTROL}: LinuxCNC answers its own question, whatever the E-stop says"
    )
    mend = f"take that line out ({where or 'net estop-loop, in one of the HAL files'})"
    if net.is_live:
        mend = "take the line that nets both out of the HAL files"
    elif where.startswith(LINUXCNCS_OWN):
        # That file is every configuration's, and the next upgrade brings the line back.
        mend = f"hal_mpg wiring --ini {shlex.quote(str(configuration.ini.path))} --add puts the chain between"
    return Finding("estop-loop", ERROR, what, mend, where)


def _latch(configuration: Configuration, ends: list[str]) -> Iterator[Finding]:
    net, start = configuration.net, configuration.pin("estop-ok")
    latches = _latches(net, {name for end in ends for name in net.between(start, end)})
    around = [end for end in ends if end in net.reached(start, without=[latch.name for latch in latches])]
    if around:
        what = f"there is no latch between {start} and {' and '.join(around)}: when the button is released, "
        what += "the machine can go on by itself"
        yield Finding("no-latch", ERROR, what, CHAIN, configuration.place_of(around[0]))
    for latch in latches:
        where = configuration.place_of(latch.ok)
        if not net.is_linked(latch.reset):
            what = f"{latch.reset} is not netted: after an E-stop the machine cannot be reset"
            mend = f"net mpg-estop-reset iocontrol.0.user-request-enable => {latch.reset}"
            yield Finding("latch-reset", ERROR, what, mend, where)
        elif latch.before:
            yield from _reset_edge(configuration, latch, where)


def _latches(net: Netlist, names: Iterable[str]) -> list[Latch]:
    return [latch for name in sorted(names) if (latch := latch_of(net, name))]


def _reset_edge(configuration: Configuration, latch: Latch, where: str) -> Iterator[Finding]:
    """A latch that is told what its reset was a period ago has to be told that, and after it has run."""
    net = configuration.net
    delays = delays_of(net, latch)
    if not delays:
        what = (
            f"{latch.before} is not {latch.reset} of one period ago: a reset that is held, or comes before "
        )
        what += "the button is released, lets the machine go on by itself"
        yield Finding("latch-edge", ERROR, what, CHAIN, where)
        return
    places = net.function_places(latch.name)
    for delay in delays:
        if places and min(net.function_places(delay), default=places[0]) < places[0]:
            what = f"{delay} runs before {latch.name}, which sees no edge: the machine cannot be reset"
            mend = f"addf {delay} after {latch.name}"
            yield Finding("latch-reset", ERROR, what, mend, configuration.place_of(latch.before))


def _watchdog(configuration: Configuration, ends: list[str]) -> Iterator[Finding]:
    net, heartbeat = configuration.net, configuration.pin("heartbeat")
    pin = watchdog_input(net, heartbeat)
    if not pin:
        what = f"{heartbeat} goes to no watchdog: when hal_mpg hangs or is killed, nothing stops the machine"
        yield Finding("watchdog-missing", ERROR, what, CHAIN, configuration.file_place())
        return
    watchdog, where = instance_of(pin), configuration.place_of(pin)
    if net.kind_of(watchdog) == "watchdog":
        yield from _watchdog_runs(configuration, watchdog, where)
        yield from _timeout(configuration, f"{watchdog}.timeout-{pin.rpartition('-')[2]}")
    else:  # that it is in a thread is looked at as of every part of the chain
        yield from _timeout(configuration, f"{watchdog}.width")
    output = f"{watchdog}.{WATCHDOGS[net.kind_of(watchdog)]}"
    missing = [end for end in ends if end not in net.reached(output)]
    if missing:
        what = f"{output} does not get to {' and '.join(missing)}: a dead hal_mpg stops nothing"
        mend = "net it to an and2 before the latch, as mpg-estop.hal does (mpg-pendant-ok.in0)"
        yield Finding("watchdog-not-in-chain", ERROR, what, mend, where)


def _watchdog_runs(configuration: Configuration, watchdog: str, where: str) -> Iterator[Finding]:
    """The component watchdog has two functions, and wants to be started."""
    functions = [f"{watchdog}.set-timeouts", f"{watchdog}.process"]
    absent = [function for function in functions if function not in configuration.net.functions]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        what = f"{' and '.join(absent)} {verb} in no thread: the watchdog does nothing"
        mend = "; ".join(f"addf {function} servo-thread" for function in absent)
        yield Finding("watchdog-not-in-thread", ERROR, what, mend, where)
    if not _is_started(configuration, watchdog):
        what = f"{watchdog}.enable-in gets no rising edge: it never starts, and the E-stop cannot be reset"
        yield Finding("watchdog-not-enabled", ERROR, what, "take the lines for it from mpg-estop.hal", where)


def _is_started(configuration: Configuration, watchdog: str) -> bool:
    """Tell whether anything but itself can start a watchdog."""
    net, start = configuration.net, f"{watchdog}.enable-in"
    if any(instance_of(pin) not in net.kinds for pin in net.drivers(start)):
        return True  # a pin of some other program, or of an interface card
    outside = (pin for pin in net.signal_of if pin.split(".")[0] in (*ENDS, *net.programs))
    return any(start in net.reached(pin, without=[watchdog]) for pin in outside)


def _timeout(configuration: Configuration, pin: str) -> Iterator[Finding]:
    value, where = configuration.net.number(pin), configuration.place_of(pin)
    mend = f"setp {pin} 0.13"
    if value is None or value <= 0:
        what = f"{pin} is not set: the watchdog has no time to go by"
        yield Finding("watchdog-timeout", ERROR, what, mend, where)
    elif value > LONGEST_S:
        what = f"{pin} is {value:g} s: when hal_mpg dies in the middle of a jog, nothing stops it for so long"
        yield Finding("watchdog-timeout", WARNING, what, mend, where)
    elif value < SHORTEST_S:
        what = f"{pin} is {value:g} s: at rest the heartbeat changes every 0.055 s, so it trips for nothing"
        yield Finding("watchdog-timeout", WARNING, what, mend, where)


def _functions(configuration: Configuration, ends: list[str]) -> Iterator[Finding]:
    """The components of the chain, and the inverter of the heartbeat, have to run, and in their order."""
    net = configuration.net
    starts = (configuration.pin("estop-ok"), configuration.pin("heartbeat"))
    chain = {name for start in starts for end in ends for name in net.between(start, end)}
    echo = net.between(starts[1], configuration.pin("heartbeat-echo"))
    latches = _latches(net, chain)
    delays = {name for latch in latches if latch.before for name in delays_of(net, latch)}
    for instance in sorted({*chain, *echo, *delays}):
        if not net.kind_of(instance) and not net.is_live:
            what = f"no loadrt line makes {instance}, which is netted: LinuxCNC does not start"
            mend = f"loadrt and2 names={instance}   (or what it is)"
            place = configuration.place_of(net.any_pin_of(instance))
            yield Finding("component-missing", ERROR, what, mend, place)
        elif net.kind_of(instance) in LOGIC and not net.function_places(instance):
            what = f"{instance} is in no thread: what is netted through it never changes"
            place = configuration.place_of(net.any_pin_of(instance))
            yield Finding("function-not-in-thread", ERROR, what, f"addf {instance} servo-thread", place)
    for latch in latches:
        places = net.function_places(latch.name)
        before = {name for end in starts for name in net.between(end, latch.ok)} - {latch.name}
        late = [
            name
            for name in sorted(before)
            if places and max(net.function_places(name), default=-1) > places[0]
        ]
        if late:
            what = f"{', '.join(late)} runs after {latch.name}, which it feeds: a reset can come too early"
            mend = f"addf {latch.name} after {', '.join(late)}"
            yield Finding("chain-order", WARNING, what, mend, configuration.place_of(latch.ok))


def _button_of_the_gui(configuration: Configuration, ends: list[str]) -> Iterator[Finding]:
    missing = [end for end in ends if end not in configuration.net.reached(USER_ENABLE)]
    if missing and not configuration.net.are_joined(USER_ENABLE, IOCONTROL):
        what = f"{USER_ENABLE} does not get to {' and '.join(missing)}: the GUI's E-stop is not in the chain"
        mend = f"net mpg-user-enable {USER_ENABLE} => mpg-chain-ok.in1, as in mpg-estop.hal"
        yield Finding("gui-estop", ERROR, what, mend, configuration.file_place())


def _second_way(configuration: Configuration) -> Iterator[Finding]:
    net, profile = configuration.net, configuration.profile
    if "halui.estop.activate" not in net.reached(configuration.pin("estop")):
        what = (
            f"{configuration.pin('estop')} does not get to halui.estop.activate: the E-stop has only one way"
        )
        mend = f"net mpg-estop {configuration.pin('estop')} => halui.estop.activate"
        yield Finding("estop-second-way", NOTE, what, mend, configuration.file_place())
    reset = configuration.pin("reset")
    if profile is not None and profile.reset and not net.is_linked(reset):
        what = f"{reset} is not netted: the pendant's reset button does nothing"
        yield Finding(
            "reset", NOTE, what, f"net mpg-reset {reset} => halui.estop.reset", configuration.file_place()
        )
