# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the profile's JSON schema that is for displays; profile_schema.py has the whole."""

from __future__ import annotations

from typing import Any

from hal_mpg.display_layout import (
    CORE_NUMBERS,
    DISTANCE,
    MODES,
    MOST_BYTES,
    MOST_FIELDS,
    NAMES,
    SPLIT16,
    is_bit,
    is_number,
)
from hal_mpg.profile_parts.display import MOST_TEXT, known_values
from hal_mpg.profile_parts.packets import TYPE
from hal_mpg.profile_yaml import PIN_NAME
from tools.profile_schema_parts import Schema, bytes_of, list_of, named, object_of, whole

BUTTON: Schema = {"type": "string", "pattern": f"^button\\.{PIN_NAME.pattern}$"}


def root_properties() -> dict[str, Any]:
    """Return the key `display`, and what is in it."""
    return {
        "display": object_of(
            "What the pendant's display shows, and in which bytes: docs/displays.md.",
            ("image", "fields"),
            every=_seconds(0.05, 10, "The least time between two pictures; default 0.1."),
            refresh=_seconds(
                0, 3600, "Sent anew after so long although nothing has changed; 0: never; default 2."
            ),
            image=object_of(
                "How a picture is sent.",
                ("bytes", "report"),
                bytes=whole(1, MOST_BYTES, "Of the whole picture."),
                report={
                    "description": "{feature: ID} or {output: ID}; 0: the reports have no ids.",
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": False,
                    "properties": {kind: whole(0, 255, "The id.") for kind in ("feature", "output")},
                },
                cut=whole(1, MOST_BYTES, "Bytes of it in each report; left out: all in one."),
            ),
            fields=list_of("What is shown where, each over those before it.", _field(), MOST_FIELDS),
        )
    }


def _seconds(low: float, high: float, what: str) -> Schema:
    return {"description": what, "type": "number", "minimum": low, "maximum": high}


def _field() -> Schema:
    common = {"at": whole(0, MOST_BYTES - 1, "Its first byte."), "when": _when()}
    number = [name for name in known_values() if is_number(name)]
    words = [*NAMES, CORE_NUMBERS[1], *(name for name in known_values() if is_bit(name))]
    bits = {
        "mask": whole(1, (1 << 32) - 1, "Which bits; they stand together."),
        "bit": whole(0, 31, "Which one bit; the lowest is 0."),
    }
    forms = [
        object_of("Bytes that are always the same.", ("at", "bytes"), **common, bytes=bytes_of("The bytes.")),
        object_of(
            "ASCII text with {VALUE}, {VALUE:WIDTH}, {VALUE:WIDTH.DECIMALS} and {VALUE*FACTOR:...} in it.",
            ("at", "text", "length"),
            **common,
            text={"type": "string", "minLength": 1},
            length=whole(1, MOST_TEXT, "Bytes; it is filled up with blanks."),
        ),
        object_of(
            "Bits by what a value is.",
            ("at", "of", "values"),
            **common,
            of={"anyOf": [{"enum": [*words, DISTANCE]}, BUTTON]},
            values=named("What each word stands for.", ".*", whole(0, (1 << 32) - 1, "A number.")),
            type={"type": "string", "pattern": f"^({TYPE.pattern})$"},
            **bits,
        ),
        object_of(
            "A number.",
            ("at", "of"),
            **common,
            of={"anyOf": [{"enum": number}, BUTTON]},
            type={
                "type": "string",
                "pattern": f"^({TYPE.pattern}|{SPLIT16})$",
                "description": "u8, s16le, ...",
            },
            times={
                "type": "number",
                "minimum": 1e-6,
                "maximum": 1e9,
                "description": "What it is multiplied with.",
            },
            most={
                "type": "number",
                "minimum": 1e-6,
                "maximum": 1e9,
                "description": "The largest, either way.",
            },
            decimals=whole(0, 4, f"Of a {SPLIT16}."),
            **bits,
        ),
    ]
    one_of_bits: Schema = {"not": {"required": ["mask", "bit"]}}
    return {"oneOf": [{"allOf": [form, one_of_bits]} for form in forms]}


def _when() -> Schema:
    word: Schema = {"type": ["string", "number", "boolean"]}
    words = {"anyOf": [word, list_of("Any of these.", word)]}
    names = [*NAMES, CORE_NUMBERS[1], *(name for name in known_values() if is_bit(name))]
    return {
        "description": f"When it is there: {{axis: [a, b]}}, {{mode: {MODES[1]}}}, {{armed: true}}.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"anyOf": [{"enum": names}, {"pattern": BUTTON["pattern"]}]},
        "additionalProperties": words,
    }
