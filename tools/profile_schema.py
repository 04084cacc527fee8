# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes config/profile.schema.json, with which editors complete and check a pendant's profile.

    python3 tools/profile_schema.py [FILE]

It is made from the same tables that the program reads profiles with, so the two cannot drift apart; a test
compares the committed file with what this makes. JSON schema, draft 7: what editors' YAML plugins know best.
What a schema cannot see (a code that is used twice, say), `hal_mpg check` finds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_MSC, EV_REL  # noqa: E402  # from this checkout
from hal_mpg.profile import AXIS_LETTERS, FAULT, OFF, TARGETS  # noqa: E402
from hal_mpg.profile_yaml import OWN_KEYS, PIN_NAME, SOURCES, UNITS  # noqa: E402
from hal_mpg.yaml_reader import CODE_KINDS, INTEGER, code_names  # noqa: E402
from tools import profile_schema_analog as analog  # noqa: E402
from tools import profile_schema_display as display  # noqa: E402
from tools import profile_schema_front as front  # noqa: E402
from tools import profile_schema_hid as hid  # noqa: E402
from tools import profile_schema_match as match  # noqa: E402
from tools import profile_schema_parts as parts  # noqa: E402
from tools import profile_schema_serial as serial  # noqa: E402

SCHEMA_FILE = ROOT / "config" / "profile.schema.json"

Schema = dict[str, Any]

POSITION: Schema = {"type": ["string", "number", "boolean", "null"]}
NUMBER_AS_TEXT = f"^{INTEGER.pattern}$"

DEFINITIONS = {EV_KEY: "key", EV_REL: "rel", EV_ABS: "abs", EV_LED: "led", EV_MSC: "msc"}
"""Under which name in `definitions` the codes of a type are."""

WHEEL_FORMS = ("rel", "abs", "rel-absolute", "keys")


def schema() -> Schema:
    """Return the whole schema."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "hal_mpg pendant profile",
        "description": "What an MPG pendant is: how it is found, its controls, the distance of one detent. "
        "`hal_mpg check FILE` finds every fault, and says what the pendant will do.",
        "type": "object",
        "properties": _root_properties(),
        "required": ["name", "match", "increments"],
        "additionalProperties": False,
        "allOf": [
            *match.rules(),
            *_keys_by_source(),
            *serial.rules(_controls(parts.own_code())),
            *hid.rules(_controls(parts.own_code())),
            {
                "if": {"properties": {"source": {"enum": list(OWN_KEYS)}}, "required": ["source"]},
                "else": {"properties": {"controls": _controls()}, "required": ["controls"]},
            },
            *analog.rules(),
            _SCALE_WHERE_THERE_ARE_SEVERAL,
        ],
        "definitions": {name: _codes(kind) for kind, name in DEFINITIONS.items()},
    }


def _keys_by_source() -> list[Schema]:
    """Return which keys each source has not, for they are another one's."""
    rules: list[Schema] = []
    for source in SOURCES:
        others = sorted({key for keys in OWN_KEYS.values() for key in keys} - {*OWN_KEYS.get(source, ())})
        condition: Schema = {"properties": {"source": {"const": source}}}
        if source != "evdev":
            condition |= _SAYS_SOURCE
        rules += [{"if": condition, "then": {"not": {"required": [key]}}} for key in others]
    return rules


_SAYS_SOURCE: Schema = {"required": ["source"]}
_SCALE_WHERE_THERE_ARE_SEVERAL: Schema = {
    "if": {"properties": {"increments": {"minProperties": 2}}, "required": ["increments"]},
    "then": {"properties": {"controls": {"required": ["scale"]}}},
}


def _root_properties() -> Schema:
    return {
        "name": match.TEXT | {"description": "For messages and pictures."},
        "source": {
            "enum": list(SOURCES),
            "default": "evdev",
            "description": "evdev: an input device of the kernel. hidraw: a HID device that the kernel shows "
            "raw only. serial: a serial port, USB or not. "
            "virtual: a program at a Unix socket.",
        },
        "match": {
            "description": "Which devices are this pendant: alternatives; in one, everything has to fit.",
            "type": "array",
            "minItems": 1,
            "items": match.alternative(),
        },
        "on-disconnect": {
            "enum": ["estop", "disarm"],
            "description": "When it is unplugged: trip the E-stop chain, or only take the wheel off. "
            "A pendant with an E-stop trips it in any case.",
        },
        "increments": _increments(),
        "controls": {"type": "object", "description": "What the pendant has, and its codes."},
        "protocol": {"description": "What a serial or a raw HID pendant speaks."},
        **serial.root_properties(),
        **front.root_properties(),
        **display.root_properties(),
    }


def _increments() -> Schema:
    distance = {
        "anyOf": [
            {"type": "number", "minimum": 1e-9, "maximum": 1e6},
            {"type": "string", "pattern": "^\\+?[0-9]*\\.?[0-9]*([eE][-+]?[0-9]{1,2})?$", "minLength": 1},
        ]
    }
    return {
        "description": "The distance of one detent for each scale, in the order of the selector.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"not": {"enum": [OFF, *TARGETS]}, "minLength": 1},
        "additionalProperties": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": dict.fromkeys(UNITS, distance),
        },
    }


def _controls(code: Schema | None = None) -> Schema:
    """Return the controls; `code`: what stands for any code, where it is not the kernel's."""
    return {
        "type": "object",
        "required": ["wheel", "axis"],
        "additionalProperties": False,
        "properties": {
            "wheel": _wheel(code),
            "axis": _selector("The axis selector.", (*AXIS_LETTERS, *TARGETS, OFF), code),
            "scale": _selector(
                "The scale selector; its positions are the names in `increments`.", None, code
            ),
            "estop": _button("The E-stop contact.", code)
            | {
                "properties": {
                    "key": _code(EV_KEY, code),
                    "contact": {
                        "enum": ["normally-closed", "normally-open"],
                        "default": "normally-closed",
                        "description": "normally-closed: the key is held while the button is NOT pressed, "
                        "so that a broken wire is an actuated E-stop.",
                    },
                }
            },
            "reset": _button("Resets the E-stop chain.", code),
            "enable": _button("The enabling button: the wheel is live only while it is held.", code),
            "buttons": _named("Further buttons: each is a pin button.NAME.", _code(EV_KEY, code)),
            "leds": _named(
                "Lamps: each is an input pin led.NAME.",
                code or analog.lamp(_code(EV_LED), _code(EV_MSC)),
            ),
            "analog": analog.analog(_code(EV_ABS, code), _code(EV_REL, code), _code(EV_KEY, code)),
        },
    }


def _wheel(code: Schema | None) -> Schema:
    absolute = {"required": ["modulo"]}
    relative = {"not": {"required": ["modulo"]}}
    kinds = (relative, absolute, absolute, relative)
    forms = [
        {"allOf": [_only(form, WHEEL_FORMS), kind]} for form, kind in zip(WHEEL_FORMS, kinds, strict=True)
    ]
    return {
        "description": "The handwheel: {rel: CODE}, {abs: CODE, modulo: N}, {rel-absolute: CODE, modulo: N} "
        "or {keys: {forward: KEY, backward: KEY}}.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "rel": _code(EV_REL, code) | {"description": "Each event says how far it was turned."},
            "abs": _code(EV_ABS, code)
            | {"description": "Each event says where it stands; it wraps at modulo."},
            "rel-absolute": _code(EV_REL, code) | {"description": "Where it stands, reported as REL."},
            "keys": {
                "description": "Each press of a key is one count.",
                "type": "object",
                "required": ["forward", "backward"],
                "additionalProperties": False,
                "properties": {"forward": _code(EV_KEY, code), "backward": _code(EV_KEY, code)},
            },
            "modulo": _whole(3, 1 << 31, "After how many counts an absolute wheel wraps."),
            "counts-per-detent": _whole(1, 10_000, "How many counts come from one click that you feel.")
            | {"default": 1},
            "invert": {"enum": [True, False, "true", "false"], "description": "Clockwise is minus."},
        },
        "oneOf": forms,
    }


def _selector(what: str, positions: tuple[str, ...] | None, code: Schema | None) -> Schema:
    forms = "{keys: {...}}, {abs: CODE, positions: {...}} or {next: KEY, previous: KEY, order: [...]}"
    position = POSITION if positions is None else {"enum": list(positions)}
    # Only a protocol of its own can tell of a selector that stands at two positions at once.
    by_value_position = position if code is None or positions is None else {"enum": [*positions, FAULT]}
    keys: Schema = {"type": "object", "minProperties": 1}
    if positions is None:
        keys["additionalProperties"] = _code(EV_KEY, code)
    else:
        keys |= {
            "additionalProperties": False,
            "properties": {name: _code(EV_KEY, code) for name in positions},
        }
    steps = {"anyOf": [{"required": ["next"]}, {"required": ["previous"]}], "required": ["order"]}
    by_value = {"required": ["abs", "positions"]}
    return {
        "description": f"{what} {forms}",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "keys": keys | {"description": "One key for each position, held while it stands there."},
            "abs": _code(EV_ABS, code) | {"description": "One value for each position."},
            "positions": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": NUMBER_AS_TEXT},
                "additionalProperties": by_value_position,
            },
            "next": _code(EV_KEY, code) | {"description": "A button that steps on."},
            "previous": _code(EV_KEY, code) | {"description": "A button that steps back."},
            "order": {"type": "array", "minItems": 1, "uniqueItems": True, "items": position},
        },
        "oneOf": [
            _only("keys", ("keys", "abs", "positions", "next", "previous", "order")),
            {"allOf": [by_value, _none_of("keys", "next", "previous", "order")]},
            {"allOf": [steps, _none_of("keys", "abs", "positions")]},
        ],
    }


def _button(what: str, code: Schema | None) -> Schema:
    return {
        "description": what,
        "type": "object",
        "required": ["key"],
        "additionalProperties": False,
        "properties": {"key": _code(EV_KEY, code)},
    }


def _named(what: str, value: Schema) -> Schema:
    return {
        "description": what,
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{PIN_NAME.pattern}$"},
        "additionalProperties": value,
    }


def _only(form: str, forms: tuple[str, ...]) -> Schema:
    return {"required": [form], **_none_of(*(other for other in forms if other != form))}


def _none_of(*names: str) -> Schema:
    return {"not": {"anyOf": [{"required": [name]} for name in names]}}


def _whole(low: int, high: int, what: str) -> Schema:
    return {
        "anyOf": [
            {"type": "integer", "minimum": low, "maximum": high},
            {"type": "string", "pattern": NUMBER_AS_TEXT},
        ],
        "description": what,
    }


def _code(kind: int, code: Schema | None = None) -> Schema:
    if code is not None:
        return code
    # Beside what describes it, `$ref` alone would be read: draft 7 ignores its siblings.
    return {"allOf": [{"$ref": f"#/definitions/{DEFINITIONS[kind]}"}]}


def _codes(kind: int) -> Schema:
    called, prefixes, highest = CODE_KINDS[kind]
    names = {name for name in code_names() if name.startswith(prefixes)} | _names_so_far(kind)
    return {
        "description": f"A {called} name of the kernel, or its number; `evtest` shows which one it is.",
        "anyOf": [
            {"enum": sorted(names)},
            {"type": "integer", "minimum": 0, "maximum": highest},
            {"type": "string", "pattern": NUMBER_AS_TEXT},
        ],
    }


def _names_so_far(kind: int) -> set[str]:
    """Return the names in the file as it is: it may have been made where newer ones were known."""
    try:
        before = json.loads(SCHEMA_FILE.read_text("utf-8"))
    except FileNotFoundError:
        return set()
    definition = before["definitions"].get(DEFINITIONS[kind])
    return set(definition["anyOf"][0]["enum"]) if definition else set()


def as_text() -> str:
    """Return the schema as it stands in the file."""
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else SCHEMA_FILE).write_text(as_text(), encoding="utf-8")
