# SPDX-License-Identifier: GPL-2.0-or-later
"""What the parts of the profile's JSON schema are made of: forms that several protocols have in common."""

from __future__ import annotations

from typing import Any

from hal_mpg.profile_parts.packets import TYPE
from hal_mpg.profile_parts.settings import CODE_NAME
from hal_mpg.protocols.checksums import CHECKSUMS
from hal_mpg.protocols.pattern_check import GROUP_NAME
from hal_mpg.yaml_reader import INTEGER

Schema = dict[str, Any]
NUMBER_AS_TEXT = f"^{INTEGER.pattern}$"
TRUTH: Schema = {"enum": [True, False, "true", "false"]}


def object_of(what: str, needed: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Return a mapping with these keys; in their names _ stands for -."""
    keys = {key.replace("_", "-"): value for key, value in properties.items()}
    return {
        "description": what,
        "type": "object",
        "additionalProperties": False,
        "properties": keys,
        **({"required": list(needed)} if needed else {}),
    }


def whole(low: int, high: int, what: str) -> Schema:
    """Return a whole number."""
    return {
        "description": what,
        "anyOf": [
            {"type": "integer", "minimum": low, "maximum": high},
            {"type": "string", "pattern": NUMBER_AS_TEXT},
        ],
    }


def list_of(what: str, items: Schema, most: int | None = None) -> Schema:
    """Return a list that is not empty."""
    return {"description": what, "type": "array", "minItems": 1, "items": items} | (
        {"maxItems": most} if most else {}
    )


def bytes_of(what: str) -> Schema:
    """Return a list of bytes."""
    return list_of(what, whole(0, 255, "A byte."))


def named(what: str, pattern: str, values: Schema) -> Schema:
    """Return a mapping with keys of a pattern, that is not empty."""
    return {
        "description": what,
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^({pattern})$"},
        "additionalProperties": values,
    }


def own_code() -> Schema:
    """Return what stands for a code in the controls of a pendant whose protocol names its own."""
    return {
        "description": "A name that `protocol` sets, such as WHEEL.",
        "type": "string",
        "pattern": f"^{CODE_NAME.pattern}$",
    }


def settings() -> Schema:
    """Return what a rule sets."""
    return named("Which codes it sets, in this order, and to what.", CODE_NAME.pattern, _setting())


def _setting() -> Schema:
    source = {"type": ["string", "integer"], "description": "A named group, a field, or a number."}
    truth = source | {"maximum": 1}
    kinds = {"abs": ["invert"], "rel": ["invert"], "key": ["times"], "pulse": ["invert", "times"]}
    return object_of(
        "{abs: WHERE FROM}, {rel: ...}, {key: ...} or {pulse: ...}",
        abs=source | {"description": "Where something stands: a group, a field, or a number."},
        rel=source | {"description": "How far it was turned: a group, a field, or a number."},
        key=truth | {"description": "1: held, 0: not. A group, a field, or a number."},
        pulse=truth | {"description": "1: pressed, and let go at once."},
        values=named("What each text stands for.", ".*", whole(-(1 << 31), 1 << 31, "A number.")),
        times=whole(1, 1_000_000, "What the number is multiplied with, to be a whole one."),
        invert=TRUTH | {"description": "1 stands for a key that is not held."},
    ) | {
        "oneOf": [
            {"required": [kind], "not": {"anyOf": [{"required": [other]} for other in others]}}
            for kind, others in kinds.items()
        ]
    }


def when() -> Schema:
    """Return what the fields of a rule have to be."""
    number = whole(-(1 << 31), (1 << 32) - 1, "A number.")
    return named("What fields have to be.", GROUP_NAME.pattern, number)


def fields(first: str) -> Schema:
    """Return the numbers in a packet or a report; `first` is what the first byte's offset is."""
    field = object_of(
        "A number in it.",
        ("at",),
        at=whole(0, 4095, f"Its offset; {first}."),
        type={"type": "string", "pattern": f"^({TYPE.pattern})$", "description": "u8, s16le, u32be, ..."},
        mask=whole(1, (1 << 32) - 1, "Which bits of it; they move down to bit 0."),
        bit=whole(0, 31, "Which one bit of it; the lowest is 0."),
    ) | {"not": {"required": ["mask", "bit"]}}
    return named("Numbers in it, by names of your own.", GROUP_NAME.pattern, field)


def checksum() -> Schema:
    """Return the checksum of a packet or a report."""
    offset = whole(-4096, 4095, "An offset; below 0 it counts from the end.")
    return object_of(
        "The checksum in it.",
        ("kind", "at", "from", "to"),
        kind={"enum": list(CHECKSUMS)},
        at=offset,
        to=offset,
        order={"enum": ["big", "little"], "description": "Of its two bytes; default little, in hex big."},
        form={"enum": ["binary", "hex"], "description": "hex: as digits, two for each byte."},
        **{"from": offset},
    )
