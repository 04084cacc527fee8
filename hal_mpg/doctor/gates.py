# SPDX-License-Identifier: GPL-2.0-or-later
"""What LinuxCNC's gates, latches and watchdogs do in one period of their thread, by their manual pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

PROCESS = ".process"
"""What the watchdog's function is called, after its name."""


class Bench(Protocol):
    """Where gates are played. `memory` is theirs, from one period to the next."""

    memory: dict[str, float]
    period_s: float

    def get(self, pin: str) -> bool:
        """Return a pin's value."""

    def put(self, pin: str, value: bool) -> None:
        """Set an output."""

    def integer(self, pin: str) -> int:
        """Return the value of a parameter: lut5's function."""

    def seconds(self, pin: str) -> float:
        """Return the value of a parameter that is a time."""

    def inputs_of(self, name: str) -> tuple[str, ...]:
        """Return the inputs of a gate that can have more or less of them."""


class Gate(NamedTuple):
    """What a component has: `defaults` are the values of those pins that do not start FALSE."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    act: Callable[[Bench, str], None]
    defaults: Mapping[str, bool] = MappingProxyType({})


def _and2(bench: Bench, name: str) -> None:
    bench.put(f"{name}.out", bench.get(f"{name}.in0") and bench.get(f"{name}.in1"))


def _or2(bench: Bench, name: str) -> None:
    bench.put(f"{name}.out", bench.get(f"{name}.in0") or bench.get(f"{name}.in1"))


def _xor2(bench: Bench, name: str) -> None:
    bench.put(f"{name}.out", bench.get(f"{name}.in0") != bench.get(f"{name}.in1"))


def _not(bench: Bench, name: str) -> None:
    bench.put(f"{name}.out", not bench.get(f"{name}.in"))


def _lut5(bench: Bench, name: str) -> None:
    index = sum(1 << place for place in range(5) if bench.get(f"{name}.in-{place}"))
    bench.put(f"{name}.out", bool(bench.integer(f"{name}.function") >> index & 1))


def _logic(bench: Bench, name: str) -> None:
    inputs = [bench.get(pin) for pin in bench.inputs_of(name)]
    results = {"and": all(inputs), "or": any(inputs), "xor": sum(inputs) % 2 == 1}
    for output, value in {**results, "nand": not all(inputs), "nor": not any(inputs)}.items():
        bench.put(f"{name}.{output}", value)


def _estop_latch(bench: Bench, name: str) -> None:
    reset, before = bench.get(f"{name}.reset"), bench.memory.get(name, 0.0)
    is_ok = bench.get(f"{name}.ok-in") and not bench.get(f"{name}.fault-in")
    if not is_ok or (reset and not before):
        bench.put(f"{name}.ok-out", is_ok)
        bench.put(f"{name}.fault-out", not is_ok)
    elif bench.get(f"{name}.ok-out"):
        bench.put(f"{name}.watchdog", not bench.get(f"{name}.watchdog"))
    bench.memory[name] = float(reset)


def _oneshot(bench: Bench, name: str) -> None:
    memory, value = bench.memory, bench.get(f"{name}.in")
    left = max(memory.get(name, 0.0) - bench.period_s, 0.0)
    is_edge = value != bool(memory.get(f"{name}.in", 0.0)) and bench.get(
        f"{name}.rising" if value else f"{name}.falling"
    )
    if is_edge and (not left or bench.get(f"{name}.retriggerable")):
        left = bench.seconds(f"{name}.width")
    memory[name], memory[f"{name}.in"] = left, float(value)
    bench.put(f"{name}.out", left > 0)
    bench.put(f"{name}.out-not", left <= 0)


def _watchdog(bench: Bench, name: str) -> None:
    """Each input has its time; where one ran out, only a rising edge of enable-in starts it again."""
    memory, enable = bench.memory, bench.get(f"{name}.enable-in")
    is_started = enable and not memory.get(f"{name}.enable-in", 0.0)
    is_ok = is_started or (enable and bool(memory.get(name, 0.0)))
    for pin in bench.inputs_of(name):
        value, time = bench.get(pin), bench.seconds(pin.replace(".input-", ".timeout-"))
        left = max(memory.get(f"{pin}.left", 0.0) - bench.period_s, 0.0)
        if is_started or value != bool(memory.get(pin, 0.0)):
            left = time
        memory[pin], memory[f"{pin}.left"] = float(value), left
        is_ok = is_ok and left > 0
    memory[f"{name}.enable-in"], memory[name] = float(enable), float(is_ok)
    bench.put(f"{name}.ok-out", is_ok)


TWO = ("in0", "in1")

GATES = {
    "and2": Gate(TWO, ("out",), _and2),
    "or2": Gate(TWO, ("out",), _or2),
    "xor2": Gate(TWO, ("out",), _xor2),
    "not": Gate(("in",), ("out",), _not),
    "lut5": Gate(tuple(f"in-{place}" for place in range(5)), ("out",), _lut5),
    "logic": Gate(
        tuple(f"in-{place:02}" for place in range(16)), ("and", "or", "xor", "nand", "nor"), _logic
    ),
    "estop_latch": Gate(
        ("ok-in", "fault-in", "reset"),
        ("ok-out", "fault-out", "watchdog"),
        _estop_latch,
        {"ok-in": True, "fault-out": True},
    ),
    "oneshot": Gate(
        ("in", "rising", "falling", "retriggerable"),
        ("out", "out-not"),
        _oneshot,
        {"rising": True, "retriggerable": True},
    ),
    "watchdog": Gate(
        (*(f"input-{place}" for place in range(32)), "enable-in"),
        ("ok-out",),
        _watchdog,
    ),
}
"""By the name that loadrt knows them by."""
