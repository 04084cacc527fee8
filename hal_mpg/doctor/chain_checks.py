# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the E-stop chain does what it should, played: a way through it says nothing of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hal_mpg.doctor.chain import MAX_UNKNOWN, Chain, Play, writer_of
from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import ERROR, NOTE, WARNING, Finding
from hal_mpg.doctor.gates import PROCESS
from hal_mpg.doctor.netlist import BASE_THREAD

MOTION, IOCONTROL = "motion.enable", "iocontrol.0.emc-enable-in"
USER_ENABLE, REQUEST = "iocontrol.0.user-enable-out", "iocontrol.0.user-request-enable"

CONTROLLER = "motion-controller"

STAYS, BY_ITSELF, NO_RESET, DEAD = "stays", "by-itself", "no-reset", "dead"
"""What can be wrong: an end that stays TRUE, that goes TRUE without a reset, or that does not with one."""

IOCONTROL_PINS = {
    "coolant-flood",
    "coolant-mist",
    "emc-abort",
    "emc-abort-ack",
    "emc-enable-in",
    "lube",
    "lube_level",
    "start-change",
    "start-change-ack",
    "tool-change",
    "tool-changed",
    "tool-prepare",
    "tool-prepared",
    "toolchanger-clear-fault",
    "toolchanger-fault",
    "toolchanger-fault-ack",
    "toolchanger-faulted",
    "user-enable-out",
    "user-request-enable",
}
"""Its bits, iov2's among them."""


class Trip(NamedTuple):
    """What has to stop the machine: an output, and whether it is a heart that stops."""

    pin: str
    is_heart: bool = False

    @property
    def text(self) -> str:
        """It in words."""
        return f"{self.pin} stops" if self.is_heart else f"{self.pin} is FALSE"


class Fault(NamedTuple):
    """What a play has shown: `way` is what the unknown inputs were."""

    kind: str
    trip: str
    end: str
    way: str


class Trial:
    """The plays of one chain. Each starts from nothing: the GUI's E-stop pressed, nothing reset."""

    def __init__(self, configuration: Configuration) -> None:
        self.pin = configuration.pin
        self.trips = (
            Trip(self.pin("estop-ok")),
            Trip(self.pin("heartbeat"), is_heart=True),
            Trip(USER_ENABLE),
        )
        known = [*(trip.pin for trip in self.trips), REQUEST]
        self.chain = Chain(configuration.net, (MOTION, IOCONTROL), known)
        self.known = known

    def faults(self) -> list[Fault]:
        """Return what is wrong, in any of the ways in which what is not known can be."""
        found: list[Fault] = []
        works = False
        for way in self.chain.ways():
            found += self._never(way)
            if self._on(self._started(way)) == list(self.chain.ends):
                works = True
                found += self._after(way)
        if not works and not found:
            found = [Fault(DEAD, "", end, "") for end in self._dead()]
        return found

    def _dead(self) -> list[str]:
        """Return the ends that no reset makes TRUE, however the rest is."""
        on = {end for way in self.chain.ways() for end in self._on(self._started(way))}
        return [end for end in self.chain.ends if end not in on] or list(self.chain.ends)

    def _never(self, way: Mapping[str, bool]) -> Iterator[Fault]:
        """With one of them bad from the beginning, nothing may come on by a reset, nor later by itself."""
        for trip in self.trips:
            play = self._started(way, trip)
            on = self._on(play)
            yield from (Fault(STAYS, trip.text, end, self.chain.described(way)) for end in on)
            if not on and trip.pin != USER_ENABLE:
                yield from self._released(play, trip, way)

    def _after(self, way: Mapping[str, bool]) -> Iterator[Fault]:
        """Once it is on, each of them has to stop it, and nothing but a reset may start it again."""
        words = self.chain.described(way)
        for trip in self.trips:
            play = self._started(way)
            self._set(play, trip, False)
            play.settle()
            on = self._on(play)
            yield from (Fault(STAYS, trip.text, end, words) for end in on)
            if on or trip.pin == USER_ENABLE:  # which comes back with the reset
                continue
            by_itself = list(self._released(play, trip, way))
            yield from by_itself
            if by_itself or trip.is_heart:
                continue
            self._reset(play)
            off = [end for end in self.chain.ends if end not in self._on(play)]
            yield from (Fault(NO_RESET, trip.text, end, words) for end in off)

    def _released(self, play: Play, trip: Trip, way: Mapping[str, bool]) -> Iterator[Fault]:
        """What was bad is good again, and nobody resets."""
        self._set(play, trip, True)
        play.settle()
        for end in self._on(play):
            yield Fault(BY_ITSELF, trip.text, end, self.chain.described(way))

    def _started(self, way: Mapping[str, bool], bad: Trip | None = None) -> Play:
        """Return a play after its first reset, with all good but for one."""
        play = Play(self.chain, way, dict.fromkeys(self.known, False))
        for trip in self.trips[:2]:
            self._set(play, trip, trip != bad)
        play.settle()
        if bad is None or bad.pin != USER_ENABLE:
            play.put(USER_ENABLE, True)
            self._reset(play)
        return play

    def _reset(self, play: Play) -> None:
        for value in (True, False):
            play.put(REQUEST, value)
            play.settle()

    def _set(self, play: Play, trip: Trip, value: bool) -> None:
        if trip.is_heart:
            play.heart = trip.pin if value else ""
        else:
            play.put(trip.pin, value)

    def _on(self, play: Play) -> list[str]:
        return [end for end in self.chain.ends if play.get(end)]


def check_chain(configuration: Configuration) -> Iterator[Finding]:
    """Yield what a chain does wrong in which each part that is needed was found."""
    trial = Trial(configuration)
    unknown = list(_no_such_pins(configuration, trial.chain))
    if unknown:
        yield from unknown
        return
    yield from _undriven(configuration, trial.chain)
    yield from _threads(configuration, trial.chain)
    if trial.chain.is_too_much:
        pins = sorted(trial.chain.unknown.values())
        yield _unseen(f"it depends on {', '.join(pins[: MAX_UNKNOWN + 1])} ...")
        return
    faults = trial.faults()
    if faults and (trial.chain.depends(trial.known) or not configuration.is_complete):
        pins = sorted(trial.chain.unknown.values())
        yield _unseen(f"it depends on {', '.join(pins)}" if pins else "not all files can be read")
        return
    for kind in dict.fromkeys(fault.kind for fault in faults):
        yield _told(configuration, trial.chain, [fault for fault in faults if fault.kind == kind])


def _unseen(why: str) -> Finding:
    what = f"what the E-stop chain does cannot be seen: {why}"
    mend = (
        "try it: the pendant's E-stop, its plug, the GUI's E-stop; is the machine off at once, and stays so?"
    )
    return Finding("estop-unseen", NOTE, what, mend)


def _told(configuration: Configuration, chain: Chain, faults: list[Fault]) -> Finding:
    """Return the finding for faults of one kind."""
    its = list(dict.fromkeys(fault.end for fault in faults))
    ends, s, es = " and ".join(its), "s" if len(its) == 1 else "", "es" if len(its) == 1 else ""
    trips = " or ".join(dict.fromkeys(fault.trip for fault in faults))
    way = f" (with {faults[0].way})" if faults[0].way else ""
    where = configuration.place_of(faults[0].end)
    gates = ", ".join(dict.fromkeys(chain.functions))
    mend = f"compare what stands before {ends} with mpg-estop.hal, gate by gate: {gates}"
    match faults[0].kind:
        case "stays":
            what = f"{ends} can be TRUE while {trips}{way}: that does not stop the machine; a gate is of the "
            what += "wrong kind, the wrong way round, or there is a way around it"
            return Finding("estop-no-stop", ERROR, what, mend, where)
        case "by-itself":
            what = (
                f"{ends} go{es} TRUE again without a reset after {trips}{way}: the machine goes on by itself"
            )
            mend = f"the latch's reset is {REQUEST} and nothing else, as in mpg-estop.hal"
            return Finding("estop-by-itself", ERROR, what, mend, where)
        case "no-reset":
            what = f"{ends} stay{s} FALSE after {trips}{way}, good again and reset: the machine stays off"
            mend = f"the latch's reset is {REQUEST}, as in mpg-estop.hal"
            return Finding("estop-no-reset", ERROR, what, mend, where)
    what = f"{ends} stay{s} FALSE with all good, and a reset: the machine cannot be switched on"
    return Finding("estop-dead", ERROR, what, mend, where)


def _no_such_pins(configuration: Configuration, chain: Chain) -> Iterator[Finding]:
    for pin in sorted(chain.unknown.values()):
        name = pin.removeprefix("iocontrol.0.")
        if name != pin and name not in IOCONTROL_PINS:
            what = f"LinuxCNC has no pin {pin}, which the E-stop chain wants: LinuxCNC does not start"
            mend = "take the right pin; mpg-estop.hal has the chain as it should be"
            yield Finding("no-such-pin", ERROR, what, mend, configuration.place_of(pin))


def _undriven(configuration: Configuration, chain: Chain) -> Iterator[Finding]:
    """A contact of the machine's own, for instance, that was netted on one side only."""
    net = configuration.net
    for signal in chain.undriven:
        if signal in net.set_signals or not net.signals[signal]:
            continue
        pins = ", ".join(net.signals[signal])
        what = f"{pins} is on the signal {signal}, driven by nothing: what should stop the machine there "
        what += "does not"
        mend = f"net {signal} to the input that it should come from, or take the line out"
        where = configuration.place_of(net.signals[signal][0])
        yield Finding("estop-undriven", WARNING, what, mend, where)


def _threads(configuration: Configuration, chain: Chain) -> Iterator[Finding]:
    """Another thread than motion's is slower, if it is not the base thread."""
    net = configuration.net
    motion = net.thread_of(CONTROLLER)
    for name in dict.fromkeys(chain.functions):
        thread = net.thread_of(name) or net.thread_of(name + PROCESS)
        if motion and thread not in (motion, BASE_THREAD):
            what = f"{name} is in {thread}, and motion in {motion}: the E-stop comes late, or never"
            mend = f"addf {name} {motion}, as mpg-estop.hal does"
            where = configuration.place_of(net.any_pin_of(name))
            yield Finding("chain-thread", ERROR, what, mend, where)


def check_unlinked(configuration: Configuration, is_ours: frozenset[str]) -> Iterator[Finding]:
    """Yield the E-stops of the machine's own that were taken off, and get to no end any more.

    `is_ours` is what the pendant's E-stop reaches, which is looked at elsewhere.
    """
    net = configuration.net
    for pin, signal, command in net.unlinked:
        writer = writer_of(net, signal)
        if pin not in (MOTION, IOCONTROL) or not writer or writer in is_ours or writer == USER_ENABLE:
            continue
        if pin not in net.reached(writer):
            what = (
                f"unlinkp takes {pin} off {signal}, and {writer} does not get to it any more: what stopped "
            )
            what += "the machine there does not"
            mend = f"net {signal} to an and2 before the latch (or, TRUE for stopped, to its fault-in)"
            yield Finding("estop-unlinked", ERROR, what, mend, command.place)
