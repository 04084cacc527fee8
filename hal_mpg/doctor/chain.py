# SPDX-License-Identifier: GPL-2.0-or-later
"""Chains of gates, played: what comes out of them, whatever what is not known may be.

A chain is followed backwards from its ends, gate by gate. What is not a known gate, a card's input for
instance, can be TRUE or FALSE: each way is played.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from hal_mpg.doctor.gates import GATES, PROCESS, Gate
from hal_mpg.doctor.netlist import Netlist, instance_of

MAX_UNKNOWN = 6
"""So many unknown inputs are tried both ways."""

INPUTS = re.compile(
    r"motion\.(?:enable|jog-inhibit|jog-stop)|iocontrol\.0\.emc-enable-in|halui\.estop\.(?:activate|reset)"
    r"|[\w-]+\.(?:inhibit|machine-is-on|mode-is-manual|heartbeat-echo)"
)
"""Pins that write nothing; commands do not say which way a pin goes."""

PERIOD_S = 1.0
TIME_S = 5 * PERIOD_S
"""Times are not what is looked at here: each is that of a few periods; the heart beats every second one."""

TRUE_PINS = ("motion.enable",)
"""Pins of others than gates that are TRUE until something is netted to them."""


class Chain:
    """The gates before some pins.

    `functions` are theirs, in the order in which they run; `unknown`: by signals, the outputs that are no
    gate's; `undriven`: the signals that nothing writes.
    """

    def __init__(self, net: Netlist, ends: Sequence[str], known: Iterable[str] = ()) -> None:
        """`known`: outputs that are not looked behind, since the play has them in hand."""
        self.net, self.ends = net, tuple(ends)
        self.kinds: dict[str, str] = {}
        self.unknown: dict[str, str] = {}
        self.undriven: list[str] = []
        self.beating: set[str] = set()
        self._follow({net.signal_of[pin] for pin in known if pin in net.signal_of})
        self.inputs = {name: inputs_of(net, name) for name in self.kinds}
        self.constants = {signal: self._constant(signal) for signal in self.undriven}
        self.functions = [name for name in map(self._instance, net.functions) if name]

    @property
    def is_too_much(self) -> bool:
        """Whether there is too much that is not known."""
        return len(self.unknown) > MAX_UNKNOWN

    def depends(self, sources: Iterable[str]) -> bool:
        """Tell whether something unknown may follow one of these pins: a ladder, or another program."""
        outputs = {*self.unknown.values()}
        reached = {pin for source in sources for pin in self.net.reached(source)} - outputs - {*sources}
        programs = {"classicladder", *self.net.programs}
        places = {instance_of(pin) for pin in reached}
        places |= {first for first in (pin.split(".")[0] for pin in reached) if first in programs}
        outputs -= {*sources}
        return any(instance_of(pin) in places or pin.split(".")[0] in places for pin in outputs)

    def ways(self) -> Iterator[Mapping[str, bool]]:
        """Yield each way in which what is not known can be, by signals."""
        signals = [signal for signal in self.unknown if signal not in self.beating]
        for values in product((False, True), repeat=len(signals)):
            yield dict(zip(signals, values, strict=True))

    def described(self, way: Mapping[str, bool]) -> str:
        """Return the ones of a way in words; "" where all is known."""
        return ", ".join(f"{self.unknown[signal]} {str(value).upper()}" for signal, value in way.items())

    def _follow(self, known: set[str]) -> None:
        todo, done = list(self.ends), set(known)
        while todo:
            pin = todo.pop()
            signal = self.net.signal_of.get(pin, "")
            if not signal or signal in done:
                continue
            done.add(signal)
            writer = writer_of(self.net, signal)
            instance = instance_of(writer)
            gate = gate_of(self.net, instance)
            if gate is not None:
                self.kinds[instance] = self.net.kind_of(instance)
                todo += [f"{instance}.{name}" for name in gate.inputs]
            elif writer:
                self.unknown[signal] = writer
            else:
                self.undriven.append(signal)
        self.beating = {signal for signal in self.unknown if self._is_beating(signal)}

    def _constant(self, signal: str) -> bool:
        """Return the value of a signal that nothing writes: what it was set to, or its first pin's."""
        text = self.net.set_signals.get(signal)
        if text is not None:
            return text.upper() in ("TRUE", "1")
        return any(start_of(self.net, pin) for pin in self.net.signals[signal][:1])

    def _is_beating(self, signal: str) -> bool:
        """Tell whether a signal is looked after by a watchdog, and hence has to change all the time."""
        beats = {"watchdog": r"input-\d+", "oneshot": "in"}
        return any(
            re.fullmatch(beats.get(self.kinds.get(instance_of(pin), ""), "-"), pin.rpartition(".")[2])
            for pin in self.net.signals[signal]
        )

    def _instance(self, function: str) -> str:
        if function in self.kinds and self.kinds[function] != "watchdog":
            return function
        name = function.removesuffix(PROCESS)
        return name if name != function and self.kinds.get(name) == "watchdog" else ""


def gate_of(net: Netlist, instance: str) -> Gate | None:
    """Return an instance as a gate; None where it is none, or where what it does is not known."""
    kind = net.kind_of(instance)
    if (kind == "lut5" and function_of(net, f"{instance}.function") is None) or (
        kind == "logic" and not inputs_of(net, instance)
    ):
        return None
    return GATES.get(kind)


def function_of(net: Netlist, parameter: str) -> int | None:
    """Return the function of a lut5; None where it is not known."""
    try:
        return int(net.values.get(parameter, "0"), 0)
    except ValueError:
        return None


def inputs_of(net: Netlist, instance: str) -> tuple[str, ...]:
    """Return the inputs of an instance that can have more or less of them."""
    if net.kind_of(instance) == "logic" and not net.is_live:
        return tuple(
            f"{instance}.in-{place:02}" for place in range(net.personalities.get(instance, 0) & 0xFF)
        )
    pins = net.directions if net.is_live else net.signal_of
    wanted = re.compile(re.escape(instance) + r"\.(?:in|input)-\d+")
    return tuple(pin for pin in pins if wanted.fullmatch(pin))


def writer_of(net: Netlist, signal: str) -> str:
    """Return the pin that writes a signal, as far as that can be known; "" where none can."""
    pins = [pin for pin in net.signals.get(signal, ()) if _may_write(net, pin)]
    gates = [pin for pin in pins if net.kind_of(instance_of(pin)) in GATES]
    sure = [pin for pin in pins if net.is_output(pin)]
    return next(iter([*gates, *sure, *pins]), "")


def _may_write(net: Netlist, pin: str) -> bool:
    if net.is_live:
        return net.directions.get(pin) != "IN"
    gate = GATES.get(net.kind_of(instance_of(pin)))
    if gate is not None:
        return pin.rpartition(".")[2] in gate.outputs
    return not INPUTS.fullmatch(pin)


class Play:
    """A chain while it is played. `given` are the outputs that the play has in hand."""

    def __init__(
        self, chain: Chain, way: Mapping[str, bool], given: Mapping[str, bool] | None = None
    ) -> None:
        self.chain, self.net = chain, chain.net
        self.memory: dict[str, float] = {}
        self.period_s = PERIOD_S
        self.heart = ""
        """The output that beats."""
        self._signals = {**dict.fromkeys(self.net.signals, False), **chain.constants, **way}
        self._pins: dict[str, bool] = {}
        self._periods = 0
        for pin, value in (given or {}).items():
            self.put(pin, value)

    def settle(self) -> None:
        """Let the thread run until all has happened that will."""
        for _ in range(2 * len(self.chain.functions) + 12):
            self.period()

    def period(self) -> None:
        """Let each function run once."""
        self._periods += 1
        beat = self._periods // 2 % 2 == 1
        if self.heart:
            self.put(self.heart, beat)
        for signal in self.chain.beating:
            self._signals[signal] = beat
        for name in self.chain.functions:
            GATES[self.chain.kinds[name]].act(self, name)

    def get(self, pin: str) -> bool:
        """Return a pin's value."""
        if pin in self.net.signal_of:
            return self._signals[self.net.signal_of[pin]]
        if pin not in self._pins:
            self._pins[pin] = start_of(self.net, pin)
        return self._pins[pin]

    def put(self, pin: str, value: bool) -> None:
        """Set an output."""
        if pin in self.net.signal_of:
            self._signals[self.net.signal_of[pin]] = value

    def integer(self, pin: str) -> int:
        """Return the function of a lut5."""
        return function_of(self.net, pin) or 0

    def seconds(self, _pin: str) -> float:
        """Return the time of a watchdog: not its own, which is looked at elsewhere."""
        return TIME_S

    def inputs_of(self, name: str) -> tuple[str, ...]:
        """Return the inputs of a gate that can have more or less of them."""
        return self.chain.inputs[name]


def start_of(net: Netlist, pin: str) -> bool:
    """Return what a pin is before anything has happened."""
    if pin in net.values:
        return net.is_true(pin)
    gate = GATES.get(net.kind_of(instance_of(pin)))
    return pin in TRUE_PINS or (gate is not None and gate.defaults.get(pin.rpartition(".")[2], False))


def follows(net: Netlist, source: str, target: str, *, value: bool) -> bool | None:
    """Tell whether one pin has a value whenever another one has it; None where that cannot be seen."""
    chain = Chain(net, (source, target))
    if chain.is_too_much:
        return None
    for way in chain.ways():
        play = Play(chain, way)
        play.settle()
        if play.get(source) is value and play.get(target) is not value:
            return None if chain.depends([source]) else False
    return True
