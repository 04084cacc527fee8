# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant's pin behind what joins two pendants on one axis, as mpg-second.hal does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from hal_mpg.doctor.netlist import Netlist, instance_of

JOINS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "jog-counts": {"scaled_s32_sums": ("out-s",)},
        "jog-enable": {"or2": ("out",), "logic": ("or",)},
    }
)
"""What joins pins of each kind: LinuxCNC's components, and the outputs that have the sum, or the "or"."""

INPUT = re.compile(r".*\.in-?\d+")


def own_pin_behind(net: Netlist, source: str, kind: str, component: str) -> str:
    """Return the component's pin that has a part in `source`, together with other pendants' for that axis.

    `kind` is the pin's: "jog-counts", "jog-enable" or "jog-scale". Returns "" where something else has a part
    in it. What the other pendant does is for the examination of that one (`hal_mpg doctor --name`).
    """
    if kind == "jog-scale":
        return _compared_scale(net, source, component)
    instance = instance_of(source)
    outputs = JOINS.get(kind, {}).get(net.kind_of(instance), ())
    if source.removeprefix(f"{instance}.") not in outputs:
        return ""
    inputs = [pin for pin in net.signal_of if instance_of(pin) == instance and INPUT.fullmatch(pin)]
    pendants = [_pendant_pin(net, pin, kind) for pin in inputs]
    own = [pin for pin in pendants if pin.startswith(f"{component}.")]
    axes = {pin.split(".axis.")[-1] for pin in pendants}
    return own[0] if own and len(axes) == 1 and "" not in axes else ""


def _compared_scale(net: Netlist, source: str, component: str) -> str:
    """Return the component's scale if `near` compares it with the axis' own, which is another pendant's."""
    own = f"{component}.{source.partition('.')[2]}"
    near = {instance_of(pin) for pin in net.pins_with(own) if net.kind_of(instance_of(pin)) == "near"}
    other = {instance_of(pin) for pin in net.pins_with(source)}
    return own if near & other else ""


def _pendant_pin(net: Netlist, pin: str, kind: str) -> str:
    """Return the pin of this kind of any hal_mpg on an input's signal; "" without one."""
    pattern = re.compile(rf"[^.]+\.axis\.[a-z]\.{kind}")
    return next((other for other in net.pins_with(pin) if pattern.fullmatch(other)), "")
