# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the profile's JSON schema that is for serial pendants; profile_schema.py has the whole."""

from __future__ import annotations

from typing import Any

from hal_mpg.profile_own import FRAMINGS, MAX_BAUD
from hal_mpg.profile_packets import TYPE
from hal_mpg.profile_serial import ENDS
from hal_mpg.profile_settings import CODE_NAME
from hal_mpg.protocols.checksums import CHECKSUMS
from hal_mpg.protocols.foreign import LONGEST, MOST_RULES
from hal_mpg.protocols.pattern_check import GROUP_NAME, MOST_CHARACTERS
from hal_mpg.yaml_reader import INTEGER

Schema = dict[str, Any]
NUMBER_AS_TEXT = f"^{INTEGER.pattern}$"
SERIAL: Schema = {"properties": {"source": {"const": "serial"}}, "required": ["source"]}
FOREIGN: Schema = {"properties": {"protocol": {"type": "object"}}, "required": ["protocol"]}
TRUTH: Schema = {"enum": [True, False, "true", "false"]}
TEXT: Schema = {"type": ["string", "boolean"], "pattern": "^[ -~]+$"}


def own_code() -> Schema:
    """Return what stands for a code in the controls of a pendant whose protocol names its own."""
    return {
        "description": "A name that `protocol` sets, such as WHEEL.",
        "type": "string",
        "pattern": f"^{CODE_NAME.pattern}$",
    }


def rules_by_source(own_controls: Schema, kernel_controls: Schema) -> list[Schema]:
    """Return what holds for serial pendants, and what for all others."""
    of_serial = ("serial", "protocol", "greeting")
    return [
        {
            "if": SERIAL,
            "then": {
                "if": FOREIGN,
                "then": {
                    "properties": {"controls": own_controls},
                    "required": ["controls"],
                    "not": {"required": ["greeting"]},
                },
                "else": {"not": {"required": ["controls"]}},
            },
            "else": {
                "properties": {"controls": kernel_controls},
                "required": ["controls"],
                "not": {"anyOf": [{"required": [name]} for name in of_serial]},
            },
        },
    ]


def root_properties() -> Schema:
    """Return the keys that only serial pendants have."""
    return {
        "serial": _object(
            "Of a serial pendant: the settings of its port.",
            baud=_whole(50, MAX_BAUD, "Bits per second; default 115200."),
            framing={
                "description": "Data bits, parity and stop bits; default 8N1.",
                "type": "string",
                "pattern": f"^{FRAMINGS.pattern}$",
            },
            silence=_seconds("After so long without a word the pendant is lost. Default: 0.15 with protocol: "
                             "hal_mpg; else it is never lost by silence alone."),
        ),
        "protocol": {
            "description": "What a serial pendant speaks: hal_mpg (docs/serial-protocol.md), or somebody "
            "else's lines or packets (docs/serial-pendants.md).",
            "anyOf": [{"enum": ["hal_mpg"]}, _lines(), _packets()],
        },
        "greeting": {
            "description": "With protocol: hal_mpg, what the pendant will say that it has, so that its pins "
            'are there before it is plugged in: "axis=xyz scale=x1,x10 estop".',
            "type": "string",
            "minLength": 1,
        },
    }  # fmt: skip


def _object(what: str, needed: tuple[str, ...] = (), **properties: Schema) -> Schema:
    keys = {key.replace("_", "-"): value for key, value in properties.items()}
    return {
        "description": what,
        "type": "object",
        "additionalProperties": False,
        "properties": keys,
        **({"required": list(needed)} if needed else {}),
    }


def _whole(low: int, high: int, what: str) -> Schema:
    return {
        "description": what,
        "anyOf": [
            {"type": "integer", "minimum": low, "maximum": high},
            {"type": "string", "pattern": NUMBER_AS_TEXT},
        ],
    }


def _seconds(what: str) -> Schema:
    return {"description": what, "type": "number", "minimum": 0.01, "maximum": 3600}


def _list(what: str, items: Schema, most: int | None = None) -> Schema:
    return {"description": what, "type": "array", "minItems": 1, "items": items} | (
        {"maxItems": most} if most else {}
    )


def _named(what: str, pattern: str, values: Schema) -> Schema:
    return {
        "description": what,
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^({pattern})$"},
        "additionalProperties": values,
    }


def _bytes(what: str) -> Schema:
    item = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 255}, TEXT]}
    return {"description": what, "anyOf": [TEXT, _list(what, item)]}


def _talk() -> dict[str, Schema]:
    return {
        "longest": _whole(2, 1000, f"Bytes of the longest line or packet; default {LONGEST}."),
        "at_start": _named(
            "How codes stand when the pendant was switched on, where it does not say.",
            CODE_NAME.pattern,
            _whole(-(1 << 31), 1 << 31, "Its value then."),
        ),
        "on_open": _bytes("What is sent first: a line or a text, or a list of them and of bytes."),
        "keep_alive": _object(
            "What is sent all the time.",
            ("send", "every"),
            send=_bytes("What is sent."),
            every=_seconds("How often, in seconds."),
        ),
        "lamps": _named(
            "What switches each lamp; the names are for `leds` in `controls`.",
            CODE_NAME.pattern,
            _object("A lamp.", ("on", "off"), on=_bytes("Lights it."), off=_bytes("Puts it out.")),
        ),
    }


def _setting() -> Schema:
    source = {"type": ["string", "integer"], "description": "A named group, a field, or a number."}
    truth = source | {"maximum": 1}
    kinds = {"abs": ["invert"], "rel": ["invert"], "key": ["times"], "pulse": ["invert", "times"]}
    return _object(
        "{abs: WHERE FROM}, {rel: ...}, {key: ...} or {pulse: ...}",
        abs=source | {"description": "Where something stands: a group, a field, or a number."},
        rel=source | {"description": "How far it was turned: a group, a field, or a number."},
        key=truth | {"description": "1: held, 0: not. A group, a field, or a number."},
        pulse=truth | {"description": "1: pressed, and let go at once."},
        values=_named("What each text stands for.", ".*", _whole(-(1 << 31), 1 << 31, "A number.")),
        times=_whole(1, 1_000_000, "What the number is multiplied with, to be a whole one."),
        invert=TRUTH | {"description": "1 stands for a key that is not held."},
    ) | {
        "oneOf": [
            {"required": [kind], "not": {"anyOf": [{"required": [other]} for other in others]}}
            for kind, others in kinds.items()
        ]
    }


def _rule(needed: tuple[str, ...], **more: Schema) -> Schema:
    return _object(
        "What a line or a packet means.",
        needed,
        **more,
        set=_named("Which codes it sets, in this order, and to what.", CODE_NAME.pattern, _setting()),
        answer=_bytes("What is sent back."),
        restarts=TRUTH | {"description": "The pendant says that it was switched on."},
    )


def _pattern(what: str) -> Schema:
    return {
        "description": f"A regular expression that {what} has to fit, with groups (?P<name>...).",
        "type": ["string", "number", "boolean"],
        "pattern": "[^ ]",
        "minLength": 1,
        "maxLength": MOST_CHARACTERS,
    }


def _lines() -> Schema:
    rule = _rule(("line",), line=_pattern("the line"))
    return _object(
        "Lines of text.",
        ("lines",),
        lines=_list("What each line means; the first rule that fits has it.", rule, MOST_RULES),
        line_end={"enum": list(ENDS), "description": "LF (with or without CR before it), or CR."},
        **_talk(),
    )


def _packets() -> Schema:
    field = _object(
        "A number in the packet.",
        ("at",),
        at=_whole(0, 1000, "Its offset; the first byte of `start` has 0."),
        type={"type": "string", "pattern": f"^({TYPE.pattern})$", "description": "u8, s16le, u32be, ..."},
        mask=_whole(1, (1 << 32) - 1, "Which bits of it; they move down to bit 0."),
        bit=_whole(0, 31, "Which one bit of it; the lowest is 0."),
    ) | {"not": {"required": ["mask", "bit"]}}
    offset = _whole(-1000, 1000, "An offset; below 0 it counts from the end.")
    rule = _rule((), text=_pattern("what is between start and end"), when=_named(
        "What fields have to be.", GROUP_NAME.pattern, _whole(-(1 << 31), (1 << 32) - 1, "A number.")
    )) | {"anyOf": [{"required": [key]} for key in ("text", "when", "set")]}  # fmt: skip
    few = _whole(0, 255, "A byte.")
    return _object(
        "Packets with a start and an end.",
        ("packets", "rules"),
        packets=_object(
            "How a packet is made.",
            ("start",),
            start=_list("The bytes that it begins with.", few, 8),
            end=_list("The bytes that it ends with.", few, 8),
            length=_whole(2, 1000, "Bytes of the whole packet; left out: up to the first end."),
            fields=_named("Numbers in it, by names of your own.", GROUP_NAME.pattern, field),
            checksum=_object(
                "The checksum in it.",
                ("kind", "at", "from", "to"),
                kind={"enum": list(CHECKSUMS)},
                at=offset,
                to=offset,
                order={
                    "enum": ["big", "little"],
                    "description": "Of its two bytes; default little, in hex big.",
                },
                form={"enum": ["binary", "hex"], "description": "hex: as digits, two for each byte."},
                **{"from": offset},
            ),
        )
        | {"anyOf": [{"required": ["length"]}, {"required": ["end"]}]},
        rules=_list("What each packet means; the first rule that fits has it.", rule, MOST_RULES),
        **_talk(),
    )
