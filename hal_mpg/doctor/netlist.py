# SPDX-License-Identifier: GPL-2.0-or-later
"""HAL as a net of pins and signals: as a configuration's commands make it, or as it is in a running one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from hal_mpg.doctor.gates import GATES
from hal_mpg.linuxcnc_files.hal import Command

OUTPUTS = re.compile(r"(?:^|[-.])(?:out|not|q|and|or|xor|nand|nor)(?:[-.]?\d+)?$|-out$")
"""Names of the output pins of LinuxCNC's logic components; commands do not say which way a pin goes."""

WRITERS = re.compile(
    r"iocontrol\.0\.user-(?:enable-out|request-enable)|motion\.(?:motion-enabled|on-soft-limit)"
    r"|halui\.mode\.is-manual|[\w-]+\.(?:estop-ok|heartbeat|jog-stop)"
)
"""Outputs of LinuxCNC and hal_mpg that chains and gates begin with."""

ENDS = ("motion", "iocontrol", "halui", "axis", "joint", "spindle", "classicladder")
"""Components that decide: what goes in is not what comes out."""

SKIPPED = ("time", "tmax")

BASE_THREAD = "base-thread"
"""The fast one: it comes before each period of the others."""


class Netlist:
    """`signals` have their pins, in order; `values` are what pins and parameters were set to.

    `functions` are those of all threads, in the order in which they run. `places`: where a pin was netted or
    set last. `kinds`: instances of realtime components, and of which component they are. `is_live`: read from
    a running HAL, where each pin has a value; then `components` are the userspace components and their
    processes. `conflicts`: a pin, the signal that it is on, and the command that would put it on another one,
    which LinuxCNC refuses. `programs` are the names of those components in any case. `unlinked`: what unlinkp
    has taken from which signal. `set_signals`: what signals were set to. `personalities`: as loadrt has them.
    """

    def __init__(self, is_live: bool = False) -> None:
        self.is_live = is_live
        self.signals: dict[str, list[str]] = {}
        self.signal_of: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.functions: list[str] = []
        self.places: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.directions: dict[str, str] = {}
        self.components: dict[str, int] = {}
        self.programs: set[str] = set()
        self.conflicts: list[tuple[str, str, Command]] = []
        self.unlinked: list[tuple[str, str, Command]] = []
        self.set_signals: dict[str, str] = {}
        self.personalities: dict[str, int] = {}
        self._threads: dict[str, list[str]] = {}

    def is_linked(self, pin: str) -> bool:
        """Tell whether a pin is on a signal with another pin."""
        return len(self.pins_with(pin)) > 1

    def pins_with(self, pin: str) -> list[str]:
        """Return the pins of the signal that a pin is on; none where it is on none."""
        return self.signals.get(self.signal_of.get(pin, ""), [])

    def are_joined(self, one: str, other: str) -> bool:
        """Tell whether two pins are on one signal."""
        return other in self.pins_with(one)

    def drivers(self, pin: str) -> list[str]:
        """Return what may drive a pin: the outputs on its signal, but for itself."""
        return [other for other in self.pins_with(pin) if other != pin and self.is_output(other)]

    def is_output(self, pin: str) -> bool:
        """Tell whether a pin is an output, as far as that is known."""
        if pin in self.directions:
            return self.directions[pin] == "OUT"
        return bool(OUTPUTS.search(pin))

    def number(self, pin: str) -> float | None:
        """Return the value of a pin or parameter as a number; None where it has none that is known."""
        try:
            return float(self.values[pin])
        except (KeyError, ValueError):
            return None

    def is_true(self, pin: str) -> bool:
        """Tell whether a pin was set to TRUE, or to a number that is not 0."""
        text = self.values.get(pin, "").upper()
        return text == "TRUE" or bool(re.fullmatch(r"0*[1-9]\d*|0X0*[1-9A-F][0-9A-F]*", text))

    def reached(
        self, pin: str, without: Iterable[str] = (), through: Iterable[str] | None = None
    ) -> set[str]:
        """Return every pin that a pin's value can get to, by signals and through logic components.

        `without`: instances that nothing gets through. `through`: the only ones where something does.
        """
        barred, found, todo = set(without), {pin}, [pin]
        while todo:
            for other in self.pins_with(todo.pop()):
                if other in found:
                    continue
                found.add(other)
                instance = instance_of(other)
                if self.is_output(other) or instance in barred or self._is_end(other):
                    continue
                outputs = [out for out in self._pins_of(instance) if self.is_output(out) and out not in found]
                found.update(outputs)
                todo += outputs
        return found

    def between(self, pin: str, target: str) -> list[str]:
        """Return the logic components that lie on a way from a pin to another, in no order."""
        instances = {instance_of(other) for other in self.reached(pin) if not self._is_end(other)}
        return [
            instance
            for instance in sorted(instances - {instance_of(pin)})
            if any(target in self.reached(out) for out in self._pins_of(instance) if self.is_output(out))
        ]

    def _is_end(self, pin: str) -> bool:
        return pin.split(".")[0] in (*ENDS, *self.programs)

    def kind_of(self, instance: str) -> str:
        """Return which component an instance is of, as loadrt names it; "" where that is not known."""
        if instance in self.kinds:
            return self.kinds[instance]
        base = re.sub(r"\.\d+$", "", instance).replace("-", "_")
        return base if base in self.kinds.values() else ""

    def function_places(self, instance: str) -> list[int]:
        """Return the places in the threads of an instance's functions."""
        return [
            place
            for place, function in enumerate(self.functions)
            if function == instance or function.startswith(f"{instance}.")
        ]

    def thread_of(self, function: str) -> str:
        """Return the thread that a function is in; "" without one."""
        return next((thread for thread, its in self._threads.items() if function in its), "")

    def any_pin_of(self, instance: str) -> str:
        """Return one of the pins of an instance that are on signals; "" without one."""
        return next(iter(self._pins_of(instance)), "")

    def _pins_of(self, instance: str) -> list[str]:
        return [pin for pin in self.signal_of if instance_of(pin) == instance]

    # How it is made.

    def link(self, signal: str, pin: str, place: str = "") -> None:
        """Put a pin on a signal."""
        self.unlink(pin)
        self.signals.setdefault(signal, []).append(pin)
        self.signal_of[pin] = signal
        self.places[pin] = place

    def unlink(self, pin: str) -> None:
        """Take a pin from its signal."""
        signal = self.signal_of.pop(pin, None)
        if signal is not None:
            self.signals[signal].remove(pin)

    def delete(self, signal: str) -> None:
        """Take a signal away; its pins are free."""
        for pin in self.signals.pop(signal, []):
            self.signal_of.pop(pin, None)

    def add_function(self, function: str, thread: str, position: int = -1) -> None:
        """Put a function into a thread, as addf does: at place 1, 2, ..., or -1: at the end."""
        functions = self._threads.setdefault(thread, [])
        place = position - 1 if position > 0 else len(functions) + 1 + position
        functions.insert(max(0, place), function)
        self._renew_functions()

    def remove_function(self, function: str, thread: str) -> None:
        """Take a function out of a thread."""
        functions = self._threads.get(thread, [])
        if function in functions:
            functions.remove(function)
        self._renew_functions()

    def _renew_functions(self) -> None:
        threads = sorted(self._threads.items(), key=lambda item: item[0] != BASE_THREAD)
        self.functions = [function for _, functions in threads for function in functions]


def instance_of(pin: str) -> str:
    """Return the instance of a component that a pin belongs to: all but the last part of its name."""
    return pin.rpartition(".")[0]


def from_commands(commands: Iterable[Command]) -> Netlist:
    """Return what a configuration's commands make of HAL."""
    net = Netlist()
    for command in commands:
        _apply(net, command)
    _tell_inputs(net)
    return net


def _tell_inputs(net: Netlist) -> None:
    """A signal has one writer. Where that is known, a parport's pin-01-out there is an input, as it is."""
    for pins in net.signals.values():
        for pin in pins:
            gate = GATES.get(net.kind_of(instance_of(pin)))
            if WRITERS.fullmatch(pin) or (gate is not None and pin.rpartition(".")[2] in gate.outputs):
                net.directions.update(dict.fromkeys(pins, "IN"))
                net.directions[pin] = "OUT"
                break


def _apply(net: Netlist, command: Command) -> None:
    match command.words:
        case ("net", signal, *pins):
            net.signals.setdefault(signal, [])
            for pin in pins:
                if pin in ("=>", "<=", "<=>"):
                    continue
                if net.signal_of.get(pin, signal) == signal:
                    net.link(signal, pin, command.place)
                else:
                    net.conflicts.append((pin, net.signal_of[pin], command))
        case ("linksp", signal, *arrow, pin) | ("linkps", pin, *arrow, signal) if len(arrow) < 2:
            net.link(signal, pin, command.place)
        case ("linkpp", one, *_, other):
            for pin in (one, other):
                net.link(one, pin, command.place)
        case ("unlinkp", pin):
            if pin in net.signal_of:
                net.unlinked.append((pin, net.signal_of[pin], command))
            net.unlink(pin)
        case ("delsig", "all"):
            for signal in list(net.signals):
                net.delete(signal)
        case ("delsig", signal):
            net.delete(signal)
        case ("sets", signal, value):
            net.set_signals[signal] = value
        case ("setp", pin, value, *_):
            _set(net, pin, value, command.place)
        case (assignment,) if re.fullmatch(r"[\w.-]+=\S+", assignment):
            pin, value = assignment.split("=", 1)
            _set(net, pin, value, command.place)
        case ("addf", function, thread, *position):
            net.add_function(function, thread, _integer(position))
        case ("delf", function, thread):
            net.remove_function(function, thread)
        case ("loadrt", component, *arguments):
            made = _instances(component, arguments)
            net.kinds.update(made)
            net.personalities.update(zip(made, _personalities(arguments), strict=False))
        case ("loadusr", *arguments):
            net.programs.update(_programs(arguments))
        case ("alias", "pin", name, alias):
            if name in net.signal_of:
                net.link(net.signal_of[name], alias, command.place)


def _set(net: Netlist, pin: str, value: str, place: str) -> None:
    net.values[pin] = value
    net.places.setdefault(pin, place)


def _integer(words: Sequence[str]) -> int:
    return int(words[0]) if words and re.fullmatch(r"[-+]?\d+", words[0]) else -1


def _programs(arguments: Sequence[str]) -> Iterator[str]:
    """Yield what the component of a loadusr line may be called: by -Wn, by --name, or as the program is."""
    programs = [word for word in arguments if not word.startswith("-")]
    for word, after in pairwise(arguments):
        if word == "--name" or (word.startswith("-") and word.endswith("n") and word[1:2] != "-"):
            yield after
            programs = [program for program in programs if program != after]
    if programs:
        yield programs[0].rpartition("/")[2]


def _instances(component: str, arguments: Sequence[str]) -> Mapping[str, str]:
    """Return the instances that a loadrt line makes, as far as their names are given; or else itself."""
    for argument in arguments:
        if argument.startswith("names="):
            return {
                name: component for name in argument.removeprefix("names=").strip("\"'").split(",") if name
            }
    return {component: component}


def _personalities(arguments: Sequence[str]) -> list[int]:
    """Return what personality= gives to each instance."""
    texts = [word.removeprefix("personality=") for word in arguments if word.startswith("personality=")]
    numbers = [number for text in texts for number in text.strip("\"'").split(",")]
    return [int(number, 0) if re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", number) else 0 for number in numbers]


def from_halcmd(text: Mapping[str, str]) -> Netlist:
    """Return HAL as `halcmd -s show KIND` printed it; `text` has what was printed for each KIND.

    pin: OWNER TYPE DIRECTION VALUE NAME [ARROW SIGNAL]; param: OWNER TYPE DIRECTION VALUE NAME;
    thread: PERIOD FP NAME TIME MAXTIME FUNCTION...; comp: ID KIND NAME PID [STATE].
    """
    net = Netlist(is_live=True)
    for words in _rows(text.get("pin", "")):
        if len(words) < 5:
            continue
        owner, _, direction, value, pin, *link = words
        net.directions[pin], net.values[pin] = direction, value
        instance = instance_of(pin)
        if "." in pin and pin.rpartition(".")[2] not in SKIPPED:
            net.kinds.setdefault(instance, owner)
        if len(link) == 2:
            net.link(link[1], pin)
    for words in _rows(text.get("param", "")):
        if len(words) == 5:
            net.values[words[4]] = words[3]
    for words in _rows(text.get("thread", "")):
        for function in words[5:]:
            net.add_function(function, words[2])
    for words in _rows(text.get("comp", "")):
        if len(words) > 3 and words[1] == "User" and words[3].isdecimal():
            net.components[words[2]] = int(words[3])
            net.programs.add(words[2])
    return net


def _rows(text: str) -> Iterator[list[str]]:
    return (line.split() for line in text.splitlines() if line.strip())
