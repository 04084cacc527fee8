# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the profile's JSON schema that says which devices it is for; see profile_schema.py."""

from __future__ import annotations

from typing import Any

from hal_mpg.profile_parts.match import MATCH_KEYS, NUMBER_KEYS
from tools.profile_schema_parts import whole

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
"""What is read as it was written: `name: 1:30` and `name: off` are texts."""


def rules() -> list[Schema]:
    """Return what may stand in `match`, for each source; without one, it is evdev."""
    return [
        {
            "if": {"properties": {"source": {"const": source}}}
            | ({} if source == "evdev" else {"required": ["source"]}),
            "then": {"properties": {"match": {"items": {"propertyNames": {"enum": list(keys)}}}}},
        }
        for source, keys in MATCH_KEYS.items()
    ]


def alternative() -> Schema:
    """Return what one alternative of `match` is."""
    number = {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 0xFFFF},
            {"type": "string", "pattern": "^(0[xX])[0-9a-fA-F]{1,4}$"},
        ]
    }
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "vendor": number | {"description": "As lsusb shows it, with 0x before it: 0x10ce"},
            "product": number | {"description": "As lsusb shows it, with 0x before it: 0xeb93"},
            "name": TEXT | {"description": 'What the kernel calls it; * stands for anything: "*MPG*"'},
            "uniq": TEXT | {"description": "Its serial number; * stands for anything."},
            "interface": whole(0, NUMBER_KEYS["interface"], "Of a raw HID pendant: its USB interface."),
            "socket": TEXT
            | {
                "description": "Of a virtual pendant: its socket; a path, or a name in a place of the user's."
            },
            "port": TEXT
            | {"description": "Of a serial pendant: the path of its port, or of a link to it; or a URL."},
            "all-of": {
                "description": "Several devices that are one pendant: each of these has to be there.",
                "type": "array",
                "minItems": 2,
                "items": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"enum": [key for key in MATCH_KEYS["evdev"] if key != "all-of"]},
                    "properties": {"vendor": number, "product": number, "name": TEXT, "uniq": TEXT},
                },
            },
        },
        "if": {"required": ["all-of"]},
        "then": {"maxProperties": 1},
    }
