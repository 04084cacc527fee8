# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of lamps (`controls.leds`), from YAML: a code, or one with what lights it."""

from __future__ import annotations

from collections.abc import Iterable

from yaml.nodes import MappingNode, Node

from hal_mpg.events import EV_LED, EV_MSC
from hal_mpg.profile import Code
from hal_mpg.yaml_reader import Reader

MSC_KEYS = ("msc", "on", "off")
LARGEST = (1 << 31) - 1

Lamps = tuple[tuple[str, Code], ...]
Values = tuple[tuple[str, int, int], ...]


def read_lamps(reader: Reader, entries: Iterable[tuple[str, Node]]) -> tuple[Lamps, Values]:
    """Return each lamp's code; and of those that are no LED_, what lights it and what puts it out."""
    codes: list[tuple[str, Code]] = []
    values: list[tuple[str, int, int]] = []
    for name, node in entries:
        what = f"leds.{name}"
        if not isinstance(node, MappingNode):
            codes.append((name, reader.code(node, EV_LED, what)))
            continue
        fields = reader.mapping(node, MSC_KEYS, what, needed=("msc", "on"))
        if reader.own_codes is not None:
            reader.fault(node, f"{what}: {{msc: ...}} is of the kernel's codes; give a lamp of the protocol")
        codes.append((name, reader.code(fields.get("msc"), EV_MSC, what)))
        on, off = (reader.integer(fields.get(key), key, 0, LARGEST) for key in ("on", "off"))
        values.append((name, on, off))
    return tuple(codes), tuple(values)
