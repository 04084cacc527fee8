# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the profile's JSON schema that is for sticks and lamps; profile_schema.py has the whole."""

from __future__ import annotations

from typing import Any

from hal_mpg.profile import AXIS_LETTERS, SELECTED
from hal_mpg.profile_parts.analog import DECODED, LARGEST, MAX_CURVE, MAX_DEAD_ZONE, MIN_CURVE
from hal_mpg.profile_parts.lamps import LARGEST as LARGEST_LAMP
from hal_mpg.yaml_reader import INTEGER

Schema = dict[str, Any]
NUMBER_AS_TEXT = f"^{INTEGER.pattern}$"
DECIMAL_AS_TEXT = "^\\+?[0-9]*\\.?[0-9]*([eE][-+]?[0-9]{1,2})?$"


def analog(absolute: Schema, relative: Schema, key: Schema) -> Schema:
    """Return what may stand at `analog`; the arguments stand for a code of each type."""
    form: Schema = {
        "type": "object",
        "required": ["axis"],
        "additionalProperties": False,
        "properties": {
            "abs": absolute | {"description": "An axis that says where it stands."},
            "rel-absolute": relative | {"description": "Where it stands, reported as REL (Contour Shuttle)."},
            "range": {
                "description": "What it says at its two ends; left out: as the kernel has it of the device.",
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "items": _whole(-LARGEST, LARGEST),
            },
            "axis": {
                "enum": [*AXIS_LETTERS, SELECTED],
                "description": "Which axis it moves; selected: the one that the axis selector is on.",
            },
            "dead-zone": _number("0", MAX_DEAD_ZONE)
            | {"description": "How far from its middle it still moves nothing, of the way to an end."},
            "curve": _number(MIN_CURVE, MAX_CURVE)
            | {"description": "The power that the rest of the way is raised to; 2: fine near the middle."},
            "invert": {"enum": [True, False, "true", "false"], "description": "Its upper end is minus."},
            "hold": key | {"description": "A button without which it moves nothing."},
        },
        "oneOf": [
            {"required": ["abs"], "not": {"required": ["rel-absolute"]}},
            {"required": ["rel-absolute", "range"], "not": {"required": ["abs"]}},
        ],
    }
    return {
        "description": "Sticks and spring-loaded rings: how far from the middle is how fast. Each axis has a "
        "pin axis.L.analog, for halui.axis.L.analog.",
        "anyOf": [form, {"type": "array", "minItems": 1, "items": form}],
    }


def rules() -> list[Schema]:
    """Return what of it depends on the source: what the kernel does not say of a device."""
    ours = {"if": _where_source([*DECODED]), "then": {"properties": {"controls": _no_rel_absolute()}}}
    needs = [(["evdev"], "rel-absolute", "hold"), ([*DECODED], "abs", "range")]
    return [
        ours,
        *(
            {
                "if": _where_source(sources),
                "then": {"properties": {"controls": {"properties": {"analog": _each(form, needed)}}}},
            }
            for sources, form, needed in needs
        ),
    ]


def _no_rel_absolute() -> Schema:
    """Return that nothing says by REL where it stands: a protocol of ours would not tell its 0."""
    is_none: Schema = {"not": {"required": ["rel-absolute"]}}
    each: Schema = {"if": {"type": "array"}, "then": {"items": is_none}, "else": is_none}
    return {"properties": {"wheel": is_none, "analog": each}}


def _where_source(sources: list[str]) -> Schema:
    is_one: Schema = {"properties": {"source": {"enum": sources}}}
    return is_one if "evdev" in sources else is_one | {"required": ["source"]}


def _each(form: str, needed: str) -> Schema:
    """Return that every stick of a form has to have a key."""
    one: Schema = {"if": {"required": [form]}, "then": {"required": [needed]}}
    return {"if": {"type": "array"}, "then": {"items": one}, "else": one}


def lamp(led: Schema, msc: Schema) -> Schema:
    """Return what may stand for a lamp."""
    number = _whole(0, LARGEST_LAMP)
    return {
        "anyOf": [
            led,
            {
                "description": "A lamp that is sent a number: {msc: MSC_PULSELED, on: 255, off: 0}.",
                "type": "object",
                "required": ["msc", "on"],
                "additionalProperties": False,
                "properties": {"msc": msc, "on": number, "off": number},
            },
        ]
    }


def _whole(low: int, high: int) -> Schema:
    return {
        "anyOf": [
            {"type": "integer", "minimum": low, "maximum": high},
            {"type": "string", "pattern": NUMBER_AS_TEXT},
        ]
    }


def _number(low: str, high: str) -> Schema:
    return {
        "anyOf": [
            {"type": "number", "minimum": float(low), "maximum": float(high)},
            {"type": "string", "pattern": DECIMAL_AS_TEXT, "minLength": 1},
        ]
    }
