# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the profile's JSON schema for what people alone read; profile_schema.py has the whole."""

from __future__ import annotations

from typing import Any

from hal_mpg.profile_parts.front import MAX_IN_A_ROW, MAX_ROWS, TRIED

Schema = dict[str, Any]
TEXT: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}


def root_properties() -> Schema:
    """Return the keys that the component has no use for."""
    part = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
        ]
    }
    return {
        "facts": {
            "description": "Where the facts of this profile come from: files, pages, people.",
            "type": "array",
            "minItems": 1,
            "items": TEXT,
        },
        "use": {
            "description": "What one has to know and to do to use the pendant, in sentences.",
            "type": "array",
            "minItems": 1,
            "items": TEXT,
        },
        "missing": {
            "description": "What is known to be missing, or not as good as it could be.",
            "type": "array",
            "minItems": 1,
            "items": TEXT,
        },
        "tried": {
            "description": "Whether it was tried on the device itself: no, or `yes, by WHOM`.",
            "anyOf": [{"enum": [False]}, {"type": "string", "pattern": f"^({TRIED.pattern})$"}],
        },
        "front": {
            "description": "What is on the front, row by row, for its drawing in docs/pendants.md: wheel, "
            "axis, scale, axis.x, axis.next, estop, reset, enable, button.NAME, led.NAME, display, analog.x, "
            "gap, other; or {NAME: what is printed there}, with more names for what it does with a key held, "
            "or for the ways in which a stick can be moved.",
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_ROWS,
            "items": {"type": "array", "minItems": 1, "maxItems": MAX_IN_A_ROW, "items": part},
        },
    }
