# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that says which reports switch a raw HID pendant's lamps."""

from __future__ import annotations

from yaml.nodes import Node

from hal_mpg.events import EV_LED
from hal_mpg.hid_device import HidLamp
from hal_mpg.profile_parts.settings import SettingsReader
from hal_mpg.yaml_reader import Fields, Reader

WHOLE_KEYS = ("on", "off", "as")
SHARED_KEYS = ("report", "at", "bit", "mask", "as")
LAMP_KEYS = tuple(dict.fromkeys((*WHOLE_KEYS, *SHARED_KEYS)))
LAMP_FORMS = ("output", "feature")


def read_hid_lamps(reader: Reader, settings: SettingsReader, node: Node | None) -> tuple[HidLamp, ...]:
    """Return the lamps, if there are some; faults go to the reader."""
    found: dict[str, HidLamp] = {}
    for name, place, value in reader.entries(node, "lamps") if node is not None else ():
        lamp = _lamp(reader, settings, name, place, value)
        for other, before in found.items():
            if complaint := _clash(name, lamp, other, before):
                reader.fault(place, complaint)
                break
        found[name] = lamp
    return tuple(found.values())


def _lamp(reader: Reader, settings: SettingsReader, name: str, place: Node, node: Node) -> HidLamp:
    keys = reader.mapping(node, LAMP_KEYS, f"lamp {name}")
    is_shared = "report" in keys
    if is_shared:
        keys = reader.mapping(node, SHARED_KEYS, f"lamp {name}", needed=("report", "at"))
        on, off = _shared(reader, name, node, keys)
    else:
        keys = reader.mapping(node, WHOLE_KEYS, f"lamp {name}", needed=("on", "off"))
        on, off = (_bytes(reader, keys.get(key), f"{name} {key}") for key in ("on", "off"))
    form = reader.choice(keys.get("as"), LAMP_FORMS, "value of as")
    return HidLamp(settings.code(name, place, EV_LED), on, off, form == "feature", is_shared)


def _bytes(reader: Reader, node: Node | None, what: str) -> tuple[int, ...]:
    return tuple(reader.integer(item, what, 0, 255) for item in reader.items(node, what))


def _shared(reader: Reader, name: str, node: Node, keys: Fields) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the report with this lamp alone, and without any."""
    off = _bytes(reader, keys.get("report"), f"report of {name}")
    if len(off) == 1:
        reader.fault(keys["report"], "the report has an id and no more; give its bytes, as no lamp is lit")
    at = reader.integer(keys.get("at"), f"at of {name}", 1, max(1, len(off) - 1))
    if ("bit" in keys) == ("mask" in keys):
        reader.fault(node, f"lamp {name} is lit by no bit, or said in two ways; give bit, or mask")
    bits = reader.integer(keys["mask"], "mask", 1, 255) if "mask" in keys else 1
    if "bit" in keys:
        bits = 1 << reader.integer(keys["bit"], "bit", 0, 7)
    return tuple(byte ^ bits if place == at else byte for place, byte in enumerate(off)), off


def _clash(name: str, lamp: HidLamp, other: str, before: HidLamp) -> str:
    """Return why two lamps cannot be switched each for itself; "": they can."""
    if lamp.is_feature != before.is_feature:
        return ""
    if lamp.is_shared and before.is_shared and lamp.off == before.off:
        clear = (
            (one ^ off) & (two ^ off) for one, two, off in zip(lamp.on, before.on, lamp.off, strict=True)
        )
        return f"{name} has a bit of {other}; give each its own" if any(clear) else ""
    if {lamp.on, lamp.off} & {before.on, before.off}:
        return (
            f"a report of {name} is one of {other}, too, so that one switches both; where they share "
            f"one, say of each {{report: [its bytes, as no lamp is lit], at: N, bit: N}}"
        )
    is_same_id = lamp.off[:1] == before.off[:1] != (0,)
    if lamp.is_shared and before.is_shared and is_same_id and len(lamp.off) != len(before.off):
        return f"the report of {name} is longer or shorter than that of {other}, with one id; correct it"
    return ""
