# SPDX-License-Identifier: GPL-2.0-or-later
"""Which components of an E-stop chain are its latch and its watchdog.

LinuxCNC loads a realtime module once. Where a machine has taken estop_latch or watchdog, `hal_mpg wiring`
makes the same of lut5 and oneshot (hal_mpg/wiring/parts.py).
"""

from __future__ import annotations

from typing import NamedTuple

from hal_mpg.doctor.netlist import Netlist, instance_of
from hal_mpg.wiring.parts import BUFFER, KINDS, LATCH, Kind

WATCHDOGS = {"watchdog": "ok-out", "oneshot": "out"}
"""What can look after the heartbeat, and the pin that says that it beats; the first one is preferred."""


class Latch(NamedTuple):
    """The latch of a chain, by its pins."""

    name: str
    ok: str
    reset: str
    before: str
    """The input that the reset of one period ago comes to; "" where the latch knows it by itself."""


def latch_of(net: Netlist, name: str) -> Latch | None:
    """Return an instance as a latch; None where it is none."""
    for kind in KINDS[LATCH]:
        if kind.module != net.kind_of(name):
            continue
        ok, reset = (f"{name}.{pin}" for pin in kind.inputs[:2])
        if kind.module == "estop_latch":
            return Latch(name, ok, reset, "")
        if _does(net, name, kind) and net.are_joined(f"{name}.in-1", f"{name}.{kind.output}"):
            return Latch(name, ok, reset, f"{name}.in-3")
    return None


def delays_of(net: Netlist, latch: Latch) -> list[str]:
    """Return the instances that bring a latch's reset to it one period later, as they should."""
    (buffer,) = KINDS[BUFFER]
    return [
        name
        for name in map(instance_of, net.drivers(latch.before))
        if net.are_joined(latch.before, f"{name}.{buffer.output}")
        and net.are_joined(latch.reset, f"{name}.{buffer.inputs[0]}")
        and (not net.kind_of(name) or _does(net, name, buffer))
    ]


def watchdog_input(net: Netlist, heartbeat: str) -> str:
    """Return the pin of the watchdog that the heartbeat goes to; "" where there is none."""
    pins = net.pins_with(heartbeat)
    found = (pin for module in WATCHDOGS for pin in pins if net.kind_of(instance_of(pin)) == module)
    return next(found, "")


def _does(net: Netlist, name: str, kind: Kind) -> bool:
    """Tell whether an instance of lut5 has the function that is wanted."""
    (setting,) = kind.settings
    parameter, wanted = setting.split()
    try:
        found = int(net.values.get(f"{name}.{parameter}", "0"), 0)
    except ValueError:
        return False
    return net.kind_of(name) == kind.module and found == int(wanted, 0)
